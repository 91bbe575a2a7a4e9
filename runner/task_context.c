#include "runner/drive.h"

#include "expr/value.h"
#include "runner/process.h"
#include "runner/run_files.h"
#include "store/connection.h"
#include "store/timestamp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(weir - task - error, task_error)

TaskContext *task_context_new(Drive *drive, RunNode *node, const TaskType *type)
{
	TaskContext *context = g_new0(TaskContext, 1);

	context->drive = drive;
	context->node = node;
	context->type = type;
	context->attempt = node->attempts;
	context->started = node->started;
	context->cancel_fd = -1;
	context->log_level = LOG_LEVEL_TRACE;
	if (node->task->log_level != NULL)
		log_level_parse(node->task->log_level, &context->log_level);
	pthread_mutex_init(&context->cancel_lock, NULL);
	store_log_task_init(&context->log, node->id, node->attempts);
	return context;
}

static void folder_give_back(TaskContext *context)
{
	if (context->folder != NULL && !context->shared)
		runner_folder_return(context->drive->runner, g_steal_pointer(&context->folder));
	g_clear_pointer(&context->folder, g_free);
}

void task_context_free(TaskContext *context)
{
	if (context == NULL)
		return;
	folder_give_back(context);
	if (context->cancel_fd >= 0)
		close(context->cancel_fd);
	for (guint i = 0; context->hooks != NULL && i < context->hooks->len; i++) {
		const FinishHook *hook = &g_array_index(context->hooks, FinishHook, i);

		if (hook->effect.free_data != NULL)
			hook->effect.free_data(hook->effect.data);
	}
	g_clear_pointer(&context->hooks, g_array_unref);
	json_decref(context->result.outputs);
	json_decref(context->seen_tasks);
	json_decref(context->seen_errors);
	g_clear_error(&context->error);
	pthread_mutex_destroy(&context->cancel_lock);
	g_free(context->timeout_text);
	g_free(context->folder);
	g_free(context);
}

void task_context_run(TaskContext *context)
{
	context->ok = context->type->run(context, &context->result, &context->error);
	folder_give_back(context);
}

// ---- Who is running

const Flow *task_context_flow(const TaskContext *context)
{
	return drive_flow(context->drive);
}

const Task *task_context_task(const TaskContext *context)
{
	return context->node->task;
}

const char *task_context_run_id(const TaskContext *context)
{
	return context->drive->id;
}

const char *task_context_task_run_id(const TaskContext *context)
{
	return context->node->id;
}

int64_t task_context_revision(const TaskContext *context)
{
	return flow_model_revision(context->drive->model);
}

const void *task_context_keep(
	TaskContext *context, void *(*make)(void *data), void *data, GDestroyNotify free_kept)
{
	return flow_model_keep(context->drive->model, context->node->task, make, data, free_kept);
}

unsigned task_context_attempt(const TaskContext *context)
{
	return context->attempt;
}

int64_t task_context_started(const TaskContext *context)
{
	return context->started;
}

const char *task_context_value(const TaskContext *context)
{
	return context->node->value;
}

// ---- Properties

static bool property_fail(GError **error, const char *key, GError *cause)
{
	g_set_error(
		error, TASK_ERROR, TASK_ERROR_PROPERTY, "property '%s': %s", key, cause->message);
	g_error_free(cause);
	return false;
}

const json_t *task_context_raw(const TaskContext *context, const char *key)
{
	return json_object_get(context->node->task->properties, key);
}

bool task_context_text(TaskContext *context, const char *key, char **ret_text, GError **error)
{
	const json_t *raw = task_context_raw(context, key);
	GError *cause = NULL;
	json_t *value;

	*ret_text = NULL;
	if (raw == NULL || json_is_null(raw))
		return true;
	if (json_is_string(raw)) {
		*ret_text = drive_render(
			context->drive, context->node, json_string_value(raw), true, &cause);
		return *ret_text != NULL || property_fail(error, key, cause);
	}
	value = drive_evaluate_value(context->drive, context->node, raw, true, &cause);
	if (value == NULL)
		return property_fail(error, key, cause);
	*ret_text = expr_value_text(value);
	json_decref(value);
	return true;
}

bool task_context_bool(
	TaskContext *context, const char *key, bool fallback, bool *ret_value, GError **error)
{
	g_autofree char *text = NULL;

	if (!task_context_text(context, key, &text, error))
		return false;
	if (text == NULL || *text == '\0') {
		*ret_value = fallback;
	} else if (g_ascii_strcasecmp(text, "true") == 0) {
		*ret_value = true;
	} else if (g_ascii_strcasecmp(text, "false") == 0) {
		*ret_value = false;
	} else {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property '%s' is neither true nor false: '%s'", key, text);
		return false;
	}
	return true;
}

