#include "store/trigger.h"

#include "store/event.h"
#include "store/id.h"
#include "store/internal.h"
#include "store/json_dump.h"
#include "store/run.h"

#include <jansson.h>
#include <stdlib.h>

static const Field trigger_fields[] = {
	TEXT_FIELD(StoreTrigger, namespace),
	TEXT_FIELD(StoreTrigger, flow),
	TEXT_FIELD(StoreTrigger, id),
	TEXT_FIELD(StoreTrigger, type),
	INT64_FIELD(StoreTrigger, next_at),
	INT64_FIELD(StoreTrigger, last_at),
	TEXT_FIELD(StoreTrigger, last_run_id),
	INT64_FIELD(StoreTrigger, consumed),
	TEXT_FIELD(StoreTrigger, state),
	BOOL_FIELD(StoreTrigger, disabled),
	TEXT_FIELD(StoreTrigger, message),
	BOOL_FIELD(StoreTrigger, overlaps),
	INT64_FIELD(StoreTrigger, changed_at),
};
static const RowType trigger_row = ROW_TYPE(StoreTrigger, trigger_fields);

void store_trigger_free(StoreTrigger *trigger)
{
	row_free(&trigger_row, trigger);
}

bool store_trigger_put(Store *store, const StoreTrigger *trigger, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&trigger_row, trigger, values);
	values[G_N_ELEMENTS(trigger_fields) - 1] = DB_INTEGER(timestamp_now());
	return statement_write(
		store, STATEMENT_TRIGGER_PUT, 0, values, G_N_ELEMENTS(trigger_fields), NULL, error);
}

bool store_trigger_get(Store *store, const char *namespace, const char *flow, const char *id,
	StoreTrigger **ret_trigger, GError **error)
{
	return row_get(store, STATEMENT_TRIGGER_GET,
		DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow), DB_TEXT(id)), &trigger_row,
		(void **)ret_trigger, error);
}

bool store_trigger_delete(
	Store *store, const char *namespace, const char *flow, const char *id, GError **error)
{
	return statement_write(store, STATEMENT_TRIGGER_DELETE, 0,
		DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow), DB_TEXT(id)), NULL, error);
}

bool store_trigger_forget_keys(Store *store, const char *after, const char *before, GError **error)
{
	return statement_write(store, STATEMENT_TRIGGER_KEYS_FORGET, 0,
		DB_VALUES(DB_TEXT(after), DB_TEXT(before)), NULL, error);
}

bool store_trigger_next(Store *store, StoreTriggerKind kind, int64_t now, int64_t *ret_next_at,
	bool *ret_held, GError **error)
{
	int64_t held = 0;

	if (!statement_int64(store, STATEMENT_TRIGGER_NEXT, DB_VALUES(DB_INTEGER(kind)), 0,
		    ret_next_at, error) ||
		(ret_held != NULL &&
			!statement_int64(store, STATEMENT_TRIGGER_HELD,
				DB_VALUES(DB_INTEGER(kind), DB_INTEGER(now)), 0, &held, error)))
		return false;
	if (ret_held != NULL)
		*ret_held = held != 0;
	return true;
}

bool store_triggers_due(Store *store, StoreTriggerKind kind, int64_t now, unsigned limit,
	GPtrArray **ret_triggers, GError **error)
{
	return rows_list(store, STATEMENT_TRIGGERS_DUE,
		DB_VALUES(DB_INTEGER(kind), DB_INTEGER(now), DB_INTEGER(limit)), &trigger_row,
		(GDestroyNotify)store_trigger_free, ret_triggers, error);
}

bool store_trigger_fire(Store *store, StoreTrigger *row, const StoreTriggerFire *fire,
	char ret_run_id[ID_SIZE], bool *ret_created, GError **error)
{
	const StoreRunNew run = {
		.namespace = row->namespace,
		.flow = row->flow,
		.inputs = fire->inputs,
		.labels = fire->labels,
		.trigger = fire->trigger,
		.trigger_type = row->type,
		.key = fire->key,
		.concurrency_limit = -1,
	};
	bool created = false;

	if (!store_run_create(store, &run, ret_run_id, &created, error))
		return false;
	if (created) {
		row->last_at = fire->at != 0 ? fire->at : row->last_at;
		g_free(row->last_run_id);
		row->last_run_id = g_strdup(ret_run_id);
	}
	if (ret_created != NULL)
		*ret_created = created;
	return true;
}

bool store_trigger_note(Store *store, StoreTrigger *row, const char *message, GError **error)
{
	bool news = message != NULL && g_strcmp0(row->message, message) != 0;
	g_autofree char *subject =
		g_strdup_printf("trigger %s.%s.%s", row->namespace, row->flow, row->id);

	g_free(row->message);
	row->message = g_strdup(message);
	if (!news)
		return true;
	json_t *data = json_pack("{s:s}", "message", message);
	char *text = json_dump_text(data, JSON_COMPACT);
	const StoreEvent event = {.kind = (char *)(uintptr_t) "trigger-failed",
		.domain = row->namespace,
		.subject = subject,
		.data = text};
	bool done = store_event_add(store, &event, error);
	free(text);
	json_decref(data);
	return done;
}

static void trigger_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	const StoreTrigger *trigger = row;

	(void)number;
	parts[0] = trigger->namespace;
	parts[1] = trigger->flow;
	parts[2] = trigger->id;
}

bool store_triggers_list(Store *store, const StoreTriggerFilter *filter, const StorePage *page,
	GPtrArray **ret_triggers, char **ret_next, GError **error)
{
	const StoreTriggerFilter all = {0};
	g_auto(PageStart) start = {0};

	if (filter == NULL)
		filter = &all;
	// The page begins inside of what the filter names, so that nobody else's rows are looked at.
	const bool of_flow = filter->namespace != NULL && filter->flow != NULL;
	const StatementId statement = of_flow			  ? STATEMENT_TRIGGERS_OF_FLOW
				      : filter->namespace != NULL ? STATEMENT_TRIGGERS_OF_NAMESPACE
								  : STATEMENT_TRIGGERS_LIST;
	return page_begin(page, 3, &start, error) &&
	       page_list(store, statement, &start,
		       DB_VALUES(DB_TEXT(filter->namespace != NULL ? filter->namespace
								   : start.after[0]),
			       DB_TEXT(of_flow ? filter->flow : start.after[1]),
			       DB_TEXT(start.after[2]), page_limit(&start)),
		       &trigger_row, (GDestroyNotify)store_trigger_free, trigger_key, ret_triggers,
		       ret_next, error);
}
