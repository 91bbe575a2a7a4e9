// What tests of retention share: a clock of their own, runs with something of everything that belongs to a run, and one pass.
#pragma once

#include "store/retention.h"
#include "store/run.h"
#include "tests/harness/temporary_store.h"

#include <glib.h>

#define DAY (INT64_C(86400) * G_USEC_PER_SEC)

// The tests begin on this day; ids are made by the same clock.
#define FIRST_DAY INT64_C(1732180000000000)

extern int64_t clock_now; // what the test clock says

// A run that node 'n' has claimed, a millisecond after the last one.
StoreLease retention_run_start(Store *store, const StoreRunNew *new_run);

// Ends it; its id, to be freed.
char *retention_run_end(Store *store, StoreLease lease, RunState state);

// A whole run of a flow, ended at once; its id.
char *retention_run(Store *store, const char *flow, RunState state);

// Whether there is a run of that id.
bool retention_run_is_there(Store *store, const char *id);

// How many rows a query of the test's own counts.
int64_t retention_count(const TemporaryStore *place, const char *sql);

// Executes the test's own statements, past weir.
void retention_execute(const TemporaryStore *place, const char *sql);

// Everything that belongs to runs, and the notes of what is left of them.
int64_t retention_rows_of_runs(const TemporaryStore *place);

// Takes steps until there is no more to do.
void retention_pass(StoreRetention *retention);

// One pass of its own, with nothing but the given number of the newest kept. The folders that were dropped, joined by blanks.
char *retention_forget(const TemporaryStore *place, Store *store, unsigned newest);

// The store, with a node 'n'.
Store *retention_store_open(const TemporaryStore *place);

typedef struct {
	const char *path; // below /store/retention
	void (*run)(void);
} RetentionTest;

// The main() of a test program: runs the tests by the test clock.
int retention_main(int argc, char **argv, const RetentionTest *tests, size_t count);
