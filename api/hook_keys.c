#include "api/hook_keys.h"

#include <glib.h>
#include <string.h>

#define MASK "******"

// The key of a webhook trigger, if it is a plain one.
static const char *plain_key(const json_t *trigger)
{
	const char *type = json_string_value(json_object_get(trigger, "type"));
	const char *key = json_string_value(json_object_get(trigger, "key"));

	return g_strcmp0(type, "webhook") == 0 && key != NULL && *key != '\0' &&
			       strstr(key, "{{") == NULL
		       ? key
		       : NULL;
}

void hook_keys_mask(json_t *triggers)
{
	json_t *trigger;
	size_t index;

	json_array_foreach(triggers, index, trigger)
	{
		if (plain_key(trigger) != NULL)
			json_object_set_new(trigger, "key", json_string(MASK));
	}
}

char *hook_keys_mask_text(const char *text, const char *definition)
{
	g_autoptr(GString) masked = g_string_new(text);
	json_t *flow = definition == NULL ? NULL : json_loads(definition, 0, NULL);
	const json_t *trigger;
	size_t index;

	json_array_foreach(json_object_get(flow, "triggers"), index, trigger)
	{
		if (plain_key(trigger) != NULL)
			g_string_replace(masked, plain_key(trigger), MASK, 0);
	}
	json_decref(flow);
	return g_string_free(g_steal_pointer(&masked), FALSE);
}
