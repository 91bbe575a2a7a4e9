// Keys of the triggers and of their conditions.
#include "repo-layout/keys_task.h"

static const char *const missed_policies[] = {"ALL", "LAST", "NONE", NULL};
static const char *const fetch_names[] = {
	"NONE", "ONE", "ALL", "STORE", "FETCH_ONE", "FETCH", "true", "false", NULL};
static const char *const log_levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", NULL};

// clang-format off
static const KeyRow common_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "its name"),
	K("type", KEY_STRING, KEY_REQUIRED, "what starts runs"),
	K("description", KEY_STRING, 0, "for people"),
	K("disabled", KEY_BOOLEAN, 0, "as if it were not there"),
	K("inputs", KEY_ANY, 0, "inputs of the runs it starts"),
	K("labels", KEY_LABELS, 0, "labels of the runs it starts"),
	K("conditions", KEY_LIST, 0, "all must hold; list of {type, …}"),
	K("when", KEY_TEXT, 0, "an expression that must hold"),
	K("stopAfter", KEY_STRINGS, 0, "states of a run that it started after which the trigger is disabled, until its definition changes"),
	K_CHOICE("logLevel", 0, log_levels, "the least level of log lines that are kept"),
	K_OLD("minLogLevel", KEY_CHOICE, "logLevel"),
	K("allowConcurrent", KEY_BOOLEAN, 0, "schedule, sql, http: start a run although the last one is under way"),
	K("failOnTriggerError", KEY_BOOLEAN, 0, "accepted, has no effect: a fault is shown with the trigger"),
	K_UNUSED("workerGroup"),
	K_UNUSED("logToFile"),
	K_UNUSED("version"),
	K_UNUSED("assets"),
	K_END,
};
const KeyTable keys_trigger_common = {"trigger", "Keys that every trigger has", common_rows, NULL};

static const KeyRow schedule_rows[] = {
	K("cron", KEY_STRING, KEY_REQUIRED, "minute hour day month weekday, or @daily and its like"),
	K("withSeconds", KEY_BOOLEAN, 0, "six fields, seconds first"),
	K("timezone", KEY_STRING, 0, "zone in which the clock is read (default UTC)"),
	K("lateMaximumDelay", KEY_DURATION, 0, "a start later than this is left out"),
	K_CHOICE("recoverMissedSchedules", 0, missed_policies, "what was missed while the server was down, or while the last run went on: ALL (the default), LAST or NONE"),
	K("scheduleConditions", KEY_LIST, KEY_DEPRECATED, "the old name of conditions"),
	K_OLD_UNUSED("backfill"),
	K_END,
};
const KeyTable keys_trigger_schedule = {"schedule trigger", "Starts runs by the clock", schedule_rows, &keys_trigger_common};

static const KeyRow upstream_rows[] = {
	K("namespace", KEY_STRING, KEY_REQUIRED, "of the other flow"),
	K("flowId", KEY_STRING, 0, "the other flow; all of the namespace when left out"),
	K("states", KEY_STRINGS, 0, "states in which its run ends"),
	K("labels", KEY_LABELS, 0, "labels that its run has"),
	K_END,
};
static const KeyTable keys_upstream = {"upstream flow", "A flow that is waited for", upstream_rows, NULL};

static const KeyRow precondition_rows[] = {
	K("id", KEY_STRING, 0, "its name"),
	K("timeWindow", KEY_PLAIN, 0, "{type, deadline, startTime, endTime, window, windowAdvance}: the time in which all must happen (default: a day from midnight UTC)"),
	K("resetOnSuccess", KEY_BOOLEAN, 0, "wait for all again after a start (default true)"),
	K_TABLE("flows", KEY_LIST, 0, &keys_upstream, "runs of these flows must have ended"),
	K("where", KEY_PLAIN, 0, "list of {id, filters: [{field, type, value, values}], operand}"),
	K_END,
};
static const KeyTable keys_preconditions = {"preconditions", "What must have happened", precondition_rows, NULL};

static const KeyRow flow_rows[] = {
	K("states", KEY_STRINGS, 0, "states in which the other run ends (default: all)"),
	K_TABLE("preconditions", KEY_OBJECT, 0, &keys_preconditions, "which runs"),
	K_OLD_UNUSED("dependsOn"),
	K_END,
};
const KeyTable keys_trigger_flow = {"flow trigger", "Starts runs when other flows have ended", flow_rows, &keys_trigger_common};

static const KeyRow tables_rows[] = {
	K("all", KEY_STRINGS, 0, "tables that must all have been published since the last run"),
	K("any", KEY_STRINGS, 0, "tables of which one must have been published since the last run"),
	K_END,
};
const KeyTable keys_trigger_tables = {"tables trigger", "Starts runs when tables were published", tables_rows, &keys_trigger_common};

