#include "repo-layout/trigger_window.h"

#include <string.h>

// One thing that must have happened.
typedef struct {
	char *id;
	const json_t *what;
	bool (*holds)(
		const json_t *what, const TriggerScope *scope, bool *ret_holds, GError **error);
} Want;

static void want_free(void *data)
{
	Want *want = data;

	g_free(want->id);
	g_free(want);
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

// ---- flows --------------------------------------------------------------------------------------------------------

static bool label_holds(const json_t *run, const char *key, const json_t *value)
{
	const json_t *own = json_object_get(json_object_get(run, "labels"), key);
	g_autofree char *wanted = json_is_string(value) ? g_strdup(json_string_value(value)) : NULL;

	if (wanted == NULL) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		wanted = g_strdup(text);
		free(text);
	}
	return json_is_string(own) && g_strcmp0(json_string_value(own), wanted) == 0;
}

bool trigger_labels_hold(const json_t *labels, const json_t *run)
{
	const char *key;
	json_t *value;
	size_t index;

	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
	{
		if (!label_holds(run, key, value))
			return false;
	}
	json_array_foreach(labels, index, value)
	{
		const char *name = text_at(value, "key");

		if (name == NULL || !label_holds(run, name, json_object_get(value, "value")))
			return false;
	}
	return true;
}

static bool flow_holds(
	const json_t *flow, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const char *namespace = text_at(flow, "namespace");
	const char *id = text_at(flow, "flowId");
	const json_t *states = json_object_get(flow, "states");

	(void)error;
	*ret_holds = (namespace == NULL ||
			     g_strcmp0(namespace, text_at(scope->run, "namespace")) == 0) &&
		     (id == NULL || g_strcmp0(id, text_at(scope->run, "flowId")) == 0) &&
		     (states == NULL || trigger_list_has(states, text_at(scope->run, "state"))) &&
		     trigger_labels_hold(json_object_get(flow, "labels"), scope->run);
	return true;
}

// ---- where --------------------------------------------------------------------------------------------------------

static bool is_one(const json_t *filter, const char *value)
{
	return g_strcmp0(text_at(filter, "value"), value) == 0;
}

static bool is_in(const json_t *filter, const char *value)
{
	return trigger_list_has(json_object_get(filter, "values"), value);
}

static bool is_true(const json_t *filter, const char *value)
{
	(void)filter;
	return g_strcmp0(value, "true") == 0;
}

static bool is_null(const json_t *filter, const char *value)
{
	(void)filter;
	return value == NULL || *value == '\0';
}

static bool starts_with(const json_t *filter, const char *value)
{
	const char *wanted = text_at(filter, "value");

	return value != NULL && wanted != NULL && g_str_has_prefix(value, wanted);
}

static bool ends_with(const json_t *filter, const char *value)
{
	const char *wanted = text_at(filter, "value");

	return value != NULL && wanted != NULL && g_str_has_suffix(value, wanted);
}

static bool has_part(const json_t *filter, const char *value)
{
	const char *wanted = text_at(filter, "value");

	return value != NULL && wanted != NULL && strstr(value, wanted) != NULL;
}

// The whole value must match.
static bool matches(const json_t *filter, const char *value)
{
	const char *wanted = text_at(filter, "value");
	g_autofree char *whole = g_strdup_printf("^(?:%s)$", wanted != NULL ? wanted : "");

	return value != NULL && g_regex_match_simple(whole, value, 0, 0);
}

static const struct {
	const char *type;
	bool (*holds)(const json_t *filter, const char *value);
	bool opposite;
} filter_kinds[] = {
	{"EQUAL_TO", is_one, false},
	{"NOT_EQUAL_TO", is_one, true},
	{"IN", is_in, false},
	{"NOT_IN", is_in, true},
	{"IS_TRUE", is_true, false},
	{"IS_FALSE", is_true, true},
	{"IS_NULL", is_null, false},
	{"IS_NOT_NULL", is_null, true},
	{"STARTS_WITH", starts_with, false},
	{"ENDS_WITH", ends_with, false},
	{"CONTAINS", has_part, false},
	{"REGEX", matches, false},
};

