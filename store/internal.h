// What the files of store/ share; nobody else includes this.
#pragma once

#include "store/flow.h"
#include "store/run.h"
#include "store/statements.h"
#include "store/store.h"
#include "store/timestamp.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct StoreWatchGroup StoreWatchGroup;
typedef struct StoreCachePuts StoreCachePuts;
typedef struct StoreRows StoreRows;

struct StoreTransaction {
	Store *store;
	bool outermost;
	bool ended;
};

struct Store {
	DbConnection *db;
	StoreMode mode;
	char *url;
	int version;
	pthread_mutex_t mutex; // recursive; held for as long as a transaction is open
	DbTransaction *open; // of the outermost transaction
	unsigned depth; // of transactions joined
	bool failed; // an inner one was left without a commit
	int64_t flows_written; // live ones more or fewer since the outermost began
	int64_t flows_generated; // likewise
	unsigned topics; // to wake when the outermost commits
	unsigned snapshots;
	StoreLease checked; // the lease that this transaction has found good; token 0: none
	DbStatement *statements[STATEMENTS];
	bool in_use[STATEMENTS];
	StoreWatchGroup *group;
	StoreCachePuts *cache; // not written yet
	StoreRows *rows; // put by, of the open transaction
};

// --- Statements -----------------------------------------------------------------------------------------------------

// A query under way: holds the store's mutex until it ends. Use with g_auto.
typedef struct {
	Store *store;
	DbStatement *row; // read columns from it after a step that gave a row
	StatementId id;
	bool borrowed; // not the prepared one, which was in use
} StoreQuery;

bool query_begin(StoreQuery *query, Store *store, StatementId id, const DbValue *values,
	size_t count, GError **error);
// True while there is a row; at the end and on failure false: look at *ret_failed.
bool query_step(StoreQuery *query, bool *ret_failed, GError **error);
void query_end(StoreQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StoreQuery, query_end)

// Runs a statement within the transaction that is open. changes may be NULL.
bool statement_run(Store *store, StatementId id, const DbValue *values, size_t count,
	int64_t *changes, GError **error);
// Puts the row of an INSERT by: it is written with others of its kind, at the latest before any other statement runs or the
// transaction commits. The values are copied. An error may be that of a row before.
bool statement_add_row(
	Store *store, StatementId id, const DbValue *values, size_t count, GError **error);
bool statement_rows_write(Store *store, GError **error);
// Forgets them: the transaction is rolled back.
void statement_rows_drop(Store *store);
void statement_rows_free(StoreRows *rows);
// The same in a transaction of its own (or joined), which wakes topics.
bool statement_write(Store *store, StatementId id, unsigned topics, const DbValue *values,
	size_t count, int64_t *changes, GError **error);
// The first column of the first row; fallback when there is none.
bool statement_int64(Store *store, StatementId id, const DbValue *values, size_t count,
	int64_t fallback, int64_t *ret_value, GError **error);

// --- Rows -----------------------------------------------------------------------------------------------------------

typedef enum {
	FIELD_TEXT, // char *
	FIELD_INT64, // int64_t
	FIELD_BOOL, // bool, stored as 0 and 1
	FIELD_INT, // an enum, stored as its number
	FIELD_STATE, // a RunState, stored by its name
} FieldType;

typedef struct {
	FieldType type;
	size_t offset;
} Field;

// A struct and the columns it is read from and bound to, in their order.
typedef struct {
	size_t size;
	const Field *fields;
	size_t length;
} RowType;

#define TEXT_FIELD(type, member)                                                                   \
	{                                                                                          \
		FIELD_TEXT, offsetof(type, member)                                                 \
	}
#define INT64_FIELD(type, member)                                                                  \
	{                                                                                          \
		FIELD_INT64, offsetof(type, member)                                                \
	}
#define BOOL_FIELD(type, member)                                                                   \
	{                                                                                          \
		FIELD_BOOL, offsetof(type, member)                                                 \
	}
#define INT_FIELD(type, member)                                                                    \
	{                                                                                          \
		FIELD_INT, offsetof(type, member)                                                  \
	}
#define STATE_FIELD(type, member)                                                                  \
	{                                                                                          \
		FIELD_STATE, offsetof(type, member)                                                \
	}
