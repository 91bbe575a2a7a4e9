// Whose fault it is when domains do not fit together: commits that are put onto what is live, one after the other.
// Here: names, tables and guards.
#include "tests/reconciler/blame_bed.h"
#include "tests/repo-layout/repository.h"

#include <git2.h>

// ---- Names --------------------------------------------------------------------------------------------------------

static void test_same_name(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "x/y");
	blame_set_script(&world, "x/y", "t", 1, "");
	blame_set_domain(&world, "z");
	blame_expect(&world, "x.y changed\nz changed\n");
	blame_set_domain(&world, "x.y");
	blame_set_script(&world, "x.y", "q", 1, "");
	blame_set_script(&world, "x/y", "t", 2, "");
	blame_expect(&world,
		"  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		"x.y changed\n");
	blame_expect_live(&world, "x.y", "t", "SELECT 2 AS v");
	blame_restart(&world);
	blame_set_script(&world, "x.y", "t", 9, "");
	blame_set_script(&world, "x/y", "t", 3, "");
	blame_expect(&world,
		"  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		"x.y changed\n");
	blame_expect_live(&world, "x.y", "t", "SELECT 3 AS v");
	// The one that is live goes, and the other one takes its place.
	repository_set(world.repository, "domains/x/y/domain.yaml", NULL);
	repository_set(world.repository, "domains/x/y/sql/t.sql", NULL);
	blame_expect(&world, "x.y changed\n");
	blame_expect_live(&world, "x.y", "t", "SELECT 9 AS v");
}

// A folder that took the name and is broken has not taken the place of the one that is live.
static void test_same_name_broken(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "x/y");
	blame_set_script(&world, "x/y", "t", 1, "");
	blame_expect(&world, "x.y changed\n");
	repository_set(world.repository, "domains/x/y/domain.yaml", NULL);
	repository_set(world.repository, "domains/x/y/sql/t.sql", NULL);
	blame_set_domain(&world, "x.y");
	blame_set_script(&world, "x.y", "t", 2, "");
	repository_set(world.repository, "domains/x.y/sql/bad.sql", "-- nothing\n");
	blame_expect(
		&world, "x.y broken\n  domains/x.y/sql/bad.sql:1: the script has no statement\n");
	blame_restart(&world);
	blame_set_domain(&world, "x/y");
	blame_set_script(&world, "x/y", "t", 3, "");
	blame_expect(&world,
		"  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		"x.y changed\n");
	blame_expect_live(&world, "x.y", "t", "SELECT 3 AS v");
}

static void test_same_name_at_once(void)
{
	g_auto(BlameWorld) world = blame_world_new();
	static const char both[] =
		"x.y broken\n"
		"  domains/x.y/domain.yaml:0: 'domains/x/y' names the same domain 'x.y'\n"
		"  domains/x/y/domain.yaml:0: 'domains/x.y' names the same domain 'x.y'\n";
	g_autofree char *first = g_strconcat(both, "z changed\n", NULL);

	blame_set_domain(&world, "x/y");
	blame_set_domain(&world, "x.y");
	blame_set_script(&world, "x.y", "t", 1, "");
	blame_set_domain(&world, "z");
	blame_expect(&world, first);
	blame_set_script(&world, "x/y", "t", 1, "");
	blame_expect(&world, both);
	repository_set(world.repository, "domains/x.y/domain.yaml", NULL);
	repository_set(world.repository, "domains/x.y/sql/t.sql", NULL);
	blame_expect(&world, "x.y changed\n");
}

static void test_letter_case(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "sales");
	blame_set_script(&world, "sales", "t", 1, "");
	blame_expect(&world, "sales changed\n");
	blame_set_domain(&world, "Sales");
	blame_set_domain(&world, "Sales/eu");
	blame_set_script(&world, "sales", "t", 2, "");
	blame_expect(&world,
		"Sales broken\n  domains/Sales:0: its name differs from that of 'domains/sales' in "
		"letter case only\n"
		"Sales.eu broken\n  domains/Sales:0: its name differs from that of "
		"'domains/sales' in letter case only\n"
		"sales changed\n");
	blame_expect_live(&world, "sales", "t", "SELECT 2 AS v");
}

