// Keys of the tasks and triggers that talk to databases.
#include "repo-layout/keys_task.h"

static const char *const fetch_names[] = {
	"NONE", "ONE", "ALL", "STORE", "FETCH_ONE", "FETCH", "true", "false", NULL};
static const char *const load_formats[] = {
	"csv", "json", "jsonl", "tsv", "ion", "avro", "parquet", NULL};
static const char *const bad_row_policies[] = {"fail", "reject", NULL};
const char *const feed_names[] = {"WRITE_TRUNCATE", "WRITE_APPEND", "WRITE_EMPTY", "MODE_DELTA",
	"WRITE_PARTITION", "SNAPSHOT", "VIEW", "SCRIPT", NULL};
static const char *const granularities[] = {"HOUR", "DAY", "MONTH", "YEAR", NULL};

// clang-format off
static const KeyRow access_rows[] = {
	K("connection", KEY_STRING, 0, "name of a connection; the domain's when left out"),
	K("url", KEY_TEXT, 0, "where the database is, instead of a connection"),
	K("driver", KEY_STRING, 0, "which kind of database url is"),
	K("dialect", KEY_STRING, 0, "how the SQL is read; the connection's when left out"),
	K("username", KEY_TEXT, 0, "user, with url"),
	K_ALIAS("user", KEY_TEXT, "username"),
	K("password", KEY_TEXT, 0, "password, with url"),
	K("schema", KEY_PLAIN, 0, "the default schema; of a load: the columns"),
	K("database", KEY_TEXT, 0, "the database, with url"),
	K("timeZoneId", KEY_TEXT, 0, "zone in which times without one are read"),
	K("ssl", KEY_PLAIN, 0, "TLS settings, with url"),
	K("sslMode", KEY_PLAIN, 0, "TLS settings, with url"),
	K("sslRootCert", KEY_TEXT, 0, "TLS settings, with url"),
	K("sslCert", KEY_TEXT, 0, "TLS settings, with url"),
	K("sslKey", KEY_TEXT, 0, "TLS settings, with url"),
	K("sslKeyPassword", KEY_TEXT, 0, "TLS settings, with url"),
	K("properties", KEY_ANY, 0, "settings of the driver"),
	K("role", KEY_TEXT, 0, "role of the session"),
	K("warehouse", KEY_TEXT, 0, "warehouse of the session"),
	K("queryTag", KEY_TEXT, KEY_IGNORED, "accepted, has no effect"),
	K("inputFile", KEY_TEXT, 0, "a file that the SQL loads"),
	K("inputFiles", KEY_ANY, 0, "files that the SQL reads"),
	K_END,
};
static const KeyTable keys_access = {"sql task", "", access_rows, &keys_task_common};

