// Whose fault it is when domains do not fit together: commits that are put onto what is live, one after the other.
#include "reconciler/plan_apply.h"
#include "reconciler/plan_guard.h"
#include "store/domain.h"
#include "store/flow.h"
#include "tests/harness/temporary_store.h"
#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <string.h>

// A repository and the store that its commits are applied to.
typedef struct {
	Repository *repository;
	TemporaryStore place;
	Store *store;
	LiveView *view;
	Layout *layout; // of the last commit
	PlanPolicy policy;
} World;

static World world_new(void)
{
	g_autoptr(GError) error = NULL;
	World world = {.repository = repository_new(),
		.place = temporary_store_new(),
		.policy = {.allow_breaking = true}};

	world.store = store_open(world.place.url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	world.view = live_view_new(world.store);
	g_assert_true(live_view_load(world.view, &error));
	repository_set(world.repository, "weir.yaml", "name: x\n");
	return world;
}

static void world_clear(World *world)
{
	live_view_free(world->view);
	layout_unref(world->layout);
	store_close(world->store);
	temporary_store_clear(&world->place);
	repository_free(world->repository);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

// A server that was stopped and started again knows what is in its store, and no more.
static void restart(World *world)
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

static Plan *plan_with(World *world, Layout *layout, LiveView *view)
{
	g_autoptr(GError) error = NULL;
	Plan *plan = plan_compute(layout, live_view_plan(view), &error);

	g_assert_no_error(error);
	plan_guard(plan, &world->policy);
	return plan;
}

// What a process that knows nothing but the store and the commit says.
static char *verdict_of_stranger(World *world, const char *commit)
{
	g_autoptr(Layout) layout = repository_load(world->repository, commit, NULL, NULL);
	g_autoptr(LiveView) view = live_view_new(world->store);
	g_autoptr(Plan) plan = NULL;

	g_assert_true(live_view_load(view, NULL));
	plan = plan_with(world, layout, view);
	return verdict(plan);
}

// Commits what was set and makes it live. Returns the verdict, which must not depend on what the process remembers.
static char *push(World *world)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *commit = repository_commit(world->repository);
	g_autofree char *other = verdict_of_stranger(world, commit);
	Layout *layout = repository_load(world->repository, commit, world->layout, NULL);
	g_autoptr(Plan) plan = plan_with(world, layout, world->view);
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

static void expect(World *world, const char *expected)
{
	g_autofree char *said = push(world);

	g_assert_cmpstr(said, ==, expected);
}

static void set_domain(World *world, const char *name)
{
	g_autofree char *path = g_strdup_printf("domains/%s/domain.yaml", name);

	repository_set(world->repository, path, "owner: x\n");
}

// A script of a domain that reads these tables (ended by NULL). column makes it another one.
static void set_script(
	World *world, const char *domain, const char *table, int column, const char *from)
{
	g_autofree char *path = g_strdup_printf("domains/%s/sql/%s.sql", domain, table);
	g_autofree char *text =
		g_strdup_printf("SELECT %d AS v%s%s", column, *from == '\0' ? "" : " FROM ", from);

	repository_set(world->repository, path, text);
}

// The definition that is live of a script's flow.
static void expect_live(World *world, const char *domain, const char *id, const char *sql)
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

// ---- Rings --------------------------------------------------------------------------------------------------------

// a.t <- b.t <- c.t
static void set_chain(World *world)
{
	set_domain(world, "a");
	set_domain(world, "b");
	set_domain(world, "c");
	set_script(world, "a", "t", 1, "");
	set_script(world, "b", "t", 1, "a.t");
	set_script(world, "c", "t", 1, "b.t");
}

static const char a_closes[] = "a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t "
			       "(domains/a/sql/t.sql:1) → c.t (domains/c/sql/t.sql:1) → b.t "
			       "(domains/b/sql/t.sql:1) → a.t\n";

// Only the domain that closes it is held up; the others go on, with this commit and the next one, before and after a restart.
static void test_ring(void)
{
	g_auto(World) world = world_new();
	g_autofree char *unchanged = NULL;
	g_autofree char *changed = NULL;

	set_chain(&world);
	expect(&world, "a changed\nb changed\nc changed\n");
	set_script(&world, "a", "t", 1, "c.t");
	set_script(&world, "b", "t", 2, "a.t");
	changed = g_strconcat(a_closes, "b changed\n", NULL);
	expect(&world, changed);
	expect_live(&world, "a", "t", "SELECT 1 AS v");
	expect_live(&world, "b", "t", "SELECT 2 AS v FROM a.t");
	restart(&world);
	set_script(&world, "c", "t", 3, "b.t");
	unchanged = g_strconcat(a_closes, "c changed\n", NULL);
	expect(&world, unchanged);
	expect_live(&world, "c", "t", "SELECT 3 AS v FROM b.t");
	// Mended.
	set_script(&world, "a", "t", 4, "");
	expect(&world, "a changed\n");
	expect_live(&world, "a", "t", "SELECT 4 AS v");
}

// Nothing is live: all are to blame whose flows are in it, and nobody else.
static void test_ring_at_once(void)
{
	g_auto(World) world = world_new();

	set_chain(&world);
	set_script(&world, "a", "t", 1, "c.t");
	set_domain(&world, "d");
	set_script(&world, "d", "t", 1, "a.t");
	expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ c.t (domains/c/sql/t.sql:1) → b.t (domains/b/sql/t.sql:1) → a.t\n"
		"b broken\n  domains/b/sql/t.sql:1: dependency cycle: b.t (domains/b/sql/t.sql:1) "
		"→ a.t (domains/a/sql/t.sql:1) → c.t (domains/c/sql/t.sql:1) → b.t\n"
		"c broken\n  domains/c/sql/t.sql:1: dependency cycle: c.t (domains/c/sql/t.sql:1) "
		"→ b.t (domains/b/sql/t.sql:1) → a.t (domains/a/sql/t.sql:1) → c.t\n"
		"d changed\n");
}

// Two that close it together are both to blame; when one of them does it alone, the other one is not.
static void test_ring_of_two(void)
{
	g_auto(World) world = world_new();

	set_chain(&world);
	set_script(&world, "c", "t", 1, "");
	expect(&world, "a changed\nb changed\nc changed\n");
	set_script(&world, "a", "t", 1, "c.t");
	set_script(&world, "c", "t", 1, "b.t");
	expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ c.t (domains/c/sql/t.sql:1) → b.t (domains/b/sql/t.sql:1) → a.t\n"
		"c broken\n  domains/c/sql/t.sql:1: dependency cycle: c.t (domains/c/sql/t.sql:1) "
		"→ b.t (domains/b/sql/t.sql:1) → a.t (domains/a/sql/t.sql:1) → c.t\n");
	// a closes a ring with b; that c reads a and is read by b would close another one, if a's change stayed.
	set_script(&world, "a", "t", 1, "b.t");
	set_script(&world, "c", "t", 1, "a.t");
	expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ b.t (domains/b/sql/t.sql:1) → a.t\nc changed\n");
}

