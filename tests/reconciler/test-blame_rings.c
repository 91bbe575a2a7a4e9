// Rings between domains: whose fault they are.
#include "tests/reconciler/blame_bed.h"
#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <string.h>

static const char a_closes[] = "a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t "
			       "(domains/a/sql/t.sql:1) → c.t (domains/c/sql/t.sql:1) → b.t "
			       "(domains/b/sql/t.sql:1) → a.t\n";

// Only the domain that closes it is held up; the others go on, with this commit and the next one, before and after a restart.
static void test_ring(void)
{
	g_auto(BlameWorld) world = blame_world_new();
	g_autofree char *unchanged = NULL;
	g_autofree char *changed = NULL;

	blame_set_chain(&world);
	blame_expect(&world, "a changed\nb changed\nc changed\n");
	blame_set_script(&world, "a", "t", 1, "c.t");
	blame_set_script(&world, "b", "t", 2, "a.t");
	changed = g_strconcat(a_closes, "b changed\n", NULL);
	blame_expect(&world, changed);
	blame_expect_live(&world, "a", "t", "SELECT 1 AS v");
	blame_expect_live(&world, "b", "t", "SELECT 2 AS v FROM a.t");
	blame_restart(&world);
	blame_set_script(&world, "c", "t", 3, "b.t");
	unchanged = g_strconcat(a_closes, "c changed\n", NULL);
	blame_expect(&world, unchanged);
	blame_expect_live(&world, "c", "t", "SELECT 3 AS v FROM b.t");
	// Mended.
	blame_set_script(&world, "a", "t", 4, "");
	blame_expect(&world, "a changed\n");
	blame_expect_live(&world, "a", "t", "SELECT 4 AS v");
}

// Nothing is live: all are to blame whose flows are in it, and nobody else.
static void test_ring_at_once(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_chain(&world);
	blame_set_script(&world, "a", "t", 1, "c.t");
	blame_set_domain(&world, "d");
	blame_set_script(&world, "d", "t", 1, "a.t");
	blame_expect(&world,
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
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_chain(&world);
	blame_set_script(&world, "c", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\nc changed\n");
	blame_set_script(&world, "a", "t", 1, "c.t");
	blame_set_script(&world, "c", "t", 1, "b.t");
	blame_expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ c.t (domains/c/sql/t.sql:1) → b.t (domains/b/sql/t.sql:1) → a.t\n"
		"c broken\n  domains/c/sql/t.sql:1: dependency cycle: c.t (domains/c/sql/t.sql:1) "
		"→ b.t (domains/b/sql/t.sql:1) → a.t (domains/a/sql/t.sql:1) → c.t\n");
	// a closes a ring with b; that c reads a and is read by b would close another one, if a's change stayed.
	blame_set_script(&world, "a", "t", 1, "b.t");
	blame_set_script(&world, "c", "t", 1, "a.t");
	blame_expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ b.t (domains/b/sql/t.sql:1) → a.t\nc changed\n");
}

static void test_ring_within(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "a", "u", 1, "a.t");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "b", "t", 1, "a.u");
	blame_expect(&world, "a changed\nb changed\n");
	blame_set_script(&world, "a", "t", 1, "a.u");
	blame_set_script(&world, "b", "t", 2, "a.u");
	blame_expect(&world,
		"a broken\n  domains/a/sql/t.sql:1: dependency cycle: a.t (domains/a/sql/t.sql:1) "
		"→ a.u (domains/a/sql/u.sql:1) → a.t\nb changed\n");
}

// A table that others read already, and that is made now, closes a ring as well as a read does.
static void test_ring_by_producer(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_script(&world, "a", "t", 1, "b.late");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "b", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	blame_set_script(&world, "b", "late", 1, "a.t");
	blame_set_script(&world, "a", "t", 2, "b.late");
	blame_expect(&world,
		"a changed\nb broken\n  domains/b/sql/late.sql:1: dependency cycle: b.late "
		"(domains/b/sql/late.sql:1) → a.t (domains/a/sql/t.sql:1) → b.late\n");
}

