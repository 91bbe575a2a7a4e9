#include "reconciler/plan_apply.h"

#include "reconciler/apply_flow.h"
#include "reconciler/drift.h"
#include "reconciler/plan_internal.h"
#include "store/cache.h"
#include "store/drift.h"
#include "store/table.h"
#include "store/timestamp.h"

#include <string.h>

G_DEFINE_QUARK(weir_apply_error, apply_error)

enum {
	// Changes in one transaction: a first apply of many domains packs them, so that it does not wait for the disk once a
	// domain, and lets go of the store for others every so often.
	BATCH_CHANGES = 5000,
};

// One apply as it goes on.
typedef struct {
	const ApplyOptions *options;
	const Plan *plan;
	ApplyOutcome *outcome;
	int64_t applied; // number of the transaction
	bool first; // nothing was live before this apply, and nobody else has applied since
	int64_t now;
} Apply;

static bool refuse_stale(const PlanDomain *domain, GError **error)
{
	g_set_error(error, APPLY_ERROR, APPLY_ERROR_STALE,
		"domain '%s' has changed since the plan was made; make a new plan", domain->name);
	return false;
}

static void note_error(GError **first, GError *error)
{
	if (*first == NULL)
		*first = error;
	else
		g_error_free(error);
}

// ---- One domain ---------------------------------------------------------------------------------------------------

static bool is_table(const PlanChange *change)
{
	return change->resource == PLAN_TABLE || change->resource == PLAN_VIEW;
}

static bool apply_flow_change(
	Apply *apply, const PlanDomain *domain, const PlanChange *change, GError **error)
{
	Store *store = apply->options->store;

	if (change->action == PLAN_DELETE)
		return store_flow_delete(store, change->scope, change->name, apply->applied, error);
	const FlowApply how = {
		apply->options->commit, apply->applied, change->builds, apply->first, false};
	if (!apply_flow(store, apply->plan->layout, domain->layout, change->flow, &how, error))
		return false;
	// The table's row names the script's file and flow, which may have moved.
	const char *target = change->action == PLAN_CREATE ? NULL : change->flow->target;
	const char *dot = target == NULL ? NULL : strchr(target, '.');
	if (dot == NULL)
		return true;
	g_autofree char *dataset = g_strndup(target, (gsize)(dot - target));
	const LayoutTable *table = layout_domain_table_find(domain->layout, dataset, dot + 1);
	return table == NULL || apply_table(store, table, false, error);
}

// The table itself is never dropped: what a commit no longer names is reported as an orphan.
static bool apply_table_change(Apply *apply, const PlanChange *change, GError **error)
{
	if (change->action != PLAN_DELETE)
		return apply_table(apply->options->store, change->table, apply->first, error);
	g_autofree char *name = g_strdup_printf("%s.%s", change->scope, change->name);
	return store_table_delete(apply->options->store, name, error);
}

static bool apply_change(
	Apply *apply, const PlanDomain *domain, const PlanChange *change, GError **error)
{
	if (change->resource == PLAN_FLOW)
		return apply_flow_change(apply, domain, change, error);
	if (is_table(change))
		return apply_table_change(apply, change, error);
	return true; // a domain's settings are in its row, a schedule in its flow
}

static void count_change(ApplyOutcome *outcome, const PlanChange *change)
{
	switch (change->action) {
	case PLAN_NONE: outcome->cosmetic++; break;
	case PLAN_CREATE: outcome->created++; break;
	case PLAN_UPDATE:
	case PLAN_REPLACE: outcome->updated++; break;
	case PLAN_DELETE: outcome->deleted++; break;
	default: break;
	}
}

