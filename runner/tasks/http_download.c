// http.download: the answer becomes a file of the run. Outputs: uri (of the file), code, length, headers.
//
// The file has no name until all of it is there and on disk: nothing half-written is left by a failure or a kill.
#include "runner/run_files.h"
#include "runner/tasks/http_call.h"
#include "runner/tasks/tasks.h"

#include <string.h>

// What an answer may hold when the flow sets no limit.
#define LIMIT (G_GUINT64_CONSTANT(10) * 1024 * 1024 * 1024)

enum { NAME_BYTES = 200 };

// ---- Its name

static char *disposition_name(const HttpAnswer *answer)
{
	const char *header = NULL, *name, *at;
	json_t *list;

	json_object_foreach(answer->headers, name, list)
	{
		if (g_ascii_strcasecmp(name, "Content-Disposition") == 0)
			header = json_string_value(json_array_get(list, 0));
	}
	if (header == NULL)
		return NULL;
	g_autofree char *lower = g_ascii_strdown(header, -1);
	at = strstr(lower, "filename*=utf-8''");
	if (at != NULL) {
		at = header + (at - lower) + strlen("filename*=utf-8''");
		return g_uri_unescape_segment(at, at + strcspn(at, "; "), NULL);
	}
	at = strstr(lower, "filename=");
	if (at == NULL)
		return NULL;
	at = header + (at - lower) + strlen("filename=");
	return *at == '"' ? g_strndup(at + 1, strcspn(at + 1, "\""))
			  : g_strndup(at, strcspn(at, "; "));
}

static char *url_name(const char *url)
{
	g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
	const char *host = strstr(path, "://");
	const char *slash = strrchr(path, '/');

	if (host == NULL || slash == NULL || slash < host + 3)
		return NULL;
	return g_uri_unescape_string(slash + 1, NULL);
}

// Only the last part of a path, nothing that steers a terminal or leads elsewhere. NULL when nothing is left.
static char *safe_name(const char *given)
{
	const char *base = given;
	g_autoptr(GString) name = NULL;

	for (const char *at = given; at != NULL && *at != '\0'; at++) {
		if (*at == '/' || *at == '\\')
			base = at + 1;
	}
	if (base == NULL)
		return NULL;
	g_autofree char *valid = g_utf8_make_valid(base, -1);
	name = g_string_new(g_strstrip(valid));
	for (gsize i = 0; i < name->len; i++) {
		if ((unsigned char)name->str[i] < 0x20 || name->str[i] == 0x7f)
			name->str[i] = '_';
	}
	g_string_replace(name, "..", "_", 0);
	if (name->len > NAME_BYTES)
		g_string_truncate(
			name, (gsize)(g_utf8_find_prev_char(name->str, name->str + NAME_BYTES) -
				      name->str));
	if (name->len == 0 || strcmp(name->str, ".") == 0)
		return NULL;
	return g_string_free(g_steal_pointer(&name), FALSE);
}

static char *choose_name(const char *save_as, const HttpAnswer *answer, const char *url)
{
	g_autofree char *told = disposition_name(answer);
	g_autofree char *last = url_name(url);
	const char *const given[] = {save_as, told, last};

	for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
		char *name = given[i] == NULL ? NULL : safe_name(given[i]);

		if (name != NULL)
			return name;
	}
	return g_strdup("download");
}

// ---- The task

typedef struct {
	HttpCall call;
	char *save_as;
	bool fail_on_empty;
	RunFileNew file;
	HttpAnswer answer;
} Download;

static bool read_download(Download *download, const NetCurl *curl, GError **error)
{
	HttpCall *call = &download->call;
	TaskContext *context = call->context;

	if (!task_context_text(context, "saveAs", &download->save_as, error) ||
		!task_context_bool(
			context, "failOnEmptyResponse", true, &download->fail_on_empty, error) ||
		!http_options_read(context, &call->options, error) ||
		!http_url_read(call, curl, "uri", error) || !http_body_read(call, error))
		return false;
	if (!call->options.has_limit)
		call->options.limit = LIMIT;
	return true;
}

static bool is_empty(const Download *download, const NetCurl *curl, GError **error)
{
	g_autofree char *shown =
		http_url_shown(download->call.context, curl, download->call.url, false);

	if (download->answer.length > 0)
		return false;
	if (download->fail_on_empty && !download->call.options.allow_failed) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"'%s' answered with an empty file; 'failOnEmptyResponse: false' allows it",
			shown);
		return true;
	}
	task_context_log(
		download->call.context, TASK_LOG_WARN, "'%s' answered with an empty file", shown);
	return false;
}

static bool fetch(Download *download, TaskResult *result, GError **error)
{
	HttpCall *call = &download->call;
	g_autoptr(NetTransfer) transfer = http_call_transfer(call, error);
	bool done;

	if (transfer == NULL || !task_context_file_begin(call->context, &download->file, error))
		return false;
	transfer->file = download->file.file;
	done = http_call_run(call, transfer, &download->answer, error);
	result->outputs = http_answer_outputs(&download->answer);
	if (result->outputs == NULL)
		return false;
	json_object_del(result->outputs, "uri");
	json_object_set_new(
		result->outputs, "length", json_integer((json_int_t)download->answer.length));
	if (!done || is_empty(download, transfer->curl, error))
		return false;
	g_autofree char *name = choose_name(download->save_as, &download->answer, call->url);
	g_autofree char *uri =
		task_context_file_finish(call->context, &download->file, name, error);
	if (uri == NULL)
		return false;
	json_object_set_new(result->outputs, "uri", json_string(uri));
	task_context_log(call->context, TASK_LOG_DEBUG, "'%s': %" G_GUINT64_FORMAT " bytes", name,
		download->answer.length);
	return true;
}

bool run_http_download(TaskContext *context, TaskResult *result, GError **error)
{
	Download download = {.call = {.context = context}, .file = {.file = -1}};
	const NetCurl *curl = net_curl(error);
	bool done = curl != NULL && read_download(&download, curl, error) &&
		    fetch(&download, result, error);

	run_file_clear(&download.file);
	http_call_clear(&download.call);
	http_answer_clear(&download.answer);
	g_free(download.save_as);
	return done;
}
