#include "repo-layout/layout_private.h"

#include <string.h>

// Lays out the unit's texts behind it: measured first, then copied.
typedef struct Layer {
	char *at; // NULL while measuring
	size_t size;
} Layer;

static const char *lay_text(Layer *layer, const char *text)
{
	size_t length;
	char *copy = layer->at;

	if (text == NULL)
		return NULL;
	length = strlen(text) + 1;
	layer->size += length;
	if (copy == NULL)
		return text;
	memcpy(copy, text, length);
	layer->at += length;
	return copy;
}

static size_t list_length(const GPtrArray *list)
{
	return list == NULL ? 0 : list->len;
}

static size_t references_length(const UnitParts *parts)
{
	return parts->references == NULL ? 0 : parts->references->len;
}

static void lay_lists(const UnitParts *parts, Unit *unit, char **at)
{
	LayoutReference *references = (LayoutReference *)(void *)*at;
	const char **reads = (const char **)(void *)(references + references_length(parts));
	const char **writes = reads + list_length(parts->reads) + 1;
	unsigned *lines = (unsigned *)(void *)(writes + list_length(parts->writes) + 1);
	bool *starts = (bool *)(void *)(lines + list_length(parts->reads));

	for (size_t i = 0; i < list_length(parts->reads); i++) {
		lines[i] = g_array_index(parts->read_lines, unsigned, i);
		starts[i] =
			parts->read_starts == NULL || g_array_index(parts->read_starts, bool, i);
	}
	if (references_length(parts) > 0)
		memcpy(references, parts->references->data,
			references_length(parts) * sizeof(*references));
	unit->flow.references = references;
	unit->flow.references_length = (unsigned)references_length(parts);
	unit->flow.reads = reads;
	unit->flow.writes = writes;
	unit->flow.reads_length = (unsigned)list_length(parts->reads);
	unit->flow.writes_length = (unsigned)list_length(parts->writes);
	unit->flow.lines = lines;
	unit->flow.starts = starts;
	*at = (char *)(starts + list_length(parts->reads));
}

static size_t lists_size(const UnitParts *parts)
{
	return references_length(parts) * sizeof(LayoutReference) +
	       (list_length(parts->reads) + list_length(parts->writes) + 2) * sizeof(char *) +
	       list_length(parts->reads) * (sizeof(unsigned) + sizeof(bool));
}

// They were copied as they are: now their texts get a place that lasts.
static void lay_references(const UnitParts *parts, Unit *unit, Layer *layer)
{
	LayoutReference *references = (LayoutReference *)(uintptr_t)unit->flow.references;

	for (size_t i = 0; i < references_length(parts); i++) {
		const LayoutReference *from = &g_array_index(parts->references, LayoutReference, i);
		const char *table = lay_text(layer, from->table);
		const char *connection = lay_text(layer, from->connection);

		if (references == NULL)
			continue;
		references[i].table = table;
		references[i].connection = connection;
	}
}

static void lay_names(const UnitParts *parts, Unit *unit, Layer *layer)
{
	const char **reads = (const char **)(uintptr_t)unit->flow.reads;
	const char **writes = (const char **)(uintptr_t)unit->flow.writes;

	unit->path = lay_text(layer, parts->path);
	unit->flow.id = lay_text(layer, parts->id);
	unit->flow.namespace = lay_text(layer, parts->namespace);
	unit->flow.target = lay_text(layer, parts->target);
	unit->flow.connection = lay_text(layer, parts->connection);
	unit->table.dataset = lay_text(layer, parts->dataset);
	unit->table.name = lay_text(layer, parts->table);
	unit->table.schema = lay_text(layer, parts->schema);
	unit->table.path = lay_text(layer, parts->schema_path);
	unit->flow.references_path = lay_text(layer, parts->references_path);
	lay_references(parts, unit, layer);
	for (size_t i = 0; i < list_length(parts->reads); i++) {
		const char *copy = lay_text(layer, g_ptr_array_index(parts->reads, i));

		if (reads != NULL)
			reads[i] = copy;
	}
	for (size_t i = 0; i < list_length(parts->writes); i++) {
		const char *copy = lay_text(layer, g_ptr_array_index(parts->writes, i));

		if (writes != NULL)
			writes[i] = copy;
	}
	if (reads != NULL) {
		reads[list_length(parts->reads)] = NULL;
		writes[list_length(parts->writes)] = NULL;
	}
}

Unit *unit_new(const DomainConfig *config, const UnitParts *parts)
{
	Unit measured = {0};
	Layer layer = {NULL, 0};
	Unit *unit;
	char *at;

	lay_names(parts, &measured, &layer);
	unit = g_malloc(sizeof(*unit) + lists_size(parts) + layer.size);
	memset(unit, 0, sizeof(*unit));
	unit->references = 1;
	unit->kind = parts->kind;
	at = (char *)(unit + 1);
	lay_lists(parts, unit, &at);
	layer.at = at;
	lay_names(parts, unit, &layer);
	unit->names[0] = g_ref_string_acquire(config->name);
	unit->names[1] = g_ref_string_acquire(config->connection);
	unit->flow.domain = unit->names[0];
	unit->flow.path = unit->path;
	unit->flow.line = 1;
	if (unit->flow.references_path == NULL)
		unit->flow.references_path = unit->path;
	if (unit->flow.namespace == NULL)
		unit->flow.namespace = unit->names[0];
	if (unit->flow.connection == NULL && parts->kind == UNIT_SCRIPT)
		unit->flow.connection = unit->names[1];
	unit->table.kind = parts->table_kind;
	unit->table.domain = unit->names[0];
	unit->table.connection =
		unit->flow.connection != NULL ? unit->flow.connection : unit->names[1];
	if (unit->table.path == NULL)
		unit->table.path = unit->path;
	unit->table.flow = unit->flow.id;
	unit->table.allow_breaking = config->allow_breaking;
	unit->table.drift_policy = config->drift;
	return unit;
}

Unit *unit_ref(Unit *unit)
{
	g_atomic_int_inc(&unit->references);
	return unit;
}

void unit_unref(Unit *unit)
{
	if (unit == NULL || !g_atomic_int_dec_and_test(&unit->references))
		return;
	diagnostic_list_free(unit->diagnostics);
	if (!unit->lent)
		g_free(unit->definition);
	g_ref_string_release(unit->names[0]);
	g_ref_string_release(unit->names[1]);
	g_free(unit);
}