// A domain on the ring that is removed by the same commit is on no ring.
static void test_ring_and_removal(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_chain(&world);
	blame_expect(&world, "a changed\nb changed\nc changed\n");
	blame_set_script(&world, "a", "t", 1, "c.t");
	repository_set(world.repository, "domains/b/domain.yaml", NULL);
	repository_set(world.repository, "domains/b/sql/t.sql", NULL);
	// c still reads b.t: the removal is refused, b stays as it was, and with that a closes a ring.
	blame_expect(&world,
		"a held\nb held\n"
		"refused b: 'b.t' would be removed, and flow 'c.t' of domain 'c' reads it\n"
		"refused a: domains/a/sql/t.sql:1: dependency cycle: a.t "
		"(domains/a/sql/t.sql:1) → c.t (domains/c/sql/t.sql:1) → b.t "
		"(domains/b/sql/t.sql:1) → a.t\n");
	blame_set_script(&world, "c", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\nc changed\n");
	blame_expect_live(&world, "a", "t", "SELECT 1 AS v FROM c.t");
}

// What a broken domain was still counts: another one may not close a ring with it, though the commit has none.
static void test_ring_with_what_stays(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_script(&world, "a", "t", 1, "b.t");
	blame_set_domain(&world, "b");
	blame_set_script(&world, "b", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_script(&world, "b", "t", 1, "a.t");
	repository_set(world.repository, "domains/a/sql/bad.sql", "-- nothing\n");
	blame_expect(&world,
		"a broken\n  domains/a/sql/bad.sql:1: the script has no statement\n"
		"b broken\n  domains/b/sql/t.sql:1: dependency cycle: b.t (domains/b/sql/t.sql:1) "
		"→ a.t (domains/a/sql/t.sql:1) → b.t\n");
	repository_set(world.repository, "domains/a/sql/bad.sql", NULL);
	blame_expect(&world, "a changed\nb changed\n");
	blame_expect_live(&world, "b", "t", "SELECT 1 AS v FROM a.t");
}

// A flow that took another name is no reason to blame its domain.
static void test_ring_and_rename(void)
{
	g_auto(BlameWorld) world = blame_world_new();
	static const char flow[] = "id: %s\ntasks: [{id: l, type: sql.load, from: x, table: "
				   "a.made}]\ntriggers: [{id: t, type: tables, all: [b.t]}]\n";
	g_autofree char *one = g_strdup_printf(flow, "one");
	g_autofree char *two = g_strdup_printf(flow, "two");

	blame_set_domain(&world, "a");
	repository_set(world.repository, "domains/a/flows/f.yaml", one);
	blame_set_domain(&world, "b");
	blame_set_script(&world, "b", "t", 1, "");
	blame_expect(&world, "a changed\nb changed\n");
	blame_restart(&world);
	repository_set(world.repository, "domains/a/flows/f.yaml", two);
	blame_set_script(&world, "b", "t", 1, "a.made");
	blame_expect(&world, "a changed\nb broken\n  domains/b/sql/t.sql:1: dependency cycle: b.t "
			     "(domains/b/sql/t.sql:1) → a.one (domains/a/flows/f.yaml:1) → b.t\n");
}

// A long ring is shown with its middle left out, and said of a few of its flows.
static void test_long_ring(void)
{
	g_auto(BlameWorld) world = blame_world_new();
	g_autofree char *said = NULL;

	blame_set_domain(&world, "a");
	for (int i = 0; i < 500; i++) {
		g_autofree char *table = g_strdup_printf("t%03d", i);
		g_autofree char *from = g_strdup_printf("a.t%03d", (i + 1) % 500);

		blame_set_script(&world, "a", table, 1, from);
	}
	said = blame_push(&world);
	g_assert_nonnull(strstr(said, "… 440 more …"));
	g_assert_cmpuint(strlen(said), <, 20 * 60 * 60);
}

// Reads that start nothing are worth a word to the one who brings them, and hold nobody up.
static void test_soft_ring(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_script(&world, "a", "t", 1, "b.made");
	blame_set_domain(&world, "b");
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks: [{id: l, type: sql.load, from: x, table: b.made}]\n");
	blame_expect(&world, "a changed\nb changed\n");
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks:\n  - {id: q, type: sql.query, sql: SELECT v FROM a.t}\n"
		"  - {id: l, type: sql.load, from: x, table: b.made}\n");
	blame_expect(&world, "b changed\n  domains/b/flows/f.yaml:3: dependency cycle: b.f "
			     "(domains/b/flows/f.yaml:3) → a.t (domains/a/sql/t.sql:1) → b.f\n");
}

// A read that started nothing, and that starts the flow now, closes a ring; also when all that is known of it is in the store.
static void test_soft_becomes_hard(void)
{
	g_auto(BlameWorld) world = blame_world_new();

	blame_set_domain(&world, "a");
	blame_set_script(&world, "a", "t", 1, "");
	blame_set_domain(&world, "b");
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks:\n  - {id: q, type: sql.query, sql: SELECT v FROM a.t}\n"
		"  - {id: l, type: sql.load, from: x, table: b.made}\n");
	blame_expect(&world, "a changed\nb changed\n");
	blame_set_script(&world, "a", "t", 1, "b.made");
	blame_expect(&world, "a changed\n  domains/a/sql/t.sql:1: dependency cycle: a.t "
			     "(domains/a/sql/t.sql:1) → b.f (domains/b/flows/f.yaml:3) → a.t\n");
	blame_restart(&world);
	repository_set(world.repository, "domains/b/flows/f.yaml",
		"id: f\ntasks:\n  - {id: l, type: sql.load, from: x, table: b.made}\n"
		"triggers:\n  - {id: t, type: tables, all: [a.t]}\n");
	blame_expect(&world, "b broken\n  domains/b/flows/f.yaml:5: dependency cycle: b.f "
			     "(domains/b/flows/f.yaml:5) → a.t (domains/a/sql/t.sql:1) → b.f\n");
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
	return g_test_run();
}
