#include "cli/read_api.h"

#include "api/api.h"
#include "api/target.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/server_health.h"
#include "cli/store_path.h"
#include "store/timestamp.h"
#include <string.h>

#define MOST_ITEMS 100000

Store *read_api_open(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);
	Store *store;

	if (url == NULL) {
		command_error(NULL, "%s", error->message);
		return NULL;
	}
	if (!store_path_exists(url, &error)) {
		command_error(STORE_HINT, "%s", error->message);
		return NULL;
	}
	store = store_open(url, STORE_READ_ONLY, &error);
	if (store == NULL)
		command_error(store_error_hint(error), "cannot open the store '%s': %s", url,
			error->message);
	return store;
}

void read_api_report(const GError *error)
{
	json_t *problem = problem_document(error);

	const char *hint = document_text(problem, "hint");

	command_error(hint != NULL ? hint : store_error_hint(error), "%s",
		document_text(problem, "detail"));
	json_decref(problem);
}

// Where to look for what is not there.
static const struct {
	const char *prefix, *hint;
} lists[] = {
	{"/v1/flows/", "'weir flows' lists them"},
	{"/v1/tables/", "'weir tables' lists them"},
	{"/v1/backfills/", "'weir backfill list' lists them"},
	{"/v1/runs/", "'weir runs' lists them"},
	{"/v1/domains/", "'weir status' lists them"},
};

static void report_for(const GError *error, const char *path)
{
	json_t *problem = problem_document(error);
	const char *hint = document_text(problem, "hint");
	bool missing = document_number(problem, "status") == API_NOT_FOUND;

	for (size_t i = 0; missing && hint == NULL && i < G_N_ELEMENTS(lists); i++) {
		if (g_str_has_prefix(path, lists[i].prefix))
			hint = lists[i].hint;
	}
	command_error(hint, "%s", document_text(problem, "detail"));
	json_decref(problem);
}

json_t *read_api_get(Store *store, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ServerHealth) health = server_health_read(store_url(store));
	json_t *document =
		api_get(store, health == NULL ? NULL : server_health_parts(health), path, &error);

	if (document == NULL)
		report_for(error, path);
	return document;
}

json_t *read_api_list(Store *store, const char *path)
{
	const char *joint = strchr(path, '?') != NULL ? "&" : "?";
	g_autofree char *first = g_strdup_printf("%s%slimit=1000", path, joint);
	json_t *list = read_api_get(store, first);
	const char *next = list != NULL ? document_text(list, "next") : NULL;

	while (next != NULL && json_array_size(json_object_get(list, "items")) < MOST_ITEMS) {
		g_autofree char *target = g_strdup_printf("%s&cursor=%s", first, next);
		json_t *page = read_api_get(store, target);

		if (page == NULL) {
			json_decref(list);
			return NULL;
		}
		json_array_extend(json_object_get(list, "items"), json_object_get(page, "items"));
		json_object_set(list, "next", json_object_get(page, "next"));
		json_decref(page);
		next = document_text(list, "next");
	}
	return list;
}

int read_api_print_list(Store *store, const char *path, const char *parameter, const char *value,
	void (*print)(const json_t *items))
{
	g_autoptr(GString) target = g_string_new(path);
	json_t *list;

	if (value != NULL) {
		g_string_append_printf(target, "?%s=", parameter);
		target_append_escaped(target, value);
	}
	list = read_api_list(store, target->str);
	if (list == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(list);
	else
		print(json_object_get(list, "items"));
	json_decref(list);
	return EXIT_OK;
}

const char *document_text(const json_t *document, const char *name)
{
	return json_string_value(json_object_get(document, name));
}

int64_t document_number(const json_t *document, const char *name)
{
	return json_integer_value(json_object_get(document, name));
}

typedef struct {
	int64_t seconds;
	const char *name;
} Unit;

static const Unit units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {0, "s"}};

char *document_age(const json_t *document, const char *name)
{
	const char *text = document_text(document, name);
	const Unit *unit = units;
	int64_t at;
	int64_t seconds;

	if (text == NULL || !timestamp_parse(text, &at))
		return g_strdup("-");
	seconds = MAX(0, (timestamp_now() - at) / G_USEC_PER_SEC);
	while (seconds < unit->seconds)
		unit++;
	return g_strdup_printf(
		"%" G_GINT64_FORMAT " %s ago", seconds / MAX(1, unit->seconds), unit->name);
}
