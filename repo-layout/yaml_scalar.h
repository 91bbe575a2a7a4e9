// What a plain scalar means in YAML 1.2's core schema.
#pragma once

#include "repo-layout/yaml_document.h"

#include <stdint.h>

// The kind of a plain scalar. A whole number that does not fit 64 bits, infinity and not-a-number are text: JSON has no
// form for them that keeps them. Pure.
YamlKind yaml_scalar_kind(const char *text, size_t length);
// The value of a scalar of kind YAML_INTEGER.
int64_t yaml_scalar_integer(const char *text);
// true for true, True, TRUE.
bool yaml_scalar_boolean(const char *text);
