// A layout loaded with the last snapshot, or out of the cache, says the same as one loaded from nothing; and little work is done.
#include "tests/harness/memory_cache.h"
#include "tests/repo-layout/repository.h"

static void set_up(Repository *repository)
{
	repository_set(repository, "weir.yaml", "name: shop\n");
	for (int i = 0; i < 4; i++) {
		g_autofree char *yaml = g_strdup_printf("domains/d%d/domain.yaml", i);

		repository_set(repository, yaml, "owner: x\n");
		for (int j = 0; j < 5; j++) {
			g_autofree char *path = g_strdup_printf("domains/d%d/sql/t%d.sql", i, j);
			g_autofree char *text = g_strdup_printf("SELECT * FROM d%d.t%d", i, j + 1);

			repository_set(repository, path, text);
		}
	}
	repository_set(repository, "domains/d3/sub/domain.yaml", "owner: y\n");
	repository_set(repository, "domains/d3/sub/sql/s.sql", "SELECT 1 AS a");
}

static void test_little_work(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;
	g_autoptr(Layout) cold = NULL;
	g_autoptr(Layout) same = NULL;
	g_autoptr(Layout) changed = NULL;

	set_up(repository);
	first = repository_commit(repository);
	cold = repository_load(repository, first, NULL, NULL);
	g_assert_cmpuint(layout_statistics(cold)->files_parsed, ==, 21);
	same = repository_load(repository, first, cold, NULL);
	g_assert_cmpuint(layout_statistics(same)->folders_walked, ==, 2);
	g_assert_cmpuint(layout_statistics(same)->files_parsed, ==, 0);
	g_assert_cmpuint(layout_statistics(same)->domains_shared, ==, 5);
	repository_set(repository, "domains/d1/sql/t0.sql", "SELECT 2 AS b");
	second = repository_commit(repository);
	changed = repository_load(repository, second, cold, NULL);
	g_assert_cmpuint(layout_statistics(changed)->folders_walked, ==, 4);
	g_assert_cmpuint(layout_statistics(changed)->files_parsed, ==, 1);
	g_assert_cmpuint(layout_statistics(changed)->domains_shared, ==, 4);
	// What did not change is the very same.
	g_assert_true(layout_flow_find(cold, "d0", "t0") == layout_flow_find(changed, "d0", "t0"));
	g_assert_true(layout_flow_find(cold, "d1", "t1") == layout_flow_find(changed, "d1", "t1"));
	g_assert_false(layout_flow_find(cold, "d1", "t0") == layout_flow_find(changed, "d1", "t0"));
}

static void test_restart(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GHashTable) table = memory_cache_new();
	LayoutCache cache = memory_cache_of(table);
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;
	g_autofree char *fresh = NULL;
	g_autofree char *restored = NULL;

	set_up(repository);
	first = repository_commit(repository);
	{
		g_autoptr(Layout) cold = repository_load(repository, first, NULL, &cache);

		fresh = layout_print(cold);
	}
	{
		g_autoptr(Layout) again = repository_load(repository, first, NULL, &cache);

		g_assert_cmpuint(layout_statistics(again)->files_parsed, ==, 0);
		g_assert_cmpuint(layout_statistics(again)->folders_walked, ==, 2);
		g_assert_cmpuint(layout_statistics(again)->domains_cached, ==, 5);
		restored = layout_print(again);
		g_assert_cmpstr(restored, ==, fresh);
	}
	repository_set(repository, "domains/d1/sql/t0.sql", "SELECT 2 AS b");
	second = repository_commit(repository);
	for (int i = 0; i < 2; i++) {
		g_autoptr(Layout) changed = repository_load(repository, second, NULL, &cache);

		// The second time the changed file comes from the cache as well.
		g_assert_cmpuint(layout_statistics(changed)->files_parsed, ==, i == 0 ? 1 : 0);
	}
}

// Every entry of the cache cut short or altered: as if it were not there.
static void test_damaged_cache(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GHashTable) table = memory_cache_new();
	LayoutCache cache = memory_cache_of(table);
	g_autofree char *commit = NULL;
	g_autofree char *fresh = NULL;
	g_autofree char *key = NULL;

	set_up(repository);
	commit = repository_commit(repository);
	{
		g_autoptr(Layout) cold = repository_load(repository, commit, NULL, &cache);

		fresh = layout_print(cold);
	}
	for (unsigned step = 0; step < 40; step++) {
		g_autoptr(GBytes) good = memory_cache_get(table, "domain", "domains/d2");
		size_t length = g_bytes_get_size(good);
		g_autofree unsigned char *bytes = g_memdup2(g_bytes_get_data(good, NULL), length);
		g_autoptr(Layout) layout = NULL;
		g_autofree char *printed = NULL;

		if (step % 2 == 0)
			length = length * step / 40;
		else
			bytes[length * step / 40] ^= 0x55;
		memory_cache_put(table, "domain", "domains/d2", bytes, length);
		layout = repository_load(repository, commit, NULL, &cache);
		printed = layout_print(layout);
		g_assert_cmpstr(printed, ==, fresh);
		g_assert_cmpuint(layout_statistics(layout)->files_parsed, ==, 5);
	}
}

