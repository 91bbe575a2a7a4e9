#include "runner/tasks/script_task.h"

#include "runner/process.h"
#include "runner/tasks/script_environment.h"
#include "runner/tasks/script_files.h"
#include "runner/tasks/script_limits.h"
#include "runner/tasks/script_output.h"
#include "store/json_dump.h"

#include <string.h>
#include <unistd.h>

enum { ARGUMENT_LIMIT = 100 * 1024 }; // the kernel takes no argument of 128 KiB

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
		g_autofree char *other =
			json_is_string(line) ? NULL
					     : json_dump_text(line, JSON_COMPACT | JSON_ENCODE_ANY);

		g_string_append_printf(
			script, "%s\n", other != NULL ? other : json_string_value(line));
	}
	json_decref(parsed);
	json_decref(lines);
	return ok;
}

static bool words_add(TaskContext *context, const char *key, GPtrArray *words, GError **error)
{
	json_t *list = NULL;

	if (!task_context_json(context, key, &list, error))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		g_ptr_array_add(words, g_strdup(word != NULL ? word : ""));
	}
	json_decref(list);
	return true;
}

// What the task is made of.
typedef struct {
	GString *before; // lines of the shell that come first
	GString *commands; // lines of the shell, when there is no script
	char *script; // a text in the language; NULL: commands
	GPtrArray *interpreter; // words; empty: none is given
	bool fail_fast;
} Source;

static void source_clear(Source *source)
{
	g_string_free(source->before, TRUE);
	g_string_free(source->commands, TRUE);
	g_ptr_array_unref(source->interpreter);
	g_free(source->script);
}

static bool source_fail(GError **error, const char *message)
{
	g_set_error_literal(error, TASK_ERROR, TASK_ERROR_PROPERTY, message);
	return false;
}

static bool source_read(TaskContext *context, Source *source, GError **error)
{
	*source = (Source){g_string_new(NULL), g_string_new(NULL), NULL,
		g_ptr_array_new_with_free_func(g_free), true};
	if (!task_context_bool(context, "failFast", true, &source->fail_fast, error) ||
		!append_lines(context, "beforeCommands", source->before, error) ||
		!task_context_text(context, "script", &source->script, error) ||
		!append_lines(context, "commands", source->commands, error) ||
		!words_add(context, "interpreter", source->interpreter, error))
		return false;
	if (task_context_raw(context, "interpreterArgs") != NULL) {
		if (source->interpreter->len == 0)
			g_ptr_array_add(source->interpreter, g_strdup("/bin/sh"));
		if (!words_add(context, "interpreterArgs", source->interpreter, error))
			return false;
	}
	if (source->script == NULL && source->commands->len == 0)
		return source_fail(
			error, "there is nothing to run: neither 'commands' nor 'script'");
	if (strlen(source->before->str) != source->before->len ||
		strlen(source->commands->str) != source->commands->len)
		return source_fail(error, "the commands hold a NUL byte");
	return true;
}

static bool lines_resolve(const ScriptTask *task, GString *lines, GError **error)
{
	char *text = g_strdup(lines->str);
	bool ok = script_uris_resolve(task->context, task->folder, &text, error);

	if (ok)
		g_string_assign(lines, text);
	g_free(text);
	return ok;
}

// Files that the text names by their URIs are there under their paths.
static bool source_resolve(const ScriptTask *task, Source *source, GError **error)
{
	return lines_resolve(task, source->before, error) &&
	       lines_resolve(task, source->commands, error) &&
	       script_uris_resolve(task->context, task->folder, &source->script, error);
}

// A command that every shell would run as it stands: no quotes, variables, patterns or operators, and a program named by
// its path, so that it can be neither a builtin nor an alias nor an assignment.
static bool is_plain_command(const char *text, size_t length)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@%+ ";

	return length > 0 && text[0] == '/' && strspn(text, plain) == length;
}

static void plain_arguments(const GString *commands, GPtrArray *arguments)
{
	g_autofree char *line = g_strndup(commands->str, commands->len - 1);
	g_auto(GStrv) words = g_strsplit(line, " ", -1);

	for (char **word = words; *word != NULL; word++) {
		if (**word != '\0')
			g_ptr_array_add(arguments, g_strdup(*word));
	}
}

char *script_own_file(const ScriptTask *task, const char *suffix)
{
	return g_strdup_printf(".%s-%s%s", task_context_task(task->context)->id,
		task_context_task_run_id(task->context), suffix);
}