static char *diagnostics_text(const DiagnosticList *diagnostics)
{
	if (diagnostics == NULL || diagnostic_list_length(diagnostics) == 0)
		return NULL;
	json_t *list = diagnostic_list_json(diagnostics);
	char *text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static void set_text(char **place, const char *text)
{
	g_free(*place);
	*place = g_strdup(text);
}

// The domain's row, made when it is new. The caller frees it.
static bool get_row(Apply *apply, const PlanDomain *domain, StoreDomain **ret_row, GError **error)
{
	if (!store_domain_get(apply->options->store, domain->name, ret_row, error))
		return false;
	if (*ret_row == NULL) {
		*ret_row = g_new0(StoreDomain, 1);
		(*ret_row)->name = g_strdup(domain->name);
		(*ret_row)->source = g_strdup(apply->options->source);
		(*ret_row)->health = HEALTH_HEALTHY;
	}
	const char *live =
		(*ret_row)->deleted_at == 0 && (*ret_row)->digest != NULL ? (*ret_row)->digest : "";
	if (strcmp(live, domain->live_digest != NULL ? domain->live_digest : "") == 0)
		return true;
	g_clear_pointer(ret_row, store_domain_free);
	return refuse_stale(domain, error);
}

// Everything that says who a domain is, live or not.
static void describe(StoreDomain *row, const LayoutDomain *layout, bool live)
{
	// Of a domain that stays as it was, its path goes on saying what it was made from.
	if (live || row->digest == NULL)
		set_text(&row->path, layout->path);
	set_text(&row->owner, layout->owner);
	set_text(&row->contact, layout->contact);
	set_text(&row->description, layout->description);
	set_text(&row->connection, layout->connection);
	set_text(&row->dataset, layout->dataset);
}

static void set_diagnostics(StoreDomain *row, const PlanDomain *domain)
{
	g_autoptr(DiagnosticList) all = plan_domain_diagnostics(domain);

	g_free(row->diagnostics);
	row->diagnostics = diagnostics_text(all);
}

static void make_live(Apply *apply, StoreDomain *row, const PlanDomain *domain)
{
	const LayoutDomain *layout = domain->layout;
	char tree[41];

	source_id_text(&layout->tree, tree);
	describe(row, layout, true);
	set_diagnostics(row, domain);
	set_text(&row->tree, tree);
	set_text(&row->digest, layout->digest);
	set_text(&row->scripts_tree, layout->scripts_tree);
	set_text(&row->commit_live, apply->options->commit);
	set_text(&row->commit_wanted, apply->options->commit);
	set_text(&row->message, NULL);
	g_free(row->settings);
	row->settings = layout->settings == NULL
				? NULL
				: json_dumps(layout->settings, JSON_COMPACT | JSON_SORT_KEYS);
	row->sync = SYNC_SYNCED;
	row->synced_at = apply->now;
	row->deleted_at = 0;
}

static void make_gone(Apply *apply, StoreDomain *row)
{
	set_text(&row->tree, NULL);
	set_text(&row->digest, NULL);
	set_text(&row->scripts_tree, NULL);
	set_text(&row->commit_live, apply->options->commit);
	set_text(&row->commit_wanted, apply->options->commit);
	set_text(&row->message, NULL);
	set_text(&row->diagnostics, NULL);
	row->sync = SYNC_SYNCED;
	row->synced_at = apply->now;
	row->deleted_at = apply->now;
}

static char *refusals_text(const Plan *plan, const char *domain)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];

		if (refusal->domain == NULL || strcmp(refusal->domain, domain) == 0)
			g_string_append_printf(text, "%s%s (%s)", text->len == 0 ? "" : "; ",
				refusal->message, refusal->hint);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

// A domain that had gone is there again, with nothing live yet.
static void come_back(StoreDomain *row)
{
	if (row->deleted_at == 0)
		return;
	row->deleted_at = 0;
	row->synced_at = 0;
	set_text(&row->commit_live, NULL);
}

// What is live of the domain stays; its row says why.
static bool keep_domain(Apply *apply, const PlanDomain *domain, GError **error)
{
	g_autoptr(StoreDomain) row = NULL;

	if (!get_row(apply, domain, &row, error))
		return false;
	if (domain->layout != NULL) {
		come_back(row);
		describe(row, domain->layout, false);
	}
	set_diagnostics(row, domain);
	set_text(&row->commit_wanted, apply->options->commit);
	g_free(row->message);
	if (domain->state == PLAN_DOMAIN_HELD) {
		row->message = refusals_text(apply->plan, domain->name);
		apply->outcome->domains_held++;
	} else {
		g_autoptr(DiagnosticList) all = plan_domain_diagnostics(domain);
		size_t faults = diagnostic_list_errors(all);

		row->message = g_strdup_printf("%zu fault%s in its files: what was live stays",
			faults, faults == 1 ? "" : "s");
		apply->outcome->domains_broken++;
	}
	row->sync = SYNC_OUT_OF_SYNC;
	return store_domain_put(apply->options->store, row, error);
}

// What the look at its health would find: so that the row need not be written twice.
static void note_progress(Apply *apply, StoreDomain *row, const PlanDomain *domain)
{
	for (guint i = 0; i < domain->count && row->health == HEALTH_HEALTHY; i++) {
		const PlanChange *change = plan_change_at(apply->plan, domain->first + i);

		if (change->reruns)
			row->health = HEALTH_PROGRESSING;
	}
}

