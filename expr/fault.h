// What is wrong with the text of an expression, and where.
#pragma once

#include <glib.h>

typedef struct {
	size_t offset; // bytes from the start of the text
	unsigned line; // from 1
	unsigned column; // from 1, in characters (not bytes) of that line
	char *message; // lower case, no full stop, names things in 'quotes'; owned
	char *hint; // the cure ("did you mean 'upper'?"); NULL when none is known; owned
} ExprFault;

// Frees a fault; accepts NULL.
void expr_fault_free(ExprFault *fault);

// A list of faults for expr_template_parse(), which owns what is put into it. Free with
// g_ptr_array_unref().
GPtrArray *expr_fault_list_new(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExprFault, expr_fault_free)
