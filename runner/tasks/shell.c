// Commands of a shell, or a script, in a process group and a folder of their own.
//
// What it writes: standard output is logged as INFO, standard error as ERROR (which alone does not change the task's state;
// warningOnStdErr: true makes it WARNING). A line ::{"outputs": {…}}:: on either stream gives outputs; metrics and logs in
// such lines are accepted, logs are logged.
//
// Outputs: exitCode, vars (what the lines gave), outputFiles (name → URI), stdOutLineCount, stdErrLineCount.
#include "runner/drive.h"
#include "runner/process.h"
#include "runner/tasks/tasks.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE_LIMIT = 64 * 1024, // longer lines are cut
	MARK_LIMIT = 1024 * 1024, // longest ::{…}:: line
	OUTPUTS_LIMIT = 8192 * 1024, // of all ::{…}:: lines together
};

typedef struct {
	GString *line;
	size_t dropped; // bytes of the line that were not kept
	int64_t lines;
} Stream;

typedef struct {
	TaskContext *context;
	Stream streams[2];
	json_t *vars;
	size_t vars_bytes;
} Output;

// ---- What it writes

static bool is_mark(const GString *line)
{
	return line->len > 5 && strncmp(line->str, "::{", 3) == 0 &&
	       strcmp(line->str + line->len - 3, "}::") == 0;
}

static void logs_take(Output *output, const json_t *logs)
{
	for (size_t i = 0; i < json_array_size(logs); i++) {
		const json_t *entry = json_array_get(logs, i);
		const char *message = json_string_value(json_object_get(entry, "message"));
		const char *name = json_string_value(json_object_get(entry, "level"));
		LogLevel level = LOG_LEVEL_INFO;

		if (name != NULL)
			log_level_parse(name, &level);
		if (message != NULL)
			task_context_log_text(
				output->context, (TaskLogLevel)level, message, strlen(message));
	}
}

static bool mark_take(Output *output, const GString *line)
{
	json_t *mark = json_loadb(line->str + 2, line->len - 4, 0, NULL);

	if (!json_is_object(mark)) {
		json_decref(mark);
		return false;
	}
	output->vars_bytes += line->len;
	if (output->vars_bytes <= OUTPUTS_LIMIT)
		json_object_update(output->vars, json_object_get(mark, "outputs"));
	else
		task_context_log(output->context, TASK_LOG_WARN,
			"outputs past %d bytes are left out", OUTPUTS_LIMIT);
	logs_take(output, json_object_get(mark, "logs"));
	json_decref(mark);
	return true;
}

static void line_end(Output *output, int stream)
{
	Stream *in = &output->streams[stream - 1];
	GString *line = in->line;

	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	in->lines++;
	if (in->dropped > 0)
		g_string_append_printf(line, "… (%zu bytes left out)", in->dropped);
	if (!is_mark(line) || !mark_take(output, line))
		task_context_log_text(output->context, stream == 1 ? TASK_LOG_INFO : TASK_LOG_ERROR,
			line->str, line->len);
	g_string_truncate(line, 0);
	in->dropped = 0;
}

static void output_take(int stream, const char *bytes, size_t length, void *data)
{
	Output *output = data;
	Stream *in = &output->streams[stream - 1];

	while (length > 0) {
		const char *end = memchr(bytes, '\n', length);
		size_t part = end == NULL ? length : (size_t)(end - bytes);
		size_t limit = in->line->len >= 3 && strncmp(in->line->str, "::{", 3) == 0
				       ? MARK_LIMIT
				       : LINE_LIMIT;
		size_t room = in->line->len < limit ? limit - in->line->len : 0;

		g_string_append_len(in->line, bytes, (gssize)MIN(part, room));
		in->dropped += part - MIN(part, room);
		if (end == NULL)
			return;
		line_end(output, stream);
		bytes = end + 1;
		length -= part + 1;
	}
}

// ---- What it runs

