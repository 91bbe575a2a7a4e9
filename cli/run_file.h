// `weir run --file`: one flow alone, on a store in memory, with no server and no repository.
#pragma once

#include "repo-layout/flow.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct {
	const char *file; // the flow
	const char *flows; // folder of flows that it may call; NULL: none
	char **inputs; // "key=value", ended by NULL; may be NULL
	bool json;
} RunFile;

// Runs it to its end, or to where it stays PAUSED. Returns the exit status.
int run_file(const RunFile *request);

// Reads -i options into an object: id → text. False after telling what is wrong with one.
bool run_inputs_parse(char **inputs, json_t *ret_object);

// The ids of a flow's SECRET inputs, ended by NULL. The caller frees it.
GStrv run_secret_names(const Flow *flow);
