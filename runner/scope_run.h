// What expressions ask of the run as a whole. The inside of the runner: scope*.c, drive_attempt.c and task_context.c.
#pragma once

#include "runner/drive.h"

// Gives a task that another thread is about to run what its definition asks for. Who drives the run.
void scope_seen_take(const Drive *drive, TaskContext *context);
// The variable `tasks`, of one task or of all (id NULL): {id: {state}} with the values of loops between. A new reference. Any
// thread, with drive->lock.
json_t *scope_run_tasks(const ScopeRef *ref, const char *id);
// Functions; data is a ScopeRef.
json_t *scope_tasks_with_state(void *data, json_t *const *arguments, size_t count, GError **error);
json_t *scope_error_logs(void *data, json_t *const *arguments, size_t count, GError **error);

// ---- scope.c
// All variables, as one map. A new reference. Any thread, with drive->lock.
json_t *scope_context(const ScopeRef *ref);

// ---- scope_files.c: functions, as above. With drive->lock.
json_t *scope_read(void *data, json_t *const *arguments, size_t count, GError **error);
json_t *scope_file_uri(void *data, json_t *const *arguments, size_t count, GError **error);
json_t *scope_file_size(void *data, json_t *const *arguments, size_t count, GError **error);
json_t *scope_file_exists(void *data, json_t *const *arguments, size_t count, GError **error);
json_t *scope_is_file_empty(void *data, json_t *const *arguments, size_t count, GError **error);
