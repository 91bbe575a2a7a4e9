// sql.query: one statement; sql.queries: several. Expressions are bound, rows come back as outputs or as a file.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "repo-layout/flow.h"
#include "repo-layout/sql_template.h"
#include "runner/build/neighbours.h"
#include "runner/build/room.h"
#include "runner/tasks/sql_task.h"
#include "runner/tasks/sql_tasks.h"
#include "store/json_dump.h"

enum {
	ROWS_MAXIMUM = 100000, // of fetch ALL: more belong into a file
	BYTES_MAXIMUM = 16 * 1024 * 1024, // of those, as JSON texts
	ATTEMPTS = 5, // when somebody else's commit came between
	ROWS_BETWEEN_LOOKS = 1024,
};

typedef enum {
	FETCH_NONE,
	FETCH_ONE,
	FETCH_ALL,
	FETCH_STORE,
} Fetch;

typedef struct {
	TaskContext *context;
	char *url;
	const char *sql;
	const char *after_sql; // NULL: none
	json_t *parameters; // NULL: none
	char *schema; // the default dataset; NULL: the flow's namespace
	Fetch fetch;
	bool transaction;
	int64_t max_rows; // 0: no limit of the author's
	const QueryTables *tables;
	SqlHost host;
	unsigned files; // written so far
} Query;

static void query_clear(Query *query)
{
	g_free(query->url);
	g_free(query->schema);
	json_decref(query->parameters);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Query, query_clear)

// ---- Properties

static const struct {
	const char *name;
	Fetch fetch;
} FETCH_NAMES[] = {
	{"NONE", FETCH_NONE},
	{"ONE", FETCH_ONE},
	{"ALL", FETCH_ALL},
	{"STORE", FETCH_STORE},
	{"FETCH_ONE", FETCH_ONE},
	{"FETCH", FETCH_ALL},
	{"true", FETCH_ALL},
	{"false", FETCH_NONE},
};

static bool parse_fetch(const char *key, const char *text, Fetch *fetch, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(FETCH_NAMES); i++) {
		if (g_ascii_strcasecmp(FETCH_NAMES[i].name, text) == 0) {
			*fetch = FETCH_NAMES[i].fetch;
			return true;
		}
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property '%s' must be NONE, ONE, ALL or STORE, not '%s'", key, text);
	return false;
}

// `fetch`, its other name, and the old flags; the first that is there counts.
static bool read_fetch(TaskContext *context, Query *query, GError **error)
{
	static const char *const KEYS[] = {"fetchType", "fetch"};
	bool one = false;
	bool store = false;

	for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
		g_autofree char *text = NULL;

		if (!task_context_text(context, KEYS[i], &text, error))
			return false;
		if (text != NULL && !parse_fetch(KEYS[i], text, &query->fetch, error))
			return false;
		if (text != NULL && query->fetch != FETCH_NONE)
			return true;
	}
	if (!task_context_bool(context, "fetchOne", false, &one, error) ||
		!task_context_bool(context, "store", false, &store, error))
		return false;
	if (one || store)
		query->fetch = one ? FETCH_ONE : FETCH_STORE;
	return true;
}