// Domains below a folder that is none, and below one: their number changes, and with it the places of those behind.
static void change_group(Repository *repository, GRand *random)
{
	static const char *const folders[] = {
		"domains/d1/below", "domains/group/one", "domains/group/two", "domains/late"};
	const char *folder = folders[g_rand_int_range(random, 0, 4)];
	g_autofree char *yaml = g_strconcat(folder, "/domain.yaml", NULL);
	g_autofree char *script = g_strconcat(folder, "/sql/s.sql", NULL);
	g_autofree char *text = g_strdup_printf("SELECT %d AS a", g_rand_int_range(random, 0, 9));
	bool gone = g_rand_int_range(random, 0, 3) == 0;

	repository_set(repository, yaml, gone ? NULL : "owner: y\n");
	repository_set(repository, script, gone ? NULL : text);
}

static void change_something(Repository *repository, GRand *random)
{
	g_autofree char *path = g_strdup_printf("domains/d%d/sql/t%d.sql",
		g_rand_int_range(random, 0, 5), g_rand_int_range(random, 0, 6));
	g_autofree char *text = NULL;

	switch (g_rand_int_range(random, 0, 8)) {
	case 0: text = NULL; break;
	case 1: text = g_strdup("DROP TABLE x"); break;
	case 2: text = g_strdup("/* weir\nfeed: MODE_DELTA\nkey: [a]\n*/ SELECT 1 AS a"); break;
	default:
		text = g_strdup_printf("SELECT * FROM d%d.t%d JOIN d%d.t%d USING (a)",
			g_rand_int_range(random, 0, 5), g_rand_int_range(random, 0, 6),
			g_rand_int_range(random, 0, 5), g_rand_int_range(random, 0, 6));
		break;
	}
	if (g_rand_int_range(random, 0, 12) == 0) {
		static const char *const texts[] = {
			"owner: x\n", "owner: z\nconsumers: [d1, d2]\n", "ownr: x\n", NULL};

		g_free(path);
		path = g_strdup_printf("domains/d%d/domain.yaml", g_rand_int_range(random, 0, 5));
		repository_set(repository, path, texts[g_rand_int_range(random, 0, 4)]);
		return;
	}
	if (g_rand_int_range(random, 0, 8) == 0) {
		change_group(repository, random);
		return;
	}
	if (g_rand_int_range(random, 0, 15) == 0) {
		repository_set(repository, "domains/d1/flows/f.yaml",
			g_rand_boolean(random)
				? "id: f\ntasks: [{id: l, type: sql.load, from: x, table: d1.t5}]\n"
				: NULL);
		return;
	}
	repository_set(repository, path, text);
}

// Histories with rings, double producers and broken files: step by step, out of the cache, and from nothing all agree.
static void test_random_histories(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GHashTable) table = memory_cache_new();
	LayoutCache cache = memory_cache_of(table);
	g_autoptr(Layout) last = NULL;

	set_up(repository);
	repository_set(repository, "domains/d4/domain.yaml", "owner: x\n");
	for (int step = 0; step < 300 && !g_test_failed(); step++) {
		g_autofree char *commit = NULL;
		g_autofree char *one = NULL;
		g_autofree char *two = NULL;
		g_autofree char *three = NULL;
		g_autoptr(Layout) fresh = NULL;
		g_autoptr(Layout) restored = NULL;
		Layout *next;

		for (int i = g_rand_int_range(random, 1, 4); i > 0; i--)
			change_something(repository, random);
		commit = repository_commit(repository);
		fresh = repository_load(repository, commit, NULL, NULL);
		next = repository_load(repository, commit, last, &cache);
		restored = repository_load(repository, commit, NULL, &cache);
		layout_unref(last);
		last = next;
		one = layout_print(fresh);
		two = layout_print(last);
		three = layout_print(restored);
		g_assert_cmpstr(one, ==, two);
		g_assert_cmpstr(one, ==, three);
		g_assert_cmpstr(layout_digest(fresh), ==, layout_digest(last));
		g_assert_cmpstr(layout_digest(fresh), ==, layout_digest(restored));
		if (g_rand_boolean(random))
			layout_forget_definitions(last);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/sharing/little-work", test_little_work);
	g_test_add_func("/sharing/restart", test_restart);
	g_test_add_func("/sharing/damaged-cache", test_damaged_cache);
	g_test_add_func("/sharing/random-histories", test_random_histories);
	return g_test_run();
}