static const struct {
	const char *field, *key;
} filter_fields[] = {
	{"FLOW_ID", "flowId"},
	{"NAMESPACE", "namespace"},
	{"STATE", "state"},
};

// EXPRESSION: what the filter's value renders to is looked at; EQUAL_TO and its like compare with true.
static bool expression_value(
	const json_t *filter, const TriggerScope *scope, char **ret_value, GError **error)
{
	const char *text = text_at(filter, "value");

	*ret_value = trigger_text_render(text != NULL ? text : "", scope, error);
	if (*ret_value != NULL)
		g_strstrip(*ret_value);
	return *ret_value != NULL;
}

static bool filter_holds(
	const json_t *filter, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const char *field = text_at(filter, "field");
	const char *type = text_at(filter, "type");
	g_autofree char *rendered = NULL;
	const char *value = NULL;

	*ret_holds = false;
	if (g_strcmp0(field, "EXPRESSION") == 0) {
		if (!expression_value(filter, scope, &rendered, error))
			return false;
		value = rendered;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(filter_fields); i++) {
		if (g_strcmp0(field, filter_fields[i].field) == 0)
			value = text_at(scope->run, filter_fields[i].key);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(filter_kinds); i++) {
		if (g_strcmp0(type, filter_kinds[i].type) == 0)
			*ret_holds =
				filter_kinds[i].holds(filter, value) != filter_kinds[i].opposite;
	}
	return true;
}

static bool where_holds(
	const json_t *where, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const json_t *filters = json_object_get(where, "filters");
	bool any = g_strcmp0(text_at(where, "operand"), "OR") == 0;
	const json_t *filter;
	size_t index;
	size_t held = 0;

	json_array_foreach(filters, index, filter)
	{
		bool holds;

		if (!filter_holds(filter, scope, &holds, error))
			return false;
		held += holds;
	}
	*ret_holds = any ? held > 0 : held == json_array_size(filters);
	return true;
}

// ---- What is wrong ------------------------------------------------------------------------------------------------

static char *filter_fault(const json_t *filter)
{
	const char *field = text_at(filter, "field");
	const char *type = text_at(filter, "type");
	bool known = g_strcmp0(field, "EXPRESSION") == 0;
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(filter_fields); i++)
		known = known || g_strcmp0(field, filter_fields[i].field) == 0;
	if (!known)
		return g_strdup_printf("unknown field '%s' of a filter: it is FLOW_ID, NAMESPACE, "
				       "STATE or EXPRESSION",
			field != NULL ? field : "");
	known = false;
	for (size_t i = 0; i < G_N_ELEMENTS(filter_kinds); i++)
		known = known || g_strcmp0(type, filter_kinds[i].type) == 0;
	if (!known)
		return g_strdup_printf("unknown type '%s' of a filter", type != NULL ? type : "");
	if (g_strcmp0(type, "REGEX") != 0)
		return NULL;
	const char *pattern = text_at(filter, "value");
	g_autoptr(GRegex) regex = g_regex_new(pattern != NULL ? pattern : "", 0, 0, &error);
	return regex != NULL ? NULL : g_strdup(error->message);
}

static const json_t *old_multiple(const json_t *trigger)
{
	const json_t *condition;
	size_t index;

	json_array_foreach(json_object_get(trigger, "conditions"), index, condition)
	{
		if (g_strcmp0(text_at(condition, "type"), "multiple") == 0)
			return condition;
	}
	return NULL;
}

bool trigger_has_preconditions(const json_t *trigger)
{
	return json_is_object(json_object_get(trigger, "preconditions")) ||
	       old_multiple(trigger) != NULL;
}

