#include "reconciler/plan_internal.h"

#include <string.h>

static const char *const ACTION_NAMES[] = {
	[PLAN_NONE] = "no-op",
	[PLAN_CREATE] = "create",
	[PLAN_UPDATE] = "update",
	[PLAN_REPLACE] = "replace",
	[PLAN_DELETE] = "delete",
};

static const char *const CLASS_NAMES[] = {
	[PLAN_COSMETIC] = "cosmetic",
	[PLAN_METADATA] = "metadata",
	[PLAN_NON_BREAKING] = "non-breaking",
	[PLAN_BREAKING] = "breaking",
};

static const char *const RESOURCE_NAMES[] = {
	[PLAN_DOMAIN] = "domain",
	[PLAN_FLOW] = "flow",
	[PLAN_TABLE] = "table",
	[PLAN_VIEW] = "view",
	[PLAN_SCHEDULE] = "schedule",
};

static const char *const STATE_NAMES[] = {
	[PLAN_DOMAIN_UNCHANGED] = "unchanged",
	[PLAN_DOMAIN_CHANGED] = "changed",
	[PLAN_DOMAIN_COSMETIC] = "cosmetic",
	[PLAN_DOMAIN_BROKEN] = "broken",
	[PLAN_DOMAIN_HELD] = "held",
};

const char *plan_action_name(PlanAction action)
{
	return ACTION_NAMES[action];
}

const char *plan_class_name(PlanClass class)
{
	return CLASS_NAMES[class];
}

const char *plan_resource_name(PlanResource resource)
{
	return RESOURCE_NAMES[resource];
}

const char *plan_domain_state_name(PlanDomainState state)
{
	return STATE_NAMES[state];
}

void plan_live_free(PlanLive *live)
{
	if (live != NULL)
		live->free(live);
}

static void change_clear(void *data)
{
	PlanChange *change = data;

	g_clear_pointer(&change->paths, g_ptr_array_unref);
}

static void refusal_free(void *data)
{
	PlanRefusal *refusal = data;

	g_free(refusal->address);
	g_free(refusal->message);
	g_free(refusal->hint);
	g_free(refusal);
}

static Plan *plan_new(Layout *layout)
{
	Plan *plan = g_new0(Plan, 1);

	plan->layout = layout_ref(layout);
	plan->domains = g_array_new(FALSE, FALSE, sizeof(PlanDomain));
	plan->changes = g_array_new(FALSE, FALSE, sizeof(PlanChange));
	g_array_set_clear_func(plan->changes, change_clear);
	plan->refusals = g_ptr_array_new_with_free_func(refusal_free);
	plan->live_domains = g_array_new(FALSE, FALSE, sizeof(PlanLiveDomain));
	plan->strings = g_string_chunk_new(4096);
	return plan;
}

void plan_free(Plan *plan)
{
	if (plan == NULL)
		return;
	g_array_unref(plan->domains);
	g_array_unref(plan->changes);
	g_ptr_array_unref(plan->refusals);
	g_array_unref(plan->live_domains);
	g_string_chunk_free(plan->strings);
	layout_unref(plan->layout);
	g_free(plan);
}

// ---- Comparing one domain -----------------------------------------------------------------------------------------

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

