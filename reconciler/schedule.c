#include "reconciler/schedule.h"

#include "reconciler/cron.h"
#include "reconciler/trigger.h"
#include "repo-layout/flow.h"
#include "repo-layout/time_zone.h"
#include "store/run.h"
#include "store/timestamp.h"

#include <jansson.h>
#include <string.h>

enum {
	MAX_MISSED = 1000, // runs made up for at once; the rest follows at the next evaluation
	MAX_TRIGGERS = 1000, // of one flow
};

// What a schedule's row was worked out from: when it changes, the plan is made anew.
static char *state_of(const json_t *trigger)
{
	json_t *state = json_object();
	static const char *const keys[] = {"cron", "timezone", "withSeconds"};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		json_t *value = json_object_get(trigger, keys[i]);

		if (value != NULL)
			json_object_set(state, keys[i], value);
	}
	char *text = json_dumps(state, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(state);
	return text;
}

static GTimeZone *zone_of(const char *name)
{
	return flow_time_zone(name);
}

// The first moment after `after`; 0 when there is none, or the schedule is wrong.
static int64_t next_of(const json_t *trigger, int64_t after)
{
	const char *cron = json_string_value(json_object_get(trigger, "cron"));
	bool with_seconds = json_is_true(json_object_get(trigger, "withSeconds"));
	g_autoptr(GTimeZone) zone =
		zone_of(json_string_value(json_object_get(trigger, "timezone")));
	CronExpression expression;
	int64_t next = 0;

	if (cron == NULL || zone == NULL || !cron_parse(cron, with_seconds, &expression, NULL))
		return 0;
	return cron_next(&expression, zone, after, &next) ? next : 0;
}

static bool is_schedule(const json_t *trigger)
{
	return g_strcmp0(json_string_value(json_object_get(trigger, "type")), "schedule") == 0 &&
	       json_is_string(json_object_get(trigger, "id"));
}

// ---- Following the live definition --------------------------------------------------------------------------------

static bool plan_schedule(Store *store, const char *namespace, const char *flow,
	const json_t *trigger, int64_t now, GError **error)
{
	const char *id = json_string_value(json_object_get(trigger, "id"));
	g_autofree char *state = state_of(trigger);
	g_autoptr(StoreTrigger) row = NULL;

	if (!store_trigger_get(store, namespace, flow, id, &row, error))
		return false;
	if (row != NULL && g_strcmp0(row->state, state) == 0)
		return true;
	if (row == NULL) {
		row = g_new0(StoreTrigger, 1);
		row->namespace = g_strdup(namespace);
		row->flow = g_strdup(flow);
		row->id = g_strdup(id);
	}
	g_free(row->type);
	row->type = g_strdup("schedule");
	g_free(row->state);
	row->state = g_steal_pointer(&state);
	row->next_at = next_of(trigger, now);
	g_free(row->message);
	row->message = row->next_at == 0 ? g_strdup("its cron expression never fires") : NULL;
	return store_trigger_put(store, row, error);
}

static bool is_listed(const json_t *triggers, const char *id)
{
	const json_t *trigger;
	size_t index;

	json_array_foreach(triggers, index, trigger)
	{
		if (is_schedule(trigger) &&
			strcmp(json_string_value(json_object_get(trigger, "id")), id) == 0)
			return true;
	}
	return false;
}

// Removes the rows of schedules that the definition no longer has.
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

		if (strcmp(row->type, "schedule") == 0 && !is_listed(triggers, row->id) &&
			!store_trigger_delete(store, namespace, flow, row->id, error))
			return false;
	}
	return true;
}

bool schedule_follow(
	Store *store, const char *namespace, const char *flow, int64_t now, GError **error)
{
	g_autoptr(StoreFlow) row = NULL;
	const json_t *trigger;
	size_t index;
	bool good = true;

	if (!store_flow_get(store, namespace, flow, &row, error))
		return false;
	bool live = row != NULL && row->deleted_at == 0;
	json_t *triggers =
		live && row->triggers != NULL ? json_loads(row->triggers, 0, NULL) : NULL;
	json_array_foreach(triggers, index, trigger)
	{
		if (good && is_schedule(trigger))
			good = plan_schedule(store, namespace, flow, trigger, now, error);
	}
	good = good && remove_others(store, namespace, flow, triggers, error);
	json_decref(triggers);
	return good;
}

// ---- Firing -------------------------------------------------------------------------------------------------------

typedef enum {
	MISSED_ALL,
	MISSED_LAST,
	MISSED_NONE,
} MissedPolicy;

static MissedPolicy missed_policy(const json_t *trigger)
{
	static const char *const names[] = {"ALL", "LAST", "NONE"};
	const char *name = json_string_value(json_object_get(trigger, "recoverMissedSchedules"));

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_strcmp0(name, names[i]) == 0)
			return (MissedPolicy)i;
	}
	return MISSED_ALL;
}

