// Places where a test may have the process die. In the program itself the hook is NULL.
#pragma once

#include <stddef.h>

// Called with the name of the place: "claimed", "stepped", "written", "committed", "dispatched", "ran". Set before threads
// are started.
extern void (*runner_failpoint)(const char *place);

static inline void failpoint(const char *place)
{
	if (runner_failpoint != NULL)
		runner_failpoint(place);
}
