// The routes: one row each, from which dispatch, checking of parameters, /openapi.json and docs/reference/api.md come.
#pragma once

#include "api/request.h"
#include "api/schema.h"

typedef enum {
	PARAMETER_TEXT,
	PARAMETER_ENUM,
	PARAMETER_INTEGER,
	PARAMETER_BOOLEAN,
	PARAMETER_TIME,
} ParameterType;

// A parameter of the query, or of the path when the route's path has its name in braces.
struct ApiParameter {
	const char *name;
	ParameterType type;
	const char *description;
	const char *const *values; // PARAMETER_ENUM; ended by NULL
	int64_t minimum; // PARAMETER_INTEGER
	int64_t maximum;
	int64_t fallback; // the value when it is not given
};

// Rows of parameter tables.
#define PARAMETER(name, type, description)                                                         \
	{                                                                                          \
		name, type, description, NULL, 0, 0, 0                                             \
	}
#define PARAMETER_OF(name, description, values)                                                    \
	{                                                                                          \
		name, PARAMETER_ENUM, description, values, 0, 0, 0                                 \
	}
#define PARAMETER_RANGE(name, description, minimum, maximum, fallback)                             \
	{                                                                                          \
		name, PARAMETER_INTEGER, description, NULL, minimum, maximum, fallback             \
	}
#define PARAMETER_END                                                                              \
	{                                                                                          \
		NULL, PARAMETER_TEXT, NULL, NULL, 0, 0, 0                                          \
	}

typedef enum {
	ROUTE_OBJECT, // answers an object of the schema
	ROUTE_LIST, // answers {items: [of the schema], next}, takes 'limit' and 'cursor'
	ROUTE_FOLLOWED, // a list that can also be followed as server-sent events
	ROUTE_TEXT, // answers text of the content type
	ROUTE_HEALTH, // an object, answered with 503 when its "status" is not "ok"
} RouteForm;

struct ApiRoute {
	const char *path; // "/v1/flows/{namespace}/{id}"
	const char *name; // operationId: "getFlow"
	const char *summary;
	RouteForm form;
	const ApiParameter
		*parameters; // ended by a row whose name is NULL; NULL when there are none
	const ApiSchema *schema;
	const char *content_type; // ROUTE_TEXT
	// Exactly one of the two is set. They return NULL with error set.
	json_t *(*document)(const ApiRequest *request, GError **error);
	char *(*text)(const ApiRequest *request, GError **error);
};

// What errors look like.
extern const ApiSchema problem_schema;

// The table, ended by a row whose path is NULL.
extern const ApiRoute api_routes[];

// The parameters that every list has: 'limit' and 'cursor'.
extern const ApiParameter list_parameters[];

// Whether it answers pages of a list.
bool route_is_list(const ApiRoute *route);

// Whether the parameter is one of the path: its name is there in braces.
bool route_has_in_path(const ApiRoute *route, const char *parameter);

// The route of a path; NULL when there is none.
const ApiRoute *route_match(const ApiTarget *target);
