// What a repository's files become, and what is said about those that are wrong.
#include "tests/repo-layout/repository.h"

#include <string.h>

static Repository *small(void)
{
	Repository *repository = repository_new();

	repository_set(repository, "weir.yaml", "name: shop\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\n");
	return repository;
}

static void expect(Repository *repository, const char *report)
{
	g_autofree char *commit = repository_commit(repository);
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	g_autofree char *found = layout_report(layout);

	g_assert_cmpstr(found, ==, report);
}

// One file of the domain and all that is to be said about it.
static void expect_file(const char *path, const char *text, const char *report)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, path, text);
	expect(repository, report);
}

static void test_smallest(void)
{
	g_autoptr(Repository) repository = small();
	g_autofree char *commit = repository_commit(repository);
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	const LayoutDomain *domain = layout_domain_find(layout, "sales");

	expect(repository, "");
	g_assert_cmpstr(layout_name(layout), ==, "shop");
	g_assert_cmpstr(layout_revision(layout), ==, commit);
	g_assert_cmpuint(layout_domains_length(layout), ==, 1);
	g_assert_cmpstr(domain->owner, ==, "ann");
	g_assert_cmpstr(domain->connection, ==, "default");
	g_assert_cmpstr(domain->dataset, ==, "sales");
	g_assert_false(domain->broken);
}

