#include "cli/names.h"

#include "api/api.h"
#include "api/target.h"
#include "cli/command.h"
#include "cli/read_api.h"
#include "repo-layout/diagnostic.h"
#include "store/flow.h"

#include <string.h>

enum {
	PAGES = 20, // of 1000 names: of more none is looked for
};

typedef struct {
	const char *noun;
	const char *path; // of the list; NULL: names that nobody types from memory
	const char *parts[2]; // members of an item that make its name
	const char *fallback;
	const char *of_domain; // member of a domain that is such a name, too; NULL: none
} Kind;

static const Kind kinds[] = {
	[NAMES_FLOWS] = {"flow", "/v1/flows", {"namespace", "id"}, "'weir flows' lists them", NULL},
	[NAMES_TABLES] = {"table", "/v1/tables", {"dataset", "name"}, "'weir tables' lists them",
		NULL},
	[NAMES_DOMAINS] = {"domain", "/v1/domains", {"name", NULL}, "'weir status' lists them",
		NULL},
	[NAMES_RUNS] = {"run", NULL, {NULL, NULL}, "'weir runs' lists them", NULL},
	[NAMES_NAMESPACES] = {"namespace", "/v1/flows", {"namespace", NULL},
		"'weir flows' lists the flows of all", "name"},
	[NAMES_DATASETS] = {"dataset", "/v1/tables", {"dataset", NULL},
		"'weir tables' lists the tables of all", "dataset"},
};

static char *name_of(const Kind *kind, const json_t *item)
{
	const char *first = document_text(item, kind->parts[0]);

	return kind->parts[1] == NULL
		       ? g_strdup(first)
		       : g_strconcat(first, ".", document_text(item, kind->parts[1]), NULL);
}

// A domain of which nothing is live yet may have no dataset.
static void add_name(GPtrArray *names, char *name)
{
	if (name != NULL)
		g_ptr_array_add(names, name);
}

static GPtrArray *list_names(Store *store, const Kind *kind)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *target = g_strdup_printf("%s?limit=1000", kind->path);

	for (unsigned page = 0; target != NULL && page < PAGES; page++) {
		json_t *list = api_get(store, NULL, target, NULL);
		const char *next = document_text(list, "next");
		const json_t *item;
		size_t i;

		json_array_foreach(json_object_get(list, "items"), i, item)
			add_name(names, name_of(kind, item));
		g_free(target);
		target = next == NULL
				 ? NULL
				 : g_strdup_printf("%s?limit=1000&cursor=%s", kind->path, next);
		json_decref(list);
	}
	g_ptr_array_add(names, NULL);
	return names;
}

static const char *last_part(const char *name)
{
	const char *dot = name == NULL ? NULL : strrchr(name, '.');

	return dot == NULL ? name : dot + 1;
}

// The last part, of any name, that is nearest to a word; NULL when none is near.
static const char *nearest_last(const GPtrArray *names, const char *word)
{
	g_autoptr(GPtrArray) lasts = g_ptr_array_new();

	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add(lasts, (void *)(uintptr_t)last_part(names->pdata[i]));
	return nearest_word(word, (const char *const *)lasts->pdata);
}

// The only name whose last part this is; NULL when none or several are.
static const char *ending_in(const GPtrArray *names, const char *last)
{
	const char *found = NULL;

	for (guint i = 0; last != NULL && i + 1 < names->len; i++) {
		if (strcmp(last_part(names->pdata[i]), last) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = names->pdata[i];
	}
	return found;
}

char *names_hint(Store *store, NamesKind which, const char *name)
{
	const Kind *kind = &kinds[which];
	g_autoptr(GPtrArray) names = NULL;
	const char *meant = NULL;

	if (store == NULL || kind->path == NULL)
		return g_strdup(kind->fallback);
	names = list_names(store, kind);
	if (kind->parts[1] != NULL && strchr(name, '.') == NULL)
		meant = ending_in(names, name);
	if (meant == NULL && kind->parts[1] != NULL && strchr(name, '.') == NULL)
		meant = ending_in(names, nearest_last(names, name));
	if (meant == NULL)
		meant = nearest_word(name, (const char *const *)names->pdata);
	return meant == NULL ? g_strdup(kind->fallback)
			     : g_strdup_printf("did you mean '%s'?", meant);
}

int names_unknown(Store *store, NamesKind which, const char *name)
{
	g_autofree char *hint = names_hint(store, which, name);

	command_error(hint, "there is no %s '%s'", kinds[which].noun, name);
	return EXIT_FAILED;
}

bool names_is_known(Store *store, NamesKind which, const char *name)
{
	const Kind *kind = &kinds[which];
	const Kind domains = {.path = kinds[NAMES_DOMAINS].path, .parts = {kind->of_domain, NULL}};
	g_autoptr(GPtrArray) names = NULL;
	g_autoptr(GString) target = g_string_new(kind->path);

	g_string_append_printf(target, "?limit=1&%s=", kind->parts[0]);
	target_append_escaped(target, name);
	json_auto_t *list = api_get(store, NULL, target->str, NULL);
	if (list == NULL || json_array_size(json_object_get(list, "items")) > 0)
		return true;
	names = list_names(store, &domains);
	return g_strv_contains((const char *const *)names->pdata, name);
}

bool names_find_flow(Store *store, const char *text, FlowName *ret_name)
{
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(GError) error = NULL;

	if (strchr(text, '.') != NULL &&
		(!flow_name_split(store, text, ret_name, &error) ||
			!store_flow_get(store, ret_name->namespace, ret_name->id, &flow, &error))) {
		read_api_report(error);
		return false;
	}
	if (flow == NULL)
		names_unknown(store, NAMES_FLOWS, text);
	return flow != NULL;
}

bool names_flow_is_known(Store *store, const char *text)
{
	g_auto(FlowName) name = {NULL, NULL};

	return names_find_flow(store, text, &name);
}
