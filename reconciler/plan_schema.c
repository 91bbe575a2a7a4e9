#include "db/schema.h"
#include "reconciler/plan_internal.h"

#include <string.h>

// Whether a column of the new type still takes every value of the old one and reads the same.
static bool is_widened(const char *before, const char *after)
{
	DbFieldType old, new;

	if (!db_field_type_parse(before, &old) || !db_field_type_parse(after, &new) ||
		old.kind != new.kind)
		return false;
	return (new.length == 0 || (old.length != 0 && new.length >= old.length)) &&
	       (new.precision == 0 || (old.precision != 0 && new.precision >= old.precision)) &&
	       new.scale >= old.scale;
}

static const char *text_of(const json_t *field, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(field, key));

	return text != NULL ? text : otherwise;
}

static PlanClass class_of_type(const json_t *before, const json_t *after)
{
	return is_widened(json_string_value(before), json_string_value(after)) ? PLAN_NON_BREAKING
									       : PLAN_BREAKING;
}

// A reader of a column that may now be NULL, or repeats, has to act; one that may no longer be NULL does not bother.
static PlanClass class_of_mode(const json_t *before, const json_t *after)
{
	(void)before;
	return strcmp(json_string_value(after), "REQUIRED") == 0 ? PLAN_NON_BREAKING
								 : PLAN_BREAKING;
}

static PlanClass class_of_text(const json_t *before, const json_t *after)
{
	(void)before;
	(void)after;
	return PLAN_METADATA;
}

typedef struct {
	const char *key;
	const char *otherwise; // when the key is absent
	PlanClass (*class)(const json_t *before, const json_t *after);
} ColumnKey;

static const ColumnKey COLUMN_KEYS[] = {
	{"type", "STRING", class_of_type},
	{"mode", "NULLABLE", class_of_mode},
	{"description", "", class_of_text},
};

static PlanClass add(
	GPtrArray *paths, const char *path, json_t *before, json_t *after, PlanClass class)
{
	g_ptr_array_add(paths, plan_path_new(path, before, after, class));
	return class;
}

static PlanClass compare_fields(
	const char *prefix, const json_t *before, const json_t *after, GPtrArray *paths);

static PlanClass compare_column(
	const char *path, const json_t *before, const json_t *after, GPtrArray *paths)
{
	PlanClass heaviest = PLAN_COSMETIC;

	for (size_t i = 0; i < G_N_ELEMENTS(COLUMN_KEYS); i++) {
		const ColumnKey *key = &COLUMN_KEYS[i];
		const char *old = text_of(before, key->key, key->otherwise);
		const char *new = text_of(after, key->key, key->otherwise);

		if (strcmp(old, new) == 0)
			continue;
		g_autofree char *whole = g_strdup_printf("%s.%s", path, key->key);
		json_t *was = json_string(old);
		json_t *is = json_string(new);
		PlanClass class = add(paths, whole, was, is, key->class(was, is));
		heaviest = MAX(heaviest, class);
		json_decref(was);
		json_decref(is);
	}
	g_autofree char *nested = g_strdup_printf("%s.", path);
	PlanClass below = compare_fields(
		nested, json_object_get(before, "fields"), json_object_get(after, "fields"), paths);
	return MAX(heaviest, below);
}

// SQL names compare without regard to letter case.
static json_t *find_column(const json_t *fields, const char *name)
{
	json_t *field;
	size_t index;

	json_array_foreach(fields, index, field)
	{
		if (g_ascii_strcasecmp(text_of(field, "name", ""), name) == 0)
			return field;
	}
	return NULL;
}

static PlanClass compare_fields(
	const char *prefix, const json_t *before, const json_t *after, GPtrArray *paths)
{
	PlanClass heaviest = PLAN_COSMETIC, class;
	json_t *field;
	size_t index;

	json_array_foreach(before, index, field)
	{
		const char *name = text_of(field, "name", "");
		g_autofree char *path = g_strdup_printf("%s%s", prefix, name);
		json_t *other = find_column(after, name);

		class = other == NULL ? add(paths, path, field, NULL, PLAN_BREAKING)
				      : compare_column(path, field, other, paths);
		heaviest = MAX(heaviest, class);
	}
	json_array_foreach(after, index, field)
	{
		const char *name = text_of(field, "name", "");
		g_autofree char *path = g_strdup_printf("%s%s", prefix, name);

		if (find_column(before, name) != NULL)
			continue;
		class = add(paths, path, NULL, field, PLAN_NON_BREAKING);
		heaviest = MAX(heaviest, class);
	}
	return heaviest;
}

PlanClass plan_diff_schemas(const char *before, const char *after, GPtrArray *paths)
{
	json_t *old = before == NULL ? NULL : json_loads(before, 0, NULL);
	json_t *new = after == NULL ? NULL : json_loads(after, 0, NULL);
	PlanClass class = PLAN_METADATA; // keys of the schema itself, such as its description

	if (old == NULL || new == NULL) {
		class = add(paths, "schema", old, new, PLAN_NON_BREAKING);
	} else {
		PlanClass columns = compare_fields("schema.", json_object_get(old, "fields"),
			json_object_get(new, "fields"), paths);

		class = MAX(class, columns);
	}
	if (paths->len == 0)
		add(paths, "schema", old, new, class);
	json_decref(old);
	json_decref(new);
	return class;
}