// Headers that are the same are read once; what is wrong with one is said of every file that has it, at its own place.
static void test_same_header(void)
{
	static const char header[] =
		"/* weir\nfeed: WRITE_APPEND\nchecks:\n  - not_null: [a]\n*/\n";
	g_autoptr(Repository) repository = small();
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
	expect(repository,
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

static void test_script(void)
{
	g_autoptr(Repository) repository = small();
	g_autoptr(Layout) layout = NULL;
	g_autofree char *commit = NULL;
	g_autofree char *definition = NULL;
	g_autofree char *digest = NULL;
	g_autoptr(Flow) flow = NULL;
	const LayoutFlow *script;

	repository_set(repository, "domains/sales/sql/orders.sql",
		"/* weir\nfeed: MODE_DELTA\nkey: [order_id]\nchecks:\n  - not_null: "
		"[order_id]\n*/\n"
		"SELECT * FROM order_lines -- \"all\"\nWHERE day = {{ vars.day ?? 1 }}\n");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	script = layout_flow_find(layout, "sales", "orders");
	g_assert_nonnull(script);
	g_assert_cmpstr(script->target, ==, "sales.orders");
	g_assert_cmpstr(script->reads[0], ==, "sales.order_lines");
	g_assert_cmpint(script->feed, ==, FEED_MODE_DELTA);
	definition = layout_flow_definition(layout, script, NULL);
	g_assert_cmpstr(definition, ==,
		"{\"concurrency\":{\"behavior\":\"QUEUE\",\"limit\":1},\"id\":\"orders\","
		"\"labels\":{\"system.generated\":"
		"\"true\"},\"namespace\":\"sales\",\"tasks\":[{\"checks\":[{\"columns\":[\"order_"
		"id\"],\"type\":\"not_null\"}],"
		"\"connection\":\"default\",\"dialect\":\"sqlite\",\"feed\":\"MODE_DELTA\",\"id\":"
		"\"build\",\"key\":[\"order_id\"],"
		"\"sql\":\"SELECT * FROM order_lines -- \\\"all\\\"\\nWHERE day = {{ vars.day ?? 1 "
		"}}\",\"table\":\"sales.orders\","
		"\"type\":\"sql.build\"}],\"triggers\":[{\"all\":[\"sales.order_lines\"],\"id\":"
		"\"tables\",\"type\":\"tables\"}]}");
	// The digest that is written along is that of the model.
	flow = flow_parse("stored", definition, strlen(definition), NULL, NULL);
	digest = flow_meaning_digest(flow, NULL);
	g_assert_cmpstr(digest, ==, script->digest);
	g_assert_true(layout_producer(layout, "SALES.Orders") == script);
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
		g_autoptr(Repository) repository = small();
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
			g_autoptr(Repository) repository = small();
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
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeeed: VIEW\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:1: error: unknown key 'feeed' in script header\nhint: "
		"did you mean 'feed'?\n");
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: MODE_DELTA\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:7: error: feed MODE_DELTA needs 'key': the columns that "
		"tell rows apart\n"
		"hint: key: [order_id]\n");
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: VEIW\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:2:7: error: 'feed' cannot be 'VEIW'\nhint: did you mean "
		"'VIEW'?\n");
	expect_file("domains/sales/sql/a.sql", "-- weir\n-- feed: VIEW\n-- kye: [a]\nSELECT 1\n",
		"domains/sales/sql/a.sql:3:4: error: unknown key 'kye' in script header\nhint: did "
		"you mean 'key'?\n");
	expect_file("domains/sales/sql/a.sql", "/* weir\nchecks:\n  - not_nul: [a]\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:3:5: error: unknown check 'not_nul'\nhint: did you mean "
		"'not_null'?\n");
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: VIEW\nfeed: VIEW\n*/\nSELECT 1\n",
		"domains/sales/sql/a.sql:3:1: error: key 'feed' is here a second time; the first "
		"is in line 2\n"
		"hint: keep one of the two\n");
	expect_file("domains/sales/sql/a.sql", "/* weir\nconnection: nowhere\n*/\nSELECT 1\n",
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
		g_autoptr(Repository) repository = small();

		repository_set(repository, "domains/sales/sql/b.sql", "SELECT 1 AS x");
		repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS day");
		repository_set(repository, "domains/sales/sql/a.sql", text);
		expect(repository, report);
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
		g_autoptr(Repository) repository = small();
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

static void test_misspelt_folders(void)
{
	static const struct {
		const char *path, *near;
	} rows[] = {
		{"flow/load.yaml", "flows"},
		{"sql2/a.sql", "sql"},
		{"SQL/a.sql", "sql"},
		{"schema/a.json", "schemas"},
		{"schema/mart/a.json", "schemas"},
		{"script/run.sh", "scripts"},
		{"flow-sets/a.yaml", "flowsets"},
		{"flow/README.md", NULL},
		{"seeds/a.yaml", NULL},
		{"rows/a.yaml", NULL},
		{"docs/a.sql", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("domains/sales/", rows[i].path, NULL);
		g_autofree char *name = g_strndup(rows[i].path, strcspn(rows[i].path, "/"));
		g_autofree char *report =
			g_strdup_printf("domains/sales/%s: warning: no folder '%s' has a meaning "
					"in a domain: its files are not read\n"
					"hint: did you mean '%s'?\n",
				name, name, rows[i].near);

		expect_file(path, "SELECT 1 AS a", rows[i].near == NULL ? "" : report);
	}
}

// A domain may be called as it likes.
static void test_domain_of_a_near_name(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/sales/flow/domain.yaml", "owner: ann\n");
	repository_set(repository, "domains/sales/flow/flows/a.yaml",
		"id: a\ntasks: [{id: a, type: log, message: x}]\n");
	expect(repository, "");
}

static void test_subflows(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/sales/flows/load.yaml",
		"id: load\ntasks: [{id: a, type: log, message: x}]\n");
	repository_set(repository, "domains/sales/flows/all.yaml",
		"id: all\ntasks:\n"
		"  - {id: good, type: subflow, flowId: load}\n"
		"  - {id: near, type: subflow, namespace: sales, flowId: laod}\n"
		"  - {id: far, type: io.kestra.plugin.core.flow.Subflow, namespace: sales, flowId: "
		"something}\n"
		"  - {id: other, type: subflow, namespace: elsewhere, flowId: laod}\n"
		"  - {id: late, type: subflow, flowId: 'l{{ inputs.x }}'}\n"
		"  - {id: off, type: subflow, flowId: laod, disabled: true}\n"
		"  - {id: it, type: sequential, tasks: [{id: in, type: foreach-item, items: x, "
		"flowId: loadd}]}\n"
		"inputs: [{id: x, type: STRING}]\n");
	expect(repository, "domains/sales/flows/all.yaml:4:5: warning: task 'near' runs the flow "
			   "'sales.laod', which the repository does not "
			   "have\nhint: did you mean 'sales.load'?\n"
			   "domains/sales/flows/all.yaml:5:5: warning: task 'far' runs the flow "
			   "'sales.something', which the repository does "
			   "not have\n"
			   "domains/sales/flows/all.yaml:9:40: warning: task 'in' runs the flow "
			   "'sales.loadd', which the repository does not "
			   "have\nhint: did you mean 'sales.load'?\n");
	repository_set(repository, "domains/sales/flows/load.yaml", "- nothing\n  usable: [\n");
	repository_set(repository, "domains/sales/flows/all.yaml",
		"id: all\ntasks:\n  - {id: a, type: subflow, flowId: load}\n");
	{
		g_autofree char *commit = repository_commit(repository);
		g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
		g_autofree char *found = layout_report(layout);

		g_assert_null(strstr(found, "which the repository does not have"));
	}
}

static void test_script_faults(void)
{
	expect_file("domains/sales/sql/a.sql", "-- nothing\n",
		"domains/sales/sql/a.sql:1:1: error: the script has no statement\nhint: write a "
		"SELECT, or remove the file\n");
	expect_file("domains/sales/sql/a.sql", "DELETE FROM t\n",
		"domains/sales/sql/a.sql:1:1: error: a script of feed WRITE_TRUNCATE must be one "
		"query, not delete\n"
		"hint: 'feed: SCRIPT' runs statements as they are written\n");
	expect_file("domains/sales/sql/a.sql", "SELECT 1;\n  SELECT 2\n",
		"domains/sales/sql/a.sql:2:3: error: a script of feed WRITE_TRUNCATE must be one "
		"query; a second statement begins "
		"here\nhint: 'feed: SCRIPT' runs statements as they are written\n");
	expect_file("domains/sales/sql/a.sql", "SELECT {{ inputs.x | uper }}\n",
		"domains/sales/sql/a.sql:1:22: error: unknown filter 'uper'\nhint: did you mean "
		"'upper'?\n");
	expect_file("domains/sales/sql/a.sql", "SELECT {{ vars.x | raw }}\n",
		"domains/sales/sql/a.sql:1:11: warning: 'vars.x' is no variable of this domain\n"
		"domains/sales/sql/a.sql:1:11: error: 'vars.x | raw' would be pasted into the SQL\n"
		"hint: leave out '| raw' to bind the value, or set policies.allow_raw in "
		"weir.yaml\n");
	expect_file("domains/sales/sql/a.sql", "SELECT 1 AS \"a\xff\"\n",
		"domains/sales/sql/a.sql:1:15: error: the script is not valid UTF-8\nhint: save "
		"the "
		"file as UTF-8\n");
	expect_file("domains/sales/sql/a.sql",
		"-- a remark\n/* weir\nfed: VIEW\n*/\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:3:1: error: unknown key 'fed' in script header\nhint: did "
		"you "
		"mean 'feed'?\n");
	expect_file("domains/sales/sql/a.sql",
		"\xEF\xBB\xBF-- a remark\n-- weir\n-- feed: WRITE_APPEND\n"
		"SELECT 1 AS a\n",
		"");
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: WRITE_APPEND\n*/ SELECT 'it\n",
		"domains/sales/sql/a.sql:3:11: error: the text that begins here has no closing "
		"quote\nhint: close it; a quote inside of a text is written twice\n");
	expect_file("domains/sales/sql/a.sql", "SELECT 1 AS [a\n",
		"domains/sales/sql/a.sql:1:13: error: the name that begins here has no closing "
		"quote\nhint: close it with the quote that belongs to the one that it begins "
		"with\n");
	expect_file("domains/sales/sql/a.sql", "SELECT 1 AS a, ? AS a\n",
		"domains/sales/sql/a.sql:1:16: error: nothing gives the parameter '?' a value\n"
		"hint: write the value, or an expression: {{ vars.name }}\n"
		"domains/sales/sql/a.sql:1:21: error: the query gives the column 'a' a second "
		"time\nhint: give one of the two another name, with AS\n");
	expect_file("domains/sales/sql/a.sql", "SELECT 1 AS a\n/* weir\nfeed: VIEW\n*/\n",
		"domains/sales/sql/a.sql:2:1: error: a header behind the beginning of the "
		"statement is not read\nhint: move it above the first statement\n");
	expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\n/* weir\nfeed: VIEW\n*/\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:4:1: error: the script has a header already: this one is "
		"not read\nhint: keep one header, and remove the 'weir' of this comment\n");
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: VIEW\nSELECT 1 AS a\n",
		"domains/sales/sql/a.sql:1:1: error: the header that begins here has no end\n"
		"hint: end it with '*/'\n");
	expect_file("domains/sales/sql/a.yaml", "feed: VIEW\n",
		"domains/sales/sql/a.yaml: error: there is no script 'a.sql' for this sidecar\n");
}

