#include "bench/bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static unsigned missed;

double bench_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double bench_median(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, compare_doubles);
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static const char *verdict(bool holds)
{
	if (!holds)
		missed++;
	return holds ? "holds" : "MISSED";
}

double bench_ratio(const char *name, BenchWork subject, void *subject_data, BenchWork floor,
	void *floor_data, unsigned rounds, double limit, bool at_least)
{
	g_autofree double *subjects = g_new(double, rounds);
	g_autofree double *floors = g_new(double, rounds);
	g_autofree double *ratios = g_new(double, rounds);
	double ratio;

	for (unsigned round = 0; round <= rounds; round++) {
		double floor_seconds = floor(floor_data);
		double subject_seconds = subject(subject_data);

		if (round == 0)
			continue;
		floors[round - 1] = floor_seconds;
		subjects[round - 1] = subject_seconds;
		ratios[round - 1] = subject_seconds / floor_seconds;
	}
	ratio = bench_median(ratios, rounds);
	printf("%-44s %10.3f ms, floor %10.3f ms, ratio %6.2f", name,
		bench_median(subjects, rounds) * 1e3, bench_median(floors, rounds) * 1e3, ratio);
	if (limit > 0) {
		bool holds = at_least ? ratio >= limit : ratio <= limit;

		printf(" (at %s %.2f: %s)", at_least ? "least" : "most", limit, verdict(holds));
	}
	putchar('\n');
	fflush(stdout);
	return ratio;
}

bool bench_figure(const char *name, double value, const char *unit, double limit)
{
	bool holds = limit <= 0 || value <= limit;

	printf("%-44s %10.3f %s", name, value, unit);
	if (limit > 0)
		printf(" (at most %.3f: %s)", limit, verdict(holds));
	putchar('\n');
	fflush(stdout);
	return holds;
}

char *bench_folder_new(void)
{
	g_autoptr(GError) error = NULL;
	char *path = g_dir_make_tmp("weir-bench-XXXXXX", &error);

	if (path == NULL)
		g_error("%s", error->message);
	return path;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

void bench_folder_remove(const char *path)
{
	nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
}

unsigned bench_missed(void)
{
	return missed;
}
