// The inside of a YAML document, for the files of its own module.
#pragma once

#include "repo-layout/arena.h"
#include "repo-layout/yaml_document.h"

// A place in the source.
typedef struct YamlWalk {
	const char *at, *end;
	unsigned line, column;
} YamlWalk;

struct YamlDocument {
	const char *file; // borrowed
	const char *text; // borrowed
	size_t length;
	unsigned first_line, first_column;
	YamlNode *root;
	Arena arena;
	// How far the search for places has come: most are asked for in order, and a long file is not walked again for each.
	YamlWalk node_walk; // at the beginning of a node; at NULL: nowhere yet
	const YamlNode *text_node; // of which text_walk and text_passed tell
	YamlWalk text_walk;
	size_t text_passed;
};