static void test_view_across_datasets(void)
{
	expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\nSELECT *\nFROM finance.x\n",
		"domains/sales/sql/a.sql:5:1: error: the view 'sales.a' reads 'finance.x': on "
		"SQLite a view sees its own dataset only\n"
		"hint: make it a table (feed: WRITE_TRUNCATE), or move the script to the dataset "
		"'finance'\n");
}

// The ring of one: no engine makes a view out of itself, while a table may be made of what it held before.
static void test_view_of_itself(void)
{
	expect_file("domains/sales/sql/a.sql", "/* weir\nfeed: VIEW\n*/\nSELECT *\nFROM Sales.A\n",
		"domains/sales/sql/a.sql:5:1: error: dependency cycle: sales.a "
		"(domains/sales/sql/a.sql:5) → sales.a\n"
		"hint: a view has to be made of other tables\n");
	expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\nWITH a AS (SELECT 1 AS b) SELECT b FROM a\n", "");
	expect_file("domains/sales/sql/a.sql", "SELECT b FROM a\n", "");
}

// What the engine refuses would otherwise come out when the script runs.
static void test_names_of_the_engine(void)
{
	g_autoptr(Repository) repository = small();

	expect_file("domains/sales/sql/main/a.sql", "SELECT 1 AS a\n",
		"domains/sales/sql/main/a.sql:1:1: error: 'main' cannot be a dataset: SQLite keeps "
		"the name for itself\nhint: give the folder another name\n");
	expect_file("domains/sales/sql/sqlite_a.sql", "SELECT 1 AS a\n",
		"domains/sales/sql/sqlite_a.sql:1:1: error: 'sales.sqlite_a' cannot be a table: "
		"SQLite keeps names that begin with 'sqlite_' for itself\n"
		"hint: give the file another name\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\ndataset: 1a\n");
	repository_set(repository, "domains/sales/sql/a.sql", "SELECT 1 AS a\n");
	expect(repository,
		"domains/sales/sql/a.sql:1:1: error: '1a' cannot be a dataset: a name begins with "
		"a letter of a to z or '_'\n"
		"hint: give the domain's dataset another name: 'dataset' in domain.yaml\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\ndataset: Temp\n");
	expect(repository,
		"domains/sales/sql/a.sql:1:1: error: 'Temp' cannot be a dataset: SQLite keeps the "
		"name for itself\n"
		"hint: give the domain's dataset another name: 'dataset' in domain.yaml\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\ndataset: a-B_1\n");
	expect(repository, "");
}

