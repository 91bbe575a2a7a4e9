// Which tables scripts read and write: the table of cases beside this file, and the shared corpus where it is present.
#include "sql/scan.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *const corpus_path = WEIR_SOURCE_DIR "/../shared/corpus/lineage.jsonl";

enum {
	LEAST_OF_A_DIALECT = 10,
};

typedef struct {
	const char *dialects; // one or more with commas, or "*"
	const char *reads, *writes;
	bool opaque;
	const char *sql;
	unsigned line;
} Case;

static int compare_names(const void *first, const void *second)
{
	return g_ascii_strcasecmp(*(const char *const *)first, *(const char *const *)second);
}

// Names in lower case, sorted, joined by blanks.
static char *sorted_names(char **names)
{
	GString *text = g_string_new(NULL);

	qsort(names, g_strv_length(names), sizeof(char *), compare_names);
	for (char **name = names; *name != NULL; name++) {
		if (**name != '\0')
			g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", *name);
	}
	g_string_ascii_down(text);
	return g_string_free(text, FALSE);
}

static char *set_names(const SqlTableSet *set)
{
	g_auto(GStrv) names = g_new0(char *, set->count + 1);

	for (size_t i = 0; i < set->count; i++)
		names[i] = g_strdup(set->tables[i].name);
	return sorted_names(names);
}

static char *wanted_names(const char *text)
{
	g_auto(GStrv) names = g_strsplit_set(text, " \t", -1);

	return sorted_names(names);
}

// Every table of the script is one of some statement's, and the other way round.
static void check_sets_agree(const SqlScript *script)
{
	for (size_t i = 0; i < script->statement_count; i++) {
		const SqlStatement *statement = &script->statements[i];

		for (size_t j = 0; j < statement->reads.count; j++)
			g_assert_true(sql_table_set_contains(
				&script->reads, statement->reads.tables[j].name));
		for (size_t j = 0; j < statement->writes.count; j++)
			g_assert_true(sql_table_set_contains(
				&script->writes, statement->writes.tables[j].name));
	}
}

static bool check_case(const Case *expected, const char *dialect)
{
	g_autoptr(SqlScript) script =
		sql_script_scan(sql_dialect_find(dialect), expected->sql, strlen(expected->sql));
	g_autofree char *reads = set_names(&script->reads);
	g_autofree char *writes = set_names(&script->writes);
	g_autofree char *wanted_reads = wanted_names(expected->reads);
	g_autofree char *wanted_writes = wanted_names(expected->writes);

	check_sets_agree(script);
	if (strcmp(reads, wanted_reads) == 0 && strcmp(writes, wanted_writes) == 0 &&
		(script->opaque != NULL) == expected->opaque)
		return true;
	g_printerr("line %u (%s): %s\n  reads  '%s', wanted '%s'\n  writes '%s', wanted '%s'\n"
		   "  opaque: %s\n",
		expected->line, dialect, expected->sql, reads, wanted_reads, writes, wanted_writes,
		script->opaque != NULL ? script->opaque : "no");
	return false;
}

static unsigned check_all_dialects(const Case *expected)
{
	unsigned wrong = 0;

	if (strcmp(expected->dialects, "*") == 0) {
		for (const char *const *name = sql_dialect_names(); *name != NULL; name++)
			wrong += !check_case(expected, *name);
		return wrong;
	}
	g_auto(GStrv) names = g_strsplit(expected->dialects, ",", -1);
	for (char **name = names; *name != NULL; name++) {
		g_assert_nonnull(sql_dialect_find(*name));
		wrong += !check_case(expected, *name);
	}
	return wrong;
}

// "==== DIALECTS | reads | writes [| opaque]"
static Case parse_head(char **fields, const char *sql, unsigned line)
{
	guint count = g_strv_length(fields);
	Case parsed = {.sql = sql, .line = line};

	g_assert_cmpuint(count, >=, 3);
	for (guint i = 0; i < count; i++)
		g_strstrip(fields[i]);
	parsed.dialects = fields[0];
	parsed.reads = fields[1];
	parsed.writes = fields[2];
	parsed.opaque = count > 3 && strcmp(fields[3], "opaque") == 0;
	return parsed;
}

