#include "reconciler/plan_internal.h"

#include "repo-layout/digest.h"

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
	[PLAN_PROJECT] = "project",
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

static void domain_clear(void *data)
{
	PlanDomain *domain = data;

	g_clear_pointer(&domain->faults, diagnostic_list_free);
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
	g_array_set_clear_func(plan->domains, domain_clear);
	plan->edges = g_array_new(FALSE, FALSE, sizeof(PlanEdge));
	plan->nameless = g_ptr_array_new();
	plan->strays = diagnostic_list_new();
	plan->changes = g_array_new(FALSE, FALSE, sizeof(PlanChange));
	g_array_set_clear_func(plan->changes, change_clear);
	plan->refusals = g_ptr_array_new_with_free_func(refusal_free);
	plan->strings = g_string_chunk_new(4096);
	return plan;
}

void plan_free(Plan *plan)
{
	if (plan == NULL)
		return;
	g_array_unref(plan->domains);
	g_array_unref(plan->edges);
	g_ptr_array_unref(plan->nameless);
	diagnostic_list_free(plan->strays);
	g_array_unref(plan->changes);
	g_ptr_array_unref(plan->refusals);
	g_string_chunk_free(plan->strings);
	arena_clear(&plan->arena);
	layout_unref(plan->layout);
	g_free(plan);
}

void plan_fault(Plan *plan, PlanDomain *domain, DiagnosticSeverity severity, const char *file,
	unsigned line, unsigned column, const char *code, const char *hint, const char *message)
{
	if (domain->faults == NULL)
		domain->faults = diagnostic_list_new();
	diagnostic_add(domain->faults, file, line, column, severity, code, hint, "%s", message);
	if (severity != DIAGNOSTIC_ERROR)
		return;
	domain->state = PLAN_DOMAIN_BROKEN;
	plan->broken = true;
}

// ---- Which domains differ -----------------------------------------------------------------------------------------

// A folder on disk has no ids.
static bool is_same_tree(const SourceId *was, const SourceId *is)
{
	return source_id_is_zero(is) || source_id_equal(was, is);
}

// Whether the digests already say that there is nothing to look into.
static bool is_same(const PlanLiveDomain *was, const LayoutDomain *domain)
{
	if (was == NULL || domain == NULL || domain->broken ||
		(was->digest != domain->digest && strcmp(was->digest, domain->digest) != 0))
		return false;
	return !was->tree_known || is_same_tree(&was->tree, &domain->tree);
}

static const char *const *keep_names(Plan *plan, const char *const *names)
{
	guint length = names == NULL ? 0 : g_strv_length((char **)(uintptr_t)names);
	const char **kept;

	if (names == NULL)
		return NULL;
	kept = arena_take(&plan->arena, (length + 1) * sizeof(*kept));
	for (guint i = 0; i < length; i++)
		kept[i] = g_string_chunk_insert_const(plan->strings, names[i]);
	kept[length] = NULL;
	return kept;
}

static const char *keep(Plan *plan, const char *text)
{
	return text == NULL ? NULL : g_string_chunk_insert_const(plan->strings, text);
}

static PlanDomain *add_domain(
	Plan *plan, const PlanLiveDomain *was, const LayoutDomain *domain, PlanDomainState state)
{
	g_assert(was != NULL || domain != NULL);
	const PlanDomain entry = {
		.name = domain != NULL ? domain->name : keep(plan, was->name),
		.state = state,
		.layout = domain,
		.live_digest = was == NULL ? NULL : keep(plan, was->digest),
		.live_path = was == NULL ? NULL : keep(plan, was->path),
		.live_consumers = was == NULL ? NULL : keep_names(plan, was->consumers),
		.first = plan->changes->len,
	};

	g_array_append_val(plan->domains, entry);
	return plan_domain_at(plan, plan->domains->len - 1);
}

