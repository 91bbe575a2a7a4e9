// Tables of keys: one for each kind of mapping in a repository's files. They drive validation, "did
// you mean", `weir schema` and docs/reference.
#pragma once

#include "repo-layout/diagnostic.h"
#include "repo-layout/yaml_document.h"

#include <jansson.h>
#include <stdbool.h>

typedef enum {
	KEY_STRING, // text, taken as written; a number or boolean becomes its text
	KEY_TEXT, // text in which {{ … }} is an expression
	KEY_SQL, // text that is SQL; {{ … }} in it are bound values
	KEY_INTEGER, // whole number
	KEY_NUMBER, // number
	KEY_BOOLEAN, // true or false
	KEY_DURATION, // ISO 8601, either case: PT0.25s
	KEY_CHOICE, // one of values, in any letter case; kept as spelt in the table
	KEY_ANY, // anything; text in it may hold expressions
	KEY_PLAIN, // anything, taken as written
	KEY_MAP, // mapping of free names to values (of table when given, else anything)
	KEY_OBJECT, // mapping by table
	KEY_LIST, // list of: objects by table when given, else anything
	KEY_STRINGS, // list of text, or one text that stands for a list of one
	KEY_TASKS, // list of tasks
	KEY_CASES, // mapping of free names to lists of tasks
	KEY_TASK, // one task
	KEY_INPUTS, // list of inputs
	KEY_LABELS, // mapping, list of {key, value}, or a JSON expression
	KEY_CHECKS, // list of checks
	KEY_SCHEMA, // list of columns
} KeyKind;

typedef enum {
	KEY_REQUIRED = 1 << 0,
	KEY_EXPRESSION = 1 << 1, // a text that is {{ … }} may stand for the value
	KEY_DEPRECATED = 1 << 2, // accepted with a warning that names the other key
	KEY_IGNORED = 1 << 3, // accepted and left out: it has no meaning here
	KEY_POSITIVE = 1 << 4, // of a number: at least 1
} KeyFlags;

typedef struct KeyTable KeyTable;

typedef struct KeyRow {
	const char *name;
	KeyKind kind;
	unsigned flags;
	const char *alias_of; // the key that this one is another name of; NULL for a key of its own
	const char *const *values; // KEY_CHOICE: ended by NULL
	const KeyTable *table; // KEY_OBJECT, KEY_LIST, KEY_MAP
	const char *summary; // one line, for docs and schema
} KeyRow;

struct KeyTable {
	const char *name; // "script header"
	const char *summary; // one line
	const KeyRow *rows; // ended by a row whose name is NULL
	const KeyTable *base; // keys accepted on top of these; may be NULL
};

// Where to report, and what the expressions found in texts are handed to.
typedef struct KeyContext KeyContext;
struct KeyContext {
	const char *file;
	DiagnosticList *diagnostics; // NULL: nothing is checked beyond what the conversion needs
	// Called for each text that may hold expressions and has "{{" or "{%" in it; may be NULL.
	void (*expression)(KeyContext *context, const YamlNode *node, KeyKind kind);
	void *data;
	// Converts a value of a kind that has a file of its own (TASKS, CASES, TASK, INPUTS); NULL: such keys are left out.
	json_t *(*convert)(KeyContext *context, const KeyRow *row, const YamlNode *node);
};

// Finds the row of a key, in the table and its bases; NULL when there is none. An alias is not
// followed.
const KeyRow *key_table_find(const KeyTable *table, const char *name);
// Checks a mapping against the table (unknown, missing, wrong type) and converts it to a JSON object with the keys' own
// names, in the order of the file. Keys without a value are left out. A new reference; never NULL.
json_t *key_table_convert(const KeyTable *table, const YamlNode *node, KeyContext *context);
// Adds the converted pairs to object;
void key_table_convert_into(
	const KeyTable *table, const YamlNode *node, KeyContext *context, json_t *object);
// Converts one value by its row. NULL when it is of the wrong type (which is then reported).
json_t *key_value_convert(const KeyRow *row, const YamlNode *node, KeyContext *context);
// Reports an error at a node.
void key_fault(KeyContext *context, const YamlNode *node, const char *code, const char *hint,
	const char *format, ...) G_GNUC_PRINTF(5, 6);
void key_warning(KeyContext *context, const YamlNode *node, const char *code, const char *hint,
	const char *format, ...) G_GNUC_PRINTF(5, 6);
// Whether a text has an expression in it.
bool has_expression(const char *text);
// JSON Schema (draft 2020-12) of the table. A new reference.
json_t *key_table_schema(const KeyTable *table);
