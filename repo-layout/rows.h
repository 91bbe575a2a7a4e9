// Rows out of a file in the repository: CSV with a header line, or YAML or JSON with a list of mappings.
#pragma once

#include "repo-layout/yaml_document.h"

// A list of objects; NULL after a fault. The file's ending says what it is. A new reference.
json_t *rows_parse(const char *path, const char *text, size_t length, const YamlLimits *limits,
	DiagnosticList *diagnostics);
