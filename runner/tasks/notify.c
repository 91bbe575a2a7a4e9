// notify.slack and notify.webhook: a message to an incoming webhook. Output: code.
//
// The address of a webhook is all that it takes to write there: messages and logs name its host alone.
#include "runner/tasks/http_call.h"
#include "runner/tasks/notice.h"
#include "runner/tasks/tasks.h"
#include "store/json_dump.h"

#include <string.h>

enum { ANSWER_BYTES = 1024 * 1024 };

static bool refuse(GError **error, const char *message)
{
	g_set_error_literal(error, TASK_ERROR, TASK_ERROR_PROPERTY, message);
	return false;
}

// ---- What is posted

// A text under a key of the payload, when the task gives it.
static bool put_text(
	TaskContext *context, const char *key, json_t *payload, const char *name, GError **error)
{
	g_autofree char *text = NULL;

	if (!task_context_text(context, key, &text, error))
		return false;
	if (text != NULL && *text != '\0')
		json_object_set_new(payload, name, json_string(text));
	return true;
}

// The payload that the task gives, as an object; an empty one when it gives none.
static bool read_object(TaskContext *context, json_t **ret, GError **error)
{
	g_autofree char *text = NULL;
	json_error_t fault = {0};

	*ret = NULL;
	if (!task_context_text(context, "payload", &text, error))
		return false;
	*ret = text == NULL ? json_object() : json_loads(text, JSON_REJECT_DUPLICATES, &fault);
	if (json_is_object(*ret))
		return true;
	if (*ret != NULL)
		return refuse(error, "property 'payload' must be an object");
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property 'payload' is no JSON (line %d, column %d): write it as a mapping, or put "
		"texts in by '{{ … | toJson }}'",
		fault.line, fault.column);
	return false;
}

static json_t *slack_fields(const Notice *notice)
{
	json_t *fields = json_array();
	const char *name;
	json_t *value;

	json_object_foreach(notice->fields, name, value) json_array_append_new(
		fields, json_pack("{s:s, s:O, s:b}", "title", name, "value", value, "short", 1));
	return fields;
}

static bool slack_payload(TaskContext *context, json_t *payload, GError **error)
{
	static const struct {
		const char *key, *name;
	} texts[] = {
		{"messageText", "text"},
		{"channel", "channel"},
		{"username", "username"},
		{"iconUrl", "icon_url"},
		{"iconEmoji", "icon_emoji"},
	};
	g_auto(Notice) notice = {0};

	if (!notice_read(context, &notice, error))
		return false;
	if (notice.there) {
		json_object_set_new(payload, "text",
			notice.message == NULL
				? json_string(notice.title)
				: json_sprintf("%s\n%s", notice.title, notice.message));
		json_object_set_new(payload, "attachments",
			json_pack("[{s:s, s:o}]", "color", notice.failed ? "danger" : "good",
				"fields", slack_fields(&notice)));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (!put_text(context, texts[i].key, payload, texts[i].name, error))
			return false;
	}
	return json_object_size(payload) > 0 ||
	       refuse(error, "there is nothing to post: neither 'payload' nor 'messageText'");
}

static bool webhook_message(TaskContext *context, char **ret, GError **error)
{
	g_autofree char *key = NULL;
	g_auto(Notice) notice = {0};
	json_t *message = json_object();
	bool ok = task_context_text(context, "messageKey", &key, error) &&
		  notice_read(context, &notice, error);

	if (key == NULL)
		key = g_strdup("text");
	if (ok && notice.there) {
		g_autofree char *text = notice_text(&notice);

		json_object_set_new(message, key, json_string(text));
	}
	ok = ok && put_text(context, "messageText", message, key, error);
	if (ok && json_object_size(message) > 0)
		*ret = json_dump_text(message, JSON_COMPACT);
	json_decref(message);
	return ok;
}

// ---- Posting it

static bool post(HttpCall *call, const NetCurl *curl, TaskResult *result, GError **error)
{
	g_auto(HttpAnswer) answer = {0};
	bool done;

	call->discreet = true;
	if (!http_options_read(call->context, &call->options, error) ||
		!http_url_read(call, curl, "url", error) || !http_head_read(call, error))
		return false;
	if (strcmp(call->method, "GET") == 0 && task_context_raw(call->context, "method") == NULL) {
		g_free(call->method);
		call->method = g_strdup("POST");
	}
	if (call->content_type == NULL)
		call->content_type = g_strdup("application/json");
	if (!call->options.has_limit)
		call->options.limit = ANSWER_BYTES;
	g_autoptr(NetTransfer) transfer = http_call_transfer(call, error);
	done = transfer != NULL && http_call_run(call, transfer, &answer, error);
	if (answer.url != NULL)
		result->outputs = json_pack("{s:i}", "code", answer.code);
	return done;
}

bool run_notify_slack(TaskContext *context, TaskResult *result, GError **error)
{
	g_auto(HttpCall) call = {.context = context};
	const NetCurl *curl = net_curl(error);
	json_t *payload = NULL;
	bool ok = curl != NULL && read_object(context, &payload, error) &&
		  slack_payload(context, payload, error);

	if (ok) {
		call.body = json_dump_text(payload, JSON_COMPACT);
		call.body_length = strlen(call.body);
	}
	json_decref(payload);
	return ok && post(&call, curl, result, error);
}

bool run_notify_webhook(TaskContext *context, TaskResult *result, GError **error)
{
	g_auto(HttpCall) call = {.context = context};
	const NetCurl *curl = net_curl(error);

	if (curl == NULL || !task_context_text(context, "payload", &call.body, error) ||
		(call.body == NULL && !webhook_message(context, &call.body, error)))
		return false;
	if (call.body == NULL)
		return refuse(
			error, "there is nothing to post: neither 'payload' nor 'messageText'");
	call.body_length = strlen(call.body);
	return post(&call, curl, result, error);
}
