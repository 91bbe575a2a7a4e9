// The run functions of the task types, one file each (small relatives share one). Names are run_<type> and wake_<type>.
#pragma once

#include "runner/task_type.h"

#define TASK_RUN(name) bool run_##name(TaskContext *context, TaskResult *result, GError **error)
#define TASK_WAKE(name)                                                                            \
	bool wake_##name(                                                                          \
		TaskContext *context, const TaskWake *wake, TaskResult *result, GError **error)

TASK_RUN(log);
TASK_RUN(return );
TASK_RUN(fail);
TASK_RUN(sleep);
TASK_RUN(labels);
TASK_RUN(outputs);
TASK_RUN(pause);
TASK_WAKE(pause);
TASK_RUN(subflow);
TASK_WAKE(subflow);
TASK_RUN(shell);
TASK_RUN(http_request);
TASK_RUN(http_download);
TASK_RUN(mail_send);
TASK_RUN(notify_slack);
TASK_RUN(notify_webhook);
TASK_RUN(python);
TASK_RUN(node);
