// The flow that a filter names.
#pragma once

#include "api/request.h"

typedef struct {
	char *namespace;
	char *id;
} FlowName;

void flow_name_clear(FlowName *name);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FlowName, flow_name_clear)

// Splits "namespace.id" where a flow of that name is (or was) live: both parts may have dots of their own. Where none is, at
// the last dot. A text without a dot is refused with 400.
bool flow_name_split(Store *store, const char *text, FlowName *ret_name, GError **error);

// The request's parameters 'namespace' and 'flow': both may be NULL.
bool flow_name_read(const ApiRequest *request, FlowName *ret_name, GError **error);
