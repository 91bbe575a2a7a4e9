// What must hold of a script as a whole.
#include "repo-layout/check.h"
#include "repo-layout/script_private.h"
#include "repo-layout/sql_fault.h"
#include "repo-layout/variable_use.h"

#include "expr/template.h"

#include <string.h>

void script_fault(ScriptReading *reading, unsigned line, unsigned column, const char *code,
	const char *hint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	diagnostic_add(script_faults(reading), reading->source->path, line, column,
		DIAGNOSTIC_ERROR, code, hint, "%s", message);
}

void script_header_fault(ScriptReading *reading, const YamlNode *node, const char *code,
	const char *hint, const char *message)
{
	if (node == NULL)
		node = reading->header_node;
	diagnostic_add(script_faults(reading),
		node != NULL ? reading->header_file : reading->source->path,
		node != NULL ? node->line : 1, node != NULL ? node->column : 1, DIAGNOSTIC_ERROR,
		code, hint, "%s", message);
}

// The place of a header's key; of the header when it has none.
static void header_fault(ScriptReading *reading, const char *key, const char *code,
	const char *hint, const char *message)
{
	script_header_fault(reading, yaml_get(reading->header_node, key), code, hint, message);
}

// Some engines end a comment that has no end with the text: what looks like a header and was none is all that there is.
static bool open_header(const ScriptReading *reading)
{
	return reading->header_node == NULL && reading->script->statement_count == 0 &&
	       sql_header_looks(reading->sql, reading->sql_length);
}

// A fault of the SQL, which begins somewhere in the file.
static void report(
	void *data, const SqlPlace *at, const char *code, const char *hint, const char *message)
{
	ScriptReading *reading = data;

	script_fault(reading, script_line(reading, at->line),
		script_column(reading, at->line, at->column), code, hint, "%s", message);
}

static void check_statements(ScriptReading *reading, const SqlReading *sql)
{
	if (reading->script->statement_count > 0) {
		if (reading->feed != FEED_SCRIPT)
			sql_fault_one_query(
				sql, "'feed: SCRIPT' runs statements as they are written");
		return;
	}
	if (!open_header(reading)) // the statement is in it
		script_fault(reading, 1, 1, "empty-script", "write a SELECT, or remove the file",
			"the script has no statement");
}

static bool has(const ScriptReading *reading, const char *key)
{
	return json_object_get(reading->header, key) != NULL;
}