static bool read_properties(TaskContext *context, Query *query, GError **error)
{
	const char *texts[3] = {NULL};

	query->context = context;
	query->sql = json_string_value(task_context_raw(context, "sql"));
	query->after_sql = json_string_value(task_context_raw(context, "afterSQL"));
	if (query->sql == NULL) {
		g_set_error_literal(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'sql' must be the statement's text");
		return false;
	}
	if (!read_fetch(context, query, error) ||
		!task_context_text(context, "schema", &query->schema, error) ||
		!task_context_bool(context, "transaction", true, &query->transaction, error) ||
		!task_context_integer(context, "maxRows", 0, &query->max_rows, error) ||
		!task_context_json(context, "parameters", &query->parameters, error))
		return false;
	query->url = sql_task_url(context, error);
	if (query->url == NULL)
		return false;
	texts[0] = query->sql;
	texts[1] = query->after_sql;
	query->tables = sql_task_tables(context, texts);
	query->host = sql_task_host(context);
	query->host.parameters = query->parameters;
	return true;
}

// ---- Fetching

// A row of the result as it leaves the program.
typedef struct {
	json_t *rows; // ALL
	json_t *row; // ONE
	FILE *file; // STORE
	char *path;
	int64_t size;
	size_t bytes;
} Sink;

static void sink_clear(Sink *sink)
{
	json_decref(sink->rows);
	json_decref(sink->row);
	if (sink->file != NULL)
		fclose(sink->file);
	g_free(sink->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sink, sink_clear)

static bool file_failed(const Sink *sink, GError **error)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot write '%s': %s", sink->path,
		g_strerror(errno));
	return false;
}

static bool open_file(Query *query, Sink *sink, GError **error)
{
	const char *folder = task_context_folder(query->context, error);

	if (folder == NULL)
		return false;
	sink->path = g_strdup_printf("%s/rows-%u.jsonl", folder, ++query->files);
	sink->file = fopen(sink->path, "wxe");
	return sink->file != NULL || file_failed(sink, error);
}

static bool too_many(GError **error, const char *what)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
		"the query gives %s; fetch: STORE keeps them in a file", what);
	return false;
}

static bool keep_row(Sink *sink, json_t *row, GError **error)
{
	const char *key;
	json_t *value;

	if (sink->size > ROWS_MAXIMUM)
		return too_many(error, "more than 100000 rows");
	json_object_foreach(row, key, value) sink->bytes +=
		strlen(key) + 24 + (json_is_string(value) ? json_string_length(value) : 0);
	if (sink->bytes > BYTES_MAXIMUM)
		return too_many(error, "more than 16 MiB");
	json_array_append(sink->rows, row);
	return true;
}

static bool write_row(const Sink *sink, const json_t *row, GError **error)
{
	g_autofree char *text = json_dump_text(row, JSON_COMPACT);

	if (text == NULL || fputs(text, sink->file) == EOF || fputc('\n', sink->file) == EOF)
		return file_failed(sink, error);
	return true;
}

static bool take_row(const Query *query, Sink *sink, const DbStatement *statement, GError **error)
{
	json_t *row;
	bool done = true;

	sink->size++;
	if (query->max_rows > 0 && sink->size > query->max_rows) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"the query gives more than %" G_GINT64_FORMAT " rows (maxRows)",
			query->max_rows);
		return false;
	}
	if (query->fetch == FETCH_NONE || (query->fetch == FETCH_ONE && sink->row != NULL))
		return true;
	row = sql_row_to_json(statement);
	if (query->fetch == FETCH_ONE)
		sink->row = json_incref(row);
	else if (query->fetch == FETCH_ALL)
		done = keep_row(sink, row, error);
	else
		done = write_row(sink, row, error);
	json_decref(row);
	return done;
}

static bool close_file(Query *query, Sink *sink, json_t *outputs, GError **error)
{
	g_autofree char *uri = NULL;
	bool good = fflush(sink->file) == 0;

	good = fclose(sink->file) == 0 && good;
	sink->file = NULL;
	if (!good)
		return file_failed(sink, error);
	uri = task_context_keep_file(query->context, sink->path, error);
	if (uri != NULL)
		json_object_set_new(outputs, "uri", json_string(uri));
	return uri != NULL;
}

