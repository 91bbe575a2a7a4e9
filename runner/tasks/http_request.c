// http.request: the answer becomes an output. Outputs: uri, code, headers (name -> list), body (text).
#include "runner/tasks/http_call.h"
#include "runner/tasks/tasks.h"

#include <string.h>

// What an answer may hold when the flow sets no limit.
#define LIMIT (10 * 1024 * 1024)

static char *charset_of(const HttpAnswer *answer)
{
	const char *name;
	json_t *list;

	json_object_foreach(answer->headers, name, list)
	{
		const char *type = json_string_value(json_array_get(list, 0));
		const char *charset;

		if (g_ascii_strcasecmp(name, "Content-Type") != 0 || type == NULL)
			continue;
		g_autofree char *lower = g_ascii_strdown(type, -1);
		charset = strstr(lower, "charset=");
		if (charset == NULL)
			return NULL;
		charset += strlen("charset=");
		charset += strspn(charset, "\"'");
		return g_strndup(charset, strcspn(charset, "\"'; "));
	}
	return NULL;
}

// The body as text. What is none in its charset is replaced, with a line in the log.
static char *text_of(TaskContext *context, const HttpAnswer *answer, const GString *body)
{
	g_autofree char *charset = charset_of(answer);
	gsize length = body->len;
	g_autofree char *converted = charset == NULL || strcmp(charset, "utf-8") == 0
					     ? NULL
					     : g_convert(body->str, (gssize)body->len, "UTF-8",
						       charset, NULL, &length, NULL);
	const char *text = converted != NULL ? converted : body->str;

	if (converted == NULL)
		length = body->len;
	if (!g_utf8_validate_len(text, length, NULL))
		task_context_log(context, TASK_LOG_WARN,
			"the answer is no text: what is none is replaced; http.download keeps it "
			"as it is");
	return g_utf8_make_valid(text, (gssize)length);
}

static bool read_call(HttpCall *call, const NetCurl *curl, GError **error)
{
	TaskContext *context = call->context;

	if (!task_context_bool(context, "encryptBody", false, &call->quiet, error))
		return false;
	if (call->quiet) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_NOT_BUILT,
			"property 'encryptBody': outputs are kept as they are, this build cannot "
			"encrypt them; nothing was sent");
		return false;
	}
	return http_options_read(context, &call->options, error) &&
	       http_url_read(call, curl, "uri", error) && http_body_read(call, error);
}

bool run_http_request(TaskContext *context, TaskResult *result, GError **error)
{
	g_auto(HttpCall) call = {.context = context};
	g_auto(HttpAnswer) answer = {0};
	const NetCurl *curl = net_curl(error);
	bool done;

	if (curl == NULL || !read_call(&call, curl, error))
		return false;
	if (!call.options.has_limit)
		call.options.limit = LIMIT;
	g_autoptr(NetTransfer) transfer = http_call_transfer(&call, error);
	if (transfer == NULL)
		return false;
	done = http_call_run(&call, transfer, &answer, error);
	result->outputs = http_answer_outputs(&answer);
	if (result->outputs == NULL)
		return false;
	g_autofree char *text = text_of(context, &answer, transfer->body);
	json_object_set_new(result->outputs, "body",
		strcmp(call.method, "HEAD") == 0 ? json_null() : json_string(text));
	return done;
}