static void note_domain(Plan *plan, const PlanLiveDomain *was, const LayoutDomain *domain)
{
	if (!is_same(was, domain)) {
		bool broken = domain != NULL && domain->broken;

		add_domain(plan, was, domain, broken ? PLAN_DOMAIN_BROKEN : PLAN_DOMAIN_CHANGED);
		plan->broken = plan->broken || broken;
	} else if (was->unsettled) {
		// What is said is what is live again, after a commit that was broken or held.
		add_domain(plan, was, domain, PLAN_DOMAIN_UNCHANGED);
	}
}

// ---- Folders of one name ------------------------------------------------------------------------------------------

static const LayoutClash *find_clash(const Layout *layout, const char *folder)
{
	for (size_t i = 0; i < layout_clashes_length(layout); i++) {
		const LayoutClash *clash = layout_clash_at(layout, i);

		if (clash->same_domain && g_strv_contains(clash->folders, folder))
			return clash;
	}
	return NULL;
}

// Says of each folder but keep (NULL: of all) that it cannot be the domain that another one is.
static void refuse_folders(
	const LayoutClash *clash, const LayoutDomain *keep, DiagnosticList *faults)
{
	for (const char *const *folder = clash->folders; *folder != NULL; folder++) {
		const char *other = keep != NULL	       ? keep->path
				    : folder == clash->folders ? folder[1]
							       : clash->folders[0];
		g_autofree char *file = g_strconcat(*folder, "/domain.yaml", NULL);
		g_autofree char *message = layout_clash_text(clash, *folder, other);

		if (keep != NULL && strcmp(*folder, keep->path) == 0)
			continue;
		diagnostic_add(faults, file, 0, 0, DIAGNOSTIC_ERROR, "duplicate-domain",
			keep != NULL ? "rename this folder: the other one is live"
				     : "rename one of the two folders",
			"%s", message);
	}
}

// Of several folders that name one domain, "a.b" and "a/b", the one that is live goes on, and the others have the fault. When
// none is live, none of them can be told to be the one.
static void note_same_names(Plan *plan, const PlanLiveDomain *was, size_t first, size_t end)
{
	const LayoutDomain *keep = NULL, *domain = layout_domain_at(plan->layout, first);
	const LayoutClash *clash = find_clash(plan->layout, domain->path);
	PlanDomain *entry;

	for (size_t i = first; i < end; i++) {
		const LayoutDomain *one = layout_domain_at(plan->layout, i);

		if (was != NULL && *was->digest != '\0' && g_strcmp0(was->path, one->path) == 0)
			keep = one;
	}
	for (size_t i = first; i < end; i++) {
		if (layout_domain_at(plan->layout, i) != keep)
			g_ptr_array_add(plan->nameless,
				(void *)(uintptr_t)layout_domain_at(plan->layout, i));
	}
	plan->broken = true;
	if (keep != NULL) {
		refuse_folders(clash, keep, plan->strays);
		note_domain(plan, was, keep);
		return;
	}
	entry = add_domain(plan, was, domain, PLAN_DOMAIN_BROKEN);
	entry->faults = diagnostic_list_new();
	refuse_folders(clash, NULL, entry->faults);
}

// The end of the run of domains that have the name of the one at this place.
static size_t end_of_name(const Plan *plan, size_t first)
{
	size_t length = layout_domains_length(plan->layout), end = first + 1;

	if (layout_clashes_length(plan->layout) == 0)
		return end;
	while (end < length && strcmp(layout_domain_at(plan->layout, end)->name,
				       layout_domain_at(plan->layout, first)->name) == 0)
		end++;
	return end;
}

