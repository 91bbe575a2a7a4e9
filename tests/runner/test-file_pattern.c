// Patterns of file names.
#include "runner/file_pattern.h"

static const struct {
	const char *pattern, *path;
	bool matches;
} cases[] = {
	{"a.txt", "a.txt", true},
	{"./a.txt", "a.txt", true},
	{"a.txt", "b/a.txt", false},
	{"*.txt", "a.txt", true},
	{"*.txt", "b/a.txt", false},
	{"*", ".hidden", false},
	{".*", ".hidden", true},
	{"*/*.txt", "b/a.txt", true},
	{"**/*.txt", "a.txt", true},
	{"**/*.txt", "c/b/a.txt", true},
	{"**/*.txt", "c/.b/a.txt", false},
	{"c/**", "c/b/a.txt", true},
	{"c/**", "d/a.txt", false},
	{"**", "c/b/a.txt", true},
	{"**", ".c/a.txt", false},
	{"a[0-9].csv", "a7.csv", true},
	{"a[0-9].csv", "ab.csv", false},
	{"a?.csv", "ab.csv", true},
	{"{a,b}.csv", "b.csv", true},
	{"{a,b}.csv", "c.csv", false},
	{"{a,b/{c,d}}/*.csv", "b/d/x.csv", true},
	{"{a,b/{c,d}}/*.csv", "b/e/x.csv", false},
	{"{open", "{open", true},
	{"{a,b}{c,d}", "bd", true},
};

static void test_matches(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		if (file_pattern_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
			g_error("'%s' against '%s'", cases[i].pattern, cases[i].path);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/file-pattern/matches", test_matches);
	return g_test_run();
}
