#include "cli/live_inputs.h"

#include "cli/store_path.h"
#include "runner/inputs.h"
#include "runner/run_files.h"
#include "store/flow.h"

#include <string.h>

bool live_flow_read(Store *store, const FlowName *name, Flow **ret_flow, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;

	*ret_flow = NULL;
	if (!store_revision_get(store, name->namespace, name->id, 0, &revision, error))
		return false;
	if (revision != NULL)
		*ret_flow = flow_parse(name->id, revision->definition, strlen(revision->definition),
			name->namespace, NULL);
	return true;
}

// The inputs that are given, and those that nobody gives.
static GPtrArray *inputs_concerned(const Flow *flow, const json_t *elsewhere, const json_t *given)
{
	GPtrArray *inputs = g_ptr_array_new();

	for (guint i = 0; i < flow->inputs->len; i++) {
		const Input *input = flow->inputs->pdata[i];

		if (json_object_get(elsewhere, input->id) == NULL ||
			json_object_get(given, input->id) != NULL)
			g_ptr_array_add(inputs, flow->inputs->pdata[i]);
	}
	return inputs;
}

// All that can be told to be wrong at once.
static bool check_inputs(const Flow *flow, const json_t *elsewhere, json_t *given, GError **error)
{
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) inputs = inputs_concerned(flow, elsewhere, given);
	const InputsRequest request = {.inputs = inputs, .given = given};
	g_autofree char *text = NULL;

	if (inputs_check_given(&request, faults))
		return true;
	g_ptr_array_add(faults, NULL);
	text = g_strjoinv("; ", (char **)faults->pdata);
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "%s", text);
	return false;
}

// The server cannot be asked to read files of whoever calls it: a FILE input is copied beside its store, and the run is
// given its URI.
static bool hand_over_files(const Flow *flow, json_t *given, const char *files, GError **error)
{
	for (guint i = 0; i < flow->inputs->len; i++) {
		const Input *input = flow->inputs->pdata[i];
		const char *path = json_string_value(json_object_get(given, input->id));

		if (strcmp(input->type, "FILE") != 0 || path == NULL ||
			g_str_has_prefix(path, "weir:///"))
			continue;
		g_autofree char *uri = run_file_put(files, path, error);
		if (uri == NULL) {
			g_prefix_error(error, "input '%s': ", input->id);
			return false;
		}
		json_object_set_new(given, input->id, json_string(uri));
	}
	return true;
}

bool live_inputs_prepare(
	const char *url, const Flow *flow, const json_t *elsewhere, json_t *given, GError **error)
{
	g_autofree char *data = store_path_data_folder(url);
	g_autofree char *files = g_build_filename(data, "files", NULL);

	return check_inputs(flow, elsewhere, given, error) &&
	       hand_over_files(flow, given, files, error);
}
