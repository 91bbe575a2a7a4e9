// Headers of scripts: what they give, what they are when they say nothing, and what is said of those that are wrong.
#include "tests/repo-layout/repository.h"

#include <string.h>

// Headers that are the same are read once; what is wrong with one is said of every file that has it, at its own place.
static void test_same_header(void)
{
	static const char header[] =
		"/* weir\nfeed: WRITE_APPEND\nchecks:\n  - not_null: [a]\n*/\n";
	g_autoptr(Repository) repository = repository_small();
	g_autoptr(Layout) layout = NULL;
	g_autofree char *commit = NULL;

	for (int i = 0; i < 3; i++) {
		g_autofree char *path = g_strdup_printf("domains/sales/sql/t%d.sql", i);
		g_autofree char *text =
			g_strdup_printf("%s%sSELECT %d AS a\n", i == 2 ? "\n" : "", header, i);

		repository_set(repository, path, text);
	}
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		g_autofree char *id = g_strdup_printf("t%d", i);
		g_autofree char *sql = g_strdup_printf("\"sql\":\"SELECT %d AS a\"", i);
		const LayoutFlow *flow = layout_flow_find(layout, "sales", id);
		g_autofree char *definition = layout_flow_definition(layout, flow, NULL);

		g_assert_cmpint(flow->feed, ==, FEED_WRITE_APPEND);
		g_assert_nonnull(strstr(definition, sql));
		g_assert_nonnull(strstr(definition, "\"type\":\"not_null\""));
	}
	// A fault of the header itself, and one of what it says of the query below it.
	repository_set(
		repository, "domains/sales/sql/t0.sql", "/* weir\nfed: X\n*/\nSELECT 1 AS a\n");
	repository_set(
		repository, "domains/sales/sql/t1.sql", "/* weir\nfed: X\n*/\nSELECT 2 AS a\n");
	repository_set(repository, "domains/sales/sql/t2.sql",
		"\n/* weir\nfeed: MODE_DELTA\n*/\nSELECT 2 AS a\n");
	repository_set(repository, "domains/sales/sql/t3.sql",
		"\n/* weir\nfeed: MODE_DELTA\n*/\nSELECT 3 AS a\n");
	repository_expect(repository,
		"domains/sales/sql/t0.sql:2:1: error: unknown key 'fed' in script header\n"
		"hint: did you mean 'feed'?\n"
		"domains/sales/sql/t1.sql:2:1: error: unknown key 'fed' in script header\n"
		"hint: did you mean 'feed'?\n"
		"domains/sales/sql/t2.sql:3:7: error: feed MODE_DELTA needs 'key': the columns "
		"that "
		"tell rows apart\n"
		"hint: key: [order_id]\n"
		"domains/sales/sql/t3.sql:3:7: error: feed MODE_DELTA needs 'key': the columns "
		"that "
		"tell rows apart\n"
		"hint: key: [order_id]\n");
}

static void test_cosmetic(void)
{
	static const char *const writings[] = {
		"SELECT a, b FROM t WHERE a > 1\n",
		"-- a remark\nselect a, b\n  from t\n where a > 1;\n",
		"/* weir\n# nothing but a comment\nfeed: WRITE_TRUNCATE\n*/\nSELECT a, b FROM t /* "
		"x */ WHERE a > 1",
		"-- weir\n-- feed: write_truncate\nSELECT a, b FROM t WHERE a > 1\n",
	};
	g_autofree char *first = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(writings); i++) {
		g_autoptr(Repository) repository = repository_small();
		g_autofree char *commit = NULL;
		g_autoptr(Layout) layout = NULL;
		const LayoutFlow *flow;

		repository_set(repository, "domains/sales/sql/x.sql", writings[i]);
		commit = repository_commit(repository);
		layout = repository_load(repository, commit, NULL, NULL);
		flow = layout_flow_find(layout, "sales", "x");
		if (first == NULL)
			first = g_strdup(flow->digest);
		g_assert_cmpstr(flow->digest, ==, first);
	}
}

