// JSON values as readable YAML.
#include "repo-layout/yaml_document.h"

#include "repo-layout/yaml_scalar.h"

#include <string.h>
#include <yaml.h>

static int append(void *data, unsigned char *buffer, size_t size)
{
	g_string_append_len(data, (const char *)buffer, (gssize)size);
	return 1;
}

// The emitter takes the event over in any case; it fails only when the memory is out.
static void emit(yaml_emitter_t *emitter, yaml_event_t *event)
{
	if (!yaml_emitter_emit(emitter, event))
		g_error("cannot write YAML: %s", emitter->problem);
}

static void write_value(yaml_emitter_t *emitter, const json_t *value);

static void write_scalar(
	yaml_emitter_t *emitter, const char *text, size_t length, yaml_scalar_style_t style)
{
	yaml_event_t event;

	yaml_scalar_event_initialize(
		&event, NULL, NULL, (const yaml_char_t *)text, (int)length, 1, 1, style);
	emit(emitter, &event);
}

// Text that would be read as something else needs quotes; several lines are a block.
static yaml_scalar_style_t style_of(const char *text, size_t length)
{
	static const char *const other[] = {"yes", "no", "on", "off", "y", "n", NULL};
	g_autofree char *lower = NULL;

	if (memchr(text, '\n', length) != NULL)
		return YAML_LITERAL_SCALAR_STYLE;
	if (yaml_scalar_kind(text, length) != YAML_STRING)
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	// What YAML 1.1 takes for a boolean is text here, but not for every reader.
	lower = g_ascii_strdown(text, (gssize)length);
	return g_strv_contains(other, lower) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
					     : YAML_PLAIN_SCALAR_STYLE;
}

static void write_text(yaml_emitter_t *emitter, const char *text, size_t length)
{
	write_scalar(emitter, text, length, style_of(text, length));
}

static bool is_short_list(const json_t *array)
{
	size_t index;
	json_t *item;

	json_array_foreach(array, index, item)
	{
		if (json_is_array(item) || json_is_object(item))
			return false;
		if (json_is_string(item) && strchr(json_string_value(item), '\n') != NULL)
			return false;
	}
	return true;
}

static void write_list(yaml_emitter_t *emitter, const json_t *array)
{
	yaml_event_t event;
	size_t index;
	json_t *item;

	yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
		is_short_list(array) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
	emit(emitter, &event);
	json_array_foreach(array, index, item) write_value(emitter, item);
	yaml_sequence_end_event_initialize(&event);
	emit(emitter, &event);
}

static void write_mapping(yaml_emitter_t *emitter, const json_t *object)
{
	yaml_event_t event;
	const char *key;
	json_t *value;

	yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
		json_object_size(object) == 0 ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
	emit(emitter, &event);
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		write_text(emitter, key, strlen(key));
		write_value(emitter, value);
	}
	yaml_mapping_end_event_initialize(&event);
	emit(emitter, &event);
}

static void write_plain(yaml_emitter_t *emitter, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	write_scalar(emitter, text, strlen(text), YAML_PLAIN_SCALAR_STYLE);
	free(text);
}

static void write_value(yaml_emitter_t *emitter, const json_t *value)
{
	if (json_is_object(value))
		write_mapping(emitter, value);
	else if (json_is_array(value))
		write_list(emitter, value);
	else if (json_is_string(value))
		write_text(emitter, json_string_value(value), json_string_length(value));
	else
		write_plain(emitter, value);
}

char *yaml_write(const json_t *value)
{
	GString *text = g_string_new(NULL);
	yaml_emitter_t emitter;
	yaml_event_t event;

	if (!yaml_emitter_initialize(&emitter))
		g_error("out of memory");
	yaml_emitter_set_output(&emitter, append, text);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, 100);
	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	emit(&emitter, &event);
	yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
	emit(&emitter, &event);
	write_value(&emitter, value);
	yaml_document_end_event_initialize(&event, 1);
	emit(&emitter, &event);
	yaml_stream_end_event_initialize(&event);
	emit(&emitter, &event);
	yaml_emitter_delete(&emitter);
	return g_string_free(text, FALSE);
}
