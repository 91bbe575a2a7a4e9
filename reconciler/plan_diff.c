#include "reconciler/plan_internal.h"
#include "repo-layout/flow.h"

#include <string.h>

// ---- How much a changed path weighs -------------------------------------------------------------------------------

typedef struct {
	const char *pattern; // of the path; '*' stands for anything
	bool (*holds)(const json_t *before, const json_t *after); // NULL: always
	PlanClass class;
} ClassRule;

static bool is_added(const json_t *before, const json_t *after)
{
	(void)after;
	return before == NULL;
}

static bool is_removed(const json_t *before, const json_t *after)
{
	(void)before;
	return after == NULL;
}

// A whole input or output, not one of its keys, is gone.
static bool is_item_removed(const json_t *before, const json_t *after)
{
	return after == NULL && json_object_get(before, "id") != NULL;
}

// A new input that every caller has to give.
static bool is_demand(const json_t *before, const json_t *after)
{
	const json_t *required = json_object_get(after, "required");

	return before == NULL && json_object_get(after, "id") != NULL && !json_is_false(required) &&
	       json_object_get(after, "defaults") == NULL;
}

static bool is_no_longer_false(const json_t *before, const json_t *after)
{
	return json_is_false(before) && !json_is_false(after);
}

// Of flows. The first rule that fits counts.
static const ClassRule CLASS_RULES[] = {
	{"description", NULL, PLAN_METADATA},
	{"*.description", NULL, PLAN_METADATA},
	{"labels", NULL, PLAN_METADATA},
	{"labels.*", NULL, PLAN_METADATA},
	{"inputs.*.displayName", NULL, PLAN_METADATA},
	{"inputs.*.prefill", NULL, PLAN_METADATA},
	{"inputs.*.type", NULL, PLAN_BREAKING},
	{"inputs.*.required", is_no_longer_false, PLAN_BREAKING},
	{"inputs.*.defaults", is_removed, PLAN_BREAKING},
	{"inputs.*.validator", is_added, PLAN_BREAKING},
	{"inputs.*", is_item_removed, PLAN_BREAKING},
	{"inputs.*", is_demand, PLAN_BREAKING},
	{"outputs.*.type", NULL, PLAN_BREAKING},
	{"outputs.*", is_item_removed, PLAN_BREAKING},
	{"*", NULL, PLAN_NON_BREAKING},
};

// Whether somebody may no longer read who could.
static bool is_narrowed(const json_t *before, const json_t *after)
{
	size_t index, at;
	json_t *name, *other;

	if (before == NULL || after == NULL)
		return before == NULL;
	json_array_foreach((json_t *)(uintptr_t)before, index, name)
	{
		bool stays = false;

		json_array_foreach((json_t *)(uintptr_t)after, at, other) stays =
			stays || json_equal(name, other);
		if (!stays)
			return true;
	}
	return false;
}

// Of domains. What its tables, flows and schedules become by it is told with each of them.
static const ClassRule DOMAIN_RULES[] = {
	{"owner", NULL, PLAN_METADATA},
	{"contact", NULL, PLAN_METADATA},
	{"description", NULL, PLAN_METADATA},
	{"consumers", is_narrowed, PLAN_BREAKING},
	{"connection", NULL, PLAN_BREAKING},
	{"dataset", NULL, PLAN_BREAKING},
	{"*", NULL, PLAN_NON_BREAKING},
};

// Of the project. What its domains become by it is told with each of them.
static const ClassRule PROJECT_RULES[] = {
	{"name", NULL, PLAN_METADATA},
	{"owner", NULL, PLAN_METADATA},
	{"contact", NULL, PLAN_METADATA},
	{"description", NULL, PLAN_METADATA},
	{"connections.*.description", NULL, PLAN_METADATA},
	{"environments.*.description", NULL, PLAN_METADATA},
	{"*", NULL, PLAN_NON_BREAKING},
};

static PlanClass class_of(
	const ClassRule *rules, const char *path, const json_t *before, const json_t *after)
{
	// The last rule fits all.
	for (const ClassRule *rule = rules;; rule++) {
		if (g_pattern_match_simple(rule->pattern, path) &&
			(rule->holds == NULL || rule->holds(before, after)))
			return rule->class;
	}
}

PlanPath *plan_path_new(const char *path, json_t *before, json_t *after, PlanClass class)
{
	PlanPath *entry = g_new0(PlanPath, 1);

	entry->path = g_strdup(path);
	entry->before = json_incref(before);
	entry->after = json_incref(after);
	entry->class = class;
	return entry;
}

void plan_path_free(PlanPath *path)
{
	g_free(path->path);
	json_decref(path->before);
	json_decref(path->after);
	g_strfreev(path->readers);
	g_free(path);
}

// ---- Comparing JSON -----------------------------------------------------------------------------------------------

typedef struct {
	GPtrArray *paths;
	PlanClass heaviest;
	const ClassRule *rules;
} Difference;

static void compare_values(Difference *difference, GString *path, json_t *before, json_t *after);

static void add_path(Difference *difference, const char *path, json_t *before, json_t *after)
{
	PlanClass class = class_of(difference->rules, path, before, after);

	g_ptr_array_add(difference->paths, plan_path_new(path, before, after, class));
	difference->heaviest = MAX(difference->heaviest, class);
}

