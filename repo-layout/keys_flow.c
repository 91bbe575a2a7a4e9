#include "repo-layout/keys.h"

const char *const input_types[] = {"STRING", "SECRET", "INT", "FLOAT", "BOOLEAN", "BOOL", "DATE",
	"DATETIME", "TIME", "DURATION", "JSON", "YAML", "ARRAY", "SELECT", "MULTISELECT", "ENUM",
	"FILE", "URI", "EMAIL", NULL};
const char *const run_states[] = {"CREATED", "QUEUED", "RUNNING", "PAUSED", "RETRYING", "RESTARTED",
	"KILLING", "SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "SKIPPED", "RETRIED",
	NULL};
static const char *const concurrency_behaviors[] = {"QUEUE", "CANCEL", "FAIL", NULL};
static const char *const retry_types[] = {"constant", "exponential", "random", NULL};
static const char *const retry_behaviors[] = {"RETRY_FAILED_TASK", "CREATE_NEW_EXECUTION", NULL};
static const char *const sla_types[] = {"MAX_DURATION", "EXECUTION_ASSERTION", NULL};
static const char *const sla_behaviors[] = {"FAIL", "CANCEL", "NONE", NULL};

// clang-format off
static const KeyRow concurrency_rows[] = {
	K("limit", KEY_INTEGER, KEY_REQUIRED | KEY_POSITIVE, "runs that may be under way at once, 1 or more"),
	K_CHOICE("behavior", 0, concurrency_behaviors, "what happens to one more: QUEUE (the default), CANCEL or FAIL"),
	K_END,
};
const KeyTable keys_concurrency = {"concurrency", "How many runs at once", concurrency_rows, NULL};

static const KeyRow retry_rows[] = {
	K_CHOICE("type", 0, retry_types, "constant (the default), exponential or random"),
	K_CHOICE("behavior", 0, retry_behaviors, "of a flow's retry: RETRY_FAILED_TASK (the default) or CREATE_NEW_EXECUTION"),
	K("interval", KEY_DURATION, 0, "pause before the next attempt; exponential: before the first retry"),
	K("maxInterval", KEY_DURATION, 0, "exponential, random: the longest pause"),
	K("minInterval", KEY_DURATION, 0, "random: the shortest pause"),
	K("delayFactor", KEY_NUMBER, 0, "exponential: by how much the pause grows (default 2)"),
	K("maxAttempts", KEY_INTEGER, 0, "attempts in all, the first one included, 1 or more"),
	K_OLD("maxAttempt", KEY_INTEGER, "maxAttempts"),
	K("maxDuration", KEY_DURATION, 0, "no attempt begins later than this after the first"),
	K("warningOnRetry", KEY_BOOLEAN, 0, "a success that needed a retry is WARNING"),
	K_END,
};
const KeyTable keys_retry = {"retry", "When and how often it is tried again", retry_rows, NULL};

static const KeyRow sla_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "its name"),
	K_CHOICE("type", KEY_REQUIRED, sla_types, "MAX_DURATION or EXECUTION_ASSERTION"),
	K_CHOICE("behavior", KEY_REQUIRED, sla_behaviors, "FAIL, CANCEL, or NONE: only the labels are added"),
	K("duration", KEY_DURATION, 0, "of MAX_DURATION"),
	K("assert", KEY_TEXT, 0, "of EXECUTION_ASSERTION: an expression that must hold"),
	K("labels", KEY_LABELS, 0, "added to a run that breaks it"),
	K_END,
};
const KeyTable keys_sla = {"sla", "A promise about runs", sla_rows, NULL};

static const KeyRow depends_rows[] = {
	K("inputs", KEY_STRINGS, 0, "ids of inputs that must be given first"),
	K("condition", KEY_TEXT, 0, "an expression: asked for only when it holds"),
	K_END,
};
static const KeyTable keys_depends_on = {"dependsOn", "What an input depends on", depends_rows, NULL};

