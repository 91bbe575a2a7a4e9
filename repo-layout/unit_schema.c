// Declared schemas and feeds.
#include "repo-layout/json_text.h"
#include "repo-layout/layout_private.h"
#include "repo-layout/schema.h"
#include "sql/sha256.h"

#include <string.h>

char *schema_parse(
	const char *path, GBytes *text, const LayoutLimits *limits, DiagnosticList *diagnostics)
{
	YamlLimits yaml = limits->yaml;
	KeyContext context = {.file = path, .diagnostics = diagnostics};
	g_autoptr(YamlDocument) document = NULL;
	json_auto_t *schema = NULL;
	GString *canonical;
	size_t length;
	const char *bytes = g_bytes_get_data(text, &length);

	yaml.bytes = limits->schema_bytes;
	document = yaml_document_parse(path, bytes, length, 1, 1, &yaml, diagnostics);
	if (document == NULL)
		return NULL;
	if (yaml_document_root(document)->kind == YAML_NULL) {
		diagnostic_add(diagnostics, path, 1, 1, DIAGNOSTIC_ERROR, "empty-file", NULL,
			"the schema is empty");
		return NULL;
	}
	schema = schema_convert(yaml_document_root(document), &context);
	if (schema == NULL)
		return NULL;
	canonical = g_string_new(NULL);
	json_text_append(canonical, schema);
	return g_string_free(canonical, FALSE);
}

static void finish_schema(Unit *unit, DiagnosticList *diagnostics)
{
	if (unit->table.schema != NULL) {
		json_auto_t *schema = json_loads(unit->table.schema, 0, NULL);

		sha256_text(
			unit->table.schema, strlen(unit->table.schema), unit->table.schema_digest);
		if (json_is_true(json_object_get(schema, "allow_breaking")))
			unit->table.allow_breaking = true;
		if (g_strcmp0(json_string_value(json_object_get(schema, "drift")), "heal") == 0)
			unit->table.drift_policy = "heal";
		if (json_object_get(schema, "view") != NULL)
			unit->table.kind = LAYOUT_VIEW;
	}
	if (diagnostic_list_length(diagnostics) > 0)
		unit->diagnostics = diagnostics;
	else
		diagnostic_list_free(diagnostics);
}

Unit *unit_parse_schema(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits)
{
	DiagnosticList *diagnostics = diagnostic_list_new();
	g_autofree char *schema = schema_parse(source->path, source->texts[0], limits, diagnostics);
	UnitParts parts = {
		.kind = UNIT_SCHEMA,
		.path = source->path,
		.dataset = source->dataset,
		.table = source->table,
		.schema = schema,
	};
	Unit *unit = unit_new(config, &parts);

	finish_schema(unit, diagnostics);
	return unit;
}

Unit *unit_parse_feed(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits)
{
	DiagnosticList *diagnostics = diagnostic_list_new();
	UnitParts parts = {.kind = UNIT_FEED, .path = source->path};
	KeyContext context = {.file = source->path, .diagnostics = diagnostics};
	size_t length;
	const char *text = g_bytes_get_data(source->texts[0], &length);
	g_autoptr(YamlDocument) document =
		yaml_document_parse(source->path, text, length, 1, 1, &limits->yaml, diagnostics);
	Unit *unit;

	if (document != NULL)
		json_decref(key_table_convert(&keys_feed, yaml_document_root(document), &context));
	unit = unit_new(config, &parts);
	finish_schema(unit, diagnostics);
	return unit;
}
