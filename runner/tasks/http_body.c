// What a request carries: method, headers, and a text, JSON or a form.
#include "expr/value.h"
#include "runner/tasks/http_call.h"

#include <string.h>

#define FILE_URI "weir:///"

// ---- Headers

static bool is_token(const char *text)
{
	return *text != '\0' && strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 ? *text != '\t' : *text == 0x7f)
			return true;
	}
	return false;
}

bool http_header_add(struct curl_slist **lines, const NetCurl *curl, const char *name,
	const char *value, GError **error)
{
	// The line feed that ends a file in which a secret was kept is none of its value.
	g_autofree char *text = g_strstrip(g_strdup(value));

	if (!is_token(name) || has_control(text)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "property 'headers': '%s' %s",
			name,
			is_token(name) ? "has a line break or another control character in its "
					 "value"
				       : "is no name of a header");
		return false;
	}
	// libcurl takes "Name:" as a wish to leave the header out.
	g_autofree char *line = g_strdup_printf("%s%s%s", name, *text == '\0' ? ";" : ": ", text);
	*lines = curl->slist_append(*lines, line);
	return true;
}

static bool read_headers(HttpCall *call, GError **error)
{
	json_t *own = NULL;
	bool ok = task_context_json(call->context, "headers", &own, error);

	if (ok && json_is_string(own)) {
		json_t *parsed = json_loads(json_string_value(own), 0, NULL);

		json_decref(own);
		own = parsed;
	}
	if (json_is_object(call->options.headers)) {
		call->headers = json_deep_copy(call->options.headers);
		json_object_update(call->headers, own);
	} else if (json_is_object(own)) {
		call->headers = json_incref(own);
	}
	json_decref(own);
	return ok;
}

static const char *header_get(const HttpCall *call, const char *wanted)
{
	const char *name;
	json_t *value;

	json_object_foreach(call->headers, name, value)
	{
		if (g_ascii_strcasecmp(name, wanted) == 0)
			return json_string_value(value);
	}
	return NULL;
}

// ---- Forms

static bool is_upload(const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL ? g_str_has_prefix(text, FILE_URI)
			    : json_is_string(json_object_get(value, "name")) &&
				      json_is_string(json_object_get(value, "content"));
}

static bool wants_parts(const HttpCall *call, const json_t *form)
{
	const char *name;
	json_t *value;

	if (call->content_type != NULL)
		return g_ascii_strncasecmp(call->content_type, "multipart/form-data", 19) == 0;
	json_object_foreach((json_t *)(uintptr_t)form, name, value)
	{
		if (is_upload(value))
			return true;
	}
	return false;
}

static void append_pair(GString *body, const char *name, const json_t *value)
{
	g_autofree char *text = expr_value_text(value);
	g_autofree char *left = g_uri_escape_string(name, NULL, FALSE);
	g_autofree char *right = g_uri_escape_string(text, NULL, FALSE);

	g_string_append_printf(body, "%s%s=%s", body->len > 0 ? "&" : "", left, right);
}

static void encode_form(HttpCall *call, const json_t *form)
{
	GString *body = g_string_new(NULL);
	const char *name;
	json_t *value, *item;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)form, name, value)
	{
		if (!json_is_array(value))
			append_pair(body, name, value);
		json_array_foreach(value, i, item) append_pair(body, name, item);
	}
	call->body_length = body->len;
	call->body = g_string_free(body, FALSE);
	g_free(call->content_type);
	call->content_type = g_strdup("application/x-www-form-urlencoded");
}

static bool read_form(HttpCall *call, bool *ret_there, GError **error)
{
	json_t *form = NULL;

	*ret_there = false;
	if (!task_context_json(call->context, "formData", &form, error))
		return false;
	if (json_is_string(form)) {
		json_t *parsed = json_loads(json_string_value(form), 0, NULL);

		json_decref(form);
		form = parsed;
	}
	*ret_there = json_object_size(form) > 0;
	if (*ret_there && wants_parts(call, form)) {
		call->form = json_incref(form);
		g_clear_pointer(&call->content_type, g_free);
	} else if (*ret_there) {
		encode_form(call, form);
	}
	json_decref(form);
	return true;
}