static void test_connection_place(void)
{
	expect_file("domains/sales/domain.yaml", "owner: ann\nconnection: nope\n",
		"domains/sales/domain.yaml:2:13: error: unknown connection 'nope'\n"
		"hint: declare it under 'connections' in weir.yaml\n");
}

static void test_schema(void)
{
	g_autoptr(Repository) repository = small();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutTable *table;

	repository_set(repository, "domains/sales/schemas/t.yaml",
		"primary_key: [id]\nfields:\n  id: INTEGER required\n  name: {type: varchar(20), "
		"previous_name: title}\n"
		"  price: numeric( 12 , 2 )\n  who:\n    fields: {first: STRING}\n");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	expect(repository, "");
	table = layout_table_find(layout, "sales", "t");
	g_assert_cmpstr(table->schema, ==,
		"{\"fields\":[{\"mode\":\"REQUIRED\",\"name\":\"id\",\"type\":\"INT64\"},{\"name\":"
		"\"name\",\"previous_name\":\"title\","
		"\"type\":\"STRING(20)\"},{\"name\":\"price\",\"type\":\"NUMERIC(12,2)\"},{"
		"\"fields\":[{\"name\":\"first\",\"type\":"
		"\"STRING\"}],\"name\":\"who\",\"type\":\"RECORD\"}],\"primary_key\":[\"id\"]}");
}

static void test_schema_faults(void)
{
	expect_file("domains/sales/schemas/t.json", "[{\"name\": \"a\"",
		"domains/sales/schemas/t.json:2:1: error: not valid JSON: did not find expected "
		"',' or '}', while parsing a flow "
		"mapping\n");
	expect_file("domains/sales/schemas/t.json", "[{\"name\": \"a\", \"type\": \"STRNG\"}]",
		"domains/sales/schemas/t.json:1:24: error: unknown column type 'STRNG'\nhint: did "
		"you mean 'STRING'?\n");
	expect_file("domains/sales/schemas/t.json", "{\"fields\": [{\"type\": \"DATE\"}]}",
		"domains/sales/schemas/t.json:1:13: error: schema field needs the key 'name'\n");
	expect_file("domains/sales/schemas/t.json",
		"[{\"name\": \"a\", \"type\": \"DATE\"}, {\"name\": \"A\", \"type\": \"DATE\"}]",
		"domains/sales/schemas/t.json:1:33: error: the column 'A' is here a second time\n"
		"hint: column names compare without letter case\n");
	expect_file("domains/sales/schemas/t.json", "[{\"name\": \"a\", \"type\": \"DATE(3)\"}]",
		"domains/sales/schemas/t.json:1:24: error: the column type 'DATE' takes no "
		"length\n");
}

static void test_project_faults(void)
{
	g_autoptr(Repository) repository = repository_new();

	repository_set(repository, "README", "x");
	expect(repository, "weir.yaml: error: the repository has no weir.yaml\nhint: the least is "
			   "'name: x'; 'weir init' writes one\n");
	repository_set(repository, "weir.yaml", "nmae: x\n");
	expect(repository, "weir.yaml:1:1: error: unknown key 'nmae' in weir.yaml\nhint: did you "
			   "mean 'name'?\n"
			   "weir.yaml:1:1: error: weir.yaml needs the key 'name'\n");
	repository_set(repository, "weir.yaml", "name: \"\"\n");
	expect(repository,
		"weir.yaml:1:7: error: 'name' cannot be empty\nhint: the least is 'name: x'\n");
	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/a/sql/t.sql", "SELECT 1");
	expect(repository, "domains/a: error: the folder has 'sql' but no 'domain.yaml'\nhint: the "
			   "least is 'owner: x'\n");
}

