// Plugin defaults: properties that all tasks of a type get.
#include "repo-layout/flow_reader.h"

#include <string.h>

static bool starts_with_part(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

// Whether a default of this type is meant for a task. The task's type may be written by any of its names.
static bool default_applies(const char *wanted, const char *type, const TaskKind *kind)
{
	const TaskKind *same = task_kind_find(wanted, NULL);

	if (same == NULL)
		same = trigger_kind_find(wanted, NULL);
	return same == kind || starts_with_part(type, wanted) ||
	       starts_with_part(kind->name, wanted);
}

static YamlNode *merge(Arena *arena, const YamlNode *base, const YamlNode *added, bool forced);

static const YamlPair *pair_of(const YamlNode *node, const char *key)
{
	for (unsigned i = 0; i < node->length; i++) {
		if (strcmp(node->pairs[i].key->text, key) == 0)
			return &node->pairs[i];
	}
	return NULL;
}

static YamlNode *merge_value(Arena *arena, YamlNode *own, YamlNode *added, bool forced)
{
	if (own->kind == YAML_MAPPING && added->kind == YAML_MAPPING)
		return merge(arena, own, added, forced);
	return forced ? added : own;
}

// base with what added has on top; where both have a key, mappings merge and else base wins, or added when forced.
static YamlNode *merge(Arena *arena, const YamlNode *base, const YamlNode *added, bool forced)
{
	YamlNode *merged = arena_take(arena, sizeof(*merged));
	unsigned count = 0;

	*merged = *base;
	merged->pairs = arena_take(arena, (base->length + added->length) * sizeof(YamlPair));
	for (unsigned i = 0; i < base->length; i++) {
		const YamlPair *other = pair_of(added, base->pairs[i].key->text);

		merged->pairs[count] = base->pairs[i];
		if (other != NULL)
			merged->pairs[count].value =
				merge_value(arena, base->pairs[i].value, other->value, forced);
		count++;
	}
	for (unsigned i = 0; i < added->length; i++) {
		if (pair_of(base, added->pairs[i].key->text) == NULL)
			merged->pairs[count++] = added->pairs[i];
	}
	merged->length = count;
	return merged;
}

// A default for a group of types ('sql') gives each only the keys that it has.
static YamlNode *known_keys(Arena *arena, const YamlNode *values, const TaskKind *kind)
{
	YamlNode *known = arena_take(arena, sizeof(*known));
	unsigned count = 0;

	*known = *values;
	known->pairs = arena_take(arena, values->length * sizeof(YamlPair));
	for (unsigned i = 0; i < values->length; i++) {
		if (key_table_find(kind->keys, values->pairs[i].key->text) != NULL)
			known->pairs[count++] = values->pairs[i];
	}
	known->length = count;
	return known;
}

const YamlNode *flow_apply_defaults(
	FlowReader *reader, const YamlNode *node, const char *type, const TaskKind *kind)
{
	Arena *arena = &reader->document->arena;

	if (reader->defaults == NULL || reader->defaults->kind != YAML_LIST)
		return node;
	for (unsigned i = 0; i < reader->defaults->length; i++) {
		const YamlNode *item = reader->defaults->items[i];
		const YamlNode *wanted = yaml_get(item, "type");
		const YamlNode *values = yaml_get(item, "values");
		const YamlNode *forced = yaml_get(item, "forced");

		if (wanted == NULL || wanted->kind != YAML_STRING || values == NULL ||
			values->kind != YAML_MAPPING || !default_applies(wanted->text, type, kind))
			continue;
		if (strcmp(wanted->text, type) != 0 && strcmp(wanted->text, kind->name) != 0)
			values = known_keys(arena, values, kind);
		node = merge(arena, node, values,
			forced != NULL && forced->kind == YAML_BOOLEAN && *forced->text == 't');
	}
	return node;
}
