#include "api/handlers.h"
#include "api/values.h"
#include "store/event.h"

#include <string.h>

static json_t *event_document(const StoreEvent *event)
{
	json_t *document = json_object();

	json_object_set_new(document, "sequence", json_integer(event->sequence));
	json_object_set_new(document, "at", value_time(event->at));
	json_object_set_new(document, "kind", value_text(event->kind));
	json_object_set_new(document, "domain", value_text(event->domain));
	json_object_set_new(document, "subject", value_text(event->subject));
	json_object_set_new(document, "run", value_text(event->run_id));
	json_object_set_new(document, "data", value_json(event->data));
	return document;
}

static bool is_wanted(const ApiRequest *request, const StoreEvent *event)
{
	const char *domain = request_text(request, "domain");
	const char *kind = request_text(request, "kind");

	return (domain == NULL || g_strcmp0(domain, event->domain) == 0) &&
	       (kind == NULL || g_strcmp0(kind, event->kind) == 0);
}

// Where a page begins: behind the cursor, at the first event, or behind the last one there is.
static bool read_place(
	const ApiRequest *request, const StorePage *page, int64_t *ret_after, GError **error)
{
	char *end;

	if (page->after == NULL && g_strcmp0(request_text(request, "from"), "now") == 0)
		return store_event_sequence(request->store, ret_after, error);
	*ret_after = 0;
	if (page->after == NULL)
		return true;
	*ret_after = g_ascii_strtoll(page->after, &end, 10);
	return (*end == '\0' && g_ascii_isdigit(*page->after)) ||
	       request_refuse_cursor(request, error);
}

json_t *get_events(const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) events = NULL;
	StorePage page;
	int64_t after;
	json_t *items;

	if (!request_page(request, &page, error) || !read_place(request, &page, &after, error) ||
		!store_events_after(request->store, after, page.limit, &events, error))
		return NULL;
	items = json_array();
	for (guint i = 0; i < events->len; i++) {
		const StoreEvent *event = g_ptr_array_index(events, i);

		after = event->sequence;
		if (is_wanted(request, event))
			json_array_append_new(items, event_document(event));
	}
	g_autofree char *next = g_strdup_printf("%" G_GINT64_FORMAT, after);
	return list_document(request, items, next);
}
