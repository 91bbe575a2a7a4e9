// The run functions of the SQL task types, for the table of task types.
#pragma once

#include "runner/task_type.h"

bool task_sql_build_run(TaskContext *context, TaskResult *result, GError **error);
bool task_sql_load_run(TaskContext *context, TaskResult *result, GError **error);
bool task_sql_query_run(TaskContext *context, TaskResult *result, GError **error);
bool task_sql_queries_run(TaskContext *context, TaskResult *result, GError **error);