static void test_producers(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS a");
	repository_set(repository, "domains/sales/flows/load.yaml",
		"id: load\ntasks:\n  - id: l\n    type: sql.load\n    from: x.csv\n    table: "
		"sales.t\n");
	expect(repository, "domains/sales/flows/load.yaml:1:1: error: the table 'sales.t' is also "
			   "made by 'domains/sales/sql/t.sql'\n"
			   "hint: remove or rename one of the two\n"
			   "domains/sales/sql/t.sql:1:1: error: the table 'sales.t' is also made "
			   "by 'domains/sales/flows/load.yaml'\n"
			   "hint: remove or rename one of the two\n");
}

// What a script of statements makes beside its target is in the commit as well, and is not what its schema declares.
static void test_further_tables(void)
{
	g_autoptr(Repository) repository = small();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutTable *target, *further;

	repository_set(repository, "domains/sales/schemas/t.yaml", "fields: {a: INT64}\n");
	repository_set(repository, "domains/sales/sql/t.sql",
		"/* weir\nfeed: SCRIPT\nwrites: [declared]\n*/\nCREATE TABLE sales.t (a INT); "
		"CREATE "
		"TABLE sales.further (b INT);\n");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	target = layout_table_find(layout, "sales", "t");
	further = layout_table_find(layout, "sales", "further");
	g_assert_nonnull(target);
	g_assert_nonnull(target->schema);
	g_assert_nonnull(further);
	g_assert_null(further->schema);
	g_assert_cmpstr(further->flow, ==, "t");
	g_assert_nonnull(layout_table_find(layout, "sales", "declared"));
}

// Someone who writes into another domain's dataset does not hold its owner up.
static void test_intruder(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS a");
	repository_set(repository, "domains/other/domain.yaml", "owner: bob\n");
	repository_set(repository, "domains/other/sql/sales/t.sql", "SELECT 2 AS a");
	expect(repository,
		"domains/other/sql/sales/t.sql:1:1: error: the table 'sales.t' is also made by "
		"'domains/sales/sql/t.sql'\n"
		"hint: remove or rename one of the two\n"
		"domains/sales/sql/t.sql:1:1: warning: the table 'sales.t' is also made by "
		"'domains/other/sql/sales/t.sql'\n"
		"hint: the dataset is this domain's: domain 'other' has to give way\n");
}

// The whole ring is said once.
static void test_cycle(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/other/domain.yaml", "owner: bob\n");
	repository_set(repository, "domains/third/domain.yaml", "owner: cy\n");
	repository_set(repository, "domains/third/sql/d.sql", "SELECT * FROM sales.a");
	repository_set(repository, "domains/sales/sql/a.sql", "SELECT * FROM other.b");
	repository_set(repository, "domains/other/sql/b.sql", "SELECT *\nFROM sales.c");
	repository_set(repository, "domains/sales/sql/c.sql", "SELECT * FROM sales.a, sales.c");
	expect(repository,
		"domains/other/sql/b.sql:2:1: error: dependency cycle: other.b "
		"(domains/other/sql/b.sql:2) → sales.c (domains/sales/sql/c.sql:1) → sales.a "
		"(domains/sales/sql/a.sql:1) → other.b\n"
		"hint: one of them has to stop reading the other; a feed with history may read "
		"itself\n");
}

static void test_twins(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/Sales/eu/domain.yaml", "owner: bob\n");
	expect(repository,
		"domains/Sales: error: its name differs from that of 'domains/sales' in letter "
		"case only\n"
		"hint: rename one of the two folders\n"
		"domains/sales: error: its name differs from that of 'domains/Sales' in letter "
		"case only\n"
		"hint: rename one of the two folders\n");
}

static void test_unknown_table(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/sales/sql/orders.sql", "SELECT 1 AS a");
	repository_set(
		repository, "domains/sales/sql/b.sql", "SELECT *\nFROM sales.ordrs, elsewhere.t");
	expect(repository, "domains/sales/sql/b.sql:2:1: warning: nothing makes the table "
			   "'sales.ordrs'\nhint: did you mean 'sales.orders'?\n");
}

static void test_consumers(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(
		repository, "domains/sales/domain.yaml", "owner: ann\nconsumers: [finance]\n");
	repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS a");
	repository_set(repository, "domains/finance/domain.yaml", "owner: bob\n");
	repository_set(repository, "domains/finance/sql/f.sql", "SELECT * FROM sales.t");
	repository_set(repository, "domains/other/domain.yaml", "owner: cy\n");
	repository_set(repository, "domains/other/sql/o.sql", "SELECT *\nFROM sales.t");
	expect(repository,
		"domains/other/sql/o.sql:2:1: error: the domain 'other' may not read 'sales.t'\n"
		"hint: ask ann to add 'other' to 'consumers' in domains/sales/domain.yaml\n");
}

