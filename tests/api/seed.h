// A store with something of everything in it.
#pragma once

#include "store/run.h"

typedef struct {
	char run_ended[27]; // of sales.orders, with a log of 50 lines in two chunks
	char run_running[27]; // of sales.load, with a secret input and as long a log
	StoreLease lease; // of run_running
} Seed;

// Fills the store. Aborts the test on any failure.
void seed_fill(Store *store, Seed *seed);

// Adds a line to the log of a run; ends it.
void seed_log(Store *store, const StoreLease *lease, const char *line);
void seed_end(Store *store, const StoreLease *lease);

// Adds a run of sales.orders that has not begun. id (27 bytes) may be NULL.
void seed_run(Store *store, char *id);