static const KeyRow query_rows[] = {
	K("sql", KEY_SQL, KEY_REQUIRED, "one statement; {{ … }} in it are bound values"),
	K_CHOICE("fetch", 0, fetch_names, "NONE (the default), ONE row, ALL rows, or STORE them in a file"),
	K_CHOICE("fetchType", 0, fetch_names, "another name of fetch, with FETCH_ONE and FETCH too"),
	K("fetchOne", KEY_BOOLEAN, KEY_DEPRECATED, "the old way to write fetch: ONE"),
	K("store", KEY_BOOLEAN, KEY_DEPRECATED, "the old way to write fetch: STORE"),
	K("fetchSize", KEY_INTEGER, KEY_EXPRESSION, "rows read at a time"),
	K("autoCommit", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("parameters", KEY_ANY, 0, "values of :name in the SQL"),
	K("afterSQL", KEY_SQL, 0, "a statement run after it, in the same transaction; of sql.queries with transaction: false by itself"),
	K("transaction", KEY_BOOLEAN, KEY_EXPRESSION, "all statements in one transaction (default true)"),
	K("maxRows", KEY_INTEGER, KEY_EXPRESSION, "fail when there are more"),
	K_END,
};
const KeyTable keys_sql_query = {"sql.query task", "Runs one statement and fetches its rows", query_rows, &keys_access};
const KeyTable keys_sql_queries = {"sql.queries task", "Runs several statements", query_rows, &keys_access};

static const KeyRow load_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file"),
	K("table", KEY_TEXT, 0, "the table: dataset.table"),
	K_CHOICE("format", 0, load_formats, "csv, json (lines), …; by the file's name when left out"),
	{"feed", KEY_CHOICE, 0, NULL, feed_names, NULL, "what is left in the table (default WRITE_APPEND)"},
	K("key", KEY_STRINGS, 0, "of MODE_DELTA: the columns that tell rows apart"),
	K_CHOICE("on_bad_row", 0, bad_row_policies, "fail (the default), or reject: keep the row aside (`weir runs show` lists the first 1,000) and go on; the task then ends in WARNING, also when no row is left"),
	K("max_bad_rows", KEY_INTEGER, 0, "reject: fail when there are more"),
	K("columns", KEY_ANY, 0, "the columns to fill, in the order of the file"),
	K("header", KEY_BOOLEAN, KEY_EXPRESSION, "whether the first line names the columns (default true)"),
	K("delimiter", KEY_TEXT, 0, "between values (default a comma)"),
	K("quote", KEY_TEXT, 0, "around values (default \")"),
	K("null", KEY_STRING, 0, "text that stands for NULL (default: an empty value without quotes)"),
	K("encoding", KEY_STRING, 0, "of the file (default UTF-8)"),
	K("skip", KEY_INTEGER, KEY_EXPRESSION, "lines to leave out at the beginning"),
	K("technical_columns", KEY_BOOLEAN, 0, "append _loaded_at, _run_id, _revision"),
	K("checks", KEY_CHECKS, 0, "run on the rows before they are published"),
	K("sql", KEY_SQL, 0, "an INSERT with one ? a column, instead of table"),
	K("chunk", KEY_INTEGER, KEY_EXPRESSION, "rows sent at a time"),
	K_END,
};
const KeyTable keys_sql_load = {"sql.load task", "Loads a file into a table", load_rows, &keys_access};

static const KeyRow partition_rows[] = {
	K("column", KEY_STRING, KEY_REQUIRED, "the date or time column"),
	K_ALIAS("field", KEY_STRING, "column"),
	K_ALIAS("by", KEY_STRING, "column"),
	K_CHOICE("granularity", 0, granularities, "HOUR, DAY (the default), MONTH or YEAR"),
	K_ALIAS("type", KEY_CHOICE, "granularity"),
	K("start", KEY_STRING, 0, "the first interval that is to be there: gaps from here on are filled"),
	K("lookback", KEY_INTEGER, 0, "how many intervals before the run's own are built again"),
	K_END,
};
const KeyTable keys_partition_feed = {"partition", "Of WRITE_PARTITION", partition_rows, NULL};

static const KeyRow build_rows[] = {
	K("table", KEY_STRING, KEY_REQUIRED, "the table or view: dataset.table"),
	K("connection", KEY_STRING, 0, "name of a connection"),
	K("dialect", KEY_STRING, 0, "how the SQL is read"),
	{"feed", KEY_CHOICE, 0, NULL, feed_names, NULL, "what is left in the table (default WRITE_TRUNCATE)"},
	K("key", KEY_STRINGS, 0, "the columns that tell rows apart"),
	K("order_by", KEY_STRINGS, 0, "of several rows with one key the first by this order wins"),
	K("delete_when", KEY_STRING, 0, "SQL condition: matched rows for which it holds are removed"),
	K_TABLE("partition", KEY_OBJECT, 0, &keys_partition_feed, "of WRITE_PARTITION"),
	K("schema", KEY_SCHEMA, 0, "the declared columns"),
	K("checks", KEY_CHECKS, 0, "run on the rows before they are published"),
	K("technical_columns", KEY_BOOLEAN, 0, "append _loaded_at, _run_id, _revision"),
	K("allow_breaking", KEY_BOOLEAN, 0, "let a change that breaks readers be applied"),
	K("allow_raw", KEY_BOOLEAN, 0, "the project's policy lets {{ x | raw }} be pasted"),
	K("sql", KEY_SQL, KEY_REQUIRED, "the query"),
	K_END,
};
const KeyTable keys_sql_build = {"sql.build task", "Builds a table from a query: stage, check, publish", build_rows, &keys_task_common};
// clang-format on
