// How the parts of a server do that the API shows: what its store cannot tell, because a store that cannot be written to does
// not hold the news. The composition root gives the table; the API itself calls none of the parts.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdint.h>

typedef struct {
	const char *name; // "reconciler"
	const char *message; // why it cannot do its work; NULL: it does
	const char *cure; // NULL: none is known
	int64_t since; // when that began
} ApiPart;

typedef struct {
	// Calls visit for each part, in an order that stays. What a part points to is lent for the call. Thread-safe.
	void (*list)(void *parts, void (*visit)(const ApiPart *part, void *data), void *data);
	void *parts;
} ApiParts;

// A part as the answers show it. A new reference.
json_t *part_document(const ApiPart *part);

// All parts as a JSON list, behind those that are given (stolen). parts may be NULL. A new reference.
json_t *parts_documents(const ApiParts *parts, json_t *list);

// The first of such documents whose part fails; borrowed, NULL when all work. name NULL: any.
const json_t *parts_find_failed(const json_t *list, const char *name);
