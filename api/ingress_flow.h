// POST /hooks/flows/{namespace}/{id}/{key}: starts a run of a flow that has a webhook trigger with this key.
#pragma once

#include "api/ingress_call.h"
#include "store/flow.h"

typedef struct {
	bool holds; // `when` and the conditions of the trigger
	char *inputs; // JSON of the run; NULL: none
	char *labels; // likewise
} IngressStart;

// A trigger that was called.
typedef struct {
	const StoreFlow *flow;
	const char *flow_definition; // JSON; NULL: not kept
	json_t *variables; // of project and domain
	const json_t *definition; // of the trigger
} IngressTrigger;

// What the language of flows says about a trigger: the API does not speak it.
struct IngressRules {
	// The key that a trigger has: an expression in it is rendered. To g_free(); NULL with an error.
	char *(*key)(const char *text, void *data, GError **error);
	// What the trigger hands to the run that values (what the run knows as `trigger`) begin. Texts to g_free().
	bool (*start)(const IngressTrigger *trigger, json_t *values, IngressStart *ret_start,
		void *data, GError **error);
	void *data;
};

bool ingress_flow_admit(IngressCall *call, GError **error);
bool ingress_flow_take(IngressCall *call, const GString *body, IngressReply *reply, GError **error);
void ingress_flow_free(void *admitted);
