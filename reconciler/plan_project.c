// What changes in weir.yaml: settings that belong to no domain, or to all of them.
#include "db/db.h"
#include "reconciler/plan_internal.h"

#include <string.h>

// ---- Without passwords --------------------------------------------------------------------------------------------

// An expression names a secret and is none.
static json_t *masked_text(const char *key, json_t *value)
{
	const char *text = json_string_value(value);
	g_autofree char *url = NULL;

	if (strstr(text, "{{") != NULL)
		return json_incref(value);
	if (strstr(key, "password") != NULL)
		return json_string("***");
	if (strcmp(key, "url") != 0)
		return json_incref(value);
	url = db_url_redact(text);
	return json_string(url);
}

// A copy of the value that key has; a new reference.
static json_t *masked(const char *key, json_t *value)
{
	json_t *copy, *member;
	const char *name;

	if (json_is_string(value))
		return masked_text(key, value);
	if (!json_is_object(value))
		return json_incref(value);
	copy = json_object();
	json_object_foreach(value, name, member)
		json_object_set_new(copy, name, masked(name, member));
	return copy;
}

static void mask_value(const char *key, json_t **value)
{
	json_t *shown = *value == NULL ? NULL : masked(key, *value);

	json_decref(*value);
	*value = shown;
}

static void mask_path(PlanPath *path)
{
	const char *dot = strrchr(path->path, '.');
	const char *key = dot == NULL ? path->path : dot + 1;

	mask_value(key, &path->before);
	mask_value(key, &path->after);
}

json_t *plan_project_after(const Plan *plan)
{
	return masked("", (json_t *)(uintptr_t)layout_settings(plan->layout));
}

// ---- The change ---------------------------------------------------------------------------------------------------

static void add_change(Plan *plan, json_t *before, PlanClass class, GPtrArray *paths)
{
	json_auto_t *shown = masked("", before);
	g_autofree char *text = json_dumps(shown, JSON_COMPACT | JSON_SORT_KEYS);
	const PlanChange change = {
		.resource = PLAN_PROJECT,
		.action = PLAN_UPDATE,
		.class = class,
		.scope = "",
		.name = layout_name(plan->layout),
		.file = "weir.yaml",
		.before = g_string_chunk_insert(plan->strings, text),
		.paths = paths,
	};

	for (guint i = 0; i < paths->len; i++)
		mask_path(paths->pdata[i]);
	g_array_append_val(plan->changes, change);
}

bool plan_compare_project(Plan *plan, PlanLive *live, GError **error)
{
	const json_t *after = layout_settings(plan->layout);
	g_autoptr(GPtrArray) paths = NULL;
	g_autoptr(GError) failure = NULL;
	g_autofree char *text = live->project(live, &failure);

	if (failure != NULL) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	json_auto_t *before = text == NULL ? NULL : json_loads(text, 0, NULL);
	if (before == NULL || json_equal(before, (json_t *)(uintptr_t)after))
		return true;
	paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);
	PlanClass class = plan_diff_project(before, after, paths);
	if (paths->len > 0)
		add_change(plan, before, class, g_steal_pointer(&paths));
	return true;
}

const PlanChange *plan_project_change(const Plan *plan)
{
	const PlanChange *first = plan->changes->len == 0 ? NULL : plan_change_at(plan, 0);

	return first != NULL && first->resource == PLAN_PROJECT ? first : NULL;
}
