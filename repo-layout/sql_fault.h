// What is surely wrong with an SQL text, wherever it is written: in a script, or in a task or trigger of a flow. Pure.
#pragma once

#include "sql/scan.h"

// Who reads a text, and how its faults are told: at a place of the text.
typedef struct SqlReading {
	const SqlScript *script;
	const char *text; // that it is of
	const char *what; // "a script of feed VIEW", "an sql.query task"
	void (*report)(void *data, const SqlPlace *at, const char *code, const char *hint,
		const char *message);
	void *data;
} SqlReading;

// A text, a name or a comment that is begun and never ended.
void sql_fault_open(const SqlReading *reading);
// More, or something else, than one query. hint: what takes it. False after a report.
bool sql_fault_one_query(const SqlReading *reading, const char *hint);
// A second statement. False after a report.
bool sql_fault_one_statement(const SqlReading *reading, const char *hint);
// Two columns of one name, of what is to make a table.
void sql_fault_column_twice(const SqlReading *reading);
// Parameters that wait for a value which nothing gives. bound (may be NULL): whether something does.
void sql_fault_unbound(const SqlReading *reading,
	bool (*bound)(const SqlParameter *parameter, void *data), void *data, const char *hint);
// Statements that end the transaction that they run in, or cannot be in one, on SQLite.
void sql_fault_transaction(const SqlReading *reading);

// Whether an expression ends with the filter that pastes.
bool sql_expression_is_raw(const char *expression);
