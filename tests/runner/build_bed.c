#include "tests/runner/build_bed.h"

#include <stdlib.h>
#include <string.h>

#include "runner/build/query_source.h"

GString *bed_rejects;

void bed_open(Bed *bed)
{
	*bed = (Bed){0};
	bed->folder = g_dir_make_tmp("weir-build-XXXXXX", NULL);
	g_assert_nonnull(bed->folder);
	bed->url = g_strconcat("sqlite-dir:", bed->folder, NULL);
	bed->variables = json_object();
	bed->log = g_string_new(NULL);
	if (bed_rejects == NULL)
		bed_rejects = g_string_new(NULL);
}

static void forget(Bed *bed)
{
	json_decref(bed->outputs);
	json_decref(bed->samples);
	bed->outputs = bed->samples = NULL;
	g_clear_pointer(&bed->error, g_free);
	g_clear_pointer(&bed->checks, g_ptr_array_unref);
}

void bed_close(Bed *bed)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", bed->folder);

	connection_pool_clear();
	g_assert_cmpint(system(command), ==, 0);
	forget(bed);
	json_decref(bed->variables);
	g_string_free(bed->log, TRUE);
	g_free(bed->folder);
	g_free(bed->url);
	*bed = (Bed){0};
}

static DbConnection *connect_to(const Bed *bed, const char *dataset)
{
	g_autoptr(GError) error = NULL;
	DbConnection *connection = db_open(bed->url, NULL, &error);

	g_assert_no_error(error);
	db_use_dataset(connection, dataset, true, &error);
	g_assert_no_error(error);
	return connection;
}

void bed_execute(const Bed *bed, const char *dataset, const char *sql)
{
	g_autoptr(DbConnection) connection = connect_to(bed, dataset);
	g_autoptr(GError) error = NULL;

	db_execute_script(connection, sql, &error);
	g_assert_no_error(error);
}

char *bed_query(const Bed *bed, const char *dataset, const char *sql)
{
	g_autoptr(DbConnection) connection = connect_to(bed, dataset);
	g_autoptr(GError) error = NULL;
	g_autoptr(DbStatement) statement = db_prepare(connection, sql, &error);
	GString *text = g_string_new(NULL);

	g_assert_no_error(error);
	while (db_step(statement, &error) == DB_STEP_ROW) {
		if (text->len > 0)
			g_string_append_c(text, ' ');
		for (unsigned i = 0; i < db_column_count(statement); i++) {
			const char *value = db_column_text(statement, i, NULL);

			g_string_append_printf(
				text, "%s%s", i > 0 ? "|" : "", value == NULL ? "NULL" : value);
		}
	}
	g_assert_no_error(error);
	return g_string_free(text, FALSE);
}

void bed_assert(const Bed *bed, const char *dataset, const char *sql, const char *rows)
{
	g_autofree char *text = bed_query(bed, dataset, sql);

	g_assert_cmpstr(text, ==, rows);
}

static json_t *evaluate(void *data, const char *expression, GError **error)
{
	const Bed *bed = data;
	json_t *value = json_object_get(bed->variables, expression);

	if (value == NULL)
		g_set_error(
			error, TASK_ERROR, TASK_ERROR_PROPERTY, "'%s' is undefined", expression);
	return json_incref(value);
}

static void log_line(void *data, TaskLogLevel level, const char *text)
{
	const Bed *bed = data;

	g_string_append_printf(bed->log, "%d %s\n", (int)level, text);
}

static void remember(Bed *bed, const Build *build, GError *error)
{
	forget(bed);
	bed->error = error == NULL ? NULL : g_strdup(error->message);
	bed->checks = g_ptr_array_new_with_free_func(g_free);
	if (build == NULL)
		return;
	bed->outputs = json_incref(build->outputs);
	bed->replayed = build->replayed;
	for (unsigned i = 0; i < build->checks->len; i++) {
		const Check *check = build->checks->pdata[i];

		if (check->status == CHECK_PASS)
			continue;
		g_ptr_array_add(bed->checks, check_message(check));
		if (bed->samples == NULL)
			bed->samples = json_incref(check->samples);
	}
}

static BuildRequest request_of(Bed *bed, const json_t *properties, const char *task_run)
{
	return (BuildRequest){
		.url = bed->url,
		.table = json_string_value(json_object_get(properties, "table")),
		.feed = json_string_value(json_object_get(properties, "feed")),
		.run_id = "run",
		.task_run_id = task_run,
		.attempt = 1,
		.revision = 7,
		.fingerprint = "fingerprint",
		.properties = properties,
		.schema = json_object_get(properties, "schema"),
		.allow_breaking = json_is_true(json_object_get(properties, "allow_breaking")),
		.host = {.evaluate = evaluate, .data = bed},
		.log = log_line,
		.data = bed,
		.sample_limit = 3,
	};
}

static json_t *parse(const char *properties)
{
	json_error_t where;
	json_t *json = json_loads(properties, 0, &where);

	if (json == NULL)
		g_error("%s: %s", properties, where.text);
	return json;
}

static bool run(Bed *bed, const BuildRequest *request, const BuildSource *source)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Build) build = build_new(request, source, &error);
	bool done;

	g_string_truncate(bed->log, 0);
	done = build != NULL && build_run(build, &error);

	remember(bed, build, error);
	return done;
}

bool bed_build_as(Bed *bed, unsigned n, const char *properties)
{
	json_t *json = parse(properties);
	g_autofree char *task_run = g_strdup_printf("taskrun%04u", n);
	BuildRequest request = request_of(bed, json, task_run);
	const char *sql = json_string_value(json_object_get(json, "sql"));
	const char *texts[] = {sql, NULL};
	g_auto(QueryTables) tables = {0};
	BuildSource source = query_source(sql);
	bool done;

	query_tables_init(&tables, "sqlite", texts);
	request.datasets = (const char *const *)tables.datasets->pdata;
	request.reads = (const char *const *)tables.reads->pdata;
	request.unqualified = (const char *const *)tables.unqualified->pdata;
	done = run(bed, &request, &source);
	json_decref(json);
	return done;
}

bool bed_build(Bed *bed, const char *properties)
{
	return bed_build_as(bed, ++bed->task_runs, properties);
}

bool bed_load(Bed *bed, const char *properties, LoadOptions options, const char *content)
{
	return bed_load_bytes(bed, properties, options, content, -1);
}

bool bed_load_bytes(
	Bed *bed, const char *properties, LoadOptions options, const char *content, gssize length)
{
	json_t *json = parse(properties);
	g_autofree char *path = g_build_filename(bed->folder, "input", NULL);
	g_autofree char *task_run = g_strdup_printf("taskrun%04u", ++bed->task_runs);
	BuildRequest request = request_of(bed, json, task_run);
	g_autoptr(LoadSource) load = NULL;
	BuildSource source;
	bool done;

	g_assert_true(g_file_set_contents(path, content, length, NULL));
	options.path = path;
	load = load_source_new(&options);
	source = load_source_rows(load);
	done = run(bed, &request, &source);
	g_string_truncate(bed_rejects, 0);
	for (unsigned i = 0; i < load_source_rejects(load)->len; i++) {
		const LoadReject *reject = load_source_rejects(load)->pdata[i];

		g_string_append_printf(bed_rejects, "%" G_GUINT64_FORMAT " %s %s [%s]\n",
			reject->line, reject->column == NULL ? "-" : reject->column, reject->reason,
			reject->text);
	}
	json_decref(json);
	return done;
}