// What is written out and is the default anyway changes nothing.
static void test_explicit_defaults(void)
{
	static const struct {
		const char *domain, *without, *with;
		bool differs;
	} rows[] = {
		{"", "checks: [{not_null: [a]}]",
			"checks: [{not_null: [a], severity: error, store_failures: false}]", false},
		{"", "checks: [{not_null: [a]}]",
			"checks: [{not_null: {columns: [a], severity: error}}]", false},
		{"", "checks: [{not_null: [a]}]", "checks: [{not_null: [a], severity: warn}]",
			true},
		{"", "checks: [{accepted_range: {column: a, min: 1}}]",
			"checks: [{accepted_range: {column: a, min: 1, inclusive: true}}]", false},
		{"", "checks: [{accepted_range: {column: a, min: 1}}]",
			"checks: [{accepted_range: {column: a, min: 1, inclusive: false}}]", true},
		{"", "feed: WRITE_TRUNCATE",
			"technical_columns: false\nallow_breaking: false\ndisabled: "
			"false\npriority: 0\nrefresh: all",
			false},
		{"", "feed: WRITE_TRUNCATE", "technical_columns: true", true},
		{"", "retry: {interval: PT1S}",
			"retry: {type: constant, interval: PT1S, warningOnRetry: false, behavior: "
			"RETRY_FAILED_TASK}",
			false},
		{"", "feed: WRITE_PARTITION\npartition: {column: a}",
			"feed: WRITE_PARTITION\npartition: {column: a, granularity: DAY, lookback: "
			"0}",
			false},
		{"", "feed: WRITE_PARTITION\npartition: {column: a}",
			"feed: WRITE_PARTITION\npartition: {column: a, granularity: HOUR}", true},
		// It wins over what the domain says.
		{"defaults: {technical_columns: true}\n", "feed: WRITE_TRUNCATE",
			"technical_columns: false", true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char digests[2][65];

		for (size_t j = 0; j < 2; j++) {
			g_autoptr(Repository) repository = repository_small();
			g_autofree char *text = g_strdup_printf("/* weir\n%s\n*/\nSELECT 1 AS a\n",
				j == 0 ? rows[i].without : rows[i].with);
			g_autofree char *domain = g_strconcat("owner: ann\n", rows[i].domain, NULL);
			g_autofree char *commit = NULL;
			g_autoptr(Layout) layout = NULL;
			g_autofree char *report = NULL;

			repository_set(repository, "domains/sales/domain.yaml", domain);
			repository_set(repository, "domains/sales/sql/x.sql", text);
			commit = repository_commit(repository);
			layout = repository_load(repository, commit, NULL, NULL);
			report = layout_report(layout);
			g_assert_cmpstr(report, ==, "");
			g_strlcpy(digests[j], layout_flow_find(layout, "sales", "x")->digest,
				sizeof(digests[j]));
		}
		if ((strcmp(digests[0], digests[1]) != 0) != rows[i].differs)
			g_error("'%s' and '%s'", rows[i].without, rows[i].with);
	}
}

static void test_header_faults(void)
{
	repository_expect_file("domains/sales/sql/a.sql", "/* weir\nfeeed: VIEW\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:1: error: unknown key 'feeed' in script header\nhint: "
		"did you mean 'feed'?\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: MODE_DELTA\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:7: error: feed MODE_DELTA needs 'key': the columns that "
		"tell rows apart\n"
		"hint: key: [order_id]\n");
	repository_expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: VEIW\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:7: error: 'feed' cannot be 'VEIW'\nhint: did you mean "
		"'VIEW'?\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"-- weir\n-- feed: VIEW\n-- kye: [a]\nSELECT 1\n",
		"domains/sales/sql/a.sql:3:4: error: unknown key 'kye' in script header\nhint: did "
		"you mean 'key'?\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nchecks:\n  - not_nul: [a]\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:3:5: error: unknown check 'not_nul'\nhint: did you mean "
		"'not_null'?\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\nfeed: VIEW\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:3:1: error: key 'feed' is here a second time; the first "
		"is in line 2\n"
		"hint: keep one of the two\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nconnection: nowhere\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:1: error: unknown connection 'nowhere'\n"
		"hint: declare it under 'connections' in weir.yaml\n");
}