// Outputs of one statement; an empty object when there is nothing to tell.
static json_t *sink_outputs(Query *query, Sink *sink, const DbStatement *statement, GError **error)
{
	json_t *outputs = json_object();

	if (db_column_count(statement) == 0) {
		json_object_set_new(
			outputs, "updated", json_integer(db_statement_changes(statement)));
		return outputs;
	}
	if (query->fetch == FETCH_NONE)
		return outputs;
	if (query->fetch == FETCH_ONE && sink->row != NULL)
		json_object_set(outputs, "row", sink->row);
	if (query->fetch == FETCH_ALL)
		json_object_set(outputs, "rows", sink->rows);
	if (query->fetch == FETCH_STORE && !close_file(query, sink, outputs, error)) {
		json_decref(outputs);
		return NULL;
	}
	json_object_set_new(outputs, "size",
		json_integer(query->fetch == FETCH_ONE ? MIN(sink->size, 1) : sink->size));
	return outputs;
}

static bool fetch_rows(Query *query, Sink *sink, DbStatement *statement, GError **error)
{
	bool fetches = db_column_count(statement) > 0;
	DbStep step;

	if (fetches && query->fetch == FETCH_STORE && !open_file(query, sink, error))
		return false;
	sink->rows = json_array();
	while ((step = db_step(statement, error)) == DB_STEP_ROW) {
		if (!take_row(query, sink, statement, error))
			return false;
		if (sink->size % ROWS_BETWEEN_LOOKS == 0 &&
			task_context_cancelled(query->context)) {
			g_set_error_literal(error, TASK_ERROR, TASK_ERROR_CANCELLED, "cancelled");
			return false;
		}
	}
	return step == DB_STEP_DONE;
}

// Runs one statement; NULL when it failed.
static json_t *run_statement(
	Query *query, DbConnection *connection, const char *text, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(db_connection_dialect(connection));
	g_autoptr(DbStatement) statement = NULL;
	g_auto(Sink) sink = {0};

	if (!sql_text_append(builder, text, &query->host, error))
		return NULL;
	statement = sql_builder_prepare(builder, connection, error);
	if (statement == NULL || !fetch_rows(query, &sink, statement, error))
		return NULL;
	return sink_outputs(query, &sink, statement, error);
}

// ---- Connecting

// Where names without a dataset are looked for: `schema`, else the dataset that is called like the namespace.
static char *default_dataset(const Query *query)
{
	char *dataset =
		g_strdup(query->schema != NULL ? query->schema
					       : task_context_flow(query->context)->namespace);

	g_strdelimit(dataset, ".", '_');
	return dataset;
}

// A temporary view of each such name is found before any dataset's own table.
static void set_neighbours(const Query *query, DbConnection *connection)
{
	g_autofree char *dataset = default_dataset(query);
	const DbDialect *dialect = db_connection_dialect(connection);
	char **names = (char **)query->tables->unqualified->pdata;

	if (*names == NULL || !g_str_has_prefix(query->url, "sqlite-dir:") ||
		!db_use_dataset(connection, dataset, false, NULL))
		return;
	for (; *names != NULL; names++) {
		g_autoptr(SqlBuilder) builder = sql_builder_new(dialect);
		g_autoptr(DbTable) table = NULL;

		if (!db_schema_read_table(connection, dataset, *names, &table, NULL) ||
			table == NULL)
			continue;
		sql_builder_append(builder, "CREATE TEMP VIEW ");
		sql_builder_name(builder, *names);
		sql_builder_append(builder, " AS SELECT * FROM ");
		sql_builder_table(builder, dataset, *names);
		sql_builder_execute(builder, connection, NULL, NULL);
	}
}

static bool use_datasets(const Query *query, PooledConnection *pooled, GError **error)
{
	const char *const *reads = (const char *const *)query->tables->datasets->pdata;
	const char *const *writes = (const char *const *)query->tables->written->pdata;

	if (!g_str_has_prefix(query->url, "sqlite-dir:"))
		return true;
	return pooled_connection_use(pooled, writes, true, error) &&
	       pooled_connection_use(pooled, reads, false, error);
}

