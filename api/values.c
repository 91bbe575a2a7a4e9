#include "api/values.h"

#include "store/timestamp.h"
#include <glib.h>

json_t *value_text(const char *text)
{
	json_t *value;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return json_string(valid);
}

json_t *value_time(int64_t at)
{
	char text[TIMESTAMP_SIZE];

	return at == 0 ? json_null() : json_string(timestamp_format(at, text));
}

json_t *value_count(int64_t count)
{
	return count < 0 ? json_null() : json_integer(count);
}

json_t *value_json(const char *text)
{
	json_t *value =
		text != NULL ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;

	return value != NULL ? value : json_null();
}

json_t *value_json_list(const char *text)
{
	json_t *value = value_json(text);

	if (json_is_array(value))
		return value;
	json_decref(value);
	return json_array();
}

json_t *value_json_object(const char *text)
{
	json_t *value = value_json(text);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return json_object();
}

json_t *value_lines(const char *text)
{
	json_t *list = json_array();

	if (text == NULL || *text == '\0')
		return list;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (**line != '\0')
			json_array_append_new(list, value_text(*line));
	}
	return list;
}

json_t *value_flow_name(const char *namespace, const char *flow)
{
	if (flow == NULL)
		return json_null();
	g_autofree char *name = g_strdup_printf("%s.%s", namespace, flow);
	return value_text(name);
}

json_t *value_state_counts(const int64_t by_state[RUN_STATES])
{
	json_t *counts = json_object();

	for (RunState state = 0; state < RUN_STATES; state++) {
		if (by_state[state] > 0)
			json_object_set_new(
				counts, run_state_name(state), json_integer(by_state[state]));
	}
	return counts;
}
