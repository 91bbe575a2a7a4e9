// sql.load: loads a file into a table, with the declared schema; the same stage -> check -> publish as sql.build.
#include "runner/tasks/sql_tasks.h"

#include <string.h>

#include "repo-layout/flow.h"
#include "runner/tasks/sql_task.h"
#include "store/table.h"

typedef struct {
	char *table;
	char *feed;
	char *url;
	char *from; // as written
	char *path;
	char *format;
	char *delimiter;
	char *quote;
	char *null_text;
	char *encoding;
	char *on_bad_row;
	bool header;
	int64_t skip;
	int64_t max_bad_rows;
	json_t *schema;
	json_t *columns;
	bool allow_breaking;
	LoadOptions options;
} Settings;

static void settings_clear(Settings *settings)
{
	g_free(settings->table);
	g_free(settings->feed);
	g_free(settings->url);
	g_free(settings->from);
	g_free(settings->path);
	g_free(settings->format);
	g_free(settings->delimiter);
	g_free(settings->quote);
	g_free(settings->null_text);
	g_free(settings->encoding);
	g_free(settings->on_bad_row);
	json_decref(settings->schema);
	json_decref(settings->columns);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)

static bool refuse(GError **error, const char *key, const char *text)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "property '%s' %s", key, text);
	return false;
}

static bool read_texts(TaskContext *context, Settings *settings, GError **error)
{
	const struct {
		const char *key;
		char **value;
	} TEXTS[] = {
		{"table", &settings->table},
		{"feed", &settings->feed},
		{"from", &settings->from},
		{"format", &settings->format},
		{"delimiter", &settings->delimiter},
		{"quote", &settings->quote},
		{"null", &settings->null_text},
		{"encoding", &settings->encoding},
		{"on_bad_row", &settings->on_bad_row},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++)
		if (!task_context_text(context, TEXTS[i].key, TEXTS[i].value, error))
			return false;
	return task_context_bool(context, "header", true, &settings->header, error) &&
	       task_context_integer(context, "skip", 0, &settings->skip, error) &&
	       task_context_integer(context, "max_bad_rows", -1, &settings->max_bad_rows, error) &&
	       task_context_json(context, "columns", &settings->columns, error);
}

// The schema of the task itself, else what a commit declares for the table.
static bool find_schema(TaskContext *context, Settings *settings, GError **error)
{
	const json_t *own = task_context_raw(context, "schema");
	g_autoptr(StoreTable) table = NULL;

	if (json_is_array(own) || json_is_object(own)) {
		settings->schema = json_incref((json_t *)(uintptr_t)own);
		return true;
	}
	if (settings->table == NULL)
		return refuse(error, "table", "must be <dataset>.<table>");
	if (!store_table_get(task_context_store(context), settings->table, &table, error))
		return false;
	if (table == NULL || table->schema == NULL)
		return true;
	settings->allow_breaking = table->allow_breaking;
	settings->schema = json_loads(table->schema, 0, NULL);
	return true;
}

static const struct {
	const char *name; // also the ending of a file's name
	LoadFormat format;
	char delimiter;
} FORMATS[] = {
	{"csv", LOAD_CSV, ','},
	{"tsv", LOAD_CSV, '\t'},
	{"jsonl", LOAD_JSON_LINES, 0},
	{"json", LOAD_JSON_LINES, 0},
	{"ndjson", LOAD_JSON_LINES, 0},
};

static bool choose_format(Settings *settings, GError **error)
{
	const char *dot = strrchr(settings->path, '.');
	const char *name = settings->format != NULL ? settings->format
			   : dot != NULL	    ? dot + 1
						    : "csv";

	for (size_t i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
		if (g_ascii_strcasecmp(FORMATS[i].name, name) != 0)
			continue;
		settings->options.format = FORMATS[i].format;
		settings->options.delimiter = FORMATS[i].delimiter;
		return true;
	}
	if (settings->format != NULL)
		return refuse(error, "format", "must be csv, tsv or json (one object a line)");
	settings->options.delimiter = ',';
	return true;
}

static bool single_byte(const char *text, const char *key, char *ret_byte, GError **error)
{
	if (text == NULL)
		return true;
	if (strcmp(text, "\\t") == 0)
		text = "\t";
	if (strlen(text) != 1 || *text == '\n' || *text == '\r')
		return refuse(error, key, "must be one ASCII character");
	*ret_byte = *text;
	return true;
}