static void test_ring_within(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "a", "u", 1, "a.t");
	set_domain(&world, "b");
	set_script(&world, "b", "t", 1, "a.u");
	expect(&world, "a changed\nb changed\n");
	set_script(&world, "a", "t", 1, "a.u");
	set_script(&world, "b", "t", 2, "a.u");
	expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ a.u (domains/a/sql/u.sql:1) → a.t\nb changed\n");
}

// A table that others read already, and that is made now, closes a ring as well as a read does.
static void test_ring_by_producer(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_script(&world, "a", "t", 1, "b.late");
	set_domain(&world, "b");
	set_script(&world, "b", "t", 1, "");
	expect(&world, "a changed\nb changed\n");
	set_script(&world, "b", "late", 1, "a.t");
	set_script(&world, "a", "t", 2, "b.late");
	expect(&world, "a changed\nb broken\n  domains/b/sql/late.sql:1: dependency cycle: b.late "
		       "(domains/b/sql/late.sql:1) → a.t (domains/a/sql/t.sql:1) → b.late\n");
}

// A domain on the ring that is removed by the same commit is on no ring.
static void test_ring_and_removal(void)
{
	g_auto(World) world = world_new();

	set_chain(&world);
	expect(&world, "a changed\nb changed\nc changed\n");
	set_script(&world, "a", "t", 1, "c.t");
	repository_set(world.repository, "domains/b/domain.yaml", NULL);
	repository_set(world.repository, "domains/b/sql/t.sql", NULL);
	// c still reads b.t: the removal is refused, b stays as it was, and with that a closes a ring.
	expect(&world, "a held\nb held\n"
		       "refused b: 'b.t' would be removed, and flow 'c.t' of domain 'c' reads it\n"
		       "refused a: domains/a/sql/t.sql:1: dependency cycle: a.t "
		       "(domains/a/sql/t.sql:1) → c.t (domains/c/sql/t.sql:1) → b.t "
		       "(domains/b/sql/t.sql:1) → a.t\n");
	set_script(&world, "c", "t", 1, "");
	expect(&world, "a changed\nb changed\nc changed\n");
	expect_live(&world, "a", "t", "SELECT 1 AS v FROM c.t");
}