// A check runs where its script does, and sees no further.
static void test_references(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "weir.yaml",
		"name: shop\nconnections:\n  dwh: {driver: postgres, url: postgresql://h/d}\n");
	repository_set(repository, "domains/other/domain.yaml", "owner: bob\nconnection: dwh\n");
	repository_set(repository, "domains/other/sql/far.sql", "SELECT 1 AS id");
	repository_set(repository, "domains/sales/sql/near.sql", "SELECT 1 AS id");
	repository_set(repository, "domains/sales/schemas/filled.json",
		"[{\"name\": \"id\", \"type\": \"INT64\"}]");
	repository_set(repository, "domains/sales/sql/good.sql",
		"/* weir\nchecks:\n  - relationships: {column: id, to: sales.near.id}\n"
		"  - relationships: {column: id, to: sales.good.id}\n"
		"  - relationships: {column: id, to: sales.filled.id}\n*/\nSELECT 1 AS id");
	expect(repository, "");
	repository_set(repository, "domains/sales/sql/far.sql",
		"/* weir\nchecks:\n  - not_null: [id]\n"
		"  - relationships: {column: id, to: other.far.id}\n*/\nSELECT 1 AS id");
	repository_set(repository, "domains/sales/sql/side.sql", "SELECT 1 AS id");
	repository_set(repository, "domains/sales/sql/side.yaml",
		"checks:\n  - relationships: {column: id, to: nowhere.at.id}\n");
	repository_set(repository, "domains/other/sql/outside.sql",
		"/* weir\nchecks:\n  - relationships: {column: id, to: elsewhere.t.id}\n"
		"  - relationships: {column: id, to: sales.any.id}\n*/\nSELECT 1 AS id");
	expect(repository,
		"domains/other/sql/outside.sql:4:5: error: the check looks into 'sales.any', which "
		"is on the connection 'default', and runs on 'dwh'\n"
		"hint: compare the two with a flow that loads one of them into the other's "
		"connection\n"
		"domains/sales/sql/far.sql:4:5: error: the check looks into 'other.far', which is "
		"on the connection 'dwh', and runs on 'default'\n"
		"hint: compare the two with a flow that loads one of them into the other's "
		"connection\n"
		"domains/sales/sql/side.yaml:2:5: error: the check looks into 'nowhere.at', which "
		"nothing makes on the connection 'default'\n"
		"hint: declare it with a file in schemas/ if something else fills it\n");
	expect_file("domains/sales/sql/a.sql",
		"/* weir\nchecks:\n  - relationships: {column: id, to: a.b.c.d}\n*/\nSELECT 1 AS "
		"id\n",
		"domains/sales/sql/a.sql:3:20: error: 'to' cannot be 'a.b.c.d'\nhint: write "
		"dataset.table.column\n");
}

static void test_nested_domains(void)
{
	g_autoptr(Repository) repository = small();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;

	repository_set(repository, "domains/sales/eu/domain.yaml", "owner: eve\n");
	repository_set(repository, "domains/sales/eu/sql/t.sql", "SELECT * FROM sales.x");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	g_assert_cmpstr(layout_domain_find(layout, "sales.eu")->dataset, ==, "sales_eu");
	g_assert_cmpstr(layout_flow_find(layout, "sales.eu", "t")->target, ==, "sales_eu.t");
	repository_set(repository, "domains/sales.eu/domain.yaml", "owner: eve\n");
	repository_set(repository, "domains/sales/eu/sql/t.sql", NULL);
	expect(repository, "domains/sales.eu/domain.yaml: error: 'domains/sales/eu' names the same "
			   "domain 'sales.eu'\n"
			   "hint: rename one of the two folders\n"
			   "domains/sales/eu/domain.yaml: error: 'domains/sales.eu' names the same "
			   "domain 'sales.eu'\n"
			   "hint: rename one of the two folders\n");
}

static void test_two_ids(void)
{
	g_autoptr(Repository) repository = small();

	repository_set(repository, "domains/sales/flows/a.yaml",
		"id: x\ntasks: [{id: l, type: log, message: hi}]\n");
	repository_set(repository, "domains/sales/flows/b.yaml",
		"\nid: x\ntasks: [{id: l, type: log, message: hi}]\n");
	expect(repository, "domains/sales/flows/a.yaml:1:1: error: the flow 'x' is also in "
			   "'domains/sales/flows/b.yaml'\n"
			   "hint: remove or rename one of the two\n"
			   "domains/sales/flows/b.yaml:2:1: error: the flow 'x' is also in "
			   "'domains/sales/flows/a.yaml'\n"
			   "hint: remove or rename one of the two\n");
}

static void test_large_file(void)
{
	g_autoptr(Repository) repository = small();
	g_autofree char *text = g_strnfill(1024 * 1024 + 1, ' ');

	repository_set(repository, "domains/sales/sql/t.sql", text);
	expect(repository,
		"domains/sales/sql/t.sql: error: the file has 1048577 bytes: the limit "
		"'file_bytes' of 1048576 is passed by 1\n"
		"hint: make the file smaller, or raise 'limits.file_bytes' in the server's "
		"configuration\n");
}

