// What somebody gives to runs of a live flow: looked at before there is a run that could only fail.
#pragma once

#include "api/flow_name.h"
#include "repo-layout/flow.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

// The live revision of a flow; *ret_flow is NULL when there is none, or it is no flow.
bool live_flow_read(Store *store, const FlowName *name, Flow **ret_flow, GError **error);

// Tells all that is wrong with what is given (id -> text), and copies what is meant for FILE inputs beside the store at url: given
// then has their URIs. elsewhere (an object; NULL: none) names inputs that the run gets from elsewhere as well.
bool live_inputs_prepare(
	const char *url, const Flow *flow, const json_t *elsewhere, json_t *given, GError **error);