static bool append_lines(TaskContext *context, const char *key, GString *script, GError **error)
{
	json_t *lines = NULL;
	json_t *parsed = NULL;
	bool ok = task_context_json(context, key, &lines, error);

	if (json_is_string(lines)) {
		// An expression may give the whole list as JSON.
		parsed = json_loads(json_string_value(lines), 0, NULL);
		if (!json_is_array(parsed))
			g_string_append_printf(script, "%s\n", json_string_value(lines));
	}
	for (size_t i = 0; i < json_array_size(json_is_array(parsed) ? parsed : lines); i++) {
		const json_t *line = json_array_get(json_is_array(parsed) ? parsed : lines, i);
		g_autofree char *other = json_is_string(line)
						 ? NULL
						 : json_dumps(line, JSON_COMPACT | JSON_ENCODE_ANY);

		g_string_append_printf(
			script, "%s\n", other != NULL ? other : json_string_value(line));
	}
	json_decref(parsed);
	json_decref(lines);
	return ok;
}

// A command that every shell would run as it stands: no quotes, variables, patterns or operators, and a program named by
// its path, so that it can be neither a builtin nor an alias nor an assignment.
static bool is_plain_command(const char *text, size_t length)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@%+ ";

	return length > 0 && text[0] == '/' && strspn(text, plain) == length;
}

static bool script_text(TaskContext *context, GString *script, bool *ret_plain, GError **error)
{
	g_autofree char *text = NULL;
	bool fail_fast;
	gsize before;

	*ret_plain = false;
	if (!task_context_bool(context, "failFast", true, &fail_fast, error) ||
		!append_lines(context, "beforeCommands", script, error) ||
		!task_context_text(context, "script", &text, error))
		return false;
	before = script->len;
	if (text != NULL)
		g_string_append_printf(script, "%s\n", text);
	else if (!append_lines(context, "commands", script, error))
		return false;
	if (script->len == before) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"there is nothing to run: neither 'commands' nor 'script'");
		return false;
	}
	if (strlen(script->str) != script->len) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "the commands hold a NUL byte");
		return false;
	}
	*ret_plain = before == 0 && is_plain_command(script->str, script->len - 1);
	if (fail_fast && !*ret_plain)
		g_string_prepend(script, "set -e\n");
	return true;
}

static bool argument_lists(TaskContext *context, const GString *script, bool plain,
	GPtrArray *arguments, GError **error)
{
	static const char *const keys[] = {"interpreter", "interpreterArgs"};
	bool given = false;

	for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
		json_t *list = NULL;

		if (!task_context_json(context, keys[k], &list, error))
			return false;
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *word = json_string_value(json_array_get(list, i));

			g_ptr_array_add(arguments, g_strdup(word != NULL ? word : ""));
			given = true;
		}
		json_decref(list);
	}
	if (!given && plain) {
		g_autofree char *line = g_strndup(script->str, script->len - 1);
		g_auto(GStrv) words = g_strsplit(line, " ", -1);

		for (char **word = words; *word != NULL; word++) {
			if (**word != '\0')
				g_ptr_array_add(arguments, g_strdup(*word));
		}
	} else {
		if (!given) {
			g_ptr_array_add(arguments, g_strdup("/bin/sh"));
			g_ptr_array_add(arguments, g_strdup("-c"));
		}
		g_ptr_array_add(arguments, g_strdup(script->str));
	}
	g_ptr_array_add(arguments, NULL);
	return true;
}

static bool environment_make(
	TaskContext *context, const char *folder, GPtrArray *environment, GError **error)
{
	json_t *given = NULL;
	const char *name;
	json_t *value;

	if (!task_context_json(context, "env", &given, error))
		return false;
	if (json_is_string(given)) {
		json_t *parsed = json_loads(json_string_value(given), 0, NULL);

		json_decref(given);
		given = parsed;
	}
	if (json_object_get(given, "PATH") == NULL)
		g_ptr_array_add(environment, g_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/"
						      "sbin:/usr/bin:/sbin:/bin"));
	if (json_object_get(given, "HOME") == NULL)
		g_ptr_array_add(environment, g_strdup_printf("HOME=%s", folder));
	if (json_object_get(given, "TMPDIR") == NULL)
		g_ptr_array_add(environment, g_strdup_printf("TMPDIR=%s", folder));
	if (json_object_get(given, "LANG") == NULL)
		g_ptr_array_add(environment, g_strdup("LANG=C.UTF-8"));
	g_ptr_array_add(environment,
		g_strdup_printf("WEIR_TASK_RUN=%s", task_context_task_run_id(context)));
	json_object_foreach(given, name, value)
	{
		g_autofree char *other =
			json_is_string(value) ? NULL
					      : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		if (*name == '\0' || strchr(name, '=') != NULL) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"property 'env': '%s' is no name of an environment variable", name);
			json_decref(given);
			return false;
		}
		g_ptr_array_add(
			environment, g_strdup_printf("%s=%s", name,
					     other != NULL ? other : json_string_value(value)));
	}
	g_ptr_array_add(environment, NULL);
	json_decref(given);
	return true;
}

