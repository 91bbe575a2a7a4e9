#include "reconciler/backfill.h"

#include "reconciler/cron.h"
#include "reconciler/schedule.h"
#include "reconciler/trigger_rows.h"
#include "reconciler/trigger_start.h"
#include "store/id.h"
#include "store/run.h"
#include "store/timestamp.h"

#include <string.h>

enum {
	MADE_AT_ONCE = 100, // runs of one transaction; the rest follows at once
};

G_DEFINE_QUARK(weir - backfill - error, backfill_error)

// ---- The schedule

// The flow and the definition of one of its schedules, as they are now.
typedef struct {
	StoreFlow *flow;
	json_t *triggers;
	const json_t *definition; // NULL: it is not there
} Schedule;

static void schedule_clear(Schedule *schedule)
{
	store_flow_free(schedule->flow);
	json_decref(schedule->triggers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Schedule, schedule_clear)

static bool schedule_get(Store *store, const char *namespace, const char *flow, const char *trigger,
	Schedule *ret_schedule, GError **error)
{
	*ret_schedule = (Schedule){0};
	if (!store_flow_get(store, namespace, flow, &ret_schedule->flow, error))
		return false;
	if (ret_schedule->flow == NULL || ret_schedule->flow->deleted_at != 0 ||
		ret_schedule->flow->triggers == NULL)
		return true;
	ret_schedule->triggers = json_loads(ret_schedule->flow->triggers, 0, NULL);
	if (trigger != NULL)
		ret_schedule->definition =
			trigger_rows_find(ret_schedule->triggers, trigger, "schedule");
	return true;
}

// ---- Asking for one

static bool flow_check(const BackfillRequest *request, const Schedule *schedule, GError **error)
{
	const bool live = schedule->flow != NULL && schedule->flow->deleted_at == 0;

	if (live && !schedule->flow->disabled)
		return true;
	g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_FLOW,
		live ? "flow '%s.%s' is disabled" : "there is no live flow '%s.%s'",
		request->namespace, request->flow);
	return false;
}

// The schedules of a flow, as "'a', 'b'". *ret_only is the only one.
static char *schedule_names(const json_t *triggers, const json_t **ret_only)
{
	GString *names = g_string_new(NULL);
	const json_t *trigger;
	size_t i, count = 0;

	json_array_foreach((json_t *)(uintptr_t)triggers, i, trigger)
	{
		const char *type = json_string_value(json_object_get(trigger, "type"));

		if (g_strcmp0(type, "schedule") != 0)
			continue;
		*ret_only = trigger;
		g_string_append_printf(names, "%s'%s'", count++ > 0 ? ", " : "",
			json_string_value(json_object_get(trigger, "id")));
	}
	if (count != 1)
		*ret_only = NULL;
	return g_string_free(names, FALSE);
}

static bool schedule_choose(const BackfillRequest *request, Schedule *schedule, GError **error)
{
	const json_t *only = NULL;
	g_autofree char *names = schedule_names(schedule->triggers, &only);

	if (request->trigger == NULL)
		schedule->definition = only;
	if (schedule->definition != NULL)
		return true;
	if (*names == '\0')
		g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_SCHEDULE,
			"flow '%s.%s' has no schedule", request->namespace, request->flow);
	else if (request->trigger == NULL)
		g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_SCHEDULE,
			"flow '%s.%s' has the schedules %s: say which one", request->namespace,
			request->flow, names);
	else
		g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_SCHEDULE,
			"flow '%s.%s' has no schedule '%s'; it has %s", request->namespace,
			request->flow, request->trigger, names);
	return false;
}

