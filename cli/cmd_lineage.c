#include "cli/commands.h"
#include "cli/file_read.h"
#include "cli/output.h"
#include "cli/text_table.h"
#include "repo-layout/diagnostic.h"
#include "sql/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	SQL_BYTES_MOST =
		64 << 20, // of a script, or of a line of a batch: it need not be a repository's
};

static char *file_name;
static char *batch_name;
static char *dialect_name;

const GOptionEntry lineage_options[] = {
	{"file", 'f', 0, G_OPTION_ARG_FILENAME, &file_name, "Read this script; - is standard input",
		"FILE"},
	{"batch", 'b', 0, G_OPTION_ARG_FILENAME, &batch_name,
		"Answer each line of this file; - is standard input", "FILE"},
	{"dialect", 'd', 0, G_OPTION_ARG_STRING, &dialect_name,
		"The script's dialect (default ansi)", "NAME"},
	OUTPUT_OPTION,
	{.long_name = NULL},
};

// clang-format off
const char lineage_details[] =
	"Tells which tables an SQL script reads and writes, from its text alone: no\n"
	"database, no repository. Names are dotted parts without quotes. The names of\n"
	"WITH queries and temporary tables do not count. Where the text runs what it\n"
	"does not show (a procedure, EXECUTE IMMEDIATE, DO $$) the statement is marked\n"
	"opaque: it may read and write more.\n\n"
	"Dialects: sqlite postgres mysql clickhouse bigquery redshift ansi.\n\n"
	"With --output json: {\"statements\": [{\"kind\", \"line\", \"reads\", \"writes\",\n"
	"\"opaque\"}], \"reads\", \"writes\", \"parameters\", \"fingerprint\"}. An opaque\n"
	"statement also has \"reason\". A parameter is {\"kind\": \"expression\" or \"native\",\n"
	"\"text\", \"context\": \"bare\", \"string\", \"dollar\" or \"name\", \"line\", \"column\"}.\n"
	"The fingerprint stays the same when only comments, blanks or the letter case\n"
	"of keywords change.\n\n"
	"--batch takes one {\"id\", \"dialect\", \"sql\"} a line and answers each at once\n"
	"with one line {\"id\", \"reads\", \"writes\", \"opaque\"}. A line that cannot be\n"
	"answered gives {\"id\", \"error\"} instead, is named on standard error, and makes\n"
	"the exit status 1.";
// clang-format on

static const char *const context_names[] = {
	[SQL_CONTEXT_BARE] = "bare",
	[SQL_CONTEXT_STRING] = "string",
	[SQL_CONTEXT_DOLLAR] = "dollar",
	[SQL_CONTEXT_NAME] = "name",
};

static json_t *text_json(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return json_string(valid);
}

static json_t *tables_json(const SqlTableSet *set)
{
	json_t *names = json_array();

	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(names, text_json(set->tables[i].name));
	return names;
}

static json_t *statement_json(const SqlStatement *statement)
{
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_string(sql_kind_name(statement->kind)));
	json_object_set_new(object, "line", json_integer(statement->line));
	json_object_set_new(object, "reads", tables_json(&statement->reads));
	json_object_set_new(object, "writes", tables_json(&statement->writes));
	json_object_set_new(object, "opaque", json_boolean(statement->opaque != NULL));
	if (statement->opaque != NULL)
		json_object_set_new(object, "reason", json_string(statement->opaque));
	return object;
}

static json_t *parameter_json(const SqlParameter *parameter)
{
	json_t *object = json_object();
	bool expression = parameter->kind == SQL_PARAMETER_EXPRESSION;

	json_object_set_new(object, "kind", json_string(expression ? "expression" : "native"));
	json_object_set_new(object, "text", text_json(parameter->text));
	json_object_set_new(object, "context", json_string(context_names[parameter->context]));
	json_object_set_new(object, "line", json_integer(parameter->line));
	json_object_set_new(object, "column", json_integer(parameter->column));
	return object;
}

