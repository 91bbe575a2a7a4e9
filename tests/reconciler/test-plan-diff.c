#include "reconciler/build_meaning.h"
#include "reconciler/json_slice.h"
#include "reconciler/plan_internal.h"

#include <string.h>

typedef struct {
	const char *name;
	const char *before, *after;
	PlanClass class;
	const char *paths; // "path class" joined by "; "
} DiffCase;

static char *paths_text(const GPtrArray *paths)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < paths->len; i++) {
		const PlanPath *path = paths->pdata[i];

		g_string_append_printf(text, "%s%s %s", i == 0 ? "" : "; ", path->path,
			plan_class_name(path->class));
	}
	return g_string_free(text, FALSE);
}

// clang-format off
static const DiffCase DEFINITIONS[] = {
	{"equal", "{'id':'a'}", "{'id':'a'}", PLAN_COSMETIC, ""},
	{"label", "{'labels':{'a':'1'}}", "{'labels':{'a':'2'}}", PLAN_METADATA, "labels.a metadata"},
	{"description of a task", "{'tasks':[{'id':'t','description':'x'}]}", "{'tasks':[{'id':'t'}]}", PLAN_METADATA,
		"tasks.t.description metadata"},
	{"sql", "{'tasks':[{'id':'build','sql':'SELECT 1'}]}", "{'tasks':[{'id':'build','sql':'SELECT 2'}]}", PLAN_NON_BREAKING,
		"tasks.build.sql non-breaking"},
	{"task added", "{'tasks':[{'id':'a'}]}", "{'tasks':[{'id':'a'},{'id':'b'}]}", PLAN_NON_BREAKING, "tasks.b non-breaking"},
	{"tasks in another order", "{'tasks':[{'id':'a'},{'id':'b'}]}", "{'tasks':[{'id':'b'},{'id':'a'}]}", PLAN_NON_BREAKING,
		"tasks non-breaking"},
	{"optional input added", "{'inputs':[]}", "{'inputs':[{'id':'i','type':'INT','required':false}]}", PLAN_NON_BREAKING,
		"inputs.i non-breaking"},
	{"demanded input added", "{'inputs':[]}", "{'inputs':[{'id':'i','type':'INT'}]}", PLAN_BREAKING, "inputs.i breaking"},
	{"input with a default added", "{'inputs':[]}", "{'inputs':[{'id':'i','defaults':1}]}", PLAN_NON_BREAKING,
		"inputs.i non-breaking"},
	{"input removed", "{'inputs':[{'id':'i'},{'id':'j'}]}", "{'inputs':[{'id':'j'}]}", PLAN_BREAKING, "inputs.i breaking"},
	{"input's type", "{'inputs':[{'id':'i','type':'INT'}]}", "{'inputs':[{'id':'i','type':'STRING'}]}", PLAN_BREAKING,
		"inputs.i.type breaking"},
	{"input now required", "{'inputs':[{'id':'i','required':false}]}", "{'inputs':[{'id':'i'}]}", PLAN_BREAKING,
		"inputs.i.required breaking"},
	{"output removed", "{'outputs':[{'id':'o','value':'1'}]}", "{'outputs':[]}", PLAN_BREAKING, "outputs.o breaking"},
	{"plain list", "{'v':[1,2]}", "{'v':[1,3]}", PLAN_NON_BREAKING, "v non-breaking"},
	{"the heaviest counts", "{'description':'a','outputs':[{'id':'o','value':'1'}]}", "{'description':'b'}", PLAN_NON_BREAKING,
		"description metadata; outputs non-breaking"},
};

static const DiffCase SCHEMAS[] = {
	{"column added", "{'fields':[{'name':'a','type':'INT64'}]}",
		"{'fields':[{'name':'a','type':'INT64'},{'name':'b','type':'STRING'}]}", PLAN_NON_BREAKING, "schema.b non-breaking"},
	{"column removed", "{'fields':[{'name':'a','type':'INT64'},{'name':'b','type':'STRING'}]}",
		"{'fields':[{'name':'A','type':'INT64'}]}", PLAN_BREAKING, "schema.b breaking"},
	{"wider text", "{'fields':[{'name':'a','type':'STRING(10)'}]}", "{'fields':[{'name':'a','type':'STRING(20)'}]}",
		PLAN_NON_BREAKING, "schema.a.type non-breaking"},
	{"narrower text", "{'fields':[{'name':'a','type':'STRING'}]}", "{'fields':[{'name':'a','type':'STRING(20)'}]}",
		PLAN_BREAKING, "schema.a.type breaking"},
	{"another type", "{'fields':[{'name':'a','type':'INT64'}]}", "{'fields':[{'name':'a','type':'FLOAT64'}]}",
		PLAN_BREAKING, "schema.a.type breaking"},
	{"may be null now", "{'fields':[{'name':'a','type':'INT64','mode':'REQUIRED'}]}", "{'fields':[{'name':'a','type':'INT64'}]}",
		PLAN_BREAKING, "schema.a.mode breaking"},
	{"never null now", "{'fields':[{'name':'a','type':'INT64'}]}", "{'fields':[{'name':'a','type':'INT64','mode':'REQUIRED'}]}",
		PLAN_NON_BREAKING, "schema.a.mode non-breaking"},
	{"nested column removed", "{'fields':[{'name':'r','type':'RECORD','fields':[{'name':'x','type':'INT64'}]}]}",
		"{'fields':[{'name':'r','type':'RECORD','fields':[]}]}", PLAN_BREAKING, "schema.r.x breaking"},
	{"description", "{'fields':[{'name':'a','type':'INT64'}]}", "{'fields':[{'name':'a','type':'INT64','description':'d'}]}",
		PLAN_METADATA, "schema.a.description metadata"},
	{"description of the table", "{'fields':[],'description':'x'}", "{'fields':[]}", PLAN_METADATA, "schema metadata"},
	{"declared now", NULL, "{'fields':[]}", PLAN_NON_BREAKING, "schema non-breaking"},
};
// clang-format on

