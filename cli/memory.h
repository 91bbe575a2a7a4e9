// Giving memory back that only the start, or a large piece of work, needed.
#pragma once

// Returns freed memory to the system, and lets go of code and constants of the program and its libraries that lie in memory
// unchanged: what is needed again comes back from the page cache. Takes about a millisecond. Thread-safe.
void memory_give_back(void);
