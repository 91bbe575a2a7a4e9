// Commands of a shell, or a script for it.
#include "runner/tasks/script_task.h"
#include "runner/tasks/tasks.h"

TASK_RUN(shell)
{
	static const ScriptLanguage shell = {NULL, NULL, NULL};

	return script_task_run(&shell, context, result, error);
}
