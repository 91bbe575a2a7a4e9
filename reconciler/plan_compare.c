// Comparing one domain with what of it is live: its flows, tables and schedules.
#include "reconciler/build_meaning.h"
#include "reconciler/plan_internal.h"

#include <string.h>

// Everything that is known while one domain is compared.
typedef struct {
	Plan *plan;
	PlanLive *live;
	const char *domain;
	GPtrArray *schedules; // PlanChange *, appended after the flows and tables
} Comparison;

static PlanChange *change_new(
	Comparison *comparison, PlanResource resource, PlanAction action, PlanClass class)
{
	const PlanChange change = {.resource = resource,
		.action = action,
		.class = class,
		.domain = comparison->domain};

	g_array_append_val(comparison->plan->changes, change);
	return plan_change_at(comparison->plan, comparison->plan->changes->len - 1);
}

// Keeps a string of the live side, which may be gone before the plan.
static const char *keep(Comparison *comparison, const char *text)
{
	return text == NULL ? NULL : g_string_chunk_insert_const(comparison->plan->strings, text);
}

// Whether a definition may hold a schedule, without parsing it: false rules it out.
static bool may_have_schedule(const char *definition)
{
	return strstr(definition, "\"schedule\"") != NULL;
}

// The schedules of a definition by id: id -> trigger (borrowed from it).
static GHashTable *schedules_of(const json_t *definition)
{
	GHashTable *schedules = g_hash_table_new(g_str_hash, g_str_equal);
	const json_t *trigger;
	size_t index;

	json_array_foreach(json_object_get(definition, "triggers"), index, trigger)
	{
		const char *type = json_string_value(json_object_get(trigger, "type"));
		const char *id = json_string_value(json_object_get(trigger, "id"));

		if (id != NULL && g_strcmp0(type, "schedule") == 0)
			g_hash_table_insert(
				schedules, (void *)(uintptr_t)id, (void *)(uintptr_t)trigger);
	}
	return schedules;
}

static void schedule_change(Comparison *comparison, const PlanChange *flow, const char *id,
	const json_t *before, const json_t *after)
{
	PlanChange *change = g_new0(PlanChange, 1);

	*change = *flow;
	change->resource = PLAN_SCHEDULE;
	change->action = after == NULL ? PLAN_DELETE : before == NULL ? PLAN_CREATE : PLAN_UPDATE;
	change->class = PLAN_NON_BREAKING;
	change->builds = change->reruns = false;
	change->trigger = keep(comparison, id);
	change->before = NULL;
	change->paths = NULL;
	if (change->action == PLAN_UPDATE) {
		change->paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);
		plan_diff_definitions(before, after, change->paths);
	}
	g_ptr_array_add(comparison->schedules, change);
}

// Lists the schedules that a change of a flow makes, changes or ends. Either definition may be NULL.
static void compare_schedules(
	Comparison *comparison, const PlanChange *flow, const json_t *before, const json_t *after)
{
	g_autoptr(GHashTable) old = schedules_of(before);
	g_autoptr(GHashTable) new = schedules_of(after);
	g_autoptr(GList) ids = NULL;
	GHashTableIter iterator;
	void *id, *value;

	g_hash_table_iter_init(&iterator, old);
	while (g_hash_table_iter_next(&iterator, &id, NULL))
		ids = g_list_prepend(ids, id);
	g_hash_table_iter_init(&iterator, new);
	while (g_hash_table_iter_next(&iterator, &id, NULL)) {
		if (!g_hash_table_contains(old, id))
			ids = g_list_prepend(ids, id);
	}
	ids = g_list_sort(ids, (GCompareFunc)strcmp);
	for (GList *item = ids; item != NULL; item = item->next) {
		const json_t *was = g_hash_table_lookup(old, item->data);

		value = g_hash_table_lookup(new, item->data);
		if (was == NULL || value == NULL || !json_equal(was, value))
			schedule_change(comparison, flow, item->data, was, value);
	}
}

static json_t *parse(const char *text)
{
	return text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
}

// What a change has run: the one place that says so, for whoever reads the plan and for who applies it. remade: the table is
// another one than what the live flow made; due: it would have been built before, had the flow not been disabled.
static void decide_build(PlanChange *change, bool remade, bool due)
{
	const LayoutFlow *flow = change->flow;

	change->builds = flow->kind == LAYOUT_FLOW_GENERATED && !flow->manual &&
			 (change->action == PLAN_CREATE || (remade && feed_is_rebuilt(flow->feed)));
	change->reruns = !flow->disabled && (change->builds || due);
}

