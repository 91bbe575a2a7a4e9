#include "sql/scan.h"

#include "sql/fingerprint.h"
#include "sql/scratch.h"

#include <stddef.h>
#include <string.h>

static const char *const kind_names[SQL_KIND_LAST] = {
	[SQL_KIND_UNKNOWN] = "unknown",
	[SQL_KIND_SELECT] = "select",
	[SQL_KIND_INSERT] = "insert",
	[SQL_KIND_UPDATE] = "update",
	[SQL_KIND_DELETE] = "delete",
	[SQL_KIND_MERGE] = "merge",
	[SQL_KIND_COPY] = "copy",
	[SQL_KIND_LOAD] = "load",
	[SQL_KIND_EXPORT] = "export",
	[SQL_KIND_CREATE_TABLE] = "create-table",
	[SQL_KIND_CREATE_VIEW] = "create-view",
	[SQL_KIND_CREATE_ROUTINE] = "create-routine",
	[SQL_KIND_CREATE] = "create",
	[SQL_KIND_ALTER] = "alter",
	[SQL_KIND_DROP] = "drop",
	[SQL_KIND_TRUNCATE] = "truncate",
	[SQL_KIND_RENAME] = "rename",
	[SQL_KIND_REFRESH] = "refresh",
	[SQL_KIND_EXPLAIN] = "explain",
	[SQL_KIND_CALL] = "call",
	[SQL_KIND_CONTROL] = "control",
	[SQL_KIND_TRANSACTION] = "transaction",
	[SQL_KIND_SETTING] = "setting",
};

// A script and the arena that holds everything it points at.
typedef struct {
	SqlScript script;
	SqlArena arena;
} OwnedScript;

const char *sql_kind_name(SqlKind kind)
{
	return kind_names[kind];
}

bool sql_table_name_equal(const char *first, const char *second)
{
	return g_ascii_strcasecmp(first, second) == 0;
}

bool sql_table_set_contains(const SqlTableSet *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (sql_table_name_equal(set->tables[i].name, name))
			return true;
	}
	return false;
}

static void scanner_begin(Scanner *s, const SqlLex *lex, SqlArena *arena, bool nested)
{
	memset(s, 0, offsetof(Scanner, symbols));
	s->dialect = lex->dialect;
	s->text = lex->text;
	s->arena = arena;
	s->symbols.arena = arena;
	s->nested = nested;
	s->tokens = (const SqlToken *)(void *)lex->tokens->data;
	s->token_count = lex->tokens->len - 1;
	s->line = 1;
	s->column = 1;
}

static SqlTableSet take_set(SqlArena *arena, const GArray *tables)
{
	SqlTableSet set = {.count = tables->len};

	set.tables = sql_arena_array(arena, tables->data, tables->len, sizeof(SqlTable));
	return set;
}

static void take_statements(SqlScript *script, Scanner *s, bool open)
{
	if (open && s->statements->len > 0) {
		SqlStatement *last =
			&g_array_index(s->statements, SqlStatement, s->statements->len - 1);

		if (last->opaque == NULL)
			last->opaque = "a quoted text or comment has no end";
	}
	script->statement_count = s->statements->len;
	script->statements = sql_arena_array(
		s->arena, s->statements->data, s->statements->len, sizeof(SqlStatement));
	for (size_t i = 0; i < script->statement_count && script->opaque == NULL; i++)
		script->opaque = script->statements[i].opaque;
	script->reads = take_set(s->arena, s->all_reads);
	script->writes = take_set(s->arena, s->all_writes);
}

// Whether a statement is a query or changes rows. In others a parameter may be one of what they define.
static bool takes_values(SqlKind kind)
{
	return (kind >= SQL_KIND_SELECT && kind <= SQL_KIND_MERGE) ||
	       kind == SQL_KIND_CREATE_TABLE || kind == SQL_KIND_CREATE_VIEW;
}

// statement: the last one that begins before the parameter, or NULL.
static bool is_unbound(
	const SqlDialect *rules, const SqlStatement *statement, const SqlParameter *parameter)
{
	char first = *parameter->text;

	if (parameter->kind != SQL_PARAMETER_NATIVE || statement == NULL ||
		parameter->offset >= statement->offset + statement->length)
		return false;
	if (first == '?' ? !rules->question_binds
			 : !rules->names_bind && !(first == '$' && rules->dollar_binds))
		return false;
	return takes_values(statement->kind);
}