// Adds a case to those of the dialects that it names; one of all dialects is nobody's own.
static void count_dialects(GHashTable *of_dialects, const char *dialects)
{
	for (const char *const *name = sql_dialect_names(); *name != NULL; name++) {
		if (strstr(dialects, *name) != NULL)
			g_hash_table_insert(of_dialects, (char *)(uintptr_t)*name,
				GUINT_TO_POINTER(
					GPOINTER_TO_UINT(g_hash_table_lookup(of_dialects, *name)) +
					1));
	}
}

static void test_cases(void)
{
	g_autofree char *path = g_test_build_filename(G_TEST_DIST, "lineage-cases.txt", NULL);
	g_autofree char *text = NULL;
	unsigned wrong = 0;
	unsigned count = 0;
	unsigned line = 1;
	g_autoptr(GHashTable) of_dialects = g_hash_table_new(g_str_hash, g_str_equal);

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_auto(GStrv) blocks = g_strsplit(text, "\n==== ", -1);
	for (char **block = blocks; *block != NULL; block++, count++) {
		char *newline = strchr(*block, '\n');

		unsigned first = line;
		for (const char *byte = *block; *byte != '\0'; byte++)
			line += *byte == '\n';
		line++;
		if (block == blocks)
			continue;
		if (**block == '-')
			continue;
		g_assert_nonnull(newline);
		*newline = '\0';
		g_auto(GStrv) fields = g_strsplit(*block, "|", -1);
		const Case expected = parse_head(fields, newline + 1, first);
		wrong += check_all_dialects(&expected);
		count_dialects(of_dialects, expected.dialects);
	}
	// The repository's own cases are enough without the corpus: each dialect has some for itself.
	for (const char *const *name = sql_dialect_names(); *name != NULL; name++) {
		if (GPOINTER_TO_UINT(g_hash_table_lookup(of_dialects, *name)) < LEAST_OF_A_DIALECT)
			g_error("lineage-cases.txt has %u cases for %s, fewer than %d",
				GPOINTER_TO_UINT(g_hash_table_lookup(of_dialects, *name)), *name,
				LEAST_OF_A_DIALECT);
	}
	g_assert_cmpuint(count, >, 250);
	g_assert_cmpuint(wrong, ==, 0);
}

static char *wanted_json(const json_t *names)
{
	g_auto(GStrv) list = g_new0(char *, json_array_size(names) + 1);

	for (size_t i = 0; i < json_array_size(names); i++)
		list[i] = g_strdup(json_string_value(json_array_get(names, i)));
	return sorted_names(list);
}

// Statements that engines run have nothing that is called a fault.
static bool has_fault(const SqlScript *script)
{
	for (size_t i = 0; i < script->parameter_count; i++) {
		if (script->parameters[i].unbound)
			return true;
	}
	return script->open != SQL_OPEN_NOTHING || script->column_twice != NULL ||
	       script->late_header.line > 0;
}

static unsigned check_corpus_line(const char *text)
{
	json_t *line = json_loads(text, 0, NULL);
	const char *sql = json_string_value(json_object_get(line, "sql"));
	const char *dialect = json_string_value(json_object_get(line, "dialect"));
	g_autoptr(SqlScript) script = sql_script_scan(sql_dialect_find(dialect), sql, strlen(sql));
	g_autofree char *reads = set_names(&script->reads);
	g_autofree char *writes = set_names(&script->writes);
	g_autofree char *wanted_reads = wanted_json(json_object_get(line, "reads"));
	g_autofree char *wanted_writes = wanted_json(json_object_get(line, "writes"));
	bool right = strcmp(reads, wanted_reads) == 0 && strcmp(writes, wanted_writes) == 0 &&
		     script->opaque == NULL && !has_fault(script);

	if (!right)
		g_printerr("%s\n  reads '%s' writes '%s'\n", text, reads, writes);
	json_decref(line);
	return !right;
}

static void test_corpus(void)
{
	g_autofree char *text = NULL;
	unsigned wrong = 0;

	if (!g_file_get_contents(corpus_path, &text, NULL, NULL)) {
		g_autofree char *why = g_strdup_printf(
			"'%s' is not there: the statements of the shared corpus are not held "
			"against their tables; those of lineage-cases.txt were, in each dialect",
			corpus_path);
		g_test_skip(why);
		return;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (**line != '\0')
			wrong += check_corpus_line(*line);
	}
	g_assert_cmpuint(wrong, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/lineage/cases", test_cases);
	g_test_add_func("/sql/lineage/corpus", test_corpus);
	return g_test_run();
}