// What a broken domain was still counts: another one may not close a ring with it, though the commit has none.
static void test_ring_with_what_stays(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_script(&world, "a", "t", 1, "b.t");
	set_domain(&world, "b");
	set_script(&world, "b", "t", 1, "");
	expect(&world, "a changed\nb changed\n");
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "b", "t", 1, "a.t");
	repository_set(world.repository, "domains/a/sql/bad.sql", "-- nothing\n");
	expect(&world,
		"a broken\n  domains/a/sql/bad.sql:1: the script has no statement\n"
		"b broken\n  domains/b/sql/t.sql:1: dependency cycle: b.t (domains/b/sql/t.sql:1) "
		"→ a.t (domains/a/sql/t.sql:1) → b.t\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", NULL);
	expect(&world, "a changed\nb changed\n");
	expect_live(&world, "b", "t", "SELECT 1 AS v FROM a.t");
}

// A flow that took another name is no reason to blame its domain.
static void test_ring_and_rename(void)
{
	g_auto(World) world = world_new();
	static const char flow[] = "id: %s\ntasks: [{id: l, type: sql.load, from: x, table: "
				   "a.made}]\ntriggers: [{id: t, type: tables, all: [b.t]}]\n";
	g_autofree char *one = g_strdup_printf(flow, "one");
	g_autofree char *two = g_strdup_printf(flow, "two");

	set_domain(&world, "a");
	repository_set(world.repository, "domains/a/flows/f.yaml", one);
	set_domain(&world, "b");
	set_script(&world, "b", "t", 1, "");
	expect(&world, "a changed\nb changed\n");
	restart(&world);
	repository_set(world.repository, "domains/a/flows/f.yaml", two);
	set_script(&world, "b", "t", 1, "a.made");
	expect(&world, "a changed\nb broken\n  domains/b/sql/t.sql:1: dependency cycle: b.t "
		       "(domains/b/sql/t.sql:1) → a.one (domains/a/flows/f.yaml:1) → b.t\n");
}

// A long ring is shown with its middle left out, and said of a few of its flows.
static void test_long_ring(void)
{
	g_auto(World) world = world_new();
	g_autofree char *said = NULL;

	set_domain(&world, "a");
	for (int i = 0; i < 500; i++) {
		g_autofree char *table = g_strdup_printf("t%03d", i);
		g_autofree char *from = g_strdup_printf("a.t%03d", (i + 1) % 500);

		set_script(&world, "a", table, 1, from);
	}
	said = push(&world);
	g_assert_nonnull(strstr(said, "… 440 more …"));
	g_assert_cmpuint(strlen(said), <, 20 * 60 * 60);
}

// Reads that start nothing are worth a word to the one who brings them, and hold nobody up.
static void test_soft_ring(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_script(&world, "a", "t", 1, "b.made");
	set_domain(&world, "b");
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks: [{id: l, type: sql.load, from: x, table: b.made}]\n");
	expect(&world, "a changed\nb changed\n");
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks:\n  - {id: q, type: sql.query, sql: SELECT v FROM a.t}\n"
		"  - {id: l, type: sql.load, from: x, table: b.made}\n");
	expect(&world, "b changed\n  domains/b/flows/f.yaml:3: dependency cycle: b.f "
		       "(domains/b/flows/f.yaml:3) → a.t (domains/a/sql/t.sql:1) → b.f\n");
}