static void take_parameters(SqlScript *script, Scanner *s, GArray *parameters)
{
	size_t behind = 0; // how many statements begin before the parameter

	s->position = 0;
	s->line = 1;
	s->column = 1;
	for (guint i = 0; i < parameters->len; i++) {
		SqlParameter *parameter = &g_array_index(parameters, SqlParameter, i);

		while (behind < script->statement_count &&
			script->statements[behind].offset <= parameter->offset)
			behind++;
		position_of(s, parameter->offset, &parameter->line, &parameter->column);
		parameter->unbound = is_unbound(script->dialect,
			behind == 0 ? NULL : &script->statements[behind - 1], parameter);
	}
	script->parameter_count = parameters->len;
	script->parameters =
		sql_arena_array(s->arena, parameters->data, parameters->len, sizeof(SqlParameter));
}

// A place anywhere in the text; cheap only where it is seldom asked for.
static SqlPlace place_of(Scanner *s, size_t offset)
{
	SqlPlace place = {.offset = offset};

	s->position = 0;
	s->line = 1;
	s->column = 1;
	position_of(s, offset, &place.line, &place.column);
	return place;
}

// What is wrong with the text by itself, or surely with what it gives.
static void take_faults(SqlScript *script, Scanner *s, const SqlLex *lex)
{
	const SqlToken *twice = NULL;

	script->open = lex->open;
	if (s->dialect->any_engine || (s->dialect->open_comments && lex->open == SQL_OPEN_COMMENT))
		script->open = SQL_OPEN_NOTHING;
	if (script->open != SQL_OPEN_NOTHING)
		script->open_at = place_of(s, lex->open_at);
	if (lex->late_header != SIZE_MAX)
		script->late_header = place_of(s, lex->late_header);
	if (script->statement_count == 1 && script->statements->kind == SQL_KIND_SELECT)
		twice = column_twice(s);
	if (twice == NULL)
		return;
	script->column_twice = sql_arena_copy(s->arena, s->text + twice->offset, twice->length);
	script->column_twice_at = place_of(s, twice->offset);
}

static SqlScript *too_long(OwnedScript *owned)
{
	static const SqlStatement statement = {.kind = SQL_KIND_UNKNOWN,
		.line = 1,
		.column = 1,
		.opaque = "the text is too long to be scanned"};

	owned->script.statements = &statement;
	owned->script.statement_count = 1;
	owned->script.opaque = statement.opaque;
	memset(owned->script.fingerprint, '0', 64);
	return &owned->script;
}

SqlScript *script_scan(const SqlDialect *dialect, const char *text, size_t length, bool nested)
{
	OwnedScript *owned = g_new0(OwnedScript, 1);

	owned->script.dialect = dialect;
	if (length > SQL_TEXT_LIMIT)
		return too_long(owned);
	ScanScratch *scratch = scan_scratch_take();
	Scanner *s = &scratch->scanner;
	SqlLex lex = scan_scratch_lex(scratch, dialect, text, length);
	sql_lex_run(&lex, &owned->arena);
	scanner_begin(s, &lex, &owned->arena, nested);
	statements_recognise(s);
	take_statements(&owned->script, s, lex.open != SQL_OPEN_NOTHING);
	take_parameters(&owned->script, s, scratch->parameters);
	if (!nested) {
		take_faults(&owned->script, s, &lex);
		sql_fingerprint(dialect, lex.text, s->tokens, s->token_count, s->dotted,
			owned->script.fingerprint);
	}
	scan_scratch_give(scratch);
	return &owned->script;
}

SqlScript *sql_script_scan(const SqlDialect *dialect, const char *text, size_t length)
{
	return script_scan(dialect, text, length, false);
}

void sql_script_free(SqlScript *script)
{
	OwnedScript *owned = (OwnedScript *)(void *)script;

	if (script == NULL)
		return;
	sql_arena_clear(&owned->arena);
	g_free(owned);
}