bool task_context_integer(
	TaskContext *context, const char *key, int64_t fallback, int64_t *ret_value, GError **error)
{
	g_autofree char *text = NULL;
	char *end;

	if (!task_context_text(context, key, &text, error))
		return false;
	*ret_value = fallback;
	if (text == NULL || *text == '\0')
		return true;
	errno = 0;
	*ret_value = g_ascii_strtoll(text, &end, 10);
	if (*end != '\0' || errno != 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property '%s' is no whole number: '%s'", key, text);
		return false;
	}
	return true;
}

bool task_context_duration(TaskContext *context, const char *key, int64_t fallback,
	int64_t *ret_microseconds, GError **error)
{
	g_autofree char *text = NULL;
	char *end;
	double seconds;

	if (!task_context_text(context, key, &text, error))
		return false;
	*ret_microseconds = fallback;
	if (text == NULL || *text == '\0' || duration_parse(text, ret_microseconds))
		return true;
	seconds = g_ascii_strtod(text, &end);
	if (*end == '\0' && seconds >= 0 && seconds < 1e12) {
		*ret_microseconds = (int64_t)(seconds * 1e6);
		return true;
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property '%s' is no duration like PT1M30S: '%s'", key, text);
	return false;
}

static bool property_value(
	TaskContext *context, const char *key, bool typed, json_t **ret_value, GError **error)
{
	const json_t *raw = task_context_raw(context, key);
	GError *cause = NULL;

	*ret_value = NULL;
	if (raw == NULL)
		return true;
	*ret_value = drive_evaluate_value(context->drive, context->node, raw, typed, &cause);
	return *ret_value != NULL || property_fail(error, key, cause);
}

bool task_context_json(TaskContext *context, const char *key, json_t **ret_value, GError **error)
{
	return property_value(context, key, true, ret_value, error);
}

bool task_context_rendered(
	TaskContext *context, const char *key, json_t **ret_value, GError **error)
{
	return property_value(context, key, false, ret_value, error);
}

char *task_context_render(TaskContext *context, const char *text, GError **error)
{
	return drive_render(context->drive, context->node, text, false, error);
}

json_t *task_context_evaluate(TaskContext *context, const char *expression, GError **error)
{
	return drive_evaluate_bare(context->drive, context->node, expression, error);
}

// ---- Logs

// Texts end at a NUL for all that looks into them; in the log it is what an invalid byte is.
static char *without_nul(const char *text, size_t length)
{
	GString *copy = g_string_sized_new(length + 16);

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0')
			g_string_append(copy, "\xef\xbf\xbd");
		else
			g_string_append_c(copy, text[i]);
	}
	return g_string_free(copy, FALSE);
}

// The text as the log shows it; NULL when it is shown as it is.
static char *text_shown(TaskContext *context, const char *text, size_t length)
{
	g_autofree char *clean =
		memchr(text, '\0', length) == NULL ? NULL : without_nul(text, length);
	char *masked = clean == NULL ? drive_mask(context->drive, text, length)
				     : drive_mask(context->drive, clean, strlen(clean));

	return masked != NULL ? masked : g_steal_pointer(&clean);
}

static void log_put(TaskContext *context, TaskLogLevel level, const char *text, size_t length)
{
	store_log_append(
		context->drive->log, &context->log, (LogLevel)level, timestamp_now(), text, length);
}

void task_context_log_text(
	TaskContext *context, TaskLogLevel level, const char *text, size_t length)
{
	g_autofree char *shown = NULL;

	if ((int)level < (int)context->log_level)
		return;
	// Past the limit it is only counted.
	if (context->log.bytes < STORE_LOG_LIMIT)
		shown = text_shown(context, text, length);
	log_put(context, level, shown != NULL ? shown : text,
		shown != NULL ? strlen(shown) : length);
}