// A read that started nothing, and that starts the flow now, closes a ring; also when all that is known of it is in the store.
static void test_soft_becomes_hard(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_script(&world, "a", "t", 1, "");
	set_domain(&world, "b");
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks:\n  - {id: q, type: sql.query, sql: SELECT v FROM a.t}\n"
		"  - {id: l, type: sql.load, from: x, table: b.made}\n");
	expect(&world, "a changed\nb changed\n");
	set_script(&world, "a", "t", 1, "b.made");
	expect(&world, "a changed\n  domains/a/sql/t.sql:1: dependency cycle: a.t "
		       "(domains/a/sql/t.sql:1) → b.f (domains/b/flows/f.yaml:3) → a.t\n");
	restart(&world);
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks:\n  - {id: l, type: sql.load, from: x, table: b.made}\n"
		"triggers:\n  - {id: t, type: tables, all: [a.t]}\n");
	expect(&world, "b broken\n  domains/b/flows/f.yaml:5: dependency cycle: b.f "
		       "(domains/b/flows/f.yaml:5) → a.t (domains/a/sql/t.sql:1) → b.f\n");
}

// ---- Names --------------------------------------------------------------------------------------------------------

static void test_same_name(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "x/y");
	set_script(&world, "x/y", "t", 1, "");
	set_domain(&world, "z");
	expect(&world, "x.y changed\nz changed\n");
	set_domain(&world, "x.y");
	set_script(&world, "x.y", "q", 1, "");
	set_script(&world, "x/y", "t", 2, "");
	expect(&world, "  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		       "x.y changed\n");
	expect_live(&world, "x.y", "t", "SELECT 2 AS v");
	restart(&world);
	set_script(&world, "x.y", "t", 9, "");
	set_script(&world, "x/y", "t", 3, "");
	expect(&world, "  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		       "x.y changed\n");
	expect_live(&world, "x.y", "t", "SELECT 3 AS v");
	// The one that is live goes, and the other one takes its place.
	repository_set(world.repository, "domains/x/y/domain.yaml", NULL);
	repository_set(world.repository, "domains/x/y/sql/t.sql", NULL);
	expect(&world, "x.y changed\n");
	expect_live(&world, "x.y", "t", "SELECT 9 AS v");
}

// A folder that took the name and is broken has not taken the place of the one that is live.
static void test_same_name_broken(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "x/y");
	set_script(&world, "x/y", "t", 1, "");
	expect(&world, "x.y changed\n");
	repository_set(world.repository, "domains/x/y/domain.yaml", NULL);
	repository_set(world.repository, "domains/x/y/sql/t.sql", NULL);
	set_domain(&world, "x.y");
	set_script(&world, "x.y", "t", 2, "");
	repository_set(world.repository, "domains/x.y/sql/bad.sql", "-- nothing\n");
	expect(&world, "x.y broken\n  domains/x.y/sql/bad.sql:1: the script has no statement\n");
	restart(&world);
	set_domain(&world, "x/y");
	set_script(&world, "x/y", "t", 3, "");
	expect(&world, "  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		       "x.y changed\n");
	expect_live(&world, "x.y", "t", "SELECT 3 AS v");
}

static void test_same_name_at_once(void)
{
	g_auto(World) world = world_new();
	static const char both[] =
		"x.y broken\n"
		"  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		"  domains/x/y/domain.yaml:0: 'domains/x.y' names the same domain 'x.y'\n";
	g_autofree char *first = g_strconcat(both, "z changed\n", NULL);

	set_domain(&world, "x/y");
	set_domain(&world, "x.y");
	set_script(&world, "x.y", "t", 1, "");
	set_domain(&world, "z");
	expect(&world, first);
	set_script(&world, "x/y", "t", 1, "");
	expect(&world, both);
	repository_set(world.repository, "domains/x.y/domain.yaml", NULL);
	repository_set(world.repository, "domains/x.y/sql/t.sql", NULL);
	expect(&world, "x.y changed\n");
}

static void test_letter_case(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "sales");
	set_script(&world, "sales", "t", 1, "");
	expect(&world, "sales changed\n");
	set_domain(&world, "Sales");
	set_domain(&world, "Sales/eu");
	set_script(&world, "sales", "t", 2, "");
	expect(&world,
		"Sales broken\n  domains/Sales:0: its name differs from that of 'domains/sales' in "
		"letter case only\n"
		"Sales.eu broken\n  domains/Sales:0: its name differs from that of "
		"'domains/sales' in letter case only\n"
		"sales changed\n");
	expect_live(&world, "sales", "t", "SELECT 2 AS v");
}