#define ROW_TYPE(type, fields)                                                                     \
	{                                                                                          \
		sizeof(type), (fields), G_N_ELEMENTS(fields)                                       \
	}

enum {
	ROW_FIELDS_MAX = 32,
};

// A new struct from the current row: column i to field i.
void *row_new(const RowType *type, const DbStatement *row);
void row_read(const RowType *type, const DbStatement *row, void *ret_struct);
// Binds field i as values[i].
void row_values(const RowType *type, const void *row, DbValue values[ROW_FIELDS_MAX]);
// Frees every text and the struct. NULL is allowed.
void row_free(const RowType *type, void *row);
// Frees the texts only.
void row_clear(const RowType *type, void *row);

// The first row of a query as a struct; NULL when there is none.
bool row_get(Store *store, StatementId id, const DbValue *values, size_t count, const RowType *type,
	void **ret_row, GError **error);
// A query of a state's name and a number a row: the number of each state, 0 for those that have no row.
bool states_count(Store *store, StatementId id, const DbValue *values, size_t count,
	int64_t by_state[RUN_STATES], GError **error);
// All rows of a query.
bool rows_list(Store *store, StatementId id, const DbValue *values, size_t count,
	const RowType *type, GDestroyNotify free_row, GPtrArray **ret_rows, GError **error);

// --- Pages ----------------------------------------------------------------------------------------------------------

enum {
	PAGE_DEFAULT = 100,
	PAGE_MAX = 1000,
	CURSOR_PARTS = 4,
};

// A page being read: the key of the last row before it, and one row more than asked for, to know whether there is a
// next page.
typedef struct {
	unsigned limit;
	bool first;
	unsigned parts;
	char *after[CURSOR_PARTS]; // key of the last row before; "" each on the first page
	int64_t number; // the first part as a number; 0 on the first page
} PageStart;

// parts: how many texts a key of the list has.
bool page_begin(const StorePage *page, unsigned parts, PageStart *ret_start, GError **error);
void page_start_clear(PageStart *start);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PageStart, page_start_clear)
// The value for LIMIT.
static inline DbValue page_limit(const PageStart *start)
{
	return DB_INTEGER((int64_t)start->limit + 1);
}
// Drops the surplus row, and makes the cursor of the next page from the last row left with key(row, parts).
void page_end(const PageStart *start, GPtrArray *rows,
	void (*key)(const void *row, const char *ret_parts[CURSOR_PARTS], char number[32]),
	char **ret_next);
// rows_list() of one page.
bool page_list(Store *store, StatementId id, const PageStart *start, const DbValue *values,
	size_t count, const RowType *type, GDestroyNotify free_row,
	void (*key)(const void *row, const char *ret_parts[CURSOR_PARTS], char number[32]),
	GPtrArray **ret_rows, char **ret_next, GError **error);

// --- Others ---------------------------------------------------------------------------------------------------------

// The next value of a counter ("token", "apply", "publish"), within the open transaction.
bool counter_next(Store *store, const char *name, int64_t *ret_value, GError **error);

StoreWatchGroup *watch_group_join(const char *key);
void watch_group_leave(StoreWatchGroup *group);
void watch_group_wake(StoreWatchGroup *group, unsigned topics);

void cache_puts_free(StoreCachePuts *puts);

// flow.c: how runs of a flow are limited. *ret_live false: no such flow is live.
bool flow_limits(Store *store, const char *namespace, const char *id, bool *ret_live,
	int64_t *ret_revision, int64_t *ret_limit, char **ret_behavior, GError **error);
// flow.c: a flow's row as FLOW_INSERT binds it; how many values there are.
size_t flow_values(const StoreFlow *flow, DbValue values[ROW_FIELDS_MAX]);
// Appends what is kept beside a flow's row of its steering columns: those that are not as most flows have them.
void flow_kept_text(const StoreFlow *flow, GString *text);
// run_line.c: gives runs their new limit, and lets in who may go now.
bool line_set_limit(
	Store *store, const char *namespace, const char *flow, int64_t limit, GError **error);
bool line_let_in(Store *store, const char *namespace, const char *flow, GError **error);
