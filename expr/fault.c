#include "expr/fault.h"

void expr_fault_free(ExprFault *fault)
{
	if (fault == NULL)
		return;
	g_free(fault->message);
	g_free(fault->hint);
	g_free(fault);
}

static void free_element(gpointer fault)
{
	expr_fault_free(fault);
}

GPtrArray *expr_fault_list_new(void)
{
	return g_ptr_array_new_with_free_func(free_element);
}