static void test_letter_case_at_once(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "sales");
	set_domain(&world, "Sales");
	set_domain(&world, "other");
	expect(&world,
		"Sales broken\n  domains/Sales:0: its name differs from that of 'domains/sales' in "
		"letter case only\n"
		"other changed\n"
		"sales broken\n  domains/sales:0: its name differs from that of 'domains/Sales' in "
		"letter case only\n");
}

// A folder without a domain is only in the way.
static void test_letter_case_of_no_domain(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "sales");
	repository_set(world.repository, "domains/Sales/README", "x");
	expect(&world, "  domains/Sales:0: the entry is refused: its name differs from another "
		       "one's in letter case only\n"
		       "sales changed\n");
}

static void set_foreign(World *world, const char *domain, const char *namespace)
{
	g_autofree char *path = g_strdup_printf("domains/%s/flows/f.yaml", domain);
	g_autofree char *text = g_strdup_printf(
		"id: f\nnamespace: %s\ntasks: [{id: l, type: log, message: hi}]\n", namespace);

	set_domain(world, domain);
	repository_set(world->repository, path, text);
}

// Who has used a namespace goes on; the domain that comes by that name later is the one to take another.
static void test_namespace(void)
{
	g_auto(World) world = world_new();

	set_foreign(&world, "a", "shared");
	set_domain(&world, "b");
	expect(&world, "a changed\nb changed\n");
	set_domain(&world, "shared");
	set_foreign(&world, "b", "a");
	expect(&world,
		"b broken\n  domains/b/flows/f.yaml:1: the flow 'f' says namespace 'a', which is "
		"the domain of x\n"
		"shared broken\n  domains/shared:0: 'shared' is the namespace of the flow 'f' of "
		"domain 'a' (domains/a/flows/f.yaml)\n");
}

static void test_flow_ids(void)
{
	g_auto(World) world = world_new();

	set_foreign(&world, "b", "shared");
	expect(&world, "b changed\n");
	set_foreign(&world, "a", "shared");
	expect(&world, "a broken\n  domains/a/flows/f.yaml:1: the flow 'shared.f' is also in "
		       "'domains/b/flows/f.yaml'\n");
}

static void test_flow_ids_at_once(void)
{
	g_auto(World) world = world_new();

	set_foreign(&world, "a", "shared");
	set_foreign(&world, "b", "shared");
	expect(&world, "a broken\n  domains/a/flows/f.yaml:1: the flow 'shared.f' is also in "
		       "'domains/b/flows/f.yaml'\n"
		       "b broken\n  domains/b/flows/f.yaml:1: the flow 'shared.f' is also in "
		       "'domains/a/flows/f.yaml'\n");
}

// ---- Tables -------------------------------------------------------------------------------------------------------

static void test_producers(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_domain(&world, "b");
	set_script(&world, "b", "a/t", 1, "");
	expect(&world, "a changed\nb changed\n");
	// The dataset is a's, and yet b has made the table before.
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "b", "a/t", 2, "");
	expect(&world, "a broken\n  domains/a/sql/t.sql:1: the table 'a.t' is also made by "
		       "'domains/b/sql/a/t.sql'\n"
		       "b changed\n");
	// b gives way.
	repository_set(world.repository, "domains/b/sql/a/t.sql", NULL);
	expect(&world, "a changed\nb changed\n");
}

