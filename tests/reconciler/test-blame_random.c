// Random histories: whatever is pushed, what is live has no ring and no table without a maker.
#include "store/flow.h"
#include "tests/reconciler/blame_bed.h"
#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <string.h>

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
static void check_live(BlameWorld *world)
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

static void change_something(BlameWorld *world, GRand *random)
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
		blame_set_script(world, domain, table, g_rand_int_range(random, 0, 5), "");
	} else {
		from = g_rand_int_range(random, 0, 8) == 0
			       ? g_strdup_printf("lake.t%d", g_rand_int_range(random, 0, 3))
			       : g_strdup_printf("d%d.t%d", g_rand_int_range(random, 0, 5),
					 g_rand_int_range(random, 0, 3));
		blame_set_script(world, domain, table, g_rand_int_range(random, 0, 5), from);
	}
	if (g_rand_int_range(random, 0, 25) == 0) {
		g_autofree char *yaml = g_strdup_printf("domains/%s/domain.yaml", domain);

		repository_set(world->repository, yaml,
			g_rand_boolean(random) ? "owner: x\nconsumers: [d1, d2]\n" : "owner: x\n");
	}
}

// Whatever is pushed: what is live never has a ring or two producers, a stranger says the same (blame_push() sees to that), and a domain
// that is as it was is never at fault.
static void test_random_histories(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(11);
	g_auto(BlameWorld) world = blame_world_new();
	int blamed = 0;

	for (int i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("d%d", i);

		blame_set_domain(&world, name);
	}
	for (int step = 0; step < 300 && !g_test_failed(); step++) {
		g_autofree char *said = NULL;

		for (int i = g_rand_int_range(random, 1, 4); i > 0; i--)
			change_something(&world, random);
		said = blame_push(&world);
		blamed += strstr(said, "dependency cycle") != NULL;
		check_live(&world);
		if (g_rand_int_range(random, 0, 20) == 0)
			blame_restart(&world);
	}
	g_assert_cmpint(blamed, >, 20);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	git_libgit2_init();
	g_test_add_func("/blame/random-histories", test_random_histories);
	return g_test_run();
}
