#include "runner/tasks/sql_tasks.h"
#include "runner/tasks/tasks.h"

#include <string.h>

// clang-format off
static const TaskType types[] = {
	{"log", TASK_INTERNAL, 0, run_log, NULL},
	{"return", TASK_INTERNAL, 0, run_return, NULL},
	{"fail", TASK_INTERNAL, 0, run_fail, NULL},
	{"sleep", TASK_INTERNAL, 0, run_sleep, NULL},
	{"labels", TASK_INTERNAL, 0, run_labels, NULL},
	{"outputs", TASK_INTERNAL, 0, run_outputs, NULL},
	{"pause", TASK_INTERNAL, 0, run_pause, wake_pause},
	{"subflow", TASK_INTERNAL, 0, run_subflow, wake_subflow},
	{"shell", TASK_OUTSIDE, 0, run_shell, NULL},
	{"http.request", TASK_OUTSIDE, 0, run_http_request, NULL},
	{"http.download", TASK_OUTSIDE, 0, run_http_download, NULL},
	{"mail.send", TASK_OUTSIDE, 0, run_mail_send, NULL},
	{"notify.slack", TASK_OUTSIDE, 0, run_notify_slack, NULL},
	{"notify.webhook", TASK_OUTSIDE, 0, run_notify_webhook, NULL},
	{"python", TASK_OUTSIDE, 0, run_python, NULL},
	{"node", TASK_OUTSIDE, 0, run_node, NULL},
	// A publish carries a marker in its own dataset: done twice it is done once.
	{"sql.build", TASK_OUTSIDE, TASK_REPEATABLE, run_sql_build, NULL},
	{"sql.load", TASK_OUTSIDE, TASK_REPEATABLE, run_sql_load, NULL},
	{"sql.query", TASK_OUTSIDE, 0, run_sql_query, NULL},
	{"sql.queries", TASK_OUTSIDE, 0, run_sql_queries, NULL},
};
// clang-format on

const TaskType *task_type_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	}
	return NULL;
}