// Neither was live: who writes into another domain's dataset is at fault.
static void test_producers_at_once(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_domain(&world, "b");
	set_domain(&world, "c");
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "b", "a/t", 1, "");
	set_script(&world, "b", "lake/t", 1, "");
	set_script(&world, "c", "lake/t", 1, "");
	expect(&world, "a changed\n"
		       "b broken\n  domains/b/sql/a/t.sql:1: the table 'a.t' is also made by "
		       "'domains/a/sql/t.sql'\n"
		       "  domains/b/sql/lake/t.sql:1: the table 'lake.t' is also made by "
		       "'domains/c/sql/lake/t.sql'\n"
		       "c broken\n  domains/c/sql/lake/t.sql:1: the table 'lake.t' is also made by "
		       "'domains/b/sql/lake/t.sql'\n");
}

// A table that moves to another domain, which is held up: the one that has it still has it.
static void test_move(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_domain(&world, "b");
	set_script(&world, "a", "lake/t", 1, "");
	expect(&world, "a changed\nb changed\n");
	repository_set(world.repository, "domains/a/sql/lake/t.sql", NULL);
	repository_set(world.repository, "domains/a/sql/bad.sql", "-- nothing\n");
	set_script(&world, "b", "lake/t", 1, "");
	expect(&world, "a broken\n  domains/a/sql/bad.sql:1: the script has no statement\n"
		       "b broken\n  domains/b/sql/lake/t.sql:1: the table 'lake.t' is also made by "
		       "'domains/a/sql/lake/t.sql'\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", NULL);
	expect(&world, "a changed\nb changed\n");
}

static void test_consumers(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_domain(&world, "b");
	set_domain(&world, "c");
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "b", "t", 1, "a.t");
	expect(&world, "a changed\nb changed\nc changed\n");
	// a shuts b out, which reads: a waits. c begins to read, which the live a allows, and a as it would be does not.
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\nconsumers: [d]\n");
	set_script(&world, "b", "t", 2, "a.t");
	expect(&world, "a broken\n  domains/a/domain.yaml:0: 'consumers' leaves out the domain "
		       "'b', whose 'domains/b/sql/t.sql' reads 'a.t'\n"
		       "b changed\n");
	// b stops reading, c comes too late.
	set_script(&world, "b", "t", 3, "");
	set_script(&world, "c", "t", 1, "a.t");
	expect(&world, "a changed\nb changed\nc broken\n  domains/c/sql/t.sql:1: the domain 'c' "
		       "may not read 'a.t'\n");
	// What is live of a broken domain counts: it would let c in.
	restart(&world);
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\nconsumers: [c]\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", "-- nothing\n");
	expect(&world, "a broken\n  domains/a/sql/bad.sql:1: the script has no statement\n"
		       "c broken\n  domains/c/sql/t.sql:1: the domain 'c' may not read 'a.t'\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", NULL);
	expect(&world, "a changed\nc changed\n");
}

static void set_check(World *world, const char *domain, const char *table, const char *to)
{
	g_autofree char *path = g_strdup_printf("domains/%s/sql/%s.sql", domain, table);
	g_autofree char *text = g_strdup_printf(
		"/* weir\nchecks:\n  - relationships: {column: v, to: %s}\n*/\nSELECT 1 AS v", to);

	repository_set(world->repository, path, text);
}

// A check may look into what its engine reaches; who takes that away from a check that is live has to wait.
static void test_references(void)
{
	g_auto(World) world = world_new();

	repository_set(world.repository, "weir.yaml",
		"name: x\nconnections: {dwh: {driver: postgres, url: postgresql://h/d}}\n");
	set_domain(&world, "a");
	set_domain(&world, "b");
	set_domain(&world, "c");
	set_script(&world, "a", "t", 1, "");
	set_check(&world, "b", "t", "a.t.v");
	expect(&world, "a changed\nb changed\nc changed\n");
	set_check(&world, "c", "t", "a.none.v");
	expect(&world, "c broken\n  domains/c/sql/t.sql:3: the check looks into 'a.none', which "
		       "nothing makes on the connection 'default'\n");
	repository_set(world.repository, "domains/c/sql/t.sql", NULL);
	// a moves to another connection, and b's check is as it was though its script is another one.
	restart(&world);
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\nconnection: dwh\n");
	repository_set(world.repository, "domains/b/sql/t.sql",
		"/* weir\nchecks:\n  - relationships: {column: v, to: a.t.v}\n*/\nSELECT 2 AS v");
	expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: a check of 'domains/b/sql/t.sql' looks into "
		"'a.t' on the connection 'default', where it would be no more\n"
		"b changed\nc unchanged\n");
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\n");
	repository_set(world.repository, "domains/a/sql/t.sql", NULL);
	expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: a check of 'domains/b/sql/t.sql' looks into "
		"'a.t' on the connection 'default', where it would be no more\n");
	set_script(&world, "b", "t", 3, "");
	expect(&world, "a changed\nb changed\n");
}

