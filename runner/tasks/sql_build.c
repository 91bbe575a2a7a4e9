// sql.build: makes a table of a query's rows, or a view of the query: stage -> check -> publish -> record.
#include "runner/tasks/sql_tasks.h"

#include <string.h>

#include "repo-layout/flow.h"
#include "repo-layout/sql_template.h"
#include "runner/tasks/sql_task.h"

typedef struct {
	char *table;
	char *feed;
	char *url;
	const char *sql;
	const json_t *properties;
	bool allow_breaking;
	bool allow_raw;
	const QueryTables *tables;
} Settings;

static void settings_clear(Settings *settings)
{
	g_free(settings->table);
	g_free(settings->feed);
	g_free(settings->url);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)

// The texts of `sql` checks read tables too.
static const char **texts_of(const Settings *settings)
{
	const json_t *checks = json_object_get(settings->properties, "checks");
	const char **texts = g_new0(const char *, json_array_size(checks) + 2);
	unsigned count = 0;
	size_t i;
	json_t *check;

	texts[count++] = settings->sql;
	json_array_foreach(checks, i, check)
	{
		const char *text = json_string_value(json_object_get(check, "sql"));

		if (text != NULL)
			texts[count++] = text;
	}
	return texts;
}

static bool read_settings(TaskContext *context, Settings *settings, GError **error)
{
	g_autofree const char **texts = NULL;

	settings->properties = task_context_task(context)->properties;
	settings->sql = json_string_value(task_context_raw(context, "sql"));
	if (settings->sql == NULL) {
		g_set_error_literal(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'sql' must be the query's text");
		return false;
	}
	if (!task_context_text(context, "table", &settings->table, error) ||
		!task_context_text(context, "feed", &settings->feed, error) ||
		!task_context_bool(
			context, "allow_breaking", false, &settings->allow_breaking, error) ||
		!task_context_bool(context, "allow_raw", false, &settings->allow_raw, error))
		return false;
	settings->url = sql_task_connection_url(context, error);
	if (settings->url == NULL)
		return false;
	texts = texts_of(settings);
	settings->tables = sql_task_tables(context, texts);
	return true;
}

static BuildRequest request_of(TaskContext *context, const Settings *settings)
{
	BuildRequest request = sql_task_request(context);

	request.url = settings->url;
	request.table = settings->table;
	request.feed = settings->feed;
	request.fingerprint = settings->tables->fingerprint;
	request.properties = settings->properties;
	request.schema = json_object_get(settings->properties, "schema");
	request.allow_breaking = settings->allow_breaking;
	request.datasets = (const char *const *)settings->tables->datasets->pdata;
	request.reads = (const char *const *)settings->tables->reads->pdata;
	request.unqualified = (const char *const *)settings->tables->unqualified->pdata;
	request.host.allow_raw = settings->allow_raw;
	return request;
}

static void log_result(TaskContext *context, const Build *build)
{
	if (build->replayed)
		task_context_log(context, TASK_LOG_INFO,
			"an earlier attempt had published '%s.%s' already", build->dataset,
			build->name);
	else if (build->rows < 0)
		task_context_log(context, TASK_LOG_INFO, "published the view '%s.%s'",
			build->dataset, build->name);
	else
		task_context_log(context, TASK_LOG_INFO,
			"published '%s.%s': %" G_GINT64_FORMAT " rows staged, %" G_GINT64_FORMAT
			" inserted, %" G_GINT64_FORMAT " updated, %" G_GINT64_FORMAT
			" deleted; it has %" G_GINT64_FORMAT " rows",
			build->dataset, build->name, build->staged, build->inserted, build->updated,
			build->deleted, build->rows);
}

bool run_sql_build(TaskContext *context, TaskResult *result, GError **error)
{
	g_auto(Settings) settings = {0};
	g_autoptr(Build) build = NULL;
	BuildRequest request;
	BuildSource source;
	bool done;

	if (!read_settings(context, &settings, error))
		return false;
	request = request_of(context, &settings);
	source = query_source(settings.sql);
	build = build_new(&request, &source, error);
	if (build == NULL)
		return false;
	done = build_run(build, error);
	sql_task_record(context, build, done, settings.tables->fingerprint, NULL, NULL);
	if (!done) {
		sql_task_translate_error(error);
		return false;
	}
	log_result(context, build);
	result->outputs = json_incref(build->outputs);
	result->warning = build->warned;
	return true;
}