// Whether it was disabled before a build that was to be.
static bool find_due(Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow,
	const json_t *before, bool *ret_due, GError **error)
{
	*ret_due = false;
	if (flow->kind != LAYOUT_FLOW_GENERATED || flow->disabled || flow->manual ||
		!json_is_true(json_object_get(before, "disabled")))
		return true;
	return comparison->live->build_due(
		comparison->live, was->namespace, was->id, ret_due, error);
}

static bool create_flow(Comparison *comparison, const LayoutFlow *flow, GError **error)
{
	PlanChange *change = change_new(comparison, PLAN_FLOW, PLAN_CREATE, PLAN_NON_BREAKING);

	change->scope = flow->namespace;
	change->name = flow->id;
	change->file = flow->path;
	change->flow = flow;
	decide_build(change, true, false);
	g_autofree char *made = NULL;
	const char *definition =
		layout_flow_definition_peek(comparison->plan->layout, flow, &made, error);
	if (definition == NULL)
		return false;
	if (may_have_schedule(definition)) {
		json_t *after = parse(definition);

		compare_schedules(comparison, change, NULL, after);
		json_decref(after);
	}
	return true;
}

static PlanChange *delete_flow_change(Comparison *comparison, const PlanLiveFlow *flow)
{
	PlanChange *change = change_new(comparison, PLAN_FLOW, PLAN_DELETE, PLAN_NON_BREAKING);

	change->scope = keep(comparison, flow->namespace);
	change->name = keep(comparison, flow->id);
	change->file = keep(comparison, flow->path);
	change->live_revision = flow->revision;
	return change;
}

static bool delete_flow(Comparison *comparison, const PlanLiveFlow *flow, GError **error)
{
	PlanChange *change = delete_flow_change(comparison, flow);
	g_autofree char *definition =
		comparison->live->definition(comparison->live, flow->namespace, flow->id, error);

	if (definition == NULL)
		return false;
	change->before = keep(comparison, definition);
	json_t *before = parse(definition);
	compare_schedules(comparison, change, before, NULL);
	json_decref(before);
	return true;
}

static PlanChange *update_flow_change(
	Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow)
{
	PlanChange *change = change_new(comparison, PLAN_FLOW, PLAN_UPDATE, PLAN_COSMETIC);

	change->scope = flow->namespace;
	change->name = flow->id;
	change->file = flow->path;
	change->flow = flow;
	change->live_revision = was->revision;
	change->paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);
	return change;
}

// Looks into both definitions. Digests that differ over equal definitions mean that the files it sees have changed.
static bool update_flow(
	Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow, GError **error)
{
	g_autofree char *old =
		comparison->live->definition(comparison->live, was->namespace, was->id, error);
	g_autofree char *new =
		old == NULL ? NULL : layout_flow_definition(comparison->plan->layout, flow, error);

	if (new == NULL)
		return false;
	PlanChange *change = update_flow_change(comparison, was, flow);
	json_auto_t *before = parse(old);
	json_auto_t *after = parse(new);
	change->before = keep(comparison, old);
	change->class = plan_diff_definitions(before, after, change->paths);
	if (change->class == PLAN_COSMETIC) {
		g_ptr_array_add(
			change->paths, plan_path_new("scripts", NULL, NULL, PLAN_NON_BREAKING));
		change->class = PLAN_NON_BREAKING;
	}
	bool due;
	if (!find_due(comparison, was, flow, before, &due, error))
		return false;
	decide_build(change, !build_is_same(before, after), due);
	if (!plan_compare_columns(comparison->plan, change, before, after, error))
		return false;
	compare_schedules(comparison, change, before, after);
	return true;
}

// The same meaning in another text.
static void note_cosmetic(Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow)
{
	// A file on disk has no id.
	if (!was->blob_known || source_id_is_zero(&flow->blob) ||
		(source_id_equal(&was->blob, &flow->blob) && g_strcmp0(was->path, flow->path) == 0))
		return;
	PlanChange *change = change_new(comparison, PLAN_FLOW, PLAN_NONE, PLAN_COSMETIC);
	change->scope = flow->namespace;
	change->name = flow->id;
	change->file = flow->path;
	change->flow = flow;
	change->live_revision = was->revision;
}

