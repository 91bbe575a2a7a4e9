// What tests of the runner share: flows from YAML into a store, a run of one to its end, and what became of it as text.
#pragma once

#include "runner/runner.h"
#include "store/store.h"

#include <jansson.h>

// Puts the flows of a text ("---" between them) into the store, live. Any fault ends the test.
void bed_flows_put(Store *store, const char *yaml);
// Makes a run of namespace "t"; inputs is JSON or NULL.
void bed_run_create(Store *store, const char *flow, const char *inputs, char id[27]);
// Runs it to its end, by a runner of its own.
void bed_run_to_end(Store *store, const char *id, const RunnerOptions *options);
// A flow 'f' in namespace "t" with these tasks (a YAML list), as YAML. To be freed.
char *bed_flow_of(const char *tasks);
// Runs the first flow of the text on a store in memory. Returns its report (runner/run_report.h); a new reference.
json_t *bed_run(const char *yaml, const char *inputs);
// Likewise, by a runner with these options.
json_t *bed_run_with(const char *yaml, const char *inputs, const RunnerOptions *options);
// "SUCCESS: a=SUCCESS b[x]=FAILED(FAILED,FAILED)": the run's state, and its task runs in the order they were made with their
// attempts when there is more than one, or one with another state.
char *bed_text(const json_t *report);
// Runs the first flow of the text: this is what becomes of it, as bed_text() says it.
void assert_bed_run(const char *yaml, const char *expected);
// The whole log of a run, a line each: "INFO text".
char *bed_log(Store *store, const char *run_id);
