#include "runner/tasks/tasks.h"

#include "expr/value.h"

TASK_RUN(fail)
{
	g_autofree char *message = NULL;
	json_t *condition = NULL;
	bool holds;

	(void)result;
	if (!task_context_json(context, "condition", &condition, error))
		return false;
	holds = condition == NULL || expr_truthy(condition);
	json_decref(condition);
	if (!holds)
		return true;
	if (!task_context_text(context, "errorMessage", &message, error))
		return false;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "%s",
		message != NULL ? message : "the task fails, as it is told to");
	return false;
}