static void note_domains(Plan *plan)
{
	size_t length = layout_domains_length(plan->layout);
	bool alone = layout_clashes_length(plan->layout) == 0;
	size_t i = 0, j = 0;

	while (i < plan->live_domains->len || j < length) {
		const PlanLiveDomain *was =
			i < plan->live_domains->len
				? &g_array_index(plan->live_domains, PlanLiveDomain, i)
				: NULL;
		const LayoutDomain *domain = j < length ? layout_domain_at(plan->layout, j) : NULL;

		// Nearly all, of a large repository: nothing of them is looked at.
		if (alone && was != NULL && was->domain == domain && domain != NULL &&
			!was->unsettled) {
			i++, j++;
			continue;
		}
		int by = MERGE_ORDER(was, domain, strcmp(was->name, domain->name));
		size_t end = by >= 0 ? end_of_name(plan, j) : j;

		was = by <= 0 ? was : NULL;
		domain = by >= 0 ? domain : NULL;
		if (end > j + 1)
			note_same_names(plan, was, j, end);
		else
			note_domain(plan, was, domain);
		i += by <= 0;
		j = end;
	}
}

// ---- What becomes of them -----------------------------------------------------------------------------------------

// Whether anything that may go live can be at odds with another domain at all.
static bool may_conflict(const Plan *plan)
{
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);
		const LayoutDomain *layout = domain->layout;

		if (domain->state == PLAN_DOMAIN_CHANGED &&
			(domain->edges > 0 || domain->live_digest == NULL ||
				(layout != NULL && layout->consumers != NULL)))
			return true;
	}
	return layout_clashes_length(plan->layout) > 0;
}

// The live flows of each domain that differs (GArray *, by index). Of those that stay as they are only when it matters.
static bool note_edges(Plan *plan, PlanLive *live, GPtrArray *flows, GError **error)
{
	g_ptr_array_set_size(flows, (gint)plan->domains->len);
	for (int broken = 0; broken < 2; broken++) {
		if (broken == 1 && !may_conflict(plan))
			return true;
		for (guint i = 0; i < plan->domains->len; i++) {
			PlanDomain *domain = plan_domain_at(plan, i);

			if (domain->edges_known || domain->state == PLAN_DOMAIN_UNCHANGED ||
				(broken == 0) != (domain->state == PLAN_DOMAIN_CHANGED))
				continue;
			flows->pdata[i] = plan_list_flows(live, domain->name, error);
			if (flows->pdata[i] == NULL)
				return false;
			plan_note_edges(plan, live, domain, flows->pdata[i]);
		}
	}
	return true;
}

// A domain that could not be compared to the end stays as it is: then others may not fit any more.
static void drop_changes(Plan *plan, PlanDomain *domain)
{
	if (domain->count == 0)
		return;
	g_array_remove_range(plan->changes, domain->first, domain->count);
	for (guint i = 0; i < plan->domains->len; i++) {
		PlanDomain *other = plan_domain_at(plan, i);

		if (other->first > domain->first)
			other->first -= domain->count;
	}
	domain->count = 0;
}

static guint count_staying(const Plan *plan)
{
	guint count = 0;

	for (guint i = 0; i < plan->domains->len; i++)
		count += plan_stays(plan_domain_at(plan, i));
	return count;
}

static void free_list(void *list)
{
	if (list != NULL)
		g_array_unref(list);
}

static bool compare_domains(Plan *plan, PlanLive *live, GError **error)
{
	g_autoptr(GPtrArray) flows = g_ptr_array_new_with_free_func(free_list);
	guint staying;

	note_domains(plan);
	if (!note_edges(plan, live, flows, error))
		return false;
	if (may_conflict(plan))
		plan_blame(plan);
	staying = count_staying(plan);
	for (guint i = 0; i < plan->domains->len; i++) {
		PlanDomain *domain = plan_domain_at(plan, i);

		domain->first = plan->changes->len;
		if (domain->state == PLAN_DOMAIN_CHANGED &&
			!plan_compare_domain(plan, live, domain, flows->pdata[i], error))
			return false;
	}
	if (count_staying(plan) == staying)
		return true;
	plan_blame(plan);
	for (guint i = 0; i < plan->domains->len; i++) {
		if (plan_stays(plan_domain_at(plan, i)))
			drop_changes(plan, plan_domain_at(plan, i));
	}
	return true;
}