static void test_unreadable(void)
{
	g_autoptr(Repository) repository = small();
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree =
		source_tree_open_commit(repository_path(repository), "no-such", &error);
	g_autofree char *message = g_strdup_printf(
		"repository '%s' has no revision 'no-such': give a branch, a tag or a commit",
		repository_path(repository));

	g_assert_null(tree);
	g_assert_cmpstr(error->message, ==, message);
	g_clear_error(&error);
	tree = source_tree_open("/nowhere/at/all", NULL, &error);
	g_assert_cmpstr(
		error->message, ==, "cannot open '/nowhere/at/all': No such file or directory");
}

// A tree as it is, taken by patterns: sidecars and schemas beside the scripts, other files left alone.
static void test_patterns(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autofree char *definition = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutFlow *flow;

	repository_set(repository, "weir.yaml",
		"name: lake\nowner: ann\nlayout:\n  scripts: "
		"\"sql/{project}/{dataset}/{table}/query.sql\"\n"
		"  headers: \"sql/{project}/{dataset}/{table}/weir.yaml\"\n"
		"  schemas: \"sql/{project}/{dataset}/{table}/schema.yaml\"\n");
	repository_set(repository, "sql/p/d/one/query.sql", "SELECT 1 AS a");
	repository_set(repository, "sql/p/d/one/schema.yaml", "fields: [{name: a, type: INT64}]\n");
	repository_set(repository, "sql/p/d/one/metadata.yaml", "anything: goes\n");
	repository_set(repository, "sql/p/d/two/query.sql", "SELECT * FROM d.one");
	repository_set(repository, "sql/p/d/two/weir.yaml", "feed: WRITE_APPEND\n");
	repository_set(repository, "sql/README.md", "x");
	expect(repository, "");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	flow = layout_flow_find(layout, "lake", "p.d.two");
	g_assert_nonnull(flow);
	g_assert_cmpint(flow->feed, ==, FEED_WRITE_APPEND);
	g_assert_cmpstr(flow->target, ==, "p.d.two");
	g_assert_cmpstr(flow->reads[0], ==, "p.d.one");
	g_assert_true(
		layout_producer(layout, "p.d.one") == layout_flow_find(layout, "lake", "p.d.one"));
	g_assert_nonnull(layout_table_find(layout, "p.d", "one")->schema);
	layout_forget_definitions(layout);
	definition = layout_flow_definition(layout, flow, NULL);
	g_assert_nonnull(strstr(definition, "\"feed\":\"WRITE_APPEND\""));
	repository_set(
		repository, "weir.yaml", "name: x\nlayout: {scripts: \"sql/{tabel}.sql\"}\n");
	expect(repository,
		"weir.yaml:2:19: error: the pattern 'layout.scripts' needs '{table}'\n"
		"weir.yaml:2:19: error: the pattern 'layout.scripts' has the unknown name "
		"'{tabel}'\nhint: did you mean 'table'?\n");
	repository_set(repository, "weir.yaml",
		"name: x\nlayout: {scripts: \"../{table}.sql\", flows: "
		"\"/{domain}-{flow}.yaml\"}\n");
	expect(repository,
		"weir.yaml:2:19: error: the pattern 'layout.scripts' has the part '..', which no "
		"path "
		"has\n"
		"hint: write it from the top of the repository, without a slash at its beginning "
		"or "
		"end\n"
		"weir.yaml:2:44: error: the pattern 'layout.flows' has the part '', which no path "
		"has\n"
		"hint: write it from the top of the repository, without a slash at its beginning "
		"or "
		"end\n"
		"weir.yaml:2:44: error: the pattern 'layout.flows' has more than one name in the "
		"part "
		"'{domain}-{flow}.yaml'\n");
}

// What would be a file of the domain and cannot be used breaks it: what it made must not count as removed.
static void test_pattern_faults(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL, *found = NULL, *again = NULL;
	g_autoptr(Layout) layout = NULL;
	g_autoptr(Layout) lost = NULL;
	unsigned char id[20];

	repository_set(repository, "weir.yaml",
		"name: lake\nlayout:\n  scripts: \"sql/{domain}/{dataset}/{table}.sql\"\n");
	repository_set(repository, "sql/a/d/one.sql", "SELECT 1 AS a");
	repository_set(repository, "sql/a/d/ONE.sql", "SELECT 1 AS a");
	repository_set(repository, "sql/b/d/two.sql", "SELECT 2 AS a");
	repository_set(repository, "sql/b/e/three.sql", "SELECT 3 AS a");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	found = layout_report(layout);
	g_assert_cmpstr(found, ==,
		"sql/a/d/ONE.sql: error: the entry is refused: its name differs from another one's "
		"in letter case only\n"
		"sql/a/d/one.sql: error: the entry is refused: its name differs from another one's "
		"in letter case only\n");
	g_assert_null(layout_domain_find(layout, "a"));
	g_assert_false(layout_domain_find(layout, "b")->broken);
	repository_id(repository, commit, "sql/b/e", id);
	repository_lose(repository, id);
	lost = repository_load(repository, commit, NULL, NULL);
	again = layout_report(lost);
	g_assert_nonnull(strstr(again, "sql/b/e: error: cannot read 'sql/b/e' (object "));
	g_assert_true(layout_domain_find(lost, "b")->broken);
}

