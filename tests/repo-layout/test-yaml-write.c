// What yaml_write() prints, and that it reads back as the same value.
#include "repo-layout/yaml_document.h"

#include <glib.h>
#include <string.h>

static json_t *read_back(const char *yaml)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(YamlDocument) document = yaml_document_parse(
		"test.yaml", yaml, strlen(yaml), 1, 1, &yaml_limits_default, diagnostics);

	if (document == NULL || diagnostic_list_length(diagnostics) > 0)
		return NULL;
	return yaml_to_json(yaml_document_root(document));
}

static void check_round_trip(const json_t *value)
{
	g_autofree char *yaml = yaml_write(value);
	json_t *back = read_back(yaml);

	if (back == NULL || !json_equal(value, back)) {
		char *want = json_dumps(value, JSON_ENCODE_ANY);
		char *have = back != NULL ? json_dumps(back, JSON_ENCODE_ANY) : NULL;

		g_test_message("printed:\n%s\nwanted %s, read %s", yaml, want,
			have != NULL ? have : "nothing");
		g_test_fail();
		free(want);
		free(have);
	}
	json_decref(back);
}

static void check_printed(const char *json, const char *expected)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

	g_assert_nonnull(value);
	g_autofree char *yaml = yaml_write(value);
	g_assert_cmpstr(yaml, ==, expected);
	check_round_trip(value);
	json_decref(value);
}

static void test_flow(void)
{
	check_printed("{\"id\":\"orders\",\"namespace\":\"sales\",\"labels\":{\"system.generated\":"
		      "\"true\"},"
		      "\"triggers\":[{\"id\":\"tables\",\"type\":\"tables\",\"all\":[\"sales.order_"
		      "lines\"]}],"
		      "\"tasks\":[{\"id\":\"build\",\"type\":\"sql.build\",\"key\":[\"order_id\","
		      "\"line\"],"
		      "\"sql\":\"SELECT a,\\n\\tb -- 'c': d\\nFROM "
		      "t\\n\",\"retry\":{\"maxAttempts\":3}}]}",
		"id: orders\n"
		"namespace: sales\n"
		"labels:\n"
		"  system.generated: \"true\"\n"
		"triggers:\n"
		"  - id: tables\n"
		"    type: tables\n"
		"    all: [sales.order_lines]\n"
		"tasks:\n"
		"  - id: build\n"
		"    type: sql.build\n"
		"    key: [order_id, line]\n"
		"    sql: |\n"
		"      SELECT a,\n"
		"      \tb -- 'c': d\n"
		"      FROM t\n"
		"    retry:\n"
		"      maxAttempts: 3\n");
}

static void test_text_of_several_lines(void)
{
	check_printed("{\"a\":\"one\\ntwo\"}", "a: |-\n  one\n  two\n");
	check_printed("{\"a\":\"one\\ntwo\\n\"}", "a: |\n  one\n  two\n");
	check_printed("{\"a\":\"one\\n\\n\",\"b\":1}", "a: |+\n  one\n\nb: 1\n");
	check_printed("{\"a\":\"  one\\ntwo\"}", "a: |2-\n    one\n  two\n");
	check_printed("{\"a\":\"\\n\"}", "a: \"\\n\"\n");
	check_printed("{\"a\":\"one\\r\\ntwo\"}", "a: \"one\\U0000000D\\ntwo\"\n");
	check_printed("[[\"one\\ntwo\"]]", "-\n  - |-\n    one\n    two\n");
}

static void test_text_that_needs_quotes(void)
{
	check_printed("{\"a\":[\"true\",\"NO\",\"12\",\"1e3\",\"2010-12-01\",\"~\",\"\",\"- "
		      "a\",\"a: b\"]}",
		"a: [\"true\", \"NO\", \"12\", \"1e3\", \"2010-12-01\", \"~\", \"\", \"- a\", \"a: "
		"b\"]\n");
	check_printed("{\"a\":\"{{ inputs.day }}\",\"b\":\"\\\"it's\\\" said\",\"c\":\"x # y\"}",
		"a: \"{{ inputs.day }}\"\nb: '\"it''s\" said'\nc: \"x # y\"\n");
}

static void test_empty_and_scalars(void)
{
	check_printed("{}", "{}\n");
	check_printed("[]", "[]\n");
	check_printed("{\"a\":{},\"b\":[],\"c\":null,\"d\":1.5,\"e\":-7,\"f\":false}",
		"a: {}\nb: []\nc: null\nd: 1.5\ne: -7\nf: false\n");
	check_printed("\"text\"", "text\n");
}

static json_t *random_text(GRand *random)
{
	static const char *const pieces[] = {"a", "b c", " ", "\n", "\t", "'", "\"", "\\", ":", "#",
		"-", "{{ x }}", "é", "\xE2\x80\xA8", "0", "1.5", "true", "|", "&", "*", "\r", "[",
		","};
	g_autoptr(GString) text = g_string_new(NULL);

	for (int i = g_rand_int_range(random, 0, 7); i > 0; i--)
		g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
	return json_string(text->str);
}

static json_t *random_value(GRand *random, int depth)
{
	int kind = g_rand_int_range(random, 0, depth > 0 ? 8 : 5);
	json_t *value;

	if (kind < 5)
		return kind == 0 ? json_integer(g_rand_int(random)) : random_text(random);
	value = kind == 5 ? json_array() : json_object();
	for (int i = g_rand_int_range(random, 0, 5); i > 0; i--) {
		json_t *key = random_text(random);

		if (kind == 5)
			json_array_append_new(value, random_value(random, depth - 1));
		else
			json_object_set_new(
				value, json_string_value(key), random_value(random, depth - 1));
		json_decref(key);
	}
	return value;
}

static void test_random_values_read_back(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(20261121);

	for (int i = 0; i < 5000 && !g_test_failed(); i++) {
		json_t *value = random_value(random, 4);

		check_round_trip(value);
		json_decref(value);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/yaml-write/flow", test_flow);
	g_test_add_func("/yaml-write/text-of-several-lines", test_text_of_several_lines);
	g_test_add_func("/yaml-write/text-that-needs-quotes", test_text_that_needs_quotes);
	g_test_add_func("/yaml-write/empty-and-scalars", test_empty_and_scalars);
	g_test_add_func("/yaml-write/random-values-read-back", test_random_values_read_back);
	return g_test_run();
}
