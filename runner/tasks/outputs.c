#include "runner/tasks/tasks.h"

#include "expr/value.h"

TASK_RUN(outputs)
{
	json_t *values = NULL;

	if (!task_context_rendered(context, "values", &values, error))
		return false;
	result->outputs = json_pack("{s:o}", "values", values != NULL ? values : json_object());
	return true;
}

// A map, a list of {key, value}, or a text that holds either as JSON.
static bool labels_read(json_t *given, json_t *labels, GError **error)
{
	json_t *parsed = NULL;
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(given)) {
		parsed = json_loads(json_string_value(given), 0, NULL);
		given = parsed;
	}
	if (!json_is_object(given) && !json_is_array(given)) {
		json_decref(parsed);
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'labels' is neither a map nor a list");
		return false;
	}
	json_object_foreach(given, key, value)
	{
		g_autofree char *text = expr_value_text(value);

		json_object_set_new(labels, key, json_string(text));
	}
	json_array_foreach(given, i, value)
	{
		const char *name = json_string_value(json_object_get(value, "key"));
		g_autofree char *text = expr_value_text(json_object_get(value, "value"));

		if (name == NULL || json_object_get(value, "value") == NULL) {
			json_decref(parsed);
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"property 'labels': item %zu is no {key, value}", i + 1);
			return false;
		}
		json_object_set_new(labels, name, json_string(text));
	}
	json_decref(parsed);
	return true;
}

TASK_RUN(labels)
{
	json_t *given = NULL;
	json_t *labels = json_object();
	bool ok;

	(void)result;
	ok = task_context_json(context, "labels", &given, error) &&
	     labels_read(given, labels, error);
	if (ok)
		task_context_labels_add(context, labels);
	json_decref(given);
	json_decref(labels);
	return ok;
}