// ---- Files

static bool is_inside(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, "/", -1);

	for (char **part = parts; *part != NULL; part++) {
		if (strcmp(*part, "..") == 0)
			return false;
	}
	return *name != '/' && *name != '\0';
}

static bool input_file(TaskContext *context, const char *folder, const char *name,
	const char *content, GError **error)
{
	g_autofree char *target = g_build_filename(folder, name, NULL);
	g_autofree char *parent = g_path_get_dirname(target);
	g_autofree char *bytes = NULL;
	gsize length = strlen(content);

	if (!is_inside(name)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'inputFiles': '%s' leads out of the folder", name);
		return false;
	}
	if (g_str_has_prefix(content, "weir:///")) {
		g_autofree char *path = task_context_open_path(context, content, error);

		if (path == NULL || !g_file_get_contents(path, &bytes, &length, error))
			return false;
		content = bytes;
	}
	if (g_mkdir_with_parents(parent, 0700) < 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make '%s': %s", parent,
			g_strerror(errno));
		return false;
	}
	return g_file_set_contents(target, content, (gssize)length, error);
}

static bool input_files(TaskContext *context, const char *folder, GError **error)
{
	json_t *files = NULL;
	const char *name;
	json_t *value;
	bool ok = task_context_json(context, "inputFiles", &files, error);

	if (ok && json_is_string(files)) {
		json_t *parsed = json_loads(json_string_value(files), 0, NULL);

		json_decref(files);
		files = parsed;
	}
	json_object_foreach(files, name, value)
	{
		g_autofree char *other =
			json_is_string(value) ? NULL
					      : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		ok = ok && input_file(context, folder, name,
				   other != NULL ? other : json_string_value(value), error);
	}
	json_decref(files);
	return ok;
}

static bool output_files(TaskContext *context, const char *folder, json_t *kept, GError **error)
{
	json_t *patterns = NULL;
	bool ok = task_context_json(context, "outputFiles", &patterns, error);

	for (size_t i = 0; ok && i < json_array_size(patterns); i++) {
		const char *pattern = json_string_value(json_array_get(patterns, i));
		g_autofree char *full =
			g_build_filename(folder, pattern != NULL ? pattern : "", NULL);
		glob_t found = {0};

		if (pattern == NULL || !is_inside(pattern) ||
			glob(full, GLOB_NOSORT, NULL, &found) != 0)
			continue;
		for (size_t j = 0; ok && j < found.gl_pathc; j++) {
			struct stat status;

			// A link may lead anywhere: only what is really there is kept.
			if (lstat(found.gl_pathv[j], &status) < 0 || !S_ISREG(status.st_mode))
				continue;
			g_autofree char *uri =
				task_context_keep_file(context, found.gl_pathv[j], error);
			ok = uri != NULL;
			if (ok)
				json_object_set_new(kept, found.gl_pathv[j] + strlen(folder) + 1,
					json_string(uri));
		}
		globfree(&found);
	}
	json_decref(patterns);
	return ok;
}

// ---- Running

static size_t limits_read(TaskContext *context, ProcessLimit limits[5])
{
	static const struct {
		const char *key;
		int resource;
	} known[] = {
		{"memory", RLIMIT_AS},
		{"cpu", RLIMIT_CPU},
		{"files", RLIMIT_NOFILE},
		{"fileSize", RLIMIT_FSIZE},
	};
	const json_t *given = task_context_raw(context, "limits");
	size_t count = 0;

	limits[count++] = (ProcessLimit){RLIMIT_CORE, 0};
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		const json_t *value = json_object_get(given, known[i].key);

		if (json_is_integer(value) && json_integer_value(value) > 0)
			limits[count++] = (ProcessLimit){
				known[i].resource, (uint64_t)json_integer_value(value)};
	}
	return count;
}

