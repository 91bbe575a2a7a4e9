// What an answer looks like, as const tables: the OpenAPI document and docs/reference/api.md are written from them, and the
// tests hold every answer against them.
#pragma once

#include <jansson.h>

typedef struct ApiSchema ApiSchema;

typedef enum {
	API_STRING,
	API_TIME, // RFC 3339 with 'Z' and milliseconds
	API_INTEGER,
	API_NUMBER,
	API_BOOLEAN,
	API_ENUM, // a string out of values
	API_OBJECT, // of a schema
	API_OBJECTS, // an array of objects of a schema
	API_STRINGS, // an array of strings
	API_MAP, // an object whose values may be anything
	API_COUNTS, // an object whose values are integers
	API_ANY,
} ApiType;

enum {
	API_NULLABLE = 1 << 0,
	API_OPTIONAL = 1 << 1,
};

typedef struct {
	const char *name;
	ApiType type;
	unsigned flags;
	const char *description;
	const ApiSchema *of; // API_OBJECT, API_OBJECTS
	const char *const *values; // API_ENUM; ended by NULL
} ApiField;

struct ApiSchema {
	const char *name; // "FlowSummary"
	const char *description;
	const ApiField *fields; // ended by a field whose name is NULL
};

// Rows of field tables.
#define FIELD(name, type, flags, description)                                                      \
	{                                                                                          \
		name, type, flags, description, NULL, NULL                                         \
	}
#define FIELD_OF(name, type, flags, description, schema)                                           \
	{                                                                                          \
		name, type, flags, description, schema, NULL                                       \
	}
#define FIELD_ENUM(name, flags, description, values)                                               \
	{                                                                                          \
		name, API_ENUM, flags, description, NULL, values                                   \
	}
#define FIELD_END                                                                                  \
	{                                                                                          \
		NULL, API_ANY, 0, NULL, NULL, NULL                                                 \
	}

// The JSON Schema of one schema, referring to others as "#/components/schemas/NAME". A new reference.
json_t *schema_document(const ApiSchema *schema);

// The JSON Schema of one type. A new reference.
json_t *schema_type_document(
	ApiType type, unsigned flags, const ApiSchema *of, const char *const *values);

// Puts the JSON Schemas of schema and all it refers to into components, by name.
void schema_collect(json_t *components, const ApiSchema *schema);
