#include "reconciler/schedule.h"

#include "reconciler/cron.h"
#include "reconciler/trigger_rows.h"
#include "reconciler/trigger_start.h"
#include "repo-layout/flow.h"
#include "repo-layout/time_zone.h"
#include "store/timestamp.h"

#include <string.h>

enum {
	MAX_MISSED = 1000, // runs made up for at once; the rest follows at the next evaluation
};

// A start that is less late than this is no miss: the server was about to.
#define GRACE (60 * (int64_t)G_USEC_PER_SEC)

// A clock that steps back by less is waited for.
#define STEP (3600 * (int64_t)G_USEC_PER_SEC)

typedef bool (*CronSearch)(
	const CronExpression *cron, GTimeZone *zone, int64_t from, int64_t *ret_at);

static int64_t schedule_search(const json_t *definition, int64_t from, CronSearch search)
{
	const char *cron = json_string_value(json_object_get(definition, "cron"));
	bool with_seconds = json_is_true(json_object_get(definition, "withSeconds"));
	g_autoptr(GTimeZone) zone =
		flow_time_zone(json_string_value(json_object_get(definition, "timezone")));
	CronExpression expression;
	int64_t at = 0;

	if (cron == NULL || zone == NULL || !cron_parse(cron, with_seconds, &expression, NULL))
		return 0;
	return search(&expression, zone, from, &at) ? at : 0;
}

int64_t schedule_next(const json_t *definition, int64_t after)
{
	return schedule_search(definition, after, cron_next);
}

int64_t schedule_previous(const json_t *definition, int64_t before)
{
	return schedule_search(definition, before, cron_previous);
}

// ---- Missed moments -----------------------------------------------------------------------------------------------

typedef enum {
	MISSED_ALL,
	MISSED_LAST,
	MISSED_NONE,
} MissedPolicy;

static MissedPolicy missed_policy(const json_t *definition)
{
	static const char *const names[] = {"ALL", "LAST", "NONE"};
	const char *name = json_string_value(json_object_get(definition, "recoverMissedSchedules"));

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_strcmp0(name, names[i]) == 0)
			return (MissedPolicy)i;
	}
	return MISSED_ALL;
}

// How late a moment may be run; INT64_MAX when that is not limited.
static int64_t late_limit(const json_t *definition)
{
	const char *text = json_string_value(json_object_get(definition, "lateMaximumDelay"));
	int64_t limit = INT64_MAX;

	return text != NULL && duration_parse(text, &limit) ? limit : INT64_MAX;
}

// Whether a moment that has come is still run: the one after it, and how late it is, decide.
static bool is_wanted(const json_t *definition, int64_t at, int64_t next, int64_t now)
{
	bool newest = next == 0 || next > now;

	if (now - at > late_limit(definition))
		return false;
	switch (missed_policy(definition)) {
	case MISSED_LAST: return newest;
	case MISSED_NONE: return newest && now - at <= GRACE;
	case MISSED_ALL: break;
	}
	return true;
}

// ---- Firing -------------------------------------------------------------------------------------------------------

typedef struct {
	Store *store;
	const StoreFlow *flow;
	const json_t *definition;
	StoreTrigger *row;
	int64_t now;
	guint *runs;
} Firing;

static json_t *values_of(const Firing *firing, int64_t at, int64_t next)
{
	g_autofree char *date = timestamp_dup(at);
	g_autofree char *following = timestamp_dup(next);
	g_autofree char *previous = timestamp_dup(firing->row->last_at);

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "id", firing->row->id, "type", "schedule",
		"date", date, "next", following, "previous", previous);
}

// Of the keys of the trigger's runs; the planned moment follows.
static char *key_prefix(const StoreTrigger *row)
{
	return g_strdup_printf("schedule %s.%s %s ", row->namespace, row->flow, row->id);
}

// The run of one planned moment, if `when` and the conditions hold then. Its key makes a second one impossible.
static bool fire_moment(
	const Firing *firing, int64_t at, int64_t next, bool *ret_fired, GError **error)
{
	StoreTrigger *row = firing->row;
	g_autofree char *prefix = key_prefix(row);
	g_autofree char *key = g_strdup_printf("%s%" G_GINT64_FORMAT, prefix, at);
	const TriggerFire fire = {firing->flow, firing->definition, values_of(firing, at, next),
		key, firing->now, at, NULL};
	g_auto(TriggerStart) start = {0};
	g_autofree char *fault = NULL;
	bool done = trigger_fire_look(firing->store, &fire, &start, &fault, error) &&
		    store_trigger_note(firing->store, row, fault, error) &&
		    (!start.holds || trigger_fire_run(firing->store, &fire, &start, row,
					     firing->runs, error));

	*ret_fired = start.holds;
	json_decref(fire.values);
	return done;
}