static const KeyRow webhook_rows[] = {
	K("key", KEY_TEXT, KEY_REQUIRED, "the secret last part of its address, /hooks/flows/NAMESPACE/FLOW/KEY; `{{ secret('NAME') }}` keeps it out of the repository"),
	K("wait", KEY_BOOLEAN, KEY_IGNORED, "accepted, has no effect: the answer is 202 with the run's id, once the run is recorded"),
	K("returnOutputs", KEY_BOOLEAN, KEY_IGNORED, "accepted, has no effect"),
	K("responseContentType", KEY_STRING, KEY_IGNORED, "accepted, has no effect"),
	K("responseCode", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K_END,
};
const KeyTable keys_trigger_webhook = {"webhook trigger", "Starts runs by an HTTP call", webhook_rows, &keys_trigger_common};

static const KeyRow sql_rows[] = {
	K("interval", KEY_DURATION, 0, "how often to look (default PT1M)"),
	K("sql", KEY_SQL, KEY_REQUIRED, "a run starts when it gives rows: `trigger.rows`, `row`, `size`, `uri`"),
	K("connection", KEY_STRING, 0, "name of a connection; the domain's when left out"),
	K("url", KEY_TEXT, 0, "where the database is, instead of a connection"),
	K("driver", KEY_STRING, 0, "which kind of database url is"),
	K("username", KEY_TEXT, 0, "user, with url"),
	K("password", KEY_TEXT, 0, "password, with url"),
	K("schema", KEY_TEXT, 0, "the default schema"),
	K_CHOICE("fetch", 0, fetch_names, "NONE, ONE row, ALL rows, or STORE them in a file"),
	K_CHOICE("fetchType", 0, fetch_names, "another name of fetch, with FETCH_ONE and FETCH too"),
	K("fetchOne", KEY_BOOLEAN, KEY_DEPRECATED, "the old way to write fetch: ONE"),
	K("store", KEY_BOOLEAN, KEY_DEPRECATED, "the old way to write fetch: STORE"),
	K("fetchSize", KEY_INTEGER, 0, "rows read at a time"),
	K("timeZoneId", KEY_TEXT, 0, "zone in which times without one are read"),
	K("afterSQL", KEY_SQL, 0, "a statement run in the same transaction after it"),
	K("parameters", KEY_ANY, 0, "values of :name in the SQL"),
	K("autoCommit", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("ssl", KEY_PLAIN, 0, "TLS settings, with url"),
	K("sslMode", KEY_PLAIN, 0, "TLS settings, with url"),
	K("sslRootCert", KEY_TEXT, 0, "TLS settings, with url"),
	K("sslCert", KEY_TEXT, 0, "TLS settings, with url"),
	K("sslKey", KEY_TEXT, 0, "TLS settings, with url"),
	K("sslKeyPassword", KEY_TEXT, 0, "TLS settings, with url"),
	K_END,
};
const KeyTable keys_trigger_sql = {"sql trigger", "Starts runs when a query gives rows", sql_rows, &keys_trigger_common};

static const KeyRow http_rows[] = {
	K("interval", KEY_DURATION, 0, "how often to look (default PT1M)"),
	K("uri", KEY_TEXT, KEY_REQUIRED, "where to look"),
	K("responseCondition", KEY_TEXT, 0, "an expression on `response` {statusCode, headers, body}: a run starts when it holds (default: below 400)"),
	K("method", KEY_TEXT, 0, "GET is the default"),
	K("params", KEY_ANY, 0, "parameters put behind the address"),
	K("headers", KEY_ANY, 0, "headers to send"),
	K("body", KEY_ANY, 0, "what to send"),
	K("formData", KEY_ANY, 0, "a form"),
	K("contentType", KEY_TEXT, 0, "of the body"),
	K("options", KEY_ANY, 0, "how the request is made"),
	K("sslOptions", KEY_ANY, KEY_DEPRECATED, "old: write options.ssl"),
	K("encryptBody", KEY_BOOLEAN, 0, "mask the body of the answer"),
	K_END,
};
const KeyTable keys_trigger_http = {"http trigger", "Starts runs by what an address answers", http_rows, &keys_trigger_common};

static const KeyRow feed_rows[] = {
	K("feed", KEY_STRING, KEY_REQUIRED, "name of a feed of this domain, or domain.feed"),
	K_END,
};
const KeyTable keys_trigger_feed = {"feed trigger", "Starts runs when a feed delivered", feed_rows, &keys_trigger_common};
// clang-format on
