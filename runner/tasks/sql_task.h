// What the four SQL task types share: their host for expressions, URLs, cancelling, and records for the store.
#pragma once

#include "db/db.h"
#include "runner/build/build.h"
#include "runner/build/query_source.h"
#include "runner/load/load_source.h"
#include "runner/task_type.h"

// Evaluates expressions of SQL in the scope of the task run.
SqlHost sql_task_host(TaskContext *context);
// BuildRequest.connected: a cancel of the task cancels the connection.
void sql_task_connected(void *context, DbConnection *connection);
// What a build is told of the task that asks for it: the task run, and whom to log and note trouble to; a cancel of the task
// cancels its connection. What is built is for the caller to say.
BuildRequest sql_task_request(TaskContext *context);

// BuildRequest.trouble: notes that a dataset ("": the connection as a whole) could not be used for the error, until it can be
// again (error NULL). Errors of other kinds are not noted.
void sql_task_trouble(void *context, const char *dataset, const GError *error);

// The URL of the task's connection; that there is none is noted. error must not be NULL. Free with g_free.
char *sql_task_connection_url(TaskContext *context, GError **error);
// The URL to connect to: property `url` (also as JDBC writes it), else the connection's. Free with g_free.
char *sql_task_url(TaskContext *context, GError **error);
// "jdbc:sqlite:/x" -> "sqlite:/x"; folder: where a relative file is. Free with g_free.
char *sql_task_url_convert(const char *url, const char *folder);

// The tables of the task's texts, which must come from its definition as they are; borrowed. texts ends with NULL.
const QueryTables *sql_task_tables(TaskContext *context, const char *const *texts);

// A GError of a cancelled statement becomes TASK_ERROR_CANCELLED.
void sql_task_translate_error(GError **error);

// What a build left to be written into the store when the task ends: check results and rejected rows in any case, the
// publication when it succeeded. load may be NULL; file is what its rejects name.
void sql_task_record(TaskContext *context, const Build *build, bool published,
	const char *fingerprint, const LoadSource *load, const char *file);