static void interpreter_add(const Source *source, GPtrArray *arguments)
{
	for (guint i = 0; i < source->interpreter->len; i++)
		g_ptr_array_add(arguments, g_strdup(source->interpreter->pdata[i]));
	if (source->interpreter->len > 0)
		return;
	g_ptr_array_add(arguments, g_strdup("/bin/sh"));
	g_ptr_array_add(arguments, g_strdup("-c"));
}

// Lines for the shell. Those that are too long for an argument go through a file.
static bool shell_arguments(const ScriptTask *task, const Source *source, const GString *lines,
	GPtrArray *arguments, char **ret_file, GError **error)
{
	g_autoptr(GString) text = g_string_new(source->fail_fast ? "set -e\n" : "");

	interpreter_add(source, arguments);
	if (lines->len <= ARGUMENT_LIMIT) {
		g_string_append_len(text, lines->str, (gssize)lines->len);
	} else {
		*ret_file = script_own_file(task, ".sh");
		if (!script_file_write(
			    task->folder, *ret_file, lines->str, lines->len, false, error))
			return false;
		g_autofree char *path = g_build_filename(task->folder, *ret_file, NULL);
		g_autofree char *quoted = g_shell_quote(path);
		g_string_append_printf(text, ". %s\n", quoted);
	}
	g_ptr_array_add(arguments, g_strdup(text->str));
	return true;
}

// Whether the interpreter that is given takes a script's file itself (python3 -u), rather than lines of a shell.
static bool takes_files(const ScriptLanguage *language, const Source *source)
{
	g_autofree char *name = NULL;

	if (language->programs == NULL || source->interpreter->len == 0)
		return false;
	name = g_path_get_basename(source->interpreter->pdata[0]);
	return g_str_has_prefix(name, language->programs);
}

static bool file_arguments(const ScriptTask *task, const ScriptLanguage *language,
	const Source *source, GPtrArray *arguments, char **ret_file, GError **error)
{
	bool direct = takes_files(language, source);
	g_autofree char *path = NULL;
	g_autofree char *quoted = NULL;
	g_autofree char *long_lines = NULL;
	g_autoptr(GString) lines = g_string_new(source->before->str);

	*ret_file = script_own_file(task, language->suffix);
	if (!script_file_write(
		    task->folder, *ret_file, source->script, strlen(source->script), false, error))
		return false;
	path = g_build_filename(task->folder, *ret_file, NULL);
	if (direct || (source->interpreter->len == 0 && source->before->len == 0)) {
		if (direct)
			interpreter_add(source, arguments);
		else
			g_ptr_array_add(arguments, g_strdup(task->program));
		g_ptr_array_add(arguments, g_steal_pointer(&path));
		return true;
	}
	quoted = g_shell_quote(path);
	g_autofree char *program = g_shell_quote(task->program);
	g_string_append_printf(lines, "%s %s\n", program, quoted);
	return shell_arguments(task, source, lines, arguments, &long_lines, error);
}

static bool arguments_make(const ScriptTask *task, const ScriptLanguage *language,
	const Source *source, GPtrArray *arguments, char **ret_file, GError **error)
{
	g_autoptr(GString) lines = NULL;

	if (source->script != NULL && language->suffix != NULL)
		return file_arguments(task, language, source, arguments, ret_file, error);
	if (source->script == NULL && source->interpreter->len == 0 && source->before->len == 0 &&
		is_plain_command(source->commands->str, source->commands->len - 1)) {
		plain_arguments(source->commands, arguments);
		return true;
	}
	lines = g_string_new(source->before->str);
	if (source->script != NULL)
		g_string_append_printf(lines, "%s\n", source->script);
	else
		g_string_append(lines, source->commands->str);
	return shell_arguments(task, source, lines, arguments, ret_file, error);
}

// ---- Running