// The same SQL in another writing.
static void add_cosmetic(
	Difference *difference, GString *path, const char *segment, json_t *before, json_t *after)
{
	g_autofree char *full =
		g_strdup_printf("%s%s%s", path->str, path->len == 0 ? "" : ".", segment);

	if (!json_equal(before, after))
		g_ptr_array_add(
			difference->paths, plan_path_new(full, before, after, PLAN_COSMETIC));
}

static void compare_below(
	Difference *difference, GString *path, const char *segment, json_t *before, json_t *after)
{
	gsize length = path->len;

	g_string_append_printf(path, "%s%s", length == 0 ? "" : ".", segment);
	compare_values(difference, path, before, after);
	g_string_truncate(path, length);
}

// The key that names the elements of a list ("id", or "name" of columns); NULL when it is a list of plain values.
static const char *list_key(const json_t *list)
{
	static const char *const keys[] = {"id", "name"};
	const json_t *element;
	size_t index;

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		bool named = json_array_size(list) > 0;

		json_array_foreach(list, index, element) named =
			named && json_is_string(json_object_get(element, keys[i]));
		if (named)
			return keys[i];
	}
	return NULL;
}

// A list of named elements as an object, in the list's order; a repeated name keeps its first element.
static json_t *by_name(const json_t *list, const char *key)
{
	json_t *object = json_object();
	json_t *element;
	size_t index;

	json_array_foreach(list, index, element)
	{
		const char *name = json_string_value(json_object_get(element, key));

		if (json_object_get(object, name) == NULL)
			json_object_set(object, name, element);
	}
	return object;
}

static bool same_order(json_t *before, json_t *after)
{
	void *left = json_object_iter(before), *right = json_object_iter(after);

	while (left != NULL && right != NULL) {
		const char *a = json_object_iter_key(left), *b = json_object_iter_key(right);

		if (json_object_get(after, a) == NULL)
			left = json_object_iter_next(before, left);
		else if (json_object_get(before, b) == NULL)
			right = json_object_iter_next(after, right);
		else if (strcmp(a, b) != 0)
			return false;
		else {
			left = json_object_iter_next(before, left);
			right = json_object_iter_next(after, right);
		}
	}
	return true;
}

static json_t *names_of(json_t *object)
{
	json_t *names = json_array();
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) json_array_append_new(names, json_string(name));
	return names;
}

static int order_keys(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void compare_objects(Difference *difference, GString *path, json_t *before, json_t *after)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new();
	const char *key;
	json_t *value;

	json_object_foreach(before, key, value) g_ptr_array_add(keys, (void *)(uintptr_t)key);
	json_object_foreach(after, key, value)
	{
		if (json_object_get(before, key) == NULL)
			g_ptr_array_add(keys, (void *)(uintptr_t)key);
	}
	g_ptr_array_sort(keys, order_keys);
	for (guint i = 0; i < keys->len; i++) {
		json_t *was, *is;

		key = keys->pdata[i];
		was = json_object_get(before, key);
		is = json_object_get(after, key);
		if (flow_same_sql(before, after, key))
			add_cosmetic(difference, path, key, was, is);
		else
			compare_below(difference, path, key, was, is);
	}
}

static void compare_lists(Difference *difference, GString *path, json_t *before, json_t *after)
{
	const char *key = list_key(json_array_size(before) > 0 ? before : after);

	if (key == NULL || (json_array_size(before) > 0 && g_strcmp0(list_key(before), key) != 0) ||
		(json_array_size(after) > 0 && g_strcmp0(list_key(after), key) != 0)) {
		add_path(difference, path->str, before, after);
		return;
	}
	json_t *old = by_name(before, key);
	json_t *new = by_name(after, key);
	if (!same_order(old, new)) {
		json_t *was = names_of(old);
		json_t *is = names_of(new);

		add_path(difference, path->str, was, is);
		json_decref(was);
		json_decref(is);
	}
	compare_objects(difference, path, old, new);
	json_decref(old);
	json_decref(new);
}

static void compare_values(Difference *difference, GString *path, json_t *before, json_t *after)
{
	if (before == after || (before != NULL && after != NULL && json_equal(before, after)))
		return;
	if (json_is_object(before) && json_is_object(after))
		compare_objects(difference, path, before, after);
	else if (json_is_array(before) && json_is_array(after))
		compare_lists(difference, path, before, after);
	else
		add_path(difference, path->str, before, after);
}

static PlanClass diff(
	const ClassRule *rules, const json_t *before, const json_t *after, GPtrArray *paths)
{
	Difference difference = {paths, PLAN_COSMETIC, rules};
	g_autoptr(GString) path = g_string_new(NULL);

	compare_values(&difference, path, (json_t *)(uintptr_t)before, (json_t *)(uintptr_t)after);
	return difference.heaviest;
}

PlanClass plan_diff_definitions(const json_t *before, const json_t *after, GPtrArray *paths)
{
	return diff(CLASS_RULES, before, after, paths);
}

PlanClass plan_diff_settings(const json_t *before, const json_t *after, GPtrArray *paths)
{
	return diff(DOMAIN_RULES, before, after, paths);
}

PlanClass plan_diff_project(const json_t *before, const json_t *after, GPtrArray *paths)
{
	return diff(PROJECT_RULES, before, after, paths);
}

GPtrArray *plan_definition_paths(const json_t *before, const json_t *after, PlanClass *ret_class)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);

	*ret_class = plan_diff_definitions(before, after, paths);
	return paths;
}
