// Slots of a node, pools and priority: who begins when, told by files that the tasks themselves write.
#include "store/run.h"
#include "tests/runner/run_bed.h"

#include <stdlib.h>
#include <string.h>

// A flow whose tasks write their names into a file, in the order in which they begin. In the text, SAY name does that, and AWAIT
// name waits until a task has said so (ten seconds at most, then it fails).
typedef struct {
	char *folder, *said;
} Bed;

static void bed_open(Bed *bed)
{
	bed->folder = g_dir_make_tmp("weir-slots-XXXXXX", NULL);
	g_assert_nonnull(bed->folder);
	bed->said = g_build_filename(bed->folder, "said", NULL);
}

static void bed_close(Bed *bed)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", bed->folder);

	g_assert_cmpint(system(command), ==, 0);
	g_free(bed->said);
	g_free(bed->folder);
}

static char *bed_yaml(const Bed *bed, const char *text)
{
	g_autoptr(GString) yaml = g_string_new(text);
	g_autofree char *say = g_strdup_printf("say() { echo $1 >> %s; }; say ", bed->said);
	g_autofree char *await = g_strdup_printf("await() { for i in $(seq 1000); do grep -qx $1 "
						 "%s && return; sleep 0.01; done; exit 1; "
						 "}; await ",
		bed->said);

	g_string_replace(yaml, "SAY ", say, 0);
	g_string_replace(yaml, "AWAIT ", await, 0);
	return g_string_free(g_steal_pointer(&yaml), FALSE);
}

static char *bed_said(const Bed *bed)
{
	char *text = NULL;

	g_file_get_contents(bed->said, &text, NULL, NULL);
	return g_strdelimit(text != NULL ? text : g_strdup(""), "\n", ' ');
}

static void check(const char *flow, const RunnerOptions *options, const char *expected)
{
	Bed bed;

	bed_open(&bed);
	g_autofree char *yaml = bed_yaml(&bed, flow);
	json_t *report = bed_run_with(yaml, NULL, options);
	g_autofree char *text = bed_text(report);
	g_autofree char *said = bed_said(&bed);
	g_assert_true(g_str_has_prefix(text, "SUCCESS:"));
	g_assert_cmpstr(said, ==, expected);
	json_decref(report);
	bed_close(&bed);
}

// One waits for its pool: whoever comes later and needs another, or none, does not wait for it.
static void test_full_pool_holds_up_nobody(void)
{
	const RunnerPool pools[] = {{"one", 1}, {"other", 1}};
	const RunnerOptions options = {.slots = 4, .sole = true, .pools = pools, .pool_count = 2};

	check("id: f\ntasks:\n  - id: p\n    type: parallel\n    tasks:\n"
	      "      - {id: a, type: shell, pool: one, commands: ['SAY a', 'AWAIT c', 'AWAIT d']}\n"
	      "      - {id: b, type: shell, pool: one, commands: ['SAY b']}\n"
	      "      - {id: c, type: shell, commands: ['AWAIT a', 'SAY c']}\n"
	      "      - {id: d, type: shell, pool: other, commands: ['AWAIT c', 'SAY d']}\n",
		&options, "a c d b ");
}

// A later task of the same kind: the one that waits is first.
static void test_pool_is_fair(void)
{
	const RunnerPool pool = {"one", 1};
	const RunnerOptions options = {.slots = 4, .sole = true, .pools = &pool, .pool_count = 1};

	check("id: f\ntasks:\n  - id: p\n    type: foreach\n    concurrencyLimit: 0\n    values: "
	      "[a, b, c, d]\n"
	      "    tasks: [{id: t, type: shell, pool: one, commands: ['SAY {{ taskrun.value "
	      "}}']}]\n",
		&options, "a b c d ");
}

// While there is one slot, the most urgent of those that wait is next, then the one that waits longest.
static void test_priority(void)
{
	const RunnerOptions options = {.slots = 1, .sole = true};

	check("id: f\ntasks:\n  - id: p\n    type: parallel\n    tasks:\n"
	      "      - {id: first, type: shell, commands: ['SAY first', 'sleep 0.2']}\n"
	      "      - {id: low, type: shell, priority: -1, commands: ['SAY low']}\n"
	      "      - {id: plain, type: shell, commands: ['SAY plain']}\n"
	      "      - {id: high, type: shell, priority: 5, commands: ['SAY high']}\n"
	      "      - {id: mid, type: shell, priority: 3, commands: ['SAY mid']}\n"
	      "      - {id: high2, type: shell, priority: 5, commands: ['SAY high2']}\n",
		&options, "first high high2 mid plain low ");
}

// Priority within a pool, while slots are free.
static void test_priority_in_pool(void)
{
	const RunnerPool pool = {"one", 1};
	const RunnerOptions options = {.slots = 8, .sole = true, .pools = &pool, .pool_count = 1};

	check("id: f\ntasks:\n  - id: p\n    type: parallel\n    tasks:\n"
	      "      - {id: first, type: shell, pool: one, commands: ['SAY first', 'sleep 0.2']}\n"
	      "      - {id: low, type: shell, pool: one, priority: -1, commands: ['SAY low']}\n"
	      "      - {id: high, type: shell, pool: one, priority: 5, commands: ['SAY high']}\n",
		&options, "first high low ");
}

// A name that the server gives no limit limits nothing but what the slots do.
static void test_unknown_pool(void)
{
	const RunnerOptions options = {.slots = 2, .sole = true};

	check("id: f\ntasks:\n  - id: p\n    type: parallel\n    tasks:\n"
	      "      - {id: a, type: shell, pool: nowhere, commands: ['SAY a', 'AWAIT b']}\n"
	      "      - {id: b, type: shell, pool: nowhere, commands: ['AWAIT a', 'SAY b']}\n",
		&options, "a b ");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/slots/full-pool-holds-up-nobody", test_full_pool_holds_up_nobody);
	g_test_add_func("/slots/pool-is-fair", test_pool_is_fair);
	g_test_add_func("/slots/priority", test_priority);
	g_test_add_func("/slots/priority-in-pool", test_priority_in_pool);
	g_test_add_func("/slots/unknown-pool", test_unknown_pool);
	return g_test_run();
}