// Without what builds keep in it. What a statement leaves (temporary tables, settings) is nobody else's business: unless it
// only reads, the connection ends with it.
static PooledConnection *connect(Query *query, GError **error)
{
	PooledConnection *pooled = connection_pool_lend(query->url, error);

	if (pooled == NULL)
		return NULL;
	sql_task_connected(query->context, pooled->connection);
	if (neighbours_clear(pooled, error) && use_datasets(query, pooled, error)) {
		set_neighbours(query, pooled->connection);
		return pooled;
	}
	sql_task_connected(query->context, NULL);
	connection_pool_return(pooled, false);
	return NULL;
}

// Whether it leaves the connection as it was.
static bool only_reads(const Query *query)
{
	return query->tables->written->pdata[0] == NULL &&
	       query->tables->unqualified->pdata[0] == NULL && query->after_sql == NULL &&
	       g_ascii_strncasecmp(query->sql + strspn(query->sql, " \t\r\n("), "select", 6) == 0;
}

static void disconnect(Query *query, PooledConnection *pooled, bool good)
{
	sql_task_connected(query->context, NULL);
	connection_pool_return(pooled, good && only_reads(query));
}

// ---- sql.query

static json_t *query_once(Query *query, DbConnection *connection, GError **error)
{
	g_autoptr(DbTransaction) transaction = NULL;
	json_t *outputs;
	json_t *after;

	if (query->after_sql != NULL) {
		transaction = db_transaction_begin(connection, DB_BEGIN_READ, error);
		if (transaction == NULL)
			return NULL;
	}
	outputs = run_statement(query, connection, query->sql, error);
	if (outputs == NULL || query->after_sql == NULL)
		return outputs;
	after = run_statement(query, connection, query->after_sql, error);
	if (after == NULL || !db_transaction_commit(transaction, error)) {
		json_decref(outputs);
		outputs = NULL;
	}
	json_decref(after);
	return outputs;
}

// ---- sql.queries

static json_t *run_statements(Query *query, DbConnection *connection, GError **error)
{
	g_autoptr(GPtrArray) statements = sql_script_split("sqlite", query->sql);
	json_t *list = json_array();

	for (unsigned i = 0; i < statements->len; i++) {
		const SqlSplit *statement = statements->pdata[i];
		json_t *outputs = run_statement(query, connection, statement->text, error);

		if (outputs == NULL) {
			g_prefix_error(error, "statement %u (line %u): ", i + 1, statement->line);
			json_decref(list);
			return NULL;
		}
		if (json_object_get(outputs, "size") != NULL)
			json_array_append(list, outputs);
		json_decref(outputs);
	}
	return json_pack("{s:o}", "outputs", list);
}

static json_t *queries_once(Query *query, DbConnection *connection, GError **error)
{
	g_autoptr(DbTransaction) transaction = NULL;
	json_t *outputs;
	json_t *after = NULL;

	if (query->transaction) {
		transaction = db_transaction_begin(connection, DB_BEGIN_READ, error);
		if (transaction == NULL)
			return NULL;
	}
	outputs = run_statements(query, connection, error);
	if (outputs != NULL && query->after_sql != NULL) {
		after = run_statement(query, connection, query->after_sql, error);
		if (after == NULL)
			g_clear_pointer(&outputs, json_decref);
		json_decref(after);
	}
	if (outputs != NULL && transaction != NULL && !db_transaction_commit(transaction, error))
		g_clear_pointer(&outputs, json_decref);
	return outputs;
}

// ---- Both

typedef json_t *(*QueryFunction)(Query *query, DbConnection *connection, GError **error);

// The dataset that SQLite did not find, in any of its words; NULL: the error is another one.
static char *unknown_dataset(const GError *error)
{
	static const char *const words[] = {
		"unknown database ", "no such index: ", "no such trigger: "};

	if (error == NULL || !g_error_matches(error, DB_ERROR, DB_ERROR_MISSING_OBJECT))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *at = strstr(error->message, words[i]);
		const char *name = at == NULL ? NULL : at + strlen(words[i]);

		if (name != NULL && (i == 0 || strchr(name, '.') != NULL))
			return g_strndup(name, strcspn(name, "."));
	}
	return NULL;
}

