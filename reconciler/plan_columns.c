// Columns that a script makes and no schema declares: which of them a change takes away, renames or adds, and who names them.
#include "reconciler/plan_internal.h"
#include "repo-layout/script_columns.h"

#include <string.h>

// Columns by their names in lower case.
static GHashTable *by_name(char *const *columns)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; columns[i] != NULL; i++)
		g_hash_table_add(table, g_ascii_strdown(columns[i], -1));
	return table;
}

static bool holds(GHashTable *columns, const char *name)
{
	g_autofree char *key = g_ascii_strdown(name, -1);

	return g_hash_table_contains(columns, key);
}

static PlanPath *add_column(
	PlanChange *change, const char *column, const char *before, const char *after)
{
	g_autofree char *name = g_strdup_printf("columns.%s", column);
	json_auto_t *was = before == NULL ? NULL : json_string(before);
	json_auto_t *is = after == NULL ? NULL : json_string(after);
	PlanPath *path =
		plan_path_new(name, was, is, before == NULL ? PLAN_NON_BREAKING : PLAN_BREAKING);

	g_ptr_array_add(change->paths, path);
	change->class = MAX(change->class, path->class);
	return path;
}

// ---- Who names them

// Columns that go, side by side.
typedef struct {
	GPtrArray *columns; // char *, borrowed, ended by NULL
	GPtrArray *paths; // PlanPath *
	GPtrArray *readers; // GStrvBuilder *: the flows that name it
} Losses;

static bool add_reader(Plan *plan, const LayoutFlow *reader, const char *table,
	const Losses *losses, GError **error)
{
	g_autofree char *made = NULL;
	const char *text = layout_flow_definition_peek(plan->layout, reader, &made, error);
	json_auto_t *definition = text == NULL ? NULL : json_loads(text, 0, NULL);
	g_autofree bool *named = g_new0(bool, losses->paths->len);

	if (text == NULL)
		return false;
	script_names_columns(definition, table, (char *const *)losses->columns->pdata, named);
	for (guint i = 0; i < losses->paths->len; i++) {
		g_autofree char *name =
			named[i] ? g_strdup_printf("%s.%s", reader->namespace, reader->id) : NULL;

		if (name != NULL)
			g_strv_builder_add(losses->readers->pdata[i], name);
	}
	return true;
}

static int order_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool find_readers(Plan *plan, const char *table, const Losses *losses, GError **error)
{
	size_t length = 0;
	const LayoutFlow *const *readers = layout_readers(plan->layout, table, &length);

	for (size_t i = 0; i < length; i++) {
		if (readers[i]->kind == LAYOUT_FLOW_GENERATED &&
			!add_reader(plan, readers[i], table, losses, error))
			return false;
	}
	for (guint i = 0; i < losses->paths->len; i++) {
		PlanPath *path = losses->paths->pdata[i];

		path->readers = g_strv_builder_end(losses->readers->pdata[i]);
		qsort(path->readers, g_strv_length(path->readers), sizeof(char *), order_names);
	}
	return true;
}

// ---- What differs

static void add_loss(const Losses *losses, PlanPath *path, char *column)
{
	g_ptr_array_add(losses->columns, column);
	g_ptr_array_add(losses->paths, path);
	g_ptr_array_add(losses->readers, g_strv_builder_new());
}

// What goes. A column has a new name when in a list as long another one, that was not there, stands in its place.
static void compare_old(PlanChange *change, char *const *before, char *const *after,
	GHashTable *renamed, const Losses *losses)
{
	g_autoptr(GHashTable) old = by_name(before), new = by_name(after);
	bool same_length = g_hash_table_size(old) == g_hash_table_size(new);

	for (guint i = 0; before[i] != NULL; i++) {
		const char *now = same_length && !holds(old, after[i]) ? after[i] : NULL;

		if (holds(new, before[i]))
			continue;
		if (now != NULL)
			g_hash_table_add(renamed, (void *)(uintptr_t)now);
		add_loss(losses, add_column(change, before[i], before[i], now), before[i]);
	}
	for (guint i = 0; after[i] != NULL; i++) {
		if (!holds(old, after[i]) && !g_hash_table_contains(renamed, after[i]))
			add_column(change, after[i], NULL, after[i]);
	}
}

static bool compare(
	Plan *plan, PlanChange *change, char *const *before, char *const *after, GError **error)
{
	g_autoptr(GHashTable) renamed = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) columns = g_ptr_array_new(), paths = g_ptr_array_new();
	g_autoptr(GPtrArray) readers =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_strv_builder_unref);
	const Losses losses = {columns, paths, readers};

	compare_old(change, before, after, renamed, &losses);
	g_ptr_array_add(columns, NULL);
	return paths->len == 0 || find_readers(plan, change->flow->target, &losses, error);
}

bool plan_compare_columns(
	Plan *plan, PlanChange *change, const json_t *before, const json_t *after, GError **error)
{
	g_auto(GStrv) old = NULL;
	g_auto(GStrv) new = NULL;

	if (change->flow->kind != LAYOUT_FLOW_GENERATED || change->flow->target == NULL)
		return true;
	old = script_columns(before);
	new = old == NULL ? NULL : script_columns(after);
	return new == NULL || compare(plan, change, old, new, error);
}
