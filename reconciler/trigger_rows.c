#include "reconciler/trigger_rows.h"

#include "reconciler/schedule.h"
#include "reconciler/trigger_start.h"
#include "store/event.h"

#include <string.h>

enum {
	MAX_TRIGGERS = 1000, // of one flow
};

// What a row is worked out anew from when it changes, and how. A row of state is kept as it is otherwise.
typedef struct {
	const char *type;
	const char *const *keys; // that matter; NULL: all of them
	bool (*plan)(Store *store, const json_t *definition, int64_t now, StoreTrigger *row,
		GError **error);
} Kind;

static bool plan_schedule(
	Store *store, const json_t *definition, int64_t now, StoreTrigger *row, GError **error)
{
	(void)store, (void)error;
	row->next_at = schedule_next(definition, now);
	row->message = row->next_at == 0 ? g_strdup("its cron expression never fires") : NULL;
	return true;
}

// Runs that ended before it was there do not count.
static bool plan_flow(
	Store *store, const json_t *definition, int64_t now, StoreTrigger *row, GError **error)
{
	(void)definition, (void)now;
	return store_event_sequence(store, &row->consumed, error);
}

// The first look is at once.
static bool plan_poll(
	Store *store, const json_t *definition, int64_t now, StoreTrigger *row, GError **error)
{
	(void)store, (void)definition, (void)error;
	row->next_at = now;
	return true;
}

static bool plan_nothing(
	Store *store, const json_t *definition, int64_t now, StoreTrigger *row, GError **error)
{
	(void)store, (void)definition, (void)now, (void)row, (void)error;
	return true;
}

static const char *const schedule_keys[] = {"cron", "timezone", "withSeconds", NULL};

static const Kind kinds[] = {
	{"schedule", schedule_keys, plan_schedule},
	{"flow", NULL, plan_flow},
	{"webhook", NULL, plan_nothing},
	{"sql", NULL, plan_poll},
	{"http", NULL, plan_poll},
};

static const Kind *kind_of(const json_t *definition)
{
	const char *type = json_string_value(json_object_get(definition, "type"));

	for (size_t i = 0; type != NULL && i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].type, type) == 0 &&
			json_is_string(json_object_get(definition, "id")))
			return &kinds[i];
	}
	return NULL;
}

bool trigger_rows_wanted(const StoreFlow *flow)
{
	for (size_t i = 0; flow->triggers != NULL && i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *word = g_strdup_printf("\"%s\"", kinds[i].type);

		if (strstr(flow->triggers, word) != NULL)
			return true;
	}
	return false;
}

const json_t *trigger_rows_find(const json_t *triggers, const char *id, const char *type)
{
	const json_t *definition;
	size_t index;

	json_array_foreach(triggers, index, definition)
	{
		if (kind_of(definition) != NULL && strcmp(kind_of(definition)->type, type) == 0 &&
			strcmp(json_string_value(json_object_get(definition, "id")), id) == 0)
			return definition;
	}
	return NULL;
}

// What of the definition the row was worked out from: the words of a schedule, the digest of anything longer (and of keys).
static char *origin_of(const Kind *kind, const json_t *definition)
{
	json_t *parts = json_object();
	char *text;

	if (kind->keys == NULL) {
		text = json_dumps(definition, JSON_COMPACT | JSON_SORT_KEYS);
		g_autofree char *digest =
			g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
		free(text);
		json_object_set_new(parts, "of", json_string(digest));
	}
	for (size_t i = 0; kind->keys != NULL && kind->keys[i] != NULL; i++) {
		json_t *value = json_object_get(definition, kind->keys[i]);

		if (value != NULL)
			json_object_set(parts, kind->keys[i], value);
	}
	text = json_dumps(parts, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(parts);
	char *origin = g_strdup(text);
	free(text);
	return origin;
}

// A row's state begins with its origin; a flow trigger and a poll keep more behind it.
static bool has_origin(const StoreTrigger *row, const char *origin)
{
	size_t length = strlen(origin) - 1;

	return row->state != NULL && strncmp(row->state, origin, length) == 0 &&
	       (row->state[length] == '}' || row->state[length] == ',');
}

static bool follow_one(Store *store, const char *namespace, const char *flow,
	const json_t *definition, int64_t now, GError **error)
{
	const Kind *kind = kind_of(definition);
	const char *id = json_string_value(json_object_get(definition, "id"));
	bool overlaps = json_is_true(json_object_get(definition, "allowConcurrent"));
	g_autofree char *origin = origin_of(kind, definition);
	g_autoptr(StoreTrigger) row = NULL;

	if (!store_trigger_get(store, namespace, flow, id, &row, error))
		return false;
	if (row != NULL && strcmp(row->type, kind->type) == 0 && has_origin(row, origin) &&
		row->overlaps == overlaps)
		return true;
	if (row == NULL)
		row = trigger_row_new(namespace, flow, id, kind->type);
	if (has_origin(row, origin)) {
		row->overlaps = overlaps;
		return store_trigger_put(store, row, error);
	}
	g_free(row->type);
	row->type = g_strdup(kind->type);
	g_free(row->state);
	row->state = g_steal_pointer(&origin);
	g_clear_pointer(&row->message, g_free);
	row->disabled = false;
	row->overlaps = overlaps;
	row->next_at = 0;
	return kind->plan(store, definition, now, row, error) &&
	       store_trigger_put(store, row, error);
}

static bool is_of_kind(const StoreTrigger *row)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].type, row->type) == 0)
			return true;
	}
	return false;
}

// Removes the rows of triggers that the definition no longer has.
static bool remove_others(Store *store, const char *namespace, const char *flow,
	const json_t *triggers, GError **error)
{
	const StoreTriggerFilter filter = {.namespace = namespace, .flow = flow};
	const StorePage page = {.limit = MAX_TRIGGERS};
	g_autoptr(GPtrArray) rows = NULL;

	if (!store_triggers_list(store, &filter, &page, &rows, NULL, error))
		return false;
	for (guint i = 0; i < rows->len; i++) {
		const StoreTrigger *row = rows->pdata[i];

		if (is_of_kind(row) && trigger_rows_find(triggers, row->id, row->type) == NULL &&
			!store_trigger_delete(store, namespace, flow, row->id, error))
			return false;
	}
	return true;
}

bool trigger_rows_follow(
	Store *store, const char *namespace, const char *flow, int64_t now, GError **error)
{
	g_autoptr(StoreFlow) row = NULL;
	const json_t *definition;
	size_t index;
	bool good = true;

	if (!store_flow_get(store, namespace, flow, &row, error))
		return false;
	bool live = row != NULL && row->deleted_at == 0;
	json_t *triggers =
		live && row->triggers != NULL ? json_loads(row->triggers, 0, NULL) : NULL;
	json_array_foreach(triggers, index, definition)
	{
		if (good && kind_of(definition) != NULL)
			good = follow_one(store, namespace, flow, definition, now, error);
	}
	good = good && remove_others(store, namespace, flow, triggers, error);
	json_decref(triggers);
	return good;
}
