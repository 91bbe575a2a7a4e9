#include "repo-layout/rows.h"

#include <string.h>

// Walks over CSV as RFC 4180 has it.
typedef struct Csv {
	const char *at, *end;
	unsigned line;
} Csv;

// One value; *ret_last: it ends its line. NULL: a quote is not closed.
static char *take_value(Csv *csv, bool *ret_last)
{
	GString *value = g_string_new(NULL);
	bool quoted = csv->at < csv->end && *csv->at == '"';

	if (quoted)
		csv->at++;
	while (csv->at < csv->end) {
		char letter = *csv->at;

		if (letter == '\n')
			csv->line++;
		if (quoted && letter == '"') {
			csv->at++;
			quoted = csv->at < csv->end && *csv->at == '"';
			if (!quoted)
				continue;
		} else if (!quoted && (letter == ',' || letter == '\n')) {
			break;
		}
		g_string_append_c(value, letter);
		csv->at++;
	}
	*ret_last = csv->at == csv->end || *csv->at == '\n';
	if (csv->at < csv->end)
		csv->at++;
	if (quoted) {
		g_string_free(value, TRUE);
		return NULL;
	}
	if (*ret_last && value->len > 0 && value->str[value->len - 1] == '\r')
		g_string_truncate(value, value->len - 1);
	return g_string_free(value, FALSE);
}

// The values of a line; NULL after a fault.
static GPtrArray *take_line(Csv *csv, const char *path, DiagnosticList *diagnostics)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
	unsigned line = csv->line;
	bool last = false;

	while (!last) {
		char *value = take_value(csv, &last);

		if (value == NULL) {
			diagnostic_add(diagnostics, path, line, 1, DIAGNOSTIC_ERROR, "bad-csv",
				NULL, "a quote that begins in this line is not closed");
			return NULL;
		}
		g_ptr_array_add(values, value);
	}
	return g_steal_pointer(&values);
}

static json_t *row_of(const GPtrArray *names, const GPtrArray *values)
{
	json_t *row = json_object();

	for (guint i = 0; i < names->len; i++)
		json_object_set_new(row, names->pdata[i], json_string(values->pdata[i]));
	return row;
}

static json_t *csv_rows(
	const char *path, const char *text, size_t length, DiagnosticList *diagnostics)
{
	Csv csv = {text, text + length, 1};
	g_autoptr(GPtrArray) names = take_line(&csv, path, diagnostics);
	json_auto_t *rows = json_array();

	while (names != NULL && csv.at < csv.end) {
		unsigned line = csv.line;
		g_autoptr(GPtrArray) values = take_line(&csv, path, diagnostics);

		if (values == NULL)
			return NULL;
		if (values->len == 1 && *(char *)values->pdata[0] == '\0')
			continue;
		if (values->len != names->len) {
			diagnostic_add(diagnostics, path, line, 1, DIAGNOSTIC_ERROR, "bad-csv",
				NULL, "the line has %u values, the header %u", values->len,
				names->len);
			return NULL;
		}
		json_array_append_new(rows, row_of(names, values));
	}
	return names == NULL ? NULL : g_steal_pointer(&rows);
}

static json_t *yaml_rows(const char *path, const char *text, size_t length,
	const YamlLimits *limits, DiagnosticList *diagnostics)
{
	g_autoptr(YamlDocument) document =
		yaml_document_parse(path, text, length, 1, 1, limits, diagnostics);
	const YamlNode *root = document == NULL ? NULL : yaml_document_root(document);

	if (root == NULL)
		return NULL;
	if (root->kind != YAML_LIST) {
		diagnostic_add(diagnostics, path, root->line, root->column, DIAGNOSTIC_ERROR,
			"wrong-type", NULL, "rows must be a list of mappings, not %s",
			yaml_kind_name(root->kind));
		return NULL;
	}
	return yaml_to_json(root);
}

json_t *rows_parse(const char *path, const char *text, size_t length, const YamlLimits *limits,
	DiagnosticList *diagnostics)
{
	if (g_str_has_suffix(path, ".csv"))
		return csv_rows(path, text, length, diagnostics);
	return yaml_rows(path, text, length, limits, diagnostics);
}