static bool apply_domain(Apply *apply, const PlanDomain *domain, GError **error)
{
	g_autoptr(StoreDomain) row = NULL;

	if (domain->state == PLAN_DOMAIN_BROKEN || domain->state == PLAN_DOMAIN_HELD)
		return keep_domain(apply, domain, error);
	if (!get_row(apply, domain, &row, error))
		return false;
	if (domain->layout != NULL &&
		!apply_scripts(apply->options->store, apply->plan->layout, domain->layout, error))
		return false;
	for (guint i = 0; i < domain->count; i++) {
		const PlanChange *change = plan_change_at(apply->plan, domain->first + i);

		if (!apply_change(apply, domain, change, error))
			return false;
		count_change(apply->outcome, change);
	}
	if (domain->layout != NULL) {
		make_live(apply, row, domain);
		note_progress(apply, row, domain);
	} else {
		make_gone(apply, row);
	}
	apply->outcome->domains_applied++;
	return store_domain_put(apply->options->store, row, error);
}

// ---- Flows that were edited in the store --------------------------------------------------------------------------

static bool stays_behind(const Plan *plan, const char *domain)
{
	for (guint i = 0; i < plan->domains->len; i++) {
		if (strcmp(plan_domain_at(plan, i)->name, domain) == 0)
			return plan_stays(plan_domain_at(plan, i));
	}
	return false;
}

// Makes it what the commit says, or prunes it when the commit has none of that name.
static bool rewrite_flow(
	Apply *apply, const DriftItem *item, const LayoutFlow *flow, GError **error)
{
	Store *store = apply->options->store;
	const FlowApply how = {
		.commit = apply->options->commit, .applied = apply->applied, .mends = true};

	if (flow == NULL)
		return store_flow_delete(store, item->namespace, item->id, apply->applied, error);
	return apply_flow(store, apply->plan->layout,
		layout_domain_find(apply->plan->layout, flow->domain), flow, &how, error);
}

// The history has when it was found and when it ended, also when nobody had looked before.
static bool restore_flow(
	Apply *apply, const DriftItem *item, const LayoutFlow *flow, GError **error)
{
	Store *store = apply->options->store;
	const char *kind = drift_kind_name(item->kind);
	const StoreDrift row = {.kind = (char *)(uintptr_t)kind,
		.resource = item->resource,
		.domain = item->domain,
		.summary = item->summary,
		.diff = item->diff};

	apply->outcome->restored++;
	return store_drift_begin(store, &row, NULL, error) &&
	       rewrite_flow(apply, item, flow, error) &&
	       store_drift_resolve(store, kind, item->resource, "restored", 0, NULL, error);
}

// What a broken or held domain had before is in no file any more: it waits until the domain goes live again.
static bool restore_flows(Apply *apply, GError **error)
{
	const GPtrArray *edited = apply->options->edited;
	const Plan *plan = apply->plan;
	bool good = true;

	if (edited == NULL || layout_broken(plan->layout))
		return true;
	for (guint i = 0; good && i < edited->len; i++) {
		const DriftItem *item = edited->pdata[i];
		const LayoutFlow *flow = layout_flow_find(plan->layout, item->namespace, item->id);

		if (!stays_behind(plan, flow != NULL ? flow->domain : item->domain))
			good = restore_flow(apply, item, flow, error);
	}
	return good;
}

// ---- Transactions -------------------------------------------------------------------------------------------------

typedef struct {
	bool (*call)(const ApplyOutcome *outcome, void *data, GError **error);
	void *data;
} Finish;

// Takes the transaction's number, and finds out whether all that it puts is the first of its name.
static bool begin_number(Apply *apply, GError **error)
{
	Store *store = apply->options->store;
	int64_t previous = apply->applied;
	bool empty = false;

	if (!store_apply_begin(store, &apply->applied, error))
		return false;
	if (apply->first && apply->applied == previous + 1)
		return true;
	bool good = store_live_is_empty(store, &empty, error);
	apply->first = empty;
	return good;
}