void task_context_log_cut(
	TaskContext *context, TaskLogLevel level, const char *text, size_t length, size_t left_out)
{
	enum { TAIL = 64 }; // room for what is said of the rest
	g_autofree char *shown = NULL;
	g_autofree char *line = NULL;
	size_t keep;

	if ((int)level < (int)context->log_level)
		return;
	shown = text_shown(context, text, length);
	if (shown == NULL)
		shown = g_strndup(text, length);
	// A secret that the cut goes through is not known as one: the end goes.
	keep = strlen(shown);
	keep = keep > TASK_LOG_SPARE ? keep - TASK_LOG_SPARE : 0;
	keep = MIN(keep, (size_t)(STORE_LOG_LINE - TAIL));
	while (keep > 0 && ((unsigned char)shown[keep] & 0xc0) == 0x80)
		keep--;
	line = g_strdup_printf("%.*s… (%zu bytes left out)", (int)keep, shown,
		left_out + (length > keep ? length - keep : 0));
	log_put(context, level, line, strlen(line));
}

void task_context_log(TaskContext *context, TaskLogLevel level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	task_context_log_text(context, level, text, strlen(text));
}

void task_context_labels_add(TaskContext *context, const json_t *labels)
{
	Drive *drive = context->drive;
	bool masked = false;
	json_t *shown = drive_shown(drive, labels, &masked);

	pthread_mutex_lock(&drive->lock);
	if (drive->labels == NULL)
		drive->labels = json_object();
	json_object_update(drive->labels, shown);
	pthread_mutex_unlock(&drive->lock);
	json_decref(shown);
	drive->run_dirty = true;
}

char *task_context_mask(TaskContext *context, const char *text)
{
	return drive_mask(context->drive, text, strlen(text));
}

const NetPolicy *task_context_net_policy(const TaskContext *context)
{
	return runner_net_policy(context->drive->runner);
}

// ---- Cancelling

bool task_context_cancelled(const TaskContext *context)
{
	return atomic_load(&context->cancelled) != CANCEL_NONE;
}

int task_context_cancel_fd(TaskContext *context)
{
	pthread_mutex_lock(&context->cancel_lock);
	if (context->cancel_fd < 0)
		context->cancel_fd = eventfd(
			task_context_cancelled(context) ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_unlock(&context->cancel_lock);
	return context->cancel_fd;
}

void task_context_on_cancel(TaskContext *context, void (*cancel)(void *data), void *data)
{
	// The function is called with the lock held: once we have it, the old one is not running.
	pthread_mutex_lock(&context->cancel_lock);
	context->cancel = cancel;
	context->cancel_data = data;
	if (cancel != NULL && task_context_cancelled(context)) {
		context->cancel = NULL;
		cancel(data);
	}
	pthread_mutex_unlock(&context->cancel_lock);
}

void task_context_cancel(TaskContext *context, CancelReason reason)
{
	int none = CANCEL_NONE;

	if (!atomic_compare_exchange_strong(&context->cancelled, &none, (int)reason))
		return;
	pthread_mutex_lock(&context->cancel_lock);
	if (context->cancel_fd >= 0)
		eventfd_write(context->cancel_fd, 1);
	if (context->cancel != NULL)
		context->cancel(context->cancel_data);
	context->cancel = NULL;
	pthread_mutex_unlock(&context->cancel_lock);
}

// ---- The store, files and connections

Store *task_context_store(const TaskContext *context)
{
	return runner_store(context->drive->runner);
}

void task_context_on_finish(TaskContext *context, bool always,
	bool (*record)(Store *store, void *data, GError **error), void *data,
	GDestroyNotify free_data)
{
	FinishHook hook = {{record, data, free_data}, always};

	if (context->hooks == NULL)
		context->hooks = g_array_new(FALSE, FALSE, sizeof(FinishHook));
	g_array_append_val(context->hooks, hook);
}

static char *connections_known(Store *store)
{
	g_autoptr(GPtrArray) connections = NULL;
	GString *names = g_string_new("default");

	if (store_connections_list(store, &connections, NULL)) {
		for (guint i = 0; i < connections->len; i++) {
			const StoreConnection *connection = connections->pdata[i];

			if (strcmp(connection->name, "default") != 0)
				g_string_append_printf(names, ", %s", connection->name);
		}
	}
	return g_string_free(names, FALSE);
}

// The embedded connection: a folder of datasets beside the files of the runs.
static char *connection_default(const Drive *drive)
{
	const RunnerOptions *options = runner_options(drive->runner);
	g_autofree char *path =
		g_build_filename(options->data_folder != NULL ? options->data_folder
							      : runner_work_folder(drive->runner),
			"default", NULL);

	g_mkdir_with_parents(path, 0700);
	return g_strdup_printf("sqlite-dir:%s", path);
}

char *task_context_connection_url(TaskContext *context, const char *name, GError **error)
{
	Drive *drive = context->drive;
	const RunnerOptions *options = runner_options(drive->runner);
	g_autoptr(StoreConnection) connection = NULL;
	g_autofree char *own = NULL;

	if (name == NULL) {
		if (!task_context_text(context, "connection", &own, error))
			return NULL;
		name = own != NULL ? own : "default";
	}
	if (!store_connection_get(task_context_store(context), name, &connection, error))
		return NULL;
	if (options->connection_url != NULL)
		return options->connection_url(
			name, connection != NULL ? connection->url : NULL, options->data, error);
	if (connection != NULL)
		return drive_render(drive, context->node, connection->url, false, error);
	if (strcmp(name, "default") == 0)
		return connection_default(drive);
	g_autofree char *known = connections_known(task_context_store(context));
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"there is no connection '%s'; there are: %s", name, known);
	return NULL;
}

