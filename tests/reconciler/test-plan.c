#include "reconciler/plan.h"
#include "reconciler/plan_guard.h"
#include "reconciler/source.h"
#include "tests/reconciler/git-fixture.h"

#include <string.h>

// A small repository of two domains; each test changes it and plans the change.
static GitFixture *retail(void)
{
	GitFixture *git = git_fixture_new();

	fixture_write(git, "weir.yaml", "name: retail\n");
	fixture_write(git, "domains/sales/domain.yaml", "owner: sales\n");
	fixture_write(git, "domains/sales/sql/raw.sql", "SELECT 1 AS id, 2 AS amount\n");
	fixture_write(git, "domains/sales/sql/orders.sql",
		"/* weir\ndescription: All orders\n*/\nSELECT id, amount FROM sales.raw\n");
	fixture_write(git, "domains/finance/domain.yaml", "owner: finance\n");
	fixture_write(git, "domains/finance/sql/revenue.sql",
		"SELECT SUM(amount) AS s FROM sales.orders\n");
	fixture_write(git, "domains/finance/flows/report.yaml",
		"id: report\ninputs:\n  - {id: day, type: STRING}\ntasks:\n  - {id: say, type: "
		"log, message: hello}\n"
		"triggers:\n  - {id: daily, type: schedule, cron: \"0 6 * * *\"}\n");
	g_free(fixture_push(git, "Begin"));
	return git;
}

static Layout *load_for(GitFixture *git, const char *revision, const char *environment)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree = source_tree_open_commit(git->work, revision, &error);

	g_assert_no_error(error);
	Layout *layout = layout_load(tree, NULL, NULL, NULL, environment, &error);
	g_assert_no_error(error);
	return layout;
}

static Layout *load(GitFixture *git, const char *revision)
{
	return load_for(git, revision, NULL);
}

// The plan of the last commit against the one before.
static Plan *plan_last(GitFixture *git)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Layout) base = load(git, "HEAD~1");
	g_autoptr(Layout) head = load(git, "HEAD");
	g_autoptr(PlanLive) live = plan_live_layout_new(base);
	Plan *plan = plan_compute(head, live, &error);

	g_assert_no_error(error);
	return plan;
}

static void assert_text(const Plan *plan, const char *expected)
{
	g_autofree char *text = plan_text(plan, NULL, false);

	g_assert_cmpstr(text, ==, expected);
}

static void test_first(void)
{
	g_autoptr(GitFixture) git = retail();
	g_autoptr(Layout) head = load(git, "HEAD");
	g_autoptr(PlanLive) nothing = plan_live_layout_new(NULL);
	g_autoptr(Plan) plan = plan_compute(head, nothing, NULL);

	assert_text(plan, "finance\n"
			  "  + flow.finance.report (non-breaking)\n"
			  "  + flow.finance.revenue (non-breaking)\n"
			  "  + table.finance.revenue (non-breaking)\n"
			  "  + schedule.finance.report.daily (non-breaking)\n"
			  "sales\n"
			  "  + flow.sales.orders (non-breaking)\n"
			  "  + flow.sales.raw (non-breaking)\n"
			  "  + table.sales.orders (non-breaking)\n"
			  "  + table.sales.raw (non-breaking)\n"
			  "Plan: 8 to create, 0 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"
			  "Will run: finance.revenue, sales.orders, sales.raw.\n");
	g_assert_false(plan_is_empty(plan));
}

static void test_pure(void)
{
	g_autoptr(GitFixture) git = retail();
	char *texts[2];

	fixture_write(git, "domains/sales/sql/orders.sql", "SELECT id FROM sales.raw\n");
	g_free(fixture_push(git, "Change"));
	for (int i = 0; i < 2; i++) {
		g_autoptr(Plan) plan = plan_last(git);
		json_t *json = plan_json(plan, NULL, 0, NULL);

		texts[i] = json_dumps(json, 0);
		json_decref(json);
	}
	g_assert_cmpstr(texts[0], ==, texts[1]);
	free(texts[0]);
	free(texts[1]);
}

