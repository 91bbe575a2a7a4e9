#include "tests/reconciler/blame_bed.h"

#include "reconciler/plan_apply.h"
#include "store/flow.h"

#include <string.h>

BlameWorld blame_world_new(void)
{
	g_autoptr(GError) error = NULL;
	BlameWorld world = {.repository = repository_new(),
		.place = temporary_store_new(),
		.policy = {.allow_breaking = true}};

	world.store = store_open(world.place.url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	world.view = live_view_new(world.store);
	g_assert_true(live_view_load(world.view, &error));
	repository_set(world.repository, "weir.yaml", "name: x\n");
	return world;
}

void blame_world_clear(BlameWorld *world)
{
	live_view_free(world->view);
	layout_unref(world->layout);
	store_close(world->store);
	temporary_store_clear(&world->place);
	repository_free(world->repository);
}

void blame_restart(BlameWorld *world)
{
	g_autoptr(GError) error = NULL;

	live_view_free(world->view);
	g_clear_pointer(&world->layout, layout_unref);
	store_close(world->store);
	world->store = store_open(world->place.url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	world->view = live_view_new(world->store);
	g_assert_true(live_view_load(world->view, &error));
}

static bool finish(const ApplyOutcome *outcome, void *data, GError **error)
{
	(void)outcome;
	(void)data;
	(void)error;
	return true;
}

static void append_faults(GString *text, const DiagnosticList *list)
{
	for (size_t i = 0; i < diagnostic_list_length(list); i++) {
		const Diagnostic *fault = diagnostic_list_at(list, i);

		g_string_append_printf(
			text, "  %s:%u: %s\n", fault->file, fault->line, fault->message);
	}
}

static char *verdict(const Plan *plan)
{
	g_autoptr(DiagnosticList) strays = plan_project_diagnostics(plan);
	GString *text = g_string_new(NULL);

	append_faults(text, strays);
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);
		g_autoptr(DiagnosticList) faults = plan_domain_diagnostics(domain);

		g_string_append_printf(
			text, "%s %s\n", domain->name, plan_domain_state_name(domain->state));
		append_faults(text, faults);
	}
	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];

		g_string_append_printf(text, "refused %s: %s\n",
			refusal->domain != NULL ? refusal->domain : "-", refusal->message);
	}
	return g_string_free(text, FALSE);
}

static Plan *blame_plan(BlameWorld *world, Layout *layout, LiveView *view)
{
	g_autoptr(GError) error = NULL;
	Plan *plan = plan_compute(layout, live_view_plan(view), &error);

	g_assert_no_error(error);
	plan_guard(plan, &world->policy);
	return plan;
}

// What a process that knows nothing but the store and the commit says.
static char *verdict_of_stranger(BlameWorld *world, const char *commit)
{
	g_autoptr(Layout) layout = repository_load(world->repository, commit, NULL, NULL);
	g_autoptr(LiveView) view = live_view_new(world->store);
	g_autoptr(Plan) plan = NULL;

	g_assert_true(live_view_load(view, NULL));
	plan = blame_plan(world, layout, view);
	return verdict(plan);
}

char *blame_push(BlameWorld *world)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *commit = repository_commit(world->repository);
	g_autofree char *other = verdict_of_stranger(world, commit);
	Layout *layout = repository_load(world->repository, commit, world->layout, NULL);
	g_autoptr(Plan) plan = blame_plan(world, layout, world->view);
	const ApplyOptions options = {
		.store = world->store, .view = world->view, .source = "main", .commit = commit};
	ApplyOutcome outcome;
	char *said = verdict(plan);

	layout_unref(world->layout);
	world->layout = layout;
	g_assert_cmpstr(other, ==, said);
	plan_apply(&options, plan, &outcome, finish, NULL, &error);
	g_assert_no_error(error);
	return said;
}

void blame_expect(BlameWorld *world, const char *expected)
{
	g_autofree char *said = blame_push(world);

	g_assert_cmpstr(said, ==, expected);
}

void blame_set_domain(BlameWorld *world, const char *name)
{
	g_autofree char *path = g_strdup_printf("domains/%s/domain.yaml", name);

	repository_set(world->repository, path, "owner: x\n");
}

void blame_set_script(
	BlameWorld *world, const char *domain, const char *table, int column, const char *from)
{
	g_autofree char *path = g_strdup_printf("domains/%s/sql/%s.sql", domain, table);
	g_autofree char *text =
		g_strdup_printf("SELECT %d AS v%s%s", column, *from == '\0' ? "" : " FROM ", from);

	repository_set(world->repository, path, text);
}

void blame_expect_live(BlameWorld *world, const char *domain, const char *id, const char *sql)
{
	g_autoptr(StoreRevision) revision = NULL;
	g_autoptr(StoreFlow) flow = NULL;
	g_autofree char *pattern = g_strdup_printf("\"sql\":\"%s\"", sql);

	g_assert_true(store_flow_get(world->store, domain, id, &flow, NULL));
	g_assert_nonnull(flow);
	g_assert_cmpint(flow->deleted_at, ==, 0);
	g_assert_true(store_revision_get(world->store, domain, id, 0, &revision, NULL));
	if (strstr(revision->definition, pattern) == NULL)
		g_assert_cmpstr(revision->definition, ==, pattern);
}

void blame_set_chain(BlameWorld *world)
{
	blame_set_domain(world, "a");
	blame_set_domain(world, "b");
	blame_set_domain(world, "c");
	blame_set_script(world, "a", "t", 1, "");
	blame_set_script(world, "b", "t", 1, "a.t");
	blame_set_script(world, "c", "t", 1, "b.t");
}
