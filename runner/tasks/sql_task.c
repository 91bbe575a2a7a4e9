#include "runner/tasks/sql_task.h"

#include <string.h>

#include "runner/tasks/sql_record.h"

enum {
	SAMPLE_LIMIT = 100, // failing rows kept a check
};

static json_t *evaluate(void *context, const char *expression, GError **error)
{
	return task_context_evaluate(context, expression, error);
}

SqlHost sql_task_host(TaskContext *context)
{
	return (SqlHost){.evaluate = evaluate, .data = context};
}

static void log_text(void *context, TaskLogLevel level, const char *text)
{
	task_context_log(context, level, "%s", text);
}

static bool cancelled(void *context)
{
	return task_context_cancelled(context);
}

static void cancel(void *connection)
{
	db_cancel(connection);
}

void sql_task_connected(void *context, DbConnection *connection)
{
	task_context_on_cancel(context, connection == NULL ? NULL : cancel, connection);
}

BuildRequest sql_task_request(TaskContext *context)
{
	return (BuildRequest){
		.run_id = task_context_run_id(context),
		.task_run_id = task_context_task_run_id(context),
		.attempt = task_context_attempt(context),
		.revision = task_context_revision(context),
		.host = sql_task_host(context),
		.log = log_text,
		.cancelled = cancelled,
		.connected = sql_task_connected,
		.trouble = sql_task_trouble,
		.data = context,
		.sample_limit = SAMPLE_LIMIT,
	};
}

// ---- Tables

static void *tables_new(void *texts)
{
	QueryTables *tables = g_new0(QueryTables, 1);

	query_tables_init(tables, "sqlite", texts);
	return tables;
}

static void tables_free(void *tables)
{
	query_tables_clear(tables);
	g_free(tables);
}

const QueryTables *sql_task_tables(TaskContext *context, const char *const *texts)
{
	return task_context_keep(context, tables_new, (void *)(uintptr_t)texts, tables_free);
}

void sql_task_translate_error(GError **error)
{
	g_autofree char *message = NULL;

	if (error == NULL || !g_error_matches(*error, DB_ERROR, DB_ERROR_CANCELLED))
		return;
	message = g_strdup((*error)->message);
	g_clear_error(error);
	g_set_error_literal(error, TASK_ERROR, TASK_ERROR_CANCELLED, message);
}

// ---- URLs

// How JDBC begins a URL, and how weir does.
static const struct {
	const char *jdbc;
	const char *own;
} SCHEMES[] = {
	{"jdbc:sqlite:", "sqlite:"},
	{"jdbc:postgresql:", "postgresql:"},
	{"jdbc:mysql:", "mysql:"},
	{"jdbc:mariadb:", "mysql:"},
	{"jdbc:redshift:", "postgresql:"},
};

// "x.db" in the task's folder, ":memory:" and nothing at all for a private database.
static char *place_file(const char *file, const char *folder)
{
	if (*file == '\0' || strcmp(file, ":memory:") == 0)
		return g_strdup("sqlite::memory:");
	if (*file == '/' || folder == NULL)
		return g_strconcat("sqlite:", file, NULL);
	return g_strconcat("sqlite:", folder, "/", file, NULL);
}

char *sql_task_url_convert(const char *url, const char *folder)
{
	for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
		const char *rest = url + strlen(SCHEMES[i].jdbc);

		if (!g_str_has_prefix(url, SCHEMES[i].jdbc))
			continue;
		if (strcmp(SCHEMES[i].own, "sqlite:") == 0)
			return place_file(
				g_str_has_prefix(rest, "file:") ? rest + 5 : rest, folder);
		return g_strconcat(SCHEMES[i].own, rest, NULL);
	}
	return g_strdup(url);
}

char *sql_task_connection_url(TaskContext *context, GError **error)
{
	char *url = task_context_connection_url(context, NULL, error);

	if (url == NULL)
		sql_task_trouble(context, "", *error);
	return url;
}

char *sql_task_url(TaskContext *context, GError **error)
{
	g_autofree char *url = NULL;
	const char *folder;

	if (!task_context_text(context, "url", &url, error))
		return NULL;
	if (url == NULL)
		return sql_task_connection_url(context, error);
	folder = task_context_folder(context, error);
	return folder == NULL ? NULL : sql_task_url_convert(url, folder);
}
