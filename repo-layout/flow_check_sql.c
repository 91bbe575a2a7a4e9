// The SQL of a flow's tasks and triggers: what is surely wrong with it is said as it is of a script, before a run finds out.
#include "repo-layout/check.h"
#include "repo-layout/flow_reader.h"
#include "repo-layout/sql_fault.h"

#include <string.h>

typedef struct SqlCheck {
	FlowReader *reader;
	const YamlNode *node; // the text
	const json_t *task; // or trigger, converted
	const TaskKind *kind;
} SqlCheck;

static void report(
	void *data, const SqlPlace *at, const char *code, const char *hint, const char *message)
{
	const SqlCheck *check = data;
	unsigned line, column;

	if (diagnostic_list_is_full(check->reader->keys.diagnostics))
		return;
	yaml_text_place(check->node, check->reader->document, at->offset, &line, &column);
	diagnostic_add(check->reader->keys.diagnostics, check->reader->keys.file, line, column,
		DIAGNOSTIC_ERROR, code, hint, "%s", message);
}

static bool is_pasted(const SqlScript *script)
{
	for (size_t i = 0; i < script->parameter_count; i++) {
		if (script->parameters[i].kind == SQL_PARAMETER_EXPRESSION &&
			sql_expression_is_raw(script->parameters[i].text))
			return true;
	}
	return false;
}

// `parameters` gives values to :name; what is in it may be known in a run only. A load gives each ? a column.
static bool is_bound(const SqlParameter *parameter, void *data)
{
	const SqlCheck *check = data;
	const json_t *values = json_object_get(check->task, "parameters");

	if (check->kind->keys == &keys_sql_load)
		return *parameter->text == '?';
	return *parameter->text == ':' && values != NULL &&
	       (!json_is_object(values) || json_object_get(values, parameter->text + 1) != NULL);
}

static bool in_transaction(const json_t *task)
{
	const json_t *own = json_object_get(task, "transaction");

	return own == NULL || json_is_true(own);
}

static void check_build(const SqlReading *sql, const json_t *task, const SqlDialect *dialect)
{
	const char *feed = json_string_value(json_object_get(task, "feed"));

	if (g_strcmp0(feed, "SCRIPT") != 0) {
		if (sql_fault_one_query(sql, "'feed: SCRIPT' runs statements as they are written"))
			sql_fault_column_twice(sql);
	} else if (dialect == sql_dialect_find("sqlite")) {
		sql_fault_transaction(sql);
	}
}

// How many statements, and of which kind, by what the task or trigger does with them.
static void check_statements(const SqlCheck *check, const SqlReading *sql, bool after)
{
	const KeyTable *keys = check->kind->keys;

	if (sql->script->statement_count == 0)
		key_fault(&check->reader->keys, check->node, "empty-sql",
			"write one, or leave the key out", "the SQL has no statement");
	else if (keys == &keys_sql_build)
		check_build(sql, check->task, sql->script->dialect);
	else if (keys == &keys_sql_query || keys == &keys_trigger_sql || after)
		sql_fault_one_statement(sql, after ? "put it before, into 'sql' of sql.queries"
						   : "a task of type sql.queries runs several");
	else if (keys == &keys_sql_queries && in_transaction(check->task) &&
		 sql->script->dialect == sql_dialect_find("sqlite"))
		sql_fault_transaction(sql);
}

static const SqlDialect *dialect_of(const FlowReader *reader, const json_t *task)
{
	const FlowSurroundings *surroundings = reader->surroundings;
	const SqlDialect *dialect =
		surroundings->sql_dialect == NULL
			? NULL
			: surroundings->sql_dialect(task, surroundings->sql_dialect_data);

	return dialect != NULL ? dialect : sql_dialect_find("ansi");
}

static void check_text(FlowReader *reader, const TaskKind *kind, const YamlNode *node,
	const json_t *task, const char *key)
{
	const YamlNode *text = yaml_get(node, key);
	const KeyRow *row = key_table_find(kind->keys, key);
	SqlCheck check = {reader, text, task, kind};
	bool after = strcmp(key, "sql") != 0;

	if (text == NULL || text->kind >= YAML_LIST || row == NULL || row->kind != KEY_SQL)
		return;
	g_autoptr(SqlScript) script =
		sql_script_scan(dialect_of(reader, task), text->text, text->length);
	g_autofree char *what = g_strdup_printf("%s '%s'",
		trigger_kind_find(kind->name, NULL) == kind ? "a trigger of type"
							    : "a task of type",
		kind->name);
	const SqlReading sql = {script, text->text, what, report, &check};

	if (is_pasted(script))
		return; // which may be anything
	sql_fault_open(&sql);
	if (script->open == SQL_OPEN_NOTHING)
		check_statements(&check, &sql, after);
	sql_fault_unbound(&sql, is_bound, &check,
		"write the value, an expression ({{ vars.name }}), or :name and give it in "
		"'parameters'");
}

void flow_check_sql(
	FlowReader *reader, const TaskKind *kind, const YamlNode *node, const json_t *task)
{
	if (reader->keys.diagnostics == NULL || (kind->flags & TASK_SQL) == 0 ||
		json_is_true(json_object_get(task, "disabled")))
		return;
	check_text(reader, kind, node, task, "sql");
	check_text(reader, kind, node, task, "afterSQL");
	if (key_table_find(kind->keys, "delete_when") != NULL)
		check_sql_piece(yaml_get(node, "delete_when"), &reader->keys, "delete_when", true);
}