// The beginning of a day where the schedule's clock hangs; false where the text is more than a date.
static bool day_read(const json_t *definition, const char *text, int days_later, int64_t *ret_at)
{
	g_autoptr(GTimeZone) zone =
		cron_zone(json_string_value(json_object_get(definition, "timezone")));
	g_autoptr(GDate) date = g_date_new();
	g_autoptr(GDateTime) midnight = NULL;

	if (zone == NULL || strlen(text) != strlen("2026-03-29"))
		return false;
	g_date_set_dmy(date, (GDateDay)g_ascii_strtoull(text + 8, NULL, 10),
		(GDateMonth)g_ascii_strtoull(text + 5, NULL, 10),
		(GDateYear)g_ascii_strtoull(text, NULL, 10));
	g_date_add_days(date, (guint)days_later);
	midnight = g_date_time_new(zone, g_date_get_year(date), (gint)g_date_get_month(date),
		g_date_get_day(date), 0, 0, 0);
	if (midnight == NULL)
		return false;
	*ret_at = g_date_time_to_unix(midnight) * G_USEC_PER_SEC;
	return true;
}

// A date alone is the whole day.
static bool moment_read(const json_t *definition, const char *name, const char *text, bool ends,
	int64_t *ret_at, GError **error)
{
	if (text != NULL && timestamp_parse(text, ret_at)) {
		if (day_read(definition, text, ends, ret_at) && ends)
			(*ret_at)--;
		return true;
	}
	g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_RANGE,
		"'%s' is no moment: '%s'; write 2026-03-29, or 2026-03-29T01:30:00+01:00", name,
		text != NULL ? text : "");
	return false;
}

// How many due times there are in the range; the first of them.
static bool range_count(const json_t *definition, StoreBackfill *backfill, GError **error)
{
	int64_t at = schedule_next(definition, backfill->from_at - 1);

	backfill->next_at = at <= backfill->to_at ? at : 0;
	for (; at != 0 && at <= backfill->to_at; at = schedule_next(definition, at)) {
		if (++backfill->total <= BACKFILL_MOST)
			continue;
		g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_RANGE,
			"more than %d due times of '%s' lie in the range: backfill it in parts",
			BACKFILL_MOST, backfill->trigger_id);
		return false;
	}
	if (backfill->total > 0)
		return true;
	g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_RANGE,
		"no due time of '%s' lies in the range", backfill->trigger_id);
	return false;
}

static bool range_read(const BackfillRequest *request, const json_t *definition,
	StoreBackfill *backfill, GError **error)
{
	if (!moment_read(definition, "from", request->from, false, &backfill->from_at, error) ||
		!moment_read(definition, "to", request->to, true, &backfill->to_at, error))
		return false;
	if (backfill->from_at <= backfill->to_at)
		return range_count(definition, backfill, error);
	g_set_error(error, BACKFILL_ERROR, BACKFILL_ERROR_RANGE,
		"the range is empty: '%s' is after '%s'", request->from, request->to);
	return false;
}

static bool request_read(
	Store *store, const BackfillRequest *request, StoreBackfill *backfill, GError **error)
{
	g_auto(Schedule) schedule = {0};

	if (!schedule_get(
		    store, request->namespace, request->flow, request->trigger, &schedule, error) ||
		!flow_check(request, &schedule, error) ||
		!schedule_choose(request, &schedule, error))
		return false;
	backfill->trigger_id =
		g_strdup(json_string_value(json_object_get(schedule.definition, "id")));
	return range_read(request, schedule.definition, backfill, error);
}

bool backfill_check(Store *store, const BackfillRequest *request, GError **error)
{
	g_autoptr(StoreBackfill) backfill = g_new0(StoreBackfill, 1);

	return request_read(store, request, backfill, error);
}

bool backfill_ask(Store *store, const BackfillRequest *request, char ret_id[ID_SIZE],
	int64_t *ret_total, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(StoreBackfill) backfill = g_new0(StoreBackfill, 1);

	if (transaction == NULL || !request_read(store, request, backfill, error))
		return false;
	backfill->id = id_new();
	backfill->namespace = g_strdup(request->namespace);
	backfill->flow = g_strdup(request->flow);
	backfill->concurrency = request->concurrency;
	backfill->inputs = g_strdup(request->inputs);
	backfill->labels = g_strdup(request->labels);
	g_strlcpy(ret_id, backfill->id, ID_SIZE);
	*ret_total = backfill->total;
	return store_backfill_create(store, backfill, error) &&
	       store_transaction_commit(transaction, error);
}

