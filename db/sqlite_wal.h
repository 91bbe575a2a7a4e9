// Writes of the write-ahead log in large pieces. SQLite writes two small ones for each page of a commit; they are put
// together and handed to the system at once when the log is synced, which with full durability is before anyone may see
// the commit. Nobody else includes this but the SQLite driver.
#pragma once

#include <stdbool.h>

// The name of the VFS to open databases with, registered when first asked for; NULL when it cannot be. Only for
// connections with full durability: without the sync of each commit, other processes would look for pages that are not in
// the file yet. fills: zeros are written ahead of small commits. Thread-safe.
const char *sqlite_wal_vfs(bool fills);