static bool compare_flow(
	Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow, GError **error)
{
	if (was->digest != flow->digest && strcmp(was->digest, flow->digest) != 0)
		return update_flow(comparison, was, flow, error);
	note_cosmetic(comparison, was, flow);
	return true;
}

static bool compare_flows(
	Comparison *comparison, const LayoutDomain *domain, const GArray *live, GError **error)
{
	PlanMerge merge = {live, domain, 0, 0};
	const PlanLiveFlow *was;
	const LayoutFlow *flow;

	while (plan_merge_next(&merge, &was, &flow)) {
		bool good = was == NULL	   ? create_flow(comparison, flow, error)
			    : flow == NULL ? delete_flow(comparison, was, error)
					   : compare_flow(comparison, was, flow, error);

		if (!good)
			return false;
	}
	return true;
}

// ---- Tables -------------------------------------------------------------------------------------------------------

static int order_live_tables(const void *left, const void *right)
{
	const PlanLiveTable *a = left, *b = right;

	return plan_order(a->dataset, a->name, b->dataset, b->name);
}

static int order_tables(const void *left, const void *right)
{
	const LayoutTable *const *a = left, *const *b = right;

	return plan_order((*a)->dataset, (*a)->name, (*b)->dataset, (*b)->name);
}

static PlanChange *table_change(Comparison *comparison, PlanAction action, PlanClass class,
	const PlanLiveTable *was, const LayoutTable *table)
{
	bool view = table != NULL ? table->kind == LAYOUT_VIEW : was != NULL && was->view;
	PlanChange *change = change_new(comparison, view ? PLAN_VIEW : PLAN_TABLE, action, class);

	if (table != NULL) {
		change->scope = table->dataset;
		change->name = table->name;
		change->file = table->path;
	} else if (was != NULL) {
		change->scope = keep(comparison, was->dataset);
		change->name = keep(comparison, was->name);
		change->file = keep(comparison, was->path);
	}
	change->table = table;
	change->before = was == NULL ? NULL : keep(comparison, was->schema);
	return change;
}

static void update_table(Comparison *comparison, const PlanLiveTable *was, const LayoutTable *table)
{
	bool view = table->kind == LAYOUT_VIEW;

	if (was->view != view) {
		table_change(comparison, PLAN_REPLACE, PLAN_BREAKING, was, table);
		return;
	}
	if (was->schema == table->schema || g_strcmp0(was->schema, table->schema) == 0)
		return;
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);
	PlanClass class = plan_diff_schemas(was->schema, table->schema, paths);
	PlanChange *change = table_change(comparison, PLAN_UPDATE, class, was, table);
	change->paths = g_steal_pointer(&paths);
}

// Another domain makes the table from now on, maybe in a transaction before this domain's: it stays, and its row is the other's.
static bool is_taken_over(const Comparison *comparison, const PlanLiveTable *was)
{
	return layout_table_find(comparison->plan->layout, was->dataset, was->name) != NULL;
}

static bool compare_tables(Comparison *comparison, const LayoutDomain *domain, GError **error)
{
	g_autoptr(GArray) live = g_array_new(FALSE, FALSE, sizeof(PlanLiveTable));
	size_t length = domain == NULL ? 0 : domain->tables_length;
	g_autofree const LayoutTable **tables =
		length == 0 ? NULL : g_memdup2(domain->tables, length * sizeof(*tables));
	size_t i = 0, j = 0;

	if (!comparison->live->tables(comparison->live, comparison->domain, live, error))
		return false;
	plan_ensure_sorted(live->data, live->len, sizeof(PlanLiveTable), order_live_tables);
	plan_ensure_sorted(tables, length, sizeof(*tables), order_tables);
	while (i < live->len || j < length) {
		const PlanLiveTable *was =
			i < live->len ? &g_array_index(live, PlanLiveTable, i) : NULL;
		const LayoutTable *table = j < length ? tables[j] : NULL;
		int by = MERGE_ORDER(was, table,
			plan_order(was->dataset, was->name, table->dataset, table->name));

		if (table != NULL && by > 0)
			table_change(comparison, PLAN_CREATE, PLAN_NON_BREAKING, NULL, table);
		else if (was != NULL && by < 0 && !is_taken_over(comparison, was))
			table_change(comparison, PLAN_DELETE, PLAN_BREAKING, was, NULL);
		else if (was != NULL && table != NULL)
			update_table(comparison, was, table);
		i += by <= 0;
		j += by >= 0;
	}
	return true;
}
// The domain's own settings, or a file that makes no flow by itself, have changed; or the domain has no flows at all.
static void note_domain(Comparison *comparison, const char *live_digest, const LayoutDomain *domain)
{
	PlanChange *change = change_new(comparison, PLAN_DOMAIN, PLAN_UPDATE, PLAN_METADATA);

	if (domain == NULL)
		change->action = PLAN_DELETE;
	else if (live_digest == NULL)
		change->action = PLAN_CREATE;
	else if (strcmp(live_digest, domain->digest) == 0) {
		change->action = PLAN_NONE;
		change->class = PLAN_COSMETIC;
	}
	change->scope = "";
	change->name = comparison->domain;
	change->file = domain == NULL ? NULL : domain->path;
}