void plan_live_mark(const PlanLiveDomain *domain, uint8_t mark[PLAN_MARK_SIZE])
{
	Sha256 sha;

	if (*domain->digest == '\0') {
		memset(mark, 0, PLAN_MARK_SIZE);
		return;
	}
	sha256_begin(&sha);
	sha256_add(&sha, domain->name, strlen(domain->name) + 1);
	sha256_add(&sha, domain->digest, strlen(domain->digest) + 1);
	sha256_end_bytes(&sha, mark);
}

// Domains of which nothing is live do not count.
static void make_live_digest(const GByteArray *marks, char ret[PLAN_DIGEST_SIZE])
{
	static const uint8_t nothing[PLAN_MARK_SIZE];
	Sha256 sha;

	sha256_begin(&sha);
	for (guint at = 0; at < marks->len; at += PLAN_MARK_SIZE) {
		if (memcmp(marks->data + at, nothing, PLAN_MARK_SIZE) != 0)
			sha256_add(&sha, marks->data + at, PLAN_MARK_SIZE);
	}
	sha256_end(&sha, ret);
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

	plan->live_domains = live->domains(live, error);
	if (plan->live_domains == NULL)
		return NULL;
	make_live_digest(live->marks(live), plan->live_digest);
	g_strlcpy(plan->layout_digest, layout_digest(layout), PLAN_DIGEST_SIZE);
	// Errors in weir.yaml itself: nothing of this commit can be trusted to mean what it says.
	plan->broken = layout_broken(layout);
	if (!plan->broken &&
		!(plan_compare_project(plan, live, error) && compare_domains(plan, live, error)))
		return NULL;
	// A folder that is no domain and should be one is not live either.
	if (diagnostic_list_errors(layout_project_diagnostics(layout)) > 0)
		plan->broken = true;
	return g_steal_pointer(&plan);
}

guint plan_count(const Plan *plan, PlanAction action)
{
	const PlanChange *project = plan_project_change(plan);
	guint count = project != NULL && project->action == action;

	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		if (domain->state == PLAN_DOMAIN_HELD)
			continue;
		for (guint j = 0; j < domain->count; j++)
			count += plan_change_at(plan, domain->first + j)->action == action;
	}
	return count;
}

guint plan_count_held(const Plan *plan)
{
	guint count = 0;

	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		if (domain->state == PLAN_DOMAIN_HELD)
			count += domain->count;
	}
	return count;
}

bool plan_is_empty(const Plan *plan)
{
	return plan_count(plan, PLAN_NONE) == plan->changes->len;
}

char *plan_change_address(const PlanChange *change)
{
	const char *resource = plan_resource_name(change->resource);

	if (*change->scope == '\0')
		return g_strdup_printf("%s.%s", resource, change->name);
	if (change->trigger != NULL)
		return g_strdup_printf(
			"%s.%s.%s.%s", resource, change->scope, change->name, change->trigger);
	return g_strdup_printf("%s.%s.%s", resource, change->scope, change->name);
}

DiagnosticList *plan_domain_diagnostics(const PlanDomain *domain)
{
	DiagnosticList *list = diagnostic_list_new();

	if (domain->layout != NULL)
		diagnostic_list_append(list, domain->layout->diagnostics);
	diagnostic_list_append(list, domain->faults);
	diagnostic_list_sort(list);
	return list;
}

DiagnosticList *plan_project_diagnostics(const Plan *plan)
{
	DiagnosticList *list = diagnostic_list_new();

	diagnostic_list_append(list, layout_project_diagnostics(plan->layout));
	diagnostic_list_append(list, plan->strays);
	diagnostic_list_sort(list);
	return list;
}

DiagnosticList *plan_diagnostics(const Plan *plan)
{
	DiagnosticList *list;

	// A broken project lists no domain, and every fault may be its cause.
	if (layout_broken(plan->layout))
		return layout_diagnostics(plan->layout);
	list = plan_project_diagnostics(plan);
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		if (domain->layout != NULL)
			diagnostic_list_append(list, domain->layout->diagnostics);
		diagnostic_list_append(list, domain->faults);
	}
	diagnostic_list_sort(list);
	return list;
}
