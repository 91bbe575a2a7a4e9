#include "runner/tasks/tasks.h"

TASK_RUN(return )
{
	g_autofree char *text = NULL;

	if (!task_context_text(context, "format", &text, error))
		return false;
	// Without a format the output is there too, and null.
	result->outputs = json_pack("{s:s?}", "value", text);
	if (result->outputs != NULL)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property 'format' is not valid UTF-8 when rendered");
	return false;
}
