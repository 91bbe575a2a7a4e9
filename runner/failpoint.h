// Places where a test may have the process die. In the program itself the hook is NULL.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Called with the name of the place: "claimed", "stepped", "written", "committed", "dispatched", "looked", "polled", "poll committed", "taken ahead", "ran", "replayed". Set before threads
// are started.
extern void (*runner_failpoint)(const char *place);

// Tasks that take less, in microseconds, are short ones (runner_ahead.c): a test says it for a slow build.
extern int64_t runner_brisk;

static inline void failpoint(const char *place)
{
	if (runner_failpoint != NULL)
		runner_failpoint(place);
}