// ---- Guards -------------------------------------------------------------------------------------------------------

// Who deletes too much waits, and nobody with him.
static void test_deletions(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_domain(&world, "b");
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "b", "t", 1, "");
	expect(&world, "a changed\nb changed\n");
	world.policy.max_deletions = 1;
	repository_set(world.repository, "domains/a/sql/t.sql", NULL);
	set_script(&world, "b", "t", 2, "");
	expect(&world, "a held\nb changed\n"
		       "refused -: 2 resources would be deleted, and max_deletions allows 1\n");
}

// Only what may hide a domain holds its removal.
static void test_hidden(void)
{
	g_auto(World) world = world_new();

	set_domain(&world, "a");
	set_domain(&world, "b");
	set_script(&world, "a", "t", 1, "");
	set_script(&world, "b", "t", 1, "");
	expect(&world, "a changed\nb changed\n");
	repository_set(world.repository, "domains/a/domain.yaml", NULL);
	repository_set(world.repository, "domains/b/domain.yaml", NULL);
	repository_set(world.repository, "domains/b/sql/t.sql", NULL);
	expect(&world,
		"  domains/a:0: the folder has 'sql' but no 'domain.yaml'\n"
		"a held\nb changed\n"
		"refused a: domain 'a' would be removed, but 'domains/a' has an error and may be "
		"what hides it\n");
}

// ---- Random histories ---------------------------------------------------------------------------------------------

// Follows what is live from one flow to the next; true when it comes back.
static bool comes_back(GHashTable *reads, const char *flow, GHashTable *open, GHashTable *done)
{
	const GPtrArray *list = g_hash_table_lookup(reads, flow);

	if (g_hash_table_contains(open, flow))
		return true;
	if (list == NULL || !g_hash_table_add(done, (void *)(uintptr_t)flow))
		return false;
	g_hash_table_add(open, (void *)(uintptr_t)flow);
	for (guint i = 0; i < list->len; i++) {
		if (comes_back(reads, list->pdata[i], open, done))
			return true;
	}
	g_hash_table_remove(open, flow);
	return false;
}

// Scripts are named after their tables: one producer each, and no ring.
static void check_live(World *world)
{
	g_autoptr(GHashTable) reads = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GPtrArray) flows = NULL;
	const StorePage page = {.limit = 1000};
	GHashTableIter iterator;
	void *key;

	g_assert_true(store_flows_list(world->store, NULL, &page, &flows, NULL, NULL));
	for (guint i = 0; i < flows->len; i++) {
		const StoreFlow *flow = flows->pdata[i];
		GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
		g_auto(GStrv) list = g_strsplit(flow->reads != NULL ? flow->reads : "", "\n", -1);

		for (char **name = list; *name != NULL; name++)
			g_ptr_array_add(names, g_strdup(*name));
		g_assert_true(g_hash_table_insert(reads, g_strdup(flow->target), names));
	}
	g_hash_table_iter_init(&iterator, reads);
	while (g_hash_table_iter_next(&iterator, &key, NULL)) {
		g_autoptr(GHashTable) open = g_hash_table_new(g_str_hash, g_str_equal);
		g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

		g_assert_false(comes_back(reads, key, open, done));
	}
}

