// Filters, functions and tests: rows of const tables, which the parser checks names and arity against. Private to this
// folder.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAX_PARAMETERS = 6, ANY_NUMBER = -1 };

typedef struct ExprEval ExprEval;

// Carries out a filter, a function or a test. input is the value before the bar (NULL for a function); arguments has one
// entry per parameter, NULL where left out, and count is the number of entries. All are borrowed. Returns a new reference, or
// NULL after eval_fail(). A test returns a boolean.
typedef json_t *(*ExprApply)(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count);

typedef enum {
	CALLEE_TAKES_NULL =
		1, // is applied to null as well (a filter gives null for null otherwise)
	CALLEE_TAKES_UNDEFINED = 2, // an undefined input is null (default, is defined, …)
	CALLEE_HOST = 4, // carried out by the scope's host table
} CalleeFlags;

typedef struct ExprCallee {
	const char *name;
	const char *parameters[MAX_PARAMETERS]; // in order, for named arguments
	int8_t min_arguments;
	int8_t max_arguments; // ANY_NUMBER: as many as wanted, without names
	uint8_t flags; // CalleeFlags
	ExprApply apply;
} ExprCallee;

typedef struct {
	const char *kind; // "filter"
	const ExprCallee *const *tables; // each ended by a row whose name is NULL; ended by NULL
} ExprCalleeKind;

extern const ExprCalleeKind expr_filters, expr_functions, expr_tests;

// Finds a row by name; NULL when there is none, with *nearest set to the name most like it or NULL.
const ExprCallee *expr_callee_find(
	const ExprCalleeKind *kind, const char *name, const char **nearest);

// The tables, one a file.
extern const ExprCallee filters_string[], filters_encode[], filters_number[], filters_collection[],
	filters_date[], filters_ion[], filters_json[], filters_type[], filters_yaml[],
	functions_value[], functions_date[], functions_host[], functions_ion[], functions_render[],
	tests_value[];