static json_t *script_json(const SqlScript *script)
{
	json_t *object = json_object();
	json_t *statements = json_array();
	json_t *parameters = json_array();

	for (size_t i = 0; i < script->statement_count; i++)
		json_array_append_new(statements, statement_json(&script->statements[i]));
	for (size_t i = 0; i < script->parameter_count; i++)
		json_array_append_new(parameters, parameter_json(&script->parameters[i]));
	json_object_set_new(object, "statements", statements);
	json_object_set_new(object, "reads", tables_json(&script->reads));
	json_object_set_new(object, "writes", tables_json(&script->writes));
	json_object_set_new(object, "parameters", parameters);
	json_object_set_new(object, "fingerprint", json_string(script->fingerprint));
	return object;
}

// Text

static char *tables_text(const SqlTableSet *set)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < set->count; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", set->tables[i].name);
	return g_string_free(text, FALSE);
}

static void print_script(const SqlScript *script)
{
	const char *const headings[] = {">LINE", "STATEMENT", "READS", "WRITES", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);

	for (size_t i = 0; i < script->statement_count; i++) {
		const SqlStatement *statement = &script->statements[i];
		g_autofree char *reads = tables_text(&statement->reads);
		g_autofree char *writes = tables_text(&statement->writes);

		text_table_number(table, statement->line);
		text_table_cell(table, sql_kind_name(statement->kind));
		text_table_cell(table, *reads != '\0' ? reads : NULL);
		text_table_cell(table, *writes != '\0' ? writes : NULL);
	}
	text_table_print(table, stdout);
	for (size_t i = 0; i < script->statement_count; i++) {
		if (script->statements[i].opaque != NULL)
			printf("opaque: line %u: %s\n", script->statements[i].line,
				script->statements[i].opaque);
	}
	for (size_t i = 0; i < script->parameter_count; i++) {
		g_autofree char *text = output_printable(script->parameters[i].text, false);

		printf("parameter: line %u: %s\n", script->parameters[i].line, text);
	}
	printf("fingerprint: %s\n", script->fingerprint);
}

// One file

static char *dialects_text(void)
{
	g_autofree char *names = g_strjoinv(" ", (char **)(uintptr_t)sql_dialect_names());

	return g_strdup_printf("the dialects are: %s", names);
}

// "did you mean 'x'?", or the list of all.
static char *dialect_hint(const char *name)
{
	char *hint = nearest_word_hint(name, sql_dialect_names());

	return hint != NULL ? hint : dialects_text();
}

static FILE *open_input(const char *name)
{
	g_autoptr(GError) error = NULL;
	FILE *file = strcmp(name, "-") == 0 ? stdin : file_open(name, "", &error);

	if (error != NULL)
		command_error(g_file_test(name, G_FILE_TEST_EXISTS)
				      ? NULL
				      : "name a file, or - for standard input",
			"%s", error->message);
	return file;
}

static void close_input(FILE *file)
{
	if (file != stdin)
		fclose(file);
}

static GString *read_all(const char *name)
{
	FILE *file = open_input(name);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	bool good;

	if (file == NULL)
		return NULL;
	good = file_read_open(file, name, "", SQL_BYTES_MOST, text, &error);
	close_input(file);
	if (!good) {
		command_error(NULL, "%s", error->message);
		return NULL;
	}
	if (!g_utf8_validate(text->str, (gssize)text->len, NULL)) {
		command_error("SQL is text in UTF-8", "cannot read '%s': it is not text", name);
		return NULL;
	}
	return g_steal_pointer(&text);
}

static int run_file(void)
{
	const char *name = dialect_name != NULL ? dialect_name : "ansi";
	const SqlDialect *dialect = sql_dialect_find(name);

	if (dialect == NULL) {
		g_autofree char *hint = dialect_hint(name);

		command_error(hint, "unknown dialect '%s'", name);
		return EXIT_USAGE;
	}
	GString *text = read_all(file_name);
	if (text == NULL)
		return EXIT_FAILED;
	g_autoptr(SqlScript) script = sql_script_scan(dialect, text->str, text->len);
	g_string_free(text, TRUE);
	if (output_is_json()) {
		json_t *object = script_json(script);

		output_json(object);
		json_decref(object);
	} else {
		print_script(script);
	}
	return EXIT_OK;
}

// A batch

