#include "api/api.h"
#include "cli/commands.h"
#include "cli/drift_list.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/store_path.h"
#include "reconciler/drift.h"

#include <stdio.h>
#include <string.h>

static char *domain_name;
static char *kind_name;

const GOptionEntry drift_options[] = {
	{"domain", 'd', 0, G_OPTION_ARG_STRING, &domain_name, "Only of this domain", "NAME"},
	{"kind", 'k', 0, G_OPTION_ARG_STRING, &kind_name, "Only of this kind",
		"flow|table|view|orphan|stale|source"},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char drift_details[] =
	"Lists what is live but not as committed, each with when it began and what differs: flows "
	"edited in "
	"the store, tables and views changed by hand, tables that no commit names, tables built by "
	"an older "
	"script. A commit that is on its way is listed as source, and is not drift.\n\n"
	"Exit status: 0 no drift, 2 drift, 1 error.";

static bool is_wanted(const json_t *item)
{
	return (domain_name == NULL ||
		       g_strcmp0(document_text(item, "domain"), domain_name) == 0) &&
	       (kind_name == NULL || g_strcmp0(document_text(item, "kind"), kind_name) == 0);
}

// Leaves only the wanted items. Returns whether any of them is drift.
static bool filter_items(json_t *document)
{
	json_t *items = json_object_get(document, "items");
	bool drifted = false;

	for (size_t i = json_array_size(items); i > 0; i--) {
		const json_t *item = json_array_get(items, i - 1);

		if (!is_wanted(item))
			json_array_remove(items, i - 1);
		else
			drifted = drifted || drift_list_counts(item);
	}
	return drifted;
}

// A name that is mistyped has no drift either.
static bool domain_exists(void)
{
	g_autoptr(Store) store = read_api_open();
	g_autofree char *escaped = g_uri_escape_string(domain_name, NULL, false);
	g_autofree char *path = g_strdup_printf("/v1/domains/%s", escaped);
	json_t *domain = store == NULL ? NULL : api_get(store, NULL, path, NULL);
	bool exists = domain != NULL;

	if (store != NULL && !exists)
		names_unknown(store, NAMES_DOMAINS, domain_name);

	json_decref(domain);
	return exists;
}

// One that is mistyped has no drift either.
static bool is_kind(const char *name)
{
	DriftKind kind;

	return name == NULL || drift_kind_parse(name, &kind);
}

static int refuse_kind(const Command *command)
{
	const char *kinds[DRIFT_KINDS + 1] = {NULL};

	for (int kind = 0; kind < DRIFT_KINDS; kind++)
		kinds[kind] = drift_kind_name((DriftKind)kind);
	g_autofree char *list = g_strjoinv(", ", (char **)(uintptr_t)kinds);
	return command_usage_near(command, kind_name, kinds,
		"'%s' is no kind of drift; there are %s", kind_name, list);
}

int cmd_drift(const Command *command, char **arguments)
{
	if (!is_kind(kind_name))
		return refuse_kind(command);
	json_t *document = domain_name == NULL || domain_exists() ? drift_list() : NULL;
	const json_t *item;
	size_t index;

	(void)arguments;
	if (document == NULL)
		return EXIT_FAILED;
	bool drifted = filter_items(document);
	if (output_is_json()) {
		output_json(document);
	} else {
		bool flows = false;

		json_array_foreach(json_object_get(document, "items"), index, item)
		{
			drift_list_print(item);
			flows = flows || g_strcmp0(document_text(item, "kind"),
						 drift_kind_name(DRIFT_FLOW)) == 0;
		}
		if (flows)
			drift_list_hint();
		if (json_array_size(json_object_get(document, "items")) == 0)
			puts("No drift.");
	}
	json_decref(document);
	return drifted ? EXIT_DIFFERENCES : EXIT_OK;
}
