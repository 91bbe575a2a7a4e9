// What the handlers of lists have in common.
#pragma once

#include "api/request.h"
#include "store/flow.h"

// The answer of a list made from rows of the store, each turned into a document (a new reference).
json_t *list_page(const ApiRequest *request, const GPtrArray *rows,
	json_t *(*document)(const void *row), const char *next);

// For lists that the store gives whole, and that are short: the page of them, by position.
json_t *list_slice(const ApiRequest *request, const GPtrArray *rows,
	json_t *(*document)(const void *row), GError **error);

// What a handler returns when the store refused its list: NULL, with the refusal of a cursor turned into the client's fault.
json_t *list_failed(const ApiRequest *request, GError **error);

// The answer of a list of flows.
json_t *list_flows(const ApiRequest *request, const StoreFlowFilter *filter,
	json_t *(*document)(const void *row), GError **error);