static void test_letter_case_at_once(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "sales");
	blame_set_domain(&world, "Sales");
	blame_set_domain(&world, "other");
	blame_expect(&world,
		"Sales broken\n  domains/Sales:0: its name differs from that of 'domains/sales' in "
		"letter case only\n"
		"other changed\n"
		"sales broken\n  domains/sales:0: its name differs from that of 'domains/Sales' in "
		"letter case only\n");
}

// A folder without a domain is only in the way.
static void test_letter_case_of_no_domain(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "sales");
	repository_set(world.repository, "domains/Sales/README", "x");
	blame_expect(&world,
		"  domains/Sales:0: the entry is refused: its name differs from another "
		"one's in letter case only\n"
		"sales changed\n");
}

static void set_foreign(BlameWorld *world, const char *domain, const char *namespace)
{
	g_autofree char *path = g_strdup_printf("domains/%s/flows/f.yaml", domain);
	g_autofree char *text = g_strdup_printf(
		"id: f\nnamespace: %s\ntasks: [{id: l, type: log, message: hi}]\n", namespace);

	blame_set_domain(world, domain);
	repository_set(world->repository, path, text);
}

// Who has used a namespace goes on; the domain that comes by that name later is the one to take another.
static void test_namespace(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	set_foreign(&world, "a", "shared");
	blame_set_domain(&world, "b");
	blame_expect(&world, "a changed\nb changed\n");
	blame_set_domain(&world, "shared");
	set_foreign(&world, "b", "a");
	blame_expect(&world,
		"b broken\n  domains/b/flows/f.yaml:1: the flow 'f' says namespace 'a', which is "
		"the domain of x\n"
		"shared broken\n  domains/shared:0: 'shared' is the namespace of the flow 'f' of "
		"domain 'a' (domains/a/flows/f.yaml)\n");
}

static void test_flow_ids(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	set_foreign(&world, "b", "shared");
	blame_expect(&world, "b changed\n");
	set_foreign(&world, "a", "shared");
	blame_expect(&world, "a broken\n  domains/a/flows/f.yaml:1: the flow 'shared.f' is also in "
			     "'domains/b/flows/f.yaml'\n");
}

static void test_flow_ids_at_once(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	set_foreign(&world, "a", "shared");
	set_foreign(&world, "b", "shared");
	blame_expect(&world, "a broken\n  domains/a/flows/f.yaml:1: the flow 'shared.f' is also in "
			     "'domains/b/flows/f.yaml'\n"
			     "b broken\n  domains/b/flows/f.yaml:1: the flow 'shared.f' is also in "
			     "'domains/a/flows/f.yaml'\n");
}

// ---- Tables -------------------------------------------------------------------------------------------------------

static void test_producers(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "b", "a/t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	// The dataset is a's, and yet b has made the table before.
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "b", "a/t", 2, "");
	blame_expect(&world, "a broken\n  domains/a/sql/t.sql:1: the table 'a.t' is also made by "
			     "'domains/b/sql/a/t.sql'\n"
			     "b changed\n");
	// b gives way.
	repository_set(world.repository, "domains/b/sql/a/t.sql", NULL);
	blame_expect(&world, "a changed\nb changed\n");
}

// Neither was live: who writes into another domain's dataset is at fault.
static void test_producers_at_once(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_domain(&world, "c");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "b", "a/t", 1, "");
	blame_set_script(&world, "b", "lake/t", 1, "");
	blame_set_script(&world, "c", "lake/t", 1, "");
	blame_expect(&world,
		"a changed\n"
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
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "a", "lake/t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	repository_set(world.repository, "domains/a/sql/lake/t.sql", NULL);
	repository_set(world.repository, "domains/a/sql/bad.sql", "-- nothing\n");
	blame_set_script(&world, "b", "lake/t", 1, "");
	blame_expect(&world,
		"a broken\n  domains/a/sql/bad.sql:1: the script has no statement\n"
		"b broken\n  domains/b/sql/lake/t.sql:1: the table 'lake.t' is also made by "
		"'domains/a/sql/lake/t.sql'\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", NULL);
	blame_expect(&world, "a changed\nb changed\n");
}

