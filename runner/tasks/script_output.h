// What a script writes: lines for the log, and lines ::{"outputs": {…}}:: that give outputs.
//
// Standard output is logged as INFO, standard error as ERROR. Lines of either stream that are ::{…}:: are not logged; their
// `outputs` become variables, their `logs` ({level, message}) are logged, their `metrics` are accepted.
#pragma once

#include "runner/task_type.h"

typedef struct {
	GString *line;
	size_t dropped; // bytes of the line that were not kept
	int64_t lines;
} ScriptStream;

typedef struct {
	TaskContext *context;
	ScriptStream streams[2]; // standard output, standard error
	json_t *vars;
	size_t vars_bytes;
} ScriptOutput;

void script_output_init(ScriptOutput *output, TaskContext *context);
void script_output_clear(ScriptOutput *output);
// The function of ProcessSpec.output; data is a ScriptOutput.
void script_output_take(int stream, const char *bytes, size_t length, void *data);
// Ends lines that have no line feed.
void script_output_end(ScriptOutput *output);
