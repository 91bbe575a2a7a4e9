// One request of the ingress, as its routes see it.
#pragma once

#include "api/problem.h"
#include "api/target.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct IngressRules IngressRules;

typedef struct {
	Store *store;
	const IngressRules *rules;
	const ApiTarget *target;
	json_t *headers; // name, as it came -> list of texts; without those that hold credentials
	const char *delivery; // what the sender calls this delivery; NULL: nothing
	uint64_t limit; // of the body; a route may lower it when it lets the request in
	void *admitted; // what the route found when it let the request in, freed with the route's own function
} IngressCall;

typedef struct {
	unsigned status; // 202; 204 has no body
	json_t *body; // owned
} IngressReply;

// A route. Add a row to ingress_routes.c.
typedef struct {
	const char *method;
	const char *path; // "/hooks/flows/{namespace}/{id}/{key}"
	// Who may: before a byte of the body is read. False with an API_ERROR. What does not exist and what may not be seen
	// look the same.
	bool (*admit)(IngressCall *call, GError **error);
	// Records what is to be done, durably. body is as it came.
	bool (*take)(IngressCall *call, const GString *body, IngressReply *reply, GError **error);
	GDestroyNotify free_admitted;
} IngressRoute;

extern const IngressRoute ingress_routes[]; // ended by a NULL path

// The route of a target. NULL with an error: 404, or 405 when only the method is wrong.
const IngressRoute *ingress_route_find(const char *method, const ApiTarget *target, GError **error);

// The header's first value; letter case of its name does not matter. NULL when it is not there.
const char *ingress_header(const json_t *headers, const char *name);
