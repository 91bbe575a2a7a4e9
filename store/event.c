#include "store/event.h"

#include "store/internal.h"

static const Field event_fields[] = {
	INT64_FIELD(StoreEvent, sequence),
	INT64_FIELD(StoreEvent, at),
	TEXT_FIELD(StoreEvent, kind),
	TEXT_FIELD(StoreEvent, domain),
	TEXT_FIELD(StoreEvent, subject),
	TEXT_FIELD(StoreEvent, run_id),
	TEXT_FIELD(StoreEvent, data),
};
static const RowType event_row = ROW_TYPE(StoreEvent, event_fields);

void store_event_free(StoreEvent *event)
{
	row_free(&event_row, event);
}

bool store_event_add(Store *store, const StoreEvent *event, GError **error)
{
	return statement_write(store, STATEMENT_EVENT_ADD, STORE_TOPIC_EVENT,
		DB_VALUES(DB_INTEGER(event->at != 0 ? event->at : timestamp_now()),
			DB_TEXT(event->kind), DB_TEXT(event->domain), DB_TEXT(event->subject),
			DB_TEXT(event->run_id), DB_TEXT(event->data)),
		NULL, error);
}

bool store_events_after(
	Store *store, int64_t sequence, unsigned limit, GPtrArray **ret_events, GError **error)
{
	return rows_list(store, STATEMENT_EVENTS_AFTER,
		DB_VALUES(DB_INTEGER(sequence), DB_INTEGER(limit)), &event_row,
		(GDestroyNotify)store_event_free, ret_events, error);
}

bool store_event_sequence(Store *store, int64_t *ret_sequence, GError **error)
{
	return statement_int64(
		store, STATEMENT_EVENT_SEQUENCE, DB_NO_VALUES, 0, ret_sequence, error);
}

static void event_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	g_snprintf(number, 32, "%" G_GINT64_FORMAT, ((const StoreEvent *)row)->sequence);
	parts[0] = number;
}

bool store_events_list(Store *store, const char *domain, const StorePage *page,
	GPtrArray **ret_events, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 1, &start, error) &&
	       page_list(store, STATEMENT_EVENTS_LIST, &start,
		       DB_VALUES(DB_INTEGER(start.first ? INT64_MAX : start.number),
			       DB_TEXT(domain), page_limit(&start)),
		       &event_row, (GDestroyNotify)store_event_free, event_key, ret_events,
		       ret_next, error);
}
