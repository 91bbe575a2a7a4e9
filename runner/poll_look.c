#include "runner/poll_look.h"

#include "repo-layout/flow.h"
#include "store/json_dump.h"
#include "store/timestamp.h"

#include <string.h>

#define MINUTE (60 * (int64_t)G_USEC_PER_SEC)

// Keys of the trigger that are not the look's.
static const char *const own_keys[] = {"id", "type", "description", "disabled", "inputs", "labels",
	"conditions", "when", "stopAfter", "allowConcurrent", "failOnTriggerError", "interval",
	"responseCondition", NULL};

static bool is_sql(const json_t *trigger)
{
	return g_strcmp0(json_string_value(json_object_get(trigger, "type")), "sql") == 0;
}

int64_t poll_interval(const json_t *trigger)
{
	const char *text = json_string_value(json_object_get(trigger, "interval"));
	int64_t interval = MINUTE;

	return text != NULL && duration_parse(text, &interval) && interval > 0 ? interval : MINUTE;
}

int64_t poll_delay(int64_t interval, int64_t failures)
{
	const int64_t most = MAX(15 * MINUTE, interval);
	int64_t delay = interval;

	for (int64_t i = 0; i < failures && delay < most; i++)
		delay *= 2;
	return MIN(delay, most);
}

// Whether there are rows is asked for in any case: NONE is made ONE, whose row is not handed on.
static const char *fetch_of(const json_t *trigger)
{
	const char *fetch = json_string_value(json_object_get(trigger, "fetch"));

	if (fetch == NULL)
		return "ALL";
	return strcmp(fetch, "NONE") == 0 ? "ONE" : fetch;
}

// How long a look may take, in seconds: an address that hangs is not waited for longer than it is asked for.
static int timeout_of(const json_t *trigger)
{
	enum { LONGEST = 600, SHORTEST = 30 };
	const int64_t interval = poll_interval(trigger) / (int64_t)G_USEC_PER_SEC;

	return is_sql(trigger) ? LONGEST : (int)CLAMP(interval, SHORTEST, LONGEST);
}

static json_t *task_of(const json_t *trigger, const char *connection)
{
	json_t *task = json_pack(
		"{s:s, s:s}", "id", "look", "type", is_sql(trigger) ? "sql.query" : "http.request");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)trigger, key, value)
	{
		if (!g_strv_contains(own_keys, key))
			json_object_set(task, key, value);
	}
	json_object_set_new(task, "timeout", json_sprintf("PT%dS", timeout_of(trigger)));
	if (is_sql(trigger)) {
		json_object_set_new(task, "fetch", json_string(fetch_of(trigger)));
		if (connection != NULL && json_object_get(task, "connection") == NULL &&
			json_object_get(task, "url") == NULL)
			json_object_set_new(task, "connection", json_string(connection));
		return task;
	}
	// An answer that says no is an answer: the condition judges it.
	json_t *options = json_deep_copy(json_object_get(trigger, "options"));
	if (!json_is_object(options)) {
		json_decref(options);
		options = json_object();
	}
	json_object_set_new(options, "allowFailed", json_true());
	json_object_set_new(task, "options", options);
	return task;
}

char *poll_flow_json(const json_t *trigger, const char *namespace, const char *flow,
	const char *connection, json_t *variables)
{
	json_t *definition = json_pack("{s:s, s:s, s:O*, s:[o]}", "id", flow, "namespace",
		namespace, "variables", variables, "tasks", task_of(trigger, connection));
	char *text = json_dump_text(definition, JSON_COMPACT);
	char *copy = g_strdup(text);

	free(text);
	json_decref(definition);
	return copy;
}

// ---- What came ----------------------------------------------------------------------------------------------------

static bool has_rows(const json_t *outputs)
{
	const json_t *row = json_object_get(outputs, "row");

	return json_integer_value(json_object_get(outputs, "size")) > 0 ||
	       json_array_size(json_object_get(outputs, "rows")) > 0 || json_is_object(row);
}

json_t *poll_values(const json_t *trigger, const json_t *outputs, int64_t date, bool *ret_found)
{
	static const char *const handed_on[] = {
		"rows", "row", "size", "uri", "code", "headers", "body", NULL};
	bool sql = is_sql(trigger);
	bool nothing_fetched =
		g_strcmp0(json_string_value(json_object_get(trigger, "fetch")), "NONE") == 0;
	char text[TIMESTAMP_SIZE];
	json_t *values = json_pack("{s:O, s:O, s:s}", "id", json_object_get(trigger, "id"), "type",
		json_object_get(trigger, "type"), "date", timestamp_format(date, text));

	for (size_t i = 0; handed_on[i] != NULL; i++) {
		json_t *value = json_object_get(outputs, handed_on[i]);
		bool is_row = strcmp(handed_on[i], "row") == 0;

		if (value != NULL && !(sql && nothing_fetched && is_row))
			json_object_set(values, handed_on[i], value);
	}
	*ret_found = !sql || has_rows(outputs);
	return values;
}

const char *poll_condition(const json_t *trigger)
{
	const char *text = json_string_value(json_object_get(trigger, "responseCondition"));

	if (is_sql(trigger))
		return NULL;
	return text != NULL ? text : "{{ response.statusCode < 400 }}";
}

json_t *poll_response(const json_t *outputs)
{
	return json_pack("{s:O*, s:O*, s:O*, s:O*}", "statusCode", json_object_get(outputs, "code"),
		"code", json_object_get(outputs, "code"), "headers",
		json_object_get(outputs, "headers"), "body", json_object_get(outputs, "body"));
}