static bool add_file(const HttpCall *call, const NetCurl *curl, curl_mimepart *mime,
	const char *uri, const char *name, GError **error)
{
	g_autofree char *path = task_context_open_path(call->context, uri, error);
	g_autofree char *base = g_path_get_basename(name != NULL ? name : uri);

	if (path == NULL)
		return false;
	if (curl->mime_filedata(mime, path) != CURLE_OK) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"property 'formData': cannot read the file '%s'", uri);
		return false;
	}
	curl->mime_filename(mime, base);
	return true;
}

static bool add_part(const HttpCall *call, const NetCurl *curl, curl_mime *mime, const char *name,
	const json_t *value, GError **error)
{
	curl_mimepart *part = curl->mime_addpart(mime);

	curl->mime_name(part, name);
	if (json_is_object(value) && is_upload(value))
		return add_file(call, curl, part,
			json_string_value(json_object_get(value, "content")),
			json_string_value(json_object_get(value, "name")), error);
	if (is_upload(value))
		return add_file(call, curl, part, json_string_value(value), NULL, error);
	g_autofree char *text = expr_value_text(value);
	curl->mime_data(part, text, CURL_ZERO_TERMINATED);
	return true;
}

static curl_mime *make_parts(const HttpCall *call, NetTransfer *transfer, GError **error)
{
	const NetCurl *curl = transfer->curl;
	curl_mime *mime = curl->mime_init(transfer->easy);
	const char *name;
	json_t *value;

	json_object_foreach(call->form, name, value)
	{
		if (!add_part(call, curl, mime, name, value, error)) {
			curl->mime_free(mime);
			return NULL;
		}
	}
	return mime;
}

// ---- Texts

static bool in_charset(HttpCall *call, char *text, GError **error)
{
	const char *charset = call->options.charset;
	gsize length = strlen(text);

	call->body = text;
	if (charset != NULL && g_ascii_strcasecmp(charset, "UTF-8") != 0) {
		g_autoptr(GError) cause = NULL;

		call->body =
			g_convert(text, (gssize)length, charset, "UTF-8", NULL, &length, &cause);
		g_free(text);
		if (call->body == NULL) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"property 'body' cannot be written in the charset '%s': %s",
				charset, cause->message);
			return false;
		}
	}
	call->body_length = length;
	return true;
}

static bool read_text(HttpCall *call, GError **error)
{
	char *text = NULL;

	if (!task_context_text(call->context, "body", &text, error))
		return false;
	if (text == NULL)
		return true;
	if (call->content_type == NULL && header_get(call, "Content-Type") == NULL)
		call->content_type = g_strdup("application/json");
	return in_charset(call, text, error);
}

bool http_body_read(HttpCall *call, GError **error)
{
	bool form;

	return http_head_read(call, error) && read_form(call, &form, error) &&
	       (form || read_text(call, error));
}

bool http_head_read(HttpCall *call, GError **error)
{
	if (!task_context_text(call->context, "method", &call->method, error) ||
		!task_context_text(call->context, "contentType", &call->content_type, error) ||
		!read_headers(call, error))
		return false;
	if (call->method == NULL)
		call->method = g_strdup("GET");
	if (is_token(call->method))
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property 'method': '%s' is no method of HTTP", call->method);
	return false;
}

// ---- On the handle

bool http_body_set(
	const HttpCall *call, NetTransfer *transfer, curl_mime **ret_mime, GError **error)
{
	static const char *const with_body[] = {"POST", "PUT", "PATCH", NULL};
	const NetCurl *curl = transfer->curl;
	CURL *easy = transfer->easy;

	*ret_mime = NULL;
	if (call->form != NULL) {
		*ret_mime = make_parts(call, transfer, error);
		if (*ret_mime == NULL)
			return false;
		curl->easy_setopt(easy, CURLOPT_MIMEPOST, *ret_mime);
	} else if (call->body != NULL || g_strv_contains(with_body, call->method)) {
		curl->easy_setopt(easy, CURLOPT_POST, 1L);
		curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_length);
		curl->easy_setopt(easy, CURLOPT_POSTFIELDS, call->body != NULL ? call->body : "");
	} else if (strcmp(call->method, "HEAD") == 0) {
		curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return true;
	}
	curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
	return true;
}