static const char *batch_label(void)
{
	return strcmp(batch_name, "-") == 0 ? "standard input" : batch_name;
}

// What is wrong with a line's object; NULL when it can be answered.
static char *batch_fault(const json_t *line, const json_error_t *error, char **ret_hint)
{
	const char *name = json_string_value(json_object_get(line, "dialect"));

	if (line == NULL)
		return g_strdup_printf("not JSON: %s", error->text);
	if (!json_is_object(line))
		return g_strdup("not an object {\"id\", \"dialect\", \"sql\"}");
	if (!json_is_string(json_object_get(line, "sql")))
		return g_strdup("\"sql\" is missing or not a string");
	if (json_object_get(line, "dialect") != NULL && name == NULL)
		return g_strdup("\"dialect\" is not a string");
	if (name != NULL && sql_dialect_find(name) == NULL) {
		*ret_hint = dialect_hint(name);
		return g_strdup_printf("unknown dialect '%s'", name);
	}
	return NULL;
}

static json_t *batch_answer(const json_t *line)
{
	const json_t *sql = json_object_get(line, "sql");
	const char *name = json_string_value(json_object_get(line, "dialect"));
	const SqlDialect *dialect = sql_dialect_find(name != NULL ? name : "ansi");
	g_autoptr(SqlScript) script =
		sql_script_scan(dialect, json_string_value(sql), json_string_length(sql));
	json_t *answer = json_object();
	json_t *id = json_object_get(line, "id");

	json_object_set(answer, "id", id != NULL ? id : json_null());
	json_object_set_new(answer, "reads", tables_json(&script->reads));
	json_object_set_new(answer, "writes", tables_json(&script->writes));
	json_object_set_new(answer, "opaque", json_boolean(script->opaque != NULL));
	return answer;
}

static bool run_line(const char *text, size_t length, unsigned number)
{
	json_error_t error;
	json_t *line = json_loadb(text, length, JSON_ALLOW_NUL, &error);
	g_autofree char *hint = NULL;
	g_autofree char *fault = batch_fault(line, &error, &hint);
	json_t *answer;

	if (fault == NULL) {
		answer = batch_answer(line);
	} else {
		json_t *id = json_object_get(line, "id");

		command_error(hint, "%s:%u: %s", batch_label(), number, fault);
		answer = json_object();
		json_object_set(answer, "id", id != NULL ? id : json_null());
		json_object_set_new(answer, "error", text_json(fault));
	}
	output_json(answer);
	json_decref(answer);
	json_decref(line);
	return fault == NULL;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isspace(text[i]))
			return false;
	}
	return true;
}

// The next line, without its end; false: there is none, or it is longer than a line may be.
static bool next_line(FILE *file, GString *line)
{
	int byte = EOF;

	g_string_truncate(line, 0);
	while (line->len <= SQL_BYTES_MOST && (byte = getc_unlocked(file)) != EOF && byte != '\n')
		g_string_append_c(line, (char)byte);
	return line->len <= SQL_BYTES_MOST && (line->len > 0 || byte == '\n');
}

static int run_batch(void)
{
	FILE *file = open_input(batch_name);
	g_autoptr(GString) line = g_string_new(NULL);
	unsigned number;
	bool failed = false;

	if (file == NULL)
		return EXIT_FAILED;
	for (number = 1; next_line(file, line); number++) {
		if (!is_blank(line->str, line->len))
			failed |= !run_line(line->str, line->len, number);
	}
	if (line->len > SQL_BYTES_MOST) {
		command_error(NULL, "%s:%u: the line has more than %d bytes, which is the limit",
			batch_label(), number, SQL_BYTES_MOST);
		failed = true;
	}
	if (ferror(file) != 0) {
		command_error(NULL, "cannot read '%s': %s", batch_name, g_strerror(errno));
		failed = true;
	}
	close_input(file);
	return failed ? EXIT_FAILED : EXIT_OK;
}

int cmd_lineage(const Command *command, char **arguments)
{
	(void)arguments;
	if ((file_name == NULL) == (batch_name == NULL))
		return command_usage(command, "'weir lineage' takes either --file or --batch");
	return file_name != NULL ? run_file() : run_batch();
}
