#include "repo-layout/sql_fault.h"

#include "repo-layout/diagnostic.h"

#include <string.h>

static void report(const SqlReading *reading, const SqlPlace *at, const char *code,
	const char *hint, const char *format, ...) G_GNUC_PRINTF(5, 6);

static void report(const SqlReading *reading, const SqlPlace *at, const char *code,
	const char *hint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	reading->report(reading->data, at, code, hint, message);
}

static SqlPlace place_of(const SqlStatement *statement)
{
	return (SqlPlace){statement->offset, statement->line, statement->column};
}

void sql_fault_open(const SqlReading *reading)
{
	static const struct {
		const char *code, *what, *hint;
	} open[] = {
		[SQL_OPEN_TEXT] = {"open-text", "the text that begins here has no closing quote",
			"close it; a quote inside of a text is written twice"},
		[SQL_OPEN_DOLLAR] = {"open-text", "the text that begins here has no closing mark",
			"end it with the mark that it begins with"},
		[SQL_OPEN_NAME] = {"open-name", "the name that begins here has no closing quote",
			"close it with the quote that belongs to the one that it begins with"},
		[SQL_OPEN_COMMENT] = {"open-comment", "the comment that begins here has no end",
			"end it with '*/'; a comment inside of it needs an end of its own"},
	};
	const SqlScript *script = reading->script;

	if (script->open != SQL_OPEN_NOTHING)
		report(reading, &script->open_at, open[script->open].code, open[script->open].hint,
			"%s", open[script->open].what);
}

// A statement that begins with a word which no statement begins with: a mistyped SELECT, most likely.
static void report_no_query(const SqlReading *reading, const SqlPlace *at, const char *hint)
{
	static const char *const heads[] = {"SELECT", "WITH", "VALUES", "TABLE", NULL};
	const char *text = reading->text + at->offset;
	size_t length = 0;

	while (g_ascii_isalnum(text[length]) || text[length] == '_')
		length++;
	g_autofree char *word = g_strndup(text, length);
	g_autofree char *upper = g_ascii_strup(word, -1);
	g_autofree char *meant = nearest_word_hint(upper, heads);

	if (length == 0)
		report(reading, at, "not-a-query", hint, "%s must be one query", reading->what);
	else
		report(reading, at, "not-a-query", meant != NULL ? meant : hint,
			"%s must be one query, and '%s' begins none", reading->what, word);
}

bool sql_fault_one_query(const SqlReading *reading, const char *hint)
{
	const SqlStatement *first = reading->script->statements;
	SqlPlace at;

	if (reading->script->statement_count == 0)
		return true;
	at = place_of(first);
	if (first->kind == SQL_KIND_UNKNOWN) {
		report_no_query(reading, &at, hint);
		return false;
	}
	if (first->kind != SQL_KIND_SELECT) {
		report(reading, &at, "not-a-query", hint, "%s must be one query, not %s",
			reading->what, sql_kind_name(first->kind));
		return false;
	}
	if (reading->script->statement_count == 1)
		return true;
	at = place_of(first + 1);
	report(reading, &at, "several-statements", hint,
		"%s must be one query; a second statement begins here", reading->what);
	return false;
}

bool sql_fault_one_statement(const SqlReading *reading, const char *hint)
{
	SqlPlace at;

	if (reading->script->statement_count < 2)
		return true;
	at = place_of(reading->script->statements + 1);
	report(reading, &at, "several-statements", hint,
		"%s runs one statement; a second one begins here", reading->what);
	return false;
}

void sql_fault_column_twice(const SqlReading *reading)
{
	const SqlScript *script = reading->script;

	if (script->column_twice != NULL)
		report(reading, &script->column_twice_at, "column-twice",
			"give one of the two another name, with AS",
			"the query gives the column '%s' a second time", script->column_twice);
}

void sql_fault_unbound(const SqlReading *reading,
	bool (*bound)(const SqlParameter *parameter, void *data), void *data, const char *hint)
{
	for (size_t i = 0; i < reading->script->parameter_count; i++) {
		const SqlParameter *parameter = &reading->script->parameters[i];
		SqlPlace at = {parameter->offset, parameter->line, parameter->column};

		if (parameter->unbound && (bound == NULL || !bound(parameter, data)))
			report(reading, &at, "unbound-parameter", hint,
				"nothing gives the parameter '%s' a value", parameter->text);
	}
}

static bool begins_with(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	return length >= size && g_ascii_strncasecmp(text, word, size) == 0 &&
	       (length == size || !(g_ascii_isalnum(text[size]) || text[size] == '_'));
}

// ROLLBACK [TRANSACTION] TO a savepoint.
static bool is_part(const char *text, size_t length)
{
	size_t at = strlen("rollback");

	while (at < length && g_ascii_isspace(text[at]))
		at++;
	if (begins_with(text + at, length - at, "transaction"))
		at += strlen("transaction");
	while (at < length && g_ascii_isspace(text[at]))
		at++;
	return begins_with(text + at, length - at, "to");
}

void sql_fault_transaction(const SqlReading *reading)
{
	static const char hint[] = "leave it out; SAVEPOINT and ROLLBACK TO are taken";
	static const char *const words[] = {
		"begin", "commit", "end", "rollback", "attach", "detach", "vacuum"};
	const SqlScript *script = reading->script;

	for (size_t i = 0; i < script->statement_count; i++) {
		const SqlStatement *statement = &script->statements[i];
		const char *text = reading->text + statement->offset;
		SqlPlace at = place_of(statement);
		size_t word = 0;

		while (word < G_N_ELEMENTS(words) &&
			!begins_with(text, statement->length, words[word]))
			word++;
		if (word == G_N_ELEMENTS(words) ||
			(strcmp(words[word], "rollback") == 0 && is_part(text, statement->length)))
			continue;
		g_autofree char *name = g_ascii_strup(words[word], -1);
		report(reading, &at, "no-place-in-transaction", hint,
			"%s has no place in %s, which runs in one transaction", name,
			reading->what);
	}
}

bool sql_expression_is_raw(const char *expression)
{
	const char *bar = strrchr(expression, '|');

	if (bar == NULL)
		return false;
	for (bar++; g_ascii_isspace(*bar); bar++)
		;
	return strncmp(bar, "raw", 3) == 0 && !g_ascii_isalnum(bar[3]) && bar[3] != '_';
}