// ---- Making its runs

typedef struct {
	Store *store;
	const Schedule *schedule;
	StoreBackfill *backfill;
	int64_t now;
	guint *runs;
} Making;

// One object over another; both may be NULL.
static char *objects_join(const char *below, const char *above)
{
	json_t *object = below == NULL ? NULL : json_loads(below, 0, NULL);
	json_t *more = above == NULL ? NULL : json_loads(above, 0, NULL);
	char *text;

	if (!json_is_object(object)) {
		json_decref(object);
		object = json_object();
	}
	json_object_update(object, more);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(more);
	json_decref(object);
	return text;
}

static char *labels_of(const StoreBackfill *backfill, const char *own)
{
	g_autofree char *given = objects_join(own, backfill->labels);
	g_autofree char *system = g_strdup_printf("{\"system.backfill\":\"%s\"}", backfill->id);

	return objects_join(given, system);
}

// What the run knows as `trigger`: the same as if the schedule had fired then.
static json_t *values_of(const Making *making, int64_t at)
{
	const StoreBackfill *backfill = making->backfill;
	const json_t *definition = making->schedule->definition;
	g_autofree char *date = timestamp_dup(at);
	g_autofree char *next = timestamp_dup(schedule_next(definition, at));
	g_autofree char *previous = timestamp_dup(schedule_previous(definition, at));

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s}", "id", backfill->trigger_id, "type",
		"schedule", "date", date, "next", next, "previous", previous, "backfill",
		backfill->id);
}

static bool run_make(const Making *making, int64_t at, const json_t *values,
	const TriggerStart *start, GError **error)
{
	const StoreBackfill *backfill = making->backfill;
	g_autofree char *inputs = objects_join(start->inputs, backfill->inputs);
	g_autofree char *labels = labels_of(backfill, start->labels);
	g_autofree char *trigger = json_dumps(values, JSON_COMPACT);
	g_autofree char *key = g_strdup_printf("backfill %s %" G_GINT64_FORMAT, backfill->id, at);
	const StoreRunNew run = {
		.namespace = backfill->namespace,
		.flow = backfill->flow,
		.inputs = inputs,
		.labels = labels,
		.trigger = trigger,
		.trigger_type = "backfill",
		.key = key,
		.concurrency_limit = -1,
	};
	char id[ID_SIZE];
	bool created = false;

	if (!store_run_create(making->store, &run, id, &created, error) ||
		!store_backfill_run_add(making->store, backfill->id, at, id, error))
		return false;
	*making->runs += created;
	return true;
}

// The run of the due time that comes next, where `when` and the conditions hold for it. One that cannot be told ends nothing: the
// backfill waits until somebody has mended it.
static bool moment_make(const Making *making, GError **error)
{
	StoreBackfill *backfill = making->backfill;
	const int64_t at = backfill->next_at;
	const int64_t next = schedule_next(making->schedule->definition, at);
	g_auto(TriggerStart) start = {0};
	g_autofree char *fault = NULL;
	json_t *values = values_of(making, at);
	const TriggerFire fire = {making->schedule->flow, making->schedule->definition, values,
		NULL, making->now, at, NULL};
	bool done = trigger_fire_look(making->store, &fire, &start, &fault, error);

	if (done && fault == NULL) {
		done = !start.holds || run_make(making, at, values, &start, error);
		backfill->made += start.holds;
		backfill->left_out += !start.holds;
		backfill->next_at = next <= backfill->to_at ? next : 0;
	}
	json_decref(values);
	if (fault != NULL) {
		backfill->state = BACKFILL_PAUSED;
		g_free(backfill->message);
		backfill->message = g_steal_pointer(&fault);
	}
	return done;
}

