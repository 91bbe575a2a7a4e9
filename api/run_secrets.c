#include "api/run_secrets.h"

#include "api/values.h"
#include "store/flow.h"
#include <string.h>

#define MASK "******"

// Masks the member that a dotted id names: "api.token" is "token" in "api".
static void mask(json_t *inputs, const char *id)
{
	g_auto(GStrv) parts = g_strsplit(id, ".", -1);
	json_t *owner = inputs;
	guint last = g_strv_length(parts) - 1;

	for (guint i = 0; i < last; i++)
		owner = json_object_get(owner, parts[i]);
	if (json_object_get(owner, parts[last]) != NULL)
		json_object_set_new(owner, parts[last], json_string(MASK));
	if (json_object_get(inputs, id) != NULL)
		json_object_set_new(inputs, id, json_string(MASK));
}

static void mask_declared(json_t *inputs, const json_t *definition)
{
	const json_t *input;
	size_t i;

	json_array_foreach(json_object_get(definition, "inputs"), i, input)
	{
		const char *id = json_string_value(json_object_get(input, "id"));
		const char *type = json_string_value(json_object_get(input, "type"));

		if (id != NULL && *id != '\0' && type != NULL && strcmp(type, "SECRET") == 0)
			mask(inputs, id);
	}
}

typedef struct {
	const char *namespace, *flow;
	int64_t revision; // 0: the current one
	const char *inputs; // JSON; NULL
} Given;

static bool given_masked(Store *store, const Given *given, json_t **ret_inputs, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;
	json_t *definition;

	if (!store_revision_get(
		    store, given->namespace, given->flow, given->revision, &revision, error))
		return false;
	*ret_inputs = value_json_object(given->inputs);
	if (revision == NULL)
		return true;
	definition = value_json(revision->definition);
	mask_declared(*ret_inputs, definition);
	json_decref(definition);
	return true;
}

bool run_inputs_masked(Store *store, const StoreRun *run, json_t **ret_inputs, GError **error)
{
	return given_masked(store, &(Given){run->namespace, run->flow, run->revision, run->inputs},
		ret_inputs, error);
}

bool backfill_inputs_masked(
	Store *store, const StoreBackfill *backfill, json_t **ret_inputs, GError **error)
{
	return given_masked(store,
		&(Given){backfill->namespace, backfill->flow, 0, backfill->inputs}, ret_inputs,
		error);
}