static bool set_options(Settings *settings, GError **error)
{
	LoadOptions *options = &settings->options;

	if (!choose_format(settings, error) ||
		!single_byte(settings->delimiter, "delimiter", &options->delimiter, error))
		return false;
	options->no_quote = settings->quote != NULL && *settings->quote == '\0';
	if (!options->no_quote && !single_byte(settings->quote, "quote", &options->quote, error))
		return false;
	if (settings->encoding != NULL && g_ascii_strcasecmp(settings->encoding, "UTF-8") != 0 &&
		g_ascii_strcasecmp(settings->encoding, "UTF8") != 0)
		return refuse(error, "encoding", "must be UTF-8");
	if (settings->skip < 0 || settings->skip > G_MAXINT32)
		return refuse(error, "skip", "must be a number of lines");
	options->path = settings->path;
	options->no_header = !settings->header;
	options->null_text = settings->null_text;
	options->skip = (unsigned)settings->skip;
	options->columns = settings->columns;
	options->reject = settings->on_bad_row != NULL &&
			  g_ascii_strcasecmp(settings->on_bad_row, "reject") == 0;
	options->max_bad_rows = settings->max_bad_rows;
	return true;
}

static bool read_settings(TaskContext *context, Settings *settings, GError **error)
{
	if (!read_texts(context, settings, error))
		return false;
	if (settings->from == NULL || *settings->from == '\0')
		return refuse(error, "from", "must name the file to load");
	settings->path = task_context_open_path(context, settings->from, error);
	if (settings->path == NULL || !set_options(settings, error) ||
		!find_schema(context, settings, error))
		return false;
	settings->url = sql_task_url(context, error);
	return settings->url != NULL;
}

static BuildRequest request_of(TaskContext *context, const Settings *settings)
{
	BuildRequest request = sql_task_request(context);

	request.url = settings->url;
	request.table = settings->table;
	request.feed = settings->feed != NULL ? settings->feed : "WRITE_APPEND";
	request.properties = task_context_task(context)->properties;
	request.schema = settings->schema;
	request.allow_breaking = settings->allow_breaking;
	return request;
}

// How many rows were left out is in the line before; why the first was is here.
static void log_rejected(TaskContext *context, const LoadSource *load, bool all)
{
	const GPtrArray *rejects = load_source_rejects(load);
	const LoadReject *first = rejects->len == 0 ? NULL : rejects->pdata[0];

	if (first != NULL)
		task_context_log(context, TASK_LOG_WARN,
			"%s; the first is line %" G_GINT64_FORMAT ", column '%s': %s",
			all ? "every row was rejected" : "some rows were rejected",
			(int64_t)first->line, first->column != NULL ? first->column : "-",
			first->reason);
}

static void finish(TaskContext *context, const Build *build, const LoadSource *load,
	const Settings *settings, TaskResult *result)
{
	int64_t rejected = json_integer_value(json_object_get(build->outputs, "rejected"));

	result->outputs = json_incref(build->outputs);
	result->warning = build->warned || rejected > 0;
	task_context_log(context, TASK_LOG_INFO,
		"loaded %" G_GINT64_FORMAT " rows of '%s' into '%s', %" G_GINT64_FORMAT " rejected",
		build->staged, settings->from, settings->table, rejected);
	if (rejected > 0)
		log_rejected(context, load, build->staged == 0);
}

bool run_sql_load(TaskContext *context, TaskResult *result, GError **error)
{
	g_auto(Settings) settings = {0};
	g_autoptr(LoadSource) load = NULL;
	g_autoptr(Build) build = NULL;
	BuildRequest request;
	BuildSource source;
	bool done;

	if (!read_settings(context, &settings, error))
		return false;
	load = load_source_new(&settings.options);
	request = request_of(context, &settings);
	source = load_source_rows(load);
	build = build_new(&request, &source, error);
	if (build == NULL)
		return false;
	done = build_run(build, error);
	sql_task_record(context, build, done, NULL, load, settings.from);
	if (!done) {
		sql_task_translate_error(error);
		g_prefix_error(error, "'%s': ", settings.from);
		return false;
	}
	finish(context, build, load, &settings, result);
	return true;
}
