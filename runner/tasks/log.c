#include "runner/tasks/tasks.h"

#include "expr/value.h"
#include "store/state.h"

#include <string.h>

static void log_lines(TaskContext *context, LogLevel level, const json_t *message)
{
	g_autofree char *text = NULL;
	size_t size = json_array_size(message);

	for (size_t i = 0; i < size; i++)
		log_lines(context, level, json_array_get(message, i));
	if (json_is_array(message))
		return;
	text = expr_value_text(message);
	task_context_log_text(context, (TaskLogLevel)level, text, strlen(text));
}

TASK_RUN(log)
{
	g_autofree char *level_name = NULL;
	LogLevel level = LOG_LEVEL_INFO;
	json_t *message = NULL;

	(void)result;
	if (!task_context_text(context, "level", &level_name, error) ||
		!task_context_rendered(context, "message", &message, error))
		return false;
	if (level_name != NULL && !log_level_parse(level_name, &level)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'level' is none of TRACE, DEBUG, INFO, WARN, ERROR: '%s'",
			level_name);
		json_decref(message);
		return false;
	}
	if (message != NULL)
		log_lines(context, level, message);
	json_decref(message);
	return true;
}
