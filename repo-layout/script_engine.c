// What the engine that a script runs on does not take: it would come out when the script runs, which is too late.
#include "repo-layout/script_private.h"

#include <string.h>

enum {
	DATASET_NAME_MAX =
		63, // bytes, as db/dataset.c has it; a test holds the two against each other
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
