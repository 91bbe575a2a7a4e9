// Keys of the files that make up a repository: weir.yaml, domain.yaml, script headers, flow sets, feeds.
#include "repo-layout/keys.h"

static const char *const drift_policies[] = {"report", "heal", NULL};
static const char *const refresh_modes[] = {"all", "any", "manual", NULL};
static const char *const granularities[] = {"HOUR", "DAY", "MONTH", "YEAR", NULL};
static const char *const formats[] = {"csv", "json", "jsonl", "tsv", "avro", NULL};

// clang-format off
static const KeyRow connection_rows[] = {
	K("driver", KEY_STRING, 0, "sqlite, postgres, mysql, …; by the url when left out"),
	K("url", KEY_TEXT, KEY_REQUIRED, "where the database is: sqlite-dir:/path, sqlite:/path/file.db, postgresql://host/db; may hold secret('NAME')"),
	K("dialect", KEY_STRING, 0, "how SQL is read: sqlite postgres mysql clickhouse bigquery redshift ansi; the driver's when left out"),
	K("username", KEY_TEXT, 0, "user"),
	K("password", KEY_TEXT, 0, "password, as an expression: {{ secret('NAME') }}"),
	K("properties", KEY_ANY, 0, "settings of the driver"),
	K("limit", KEY_INTEGER, 0, "tasks that may use it at once"),
	K("description", KEY_STRING, 0, "for people"),
	K_END,
};
const KeyTable keys_connection = {"connection", "A database", connection_rows, NULL};

static const KeyRow environment_rows[] = {
	K("description", KEY_STRING, 0, "for people"),
	K_TABLE("connections", KEY_MAP, 0, &keys_connection, "databases that are others here"),
	K("variables", KEY_MAP, 0, "values that are others here"),
	K_END,
};
const KeyTable keys_environment = {"environment", "What differs between dev, prod, …", environment_rows, NULL};

static const KeyRow policy_rows[] = {
	K("allow_raw", KEY_BOOLEAN, 0, "{{ x | raw }} in SQL may paste text"),
	K("allow_breaking", KEY_BOOLEAN, 0, "changes that break readers may be applied"),
	K("max_deletions", KEY_INTEGER, 0, "refuse a plan that removes more flows and tables than this"),
	K_CHOICE("drift", 0, drift_policies, "what is done about drift: report (the default); heal reports as well, so far"),
	K("managed_datasets", KEY_STRINGS, 0, "datasets in which a table that no commit names is reported"),
	K_END,
};
static const KeyTable keys_policies = {"policies", "What may happen", policy_rows, NULL};

static const KeyRow layout_rows[] = {
	K("scripts", KEY_STRING, 0, "where scripts are: \"sql/{project}/{dataset}/{table}/query.sql\""),
	K("headers", KEY_STRING, 0, "where their sidecars are: \"sql/{project}/{dataset}/{table}/weir.yaml\""),
	K("schemas", KEY_STRING, 0, "where declared schemas are: \"sql/{project}/{dataset}/{table}/schema.yaml\""),
	K("flows", KEY_STRING, 0, "where hand-written flows are: \"flows/{flow}.yaml\""),
	K_END,
};
static const KeyTable keys_layout = {"layout", "Where files are, when not under domains/", layout_rows, NULL};

static const KeyRow default_rows[] = {
	K("connection", KEY_STRING, 0, "connection of domains that name none"),
	{"feed", KEY_CHOICE, 0, NULL, feed_names, NULL, "feed type of scripts that name none"},
	K("timezone", KEY_STRING, 0, "zone of schedules that name none"),
	K("technical_columns", KEY_BOOLEAN, 0, "append _loaded_at, _run_id, _revision"),
	K_TABLE("retry", KEY_OBJECT, 0, &keys_retry, "when a script's build is tried again"),
	K("timeout", KEY_DURATION, 0, "how long a script's build may take"),
	K("pool", KEY_STRING, 0, "the pool of slots that builds take one of"),
	K("priority", KEY_INTEGER, 0, "which ready build is first: higher ones"),
	K_END,
};
static const KeyTable keys_defaults = {"defaults", "What scripts get that do not say", default_rows, NULL};

static const KeyRow project_rows[] = {
	K("name", KEY_STRING, KEY_REQUIRED, "name of the project"),
	K("description", KEY_STRING, 0, "for people"),
	K("owner", KEY_STRING, 0, "who answers for it"),
	K("contact", KEY_STRING, 0, "how to reach them"),
	K_TABLE("environments", KEY_MAP, 0, &keys_environment, "dev, prod, …"),
	K_TABLE("connections", KEY_MAP, 0, &keys_connection, "databases by name; 'default' is the embedded SQLite unless given"),
	K("variables", KEY_MAP, 0, "values that all flows see as vars.…"),
	K_TABLE("defaults", KEY_OBJECT, 0, &keys_defaults, "what scripts get that do not say"),
	K_TABLE("policies", KEY_OBJECT, 0, &keys_policies, "what may happen"),
	K_TABLE("layout", KEY_OBJECT, 0, &keys_layout, "where files are, when not under domains/"),
	K_END,
};
const KeyTable keys_project = {"weir.yaml", "The project", project_rows, NULL};