static void test_flow_set(void)
{
	g_autoptr(Repository) repository = small();
	g_autofree char *commit = NULL;
	g_autofree char *definition = NULL;
	g_autofree char *again = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutFlow *flow;

	repository_set(repository, "domains/sales/flowsets/copies.yaml",
		"id: copy_{{ row.name }}\nrows: copies.csv\ntemplate:\n  labels: {team: \"{{ "
		"row.team }}\"}\n  tasks:\n"
		"    - {id: l, type: log, message: \"{{ row.name }} on {{ taskrun.id }}\"}\n");
	repository_set(
		repository, "domains/sales/flowsets/copies.csv", "name,team\na,\"x, y\"\nb,z\n");
	expect(repository, "");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	flow = layout_flow_find(layout, "sales", "copy_a");
	g_assert_nonnull(flow);
	g_assert_nonnull(layout_flow_find(layout, "sales", "copy_b"));
	g_assert_cmpint(flow->kind, ==, LAYOUT_FLOW_SET);
	definition = layout_flow_definition(layout, flow, NULL);
	g_assert_cmpstr(definition, ==,
		"{\"id\":\"copy_a\",\"namespace\":\"sales\",\"labels\":{\"team\":\"x, "
		"y\"},\"tasks\":[{\"id\":\"l\",\"type\":\"log\","
		"\"message\":\"a on {{ taskrun.id }}\"}]}");
	layout_forget_definitions(layout);
	again = layout_flow_definition(layout, flow, NULL);
	g_assert_cmpstr(again, ==, definition);
	repository_set(repository, "domains/sales/flowsets/copies.yaml",
		"id: copy_{{ row.nmae }}\nrows: [{name: a}]\ntemplate: {tasks: [{id: l, type: "
		"lgo}]}\n");
	expect(repository, "domains/sales/flowsets/copies.yaml:3:11: error: row 1 has no "
			   "'row.nmae'\nhint: did you mean 'name'?\n"
			   "domains/sales/flowsets/copies.yaml:3:11: error: row 1: unknown task "
			   "type 'lgo'\nhint: did you mean 'log'?\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/layout/smallest", test_smallest);
	g_test_add_func("/layout/script", test_script);
	g_test_add_func("/layout/same-header", test_same_header);
	g_test_add_func("/layout/cosmetic", test_cosmetic);
	g_test_add_func("/layout/explicit-defaults", test_explicit_defaults);
	g_test_add_func("/layout/header-faults", test_header_faults);
	g_test_add_func("/layout/header-columns", test_header_columns);
	g_test_add_func("/layout/transactions", test_transactions);
	g_test_add_func("/layout/subflows", test_subflows);
	g_test_add_func("/layout/misspelt-folders", test_misspelt_folders);
	g_test_add_func("/layout/domain-of-a-near-name", test_domain_of_a_near_name);
	g_test_add_func("/layout/script-faults", test_script_faults);
	g_test_add_func("/layout/view-across-datasets", test_view_across_datasets);
	g_test_add_func("/layout/view-of-itself", test_view_of_itself);
	g_test_add_func("/layout/names-of-the-engine", test_names_of_the_engine);
	g_test_add_func("/layout/connection-place", test_connection_place);
	g_test_add_func("/layout/schema", test_schema);
	g_test_add_func("/layout/schema-faults", test_schema_faults);
	g_test_add_func("/layout/project-faults", test_project_faults);
	g_test_add_func("/layout/producers", test_producers);
	g_test_add_func("/layout/further-tables", test_further_tables);
	g_test_add_func("/layout/intruder", test_intruder);
	g_test_add_func("/layout/cycle", test_cycle);
	g_test_add_func("/layout/twins", test_twins);
	g_test_add_func("/layout/unknown-table", test_unknown_table);
	g_test_add_func("/layout/consumers", test_consumers);
	g_test_add_func("/layout/references", test_references);
	g_test_add_func("/layout/nested-domains", test_nested_domains);
	g_test_add_func("/layout/two-ids", test_two_ids);
	g_test_add_func("/layout/large-file", test_large_file);
	g_test_add_func("/layout/patterns", test_patterns);
	g_test_add_func("/layout/pattern-faults", test_pattern_faults);
	g_test_add_func("/layout/flow-set", test_flow_set);
	g_test_add_func("/layout/unreadable", test_unreadable);
	return g_test_run();
}
