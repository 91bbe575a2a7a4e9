// What the terminal shows: columns, numbers, and nothing that a terminal would obey.
#include "cli/output.h"
#include "cli/text_table.h"

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char *printed(const TextTable *table)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	text_table_print(table, stream);
	fclose(stream);
	return text;
}

static void test_columns(void)
{
	static const char *const headings[] = {"NAME", ">ROWS", "STATE", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);

	text_table_cell(table, "orders");
	text_table_number(table, 1234567);
	text_table_cell(table, "SUCCESS");
	text_table_cell(table, "d\xC3\xA9p\xC3\xB4t \xE6\x97\xA5");
	text_table_number(table, -12);
	text_table_cell(table, NULL);
	g_autofree char *text = printed(table);
	g_assert_cmpstr(text, ==,
		"NAME           ROWS  STATE\n"
		"orders    1,234,567  SUCCESS\n"
		"d\xC3\xA9p\xC3\xB4t \xE6\x97\xA5        -12  -\n");
}

static void test_an_empty_table_prints_nothing(void)
{
	static const char *const headings[] = {"NAME", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	g_autofree char *text = printed(table);

	g_assert_cmpstr(text, ==, "");
}

static void test_numbers_are_grouped(void)
{
	static const struct {
		int64_t number;
		const char *text;
	} cases[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {-1000, "-1,000"}, {-999, "-999"},
		{INT64_MIN, "-9,223,372,036,854,775,808"}};
	static const char *const headings[] = {"N", NULL};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(TextTable) table = text_table_new(headings);
		g_autofree char *expected = g_strdup_printf("N\n%s\n", cases[i].text);

		text_table_number(table, cases[i].number);
		g_autofree char *text = printed(table);
		g_assert_cmpstr(text, ==, expected);
	}
}

static void test_a_terminal_obeys_nothing(void)
{
	g_autofree char *line = output_printable("a\033[31mred\a\nb\xff", false);
	g_autofree char *lines = output_printable("a\nb\tc\rd", true);

	g_assert_cmpstr(line, ==, "a\\x1b[31mred\\x07\\x0ab\xEF\xBF\xBD");
	g_assert_cmpstr(lines, ==, "a\nb\tc\\x0dd");
}

static void test_no_colour_without_a_terminal(void)
{
	g_unsetenv("NO_COLOR");
	g_setenv("TERM", "xterm", TRUE);
	FILE *file = tmpfile();

	g_assert_false(output_has_colour(file));
	g_assert_cmpstr(style_begin(file, STYLE_BAD), ==, "");
	fclose(file);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/output/columns", test_columns);
	g_test_add_func(
		"/output/an-empty-table-prints-nothing", test_an_empty_table_prints_nothing);
	g_test_add_func("/output/numbers-are-grouped", test_numbers_are_grouped);
	g_test_add_func("/output/a-terminal-obeys-nothing", test_a_terminal_obeys_nothing);
	g_test_add_func("/output/no-colour-without-a-terminal", test_no_colour_without_a_terminal);
	return g_test_run();
}
