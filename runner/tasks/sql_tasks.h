// The run functions of the SQL task types, for the table of task types.
#pragma once

#include "runner/task_type.h"

bool run_sql_build(TaskContext *context, TaskResult *result, GError **error);
bool run_sql_load(TaskContext *context, TaskResult *result, GError **error);
bool run_sql_query(TaskContext *context, TaskResult *result, GError **error);
bool run_sql_queries(TaskContext *context, TaskResult *result, GError **error);
