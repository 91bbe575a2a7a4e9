#include "api/lists.h"

json_t *list_page(const ApiRequest *request, const GPtrArray *rows,
	json_t *(*document)(const void *row), const char *next)
{
	json_t *items = json_array();

	for (guint i = 0; i < rows->len; i++)
		json_array_append_new(items, document(g_ptr_array_index(rows, i)));
	return list_document(request, items, next);
}

json_t *list_slice(const ApiRequest *request, const GPtrArray *rows,
	json_t *(*document)(const void *row), GError **error)
{
	json_t *items;
	StorePage page;
	guint64 from = 0;
	guint64 to;
	char *end;
	g_autofree char *next = NULL;

	if (!request_page(request, &page, error))
		return NULL;
	if (page.after != NULL) {
		from = g_ascii_strtoull(page.after, &end, 10);
		if (*end != '\0' || !g_ascii_isdigit(*page.after)) {
			request_refuse_cursor(request, error);
			return NULL;
		}
	}
	items = json_array();
	to = MIN(from + page.limit, (guint64)rows->len);
	for (guint64 i = from; i < to; i++)
		json_array_append_new(items, document(g_ptr_array_index(rows, i)));
	if (to < rows->len)
		next = g_strdup_printf("%" G_GUINT64_FORMAT, to);
	return list_document(request, items, next);
}

json_t *list_failed(const ApiRequest *request, GError **error)
{
	if (request_has(request, "cursor") && error != NULL &&
		g_error_matches(*error, STORE_ERROR, STORE_ERROR_MISUSE)) {
		g_clear_error(error);
		request_refuse_cursor(request, error);
	}
	return NULL;
}

json_t *list_flows(const ApiRequest *request, const StoreFlowFilter *filter,
	json_t *(*document)(const void *row), GError **error)
{
	g_autoptr(GPtrArray) flows = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error))
		return NULL;
	if (!store_flows_list(request->store, filter, &page, &flows, &next, error))
		return list_failed(request, error);
	return list_page(request, flows, document, next);
}
