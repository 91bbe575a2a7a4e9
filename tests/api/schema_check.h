// Holds a JSON value against a schema of the OpenAPI document: the part of JSON Schema that the API uses.
#pragma once

#include <jansson.h>

// NULL when value is as schema says; else what is wrong and where ("/items/0/state: …"), to g_free(). An object may have no
// property that its schema does not name. openapi is what "#/components/…" refers to.
char *schema_fault(const json_t *openapi, const json_t *schema, const json_t *value);
