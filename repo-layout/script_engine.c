// What the engine that a script runs on does not take: it would come out when the script runs, which is too late.
#include "repo-layout/layout_reference.h"
#include "repo-layout/script_private.h"

#include "sql/output.h"

#include <string.h>

enum {
	DATASET_NAME_MAX =
		63, // bytes, as db/dataset.c has it; a test holds the two against each other
	DATASETS_MAX = 10, // that one script reaches, its own among them; db/sqlite_dataset.c's
};

// Why the embedded SQLite, where a dataset is an attached file, cannot have one of this name; NULL: it can.
static const char *dataset_fault(const char *name)
{
	if (g_ascii_strcasecmp(name, "main") == 0 || g_ascii_strcasecmp(name, "temp") == 0)
		return "SQLite keeps the name for itself";
	if (!g_ascii_isalpha(*name) && *name != '_')
		return "a name begins with a letter of a to z or '_'";
	for (const char *at = name; *at != '\0'; at++) {
		if (!g_ascii_isalnum(*at) && *at != '_' && *at != '-')
			return "a name has letters of a to z, digits, '_' and '-'";
	}
	return strlen(name) > DATASET_NAME_MAX ? "a name has at most 63 characters" : NULL;
}

void script_check_names(ScriptReading *reading, const UnitParts *parts)
{
	const UnitSource *source = reading->source;
	const char *why = dataset_fault(source->dataset);

	// A name with a project in it is of another engine, and of a tree that is only read here.
	if (!reading->embedded || source->project != NULL)
		return;
	if (why != NULL)
		script_fault(reading, 1, 1, "bad-dataset",
			name_order(source->dataset, reading->config->dataset) == 0
				? "give the domain's dataset another name: 'dataset' in domain.yaml"
				: "give the folder another name",
			"'%s' cannot be a dataset: %s", source->dataset, why);
	if (g_ascii_strncasecmp(parts->table, "sqlite_", strlen("sqlite_")) == 0)
		script_fault(reading, 1, 1, "bad-table", "give the file another name",
			"'%s' cannot be a table: SQLite keeps names that begin with 'sqlite_' for "
			"itself",
			parts->target);
}

// The line that a script reads its own target in; 0: it does not.
static unsigned reads_itself(const ScriptReading *reading, const UnitParts *parts)
{
	const SqlTableSet *reads = &reading->script->reads;

	for (size_t i = 0; i < reads->count; i++) {
		g_autofree char *name = script_table_name(reading, &reads->tables[i]);

		if (name_order(name, parts->target) == 0)
			return script_line(reading, reads->tables[i].line);
	}
	return 0;
}

// The ring of one. A table may be made of what it held before, which a view never can.
static void check_ring(ScriptReading *reading, const UnitParts *parts)
{
	unsigned line = reads_itself(reading, parts);

	if (line > 0)
		script_fault(reading, line, 1, "dependency-cycle",
			"a view has to be made of other tables",
			"dependency cycle: %s (%s:%u) → %s", parts->target, reading->source->path,
			line, parts->target);
}

// What a table sees of itself, where that is hardly what was meant.
static void warn_itself(ScriptReading *reading, unsigned line, const char *code, const char *hint,
	const char *target, const char *what)
{
	diagnostic_add(script_faults(reading), reading->source->path, line, 1, DIAGNOSTIC_WARNING,
		code, hint, "'%s' reads itself: %s", target, what);
}

// The first run finds no table: it reads an empty one, made of the schema or of the columns that the query's text tells.
static bool first_is_known(const ScriptReading *reading)
{
	g_auto(GStrv) columns = NULL;

	if (reading->schema != NULL)
		return true;
	columns = sql_output_columns(reading->dialect, reading->sql, reading->sql_length);
	return columns != NULL;
}

void script_check_itself(ScriptReading *reading, const UnitParts *parts)
{
	unsigned line;

	if (reading->feed == FEED_VIEW || reading->feed == FEED_SCRIPT ||
		reading->source->project != NULL)
		return;
	line = reads_itself(reading, parts);
	if (line == 0)
		return;
	if (reading->embedded && !first_is_known(reading))
		warn_itself(reading, line, "unknown-columns",
			"declare a schema, or write every column with its name instead of '*'",
			parts->target,
			"the columns of the empty table that its first run would see are not "
			"certain from the text");
	else if (reading->feed == FEED_WRITE_TRUNCATE)
		warn_itself(reading, line, "reads-itself",
			"a feed with history (WRITE_APPEND, MODE_DELTA) keeps the rows that it "
			"reads",
			parts->target, "it sees the rows of its last run, which this run replaces");
}

// Adds the dataset of "dataset.table"; true when that makes one too many.
static bool reach(GPtrArray *datasets, const char *table)
{
	g_autofree char *name = g_strndup(table, strcspn(table, "."));

	for (guint i = 0; i < datasets->len; i++)
		if (name_order(datasets->pdata[i], name) == 0)
			return false;
	g_ptr_array_add(datasets, g_steal_pointer(&name));
	return datasets->len == DATASETS_MAX + 1;
}

// Every dataset that a script reaches is a file that its connection attaches, and SQLite attaches so many.
void script_check_reach(ScriptReading *reading, const UnitParts *parts)
{
	g_autoptr(GPtrArray) datasets = g_ptr_array_new_with_free_func(g_free);
	const SqlTableSet *reads = &reading->script->reads;
	unsigned line = 0;

	if (!reading->embedded || reading->source->project != NULL)
		return;
	for (guint i = 0; i < parts->writes->len; i++)
		reach(datasets, parts->writes->pdata[i]);
	for (guint i = 0; parts->references != NULL && i < parts->references->len; i++)
		reach(datasets, g_array_index(parts->references, LayoutReference, i).table);
	for (size_t i = 0; i < reads->count; i++) {
		g_autofree char *name = script_table_name(reading, &reads->tables[i]);

		if (reach(datasets, name))
			line = script_line(reading, reads->tables[i].line);
	}
	if (datasets->len > DATASETS_MAX)
		script_fault(reading, MAX(line, 1), 1, "too-many-datasets",
			"gather some of them in a table of this dataset first, and read that",
			"the script reaches %u datasets: the embedded SQLite reaches at most %d "
			"at once",
			datasets->len, DATASETS_MAX);
}

void script_check_view(ScriptReading *reading, const UnitParts *parts)
{
	size_t length = strlen(parts->dataset);

	if (reading->feed != FEED_VIEW)
		return;
	check_ring(reading, parts);
	// On the embedded SQLite a dataset is a file of its own, and SQLite lets no view look into another file.
	for (guint i = 0; reading->embedded && i < parts->reads->len; i++) {
		const char *name = g_ptr_array_index(parts->reads, i);
		g_autofree char *hint = NULL;

		if (g_ascii_strncasecmp(name, parts->dataset, length) == 0 && name[length] == '.')
			continue;
		hint = g_strdup_printf("make it a table (feed: WRITE_TRUNCATE), or move the script "
				       "to the dataset '%.*s'",
			(int)strcspn(name, "."), name);
		script_fault(reading, g_array_index(parts->read_lines, unsigned, i), 1,
			"view-across-datasets", hint,
			"the view '%s' reads '%s': on SQLite a view sees its own dataset only",
			parts->target, name);
	}
}