static void check_feed(ScriptReading *reading)
{
	static const struct {
		LayoutFeed feed;
		const char *key, *message;
	} needed[] = {
		{FEED_MODE_DELTA, "key",
			"feed MODE_DELTA needs 'key': the columns that tell rows apart"},
		{FEED_SNAPSHOT, "key",
			"feed SNAPSHOT needs 'key': the columns that tell rows apart"},
		{FEED_WRITE_PARTITION, "partition", "feed WRITE_PARTITION needs 'partition'"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (needed[i].feed == reading->feed && !has(reading, needed[i].key))
			header_fault(reading, "feed", "missing-key",
				strcmp(needed[i].key, "key") == 0
					? "key: [order_id]"
					: "partition: {column: day, granularity: DAY}",
				needed[i].message);
	}
	if (has(reading, "delete_when") && reading->feed != FEED_MODE_DELTA)
		header_fault(reading, "delete_when", "unused-key",
			"'delete_when' belongs to feed MODE_DELTA",
			"'delete_when' has no meaning with this feed");
	if (has(reading, "writes") && reading->feed != FEED_SCRIPT)
		header_fault(reading, "writes", "unused-key", "'writes' belongs to feed SCRIPT",
			"'writes' has no meaning with this feed");
	if (has(reading, "technical_columns") && reading->feed == FEED_VIEW)
		header_fault(reading, "technical_columns", "unused-key", NULL,
			"a view cannot have technical columns");
}

static void check_delete_when(ScriptReading *reading)
{
	static const char key[] = "delete_when";
	const YamlNode *node = yaml_get(reading->header_node, key);
	KeyContext context = {.file = reading->header_file};

	if (node == NULL)
		return;
	context.diagnostics = script_faults(reading);
	check_sql_piece(node, &context, key, true);
}

static void check_schedule(ScriptReading *reading)
{
	const char *cron = json_string_value(json_object_get(reading->header, "schedule"));
	const char *timezone = json_string_value(json_object_get(reading->header, "timezone"));
	g_autofree char *message = NULL;

	if (cron == NULL || flow_check_schedule == NULL)
		return;
	message = flow_check_schedule(cron, false, timezone);
	if (message != NULL)
		header_fault(reading, "schedule", "bad-schedule", NULL, message);
}

// A header without an end, or where none is read.
static void check_header(ScriptReading *reading)
{
	static const SqlPlace start = {0, 1, 1};
	const SqlScript *script = reading->script;
	const SqlPlace *at = &script->late_header;

	if (open_header(reading)) {
		script_fault(reading, reading->sql_line, reading->sql_column, "open-comment",
			"end it with '*/'", "the header that begins here has no end");
		return;
	}
	if (sql_header_looks(reading->sql, reading->sql_length))
		at = &start; // the first header stands directly above it
	if (at->line > 0)
		script_fault(reading, script_line(reading, at->line),
			script_column(reading, at->line, at->column), "late-header",
			reading->header_node != NULL
				? "keep one header, and remove the 'weir' of this comment"
				: "move it above the first statement",
			reading->header_node != NULL
				? "the script has a header already: this one is not read"
				: "a header behind the beginning of the statement is not read");
}

static void check_opaque(ScriptReading *reading)
{
	const SqlScript *script = reading->script;

	// What is no query at all was told.
	if (reading->feed != FEED_SCRIPT && script->statement_count > 0 &&
		script->statements->kind == SQL_KIND_UNKNOWN)
		return;
	if (script->opaque == NULL || script->open != SQL_OPEN_NOTHING || has(reading, "reads") ||
		has(reading, "writes"))
		return;
	for (size_t i = 0; i < script->statement_count; i++) {
		const SqlStatement *statement = &script->statements[i];

		if (statement->opaque == NULL)
			continue;
		diagnostic_add(script_faults(reading), reading->source->path,
			script_line(reading, statement->line),
			script_column(reading, statement->line, statement->column),
			DIAGNOSTIC_WARNING, "opaque",
			"name what it touches with 'reads:' and 'writes:' in the header",
			"what this statement reads and writes is not known: %s", statement->opaque);
		return;
	}
}

static const char *const script_roots[] = {"flow", "task", "taskrun", "execution", "trigger",
	"inputs", "outputs", "vars", "envs", "labels", "globals", "this", "interval", "run", NULL};

typedef struct PathCheck {
	ScriptReading *reading;
	const SqlParameter *parameter;
	size_t offset;
} PathCheck;

// Line and column of a byte of the script.
static void place_of(const ScriptReading *reading, const SqlParameter *from, size_t offset,
	unsigned *ret_line, unsigned *ret_column)
{
	*ret_line = script_line(reading, from->line);
	*ret_column = script_column(reading, from->line, from->column);
	for (size_t i = from->offset; i < offset && i < reading->sql_length; i++) {
		if (reading->sql[i] == '\n') {
			(*ret_line)++;
			*ret_column = 1;
		} else if (((unsigned char)reading->sql[i] & 0xc0) != 0x80) {
			(*ret_column)++;
		}
	}
}

static void check_path(const ExprPath *path, void *data)
{
	const PathCheck *check = data;
	ScriptReading *reading = check->reading;
	const char *root = path->names[0];
	bool variable = root != NULL && strcmp(root, "vars") == 0 && path->count > 1 &&
			path->names[1] != NULL &&
			json_object_get(reading->config->variables, path->names[1]) == NULL;
	g_autofree char *hint = NULL;
	unsigned line, column;

	variable_use_path(reading->config, path, &reading->variables);
	if (path->guarded || root == NULL ||
		(reading->diagnostics != NULL && diagnostic_list_is_full(reading->diagnostics)) ||
		(!variable && g_strv_contains(script_roots, root)))
		return;
	place_of(reading, check->parameter, check->offset + path->offset, &line, &column);
	if (variable) {
		g_autoptr(GPtrArray) names = g_ptr_array_new();
		const char *key;
		json_t *value;

		if (diagnostic_list_wants_hints(script_faults(reading)))
			json_object_foreach(reading->config->variables, key, value)
				g_ptr_array_add(names, (char *)(uintptr_t)key);
		g_ptr_array_add(names, NULL);
		hint = nearest_word_hint(path->names[1], (const char *const *)names->pdata);
		diagnostic_add(script_faults(reading), reading->source->path, line, column,
			DIAGNOSTIC_WARNING, "unknown-variable", hint,
			"'vars.%s' is no variable of this domain", path->names[1]);
		return;
	}
	hint = nearest_word_hint(root, script_roots);
	diagnostic_add(script_faults(reading), reading->source->path, line, column,
		DIAGNOSTIC_WARNING, "unknown-variable", hint, "unknown variable '%s'", root);
}

static void check_parameter(ScriptReading *reading, const SqlParameter *parameter)
{
	const char *inside = strstr(reading->sql + parameter->offset + 2, parameter->text);
	PathCheck check = {reading, parameter,
		inside == NULL ? parameter->offset : (size_t)(inside - reading->sql)};
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ =
		expr_template_parse_expression(parameter->text, strlen(parameter->text), faults);
	unsigned line, column;

	for (guint i = 0; i < faults->len; i++) {
		const ExprFault *found = g_ptr_array_index(faults, i);

		place_of(reading, parameter, check.offset + found->offset, &line, &column);
		script_fault(
			reading, line, column, "bad-expression", found->hint, "%s", found->message);
	}
	if (template_ != NULL)
		expr_template_paths(template_, check_path, &check);
	if (sql_expression_is_raw(parameter->text) && !reading->config->allow_raw) {
		place_of(reading, parameter, check.offset, &line, &column);
		script_fault(reading, line, column, "raw-refused",
			"leave out '| raw' to bind the value, or set policies.allow_raw in "
			"weir.yaml",
			"'%s' would be pasted into the SQL", parameter->text);
	}
}

// What keeps the text from running as it is meant, on any engine or on this one.
static void check_sql(ScriptReading *reading)
{
	// Every script comes by here: the words are at hand.
	static const char *const whats[] = {
		[FEED_NONE] = "a script",
		[FEED_WRITE_TRUNCATE] = "a script of feed WRITE_TRUNCATE",
		[FEED_WRITE_APPEND] = "a script of feed WRITE_APPEND",
		[FEED_WRITE_EMPTY] = "a script of feed WRITE_EMPTY",
		[FEED_MODE_DELTA] = "a script of feed MODE_DELTA",
		[FEED_WRITE_PARTITION] = "a script of feed WRITE_PARTITION",
		[FEED_SNAPSHOT] = "a script of feed SNAPSHOT",
		[FEED_VIEW] = "a script of feed VIEW",
		[FEED_SCRIPT] = "a script",
	};
	const SqlReading sql = {
		reading->script, reading->sql, whats[reading->feed], report, reading};

	sql_fault_open(&sql);
	check_statements(reading, &sql);
	if (reading->feed != FEED_SCRIPT)
		sql_fault_column_twice(&sql);
	else if (reading->embedded)
		sql_fault_transaction(&sql);
	sql_fault_unbound(&sql, NULL, NULL, "write the value, or an expression: {{ vars.name }}");
}

void script_check(ScriptReading *reading, const UnitParts *parts)
{
	check_sql(reading);
	check_header(reading);
	script_check_view(reading, parts);
	script_check_itself(reading, parts);
	script_check_reach(reading, parts);
	script_check_names(reading, parts);
	check_opaque(reading);
	for (size_t i = 0; i < reading->script->parameter_count; i++) {
		if (reading->script->parameters[i].kind == SQL_PARAMETER_EXPRESSION)
			check_parameter(reading, &reading->script->parameters[i]);
	}
	check_feed(reading);
	if (reading->header == NULL)
		return;
	check_delete_when(reading);
	check_schedule(reading);
	script_check_columns(reading);
}
