// Tables and views of datasets: what is declared, who makes and reads them, when they were published, and what their
// checks said. A table is named "dataset.table".
#pragma once

#include "store/store.h"

typedef struct {
	char *name; // "sales.orders"
	bool view;
	char *domain; // NULL: no commit names it; it is here because it was published
	char *namespace; // of the flow that makes it; NULL: none
	char *flow;
	char *connection; // name; NULL
	char *path; // of the schema's file or the script; NULL
	char *schema; // declared schema, canonical JSON; NULL: none
	char *schema_digest; // NULL
	bool allow_breaking;
	char *drift_policy; // "report", "heal"; NULL: report
	// Set by publishes; store_table_put() does not touch them.
	int64_t published; // sequence of its last publication; 0: never
	int64_t published_at;
	char *published_run; // NULL
	char *published_task_run; // NULL
	int64_t published_revision;
	char *published_fingerprint; // of the script that built it; NULL
	int64_t rows; // after the last publication; -1: not known
	int64_t changed_at;
	int64_t deleted_at; // no commit names it any more
} StoreTable;

void store_table_free(StoreTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTable, store_table_free)

// Declares a table; what was published of it before stays known.
bool store_table_put(Store *store, const StoreTable *table, GError **error);
// The same, faster, when the caller knows that no table of that name was ever there; an error when there was.
bool store_table_add(Store *store, const StoreTable *table, GError **error);
// No commit names it any more. Its publications stay.
bool store_table_delete(Store *store, const char *name, GError **error);
bool store_table_get(Store *store, const char *name, StoreTable **ret_table, GError **error);

typedef struct {
	const char *domain; // NULL: all
	const char *dataset; // NULL: all
	bool deleted;
} StoreTableFilter;

// By name.
bool store_tables_list(Store *store, const StoreTableFilter *filter, const StorePage *page,
	GPtrArray **ret_tables, char **ret_next, GError **error);
// How many tables and views a commit names: cheap.
bool store_tables_count(Store *store, int64_t *ret_tables, GError **error);

// --- Who reads what -------------------------------------------------------------------------------------------------

typedef struct {
	char *namespace;
	char *flow;
} StoreReader;

void store_reader_free(StoreReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreReader, store_reader_free)
// Live flows that read the table, by namespace and id.
bool store_table_readers(Store *store, const char *name, GPtrArray **ret_readers, GError **error);

// A table that a flow reads, as its trigger needs it.
typedef struct {
	char *name;
	int64_t published; // sequence of its last publication; 0: never
	char *namespace; // of the live flow that makes it; NULL: none
	char *flow;
	bool build_due; // that flow waits to be built
	bool running; // a run of that flow is active
} StoreFlowInput;

void store_flow_input_free(StoreFlowInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreFlowInput, store_flow_input_free)
// The tables that a flow reads, by name. No flow of that name: an empty list.
bool store_flow_inputs(Store *store, const char *namespace, const char *flow,
	GPtrArray **ret_inputs, GError **error);

// --- Publications ---------------------------------------------------------------------------------------------------

typedef struct {
	int64_t sequence; // grows over the store, in the order of commits; set by the store
	char *name; // table
	char *namespace; // flow that published it; NULL: unknown
	char *flow;
	int64_t revision;
	char *run_id; // NULL
	char *task_run_id; // NULL
	char *fingerprint; // of the script; NULL
	int64_t rows; // in the table afterwards; -1: not known
	int64_t rows_changed; // added, updated and removed; -1: not known
	int64_t at;
} StorePublish;

void store_publish_free(StorePublish *publish);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorePublish, store_publish_free)

// Records that a table was published: once a table and task run, a second record of the same is ignored (what a retry
// after a crash does). ret_sequence (may be NULL) gets its sequence in both cases.
bool store_publish_add(
	Store *store, const StorePublish *publish, int64_t *ret_sequence, GError **error);
// Publications after a sequence, oldest first, at most limit.
bool store_publishes_after(
	Store *store, int64_t sequence, unsigned limit, GPtrArray **ret_publishes, GError **error);
// The last sequence given; 0: none.
bool store_publish_sequence(Store *store, int64_t *ret_sequence, GError **error);
// Of one table, newest first.
bool store_publishes_list(Store *store, const char *name, const StorePage *page,
	GPtrArray **ret_publishes, char **ret_next, GError **error);

// --- Checks and rejected rows ---------------------------------------------------------------------------------------

typedef struct {
	char *run_id;
	char *task_run_id;
	int64_t number; // within the task run, from 1
	char *table; // NULL
	char *name; // "not_null(order_id)"
	char *kind; // "not_null"
	char *severity; // "error", "warn"
	char *result; // "passed", "warned", "failed", "skipped"
	int64_t failures; // rows that broke it; -1: not known
	char *message; // NULL
	char *sample; // JSON list of failing rows; NULL
	int64_t at;
} StoreCheck;

void store_check_free(StoreCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreCheck, store_check_free)
// Writes or overwrites check number of the task run.
bool store_check_put(Store *store, const StoreCheck *check, GError **error);
bool store_checks_of_run(Store *store, const char *run_id, GPtrArray **ret_checks, GError **error);
// The results of the last task run that checked the table, by number.
bool store_checks_of_table(Store *store, const char *name, GPtrArray **ret_checks, GError **error);

typedef struct {
	char *run_id;
	char *task_run_id;
	int64_t number; // within the task run, from 1
	char *file; // NULL
	int64_t line; // 0: not known
	char *column; // NULL
	char *reason;
	char *text; // the row as it came; NULL
} StoreRejectedRow;

void store_rejected_row_free(StoreRejectedRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRejectedRow, store_rejected_row_free)
bool store_rejected_row_put(Store *store, const StoreRejectedRow *row, GError **error);
// Of a run, or of one task run of it only (task_run_id may be NULL), by task run and number.
bool store_rejected_rows_list(Store *store, const char *run_id, const char *task_run_id,
	const StorePage *page, GPtrArray **ret_rows, char **ret_next, GError **error);
