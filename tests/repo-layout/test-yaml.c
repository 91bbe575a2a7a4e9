// Reading YAML: scalars of the core schema, limits, and places.
#include "repo-layout/yaml_document.h"

#include <string.h>

static char *json_of(const char *yaml)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(YamlDocument) document =
		yaml_document_parse("y", yaml, strlen(yaml), 1, 1, NULL, diagnostics);
	json_auto_t *value = NULL;

	if (document == NULL || diagnostic_list_length(diagnostics) > 0)
		return diagnostic_text(diagnostic_list_at(diagnostics, 0));
	value = yaml_to_json(yaml_document_root(document));
	return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static void expect(const char *yaml, const char *wanted)
{
	g_autofree char *found = json_of(yaml);

	g_assert_cmpstr(found, ==, wanted);
}

static void test_scalars(void)
{
	expect("[true, True, yes, no, on, y, 'true', !!str true]",
		"[true,true,\"yes\",\"no\",\"on\",\"y\",\"true\",\"true\"]");
	expect("[1, -2, +3, 0o17, 0x1F, 012, 1_000, 9223372036854775808]",
		"[1,-2,3,15,31,12,\"1_000\",\"9223372036854775808\"]");
	expect("[1.5, .5, 5., 1e3, .inf, .nan, 1.2.3]",
		"[1.5,0.5,5.0,1000.0,\".inf\",\".nan\",\"1.2.3\"]");
	expect("[~, null, Null, '', 2024-01-01]", "[null,null,null,\"\",\"2024-01-01\"]");
	expect("a:\n", "{\"a\":null}");
	expect("", "null");
	expect("{\"a\": [1, {\"b\": \"\\u00e9\"}]}", "{\"a\":[1,{\"b\":\"\xC3\xA9\"}]}");
}

static void test_faults(void)
{
	expect("a: 1\na: 2\n", "y:2:1: error: key 'a' is here a second time; the first is in line "
			       "1\nhint: keep one of the two");
	expect("a: *b\n", "y:1:4: error: alias '*b' has no anchor '&b' before it");
	expect("a: &a [*a]\n", "y:1:8: error: alias '*a' stands inside its own anchor");
	expect("a\n---\nb\n", "y:2:1: error: a second document begins here\nhint: put the second "
			      "document into a file of its own");
	expect("a: b: c\n",
		"y:1:5: error: not valid YAML: mapping values are not allowed in this context\n"
		"hint: text that holds ': ' needs quotes");
	expect("? [a]\n: b\n", "y:1:3: error: a list or mapping cannot be a key\nhint: a key is "
			       "text, a number or a boolean");
}

static void test_limits(void)
{
	g_autofree char *deep = g_strnfill(70, '[');
	g_autoptr(GString) bomb = g_string_new("a: &a [x, x, x, x, x, x, x, x, x, x]\n");

	expect(deep, "y:1:65: error: the limit 'yaml.depth' of 64 is passed\n"
		     "hint: split the file, or raise the limit in the server's settings");
	for (char name = 'b'; name < 'j'; name++)
		g_string_append_printf(bomb,
			"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", name, name,
			name - 1, name - 1, name - 1, name - 1, name - 1, name - 1, name - 1,
			name - 1, name - 1);
	expect(bomb->str, "y:5:8: error: the limit 'yaml.alias_nodes' of 10000 is passed\n"
			  "hint: split the file, or raise the limit in the server's settings");
}

static void expect_place(const char *yaml, const char *needle, unsigned line, unsigned column)
{
	g_autoptr(YamlDocument) document =
		yaml_document_parse("y", yaml, strlen(yaml), 1, 1, NULL, NULL);
	const YamlNode *node = yaml_get(yaml_document_root(document), "a");
	unsigned found_line, found_column;

	yaml_text_place(node, document, (size_t)(strstr(node->text, needle) - node->text),
		&found_line, &found_column);
	g_assert_cmpuint(found_line, ==, line);
	g_assert_cmpuint(found_column, ==, column);
}

static void test_places(void)
{
	expect_place("a: one X\n", "X", 1, 8);
	expect_place("a: 'it''s X'\n", "X", 1, 11);
	expect_place("a: \"\\u00e9\\t X\"\n", "X", 1, 14);
	expect_place("a: é X\n", "X", 1, 6);
	expect_place("a: |\n  one\n\n    two X\n", "X", 4, 9);
	expect_place("k: 1\na: >\n  one\n  two X\n\n  three Y\n", "X", 4, 7);
	expect_place("k: 1\na: >\n  one\n  two X\n\n  three Y\n", "Y", 6, 9);
	expect_place("a: one\n   two X\n", "X", 2, 8);
	expect_place("a: \"one\n   two X\"\n", "X", 2, 8);
	expect_place("a: |2\n    one X\n", "X", 2, 9);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/yaml/scalars", test_scalars);
	g_test_add_func("/yaml/faults", test_faults);
	g_test_add_func("/yaml/limits", test_limits);
	g_test_add_func("/yaml/places", test_places);
	return g_test_run();
}
