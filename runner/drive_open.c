// How containers begin: the branch of an if, the case of a switch, the values of a foreach, limits; and what a loop-until
// does after a round.
#include "runner/drive.h"

#include "expr/value.h"
#include "store/timestamp.h"

#include <errno.h>
#include <string.h>

typedef struct {
	Drive *drive;
	RunNode *node; // NULL for a row that is restored
	RunNode *scope; // what expressions see
	const Task *task;
	RunOpening *opening;
	json_t **outputs;
	json_t *kept; // of the row, when restored
} Open;

static const json_t *property(const Open *open, const char *key)
{
	return json_object_get(open->task->properties, key);
}

static json_t *property_evaluate(const Open *open, const char *key, GError **error)
{
	const json_t *raw = property(open, key);
	json_t *value = raw == NULL
				? json_null()
				: drive_evaluate_value(open->drive, open->scope, raw, true, error);

	if (value == NULL)
		g_prefix_error(error, "property '%s': ", key);
	return value;
}

static bool property_limit(
	const Open *open, const char *key, uint32_t fallback, uint32_t *ret_limit, GError **error)
{
	json_t *value = property_evaluate(open, key, error);
	char *end;

	*ret_limit = fallback;
	if (value == NULL)
		return false;
	if (json_is_null(value))
		return true;
	g_autofree char *text = expr_value_text(value);
	json_decref(value);
	errno = 0;
	*ret_limit = (uint32_t)g_ascii_strtoull(text, &end, 10);
	if (*text == '\0' || *end != '\0' || *text == '-') {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property '%s' is no number: '%s'", key, text);
		return false;
	}
	return true;
}

static bool open_sequence(Open *open, GError **error)
{
	(void)error;
	open->opening->tasks = open->task->tasks;
	return true;
}

static bool open_parallel(Open *open, GError **error)
{
	open->opening->tasks = open->task->tasks;
	return property_limit(open, "concurrent", 0, &open->opening->limit, error);
}

// ---- if and switch

static bool open_if(Open *open, GError **error)
{
	json_t *value;
	bool holds;

	if (open->kept != NULL) {
		holds = json_is_true(json_object_get(open->kept, "evaluationResult"));
	} else {
		value = property_evaluate(open, "condition", error);
		if (value == NULL)
			return false;
		holds = expr_truthy(value);
		json_decref(value);
		*open->outputs = json_pack("{s:b}", "evaluationResult", holds);
	}
	open->opening->tasks = holds ? open->task->tasks : open->task->otherwise;
	return true;
}

static const GPtrArray *case_find(const Task *task, const char *value)
{
	for (guint i = 0; task->cases != NULL && i < task->cases->len; i++) {
		const TaskCase *one = task->cases->pdata[i];

		if (strcmp(one->name, value) == 0)
			return one->tasks;
	}
	return NULL;
}

static bool open_switch(Open *open, GError **error)
{
	g_autofree char *text = NULL;

	if (open->kept != NULL) {
		text = g_strdup(json_string_value(json_object_get(open->kept, "value")));
	} else {
		json_t *value = property_evaluate(open, "value", error);

		if (value == NULL)
			return false;
		text = expr_value_text(value);
		json_decref(value);
	}
	const GPtrArray *chosen = case_find(open->task, text != NULL ? text : "");
	if (open->kept == NULL)
		*open->outputs = json_pack("{s:s, s:b}", "value", text, "defaults", chosen == NULL);
	open->opening->tasks = chosen != NULL ? chosen : open->task->defaults;
	if (open->opening->tasks != NULL)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"there is no case for '%s' and no defaults", text);
	return false;
}

// ---- foreach

// A list, or a text that holds one as JSON. A new reference.
static json_t *values_list(json_t *value, GError **error)
{
	json_t *list;

	if (json_is_array(value))
		return json_incref(value);
	list = json_is_string(value) ? json_loads(json_string_value(value), JSON_DECODE_ANY, NULL)
				     : NULL;
	if (json_is_array(list))
		return list;
	json_decref(list);
	g_autofree char *shown = expr_value_text(value);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"the values are no list, but %s '%.200s'", expr_value_kind(value), shown);
	return NULL;
}

// Groups of size values each, as lists.
static json_t *values_batch(json_t *list, size_t size)
{
	json_t *batches = json_array();
	json_t *batch = NULL;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (i % size == 0) {
			batch = json_array();
			json_array_append_new(batches, batch);
		}
		json_array_append(batch, item);
	}
	return batches;
}

static bool values_fill(GPtrArray *values, json_t *list, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	json_t *item;
	size_t i, nulls = 0;

	json_array_foreach(list, i, item)
	{
		char *text;

		nulls += json_is_null(item);
		text = expr_value_text(item);
		if (json_is_null(item) || !g_hash_table_add(seen, text))
			g_free(text);
		else
			g_ptr_array_add(values, text);
	}
	if (nulls == 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "%zu of the %zu values %s null", nulls,
		json_array_size(list), nulls == 1 ? "is" : "are");
	return false;
}

static json_t *values_evaluate(Open *open, GError **error)
{
	json_t *value = property_evaluate(open, "values", error);
	json_t *list = value == NULL ? NULL : values_list(value, error);
	uint32_t size = 0;

	json_decref(value);
	if (list == NULL)
		return NULL;
	if (!property_limit(open, "batch", 0, &size, error)) {
		json_decref(list);
		return NULL;
	}
	if (size > 0) {
		json_t *batches = values_batch(list, size);

		json_decref(list);
		list = batches;
	}
	return list;
}

// The values as they were worked out go into the row: what they came from may have changed when it is read again.
static void values_keep(Open *open)
{
	const GPtrArray *values = open->opening->values;
	json_t *list = json_array();

	for (guint i = 0; i < values->len; i++)
		json_array_append_new(list, json_string(values->pdata[i]));
	json_decref(node_extra(open->node)->data);
	node_extra(open->node)->data = json_pack("{s:o}", "values", list);
}

