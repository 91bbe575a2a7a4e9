// Reading a flow's YAML into its canonical JSON; inside of flow.c's module.
#pragma once

#include "repo-layout/flow.h"
#include "repo-layout/keys_task.h"
#include "repo-layout/yaml_private.h"
#include "sql/dialect.h"

// What a repository adds to the checks of a flow.
typedef struct FlowSurroundings {
	const char *default_namespace;
	const json_t *
		variables; // known besides the flow's own; NULL: not known, unknown ones are not reported
	const YamlLimits *limits; // NULL: the defaults
	bool allow_raw; // {{ x | raw }} in SQL is allowed
	// The dialect of the SQL of a task or trigger, converted; NULL, or a function that gives NULL: not known.
	const SqlDialect *(*sql_dialect)(const json_t *task, const void *data);
	const void *sql_dialect_data;
} FlowSurroundings;

// A text with expressions in it, kept until all ids are known.
typedef struct TextUse {
	const YamlNode *node;
	KeyKind kind;
} TextUse;

typedef struct FlowReader {
	KeyContext keys; // first: the table's hooks get a pointer to it
	YamlDocument *document;
	const FlowSurroundings *surroundings;
	GHashTable *tasks; // id -> YamlNode of the task
	GHashTable *inputs; // set of ids
	GHashTable *triggers; // id -> YamlNode
	GArray *texts; // TextUse
	const YamlNode *defaults; // pluginDefaults as written, or NULL
	unsigned depth;
} FlowReader;

// Converts the whole flow. A new reference; NULL when it is no mapping.
json_t *flow_read(FlowReader *reader, const YamlNode *root);
// Converts a list of triggers.
json_t *flow_read_triggers(FlowReader *reader, const YamlNode *node);
// Converts a list of inputs.
json_t *flow_read_inputs(FlowReader *reader, const YamlNode *node);
// The task with its plugin defaults put in: node itself when there are none.
const YamlNode *flow_apply_defaults(
	FlowReader *reader, const YamlNode *node, const char *type, const TaskKind *kind);
// Puts what is left of older spellings into the present form, by kind.
void flow_normalise_task(FlowReader *reader, const TaskKind *kind, const TaskAlias *alias,
	const char *type, const YamlNode *node, json_t *task);
// Reports an id that is not of the allowed form. what is "task", "flow", …
void flow_check_id(FlowReader *reader, const YamlNode *node, const char *what, bool dots);
// Checks every text with expressions, now that all ids are known.
void flow_check_texts(FlowReader *reader, const json_t *definition);
// Checks the SQL of a task or trigger, converted and in its present form.
void flow_check_sql(
	FlowReader *reader, const TaskKind *kind, const YamlNode *node, const json_t *task);
// Checks an input by itself, converted and in its present form; its default too.
void flow_check_input(FlowReader *reader, const YamlNode *node, json_t *input);
// Checks the dependencies inside a dag.
void flow_check_dag(FlowReader *reader, const YamlNode *node, const json_t *items);
// Makes the model of a canonical definition. Takes the reference. NULL when it is not one.
Flow *flow_from_definition(json_t *definition);
// flow_parse with what the repository knows.
Flow *flow_parse_with(const char *file, const char *text, size_t length,
	const FlowSurroundings *surroundings, DiagnosticList *diagnostics);
