// The scope that the tests of the expression language share: fixed variables, a fixed clock, a counting "random" source and a
// few host functions.
#pragma once

#include "expr/scope.h"

// The scope; its variables live until test_scope_free().
ExprScope test_scope_new(void);
void test_scope_free(ExprScope *scope);

// A text and what comes of it: the result when error is NULL, else the whole message of the error.
typedef struct {
	const char *text;
	const char *result;
	const char *error;
} RenderCase;

// Renders each case (ended by a row without text) and compares.
void check_render_cases(const RenderCase *cases);
