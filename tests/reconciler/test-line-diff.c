// Diffs of lines: as `diff -u` shows them, never longer than they need be, and whole when applied.
#include "reconciler/line_diff.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void assert_diff(
	const char *before, const char *after, const LineDiffOptions *options, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned lines = line_diff_append(text, before, after, options);
	unsigned counted = 0;

	g_assert_cmpstr(text->str, ==, expected);
	for (const char *at = text->str; *at != '\0'; at++)
		counted += *at == '\n';
	g_assert_cmpuint(lines, ==, counted);
}

static void test_hunks(void)
{
	static const LineDiffOptions options = {.most_lines = 100};

	assert_diff("a\nb\n", "a\nb\n", &options, "");
	assert_diff("a\nb\n", "a\nb", &options, "");
	assert_diff(NULL, "a\n\nb\n", &options, "@@ -0,0 +1,3 @@\n+a\n+\n+b\n");
	assert_diff("a\n", NULL, &options, "@@ -1 +0,0 @@\n-a\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", &options,
		"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	// Changes with at most six lines between them are one hunk, with more two.
	assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n", &options,
		"@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n", &options,
		"@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void test_forms(void)
{
	static const LineDiffOptions indented = {.indent = "  ", .most_lines = 4};
	static const LineDiffOptions coloured = {.most_lines = 9, .colour = true};
	static const LineDiffOptions none = {.indent = "  "};

	assert_diff("a\nb\nc\n", "x\ny\n", &indented,
		"  @@ -1,3 +1,2 @@\n  -a\n  -b\n  -c\n  … 2 more lines\n");
	assert_diff("a\n", "x\n", &none, "  … 3 more lines\n");
	assert_diff("a\nb\n", "a\nc\n", &coloured,
		"\033[36m@@ -1,2 +1,2 @@\033[0m\n a\n\033[31m-b\033[0m\n\033[32m+c\033[0m\n");
	// A text of a commit cannot steer the terminal.
	assert_diff("", "\033[2Jgone\r\tx\xff", &(LineDiffOptions){.most_lines = 9},
		"@@ -0,0 +1 @@\n+\\x1B[2Jgone\\x0D\tx\xef\xbf\xbd\n");
}

static void test_long_lines(void)
{
	g_autofree char *line = g_strnfill(1000, 'x');
	g_autofree char *cut = g_strnfill(400, 'x');
	g_autofree char *expected = g_strdup_printf("@@ -0,0 +1 @@\n+%s…\n", cut);

	assert_diff("", line, &(LineDiffOptions){.most_lines = 9}, expected);
}

// What is too different to look for is replaced as a whole, in little time.
static void test_nothing_in_common(void)
{
	g_autoptr(GString) before = g_string_new("same\n");
	g_autoptr(GString) after = g_string_new("same\n");
	g_autoptr(GString) text = g_string_new(NULL);

	for (int i = 0; i < 20000; i++) {
		g_string_append_printf(before, "a%d\n", i);
		g_string_append_printf(after, "b%d\n", i);
	}
	clock_t began = clock();
	g_assert_cmpuint(line_diff_append(text, before->str, after->str,
				 &(LineDiffOptions){.most_lines = 100000}),
		==, 40002);
	g_assert_cmpint(clock() - began, <, 5 * CLOCKS_PER_SEC);
	g_assert_true(g_str_has_prefix(text->str, "@@ -1,20001 +1,20001 @@\n same\n-a0\n-a1\n"));
}

static char *random_text(int lines)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < lines; i++)
		g_string_append_printf(text, "%c\n", 'a' + g_test_rand_int_range(0, 4));
	return g_string_free(text, FALSE);
}

// The length of the longest common subsequence of lines of one letter each.
static int common(const char *a, const char *b)
{
	int length[32][32] = {{0}};
	int n = (int)strlen(a) / 2, m = (int)strlen(b) / 2;

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < m; j++)
			length[i + 1][j + 1] = a[i * 2] == b[j * 2]
						       ? length[i][j] + 1
						       : MAX(length[i][j + 1], length[i + 1][j]);
	}
	return length[n][m];
}

// Applies a diff to its first text; *changes counts added and removed lines.
static char *apply(const char *before, const char *diff, int *changes)
{
	g_auto(GStrv) old = g_strsplit(before, "\n", -1);
	g_auto(GStrv) lines = g_strsplit(diff, "\n", -1);
	GString *text = g_string_new(NULL);
	int at = 0;

	*changes = 0;
	for (char **line = lines; *line != NULL && **line != '\0'; line++) {
		int first = 0, count = 1;

		if (**line == '@') {
			sscanf(*line, "@@ -%d,%d", &first, &count);
			for (; at < (count == 0 ? first : first - 1); at++)
				g_string_append_printf(text, "%s\n", old[at]);
			continue;
		}
		if (**line != '+')
			g_assert_cmpstr(old[at++], ==, *line + 1);
		if (**line != '-')
			g_string_append_printf(text, "%s\n", *line + 1);
		*changes += **line != ' ';
	}
	for (; old[at] != NULL && *old[at] != '\0'; at++)
		g_string_append_printf(text, "%s\n", old[at]);
	return g_string_free(text, FALSE);
}

static void test_random(void)
{
	for (int i = 0; i < 5000; i++) {
		g_autofree char *before = random_text(g_test_rand_int_range(0, 30));
		g_autofree char *after = random_text(g_test_rand_int_range(0, 30));
		g_autoptr(GString) diff = g_string_new(NULL);
		int changes;

		line_diff_append(diff, before, after, &(LineDiffOptions){.most_lines = 1000});
		g_autofree char *applied = apply(before, diff->str, &changes);
		g_assert_cmpstr(applied, ==, after);
		g_assert_cmpint(changes, ==,
			(int)(strlen(before) + strlen(after)) / 2 - 2 * common(before, after));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/line-diff/hunks", test_hunks);
	g_test_add_func("/line-diff/forms", test_forms);
	g_test_add_func("/line-diff/long-lines", test_long_lines);
	g_test_add_func("/line-diff/nothing-in-common", test_nothing_in_common);
	g_test_add_func("/line-diff/random", test_random);
	return g_test_run();
}