static bool open_foreach(Open *open, GError **error)
{
	RunOpening *opening = open->opening;
	json_t *list = open->kept != NULL ? json_incref(json_object_get(open->kept, "values"))
					  : values_evaluate(open, error);
	bool ok;

	if (list == NULL)
		return false;
	opening->tasks = open->task->tasks;
	opening->values = g_ptr_array_new_with_free_func(g_free);
	opening->flat = json_is_true(property(open, "flat"));
	ok = values_fill(opening->values, list, error) &&
	     property_limit(
		     open, "concurrencyLimit", opening->flat ? 0 : 1, &opening->limit, error);
	json_decref(list);
	if (ok && open->node != NULL)
		values_keep(open);
	if (!ok)
		g_clear_pointer(&opening->values, g_ptr_array_unref);
	return ok;
}

// ---- loop-until

static bool open_loop(Open *open, GError **error)
{
	(void)error;
	open->opening->tasks = open->task->tasks;
	if (open->kept == NULL)
		*open->outputs = json_pack("{s:i}", "iterationCount", 1);
	else // a round of which no task run is there yet tells nothing of itself
		open->opening->round =
			(uint32_t)json_integer_value(json_object_get(open->kept, "iterationCount"));
	return true;
}

static json_t *frequency_value(Drive *drive, RunNode *node, const char *key, GError **error)
{
	const json_t *frequency = json_object_get(node->task->properties, "checkFrequency");
	const json_t *raw = json_object_get(frequency, key);

	if (raw == NULL)
		raw = json_object_get(node->task->properties, key);
	return raw == NULL ? json_null() : drive_evaluate_value(drive, node, raw, true, error);
}

static bool frequency_duration(Drive *drive, RunNode *node, const char *key, int64_t fallback,
	int64_t *ret_duration, GError **error)
{
	json_t *value = frequency_value(drive, node, key, error);
	g_autofree char *text = value == NULL ? NULL : expr_value_text(value);
	bool none = value == NULL || json_is_null(value);

	json_decref(value);
	*ret_duration = fallback;
	if (text == NULL)
		return false;
	if (none || duration_parse(text, ret_duration))
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property 'checkFrequency.%s' is no duration: '%s'", key, text);
	return false;
}

bool drive_decide(Drive *drive, RunNode *node, int64_t *ret_next, RunState *ret_end, GError **error)
{
	const json_t *condition = json_object_get(node->task->properties, "condition");
	const json_t *fail = json_object_get(node->task->properties, "failOnMaxReached");
	int64_t interval, max_duration, now = timestamp_now();
	bool holds = false, reached;
	json_t *most;

	*ret_next = 0;
	*ret_end = RUN_SUCCESS;
	if (json_is_string(condition)) {
		if (!drive_condition(drive, node, json_string_value(condition), &holds, error))
			return false;
	} else {
		holds = expr_truthy(condition);
	}
	if (holds)
		return true;
	most = frequency_value(drive, node, "maxIterations", error);
	if (most == NULL ||
		!frequency_duration(drive, node, "interval", G_USEC_PER_SEC, &interval, error) ||
		!frequency_duration(drive, node, "maxDuration", 0, &max_duration, error)) {
		json_decref(most);
		return false;
	}
	g_autofree char *most_text = expr_value_text(most);
	reached = !json_is_null(most) &&
		  run_graph_round(node) >= (uint32_t)g_ascii_strtoull(most_text, NULL, 10);
	reached = reached || (max_duration > 0 && now + interval > node->created + max_duration);
	json_decref(most);
	if (!reached) {
		*ret_next = now + interval;
		return true;
	}
	json_t *fails =
		fail == NULL ? json_false() : drive_evaluate_value(drive, node, fail, true, error);
	if (fails == NULL)
		return false;
	*ret_end = expr_truthy(fails) ? RUN_FAILED : RUN_SUCCESS;
	json_decref(fails);
	return true;
}

// ---- The table

static const struct {
	const char *kind;
	bool (*open)(Open *open, GError **error);
} openers[] = {
	{"sequential", open_sequence},
	{"parallel", open_parallel},
	{"foreach", open_foreach},
	{"if", open_if},
	{"switch", open_switch},
	{"dag", open_parallel},
	{"allow-failure", open_sequence},
	{"working-directory", open_sequence},
	{"loop-until", open_loop},
	{"pause", open_sequence},
};

static bool open_by_kind(Open *open, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(openers); i++) {
		if (strcmp(openers[i].kind, open->task->kind->name) == 0)
			return openers[i].open(open, error);
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_NOT_BUILT,
		"task type '%s' is not built into this version", open->task->kind->name);
	return false;
}

bool drive_open(
	Drive *drive, RunNode *node, RunOpening *ret_opening, json_t **ret_outputs, GError **error)
{
	Open open = {drive, node, node, node->task, ret_opening, ret_outputs, NULL};

	return open_by_kind(&open, error);
}

bool drive_reopen(Drive *drive, RunNode *parent, const StoreTaskRun *row, const Task *task,
	RunOpening *ret_opening, GError **error)
{
	json_t *kept = json_object();
	Open open = {drive, NULL, parent, task, ret_opening, NULL, kept};
	json_t *part;
	bool ok;

	for (int i = 0; i < 2; i++) {
		const char *text = i == 0 ? row->outputs : row->data;

		part = text == NULL ? NULL : json_loads(text, 0, NULL);
		if (part != NULL)
			json_object_update(kept, part);
		json_decref(part);
	}
	ok = open_by_kind(&open, error);
	json_decref(kept);
	return ok;
}