static char *quoted(const char *text)
{
	return text == NULL ? NULL : g_strdelimit(g_strdup(text), "'", '"');
}

static void check(const DiffCase *each, const char *before, const char *after, bool schema)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func((GDestroyNotify)plan_path_free);
	json_t *old = before == NULL ? NULL : json_loads(before, 0, NULL);
	json_t *new = after == NULL ? NULL : json_loads(after, 0, NULL);
	PlanClass class = schema ? plan_diff_schemas(before, after, paths)
				 : plan_diff_definitions(old, new, paths);
	g_autofree char *text = paths_text(paths);

	g_test_message("%s", each->name);
	g_assert_cmpstr(text, ==, each->paths);
	g_assert_cmpint(class, ==, each->class);
	json_decref(old);
	json_decref(new);
}

static void test_definitions(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(DEFINITIONS); i++) {
		g_autofree char *before = quoted(DEFINITIONS[i].before);
		g_autofree char *after = quoted(DEFINITIONS[i].after);

		check(&DEFINITIONS[i], before, after, false);
	}
}

static void test_schemas(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(SCHEMAS); i++) {
		g_autofree char *before = quoted(SCHEMAS[i].before);
		g_autofree char *after = quoted(SCHEMAS[i].after);

		check(&SCHEMAS[i], before, after, true);
	}
}

static void test_slices(void)
{
	static const char definition[] = "{\"id\":\"a\",\"tasks\":[{\"triggers\":[1],\"s\":\"}\\\"]"
					 "\"}],\"triggers\":[{\"id\":\"x\"}],"
					 "\"concurrency\":{\"limit\":1},\"disabled\":true}";
	static const char *const cases[][2] = {
		{"id", "\"a\""},
		{"tasks", "[{\"triggers\":[1],\"s\":\"}\\\"]\"}]"},
		{"triggers", "[{\"id\":\"x\"}]"},
		{"concurrency", "{\"limit\":1}"},
		{"disabled", "true"},
		{"limit", NULL},
		{"i", NULL},
	};
	static const char *const broken[] = {
		"", "{", "{}", "[]", "{\"a\"", "{\"a\":", "{\"a\":[1", "{\"a\":\"x", "x"};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = json_slice_dup(definition, cases[i][0]);

		g_assert_cmpstr(text, ==, cases[i][1]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
		g_assert_null(json_slice_dup(broken[i], "a"));
}

// A table is stale when what built it is not what its flow builds now.
static void test_builds(void)
{
	static const struct {
		const char *before, *after;
		bool same;
	} cases[] = {
		{"{\"tasks\":[{\"id\":\"a\"}]}", "{\"tasks\":[{\"id\":\"a\"}]}", true},
		{"{\"tasks\":[{\"id\":\"a\"}]}", "{\"tasks\":[{\"id\":\"b\"}]}", false},
		{"{\"labels\":{},\"tasks\":[]}", "{\"tasks\":[]}", true},
		{"{\"tasks\":[{\"id\":\"a\",\"pool\":\"x\"}]}", "{\"tasks\":[{\"id\":\"a\"}]}",
			true},
		{"{\"tasks\":[],\"variables\":{\"x\":1}}", "{\"tasks\":[],\"variables\":{\"x\":1}}",
			true},
		{"{\"tasks\":[],\"variables\":{\"x\":1}}", "{\"tasks\":[],\"variables\":{\"x\":2}}",
			false},
		{"{\"tasks\":[],\"variables\":{\"x\":1}}", "{\"tasks\":[]}", false},
		{"{\"tasks\":[],\"variables\":{}}", "{\"tasks\":[]}", true},
		{"{}", "{\"tasks\":[]}", false},
		{"nothing", "{\"tasks\":[]}", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_auto_t *before = json_loads(cases[i].before, 0, NULL);
		json_auto_t *after = json_loads(cases[i].after, 0, NULL);

		g_assert_cmpint(
			build_is_same_text(cases[i].before, cases[i].after), ==, cases[i].same);
		g_assert_cmpint(
			build_is_same_text(cases[i].after, cases[i].before), ==, cases[i].same);
		g_assert_cmpint(build_is_same(before, after), ==, cases[i].same);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/plan-diff/definitions", test_definitions);
	g_test_add_func("/plan-diff/schemas", test_schemas);
	g_test_add_func("/plan-diff/slices", test_slices);
	g_test_add_func("/plan-diff/builds", test_builds);
	return g_test_run();
}