static char *trigger_json(const json_t *trigger, const StoreTrigger *row, int64_t at, int64_t next)
{
	g_autofree char *date = timestamp_dup(at);
	g_autofree char *following = timestamp_dup(next);
	g_autofree char *previous = timestamp_dup(row->last_at);
	json_t *value = json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "id", row->id, "type", "schedule",
		"date", date, "next", following, "previous", previous);
	char *text = json_dumps(value, JSON_COMPACT);

	(void)trigger;
	json_decref(value);
	return text;
}

static char *dump_member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
}

// The run of one planned moment. Its key makes a second one impossible.
static bool make_run(Store *store, const json_t *trigger, StoreTrigger *row, int64_t at,
	int64_t next, guint *ret_runs, GError **error)
{
	g_autofree char *json = trigger_json(trigger, row, at, next);
	g_autofree char *inputs = dump_member(trigger, "inputs");
	g_autofree char *labels = dump_member(trigger, "labels");
	g_autofree char *key = g_strdup_printf(
		"schedule %s.%s %s %" G_GINT64_FORMAT, row->namespace, row->flow, row->id, at);
	const StoreRunNew run = {
		.namespace = row->namespace,
		.flow = row->flow,
		.inputs = inputs,
		.labels = labels,
		.trigger = json,
		.trigger_type = "schedule",
		.key = key,
		.concurrency_limit = -1,
	};
	char id[27];
	bool created = false;

	if (!store_run_create(store, &run, id, &created, error))
		return false;
	*ret_runs += created;
	row->last_at = at;
	g_free(row->last_run_id);
	row->last_run_id = g_strdup(id);
	return true;
}

// How late a moment may be run; INT64_MAX when that is not limited.
static int64_t late_limit(const json_t *trigger)
{
	const char *text = json_string_value(json_object_get(trigger, "lateMaximumDelay"));
	int64_t limit = INT64_MAX;

	return text != NULL && duration_parse(text, &limit) ? limit : INT64_MAX;
}

// Runs the moments from the planned one up to now, as the policy about missed ones says, and plans the next.
static bool fire_moments(Store *store, const json_t *trigger, StoreTrigger *row, int64_t now,
	guint *ret_runs, GError **error)
{
	MissedPolicy policy = missed_policy(trigger);
	int64_t limit = late_limit(trigger);
	int64_t at = row->next_at;

	for (guint made = 0; at != 0 && at <= now && made < MAX_MISSED; made++) {
		int64_t next = next_of(trigger, at);
		// A moment is missed when the one after it has come too.
		bool missed = next != 0 && next <= now;
		bool wanted = !missed || policy == MISSED_ALL;

		if (wanted && now - at <= limit &&
			!make_run(store, trigger, row, at, next, ret_runs, error))
			return false;
		at = next;
	}
	row->next_at = at;
	return store_trigger_put(store, row, error);
}

static StoreTrigger *copy_row(const StoreTrigger *row)
{
	StoreTrigger *copy = g_new0(StoreTrigger, 1);

	*copy = *row;
	copy->namespace = g_strdup(row->namespace);
	copy->flow = g_strdup(row->flow);
	copy->id = g_strdup(row->id);
	copy->type = g_strdup(row->type);
	copy->last_run_id = g_strdup(row->last_run_id);
	copy->state = g_strdup(row->state);
	copy->message = g_strdup(row->message);
	return copy;
}

// Plans the next moment without a run.
static bool skip(
	Store *store, StoreTrigger *row, const json_t *trigger, int64_t now, GError **error)
{
	row->next_at = trigger == NULL ? 0 : next_of(trigger, now);
	return store_trigger_put(store, row, error);
}

static const json_t *find_schedule(const json_t *triggers, const char *id)
{
	const json_t *trigger;
	size_t index;

	json_array_foreach(triggers, index, trigger)
	{
		if (is_schedule(trigger) &&
			strcmp(json_string_value(json_object_get(trigger, "id")), id) == 0)
			return trigger;
	}
	return NULL;
}

bool schedule_fire(
	Store *store, const StoreTrigger *trigger, int64_t now, guint *ret_runs, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(StoreTrigger) row = copy_row(trigger);

	if (!store_flow_get(store, row->namespace, row->flow, &flow, error))
		return false;
	bool live = flow != NULL && flow->deleted_at == 0;
	json_t *triggers =
		live && flow->triggers != NULL ? json_loads(flow->triggers, 0, NULL) : NULL;
	const json_t *schedule = find_schedule(triggers, row->id);
	bool disabled = !live || schedule == NULL || flow->disabled || row->disabled ||
			json_is_true(json_object_get(schedule, "disabled"));
	bool good = disabled ? skip(store, row, schedule, now, error)
			     : fire_moments(store, schedule, row, now, ret_runs, error);
	json_decref(triggers);
	return good;
}