// Domains first … end-1, all of them or none. finish NULL: more transactions follow.
static bool apply_transaction(
	Apply *apply, guint first, guint end, const Finish *finish, GError **error)
{
	Store *store = apply->options->store;
	const ApplyOutcome before = *apply->outcome;
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	bool good = transaction != NULL && begin_number(apply, error);

	// Before the first flow that may name a new one.
	if (good && first == 0 && !layout_broken(apply->plan->layout))
		good = apply_connections(
			       store, apply->plan->layout, apply->options->environment, error) &&
		       apply_variables(
			       store, apply->plan->layout, apply->options->environment, error);
	for (guint i = first; good && i < end; i++)
		good = apply_domain(apply, plan_domain_at(apply->plan, i), error);
	// Its settings are the commit's, and written with it.
	if (good && finish != NULL && plan_project_change(apply->plan) != NULL)
		count_change(apply->outcome, plan_project_change(apply->plan));
	if (good && finish != NULL)
		good = restore_flows(apply, error);
	good = good && store_cache_flush(store, error);
	if (good && finish != NULL)
		good = finish->call(apply->outcome, finish->data, error);
	// THE COMMIT POINT: before it nothing of these domains has changed, after it all of it is live and durable. A crash
	// on either side leaves whole domains.
	good = good && store_transaction_commit(transaction, error);
	if (!good) {
		*apply->outcome = before;
		apply->first = false;
	}
	return good;
}

static void tell_view(Apply *apply, guint first, guint end)
{
	LiveView *view = apply->options->view;

	for (guint i = first; view != NULL && i < end; i++) {
		const PlanDomain *domain = plan_domain_at(apply->plan, i);

		if (domain->state == PLAN_DOMAIN_BROKEN || domain->state == PLAN_DOMAIN_HELD)
			live_view_unsettle(view, domain->name);
		else if (domain->layout != NULL)
			live_view_set(view, domain->layout);
		else
			live_view_remove(view, domain->name);
	}
}

// Notes why a domain could not be written, if at least that can be.
static void note_failure(Apply *apply, const PlanDomain *domain, const GError *failure)
{
	g_autoptr(StoreDomain) row = NULL;

	apply->outcome->domains_failed++;
	if (apply->options->view != NULL)
		live_view_unsettle(apply->options->view, domain->name);
	if (!store_domain_get(apply->options->store, domain->name, &row, NULL) || row == NULL)
		return;
	set_text(&row->message, failure->message);
	set_text(&row->commit_wanted, apply->options->commit);
	row->sync = SYNC_OUT_OF_SYNC;
	store_domain_put(apply->options->store, row, NULL);
}

// After a transaction of several domains failed: each by itself, so that only the one at fault stays behind.
static void apply_one_by_one(Apply *apply, guint first, guint end, GError **first_error)
{
	for (guint i = first; i < end; i++) {
		GError *error = NULL;

		if (apply_transaction(apply, i, i + 1, NULL, &error)) {
			tell_view(apply, i, i + 1);
			continue;
		}
		note_failure(apply, plan_domain_at(apply->plan, i), error);
		note_error(first_error, error);
	}
}

// The end of the batch that begins at first.
static guint batch_end(const Plan *plan, guint first)
{
	guint end = first, changes = 0;

	while (end < plan->domains->len && (end == first || changes < BATCH_CHANGES))
		changes += plan_domain_at(plan, end++)->count + 1;
	return end;
}

bool plan_apply(const ApplyOptions *options, const Plan *plan, ApplyOutcome *ret_outcome,
	bool (*finish)(const ApplyOutcome *outcome, void *data, GError **error), void *finish_data,
	GError **error)
{
	Apply apply = {options, plan, ret_outcome, 0, false, timestamp_now()};
	const Finish last = {finish, finish_data};
	GError *first_error = NULL;
	guint first = 0, end;
	bool finished = false;

	*ret_outcome = (ApplyOutcome){0};
	do {
		GError *batch_error = NULL;

		end = batch_end(plan, first);
		bool final = end == plan->domains->len && first_error == NULL;
		finished =
			apply_transaction(&apply, first, end, final ? &last : NULL, &batch_error);
		if (finished) {
			tell_view(&apply, first, end);
			finished = final;
		} else if (g_error_matches(batch_error, DB_ERROR, DB_ERROR_LOCKED)) {
			// It was waited for: the others would only wait as long again, each of them.
			note_error(&first_error, batch_error);
			break;
		} else if (end - first > 1) {
			g_error_free(batch_error);
			apply_one_by_one(&apply, first, end, &first_error);
		} else {
			if (end > first)
				note_failure(&apply, plan_domain_at(plan, first), batch_error);
			note_error(&first_error, batch_error);
		}
		first = end;
		ret_outcome->superseded = first < plan->domains->len &&
					  options->superseded != NULL &&
					  options->superseded(options->data);
	} while (first < plan->domains->len && !ret_outcome->superseded);
	// One by one it went after all: the commit is noted on its own.
	if (!finished && first_error == NULL && !ret_outcome->superseded)
		finished = apply_transaction(&apply, 0, 0, &last, &first_error);
	if (first_error != NULL)
		g_propagate_error(error, first_error);
	return finished || ret_outcome->superseded;
}
