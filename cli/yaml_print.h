// A JSON value as YAML that people like to read: block style, text of several lines as it is, short lists in brackets.
// Pure. What is printed reads back as the same value, with the core schema of YAML 1.2 and with YAML 1.1.
#pragma once

#include <jansson.h>

// Free the result with g_free(). It ends with a newline.
char *yaml_print(const json_t *value);
