#include "cli/memory.h"

#include <glib.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

// A mapping of a file as /proc/self/smaps lists it.
typedef struct {
	uintptr_t begin, end;
	bool candidate; // of a file, and not writable
} Mapping;

// The first line of a mapping: "begin-end rwxp offset device inode path". False for the lines about it.
static bool read_head(const char *line, Mapping *mapping)
{
	char permissions[5] = "", path[2] = "";
	unsigned long begin, end;

	if (sscanf(line, "%lx-%lx %4s %*x %*s %*u %1s", &begin, &end, permissions, path) < 3)
		return false;
	*mapping = (Mapping){begin, end,
		*path == '/' && permissions[0] == 'r' && permissions[1] == '-' &&
			permissions[3] == 'p'};
	return true;
}

// Pages that were written to (relocations, for one) exist only in memory: a mapping that has any is left alone.
static void drop(const Mapping *mapping)
{
	madvise((void *)mapping->begin, mapping->end - mapping->begin, MADV_DONTNEED);
}

void memory_give_back(void)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	Mapping mapping = {0};
	char line[512];
	unsigned long kilobytes;

	malloc_trim(0);
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (read_head(line, &mapping))
			continue;
		if (mapping.candidate && sscanf(line, "Anonymous: %lu kB", &kilobytes) == 1 &&
			kilobytes == 0)
			drop(&mapping);
	}
	fclose(file);
}
