#include "api/parts.h"

#include "api/values.h"

#include <string.h>

json_t *part_document(const ApiPart *part)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", part->name, "status",
		part->message == NULL ? "ok" : "failed", "message", value_text(part->message),
		"hint", value_text(part->cure), "since", value_time(part->since));
}

static void append(const ApiPart *part, void *data)
{
	json_array_append_new(data, part_document(part));
}

json_t *parts_documents(const ApiParts *parts, json_t *list)
{
	if (parts != NULL)
		parts->list(parts->parts, append, list);
	return list;
}

const json_t *parts_find_failed(const json_t *list, const char *name)
{
	const json_t *part;
	size_t index;

	json_array_foreach(list, index, part)
	{
		bool failed = !json_is_null(json_object_get(part, "message"));

		if (failed &&
			(name == NULL || g_strcmp0(json_string_value(json_object_get(part, "name")),
						 name) == 0))
			return part;
	}
	return NULL;
}