static void change_something(World *world, GRand *random)
{
	g_autofree char *domain = g_strdup_printf("d%d", g_rand_int_range(random, 0, 5));
	g_autofree char *table = g_strdup_printf("%st%d",
		g_rand_int_range(random, 0, 6) == 0 ? "lake/" : "", g_rand_int_range(random, 0, 3));
	g_autofree char *from = NULL;
	g_autofree char *path = g_strdup_printf("domains/%s/sql/%s.sql", domain, table);
	int kind = g_rand_int_range(random, 0, 12);

	if (kind == 0) {
		repository_set(world->repository, path, NULL);
	} else if (kind == 1) {
		repository_set(world->repository, path, "-- nothing\n");
	} else if (kind == 2) {
		set_script(world, domain, table, g_rand_int_range(random, 0, 5), "");
	} else {
		from = g_rand_int_range(random, 0, 8) == 0
			       ? g_strdup_printf("lake.t%d", g_rand_int_range(random, 0, 3))
			       : g_strdup_printf("d%d.t%d", g_rand_int_range(random, 0, 5),
					 g_rand_int_range(random, 0, 3));
		set_script(world, domain, table, g_rand_int_range(random, 0, 5), from);
	}
	if (g_rand_int_range(random, 0, 25) == 0) {
		g_autofree char *yaml = g_strdup_printf("domains/%s/domain.yaml", domain);

		repository_set(world->repository, yaml,
			g_rand_boolean(random) ? "owner: x\nconsumers: [d1, d2]\n" : "owner: x\n");
	}
}

// Whatever is pushed: what is live never has a ring or two producers, a stranger says the same (push() sees to that), and a domain
// that is as it was is never at fault.
static void test_random_histories(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(11);
	g_auto(World) world = world_new();
	int blamed = 0;

	for (int i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("d%d", i);

		set_domain(&world, name);
	}
	for (int step = 0; step < 300 && !g_test_failed(); step++) {
		g_autofree char *said = NULL;

		for (int i = g_rand_int_range(random, 1, 4); i > 0; i--)
			change_something(&world, random);
		said = push(&world);
		blamed += strstr(said, "dependency cycle") != NULL;
		check_live(&world);
		if (g_rand_int_range(random, 0, 20) == 0)
			restart(&world);
	}
	g_assert_cmpint(blamed, >, 20);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	git_libgit2_init();
	g_test_add_func("/blame/ring", test_ring);
	g_test_add_func("/blame/ring-at-once", test_ring_at_once);
	g_test_add_func("/blame/ring-of-two", test_ring_of_two);
	g_test_add_func("/blame/ring-within", test_ring_within);
	g_test_add_func("/blame/ring-by-producer", test_ring_by_producer);
	g_test_add_func("/blame/ring-and-removal", test_ring_and_removal);
	g_test_add_func("/blame/ring-with-what-stays", test_ring_with_what_stays);
	g_test_add_func("/blame/ring-and-rename", test_ring_and_rename);
	g_test_add_func("/blame/long-ring", test_long_ring);
	g_test_add_func("/blame/soft-ring", test_soft_ring);
	g_test_add_func("/blame/soft-becomes-hard", test_soft_becomes_hard);
	g_test_add_func("/blame/same-name", test_same_name);
	g_test_add_func("/blame/same-name-broken", test_same_name_broken);
	g_test_add_func("/blame/same-name-at-once", test_same_name_at_once);
	g_test_add_func("/blame/letter-case", test_letter_case);
	g_test_add_func("/blame/letter-case-at-once", test_letter_case_at_once);
	g_test_add_func("/blame/letter-case-of-no-domain", test_letter_case_of_no_domain);
	g_test_add_func("/blame/namespace", test_namespace);
	g_test_add_func("/blame/flow-ids", test_flow_ids);
	g_test_add_func("/blame/flow-ids-at-once", test_flow_ids_at_once);
	g_test_add_func("/blame/producers", test_producers);
	g_test_add_func("/blame/producers-at-once", test_producers_at_once);
	g_test_add_func("/blame/move", test_move);
	g_test_add_func("/blame/consumers", test_consumers);
	g_test_add_func("/blame/references", test_references);
	g_test_add_func("/blame/deletions", test_deletions);
	g_test_add_func("/blame/hidden", test_hidden);
	g_test_add_func("/blame/random-histories", test_random_histories);
	return g_test_run();
}
