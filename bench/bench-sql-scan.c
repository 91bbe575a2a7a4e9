// What it costs to scan and fingerprint a script, against a copy and a SHA-256 of the same text.
#include "bench/bench.h"
#include "sql/scan.h"

#include <stdio.h>
#include <string.h>

enum {
	ROUNDS = 5,
	REPEATS = 20000, // scans of the one script a round
	SCRIPTS = 10000,
};

typedef struct {
	const SqlDialect *dialect;
	GPtrArray *scripts; // of char *
	unsigned repeats;
} Load;

// A script as analysts write them, of about 500 bytes.
static char *make_script(unsigned number)
{
	return g_strdup_printf(
		"/* weir\nfeed: WRITE_TRUNCATE\n*/\n"
		"WITH orders AS (\n"
		"  SELECT order_id, customer_id, sum(quantity * unit_price) AS amount\n"
		"  FROM sales.order_lines_%u -- one row a line\n"
		"  WHERE day >= '{{ inputs.day }}' AND quantity > 0\n"
		"  GROUP BY order_id, customer_id\n"
		")\n"
		"SELECT c.country, o.customer_id, count(*) AS orders, max(o.amount) AS largest,\n"
		"  CASE WHEN c.segment IS NULL THEN 'none' ELSE lower(c.segment) END AS segment\n"
		"FROM orders o\n"
		"JOIN customers.customers_%u AS c ON c.customer_id = o.customer_id\n"
		"GROUP BY 1, 2, 5 ORDER BY 3 DESC\n",
		number, number % 97);
}

static double scan_all(void *data)
{
	const Load *load = data;
	double start = bench_seconds();

	for (unsigned i = 0; i < load->repeats; i++) {
		const char *text = g_ptr_array_index(load->scripts, i % load->scripts->len);
		g_autoptr(SqlScript) script = sql_script_scan(load->dialect, text, strlen(text));

		g_assert_cmpuint(script->reads.count, ==, 2);
	}
	return bench_seconds() - start;
}

static double copy_and_hash_all(void *data)
{
	const Load *load = data;
	double start = bench_seconds();

	for (unsigned i = 0; i < load->repeats; i++) {
		const char *text = g_ptr_array_index(load->scripts, i % load->scripts->len);
		g_autofree char *copy = g_strdup(text);
		g_autofree char *digest =
			g_compute_checksum_for_string(G_CHECKSUM_SHA256, copy, -1);

		g_assert_cmpint(digest[0], !=, '\0');
	}
	return bench_seconds() - start;
}

static void bench_dialect(const char *name)
{
	g_autoptr(GPtrArray) scripts = g_ptr_array_new_with_free_func(g_free);
	Load load = {.dialect = sql_dialect_find(name), .scripts = scripts, .repeats = REPEATS};
	g_autofree char *label = g_strdup_printf("scan and fingerprint one script (%s)", name);
	double seconds[ROUNDS];

	g_ptr_array_add(scripts, make_script(1));
	bench_ratio(label, scan_all, &load, copy_and_hash_all, &load, ROUNDS, 0, false);
	for (unsigned i = 0; i < ROUNDS; i++)
		seconds[i] = scan_all(&load) / REPEATS * 1e6;
	g_autofree char *figure = g_strdup_printf(
		"one script of %zu bytes (%s)", strlen(g_ptr_array_index(scripts, 0)), name);
	bench_figure(figure, bench_median(seconds, ROUNDS), "microseconds", 8);
}

static void bench_many(void)
{
	g_autoptr(GPtrArray) scripts = g_ptr_array_new_with_free_func(g_free);
	Load load = {
		.dialect = sql_dialect_find("postgres"), .scripts = scripts, .repeats = SCRIPTS};
	double seconds[ROUNDS];

	for (unsigned i = 0; i < SCRIPTS; i++)
		g_ptr_array_add(scripts, make_script(i));
	for (unsigned i = 0; i < ROUNDS; i++)
		seconds[i] = scan_all(&load);
	bench_figure("10,000 different scripts", bench_median(seconds, ROUNDS), "seconds", 0.5);
}

int main(void)
{
	for (const char *const *name = sql_dialect_names(); *name != NULL; name++)
		bench_dialect(*name);
	bench_many();
	return 0;
}
