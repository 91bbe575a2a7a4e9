// What ssh's own words mean, and the cure.
#pragma once

#include "reconciler/source_fetch.h"

// Has the fetch fail because ssh ended without an answer. said: all that came on its stderr, with debugging at level 1.
void ssh_report(Fetch *fetch, const char *said);
// The same when it ended in the middle of one.
void ssh_report_broken(Fetch *fetch, const char *said);