static void test_update(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(git, "domains/sales/sql/orders.sql",
		"/* weir\ndescription: Every order\n*/\nSELECT id FROM sales.raw\n");
	g_free(fixture_push(git, "Change"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_text(plan,
		"sales\n"
		"  ~ flow.sales.orders (breaking)\n"
		"      description: \"All orders\" -> \"Every order\"\n"
		"      tasks.build.sql: \"SELECT id, amount FROM sales.raw\" -> \"SELECT id FROM "
		"sales.raw\"\n"
		"      columns.amount: \"amount\" -> nothing\n"
		"        named by: finance.revenue\n"
		"      downstream: finance.revenue\n"
		"Plan: 0 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"
		"Will run: finance.revenue, sales.orders.\n");
	json_t *json = plan_json(plan, NULL, 0, NULL);
	json_t *impact = json_object_get(json, "impact");
	char *text = json_dumps(impact, JSON_COMPACT);
	g_assert_cmpstr(text, ==,
		"{\"flows\":[\"finance.revenue\"],\"domains\":[\"finance\"],\"reruns\":[\"finance."
		"revenue\",\"sales.orders\"]}");
	free(text);
	json_t *change = json_object_get(
		json_array_get(json_object_get(json, "resource_changes"), 0), "change");
	text = json_dumps(json_object_get(change, "actions"), JSON_COMPACT);
	g_assert_cmpstr(text, ==, "[\"update\"]");
	free(text);
	json_decref(json);
}

// What a change of a script says of its columns, and of refusing it: the lines from "columns." on.
static void check_columns(const char *orders, const char *revenue, const char *expected)
{
	g_autoptr(GitFixture) git = retail();
	g_autoptr(GString) said = g_string_new(NULL);
	const PlanPolicy policy = {0};

	fixture_write(git, "domains/sales/sql/orders.sql", orders);
	if (revenue != NULL)
		fixture_write(git, "domains/finance/sql/revenue.sql", revenue);
	g_free(fixture_push(git, "Change"));
	g_autoptr(Plan) plan = plan_last(git);
	plan_guard(plan, &policy);
	g_autofree char *text = plan_text(plan, NULL, false);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (strstr(*line, " columns.") != NULL || strstr(*line, "named by") != NULL ||
			strstr(*line, "flow.sales.orders (") != NULL ||
			g_str_has_prefix(*line, "refused"))
			g_string_append_printf(said, "%s\n", g_strstrip(*line));
	}
	g_assert_cmpstr(said->str, ==, expected);
}

static void test_columns(void)
{
	static const char reader[] = "SELECT SUM(total) AS s FROM sales.orders\n";

	// Renamed, and a script still names the old one.
	check_columns("SELECT id, amount AS total FROM sales.raw\n", NULL,
		"~ flow.sales.orders (breaking)\n"
		"columns.amount: \"amount\" -> \"total\"\n"
		"named by: finance.revenue\n"
		"refused: 'flow.sales.orders' changes at 'columns.amount' in a way that breaks its "
		"readers [breaking-change]\n");
	// Its reader is changed with it: who is not in the repository is told.
	check_columns("SELECT id, amount AS total FROM sales.raw\n", reader,
		"~ flow.sales.orders (breaking)\n"
		"columns.amount: \"amount\" -> \"total\"\n");
	check_columns("/* weir\nallow_breaking: true\n*/\nSELECT id FROM sales.raw\n", NULL,
		"~ flow.sales.orders (breaking)\n"
		"columns.amount: \"amount\" -> nothing\n"
		"named by: finance.revenue\n");
	check_columns("SELECT amount FROM sales.raw\n", NULL,
		"~ flow.sales.orders (breaking)\n"
		"columns.id: \"id\" -> nothing\n");
	check_columns("SELECT id, amount, 1 AS one FROM sales.raw\n", NULL,
		"~ flow.sales.orders (non-breaking)\n"
		"columns.one: nothing -> \"one\"\n");
	// Another order and other letter case are the same columns; what is not certain is not told.
	check_columns(
		"SELECT amount, ID FROM sales.raw\n", NULL, "~ flow.sales.orders (non-breaking)\n");
	check_columns("SELECT * FROM sales.raw\n", NULL, "~ flow.sales.orders (non-breaking)\n");
	check_columns("SELECT id, amount + 1 FROM sales.raw\n", NULL,
		"~ flow.sales.orders (non-breaking)\n");
	// A declared schema is what promises, and the table's change tells of it.
	check_columns("/* weir\nschema: {fields: [{name: id, type: INT64}]}\n*/\n"
		      "SELECT id FROM sales.raw\n",
		NULL, "~ flow.sales.orders (non-breaking)\n");
}

static void test_columns_json(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(
		git, "domains/sales/sql/orders.sql", "SELECT id, amount AS total FROM sales.raw\n");
	g_free(fixture_push(git, "Change"));
	g_autoptr(Plan) plan = plan_last(git);
	json_auto_t *json = plan_json(plan, NULL, 0, NULL);
	json_t *change = json_array_get(json_object_get(json, "resource_changes"), 0);
	json_t *paths = json_object_get(change, "changed_paths");
	g_autofree char *text =
		json_dumps(json_array_get(paths, json_array_size(paths) - 1), JSON_COMPACT);
	g_assert_cmpstr(text, ==,
		"{\"path\":\"columns.amount\",\"before\":\"amount\",\"after\":\"total\",\"class\":"
		"\"breaking\",\"named_by\":[\"finance.revenue\"]}");
}

// ---- Variables

static GitFixture *with_variables(void)
{
	GitFixture *git = retail();

	fixture_write(git, "weir.yaml",
		"name: retail\nvariables: {rate: 1, day: monday, unused: 1}\n"
		"environments:\n  prod: {variables: {rate: 10}}\n");
	fixture_write(git, "domains/sales/domain.yaml",
		"owner: sales\nvariables: {least: 5, most: \"{{ vars.day }}\"}\n");
	fixture_write(
		git, "domains/sales/sql/raw.sql", "SELECT 1 AS id, {{ vars.rate }} AS amount\n");
	fixture_write(git, "domains/sales/sql/orders.sql",
		"/* weir\nchecks:\n  - expression: \"id < {{ vars.least }}\"\n*/\n"
		"SELECT id, amount FROM sales.raw -- {{ vars.unused }}\n");
	fixture_write(git, "domains/sales/sql/nested.sql", "SELECT {{ vars.most }} AS a\n");
	fixture_write(git, "domains/finance/flows/report.yaml",
		"id: report\nvariables: {own: 1}\ntasks:\n"
		"  - {id: say, type: log, message: \"{{ vars.rate }} {{ vars.own }}\"}\n");
	g_free(fixture_push(git, "Variables"));
	return git;
}

// What a change of both files is to the flows: their lines of the plan, and those that are built again.
static void check_variables(
	const char *project, const char *domain, const char *environment, const char *expected)
{
	g_autoptr(GitFixture) git = with_variables();
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) said = g_string_new(NULL);

	if (project != NULL)
		fixture_write(git, "weir.yaml", project);
	if (domain != NULL)
		fixture_write(git, "domains/sales/domain.yaml", domain);
	g_free(fixture_push(git, "Change"));
	g_autoptr(Layout) base = load_for(git, "HEAD~1", environment);
	g_autoptr(Layout) head = load_for(git, "HEAD", environment);
	g_autoptr(PlanLive) live = plan_live_layout_new(base);
	g_autoptr(Plan) plan = plan_compute(head, live, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < plan->changes->len; i++) {
		const PlanChange *change = plan_change_at(plan, i);

		if (change->resource != PLAN_FLOW)
			continue;
		g_string_append_printf(said, "%s %s%s:", plan_action_name(change->action),
			change->name, change->reruns ? " again" : "");
		for (guint j = 0; change->paths != NULL && j < change->paths->len; j++)
			g_string_append_printf(
				said, " %s", ((PlanPath *)change->paths->pdata[j])->path);
		g_string_append_c(said, '\n');
	}
	g_assert_cmpstr(said->str, ==, expected);
}

