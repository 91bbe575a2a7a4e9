// Checks of staged rows: what each kind means, read from a flow's JSON, measured in one scan.
//
// A check counts its failures; how many are too many say the thresholds. What NULL means is written in docs/checks.md, and
// in the table of kinds in check_kinds.c.
#pragma once

#include "db/schema.h"
#include "runner/build/sql_text.h"

typedef enum {
	CHECK_PASS,
	CHECK_WARN,
	CHECK_ERROR,
} CheckStatus;

// ">10", ">=1", "!=0", "<5", "=0", each also with a % of the rows looked at.
typedef struct CheckThreshold {
	char operation[3]; // "": never
	double value;
	bool percent;
} CheckThreshold;

typedef struct CheckKind CheckKind;

// One measured thing: `not_null: [a, b]` makes two.
typedef struct Check {
	const CheckKind *kind;
	char *label; // "not_null(customer_id)"
	char *name; // the author's own name of it; NULL: none
	GPtrArray *columns; // char *, as written; may be empty
	json_t *arguments; // the value of the kind's key; owned
	char *where; // NULL: all rows
	CheckThreshold error_if;
	CheckThreshold warn_if;
	bool store_failures;

	// Set by check_scan():
	int64_t failures;
	int64_t rows; // looked at
	CheckStatus status;
	json_t *samples; // array of failing rows; NULL: none kept
} Check;

void check_free(Check *check);

// Reads the list of checks. Array of Check; NULL with a TASK_ERROR_PROPERTY that names the check's number.
GPtrArray *check_list_parse(const json_t *list, GError **error);
// The checks that follow from the declared types themselves: REQUIRED columns and values of the right type.
void check_list_add_schema(GPtrArray *checks, const DbTable *declared);

// What is scanned, and with what.
typedef struct CheckScan {
	DbConnection *connection;
	const DbDialect *dialect;
	const DbTable *table; // the staged rows' columns
	const char *stage_dataset; // where they are
	const char *stage_name;
	const char
		*target_dataset; // what they are to become: references to it mean the staged rows
	const char *target_name;
	SqlHost host;
	unsigned sample_limit; // failing rows kept a check
	unsigned statements; // counted: how many were run
} CheckScan;

// Measures all checks: those that can be in one scan of the rows, the others with a statement each; then fetches samples of
// those that failed. False when a statement cannot be run; the error names the check. A check that fails is not an error here.
bool check_scan(CheckScan *scan, GPtrArray *checks, GError **error);

// "not_null(customer_id): 3 of 120 rows fail". Free with g_free.
char *check_message(const Check *check);
// Whether it follows from the declared types and passed: nobody wrote it, and it has nothing to say.
bool check_is_silent(const Check *check);
// "pass", "warn", "error".
const char *check_status_name(CheckStatus status);
// {"name","check","status","failures","rows","message"}: for outputs. A new reference.
json_t *check_json(const Check *check);
// The datasets that checks need besides the staged rows (of relationships): adds names to the array of char *.
void check_list_datasets(const GPtrArray *checks, GPtrArray *datasets);