static bool process_start(TaskContext *context, Output *output, const char *folder,
	const GString *script, bool plain, ProcessEnd *end, GError **error)
{
	g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) environment = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *below = NULL;
	g_autofree char *where = NULL;
	ProcessLimit limits[5];
	int64_t grace;

	if (!argument_lists(context, script, plain, arguments, error) ||
		!environment_make(context, folder, environment, error) ||
		!task_context_duration(context, "grace", 10 * G_USEC_PER_SEC, &grace, error) ||
		!task_context_text(context, "workingDirectory", &below, error))
		return false;
	if (below != NULL && !is_inside(below)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'workingDirectory' leads out of the folder");
		return false;
	}
	where = below == NULL ? g_strdup(folder) : g_build_filename(folder, below, NULL);
	ProcessSpec spec = {
		.arguments = (const char *const *)arguments->pdata,
		.environment = (const char *const *)environment->pdata,
		.folder = where,
		.grace = grace,
		.cancel_fd = task_context_cancel_fd(context),
		.limits = limits,
		.limit_count = limits_read(context, limits),
		.output = output_take,
		.data = output,
	};
	return process_run(&spec, end, error);
}

static bool finish(TaskContext *context, Output *output, const char *folder, const ProcessEnd *end,
	TaskResult *result, GError **error)
{
	json_t *files = json_object();
	bool warning;
	bool ok = output_files(context, folder, files, error);

	for (int stream = 1; stream <= 2; stream++) {
		if (output->streams[stream - 1].line->len > 0 ||
			output->streams[stream - 1].dropped > 0)
			line_end(output, stream);
	}
	result->outputs = json_pack("{s:i, s:O, s:o, s:I, s:I}", "exitCode", end->exit_code, "vars",
		output->vars, "outputFiles", files, "stdOutLineCount",
		(json_int_t)output->streams[0].lines, "stdErrLineCount",
		(json_int_t)output->streams[1].lines);
	if (end->cancelled) {
		g_clear_error(error);
		g_set_error(error, TASK_ERROR, TASK_ERROR_CANCELLED, "stopped");
		return false;
	}
	if (end->signal != 0 || end->exit_code != 0) {
		g_clear_error(error);
		if (end->signal != 0)
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"the command was ended by signal %d (%s)", end->signal,
				strsignal(end->signal));
		else
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"the command ended with exit code %d", end->exit_code);
		return false;
	}
	if (!ok || !task_context_bool(context, "warningOnStdErr", false, &warning, error))
		return false;
	result->warning = warning && output->streams[1].lines > 0;
	return true;
}

static const char *unbuilt_runner(const TaskContext *context)
{
	const char *runner = json_string_value(task_context_raw(context, "runner"));

	if (runner == NULL || strcmp(runner, "local") == 0 || strcmp(runner, "PROCESS") == 0)
		return NULL;
	return runner;
}

TASK_RUN(shell)
{
	g_autoptr(GString) script = g_string_new(NULL);
	Output output = {.context = context};
	ProcessEnd end;
	const char *folder;
	bool plain, ok;

	if (unbuilt_runner(context) != NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_NOT_BUILT,
			"runner '%s' is not built into this version", unbuilt_runner(context));
		return false;
	}
	folder = task_context_scripts(context, error);
	if (folder == NULL || !input_files(context, folder, error) ||
		!script_text(context, script, &plain, error))
		return false;
	output.vars = json_object();
	output.streams[0].line = g_string_new(NULL);
	output.streams[1].line = g_string_new(NULL);
	ok = process_start(context, &output, folder, script, plain, &end, error) &&
	     finish(context, &output, folder, &end, result, error);
	g_string_free(output.streams[0].line, TRUE);
	g_string_free(output.streams[1].line, TRUE);
	json_decref(output.vars);
	return ok;
}
