// The process that fetches (see source_process.h): this very program, started anew under another name.
#pragma once

#include <stdbool.h>

#define FETCHER_NAME "weir: fetch"

// A program whose sources may be remote calls this first thing in main(). Returns -1 in an ordinary process, which from then
// on may start processes that fetch; in one of those, and in one that ssh starts to ask for a passphrase, it does the work
// and returns the exit status.
int source_fetcher_main(int argc, char **argv);

// Whether source_fetcher_main() was called.
bool source_fetcher_ready(void);
