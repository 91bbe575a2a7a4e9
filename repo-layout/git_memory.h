// The size of what libgit2 loads. An object says how large it is only when it is looked up, and looking it up costs as
// much as reading it: so it is read at once, and memory for one that is larger than wanted is refused before a byte of it
// is unpacked. Process-wide, and only ever in force on the thread that asked.
#pragma once

#include <stddef.h>

// Makes libgit2 take its memory through this file. Thread-safe; any number of times, before or after
// git_libgit2_init(): the memory itself comes from malloc() as before.
void git_memory_install(void);

// Until git_memory_release(), libgit2 on this thread gets no block larger than bytes.
void git_memory_limit(size_t bytes);
void git_memory_release(void);