// What the key and the checks name must be what the query gives, where that is certain.
static void test_header_columns(void)
{
	static const char without[] = "domains/sales/sql/a.sql:%s: error: '%s' names the column "
				      "'%s', which the query does "
				      "not give\n%s";
	static const struct {
		const char *header, *query, *place, *key, *column, *hint;
	} rows[] = {
		{"feed: MODE_DELTA\nkey: [order_id, dya]", "SELECT 1 AS order_id, day FROM t",
			"3:17", "key", "dya", "hint: did you mean 'day'?\n"},
		{"feed: MODE_DELTA\nkey: ORDER_ID", "SELECT 1 AS order_id", NULL, NULL, NULL, NULL},
		{"feed: MODE_DELTA\nkey: [dya]", "SELECT * FROM t", NULL, NULL, NULL, NULL},
		{"checks:\n  - not_null: [a, daay]", "SELECT 1 AS a, 2 AS day", "3:19", "checks",
			"daay", "hint: did you mean \'day\'?\n"},
		{"checks:\n  - row_count: {min: 1}\n  - severity: warn\n    unique: c",
			"SELECT 1 AS a", "5:13", "checks", "c", ""},
		{"checks:\n  - accepted_values: {column: stat, values: [stat]}",
			"SELECT 1 AS status", "3:31", "checks", "stat",
			"hint: did you mean 'status'?\n"},
		{"checks:\n  - accepted_range: {column: amuont, min: 0}", "SELECT 1 AS amount",
			"3:30", "checks", "amuont", "hint: did you mean 'amount'?\n"},
		{"checks:\n  - relationships: {column: x, to: sales.b.x}", "SELECT 1 AS y", "3:29",
			"checks", "x", ""},
		{"key: [name]",
			"WITH x AS (SELECT name FROM t) SELECT 1 AS y, 'a, name' AS z FROM x GROUP "
			"BY name",
			"2:7", "key", "name", ""},
		{"key: [name]", "SELECT 1 AS y, t.NAME\nFROM t", NULL, NULL, NULL, NULL},
		{"technical_columns: true\nchecks:\n  - not_null: [_loaded_at]", "SELECT 1 AS y",
			NULL, NULL, NULL, NULL},
		{"feed: SNAPSHOT\nkey: [y]\nchecks:\n  - not_null: [valid_from]", "SELECT 1 AS y",
			NULL, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf("/* weir\n%s\n*/\n%s\n", rows[i].header, rows[i].query);
		g_autofree char *report =
			rows[i].place == NULL ? g_strdup("")
					      : g_strdup_printf(without, rows[i].place, rows[i].key,
							rows[i].column, rows[i].hint);
		g_autoptr(Repository) repository = repository_small();

		repository_set(repository, "domains/sales/sql/b.sql", "SELECT 1 AS x");
		repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS day");
		repository_set(repository, "domains/sales/sql/a.sql", text);
		repository_expect(repository, report);
	}
}

static void test_transactions(void)
{
	static const struct {
		const char *statements, *place, *word;
	} rows[] = {
		{"BEGIN; INSERT INTO a VALUES (1); COMMIT", "4:1", "BEGIN"},
		{"INSERT INTO a VALUES (1);\n commit transaction", "5:2", "COMMIT"},
		{"INSERT INTO a VALUES (1); ROLLBACK", "4:27", "ROLLBACK"},
		{"VACUUM", "4:1", "VACUUM"},
		{"ATTACH 'x' AS y", "4:1", "ATTACH"},
		{"DETACH y", "4:1", "DETACH"},
		{"SAVEPOINT s; INSERT INTO a VALUES (1); ROLLBACK TO s; RELEASE s", NULL, NULL},
		{"CREATE TRIGGER u AFTER INSERT ON a BEGIN DELETE FROM a; END; INSERT INTO a "
		 "VALUES (1)",
			NULL, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf("/* weir\nfeed: SCRIPT\n*/\n%s\n", rows[i].statements);
		g_autoptr(Repository) repository = repository_small();
		g_autofree char *commit = NULL;
		g_autoptr(Layout) layout = NULL;
		g_autofree char *found = NULL;
		g_autofree char *expected = g_strdup_printf(
			"domains/sales/sql/a.sql:%s: error: %s has no place in a script, which "
			"runs in one transaction\nhint: leave it out; SAVEPOINT and ROLLBACK "
			"TO are taken\n",
			rows[i].place, rows[i].word);

		repository_set(repository, "domains/sales/sql/a.sql", text);
		commit = repository_commit(repository);
		layout = repository_load(repository, commit, NULL, NULL);
		found = layout_report(layout);
		if (rows[i].place == NULL ? strstr(found, "has no place") != NULL
					  : strstr(found, expected) == NULL)
			g_test_fail_printf("%s: %s", rows[i].statements, found);
	}
}

static void test_script_faults(void)
{
	repository_expect_file("domains/sales/sql/a.sql", "-- nothing\n",
		"domains/sales/sql/a.sql:1:1: error: the script has no statement\nhint: write a "
		"SELECT, or remove the file\n");
	repository_expect_file("domains/sales/sql/a.sql", "DELETE FROM t\n",
		"domains/sales/sql/a.sql:1:1: error: a script of feed WRITE_TRUNCATE must be one "
		"query, not delete\n"
		"hint: 'feed: SCRIPT' runs statements as they are written\n");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT 1;\n  SELECT 2\n",
		"domains/sales/sql/a.sql:2:3: error: a script of feed WRITE_TRUNCATE must be one "
		"query; a second statement begins "
		"here\nhint: 'feed: SCRIPT' runs statements as they are written\n");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT {{ inputs.x | uper }}\n",
		"domains/sales/sql/a.sql:1:22: error: unknown filter 'uper'\nhint: did you mean "
		"'upper'?\n");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT {{ vars.x | raw }}\n",
		"domains/sales/sql/a.sql:1:11: warning: 'vars.x' is no variable of this domain\n"
		"domains/sales/sql/a.sql:1:11: error: 'vars.x | raw' would be pasted into the SQL\n"
		"hint: leave out '| raw' to bind the value, or set policies.allow_raw in "
		"weir.yaml\n");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT 1 AS \"a\xff\"\n",
		"domains/sales/sql/a.sql:1:15: error: the script is not valid UTF-8\nhint: save "
		"the "
		"file as UTF-8\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"-- a remark\n/* weir\nfed: VIEW\n*/\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:3:1: error: unknown key 'fed' in script header\nhint: did "
		"you "
		"mean 'feed'?\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"\xEF\xBB\xBF-- a remark\n-- weir\n-- feed: WRITE_APPEND\n"
		"SELECT 1 AS a\n",
		"");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: WRITE_APPEND\n*/ SELECT 'it\n",
		"domains/sales/sql/a.sql:3:11: error: the text that begins here has no closing "
		"quote\nhint: close it; a quote inside of a text is written twice\n");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT 1 AS [a\n",
		"domains/sales/sql/a.sql:1:13: error: the name that begins here has no closing "
		"quote\nhint: close it with the quote that belongs to the one that it begins "
		"with\n");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT 1 AS a, ? AS a\n",
		"domains/sales/sql/a.sql:1:16: error: nothing gives the parameter '?' a value\n"
		"hint: write the value, or an expression: {{ vars.name }}\n"
		"domains/sales/sql/a.sql:1:21: error: the query gives the column 'a' a second "
		"time\nhint: give one of the two another name, with AS\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"SELECT 1 AS a\n/* weir\nfeed: VIEW\n*/\n",
		"domains/sales/sql/a.sql:2:1: error: a header behind the beginning of the "
		"statement is not read\nhint: move it above the first statement\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"-- a remark\n/* Weir\nfeed: VIEW\n*/\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:2:1: warning: a comment that looks like a header is not "
		"read as one\nhint: write the word 'weir' in small letters, or leave it out of the "
		"comment\n");
	repository_expect_file("domains/sales/sql/a.sql", "-- WEIR\n-- feed: VIEW\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:1:1: warning: a comment that looks like a header is not "
		"read as one\nhint: write the word 'weir' in small letters, or leave it out of the "
		"comment\n");
	// Prose is none, and below a header anything may stand.
	repository_expect_file("domains/sales/sql/a.sql",
		"/* Weir builds this: see the page */\nSELECT 1 AS a\n", "");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\n/* Weir\nfeed: VIEW\n*/\nSELECT 1 AS a\n", "");
	repository_expect_file("domains/sales/sql/a.sql", "SELEC 1 AS a\n",
		"domains/sales/sql/a.sql:1:1: error: a script of feed WRITE_TRUNCATE must be one "
		"query, and 'SELEC' begins none\nhint: did you mean 'SELECT'?\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\n/* weir\nfeed: VIEW\n*/\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:4:1: error: the script has a header already: this one is "
		"not read\nhint: keep one header, and remove the 'weir' of this comment\n");
	repository_expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: VIEW\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:1:1: error: the header that begins here has no end\n"
		"hint: end it with '*/'\n");
	repository_expect_file("domains/sales/sql/a.yaml", "feed: VIEW\n",
		"domains/sales/sql/a.yaml: error: there is no script 'a.sql' for this sidecar\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/layout/same-header", test_same_header);
	g_test_add_func("/layout/cosmetic", test_cosmetic);
	g_test_add_func("/layout/explicit-defaults", test_explicit_defaults);
	g_test_add_func("/layout/header-faults", test_header_faults);
	g_test_add_func("/layout/header-columns", test_header_columns);
	g_test_add_func("/layout/transactions", test_transactions);
	g_test_add_func("/layout/script-faults", test_script_faults);
	return g_test_run();
}
