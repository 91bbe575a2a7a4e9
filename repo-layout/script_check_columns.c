// Columns that the header names must be there: in the declared schema, or else in what the query is sure to give.
#include "repo-layout/check.h"
#include "repo-layout/script_private.h"

#include "sql/output.h"

#include <string.h>

// The columns that there are, and what they are looked up by.
typedef struct Columns {
	GPtrArray *names; // char *, ended by NULL; NULL: not looked for yet
	GHashTable *known; // in lower case
	const char *lacking; // "which … does not …"
	const char *list, *list_end; // where the query's select list seems to be
	const char *seen[4]; // names that were found in it
	unsigned seen_count;
} Columns;

static void add_name(Columns *columns, const char *name)
{
	g_ptr_array_add(columns->names, g_strdup(name));
	g_hash_table_add(columns->known, g_ascii_strdown(name, -1));
}

static void begin(Columns *columns)
{
	columns->names = g_ptr_array_new_with_free_func(g_free);
	columns->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void add_declared(Columns *columns, const json_t *fields)
{
	size_t index;
	json_t *field;

	begin(columns);
	columns->lacking = "which the declared schema does not have";
	json_array_foreach((json_t *)(uintptr_t)fields, index, field)
	{
		const char *name = json_string_value(json_object_get(field, "name"));

		if (name != NULL)
			add_name(columns, name);
	}
	g_ptr_array_add(columns->names, NULL);
}

static void add_given(Columns *columns, const ScriptReading *reading)
{
	g_auto(GStrv) names =
		sql_output_columns(reading->dialect, reading->sql, reading->sql_length);

	begin(columns);
	columns->lacking = "which the query does not give";
	for (char **name = names; name != NULL && *name != NULL; name++)
		add_name(columns, *name);
	g_ptr_array_add(columns->names, NULL);
}

// ---- A first look, since nearly all names are right and a list of columns costs a second reading of the query

static bool is_word(char byte)
{
	return g_ascii_isalnum(byte) || byte == '_' || (byte & 0x80) != 0;
}

// The end of a quoted text or a comment that begins here; at itself when none does.
static const char *step_over(const char *at, const char *end)
{
	const char *stop = at;

	if (*at == '\'' || *at == '"')
		stop = memchr(at + 1, *at, (size_t)(end - at - 1));
	else if (*at == '-' && at + 1 < end && at[1] == '-')
		stop = memchr(at, '\n', (size_t)(end - at));
	else if (*at == '/' && at + 1 < end && at[1] == '*')
		stop = g_strstr_len(at, end - at, "*/");
	return stop != NULL ? stop : end - 1;
}

static bool is_spelt(const char *at, const char *end, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(end - at) > length && g_ascii_strncasecmp(at, word, length) == 0 &&
	       !is_word(at[length]);
}

// Takes a word outside of brackets; true when the list ends with it.
static bool take_word(Columns *columns, const char *at, const char *end)
{
	if (columns->list == NULL && is_spelt(at, end, "select"))
		columns->list = at + strlen("select");
	if (columns->list == NULL || !is_spelt(at, end, "from"))
		return false;
	columns->list_end = at;
	return true;
}

// The list of the first SELECT outside of brackets, up to its FROM. Every script of a repository comes by here: few
// characters are worth a look.
static void find_list(Columns *columns, const ScriptReading *reading)
{
	const SqlTableSet *reads = &reading->script->reads;
	const char *sql = reading->sql;
	const char *end = sql + reading->sql_length;
	const char *at = sql;
	int depth = 0;

	columns->list_end = end;
	// The plainest of queries ends its list before the first table.
	if (is_spelt(sql, end, "select")) {
		columns->list = sql + strlen("select");
		columns->list_end = reads->count > 0 ? sql + reads->tables[0].offset : end;
		return;
	}
	for (; at < end; at++) {
		switch (*at) {
		case '(': depth++; break;
		case ')': depth--; break;
		case '\'':
		case '"':
		case '-':
		case '/': at = step_over(at, end); break;
		case 's':
		case 'S':
		case 'f':
		case 'F':
			if (depth == 0 && (at == sql || !is_word(at[-1])) &&
				take_word(columns, at, end))
				return;
			break;
		default: break;
		}
	}
}

// Whether an item of the list seems to end with the name.
static bool seems_given(Columns *columns, const char *name)
{
	for (unsigned i = 0; i < columns->seen_count; i++) {
		if (*columns->seen[i] == *name && strcmp(columns->seen[i], name) == 0)
			return true;
	}

	size_t length = strlen(name);
	const char first = (char)(*name | ' '); // in small letters, if it is a letter
	const char *end = columns->list_end;

	for (const char *at = columns->list; at != NULL && length > 0 && at + length <= end; at++) {
		const char *behind = at + length;

		if ((*at | ' ') != first || is_word(at[-1]) ||
			g_ascii_strncasecmp(at, name, length) != 0)
			continue;
		while (behind < end && g_ascii_isspace(*behind))
			behind++;
		if (behind != end && *behind != ',' && !is_spelt(behind, end, "from"))
			continue;
		if (columns->seen_count < G_N_ELEMENTS(columns->seen))
			columns->seen[columns->seen_count++] = name;
		return true;
	}
	return false;
}

// Columns that the build adds, which no query gives.
static bool is_added(const ScriptReading *reading, const char *name)
{
	static const char *const validity[] = {"valid_from", "valid_to", NULL};

	return (*name == '_' && json_is_true(script_setting(reading, "technical_columns"))) ||
	       (reading->feed == FEED_SNAPSHOT && g_strv_contains(validity, name));
}

static bool has_column(const Columns *columns, const char *name)
{
	g_autofree char *folded = g_ascii_strdown(name, -1);

	return g_hash_table_contains(columns->known, folded);
}

// The text itself in a value that is it, lists it, or is a check that has it as its columns; else NULL.
static const YamlNode *find_text(const YamlNode *node, const char *text)
{
	const YamlNode *found = NULL;

	if (node == NULL)
		return NULL;
	if (node->kind < YAML_LIST)
		return strcmp(node->text, text) == 0 ? node : NULL;
	for (unsigned i = 0; node->kind == YAML_LIST && i < node->length && found == NULL; i++) {
		if (node->items[i]->kind < YAML_LIST)
			found = find_text(node->items[i], text);
	}
	if (node->kind == YAML_MAPPING)
		found = find_text(yaml_get(node, "column"), text);
	return found != NULL || node->kind != YAML_MAPPING
		       ? found
		       : find_text(yaml_get(node, "columns"), text);
}

static const YamlNode *find_in_checks(const YamlNode *checks, size_t index, const char *text)
{
	const YamlNode *check =
		checks != NULL && checks->kind == YAML_LIST && index < checks->length
			? checks->items[index]
			: NULL;
	const YamlNode *found = NULL;

	for (unsigned i = 0;
		check != NULL && check->kind == YAML_MAPPING && i < check->length && found == NULL;
		i++) {
		if (key_table_find(&keys_check_common, check->pairs[i].key->text) == NULL)
			found = find_text(check->pairs[i].value, text);
	}
	return found != NULL ? found : checks;
}

// Whether the column is there, for all that is certain.
static bool may_be_there(ScriptReading *reading, Columns *columns, const char *name)
{
	if ((columns->names == NULL && seems_given(columns, name)) || strchr(name, '.') != NULL ||
		is_added(reading, name))
		return true;
	if (columns->names == NULL)
		add_given(columns, reading);
	return columns->names->len == 1 || has_column(columns, name);
}

static void check_column(
	ScriptReading *reading, Columns *columns, const char *key, size_t index, const json_t *name)
{
	const char *text = json_string_value(name);
	const YamlNode *value;
	g_autofree char *hint = NULL;
	g_autofree char *message = NULL;

	if (text == NULL || may_be_there(reading, columns, text) ||
		diagnostic_list_is_full(script_faults(reading)))
		return;
	if (diagnostic_list_wants_hints(script_faults(reading)))
		hint = nearest_word_hint(text, (const char *const *)columns->names->pdata);
	message = g_strdup_printf("'%s' names the column '%s', %s", key, text, columns->lacking);
	value = yaml_get(reading->header_node, key);
	value = strcmp(key, "checks") == 0 ? find_in_checks(value, index, text)
					   : find_text(value, text);
	script_header_fault(reading, value, "unknown-column", hint, message);
}

static void check_list(ScriptReading *reading, Columns *columns, const char *key, size_t index,
	const json_t *names)
{
	size_t length = json_array_size(names);

	for (size_t i = 0; i < length; i++)
		check_column(reading, columns, key, index, json_array_get(names, i));
}

void script_check_columns(ScriptReading *reading)
{
	const json_t *fields = json_object_get(reading->schema, "fields");
	const json_t *key = json_object_get(reading->header, "key");
	const json_t *checks = json_object_get(reading->header, "checks");
	size_t length = json_array_size(checks);
	bool declared = json_array_size(fields) > 0;
	Columns columns = {.names = NULL};

	if ((key == NULL && length == 0) || (reading->feed == FEED_SCRIPT && !declared))
		return;
	if (declared)
		add_declared(&columns, fields);
	else
		find_list(&columns, reading);
	check_list(reading, &columns, "key", 0, key);
	for (size_t i = 0; i < length; i++) {
		const json_t *check = json_array_get(checks, i);
		const json_t *names = json_object_get(check, "columns");

		if (names != NULL)
			check_list(reading, &columns, "checks", i, names);
		else
			check_column(
				reading, &columns, "checks", i, json_object_get(check, "column"));
	}
	if (columns.names == NULL)
		return;
	g_ptr_array_unref(columns.names);
	g_hash_table_unref(columns.known);
}