static void test_variables(void)
{
	static const char environments[] = "environments:\n  prod: {variables: {rate: 10}}\n";
	g_autofree char *rate = g_strconcat(
		"name: retail\nvariables: {rate: 2, day: monday, unused: 1}\n", environments, NULL);
	g_autofree char *day = g_strconcat(
		"name: retail\nvariables: {rate: 1, day: friday, unused: 1}\n", environments, NULL);
	g_autofree char *unused = g_strconcat(
		"name: retail\nvariables: {rate: 1, day: monday, unused: 2}\n", environments, NULL);

	check_variables(rate, NULL, NULL,
		"update report: variables.rate\nupdate raw again: variables.rate\n");
	// An environment has its own value: what it hides does not matter there, and what it says only there.
	check_variables(rate, NULL, "prod", "");
	check_variables("name: retail\nvariables: {rate: 1, day: monday, unused: 1}\n"
			"environments:\n  prod: {variables: {rate: 11}}\n",
		NULL, NULL, "");
	check_variables("name: retail\nvariables: {rate: 1, day: monday, unused: 1}\n"
			"environments:\n  prod: {variables: {rate: 11}}\n",
		NULL, "prod", "update report: variables.rate\nupdate raw again: variables.rate\n");
	// One that another variable's text uses, and one that only a comment names.
	check_variables(day, NULL, NULL, "update nested again: variables.day\n");
	check_variables(unused, NULL, NULL, "");
	check_variables(NULL, "owner: sales\nvariables: {least: 6, most: \"{{ vars.day }}\"}\n",
		NULL, "update orders again: variables.least\n");
	// A domain's value hides the project's.
	check_variables(NULL,
		"owner: sales\nvariables: {least: 5, most: \"{{ vars.day }}\", rate: 7}\n", NULL,
		"update raw again: variables.rate\n");
	check_variables(NULL, "owner: sellers\nvariables: {least: 5, most: \"{{ vars.day }}\"}\n",
		NULL, "");
}