static const KeyRow domain_rows[] = {
	K("owner", KEY_STRING, KEY_REQUIRED, "who answers for it"),
	K("contact", KEY_STRING, 0, "how to reach them"),
	K("description", KEY_STRING, 0, "for people"),
	K("connection", KEY_STRING, 0, "the database of its scripts"),
	K("dataset", KEY_STRING, 0, "where its tables are; named after the domain when left out"),
	K("consumers", KEY_STRINGS, 0, "domains that may read its tables and follow its flows; all when left out"),
	K("variables", KEY_MAP, 0, "values that its flows see as vars.…"),
	K_TABLE("defaults", KEY_OBJECT, 0, &keys_defaults, "what its scripts get that do not say"),
	K_TABLE("policies", KEY_OBJECT, 0, &keys_policies, "what may happen here"),
	K_END,
};
const KeyTable keys_domain = {"domain.yaml", "A domain", domain_rows, NULL};

static const KeyRow partition_rows[] = {
	K("column", KEY_STRING, KEY_REQUIRED, "the date or time column"),
	K_ALIAS("field", KEY_STRING, "column"),
	K_ALIAS("by", KEY_STRING, "column"),
	K_CHOICE("granularity", 0, granularities, "HOUR, DAY (the default), MONTH or YEAR"),
	K("start", KEY_STRING, 0, "the first interval that is to be there: gaps from here on are filled"),
	K("lookback", KEY_INTEGER, 0, "how many intervals before the run's own are built again"),
	K_END,
};
static const KeyTable keys_partition = {"partition", "Of WRITE_PARTITION", partition_rows, NULL};

static const KeyRow header_rows[] = {
	{"feed", KEY_CHOICE, 0, NULL, feed_names, NULL, "what a run leaves in the table (default WRITE_TRUNCATE)"},
	K("description", KEY_STRING, 0, "for people"),
	K("key", KEY_STRINGS, 0, "columns that tell rows apart: of MODE_DELTA and SNAPSHOT"),
	K("order_by", KEY_STRINGS, 0, "of several rows with one key the first by this order wins"),
	K("delete_when", KEY_STRING, 0, "MODE_DELTA: SQL condition; matched rows for which it holds are removed"),
	K_TABLE("partition", KEY_OBJECT, 0, &keys_partition, "of WRITE_PARTITION"),
	K("checks", KEY_CHECKS, 0, "run on the rows before they are published"),
	K("schedule", KEY_STRING, 0, "cron: build by the clock instead of when what it reads was refreshed"),
	K("timezone", KEY_STRING, 0, "zone of the schedule"),
	K_CHOICE("refresh", 0, refresh_modes, "build when all (the default) or any of the tables it reads were refreshed, or by hand only"),
	K("reads", KEY_STRINGS, 0, "tables that it reads besides those its text shows"),
	K("writes", KEY_STRINGS, 0, "SCRIPT: tables that it writes besides those its text shows"),
	K("connection", KEY_STRING, 0, "the database, when not the domain's"),
	K("schema", KEY_SCHEMA, 0, "the declared columns, instead of a file in schemas/"),
	K("technical_columns", KEY_BOOLEAN, 0, "append _loaded_at, _run_id, _revision"),
	K("allow_breaking", KEY_BOOLEAN, 0, "a change that breaks readers may be applied"),
	K("labels", KEY_LABELS, 0, "labels of its runs"),
	K("disabled", KEY_BOOLEAN, 0, "it is not built"),
	K_TABLE("retry", KEY_OBJECT, 0, &keys_retry, "when the build is tried again"),
	K("timeout", KEY_DURATION, 0, "how long the build may take"),
	K("pool", KEY_STRING, 0, "the pool of slots that the build takes one of"),
	K("priority", KEY_INTEGER, 0, "which ready build is first: higher ones"),
	K_END,
};
const KeyTable keys_script_header = {"script header", "How a script's table is built", header_rows, NULL};

static const KeyRow feed_rows[] = {
	K("description", KEY_STRING, 0, "for people"),
	K("table", KEY_STRING, KEY_REQUIRED, "the table that it fills: dataset.table, or a table of the domain's dataset"),
	K_CHOICE("format", 0, formats, "csv, json (lines), avro"),
	{"feed", KEY_CHOICE, 0, NULL, feed_names, NULL, "what a delivery leaves in the table (default WRITE_APPEND)"},
	K("key", KEY_STRINGS, 0, "of MODE_DELTA"),
	K("checks", KEY_CHECKS, 0, "run on the rows before they are published"),
	K("on_bad_row", KEY_STRING, 0, "fail or reject"),
	K_END,
};
const KeyTable keys_feed = {"feed", "Data that arrives from outside", feed_rows, NULL};

static const KeyRow flow_set_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "pattern of the flows' ids: \"copy_{{ row.table }}\""),
	K("rows", KEY_PLAIN, KEY_REQUIRED, "list of mappings, or the name of a file beside it: .csv, .json or .rows.yaml"),
	K("template", KEY_PLAIN, KEY_REQUIRED, "a flow; {{ row.… }} in it is the row's value"),
	K_END,
};
const KeyTable keys_flow_set = {"flow set", "One flow for each row", flow_set_rows, NULL};
// clang-format on