// Runs the moments from the planned one up to now, as the policy about missed ones says, and plans the next.
static bool fire_moments(const Firing *firing, GError **error)
{
	StoreTrigger *row = firing->row;
	int64_t at = row->next_at;
	bool fired = false;

	for (guint made = 0; at != 0 && at <= firing->now && made < MAX_MISSED; made++) {
		int64_t next = schedule_next(firing->definition, at);

		if (is_wanted(firing->definition, at, next, firing->now) &&
			!fire_moment(firing, at, next, &fired, error))
			return false;
		at = next;
		// The others wait until the run has ended.
		if (fired && !row->overlaps)
			break;
	}
	row->next_at = at;
	return store_trigger_put(firing->store, row, error);
}

// Plans the next moment without a run.
static bool skip(
	Store *store, StoreTrigger *row, const json_t *definition, int64_t now, GError **error)
{
	row->next_at = definition == NULL ? 0 : schedule_next(definition, now);
	return store_trigger_put(store, row, error);
}

bool schedule_fire(
	Store *store, const StoreTrigger *trigger, int64_t now, guint *ret_runs, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(StoreTrigger) row = trigger_row_copy(trigger);

	if (!store_flow_get(store, row->namespace, row->flow, &flow, error))
		return false;
	bool live = flow != NULL && flow->deleted_at == 0;
	json_t *triggers =
		live && flow->triggers != NULL ? json_loads(flow->triggers, 0, NULL) : NULL;
	const json_t *definition = trigger_rows_find(triggers, row->id, "schedule");
	bool disabled = !live || definition == NULL || flow->disabled || row->disabled ||
			json_is_true(json_object_get(definition, "disabled"));
	const Firing firing = {store, flow, definition, row, now, ret_runs};
	bool good =
		disabled ? skip(store, row, definition, now, error) : fire_moments(&firing, error);
	json_decref(triggers);
	return good;
}

// ---- A clock that steps back --------------------------------------------------------------------------------------

// Plans a trigger anew that a clock which went ahead has planned too far ahead. What that clock started before its time is
// started again when its moment comes.
static bool plan_back(
	Store *store, StoreTrigger *row, const json_t *definition, int64_t now, GError **error)
{
	int64_t next = definition == NULL ? 0 : schedule_next(definition, now);
	int64_t second = next == 0 ? 0 : schedule_next(definition, next);
	g_autofree char *prefix = key_prefix(row);
	g_autofree char *after = g_strdup_printf("%s%" G_GINT64_FORMAT, prefix, now);
	g_autofree char *before = g_strconcat(prefix, "~", NULL);

	if (second == 0 || row->next_at <= second)
		return true;
	row->next_at = next;
	row->last_at = MIN(row->last_at, schedule_previous(definition, now));
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	return transaction != NULL && store_trigger_forget_keys(store, after, before, error) &&
	       store_trigger_put(store, row, error) && store_transaction_commit(transaction, error);
}

static bool step_back(Store *store, StoreTrigger *row, int64_t now, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;

	if (!store_flow_get(store, row->namespace, row->flow, &flow, error))
		return false;
	json_t *triggers = flow == NULL || flow->deleted_at != 0 || flow->triggers == NULL
				   ? NULL
				   : json_loads(flow->triggers, 0, NULL);
	const json_t *definition = trigger_rows_find(triggers, row->id, "schedule");
	bool good = plan_back(store, row, definition, now, error);
	json_decref(triggers);
	return good;
}

bool schedules_step_back(Store *store, int64_t now, bool seen, GError **error)
{
	g_autofree char *cursor = NULL;

	do {
		g_autoptr(GPtrArray) rows = NULL;
		const StorePage page = {.after = cursor};
		char *next = NULL;

		if (!store_triggers_list(store, NULL, &page, &rows, &next, error))
			return false;
		g_free(cursor);
		cursor = next;
		for (guint i = 0; i < rows->len; i++) {
			StoreTrigger *row = rows->pdata[i];

			if (g_strcmp0(row->type, "schedule") == 0 && row->next_at > now + STEP &&
				(seen || row->last_at > now) && !step_back(store, row, now, error))
				return false;
		}
	} while (cursor != NULL);
	return true;
}