// The window as it is written now, or as `multiple` has it.
static const json_t *window_of(const json_t *trigger)
{
	const json_t *preconditions = json_object_get(trigger, "preconditions");

	if (preconditions == NULL)
		return json_is_object(json_object_get(old_multiple(trigger), "timeWindow"))
			       ? json_object_get(old_multiple(trigger), "timeWindow")
			       : old_multiple(trigger);
	return json_object_get(preconditions, "timeWindow");
}

// An old `multiple` condition has window and windowAdvance among its keys, and a type that is none of a window.
static bool window_now(const json_t *trigger, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error)
{
	const json_t *window = window_of(trigger);
	json_t *plain = NULL;

	if (window != NULL && window == old_multiple(trigger)) {
		plain = json_pack("{s:O*, s:O*}", "window", json_object_get(window, "window"),
			"windowAdvance", json_object_get(window, "windowAdvance"));
		window = plain;
	}
	bool good = trigger_window_at(window, at, ret_window, ret_inside, error);
	json_decref(plain);
	return good;
}

char *trigger_preconditions_fault(const json_t *trigger)
{
	const json_t *where = json_object_get(json_object_get(trigger, "preconditions"), "where");
	g_autoptr(GError) error = NULL;
	TriggerWindow window;
	bool inside;
	const json_t *entry, *filter;
	size_t index, inner;

	if (!window_now(trigger, 0, &window, &inside, &error))
		return g_strdup(error->message);
	json_array_foreach(where, index, entry)
	{
		json_array_foreach(json_object_get(entry, "filters"), inner, filter)
		{
			char *fault = filter_fault(filter);

			if (fault != NULL)
				return fault;
		}
	}
	return NULL;
}

// ---- A step -------------------------------------------------------------------------------------------------------

static void add_want(GPtrArray *wants, char *id, const json_t *what,
	bool (*holds)(const json_t *, const TriggerScope *, bool *, GError **))
{
	Want *want = g_new0(Want, 1);

	want->id = id;
	want->what = what;
	want->holds = holds;
	g_ptr_array_add(wants, want);
}

// Ids stay the same while the definition does: what was met is remembered under them.
static GPtrArray *wants_of(const json_t *trigger)
{
	const json_t *preconditions = json_object_get(trigger, "preconditions");
	json_t *multiple = json_object_get(old_multiple(trigger), "conditions");
	GPtrArray *wants = g_ptr_array_new_with_free_func(want_free);
	const char *key;
	json_t *item;
	size_t index;

	json_array_foreach(json_object_get(preconditions, "flows"), index, item)
	{
		add_want(wants, g_strdup_printf("flow-%zu", index), item, flow_holds);
	}
	json_array_foreach(json_object_get(preconditions, "where"), index, item)
	{
		add_want(wants, g_strdup_printf("where-%zu", index), item, where_holds);
	}
	json_object_foreach(multiple, key, item)
	{
		add_want(
			wants, g_strdup_printf("condition-%s", key), item, trigger_condition_holds);
	}
	return wants;
}

static int64_t met_at(const json_t *seen, const char *id)
{
	return json_integer_value(json_object_get(json_object_get(seen, id), "at"));
}

// Forgets what lies outside of the window, and wants that the definition no longer has.
static void forget_others(json_t *seen, const GPtrArray *wants, const TriggerWindow *window)
{
	const char *id;
	json_t *value;
	void *next;

	json_object_foreach_safe(seen, next, id, value)
	{
		int64_t at = met_at(seen, id);
		bool known = at >= window->begin && at < window->end;

		for (guint i = 0; known && i <= wants->len; i++) {
			if (i == wants->len)
				known = false;
			else if (strcmp(((const Want *)wants->pdata[i])->id, id) == 0)
				break;
		}
		if (!known)
			json_object_del(seen, id);
	}
}