// What is said in domain.yaml is told by itself; nothing of it is held for breaking readers.
static void test_settings(void)
{
	g_autoptr(GitFixture) git = retail();
	const PlanPolicy policy = {0};

	fixture_write(git, "domains/finance/domain.yaml",
		"owner: controlling\ncontact: c@example.com\nconsumers: [board]\ndefaults: "
		"{timezone: Europe/Berlin}\nvariables: {currency: EUR}\n");
	g_free(fixture_push(git, "Move to controlling"));
	g_autoptr(Plan) plan = plan_last(git);
	plan_guard(plan, &policy);
	assert_text(plan,
		"finance\n"
		"  ~ domain.finance (breaking)\n"
		"      consumers:\n"
		"        @@ -0,0 +1 @@\n"
		"        +- board\n"
		"      contact: nothing -> \"c@example.com\"\n"
		"      defaults.timezone: nothing -> \"Europe/Berlin\"\n"
		"      owner: \"finance\" -> \"controlling\"\n"
		"      variables:\n"
		"        @@ -0,0 +1 @@\n"
		"        +currency: EUR\n"
		"Plan: 0 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n");
	const PlanChange *change = plan_change_at(plan, 0);
	g_assert_cmpint(((const PlanPath *)change->paths->pdata[3])->class, ==, PLAN_METADATA);
}

static const char PROJECT_CHANGE[] =
	"weir.yaml\n"
	"  ~ project.retail (non-breaking)\n"
	"      connections:\n"
	"        @@ -0,0 +1,3 @@\n"
	"        +shop:\n"
	"        +  url: postgresql://weir:***@localhost/shop\n"
	"        +  password: \"***\"\n"
	"      description: nothing -> \"All shops\"\n"
	"finance\n"
	"  ~ domain.finance (metadata)\n"
	"sales\n"
	"  ~ domain.sales (metadata)\n"
	"Plan: 0 to create, 3 to update, 0 to replace, 0 to delete; 0 cosmetic.\n";

static GitFixture *retail_with_connection(void)
{
	GitFixture *git = retail();

	fixture_write(git, "weir.yaml",
		"name: retail\ndescription: All shops\nconnections:\n  shop: {url: "
		"\"postgresql://weir:pass1@localhost/shop\", password: pass2}\n");
	g_free(fixture_push(git, "Name a connection"));
	return git;
}

static char *markdown_and_json(const Plan *plan)
{
	g_autofree char *markdown = plan_markdown(plan, NULL);
	json_auto_t *json = plan_json(plan, NULL, 0, NULL);
	const json_t *first = json_array_get(json_object_get(json, "resource_changes"), 0);
	g_autofree char *text = json_dumps(first, JSON_COMPACT);

	return g_strconcat(markdown, text, NULL);
}

// What is said in weir.yaml is no domain's, and told first; a password in it is told to nobody.
static void test_project(void)
{
	g_autoptr(GitFixture) git = retail_with_connection();
	g_autoptr(Plan) plan = plan_last(git);
	g_autofree char *text = markdown_and_json(plan);

	assert_text(plan, PROJECT_CHANGE);
	g_assert_false(plan_is_empty(plan));
	g_assert_nonnull(strstr(text, "### weir.yaml\n\n- **update** `project.retail` "
				      "(non-breaking)\n\n`connections`\n"));
	g_assert_nonnull(strstr(text, "- nothing\n+ \"All shops\"\n"));
	g_assert_nonnull(strstr(text,
		"{\"address\":\"project.retail\",\"type\":\"project\",\"name\":\"retail\","
		"\"domain\":null,\"file\":\"weir.yaml\",\"change\":{\"actions\":[\"update\"],"
		"\"before\":{\"name\":\"retail\"},\"after\":{\"name\":\"retail\","
		"\"description\":\"All shops\",\"connections\":{\"shop\":{\"url\":"
		"\"postgresql://weir:***@localhost/shop\",\"password\":\"***\"}}}}"));
	g_assert_null(strstr(text, "pass1"));
	g_assert_null(strstr(text, "pass2"));
	// A comment changes nothing.
	fixture_write(git, "weir.yaml", "# shops\nname: retail\n");
	g_free(fixture_push(git, "None again"));
	fixture_write(git, "weir.yaml", "# the shops\nname: retail\n");
	g_free(fixture_push(git, "Comment"));
	g_autoptr(Plan) none = plan_last(git);
	assert_text(
		none, "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete; 0 cosmetic.\n");
}

// Files on disk have no ids, by which a cosmetic change could be told.
static void test_project_of_folder(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GitFixture) git = retail_with_connection();
	g_autoptr(SourceTree) folder = source_tree_open(git->work, NULL, &error);
	g_assert_no_error(error);
	g_autoptr(Layout) base = load(git, "HEAD~1");
	g_autoptr(Layout) head = layout_load(folder, NULL, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	g_autoptr(PlanLive) live = plan_live_layout_new(base);
	g_autoptr(Plan) plan = plan_compute(head, live, &error);

	g_assert_no_error(error);
	assert_text(plan, PROJECT_CHANGE);
}