// What names no table (CREATE INDEX ds.i, PRAGMA ds.x) tells only by its failure which dataset it needs. True: it can be reached
// now. Otherwise says what is wrong instead of SQLite's own words.
static bool reach_dataset(const Query *query, PooledConnection *pooled, GError **error)
{
	g_autofree char *name = unknown_dataset(*error);
	const char *const names[] = {name, NULL};

	if (name == NULL || !g_str_has_prefix(query->url, "sqlite-dir:"))
		return false;
	if (query->transaction && pooled_connection_use(pooled, names, false, NULL)) {
		g_clear_error(error);
		return true;
	}
	g_clear_error(error);
	g_set_error(error, DB_ERROR, DB_ERROR_MISSING_OBJECT,
		query->transaction
			? "there is no dataset '%s' on this connection; it begins with the first "
			  "table that is made in it"
			: "the dataset '%s' is not at hand before a statement reads or writes a "
			  "table of it; leave out 'transaction: false', or name one first",
		name);
	return false;
}

// From the beginning again: after somebody else's commit between this transaction's first read and its first write, and once a
// dataset that it needs can be reached.
static json_t *run_again(
	Query *query, PooledConnection *pooled, QueryFunction function, GError **error)
{
	for (unsigned attempt = 1;; attempt++) {
		g_autoptr(GError) local = NULL;
		json_t *outputs = function(query, pooled->connection, &local);

		if (outputs != NULL)
			return outputs;
		if (attempt < ATTEMPTS && reach_dataset(query, pooled, &local))
			continue;
		if (attempt == ATTEMPTS || !query->transaction ||
			!g_error_matches(local, DB_ERROR, DB_ERROR_SERIALIZATION)) {
			g_propagate_error(error, g_steal_pointer(&local));
			return NULL;
		}
	}
}

// What a full disk kept it from, and the room that its failure gives back.
static void explain_full(const Query *query, GError **error)
{
	const char *const *written = (const char *const *)query->tables->written->pdata;

	if (!g_error_matches(*error, DB_ERROR, DB_ERROR_FULL))
		return;
	room_explain_query(only_reads(query) ? NULL : query->url, error);
	if (!g_str_has_prefix(query->url, "sqlite-dir:"))
		db_log_cut(query->url, "main");
	for (; *written != NULL; written++)
		db_log_cut(query->url, *written);
}

// The dataset that a query is most about.
static const char *main_dataset(const Query *query)
{
	const char *written = query->tables->written->pdata[0];
	const char *read = query->tables->datasets->pdata[0];

	if (written != NULL)
		return written;
	return read != NULL ? read : "";
}

static bool run_query(
	TaskContext *context, TaskResult *result, QueryFunction function, GError **error)
{
	g_auto(Query) query = {0};
	g_autoptr(GError) local = NULL;
	PooledConnection *pooled;

	if (!read_properties(context, &query, error))
		return false;
	pooled = connect(&query, error);
	if (pooled == NULL) {
		sql_task_trouble(context, main_dataset(&query), *error);
		return false;
	}
	result->outputs = run_again(&query, pooled, function, &local);
	disconnect(&query, pooled, result->outputs != NULL);
	sql_task_trouble(context, main_dataset(&query), local);
	if (result->outputs != NULL)
		return true;
	explain_full(&query, &local);
	g_propagate_error(error, g_steal_pointer(&local));
	sql_task_translate_error(error);
	return false;
}

bool run_sql_query(TaskContext *context, TaskResult *result, GError **error)
{
	return run_query(context, result, query_once, error);
}

bool run_sql_queries(TaskContext *context, TaskResult *result, GError **error)
{
	return run_query(context, result, queries_once, error);
}
