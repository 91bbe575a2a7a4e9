// A library that is loaded when it is first needed, and not by every start of the program: libcurl, for one, brings thirty others.
#pragma once

#include <stddef.h>

// Where the address of a function of the library goes.
typedef struct {
	const char *name;
	size_t offset; // into the caller's struct of function pointers
} SharedSymbol;

// The row of a function pointer of a struct.
#define SHARED_SYMBOL(name, type, member)                                                          \
	{                                                                                          \
		(name), offsetof(type, member)                                                     \
	}

// Loads a library for the life of the process, and fills the struct. Returns NULL, or why it cannot be used: "it has no 'x'", or
// what the loader says; free with g_free. Thread-safe for structs of one's own.
char *shared_library_load(
	const char *library, const SharedSymbol *symbols, size_t count, void *functions);