static void test_cosmetic(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(
		git, "domains/sales/sql/raw.sql", "-- one row\nselect  1 as id,\n 2 AS amount\n");
	fixture_write(git, "domains/finance/domain.yaml", "# the owner\nowner: finance\n");
	g_free(fixture_push(git, "Comments"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_text(plan,
		"finance (comments and formatting only)\n"
		"  = domain.finance (cosmetic)\n"
		"sales (comments and formatting only)\n"
		"  = flow.sales.raw (cosmetic)\n"
		"Plan: 0 to create, 0 to update, 0 to replace, 0 to delete; 2 cosmetic.\n");
	g_assert_true(plan_is_empty(plan));
}

// Whatever else is said of it in the same commit: what builds the same is not built again.
static void test_cosmetic_beside_others(void)
{
	static const struct {
		const char *script, *text;
	} cases[] = {
		{"/* weir\ndescription: Every order\n*/\n-- all\nselect id,\n amount from "
		 "sales.raw\n",
			"sales\n"
			"  ~ flow.sales.orders (metadata)\n"
			"      description: \"All orders\" -> \"Every order\"\n"
			"      tasks.build.sql:\n"
			"        @@ -1 +1,3 @@\n"
			"        -SELECT id, amount FROM sales.raw\n"
			"        +-- all\n"
			"        +select id,\n"
			"        + amount from sales.raw\n"
			"      downstream: finance.revenue\n"
			"Plan: 0 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"},
		{"/* weir\ndescription: All orders\nschedule: \"0 6 * * *\"\ntimeout: PT1H\n*/\n"
		 "SELECT id, amount FROM sales.raw -- all\n",
			"sales\n"
			"  ~ flow.sales.orders (non-breaking)\n"
			"      tasks.build.sql: \"SELECT id, amount FROM sales.raw\" -> \"SELECT "
			"id, amount FROM sales.raw -- all\"\n"
			"      tasks.build.timeout: nothing -> \"PT1H\"\n"
			"      triggers.schedule:\n"
			"        @@ -0,0 +1,3 @@\n"
			"        +cron: 0 6 * * *\n"
			"        +id: schedule\n"
			"        +type: schedule\n"
			"      triggers.tables:\n"
			"        @@ -1,3 +0,0 @@\n"
			"        -all: [sales.raw]\n"
			"        -id: tables\n"
			"        -type: tables\n"
			"      downstream: finance.revenue\n"
			"  + schedule.sales.orders.schedule (non-breaking)\n"
			"      downstream: finance.revenue\n"
			"Plan: 1 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GitFixture) git = retail();

		fixture_write(git, "domains/sales/sql/orders.sql", cases[i].script);
		g_free(fixture_push(git, "Change"));
		g_autoptr(Plan) plan = plan_last(git);
		assert_text(plan, cases[i].text);
		g_assert_false(plan_change_at(plan, 0)->reruns);
	}
}

static void test_broken_domain(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(git, "domains/finance/sql/revenue.sql",
		"/* weir\nfeeed: VIEW\n*/\nSELECT 1 AS s\n");
	fixture_write(git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	g_free(fixture_push(git, "One bad, one good"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_text(plan,
		"domains/finance/sql/revenue.sql:2:1: error: unknown key 'feeed' in script header"
		"\n"
		"hint: did you mean 'feed'?\n"
		"finance (broken: what is live stays)\n"
		"sales\n"
		"  ~ flow.sales.raw (non-breaking)\n"
		"      tasks.build.sql: \"SELECT 1 AS id, 2 AS amount\" -> \"SELECT 3 AS id, 2 AS "
		"amount\"\n"
		"      downstream: sales.orders\n"
		"Plan: 0 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"
		"Will run: sales.orders, sales.raw.\n");
	g_assert_true(plan->broken);
	g_assert_false(plan_is_empty(plan));
}

static void test_schedule(void)
{
	g_autoptr(GitFixture) git = retail();

	g_free(fixture_run(git, "sed -i 's/0 6/0 7/' domains/finance/flows/report.yaml"));
	g_free(fixture_push(git, "An hour later"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_text(plan,
		"finance\n"
		"  ~ flow.finance.report (non-breaking)\n"
		"      triggers.daily.cron: \"0 6 * * *\" -> \"0 7 * * *\"\n"
		"  ~ schedule.finance.report.daily (non-breaking)\n"
		"      cron: \"0 6 * * *\" -> \"0 7 * * *\"\n"
		"Plan: 0 to create, 2 to update, 0 to replace, 0 to delete; 0 cosmetic.\n");
}

// ---- Guards -------------------------------------------------------------------------------------------------------

static void assert_refusals(Plan *plan, const PlanPolicy *policy, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);

	plan_guard(plan, policy);
	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];

		g_string_append_printf(text, "%s: %s: %s (%s)\n", refusal->code,
			refusal->domain != NULL ? refusal->domain : "-", refusal->message,
			refusal->hint);
	}
	g_assert_cmpstr(text->str, ==, expected);
}

static void test_guard_used_elsewhere(void)
{
	g_autoptr(GitFixture) git = retail();
	const PlanPolicy policy = {.allow_breaking = true};

	g_free(fixture_run(git, "rm domains/sales/sql/orders.sql"));
	g_free(fixture_push(git, "Remove"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_refusals(plan, &policy,
		"used-elsewhere: sales: 'sales.orders' would be removed, and flow "
		"'finance.revenue' of domain "
		"'finance' reads it (keep the script, or change its readers first)\n");
	g_assert_cmpint(plan_domain_at(plan, 0)->state, ==, PLAN_DOMAIN_HELD);
}

static void test_guard_deletions(void)
{
	g_autoptr(GitFixture) git = retail();
	const PlanPolicy policy = {.max_deletions = 2};

	g_free(fixture_run(git, "git rm -rq domains/finance"));
	g_free(fixture_push(git, "Remove"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_refusals(plan, &policy,
		"max-deletions: -: 4 resources would be deleted, and max_deletions allows 2 "
		"(delete in smaller "
		"commits, or raise max_deletions in the server's configuration)\n");
}

static void test_guard_deletions_by_policy(void)
{
	g_autoptr(GitFixture) git = retail();
	const PlanPolicy none = {0};

	fixture_write(git, "weir.yaml", "name: retail\npolicies: {max_deletions: 3}\n");
	g_free(fixture_run(git, "git rm -rq domains/finance"));
	g_free(fixture_push(git, "Remove"));
	g_autoptr(Plan) project = plan_last(git);
	assert_refusals(project, &none,
		"max-deletions: -: 4 resources would be deleted, and the project's policy "
		"max_deletions allows 3 (delete in smaller commits, or raise max_deletions in "
		"weir.yaml)\n");
	g_free(fixture_run(git, "git checkout -q HEAD~1 -- domains/finance"));
	fixture_write(git, "weir.yaml", "name: retail\n");
	g_free(fixture_push(git, "Put it back"));
	fixture_write(
		git, "domains/finance/domain.yaml", "owner: fin\npolicies: {max_deletions: 1}\n");
	g_free(fixture_run(git, "git rm -rq domains/finance/sql domains/finance/flows"));
	g_free(fixture_push(git, "Remove its files"));
	g_autoptr(Plan) domain = plan_last(git);
	assert_refusals(domain, &none,
		"max-deletions: finance: 4 resources of domain 'finance' would be deleted, and its "
		"policy max_deletions allows 1 (delete in smaller commits, or raise max_deletions "
		"in "
		"the policies)\n");
}

static void test_guard_breaking(void)
{
	g_autoptr(GitFixture) git = retail();
	const PlanPolicy strict = {0}, lenient = {.allow_breaking = true};

	g_free(fixture_run(
		git, "sed -i 's/type: STRING/type: INT/' domains/finance/flows/report.yaml"));
	g_free(fixture_push(git, "Another type"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_refusals(plan, &strict,
		"breaking-change: finance: 'flow.finance.report' changes at 'inputs.day.type' in a "
		"way that breaks "
		"its readers (write 'allow_breaking: true' beside the change, or allow it in the "
		"server's "
		"configuration)\n");
	g_autoptr(Plan) again = plan_last(git);
	assert_refusals(again, &lenient, "");
}

// What keeps its rows cannot lose a column by itself: the run would only fail. It is held, and not counted among what is done.
static void test_guard_columns_of_what_keeps_its_rows(void)
{
	static const char *const feeds[] = {"feed: WRITE_APPEND", "feed: MODE_DELTA\nkey: [id]",
		"feed: SNAPSHOT\nkey: [id]", "feed: WRITE_TRUNCATE",
		"feed: WRITE_APPEND\nallow_breaking: true"};
	const PlanPolicy strict = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(feeds); i++) {
		g_autoptr(GitFixture) git = retail();
		g_autofree char *before =
			g_strdup_printf("/* weir\n%s\n*/\nSELECT 1 AS id, 2 AS gone\n", feeds[i]);
		g_autofree char *after =
			g_strdup_printf("/* weir\n%s\n*/\nSELECT 1 AS id\n", feeds[i]);

		fixture_write(git, "domains/sales/sql/kept.sql", before);
		g_free(fixture_push(git, "Before"));
		fixture_write(git, "domains/sales/sql/kept.sql", after);
		g_free(fixture_push(git, "After"));
		g_autoptr(Plan) plan = plan_last(git);
		assert_refusals(plan, &strict,
			i >= 3 ? ""
			       : "breaking-change: sales: 'flow.sales.kept' changes at "
				 "'columns.gone' in a way that breaks its readers (write "
				 "'allow_breaking: true' beside the change, or allow it in the "
				 "server's configuration)\n");
		g_autofree char *text = plan_text(plan, NULL, false);
		if (i < 3)
			g_assert_nonnull(strstr(text,
				"\nPlan: 0 to create, 0 to update, 0 to replace, 0 to delete; 0 "
				"cosmetic; 1 held.\n"));
		else
			g_assert_nonnull(strstr(text, "\nPlan: 0 to create, 1 to update,"));
	}
}

// A table that another domain makes from now on stays.
static void test_a_moved_table(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(git, "domains/sales/sql/shared/t.sql", "SELECT 1 AS id\n");
	g_free(fixture_push(git, "Before"));
	g_free(fixture_run(git, "mkdir -p domains/finance/sql/shared && git mv "
				"domains/sales/sql/shared/t.sql domains/finance/sql/shared/t.sql"));
	g_free(fixture_push(git, "After"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_text(plan, "finance\n"
			  "  + flow.finance.shared.t (non-breaking)\n"
			  "  + table.shared.t (non-breaking)\n"
			  "sales\n"
			  "  - flow.sales.shared.t (non-breaking)\n"
			  "Plan: 2 to create, 0 to update, 0 to replace, 1 to delete; 0 "
			  "cosmetic.\n"
			  "Will run: finance.shared.t.\n");
}

// SQL of several lines, and a part of a definition, as a reviewer wants to see them.
static void test_changed_lines(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(git, "domains/sales/sql/orders.sql",
		"SELECT id,\n  amount,\n  a,\n  b,\n  c,\n  d\nFROM sales.raw\n");
	fixture_write(git, "domains/sales/flows/job.yaml",
		"id: job\ntasks:\n  - {id: t, type: log, message: one}\n");
	g_free(fixture_push(git, "Before"));
	fixture_write(git, "domains/sales/sql/orders.sql",
		"SELECT id,\n  amount,\n  a,\n  b,\n  c,\n  d + 1 AS d\nFROM sales.raw\n");
	fixture_write(git, "domains/sales/flows/job.yaml",
		"id: job\ntasks:\n  - {id: t, type: log, message: two}\n"
		"  - {id: u, type: shell, commands: ['echo a', 'echo b']}\n");
	g_free(fixture_push(git, "After"));
	g_autoptr(Plan) plan = plan_last(git);
	assert_text(plan, "sales\n"
			  "  ~ flow.sales.job (non-breaking)\n"
			  "      tasks.t.message: \"one\" -> \"two\"\n"
			  "      tasks.u:\n"
			  "        @@ -0,0 +1,3 @@\n"
			  "        +id: u\n"
			  "        +type: shell\n"
			  "        +commands: [echo a, echo b]\n"
			  "  ~ flow.sales.orders (non-breaking)\n"
			  "      tasks.build.sql:\n"
			  "        @@ -3,5 +3,5 @@\n"
			  "           a,\n"
			  "           b,\n"
			  "           c,\n"
			  "        -  d\n"
			  "        +  d + 1 AS d\n"
			  "         FROM sales.raw\n"
			  "      downstream: finance.revenue\n"
			  "Plan: 0 to create, 2 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"
			  "Will run: finance.revenue, sales.orders.\n");
	g_autofree char *coloured = plan_text(plan, NULL, true);
	g_assert_nonnull(strstr(
		coloured, "        \033[31m-  d\033[0m\n        \033[32m+  d + 1 AS d\033[0m\n"));
}

// However much changes, what is shown of it is bounded, and says how much is not shown.
static void test_many_changed_lines(void)
{
	g_autoptr(GitFixture) git = retail();
	g_autoptr(GString) sql = g_string_new("SELECT 0");

	for (int i = 0; i < 500; i++)
		g_string_append_printf(sql, ",\n  %d AS c%d", i, i);
	for (int i = 0; i < 40; i++) {
		g_autofree char *path = g_strdup_printf("domains/sales/sql/wide%02d.sql", i);

		fixture_write(git, path, sql->str);
	}
	g_free(fixture_push(git, "Before"));
	for (int i = 0; i < 40; i++) {
		g_autofree char *path = g_strdup_printf("domains/sales/sql/wide%02d.sql", i);
		g_autoptr(GString) changed = g_string_new(sql->str);

		g_string_replace(changed, " AS ", " + 1 AS ", 0);
		fixture_write(git, path, changed->str);
	}
	g_free(fixture_push(git, "After"));
	g_autoptr(Plan) plan = plan_last(git);
	g_autofree char *text = plan_text(plan, NULL, false);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), <, 2000);
	g_assert_true(g_strv_contains((const char *const *)lines, "        … 942 more lines"));
	g_assert_true(g_strv_contains((const char *const *)lines, "        … 1002 more lines"));
	g_autofree char *markdown = plan_markdown(plan, NULL);
	g_assert_cmpuint(strlen(markdown), <, 65000);
}

static void test_markdown(void)
{
	g_autoptr(GitFixture) git = retail();

	fixture_write(git, "domains/sales/sql/orders.sql",
		"/* weir\ndescription: All orders\n*/\nSELECT id,\n'```' AS x FROM sales.raw\n");
	g_autofree char *commit = fixture_push(git, "Change");
	g_autoptr(Plan) plan = plan_last(git);
	g_autofree char *text = plan_markdown(plan, NULL);
	g_autofree char *expected = g_strdup_printf(
		"## weir plan\n\n"
		"Plan: 0 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n"
		"Will run: finance.revenue, sales.orders.\n\n"
		"Revision `%s`, live `%.12s`.\n\n"
		"### sales\n\n"
		"- **update** `flow.sales.orders` (breaking); downstream: finance.revenue\n\n"
		"`tasks.build.sql`\n\n"
		"````diff\n"
		"@@ -1 +1,2 @@\n"
		"-SELECT id, amount FROM sales.raw\n"
		"+SELECT id,\n"
		"+'```' AS x FROM sales.raw\n"
		"````\n\n"
		"`columns.amount` **breaking**; named by: finance.revenue\n\n"
		"```diff\n- \"amount\"\n+ \"x\"\n```\n\n\n",
		commit, plan->live_digest);
	g_assert_cmpstr(text, ==, expected);
}

// What has moved in production is told with what would change, and how to end it.
static void test_drift_is_told(void)
{
	static const char said[] =
		"drift: table.d.t: the table is missing from the database\n"
		"drift: flow.a.f: its row in the store was edited: triggers\n"
		"hint: push a change of the flow, or stop the server and run 'weir apply': either "
		"writes what the commit says over what was edited in the store\n";
	g_autoptr(GitFixture) git = retail();
	json_auto_t *drift = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "type", "table",
		"address", "table.d.t", "summary", "the table is missing from the database", "type",
		"flow", "address", "flow.a.f", "summary",
		"its row in the store was edited: triggers");

	fixture_write(git, "domains/sales/sql/orders.sql", "SELECT id FROM sales.raw -- all\n");
	g_free(fixture_push(git, "Change"));
	g_autoptr(Plan) plan = plan_last(git);
	g_autofree char *text = plan_text(plan, drift, false);
	g_autofree char *markdown = plan_markdown(plan, drift);
	g_assert_nonnull(strstr(text, said));
	g_assert_nonnull(strstr(markdown, said));
	for (int i = 0; i < 60; i++)
		json_array_insert(drift, 0, json_array_get(drift, json_array_size(drift) - 2));
	g_autofree char *cut = plan_text(plan, drift, false);
	g_assert_nonnull(strstr(cut, "… and 12 more: 'weir drift' lists all of it\nhint: "));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/plan/first", test_first);
	g_test_add_func("/plan/pure", test_pure);
	g_test_add_func("/plan/update", test_update);
	g_test_add_func("/plan/settings", test_settings);
	g_test_add_func("/plan/project", test_project);
	g_test_add_func("/plan/project-of-folder", test_project_of_folder);
	g_test_add_func("/plan/cosmetic", test_cosmetic);
	g_test_add_func("/plan/cosmetic-beside-others", test_cosmetic_beside_others);
	g_test_add_func("/plan/broken-domain", test_broken_domain);
	g_test_add_func("/plan/schedule", test_schedule);
	g_test_add_func("/plan/guard-used-elsewhere", test_guard_used_elsewhere);
	g_test_add_func("/plan/guard-deletions", test_guard_deletions);
	g_test_add_func("/plan/guard-deletions-by-policy", test_guard_deletions_by_policy);
	g_test_add_func("/plan/columns", test_columns);
	g_test_add_func("/plan/variables", test_variables);
	g_test_add_func("/plan/columns-json", test_columns_json);
	g_test_add_func("/plan/guard-breaking", test_guard_breaking);
	g_test_add_func("/plan/guard-columns-of-what-keeps-its-rows",
		test_guard_columns_of_what_keeps_its_rows);
	g_test_add_func("/plan/a-moved-table", test_a_moved_table);
	g_test_add_func("/plan/changed-lines", test_changed_lines);
	g_test_add_func("/plan/many-changed-lines", test_many_changed_lines);
	g_test_add_func("/plan/markdown", test_markdown);
	g_test_add_func("/plan/drift-is-told", test_drift_is_told);
	return g_test_run();
}
