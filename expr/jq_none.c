// Stands for jq.c in a build without libjq.
#include "expr/jq.h"
#include "expr/scope.h"

json_t *expr_jq_run(const char *program, const json_t *input, size_t limit, GError **error)
{
	(void)program;
	(void)input;
	(void)limit;
	g_set_error(error, EXPR_ERROR, EXPR_ERROR_HOST,
		"the filter 'jq' is not available: weir was built without jq");
	return NULL;
}
