// Check results, rejected rows and publications on their way into the store, which is when the task's end is committed.
#pragma once

#include "runner/tasks/sql_task.h"
