// What a template sees when it is evaluated: the caller's variables, clock and functions, and the
// limits it runs under. The expression language itself has no clock, no randomness and no I/O; all
// of it comes from here.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ExprScope ExprScope;

// A function of the language that only the caller can carry out (see `expr/functions_host.c` for the
// names and their parameters; the parser has checked name, arity and parameter names). arguments
// has one entry for each parameter of the function, in the order of the table, NULL where the
// template left it out; they are borrowed. Returns a new reference, or NULL with error set (any
// domain; the text is reported behind the place in the template).
typedef json_t *(*ExprHostCall)(void *data, json_t *const *arguments, size_t count, GError **error);

typedef struct {
	const char *name; // "secret"
	ExprHostCall call;
} ExprHostFunction;

struct ExprScope {
	// Finds a variable. names[0] is its root ("outputs"), names[1…count-1] the steps that
	// follow, as far as they are names (`outputs.load['a b'].rows[0]` gives outputs, load, a b,
	// rows). Answer with the value of as many leading names as is convenient: set *used to
	// their number (1…count) and return a new reference; the evaluator takes the remaining
	// steps itself. So a caller may answer the root with one big object, or look up only
	// outputs.load. Undefined: return NULL, with *used counting the names up to and including
	// the first unknown one.
	json_t *(*variable)(void *data, const char *const *names, size_t count, size_t *used);
	// Adds (g_strdup'ed) names that could stand at the place of names[count - 1], for "did you
	// mean". May be NULL.
	void (*candidates)(
		void *data, const char *const *names, size_t count, GPtrArray *candidates);
	// Microseconds since the epoch, for now() and its like. NULL: those functions say they are
	// not available here.
	int64_t (*clock)(void *data);
	// 64 random bits, for uuid(), id() and randomInt(). NULL: as above.
	uint64_t (*random)(void *data);
	const ExprHostFunction *functions; // ended by {NULL}; may be NULL
	void *data; // handed to all of the above
	void *functions_data; // handed to functions instead, when it is set
	const char *time_zone; // where dates are shown that name no zone of their own; NULL is UTC
};

// The simplest scope: each member of an object is a root variable. The object is borrowed for as
// long as the scope is used; clock, random and functions may be set afterwards.
ExprScope expr_scope_over(json_t *variables);

// What one rendering may cost. A limit of 0 stands for the default.
typedef struct {
	uint64_t steps; // nodes evaluated, list items touched, 64-byte blocks written; default
		// 10,000,000
	unsigned depth; // nesting of expressions and render() calls, in the text and when run;
		// default 1,000
	size_t output_bytes; // of the text, and of each value made on the way; default 64 MiB
} ExprLimits;

#define EXPR_ERROR expr_error_quark()
GQuark expr_error_quark(void);

// Why an evaluation failed. The message starts with "LINE:COLUMN: " within the template.
typedef enum {
	EXPR_ERROR_UNDEFINED, // a variable, or a step of its path, does not exist: what `??`
	// catches
	EXPR_ERROR_TYPE, // a value is of the wrong kind for what is done with it
	EXPR_ERROR_VALUE, // a value of the right kind that cannot be used (a date that cannot be
	// read, n / 0, …)
	EXPR_ERROR_LIMIT, // a limit of ExprLimits was passed
	EXPR_ERROR_HOST, // a host function failed, or is not available in this scope
	EXPR_ERROR_SYNTAX, // a text given to render() does not parse
} ExprError;
