// Places where a test may have the process die. In the program itself the hook is NULL.
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*Failpoint)(const char *place);

// Called with the name of the place: "claimed", "stepped", "written", "committed", "dispatched", "looked", "polled",
// "poll committed", "taken ahead", "ran", "replayed". Any thread, at any time.
extern _Atomic(Failpoint) runner_failpoint;

// Tasks that take less, in microseconds, are short ones (runner_ahead.c): a test says it for a slow build.
extern int64_t runner_brisk;

static inline void failpoint(const char *place)
{
	Failpoint hook = atomic_load_explicit(&runner_failpoint, memory_order_acquire);

	if (hook != NULL)
		hook(place);
}
