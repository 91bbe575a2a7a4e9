#include "api/handlers.h"
#include "api/lists.h"
#include "api/values.h"
#include "store/table.h"
#include <string.h>

#define LATEST_PUBLICATIONS 20

static json_t *table_document(const void *row)
{
	const StoreTable *table = row;
	const char *dot = strchr(table->name, '.');
	const char *name = dot != NULL ? dot + 1 : table->name;
	g_autofree char *dataset =
		dot != NULL ? g_strndup(table->name, (size_t)(dot - table->name)) : g_strdup("");
	bool published = table->published > 0;
	json_t *document = json_object();

	json_object_set_new(document, "dataset", value_text(dataset));
	json_object_set_new(document, "name", value_text(name));
	json_object_set_new(document, "kind", json_string(table->view ? "view" : "table"));
	json_object_set_new(document, "domain", value_text(table->domain));
	json_object_set_new(document, "flow", value_flow_name(table->namespace, table->flow));
	json_object_set_new(document, "connection", value_text(table->connection));
	json_object_set_new(document, "path", value_text(table->path));
	json_object_set_new(document, "published", value_time(table->published_at));
	json_object_set_new(document, "rows", published ? value_count(table->rows) : json_null());
	json_object_set_new(document, "run", value_text(table->published_run));
	json_object_set_new(document, "revision",
		published ? json_integer(table->published_revision) : json_null());
	json_object_set_new(document, "deleted", value_time(table->deleted_at));
	return document;
}

json_t *get_tables(const ApiRequest *request, GError **error)
{
	const StoreTableFilter filter = {
		.domain = request_text(request, "domain"),
		.dataset = request_text(request, "dataset"),
		.deleted = request_number(request, "deleted") == 1,
	};
	g_autoptr(GPtrArray) tables = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error))
		return NULL;
	if (!store_tables_list(request->store, &filter, &page, &tables, &next, error))
		return list_failed(request, error);
	return list_page(request, tables, table_document, next);
}

static bool find_table(const ApiRequest *request, StoreTable **ret_table, GError **error)
{
	g_autofree char *name = g_strdup_printf(
		"%s.%s", request_text(request, "dataset"), request_text(request, "table"));

	if (!store_table_get(request->store, name, ret_table, error))
		return false;
	if (*ret_table != NULL)
		return true;
	api_error_set(error, API_NOT_FOUND, "unknown-table", "there is no table '%s'", name);
	return false;
}

static json_t *publication_document(const StorePublish *publish)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "at", value_time(publish->at), "run",
		value_text(publish->run_id), "flow",
		value_flow_name(publish->namespace, publish->flow), "revision",
		publish->revision > 0 ? json_integer(publish->revision) : json_null(), "rows",
		value_count(publish->rows), "rows_changed", value_count(publish->rows_changed));
}

json_t *get_table(const ApiRequest *request, GError **error)
{
	const StorePage page = {.limit = LATEST_PUBLICATIONS};
	g_autoptr(StoreTable) table = NULL;
	g_autoptr(GPtrArray) publishes = NULL;
	json_t *publications = json_array();
	json_t *document;

	if (!find_table(request, &table, error) ||
		!store_publishes_list(
			request->store, table->name, &page, &publishes, NULL, error)) {
		json_decref(publications);
		return NULL;
	}
	for (guint i = 0; i < publishes->len; i++)
		json_array_append_new(
			publications, publication_document(g_ptr_array_index(publishes, i)));
	document = table_document(table);
	json_object_set_new(document, "schema", value_json(table->schema));
	json_object_set_new(document, "publications", publications);
	return document;
}

static json_t *check_document(const void *row)
{
	const StoreCheck *check = row;
	json_t *document = json_object();

	json_object_set_new(document, "name", value_text(check->name));
	json_object_set_new(document, "kind", value_text(check->kind));
	json_object_set_new(document, "severity", value_text(check->severity));
	json_object_set_new(document, "result", value_text(check->result));
	json_object_set_new(document, "failures", value_count(check->failures));
	json_object_set_new(document, "message", value_text(check->message));
	json_object_set_new(document, "sample", value_json(check->sample));
	json_object_set_new(document, "run", value_text(check->run_id));
	json_object_set_new(document, "at", value_time(check->at));
	return document;
}

json_t *get_table_checks(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreTable) table = NULL;
	g_autoptr(GPtrArray) checks = NULL;

	if (!find_table(request, &table, error) ||
		!store_checks_of_table(request->store, table->name, &checks, error))
		return NULL;
	return list_slice(request, checks, check_document, error);
}
