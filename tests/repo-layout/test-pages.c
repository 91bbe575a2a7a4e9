// The reference pages in docs/reference are those that the tables of keys give.
#include "repo-layout/key_pages.h"

#include <stdint.h>

static void test_pages(void)
{
	for (const KeyPage *page = key_pages; page->name != NULL; page++) {
		g_autofree char *path =
			g_strdup_printf(WEIR_SOURCE_DIR "/docs/reference/%s.md", page->name);
		g_autofree char *written = NULL;
		g_autofree char *made = key_page_text(page);
		g_autoptr(GError) error = NULL;

		g_file_get_contents(path, &written, NULL, &error);
		g_assert_no_error(error);
		if (g_strcmp0(written, made) != 0)
			g_test_fail_printf("%s is out of date: run script/docs", path);
	}
}

// Each schema is an object with properties, and refers to nothing that it does not define.
static void check_references(const json_t *schema, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t index;

	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		if (g_strcmp0(key, "$ref") == 0)
			g_assert_nonnull(json_object_get(json_object_get(schema, "$defs"),
				json_string_value(member) + sizeof("#/$defs/") - 1));
		check_references(schema, member);
	}
	json_array_foreach((json_t *)(uintptr_t)value, index, member)
		check_references(schema, member);
}

static void test_schemas(void)
{
	for (const KeyPage *page = key_pages; page->name != NULL; page++) {
		json_auto_t *schema = key_page_schema(page);

		g_assert_cmpstr(json_string_value(json_object_get(schema, "$schema")), ==,
			"https://json-schema.org/draft/2020-12/schema");
		check_references(schema, schema);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pages/pages", test_pages);
	g_test_add_func("/pages/schemas", test_schemas);
	return g_test_run();
}
