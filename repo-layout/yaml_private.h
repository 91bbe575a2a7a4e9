// The inside of a YAML document, for the files of its own module.
#pragma once

#include "repo-layout/arena.h"
#include "repo-layout/yaml_document.h"

struct YamlDocument {
	const char *file; // borrowed
	const char *text; // borrowed
	size_t length;
	unsigned first_line, first_column;
	YamlNode *root;
	Arena arena;
};