const char *task_context_folder(TaskContext *context, GError **error)
{
	const RunNode *owner;

	if (context->folder != NULL)
		return context->folder;
	owner = shared_folder_owner(context->node);
	context->shared = owner != NULL;
	context->folder = owner != NULL ? shared_folder_take(context->drive, owner, error)
					: runner_folder_take(context->drive->runner, error);
	return context->folder;
}

const char *task_context_environments(const TaskContext *context)
{
	return runner_environments_folder(context->drive->runner);
}

bool task_context_folder_is_shared(const TaskContext *context)
{
	return context->shared;
}

static bool path_is_safe(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **part = parts; *part != NULL; part++) {
		if (strcmp(*part, "..") == 0)
			return false;
	}
	return true;
}

char *task_context_open_path(TaskContext *context, const char *uri, GError **error)
{
	const RunnerOptions *options = runner_options(context->drive->runner);
	const char *folder = runner_files_folder(context->drive->runner);
	bool kept = g_str_has_prefix(uri, "weir:///");
	const char *path = kept ? uri + strlen("weir:///") : uri;

	if (g_str_has_prefix(path, "nsfile:///"))
		path += strlen("nsfile:///");
	if (!path_is_safe(path)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"the path '%s' leads out of its folder", uri);
		return NULL;
	}
	if (kept)
		return g_build_filename(folder, path, NULL);
	if (g_path_is_absolute(path)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"'%s' is an absolute path; a task sees the files of its domain's scripts/ "
			"and those of its run",
			uri);
		return NULL;
	}
	if (options->scripts_folder != NULL)
		return g_build_filename(options->scripts_folder, path, NULL);
	// Written out of the store into the task's own folder.
	const char *own = task_context_scripts(context, error);
	return own == NULL ? NULL : g_build_filename(own, path, NULL);
}

// The folder of the files that the task run keeps.
static char *kept_folder(const TaskContext *context)
{
	return g_build_filename(runner_files_folder(context->drive->runner), context->drive->id,
		context->node->id, NULL);
}

bool task_context_file_begin(TaskContext *context, RunFileNew *ret, GError **error)
{
	g_autofree char *folder = kept_folder(context);

	return run_file_begin(folder, ret, error);
}

char *task_context_file_finish(
	TaskContext *context, RunFileNew *file, const char *name, GError **error)
{
	g_autofree char *safe = run_file_uri_name(name);

	return run_file_finish(file, safe, error)
		       ? g_strdup_printf(
				 "weir:///%s/%s/%s", context->drive->id, context->node->id, safe)
		       : NULL;
}

static bool file_keep(const char *path, const char *target, bool move, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(target);

	if (g_mkdir_with_parents(folder, 0700) == 0) {
		if (move && rename(path, target) == 0)
			return true;
		// An earlier attempt may have kept one of this name.
		if (!move || errno == EXDEV) {
			unlink(target);
			return run_file_copy(path, target, error);
		}
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot keep the file '%s': %s", path,
		g_strerror(errno));
	return false;
}

char *task_context_keep_named(
	TaskContext *context, const char *path, const char *name, bool move, GError **error)
{
	g_autofree char *safe = run_file_uri_name(name);
	g_autofree char *target = g_build_filename(runner_files_folder(context->drive->runner),
		context->drive->id, context->node->id, safe, NULL);

	if (!file_keep(path, target, move, error))
		return NULL;
	return g_strdup_printf("weir:///%s/%s/%s", context->drive->id, context->node->id, safe);
}

char *task_context_keep_file(TaskContext *context, const char *path, GError **error)
{
	g_autofree char *base = g_path_get_basename(path);

	return task_context_keep_named(context, path, base, true, error);
}
