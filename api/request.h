// One request after it was checked against its route: handlers ask for parameters by name.
#pragma once

#include "api/parts.h"
#include "api/problem.h"
#include "api/target.h"
#include "store/store.h"
#include <jansson.h>
#include <stdint.h>

#define REQUEST_MOST_VALUES 16

typedef struct ApiRoute ApiRoute;
typedef struct ApiParameter ApiParameter;

typedef struct {
	const ApiParameter *parameter;
	const char *text; // as it was given, decoded; NULL when it was not
	int64_t number; // integers, booleans (0 or 1), times (microseconds)
} RequestValue;

typedef struct {
	const ApiRoute *route;
	const ApiTarget *target;
	Store *store;
	const ApiParts *parts; // of the server; NULL: none is known
	RequestValue values[REQUEST_MOST_VALUES];
	size_t value_count;
} ApiRequest;

// Checks the target's parameters against the route's, and keeps their values. Fails with an API_ERROR of status 400.
bool request_read(ApiRequest *request, GError **error);

// The value of a parameter of the path or query; NULL when it was not given.
const char *request_text(const ApiRequest *request, const char *name);

// Whether it was given.
bool request_has(const ApiRequest *request, const char *name);

// The value of an integer (its fallback when not given), a boolean or a time (0 when not given).
int64_t request_number(const ApiRequest *request, const char *name);

// The page that a list is asked for, as the store takes it. Fails with 400 when the cursor was not made by this route with
// these filters. page->after points into the request.
bool request_page(const ApiRequest *request, StorePage *page, GError **error);

// The answer of a list: {items, next}. items is stolen; next is the store's cursor of the next page, NULL on the last one.
json_t *list_document(const ApiRequest *request, json_t *items, const char *next);

// Sets the 400 of a cursor that cannot be used; returns false.
bool request_refuse_cursor(const ApiRequest *request, GError **error);
