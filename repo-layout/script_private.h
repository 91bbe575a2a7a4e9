// Reading one script; inside of unit_script.c's module.
#pragma once

#include "repo-layout/layout_private.h"

typedef struct ScriptReading {
	const DomainConfig *config;
	const UnitSource *source;
	const char *text;
	size_t length;
	size_t miscased; // where a comment begins that would be the header if "weir" were in small letters; SIZE_MAX: none does
	size_t sql_offset; // where the SQL begins: behind the header
	const char *sql; // the SQL alone: what is scanned and kept
	size_t sql_length;
	unsigned sql_line, sql_column; // where it begins in the file
	char *header_copy; // of a header in line comments, with these blanked out
	YamlDocument *document; // of the header
	const YamlNode *header_node; // of the header or the sidecar's; NULL: none
	const char *header_file; // that header_node is of
	json_t *header; // converted; NULL: none
	const json_t *defaults; // of the domain; NULL: none
	unsigned header_line;
	LayoutFeed feed;
	const char *connection;
	const SqlDialect *dialect;
	bool embedded; // SQLite, where a dataset is a file of its own
	char *schema_text;
	json_t *schema;
	SqlScript *script;
	DiagnosticList *diagnostics; // NULL: nothing to say
	VariableUse variables;
} ScriptReading;

// The reading's list of faults, made when there is none.
DiagnosticList *script_faults(ScriptReading *reading);
// script_header.c: finds and converts the header or the sidecar.
void script_read_header(ScriptReading *reading, const LayoutLimits *limits);
// script_check.c: what must hold of a script as a whole.
void script_check(ScriptReading *reading, const UnitParts *parts);
// The whole name of a table that the SQL names; the caller frees it.
char *script_table_name(const ScriptReading *reading, const SqlTable *table);
// Adds an error at a place of the script's file.
void script_fault(ScriptReading *reading, unsigned line, unsigned column, const char *code,
	const char *hint, const char *format, ...) G_GNUC_PRINTF(6, 7);
// Adds an error at a node of the header; at the header itself when node is NULL.
void script_header_fault(ScriptReading *reading, const YamlNode *node, const char *code,
	const char *hint, const char *message);
// script_check_columns.c: columns that the header names and that the table will not have.
void script_check_columns(ScriptReading *reading);
// script_engine.c: what the engine does not take, which would only come out when the script runs.
void script_check_names(ScriptReading *reading, const UnitParts *parts);
void script_check_view(ScriptReading *reading, const UnitParts *parts);
void script_check_itself(ScriptReading *reading, const UnitParts *parts);
void script_check_reach(ScriptReading *reading, const UnitParts *parts);
// A key of the header, or of the domain's defaults; NULL when neither has it.
const json_t *script_setting(const ScriptReading *reading, const char *key);
// script_define.c: the definition of the generated flow; digest receives that of its meaning.
char *script_define(ScriptReading *reading, const UnitParts *parts, char digest[65]);

// Line and column in the file of a place in the SQL.
static inline unsigned script_line(const ScriptReading *reading, unsigned line)
{
	return line + reading->sql_line - 1;
}

static inline unsigned script_column(const ScriptReading *reading, unsigned line, unsigned column)
{
	return line == 1 ? column + reading->sql_column - 1 : column;
}