// The settings that changed, before and after.
static bool note_settings(Comparison *comparison, const PlanDomain *entry, GError **error)
{
	const LayoutDomain *domain = entry->layout;
	g_autoptr(GPtrArray) paths = NULL;
	g_autoptr(GError) failure = NULL;

	if (domain == NULL || entry->live_digest == NULL ||
		strcmp(entry->live_digest, domain->digest) == 0)
		return true;
	g_autofree char *text =
		comparison->live->settings(comparison->live, comparison->domain, &failure);
	if (failure != NULL) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	json_auto_t *before = text == NULL ? NULL : json_loads(text, 0, NULL);
	if (before == NULL)
		return true;
	paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);
	PlanClass class = plan_diff_settings(before, domain->settings, paths);
	if (paths->len == 0)
		return true;
	note_domain(comparison, entry->live_digest, domain);
	PlanChange *change = plan_change_at(comparison->plan, comparison->plan->changes->len - 1);
	change->class = class;
	change->before = g_string_chunk_insert(comparison->plan->strings, text);
	change->settings = domain;
	change->paths = g_steal_pointer(&paths);
	return true;
}

static void move_schedules(Comparison *comparison)
{
	for (guint i = 0; i < comparison->schedules->len; i++) {
		PlanChange *schedule = comparison->schedules->pdata[i];

		g_array_append_vals(comparison->plan->changes, schedule, 1);
	}
}
// Takes back what was noted of a domain that stays as it is after all.
static void forget(Plan *plan, PlanDomain *entry)
{
	g_array_set_size(plan->changes, entry->first);
	entry->count = 0;
}

static bool compare_all(
	Comparison *comparison, const PlanDomain *entry, const GArray *flows, GError **error)
{
	if (!note_settings(comparison, entry, error) ||
		!compare_flows(comparison, entry->layout, flows, error) ||
		!compare_tables(comparison, entry->layout, error))
		return false;
	move_schedules(comparison);
	if (comparison->plan->changes->len == entry->first)
		note_domain(comparison, entry->live_digest, entry->layout);
	return true;
}

bool plan_compare_domain(
	Plan *plan, PlanLive *live, PlanDomain *entry, const GArray *flows, GError **error)
{
	g_autoptr(GPtrArray) schedules = g_ptr_array_new_with_free_func(g_free);
	Comparison comparison = {plan, live, entry->name, schedules};
	GError *failure = NULL;

	entry->first = plan->changes->len;
	if (!compare_all(&comparison, entry, flows, &failure)) {
		forget(plan, entry);
		// An object of the repository that cannot be read is that domain's affair alone.
		if (failure->domain != SOURCE_ERROR) {
			g_propagate_error(error, failure);
			return false;
		}
		plan_fault(plan, entry, DIAGNOSTIC_ERROR, entry->layout->path, 0, 0, "unreadable",
			NULL, failure->message);
		g_error_free(failure);
		return true;
	}
	entry->state = PLAN_DOMAIN_COSMETIC;
	entry->count = plan->changes->len - entry->first;
	for (guint i = 0; i < entry->count; i++) {
		if (plan_change_at(plan, entry->first + i)->action != PLAN_NONE)
			entry->state = PLAN_DOMAIN_CHANGED;
	}
	return true;
}