// Meets the wants that the run fits.
static bool meet(const GPtrArray *wants, const TriggerScope *scope, int64_t at, json_t *seen,
	bool *ret_met, GError **error)
{
	*ret_met = false;
	for (guint i = 0; i < wants->len; i++) {
		const Want *want = wants->pdata[i];
		bool holds;

		if (!want->holds(want->what, scope, &holds, error)) {
			g_prefix_error(error, "in precondition '%s': ", want->id);
			return false;
		}
		if (!holds)
			continue;
		json_object_set_new(seen, want->id,
			json_pack("{s:I, s:s?}", "at", (json_int_t)at, "run",
				text_at(scope->run, "id")));
		*ret_met = true;
	}
	return true;
}

static int by_end(const void *a, const void *b)
{
	const int64_t left = json_integer_value(json_object_get(*(json_t *const *)a, "at"));
	const int64_t right = json_integer_value(json_object_get(*(json_t *const *)b, "at"));

	return (left > right) - (left < right);
}

// The runs that met the wants; one that met two is there once.
static json_t *runs_of(json_t *seen)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	json_t *runs = json_array();
	const char *id;
	json_t *value;

	json_object_foreach(seen, id, value) g_ptr_array_add(entries, value);
	g_ptr_array_sort(entries, by_end);
	for (guint i = 0; i < entries->len; i++) {
		const char *run = text_at(entries->pdata[i], "run");

		if (run != NULL && !trigger_list_has(runs, run))
			json_array_append_new(runs, json_string(run));
	}
	return runs;
}

bool trigger_preconditions_step(const json_t *trigger, const TriggerScope *scope, int64_t at,
	json_t *state, TriggerStep *ret_step, GError **error)
{
	const json_t *reset =
		json_object_get(json_object_get(trigger, "preconditions"), "resetOnSuccess");
	g_autoptr(GPtrArray) wants = wants_of(trigger);
	json_t *seen = json_object_get(state, "seen");
	TriggerWindow window;
	bool inside;

	*ret_step = (TriggerStep){0};
	if (!window_now(trigger, at, &window, &inside, error))
		return false;
	if (!inside || wants->len == 0)
		return true;
	if (seen == NULL) {
		seen = json_object();
		json_object_set_new(state, "seen", seen);
	}
	if (!meet(wants, scope, at, seen, &ret_step->changed, error))
		return false;
	if (!ret_step->changed)
		return true;
	forget_others(seen, wants, &window);
	ret_step->fires = json_object_size(seen) == wants->len;
	if (!ret_step->fires)
		return true;
	ret_step->runs = runs_of(seen);
	if (!json_is_false(reset))
		json_object_clear(seen);
	return true;
}

// ---- In short -----------------------------------------------------------------------------------------------------

static bool is_flow(const json_t *object, const TriggerEnd *end)
{
	const char *namespace = text_at(object, "namespace");
	const char *flow = text_at(object, "flowId");

	return (namespace == NULL || strcmp(namespace, end->namespace) == 0) &&
	       (flow == NULL || strcmp(flow, end->flow) == 0);
}

static bool conditions_may_hold(const json_t *trigger, const TriggerEnd *end)
{
	const json_t *condition;
	size_t index;

	json_array_foreach(json_object_get(trigger, "conditions"), index, condition)
	{
		if (g_strcmp0(text_at(condition, "type"), "execution-flow") == 0 &&
			!is_flow(condition, end))
			return false;
	}
	return true;
}

bool trigger_may_matter(const json_t *trigger, const TriggerEnd *end)
{
	const json_t *states = json_object_get(trigger, "states");
	const json_t *preconditions = json_object_get(trigger, "preconditions");
	const json_t *flow;
	size_t index;

	if ((states != NULL && !trigger_list_has(states, end->state)) ||
		!conditions_may_hold(trigger, end))
		return false;
	if (preconditions == NULL || json_object_get(preconditions, "where") != NULL ||
		old_multiple(trigger) != NULL)
		return true;
	json_array_foreach(json_object_get(preconditions, "flows"), index, flow)
	{
		if (is_flow(flow, end))
			return true;
	}
	return false;
}