static bool process_start(const ScriptTask *task, ScriptOutput *output, const GPtrArray *arguments,
	ProcessEnd *end, GError **error)
{
	TaskContext *context = task->context;
	g_autoptr(GPtrArray) environment = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *below = NULL;
	g_autofree char *where = NULL;
	ProcessLimit limits[SCRIPT_LIMITS];
	g_autofree char *mark =
		g_strdup_printf("WEIR_TASK_RUN=%s", task_context_task_run_id(context));
	size_t limit_count;
	int64_t grace;

	if (!script_limits_read(context, limits, &limit_count, error) ||
		!script_environment_fill(task, environment, error) ||
		!task_context_duration(context, "grace", 10 * G_USEC_PER_SEC, &grace, error) ||
		!task_context_text(context, "workingDirectory", &below, error))
		return false;
	if (below != NULL && !script_path_is_inside(below)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'workingDirectory' leads out of the folder");
		return false;
	}
	where = below == NULL ? g_strdup(task->folder)
			      : g_build_filename(task->folder, below, NULL);
	ProcessSpec spec = {
		.arguments = (const char *const *)arguments->pdata,
		.environment = (const char *const *)environment->pdata,
		.folder = where,
		.mark = mark,
		.grace = grace,
		.cancel_fd = task_context_cancel_fd(context),
		.limits = limits,
		.limit_count = limit_count,
		.output = script_output_take,
		.data = output,
	};
	return process_run(&spec, end, error);
}

// The error of an end that is no success; true when it is one.
static bool end_is_good(const ProcessEnd *end, GError **error)
{
	if (end->cancelled)
		g_set_error(error, TASK_ERROR, TASK_ERROR_CANCELLED, "stopped");
	else if (end->signal != 0)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"the command was ended by signal %d (%s)", end->signal,
			strsignal(end->signal));
	else if (end->exit_code != 0)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"the command ended with exit code %d", end->exit_code);
	return !end->cancelled && end->exit_code == 0;
}

static bool finish(const ScriptTask *task, ScriptOutput *output, const ProcessEnd *end,
	TaskResult *result, GError **error)
{
	g_autoptr(GError) cause = NULL;
	json_t *files = json_object();
	bool kept = script_files_keep(task->context, task->folder,
		task_context_folder_is_shared(task->context), files, &cause);
	bool warning;

	script_output_end(output);
	result->outputs = json_pack("{s:i, s:O, s:o, s:I, s:I}", "exitCode", end->exit_code, "vars",
		output->vars, "outputFiles", files, "stdOutLineCount",
		(json_int_t)output->streams[0].lines, "stdErrLineCount",
		(json_int_t)output->streams[1].lines);
	if (!end_is_good(end, error))
		return false;
	if (!kept) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	if (!task_context_bool(task->context, "warningOnStdErr", false, &warning, error))
		return false;
	result->warning = warning && output->streams[1].lines > 0;
	return true;
}

static bool source_run(const ScriptTask *task, const ScriptLanguage *language, const Source *source,
	TaskResult *result, GError **error)
{
	g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *file = NULL;
	ScriptOutput output;
	ProcessEnd end;
	bool ok;

	if (!arguments_make(task, language, source, arguments, &file, error))
		return false;
	g_ptr_array_add(arguments, NULL);
	script_output_init(&output, task->context);
	ok = process_start(task, &output, arguments, &end, error);
	if (file != NULL) {
		g_autofree char *path = g_build_filename(task->folder, file, NULL);

		unlink(path);
	}
	ok = ok && finish(task, &output, &end, result, error);
	script_output_clear(&output);
	return ok;
}

static bool runner_check(const TaskContext *context, GError **error)
{
	const char *runner = json_string_value(task_context_raw(context, "runner"));

	if (runner == NULL || strcmp(runner, "local") == 0 || strcmp(runner, "PROCESS") == 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_NOT_BUILT,
		"runner '%s' is not built into this version", runner);
	return false;
}

static bool task_prepare(ScriptTask *task, const ScriptLanguage *language, GError **error)
{
	TaskContext *context = task->context;

	if (!runner_check(context, error))
		return false;
	task->folder = task_context_scripts(context, error);
	return task->folder != NULL && script_files_put(context, task->folder, error) &&
	       script_files_prepare(context, task->folder, error) &&
	       script_environment_read(task, error) &&
	       (language->prepare == NULL || language->prepare(task, error));
}

bool script_task_run(
	const ScriptLanguage *language, TaskContext *context, TaskResult *result, GError **error)
{
	ScriptTask task = {
		.context = context,
		.paths = g_ptr_array_new_with_free_func(g_free),
		.variables = g_ptr_array_new_with_free_func(g_free),
	};
	bool ok = task_prepare(&task, language, error);

	if (ok) {
		Source source;

		ok = source_read(context, &source, error) &&
		     source_resolve(&task, &source, error) &&
		     source_run(&task, language, &source, result, error);
		source_clear(&source);
	}
	package_env_give_back(task.packages);
	g_ptr_array_unref(task.paths);
	g_ptr_array_unref(task.variables);
	json_decref(task.declared);
	g_free(task.program);
	return ok;
}
