#include "repo-layout/git_memory.h"

#include <git2.h>
#include <git2/sys/alloc.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local size_t largest = SIZE_MAX;

static bool fits(size_t count, size_t size)
{
	return size == 0 || count <= largest / size;
}

static void *take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fits(1, size) ? malloc(size) : NULL;
}

static void *take_zeroed(size_t count, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fits(count, size) ? calloc(count, size) : NULL;
}

static void *resize(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fits(1, size) ? realloc(block, size) : NULL;
}

static void *resize_array(void *block, size_t count, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fits(count, size) ? reallocarray(block, count, size) : NULL;
}

static void *take_array(size_t count, size_t size, const char *file, int line)
{
	return resize_array(NULL, count, size, file, line);
}

static char *copy_bytes(const char *text, size_t length, const char *file, int line)
{
	char *copy = take(length + 1, file, line);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

static char *copy_text(const char *text, const char *file, int line)
{
	return copy_bytes(text, strlen(text), file, line);
}

static char *copy_start(const char *text, size_t length, const char *file, int line)
{
	return copy_bytes(text, strnlen(text, length), file, line);
}

static git_allocator limited = {
	.gmalloc = take,
	.gcalloc = take_zeroed,
	.gstrdup = copy_text,
	.gstrndup = copy_start,
	.gsubstrdup = copy_bytes,
	.grealloc = resize,
	.greallocarray = resize_array,
	.gmallocarray = take_array,
	.gfree = free,
};

void git_memory_install(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &limited);
		g_once_init_leave(&done, 1);
	}
}

void git_memory_limit(size_t bytes)
{
	largest = bytes;
}

void git_memory_release(void)
{
	largest = SIZE_MAX;
}