bool plan_may_have_trigger(const char *definition, const char *type)
{
	g_autofree char *pattern = g_strdup_printf("\"%s\"", type);

	return strstr(definition, pattern) != NULL;
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
	change->reruns = false;
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

static bool create_flow(Comparison *comparison, const LayoutFlow *flow, GError **error)
{
	PlanChange *change = change_new(comparison, PLAN_FLOW, PLAN_CREATE, PLAN_NON_BREAKING);

	change->scope = flow->namespace;
	change->name = flow->id;
	change->file = flow->path;
	change->flow = flow;
	change->reruns = flow->kind == LAYOUT_FLOW_GENERATED;
	g_autofree char *definition = layout_flow_definition(comparison->plan->layout, flow, error);
	if (definition == NULL)
		return false;
	if (plan_may_have_trigger(definition, "schedule")) {
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
	json_t *before = parse(old);
	json_t *after = parse(new);
	change->before = keep(comparison, old);
	change->class = plan_diff_definitions(before, after, change->paths);
	if (change->class == PLAN_COSMETIC) {
		g_ptr_array_add(
			change->paths, plan_path_new("scripts", NULL, NULL, PLAN_NON_BREAKING));
		change->class = PLAN_NON_BREAKING;
	}
	change->reruns = flow->kind == LAYOUT_FLOW_GENERATED && change->class >= PLAN_NON_BREAKING;
	compare_schedules(comparison, change, before, after);
	json_decref(before);
	json_decref(after);
	return true;
}

// A folder on disk has no ids.
static bool is_known(const SourceId *id)
{
	static const SourceId none;

	return !source_id_equal(id, &none);
}

// The same meaning in another text.
static void note_cosmetic(Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow)
{
	if (!was->blob_known ||
		(source_id_equal(&was->blob, &flow->blob) && g_strcmp0(was->path, flow->path) == 0))
		return;
	PlanChange *change = change_new(comparison, PLAN_FLOW, PLAN_NONE, PLAN_COSMETIC);
	change->scope = flow->namespace;
	change->name = flow->id;
	change->file = flow->path;
	change->flow = flow;
	change->live_revision = was->revision;
}

static int order(const char *a, const char *b, const char *c, const char *d)
{
	int by_name = a == c ? 0 : strcmp(a, c);

	return by_name != 0 || b == d ? by_name : strcmp(b, d);
}

static int order_live_flows(const void *left, const void *right)
{
	const PlanLiveFlow *a = left, *b = right;

	return order(a->id, a->namespace, b->id, b->namespace);
}

static int order_flows(const void *left, const void *right)
{
	const LayoutFlow *const *a = left, *const *b = right;

	return order((*a)->id, (*a)->namespace, (*b)->id, (*b)->namespace);
}

// Sorts only what is not in order: the usual case costs one pass.
static void ensure_sorted(
	void *base, size_t length, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < length; i++) {
		if (compare((char *)base + (i - 1) * size, (char *)base + i * size) > 0) {
			qsort(base, length, size, compare);
			return;
		}
	}
}

static bool compare_flow(
	Comparison *comparison, const PlanLiveFlow *was, const LayoutFlow *flow, GError **error)
{
	if (was->digest != flow->digest && strcmp(was->digest, flow->digest) != 0)
		return update_flow(comparison, was, flow, error);
	note_cosmetic(comparison, was, flow);
	return true;
}

// Where the left and right list stand to each other when both are walked in order: negative, take the left one alone;
// positive, the right one; zero, both. An absent one comes last.
#define MERGE_ORDER(left, right, compare) ((left) == NULL ? 1 : (right) == NULL ? -1 : (compare))

static bool compare_flows(Comparison *comparison, const LayoutDomain *domain, GError **error)
{
	g_autoptr(GArray) live = g_array_new(FALSE, FALSE, sizeof(PlanLiveFlow));
	size_t length = domain == NULL ? 0 : domain->flows_length;
	g_autofree const LayoutFlow **flows =
		length == 0 ? NULL : g_memdup2(domain->flows, length * sizeof(*flows));
	size_t i = 0, j = 0;

	if (!comparison->live->flows(comparison->live, comparison->domain, live, error))
		return false;
	ensure_sorted(live->data, live->len, sizeof(PlanLiveFlow), order_live_flows);
	ensure_sorted(flows, length, sizeof(*flows), order_flows);
	while (i < live->len || j < length) {
		const PlanLiveFlow *was =
			i < live->len ? &g_array_index(live, PlanLiveFlow, i) : NULL;
		const LayoutFlow *flow = j < length ? flows[j] : NULL;
		int by = MERGE_ORDER(
			was, flow, order(was->id, was->namespace, flow->id, flow->namespace));
		bool good = true;

		if (flow != NULL && by > 0)
			good = create_flow(comparison, flow, error);
		else if (was != NULL && by < 0)
			good = delete_flow(comparison, was, error);
		else if (was != NULL && flow != NULL)
			good = compare_flow(comparison, was, flow, error);
		if (!good)
			return false;
		i += by <= 0;
		j += by >= 0;
	}
	return true;
}

// ---- Tables -------------------------------------------------------------------------------------------------------

static int order_live_tables(const void *left, const void *right)
{
	const PlanLiveTable *a = left, *b = right;

	return order(a->dataset, a->name, b->dataset, b->name);
}

static int order_tables(const void *left, const void *right)
{
	const LayoutTable *const *a = left, *const *b = right;

	return order((*a)->dataset, (*a)->name, (*b)->dataset, (*b)->name);
}

static PlanChange *table_change(Comparison *comparison, PlanAction action, PlanClass class,
	const PlanLiveTable *was, const LayoutTable *table)
{
	bool view = table != NULL ? table->kind == LAYOUT_VIEW : was->view;
	PlanChange *change = change_new(comparison, view ? PLAN_VIEW : PLAN_TABLE, action, class);

	change->scope = table != NULL ? table->dataset : keep(comparison, was->dataset);
	change->name = table != NULL ? table->name : keep(comparison, was->name);
	change->file = table != NULL ? table->path : keep(comparison, was->path);
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

static bool compare_tables(Comparison *comparison, const LayoutDomain *domain, GError **error)
{
	g_autoptr(GArray) live = g_array_new(FALSE, FALSE, sizeof(PlanLiveTable));
	size_t length = domain == NULL ? 0 : domain->tables_length;
	g_autofree const LayoutTable **tables =
		length == 0 ? NULL : g_memdup2(domain->tables, length * sizeof(*tables));
	size_t i = 0, j = 0;

	if (!comparison->live->tables(comparison->live, comparison->domain, live, error))
		return false;
	ensure_sorted(live->data, live->len, sizeof(PlanLiveTable), order_live_tables);
	ensure_sorted(tables, length, sizeof(*tables), order_tables);
	while (i < live->len || j < length) {
		const PlanLiveTable *was =
			i < live->len ? &g_array_index(live, PlanLiveTable, i) : NULL;
		const LayoutTable *table = j < length ? tables[j] : NULL;
		int by = MERGE_ORDER(
			was, table, order(was->dataset, was->name, table->dataset, table->name));

		if (table != NULL && by > 0)
			table_change(comparison, PLAN_CREATE, PLAN_NON_BREAKING, NULL, table);
		else if (was != NULL && by < 0)
			table_change(comparison, PLAN_DELETE, PLAN_BREAKING, was, NULL);
		else if (was != NULL && table != NULL)
			update_table(comparison, was, table);
		i += by <= 0;
		j += by >= 0;
	}
	return true;
}

// ---- Comparing all of it ------------------------------------------------------------------------------------------

// The domain's own settings, or a file that makes no flow by itself, have changed; or the domain has no flows at all.
static void note_domain(
	Comparison *comparison, const PlanLiveDomain *was, const LayoutDomain *domain)
{
	PlanChange *change = change_new(comparison, PLAN_DOMAIN, PLAN_UPDATE, PLAN_METADATA);

	if (domain == NULL)
		change->action = PLAN_DELETE;
	else if (was == NULL)
		change->action = PLAN_CREATE;
	else if (strcmp(was->digest, domain->digest) == 0) {
		change->action = PLAN_NONE;
		change->class = PLAN_COSMETIC;
	}
	change->scope = "";
	change->name = comparison->domain;
	change->file = domain == NULL ? NULL : domain->path;
}

static void move_schedules(Comparison *comparison)
{
	for (guint i = 0; i < comparison->schedules->len; i++) {
		PlanChange *schedule = comparison->schedules->pdata[i];

		g_array_append_vals(comparison->plan->changes, schedule, 1);
	}
}

static bool compare_domain(Plan *plan, PlanLive *live, const PlanLiveDomain *was,
	const LayoutDomain *domain, GError **error)
{
	const char *name = domain != NULL ? domain->name : was != NULL ? was->name : "";
	g_autoptr(GPtrArray) schedules = g_ptr_array_new_with_free_func(g_free);
	Comparison comparison = {plan, live, name, schedules};
	PlanDomain entry = {
		.name = name,
		.layout = domain,
		.live_digest = was == NULL ? NULL : was->digest,
		.live_path = was == NULL ? NULL : keep(&comparison, was->path),
		.first = plan->changes->len,
	};

	if (domain != NULL && domain->broken) {
		entry.state = PLAN_DOMAIN_BROKEN;
		plan->broken = true;
	} else {
		if (!compare_flows(&comparison, domain, error) ||
			!compare_tables(&comparison, domain, error))
			return false;
		move_schedules(&comparison);
		if (plan->changes->len == entry.first)
			note_domain(&comparison, was, domain);
		entry.state = PLAN_DOMAIN_COSMETIC;
	}
	entry.count = plan->changes->len - entry.first;
	for (guint i = 0; i < entry.count; i++) {
		if (plan_change_at(plan, entry.first + i)->action != PLAN_NONE)
			entry.state = PLAN_DOMAIN_CHANGED;
	}
	g_array_append_val(plan->domains, entry);
	return true;
}

// Whether the digests already say that there is nothing to look into.
static bool is_same(const PlanLiveDomain *was, const LayoutDomain *domain)
{
	if (was == NULL || domain == NULL || domain->broken ||
		(was->digest != domain->digest && strcmp(was->digest, domain->digest) != 0))
		return false;
	return !was->tree_known || !is_known(&domain->tree) ||
	       source_id_equal(&was->tree, &domain->tree);
}

// What is said is what is live again, after a commit that was broken or held.
static void note_settled(Plan *plan, const PlanLiveDomain *was, const LayoutDomain *domain)
{
	const PlanDomain entry = {
		.name = domain->name,
		.state = PLAN_DOMAIN_UNCHANGED,
		.layout = domain,
		.live_digest = was->digest,
		.first = plan->changes->len,
	};

	if (was->unsettled)
		g_array_append_val(plan->domains, entry);
}

static bool compare_domains(Plan *plan, PlanLive *live, GError **error)
{
	size_t length = layout_domains_length(plan->layout);
	size_t i = 0, j = 0;

	while (i < plan->live_domains->len || j < length) {
		const PlanLiveDomain *was =
			i < plan->live_domains->len
				? &g_array_index(plan->live_domains, PlanLiveDomain, i)
				: NULL;
		const LayoutDomain *domain = j < length ? layout_domain_at(plan->layout, j) : NULL;
		int by = MERGE_ORDER(was, domain, strcmp(was->name, domain->name));

		was = by <= 0 ? was : NULL;
		domain = by >= 0 ? domain : NULL;
		if (is_same(was, domain))
			note_settled(plan, was, domain);
		else if (!compare_domain(plan, live, was, domain, error))
			return false;
		i += by <= 0;
		j += by >= 0;
	}
	return true;
}

void plan_live_digest(const GArray *domains, char ret[PLAN_DIGEST_SIZE])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	for (guint i = 0; i < domains->len; i++) {
		const PlanLiveDomain *domain = &g_array_index(domains, PlanLiveDomain, i);

		if (*domain->digest == '\0')
			continue;
		g_checksum_update(
			sum, (const guchar *)domain->name, (gssize)strlen(domain->name) + 1);
		g_checksum_update(
			sum, (const guchar *)domain->digest, (gssize)strlen(domain->digest) + 1);
	}
	g_strlcpy(ret, g_checksum_get_string(sum), PLAN_DIGEST_SIZE);
}

void plan_digest(const Plan *plan, char ret[PLAN_DIGEST_SIZE])
{
	g_autofree char *text = g_strdup_printf("weir plan %d\n%s\n%s\n", PLAN_FORMAT_VERSION,
		plan->layout_digest, plan->live_digest);
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

	g_strlcpy(ret, digest, PLAN_DIGEST_SIZE);
}

Plan *plan_compute(Layout *layout, PlanLive *live, GError **error)
{
	g_autoptr(Plan) plan = plan_new(layout);

	if (!live->domains(live, plan->live_domains, error))
		return NULL;
	for (guint i = 0; i < plan->live_domains->len; i++) {
		PlanLiveDomain *domain = &g_array_index(plan->live_domains, PlanLiveDomain, i);

		domain->name = g_string_chunk_insert(plan->strings, domain->name);
		domain->digest = g_string_chunk_insert(plan->strings, domain->digest);
	}
	plan_live_digest(plan->live_domains, plan->live_digest);
	g_strlcpy(plan->layout_digest, layout_digest(layout), PLAN_DIGEST_SIZE);
	// Errors in weir.yaml itself: nothing of this commit can be trusted to mean what it says.
	plan->broken = layout_broken(layout);
	if (!plan->broken && !compare_domains(plan, live, error))
		return NULL;
	return g_steal_pointer(&plan);
}

guint plan_count(const Plan *plan, PlanAction action)
{
	guint count = 0;

	for (guint i = 0; i < plan->changes->len; i++)
		count += plan_change_at(plan, i)->action == action;
	return count;
}

bool plan_is_empty(const Plan *plan)
{
	return plan_count(plan, PLAN_NONE) == plan->changes->len;
}

char *plan_change_address(const PlanChange *change)
{
	const char *resource = plan_resource_name(change->resource);

	if (change->resource == PLAN_DOMAIN)
		return g_strdup_printf("%s.%s", resource, change->name);
	if (change->trigger != NULL)
		return g_strdup_printf(
			"%s.%s.%s.%s", resource, change->scope, change->name, change->trigger);
	return g_strdup_printf("%s.%s.%s", resource, change->scope, change->name);
}

DiagnosticList *plan_diagnostics(const Plan *plan)
{
	DiagnosticList *list = diagnostic_list_new();
	const DiagnosticList *project = layout_project_diagnostics(plan->layout);

	// A broken project lists no domain, and every fault may be its cause.
	if (layout_broken(plan->layout)) {
		diagnostic_list_free(list);
		return layout_diagnostics(plan->layout);
	}
	if (project != NULL)
		diagnostic_list_append(list, project);
	for (guint i = 0; i < plan->domains->len; i++) {
		const LayoutDomain *domain = plan_domain_at(plan, i)->layout;

		if (domain != NULL && domain->diagnostics != NULL)
			diagnostic_list_append(list, domain->diagnostics);
	}
	diagnostic_list_sort(list);
	return list;
}
