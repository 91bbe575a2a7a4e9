#include "runner/build/sql_text.h"

#include <string.h>

#include "repo-layout/sql_template.h"
#include "runner/task_type.h"
#include "store/json_dump.h"

static json_t *evaluate(const SqlHost *host, const char *expression, GError **error)
{
	if (host->evaluate == NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"'{{ %s }}' cannot be evaluated here", expression);
		return NULL;
	}
	return host->evaluate(host->data, expression, error);
}

static void append_text_of(GString *text, const json_t *value)
{
	g_autofree char *owned = NULL;

	if (json_is_string(value)) {
		g_string_append_len(
			text, json_string_value(value), (gssize)json_string_length(value));
		return;
	}
	if (json_is_null(value))
		return;
	owned = json_dump_text(value, JSON_COMPACT | JSON_ENCODE_ANY);
	g_string_append(text, owned == NULL ? "" : owned);
}

// The pieces of a part rendered and joined.
static char *join_pieces(const SqlPart *part, const SqlHost *host, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < part->pieces->len; i++) {
		const SqlPartPiece *piece = part->pieces->pdata[i];
		json_t *value;

		if (!piece->expression) {
			g_string_append(text, piece->text);
			continue;
		}
		value = evaluate(host, piece->text, error);
		if (value == NULL)
			return NULL;
		append_text_of(text, value);
		json_decref(value);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void append_value(SqlBuilder *builder, const SqlHost *host, json_t *value)
{
	if (host->literals)
		sql_builder_literal(builder, value);
	else
		sql_builder_value(builder, value);
}

static bool is_this(const SqlPart *part, const SqlHost *host)
{
	const SqlPartPiece *piece = part->pieces->pdata[0];

	return host->this_table != NULL && part->pieces->len == 1 &&
	       strcmp(piece->text, "this") == 0;
}

static bool append_bound(
	SqlBuilder *builder, const SqlPart *part, const SqlHost *host, GError **error)
{
	const SqlPartPiece *piece = part->pieces->pdata[0];
	g_autofree char *text = NULL;
	json_t *value;

	if (part->kind == SQL_PART_VALUE && is_this(part, host)) {
		sql_builder_table(builder, host->this_dataset, host->this_table);
		return true;
	}
	if (part->kind == SQL_PART_VALUE) {
		value = evaluate(host, piece->text, error);
	} else {
		text = join_pieces(part, host, error);
		value = text == NULL ? NULL : json_string(text);
	}
	if (value == NULL)
		return false;
	append_value(builder, host, value);
	json_decref(value);
	return true;
}

static bool append_spliced(
	SqlBuilder *builder, const SqlPart *part, const SqlHost *host, GError **error)
{
	g_autofree char *text = NULL;

	if (part->kind == SQL_PART_RAW && !host->allow_raw) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"%u:%u: '| raw' pastes text into SQL, which the project's policy does not "
			"allow",
			part->line, part->column);
		return false;
	}
	text = join_pieces(part, host, error);
	if (text == NULL)
		return false;
	if (part->kind == SQL_PART_RAW) {
		sql_builder_append(builder, text);
		return true;
	}
	if (!db_name_check(text, error))
		return false;
	sql_builder_name(builder, text);
	return true;
}

// ---- :name

// The end of what is not to be looked into at p: a text, a quoted name, a comment; p itself when there is none.
static const char *opaque_end(const char *p)
{
	const char *end = p;

	if (*p == '\'' || *p == '"' || *p == '`')
		end = strchr(p + 1, *p);
	else if (g_str_has_prefix(p, "--"))
		return p + strcspn(p, "\n");
	else if (g_str_has_prefix(p, "/*"))
		end = strstr(p + 2, "*/");
	else
		return p;
	return end == NULL ? p + strlen(p) : end + 1;
}

static bool append_parameter(
	SqlBuilder *builder, const char *name, size_t length, const SqlHost *host, GError **error)
{
	g_autofree char *key = g_strndup(name, length);
	json_t *value = json_object_get(host->parameters, key);

	if (value == NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"the SQL has the parameter ':%s', but 'parameters' has no such value", key);
		return false;
	}
	append_value(builder, host, value);
	return true;
}

// Text of the author's without expressions; its :names are bound when there are parameters.
static bool append_plain(SqlBuilder *builder, const char *text, const SqlHost *host, GError **error)
{
	const char *p = text;

	if (host->parameters == NULL) {
		sql_builder_append(builder, text);
		return true;
	}
	while (*p != '\0') {
		const char *end = opaque_end(p);
		size_t length = 0;

		if (end == p && p[0] == ':' && p[1] == ':') {
			end = p + 2;
		} else if (end == p && p[0] == ':') {
			while (g_ascii_isalnum(p[1 + length]) || p[1 + length] == '_')
				length++;
		}
		if (length > 0 && !append_parameter(builder, p + 1, length, host, error))
			return false;
		if (length > 0)
			p += 1 + length;
		else if (end > p) {
			g_string_append_len(builder->sql, p, end - p);
			p = end;
		} else {
			g_string_append_c(builder->sql, *p++);
		}
	}
	return true;
}

bool sql_text_append(SqlBuilder *builder, const char *text, const SqlHost *host, GError **error)
{
	g_autoptr(SqlTemplate) template = NULL;

	if (strstr(text, "{{") == NULL)
		return append_plain(builder, text, host, error);
	template = sql_template_new(builder->dialect->name, text);
	if (template->fault != NULL) {
		g_set_error_literal(error, TASK_ERROR, TASK_ERROR_PROPERTY, template->fault);
		return false;
	}
	for (unsigned i = 0; i < template->parts->len; i++) {
		const SqlPart *part = template->parts->pdata[i];
		bool done = true;

		if (part->kind == SQL_PART_TEXT)
			done = append_plain(builder, part->text, host, error);
		else if (part->kind == SQL_PART_IDENTIFIER || part->kind == SQL_PART_RAW)
			done = append_spliced(builder, part, host, error);
		else
			done = append_bound(builder, part, host, error);
		if (!done)
			return false;
	}
	return true;
}