static bool moments_make(const Making *making, int64_t active, bool *ret_more, GError **error)
{
	StoreBackfill *backfill = making->backfill;
	int made = 0;

	*ret_more = false;
	while (backfill->next_at != 0 && backfill->state == BACKFILL_RUNNING) {
		const int64_t before = backfill->made;

		if (backfill->concurrency > 0 && active >= backfill->concurrency)
			return true;
		*ret_more = made++ == MADE_AT_ONCE;
		if (*ret_more)
			return true;
		if (!moment_make(making, error))
			return false;
		active += backfill->made - before;
	}
	return true;
}

// Why no runs can be made now; NULL: they can. One whose schedule has gone is over.
static char *obstacle_find(const Schedule *schedule, StoreBackfill *backfill)
{
	if (backfill->next_at == 0)
		return NULL;
	if (schedule->definition == NULL) {
		backfill->state = BACKFILL_FAILED;
		return g_strdup_printf("schedule '%s' is no longer there", backfill->trigger_id);
	}
	return schedule->flow->disabled ? g_strdup("the flow is disabled") : NULL;
}

// Ends it when all are made and have ended. One that was left over its flow's limit has ended, too.
static bool end_note(Store *store, StoreBackfill *backfill, int64_t now, GError **error)
{
	int64_t active = 0;

	if (backfill->state == BACKFILL_FAILED)
		backfill->ended_at = now;
	if (backfill->state != BACKFILL_RUNNING || backfill->next_at != 0)
		return true;
	if (!store_backfill_count_active(store, backfill, &active, error))
		return false;
	if (active > 0)
		return true;
	backfill->state = BACKFILL_DONE;
	backfill->ended_at = now;
	return true;
}

// *ret_written is false where it was paused or cancelled meanwhile: then nothing is to be committed.
static bool backfill_step(Store *store, StoreBackfill *backfill, int64_t now, guint *runs,
	BackfillsLook *look, bool *ret_written, GError **error)
{
	const int64_t next_at = backfill->next_at;
	const BackfillState state = backfill->state;
	g_autofree char *message = g_steal_pointer(&backfill->message);
	g_auto(Schedule) schedule = {0};
	const Making making = {store, &schedule, backfill, now, runs};
	int64_t active = 0;
	bool more = false;

	if (!schedule_get(store, backfill->namespace, backfill->flow, backfill->trigger_id,
		    &schedule, error) ||
		!store_backfill_count_active(store, backfill, &active, error))
		return false;
	backfill->message = obstacle_find(&schedule, backfill);
	if (backfill->message == NULL && !moments_make(&making, active, &more, error))
		return false;
	if (!end_note(store, backfill, now, error))
		return false;
	look->going |= backfill->state == BACKFILL_RUNNING;
	look->more |= more;
	*ret_written = true;
	if (backfill->next_at == next_at && backfill->state == state &&
		g_strcmp0(backfill->message, message) == 0)
		return true;
	return store_backfill_note(store, backfill, ret_written, error);
}

// Each in a transaction of its own: the row is read in it again, as it may have been paused or cancelled meanwhile.
static bool backfill_follow(
	Store *store, const char *id, int64_t now, guint *runs, BackfillsLook *look, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(StoreBackfill) backfill = NULL;
	bool written = false;
	guint made = 0;

	if (transaction == NULL || !store_backfill_get(store, id, &backfill, error))
		return false;
	if (backfill == NULL || backfill->state != BACKFILL_RUNNING)
		return true;
	if (!backfill_step(store, backfill, now, &made, look, &written, error))
		return false;
	if (!written)
		return true;
	*runs += made;
	return store_transaction_commit(transaction, error);
}

bool backfills_follow(
	Store *store, int64_t now, guint *ret_runs, BackfillsLook *ret_look, GError **error)
{
	g_autoptr(GPtrArray) running = NULL;

	*ret_look = (BackfillsLook){0};
	if (!store_backfills_running(store, &running, error))
		return false;
	for (guint i = 0; i < running->len; i++) {
		const StoreBackfill *backfill = running->pdata[i];

		if (!backfill_follow(store, backfill->id, now, ret_runs, ret_look, error))
			return false;
	}
	return true;
}
