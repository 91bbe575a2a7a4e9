// A YAML document as a tree of nodes with positions. YAML 1.2 core scalars; duplicate keys, depth,
// nodes and aliases are checked. JSON is YAML, so stored definitions are read by it too.
#pragma once

#include "repo-layout/diagnostic.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
	YAML_NULL,
	YAML_BOOLEAN,
	YAML_INTEGER,
	YAML_REAL,
	YAML_STRING,
	YAML_LIST,
	YAML_MAPPING,
} YamlKind;

typedef struct YamlNode YamlNode;
typedef struct YamlPair {
	YamlNode *key;
	YamlNode *value;
} YamlPair;

struct YamlNode {
	YamlKind kind;
	unsigned line, column; // of its first character, from 1
	unsigned style; // how a scalar was written: 'p'lain, '\'', '"', '|' or '>'
	unsigned length; // of text, of items or of pairs
	union {
		const char *text; // scalars: as decoded, ended by NUL; of every scalar kind
		YamlNode **items;
		YamlPair *pairs;
	};
};

typedef struct YamlLimits {
	size_t bytes; // of the whole text
	unsigned depth; // of nesting
	unsigned nodes; // with those that aliases repeat
	unsigned aliases; // how many * are followed
	unsigned alias_nodes; // nodes that aliases repeat
} YamlLimits;

extern const YamlLimits yaml_limits_default; // 1 MiB, 64, 100,000, 1,000, 10,000

typedef struct YamlDocument YamlDocument;

// Parses one document. text need not end with NUL and must live as long as the document. first_line
// and first_column are where text begins in the file (1, 1 for a whole file). Faults go to
// diagnostics (may be NULL). Returns NULL when no tree could be made; a document with duplicate
// keys is still returned. An empty text gives a document whose root is YAML_NULL.
YamlDocument *yaml_document_parse(const char *file, const char *text, size_t length,
	unsigned first_line, unsigned first_column, const YamlLimits *limits,
	DiagnosticList *diagnostics);
void yaml_document_free(YamlDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(YamlDocument, yaml_document_free)

// The top node; lives as long as the document.
const YamlNode *yaml_document_root(const YamlDocument *document);

// The value of a mapping's key; NULL when there is none (or node is NULL or no mapping).
const YamlNode *yaml_get(const YamlNode *node, const char *key);
// The key node itself, for its position.
const YamlNode *yaml_get_key(const YamlNode *node, const char *key);
// The node as JSON; mapping keys become strings. A new reference.
json_t *yaml_to_json(const YamlNode *node);
// A document made of a JSON value; all of its nodes stand at 1:1.
YamlDocument *yaml_document_from_json(const char *file, const json_t *value);
// "a mapping", "a list", "text", "a whole number", …
const char *yaml_kind_name(YamlKind kind);
// Line and column in the file of the character at offset in a scalar's text, as near as the writing
// lets it be known (exact for plain, quoted without escapes before it, and block scalars).
void yaml_text_place(const YamlNode *node, const YamlDocument *document, size_t offset,
	unsigned *ret_line, unsigned *ret_column);
// A value as YAML text that reads back as the same value. The caller frees it.
char *yaml_write(const json_t *value);