static void test_consumers(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_domain(&world, "c");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "b", "t", 1, "a.t");
	blame_expect(&world, "a changed\nb changed\nc changed\n");
	// a shuts b out, which reads: a waits. c begins to read, which the live a allows, and a as it would be does not.
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\nconsumers: [d]\n");
	blame_set_script(&world, "b", "t", 2, "a.t");
	blame_expect(&world,
		"a broken\n  domains/a/domain.yaml:0: 'consumers' leaves out the domain "
		"'b', whose 'domains/b/sql/t.sql' reads 'a.t'\n"
		"b changed\n");
	// b stops reading, c comes too late.
	blame_set_script(&world, "b", "t", 3, "");
	blame_set_script(&world, "c", "t", 1, "a.t");
	blame_expect(&world,
		"a changed\nb changed\nc broken\n  domains/c/sql/t.sql:1: the domain 'c' "
		"may not read 'a.t'\n");
	// What is live of a broken domain counts: it would let c in.
	blame_restart(&world);
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\nconsumers: [c]\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", "-- nothing\n");
	blame_expect(&world,
		"a broken\n  domains/a/sql/bad.sql:1: the script has no statement\n"
		"c broken\n  domains/c/sql/t.sql:1: the domain 'c' may not read 'a.t'\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", NULL);
	blame_expect(&world, "a changed\nc changed\n");
}

static void set_check(BlameWorld *world, const char *domain, const char *table, const char *to)
{
	g_autofree char *path = g_strdup_printf("domains/%s/sql/%s.sql", domain, table);
	g_autofree char *text = g_strdup_printf(
		"/* weir\nchecks:\n  - relationships: {column: v, to: %s}\n*/\nSELECT 1 AS v", to);

	repository_set(world->repository, path, text);
}

// A check may look into what its engine reaches; who takes that away from a check that is live has to wait.
static void test_references(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	repository_set(world.repository, "weir.yaml",
		"name: x\nconnections: {dwh: {driver: postgres, url: postgresql://h/d}}\n");
	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_domain(&world, "c");
	blame_set_script(&world, "a", "t", 1, "");
	set_check(&world, "b", "t", "a.t.v");
	blame_expect(&world, "a changed\nb changed\nc changed\n");
	set_check(&world, "c", "t", "a.none.v");
	blame_expect(&world,
		"c broken\n  domains/c/sql/t.sql:3: the check looks into 'a.none', which "
		"nothing makes on the connection 'default'\n");
	repository_set(world.repository, "domains/c/sql/t.sql", NULL);
	// a moves to another connection, and b's check is as it was though its script is another one.
	blame_restart(&world);
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\nconnection: dwh\n");
	repository_set(world.repository, "domains/b/sql/t.sql",
		"/* weir\nchecks:\n  - relationships: {column: v, to: a.t.v}\n*/\nSELECT 2 AS v");
	blame_expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: a check of 'domains/b/sql/t.sql' looks into "
		"'a.t' on the connection 'default', where it would be no more\n"
		"b changed\nc unchanged\n");
	repository_set(world.repository, "domains/a/domain.yaml", "owner: x\n");
	repository_set(world.repository, "domains/a/sql/t.sql", NULL);
	blame_expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: a check of 'domains/b/sql/t.sql' looks into "
		"'a.t' on the connection 'default', where it would be no more\n");
	blame_set_script(&world, "b", "t", 3, "");
	blame_expect(&world, "a changed\nb changed\n");
}

// ---- Guards -------------------------------------------------------------------------------------------------------

// Who deletes too much waits, and nobody with him.
static void test_deletions(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "b", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	world.policy.max_deletions = 1;
	repository_set(world.repository, "domains/a/sql/t.sql", NULL);
	blame_set_script(&world, "b", "t", 2, "");
	blame_expect(&world,
		"a held\nb changed\n"
		"refused -: 2 resources would be deleted, and max_deletions allows 1\n");
}

// Only what may hide a domain holds its removal.
static void test_hidden(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "b", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	repository_set(world.repository, "domains/a/domain.yaml", NULL);
	repository_set(world.repository, "domains/b/domain.yaml", NULL);
	repository_set(world.repository, "domains/b/sql/t.sql", NULL);
	blame_expect(&world,
		"  domains/a:0: the folder has 'sql' but no 'domain.yaml'\n"
		"a held\nb changed\n"
		"refused a: domain 'a' would be removed, but 'domains/a' has an error and may be "
		"what hides it\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	git_libgit2_init();
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
	return g_test_run();
}