static const KeyRow input_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "its name; dots nest: inputs.a.b"),
	K_OLD("name", KEY_STRING, "id"),
	K_CHOICE("type", KEY_REQUIRED, input_types, "the type of the value"),
	K("displayName", KEY_STRING, 0, "for people"),
	K("description", KEY_STRING, 0, "for people"),
	K("required", KEY_BOOLEAN, 0, "whether a value must be given (default true, unless there are defaults)"),
	K("defaults", KEY_ANY, 0, "the value when none is given"),
	K("prefill", KEY_ANY, 0, "the value that a form shows at first; no default"),
	K("validator", KEY_STRING, 0, "STRING, SECRET: a regular expression that the whole value must match"),
	K("min", KEY_PLAIN, 0, "INT, FLOAT, DURATION: the least value"),
	K("max", KEY_PLAIN, 0, "INT, FLOAT, DURATION: the greatest value"),
	K("after", KEY_PLAIN, 0, "DATE, TIME, DATETIME: the earliest value"),
	K("before", KEY_PLAIN, 0, "DATE, TIME, DATETIME: the latest value"),
	K("values", KEY_ANY, 0, "SELECT, MULTISELECT: the values to choose from"),
	K_ALIAS("options", KEY_ANY, "values"),
	K("expression", KEY_TEXT, 0, "SELECT, MULTISELECT: an expression that gives the values"),
	K("allowCustomValue", KEY_BOOLEAN, 0, "SELECT, MULTISELECT: other values are taken too"),
	K("allowInput", KEY_BOOLEAN, 0, "the same, by another name"),
	K("autoSelectFirst", KEY_BOOLEAN, 0, "SELECT: a form chooses the first value"),
	K("isRadio", KEY_BOOLEAN, 0, "SELECT: how a form shows it"),
	K_CHOICE("itemType", 0, input_types, "ARRAY, MULTISELECT: the type of each item"),
	K("accept", KEY_PLAIN, 0, "FILE: media types for a form"),
	K("allowedFileExtensions", KEY_STRINGS, 0, "FILE: names that are taken"),
	K("extension", KEY_STRING, 0, "FILE: the ending that the file gets"),
	K_TABLE("dependsOn", KEY_OBJECT, 0, &keys_depends_on, "asked for only after, or only when"),
	K_END,
};
const KeyTable keys_input = {"input", "A value that a run is started with", input_rows, NULL};

static const KeyRow output_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "its name"),
	K_CHOICE("type", 0, input_types, "the type of the value; without it, what the expression gives"),
	K("value", KEY_ANY, KEY_REQUIRED, "the value, usually an expression"),
	K("description", KEY_STRING, 0, "for people"),
	K("displayName", KEY_STRING, 0, "for people"),
	K("required", KEY_BOOLEAN, 0, "whether the run fails when the value is missing (default true)"),
	K_END,
};
const KeyTable keys_output = {"output", "A value that a run gives", output_rows, NULL};

static const KeyRow plugin_default_rows[] = {
	K("type", KEY_STRING, KEY_REQUIRED, "a task type, or the beginning of some: 'sql' for sql.query and its like"),
	K("values", KEY_ANY, KEY_REQUIRED, "properties that such tasks get"),
	K("forced", KEY_BOOLEAN, 0, "whether they win over what the task itself says"),
	K_END,
};
const KeyTable keys_plugin_default = {"plugin default", "Properties for all tasks of a type", plugin_default_rows, NULL};

static const KeyRow flow_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "its name, unique in the namespace"),
	K("namespace", KEY_STRING, 0, "the domain, which is also the default"),
	K("description", KEY_STRING, 0, "for people"),
	K("labels", KEY_LABELS, 0, "for finding runs: a mapping, a list of {key, value}, or a JSON expression"),
	K_TABLE("concurrency", KEY_OBJECT, 0, &keys_concurrency, "how many runs at once"),
	K_TABLE("inputs", KEY_INPUTS, 0, &keys_input, "values that a run is started with"),
	K("variables", KEY_MAP, 0, "values that expressions see as vars.…"),
	K("triggers", KEY_TASKS, 0, "what starts runs"),
	K("tasks", KEY_TASKS, KEY_REQUIRED, "what a run does, one after the other"),
	K("errors", KEY_TASKS, 0, "what it does after a failure"),
	K("finally", KEY_TASKS, 0, "what it does at the end in any case, before the state is known"),
	K("afterExecution", KEY_TASKS, 0, "what it does after the run has ended"),
	K_TABLE("outputs", KEY_LIST, 0, &keys_output, "values that a run gives"),
	K_TABLE("retry", KEY_OBJECT, 0, &keys_retry, "when a failed run is tried again"),
	K("timeout", KEY_DURATION, KEY_EXPRESSION, "how long a run may take"),
	K_TABLE("sla", KEY_LIST, 0, &keys_sla, "promises about runs"),
	K_TABLE("pluginDefaults", KEY_LIST, 0, &keys_plugin_default, "properties for all tasks of a type"),
	{"taskDefaults", KEY_LIST, KEY_DEPRECATED, "pluginDefaults", NULL, &keys_plugin_default, "the old name of pluginDefaults"},
	K("disabled", KEY_BOOLEAN, 0, "no run starts"),
	K_OLD_UNUSED("revision"),
	K_OLD_UNUSED("tenantId"),
	K_OLD_UNUSED("deleted"),
	K_OLD_UNUSED("updated"),
	K_OLD_UNUSED("source"),
	K_OLD_UNUSED("listeners"),
	K_UNUSED("draft"),
	K_UNUSED("workerGroup"),
	K_UNUSED("checks"),
	K_UNUSED("assets"),
	K_END,
};
const KeyTable keys_flow = {"flow", "A flow", flow_rows, NULL};

static const KeyRow unknown_rows[] = {
	K_END,
};
const KeyTable keys_unknown_task = {"task of an unknown type", "", unknown_rows, NULL};
// clang-format on
