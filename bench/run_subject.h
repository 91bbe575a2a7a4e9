// What the benchmarks of runs share: a flow that is run to its end on a store of its own.
#pragma once

#include "store/store.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
	const char *name; // of the flow, and of its store's file
	char *definition; // canonical JSON
	const char *folder; // of the durable store; NULL: in memory
	unsigned slots;
	unsigned round; // how many were run so far: each has a store of its own
} RunSubject;

// Ends the program with what the error says, unless ok.
void bench_check(bool ok, const GError *error);
// Makes a flow of the namespace "bench" live.
void bench_flow_put(Store *store, const char *name, char *definition);
// One run of it to its end, on a store that is there; the seconds from its creation on.
double bench_run_once(Store *store, const RunSubject *subject);
// The same on a new store: a BenchWork, with a RunSubject.
double run_subject_seconds(void *subject);

// A flow of count tasks one after the other; task is the rest of each ("type":…).
char *bench_flow_sequence(unsigned count, const char *task);
// count times /bin/true, all at once.
char *bench_flow_parallel(unsigned count);
// A log line for each of count values.
char *bench_flow_foreach(unsigned count);
// `xargs -P2` over so many /bin/true: a BenchWork, with an unsigned.
double bench_xargs_loop(void *count);
