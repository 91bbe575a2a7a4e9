// What the benchmarks share: a subject and a floor, timed in turn in the same run, and the median of their ratios.
#pragma once

#include <glib.h>
#include <stdbool.h>

// One timed piece of work; returns the seconds that count (its own set-up left out).
typedef double (*BenchWork)(void *data);

// Seconds of a clock that only goes forward.
double bench_seconds(void);

// Runs floor and subject in turn, rounds times (after one uncounted round), and prints a line with both medians, the median
// ratio, its limit and whether it holds. limit 0: the ratio is only told. at_least: the ratio must not be below the limit
// (rates) instead of not above it (times). Returns the median ratio.
double bench_ratio(const char *name, BenchWork subject, void *subject_data, BenchWork floor,
	void *floor_data, unsigned rounds, double limit, bool at_least);

// Prints one figure with its unit and limit (0: none); not above the limit. Returns whether it holds.
bool bench_figure(const char *name, double value, const char *unit, double limit);

// The median of count values; sorts them.
double bench_median(double *values, unsigned count);

// A folder that is made below $TMPDIR, and how it is removed with everything in it. The name is freed by the caller.
char *bench_folder_new(void);
void bench_folder_remove(const char *path);

// How many limits were missed so far; the exit status of a benchmark is 0 all the same: it tells, it does not judge.
unsigned bench_missed(void);
