// URLs of requests: made of `uri` and `params`, compared, and shown without what is secret.
#include "expr/value.h"
#include "runner/tasks/http_call.h"

#include <string.h>

static char *part(const NetCurl *curl, const char *url, CURLUPart what, unsigned flags)
{
	CURLU *handle = curl->url();
	char *text = NULL;
	char *copy = NULL;

	if (curl->url_set(handle, CURLUPART_URL, url, CURLU_URLENCODE) == CURLUE_OK &&
		curl->url_get(handle, what, &text, flags) == CURLUE_OK)
		copy = g_strdup(text);
	curl->free(text);
	curl->url_cleanup(handle);
	return copy;
}

char *http_url_host(const NetCurl *curl, const char *url)
{
	return part(curl, url, CURLUPART_HOST, 0);
}

bool http_url_is_http(const NetCurl *curl, const char *url)
{
	g_autofree char *scheme = part(curl, url, CURLUPART_SCHEME, 0);

	return g_strcmp0(scheme, "http") == 0 || g_strcmp0(scheme, "https") == 0;
}

bool http_url_same_home(const NetCurl *curl, const char *from, const char *to)
{
	g_autofree char *from_host = part(curl, from, CURLUPART_HOST, 0);
	g_autofree char *to_host = part(curl, to, CURLUPART_HOST, 0);
	g_autofree char *from_port = part(curl, from, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	g_autofree char *to_port = part(curl, to, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	g_autofree char *from_scheme = part(curl, from, CURLUPART_SCHEME, 0);
	g_autofree char *to_scheme = part(curl, to, CURLUPART_SCHEME, 0);

	if (from_host == NULL || to_host == NULL || g_ascii_strcasecmp(from_host, to_host) != 0)
		return false;
	if (g_strcmp0(from_scheme, to_scheme) == 0)
		return g_strcmp0(from_port, to_port) == 0;
	return g_strcmp0(to_scheme, "https") == 0 && g_strcmp0(from_port, "80") == 0 &&
	       g_strcmp0(to_port, "443") == 0;
}

// Text that a URL stands for, without secrets; NULL when there is none in it. Forms write a blank as '+'.
static char *unescaped_mask(TaskContext *context, const char *text)
{
	g_autofree char *spaced = g_strdelimit(g_strdup(text), "+", ' ');
	g_autofree char *plain = g_uri_unescape_string(text, NULL);
	g_autofree char *form = g_uri_unescape_string(spaced, NULL);
	char *masked = plain == NULL ? NULL : task_context_mask(context, plain);

	if (masked == NULL && form != NULL)
		masked = task_context_mask(context, form);
	return masked != NULL ? masked : task_context_mask(context, text);
}

static char *origin(const NetCurl *curl, const char *url)
{
	g_autofree char *scheme = part(curl, url, CURLUPART_SCHEME, 0);
	g_autofree char *host = part(curl, url, CURLUPART_HOST, 0);
	g_autofree char *port = part(curl, url, CURLUPART_PORT, 0);

	return g_strdup_printf("%s://%s%s%s", scheme != NULL ? scheme : "?",
		host != NULL ? host : "?", port != NULL ? ":" : "", port != NULL ? port : "");
}

static char *path_shown(TaskContext *context, const NetCurl *curl, const char *url)
{
	g_autofree char *path = part(curl, url, CURLUPART_PATH, 0);
	char *masked = path == NULL ? NULL : unescaped_mask(context, path);

	return masked != NULL ? masked : g_steal_pointer(&path);
}

char *http_url_shown(TaskContext *context, const NetCurl *curl, const char *url, bool discreet)
{
	g_autofree char *begin = origin(curl, url);
	g_autofree char *path = discreet ? NULL : path_shown(context, curl, url);

	return g_strconcat(begin, path != NULL ? path : "/…", NULL);
}

// name=value of a query, with the value hidden when a secret is in it.
static void query_part_append(TaskContext *context, GString *query, const char *pair)
{
	g_autofree char *masked = unescaped_mask(context, pair);
	const char *equals = strchr(pair, '=');

	g_string_append(query, query->len == 0 ? "?" : "&");
	if (masked == NULL)
		g_string_append(query, pair);
	else
		g_string_append_printf(
			query, "%.*s=******", equals == NULL ? 0 : (int)(equals - pair), pair);
}

char *http_url_output(TaskContext *context, const NetCurl *curl, const char *url)
{
	g_autofree char *begin = origin(curl, url);
	g_autofree char *path = path_shown(context, curl, url);
	g_autofree char *query = part(curl, url, CURLUPART_QUERY, 0);
	g_auto(GStrv) pairs = g_strsplit(query != NULL ? query : "", "&", -1);
	g_autoptr(GString) rest = g_string_new(NULL);

	for (char **pair = pairs; *pair != NULL; pair++)
		query_part_append(context, rest, *pair);
	return g_strconcat(begin, path, rest->str, NULL);
}

// ---- Making it

static void append_param(CURLU *handle, const NetCurl *curl, const char *name, const json_t *value)
{
	g_autofree char *text = expr_value_text(value);
	g_autofree char *left = g_uri_escape_string(name, NULL, FALSE);
	g_autofree char *right = g_uri_escape_string(text, NULL, FALSE);
	g_autofree char *pair = g_strdup_printf("%s=%s", left, right);

	curl->url_set(handle, CURLUPART_QUERY, pair, CURLU_APPENDQUERY);
}

static bool append_params(HttpCall *call, CURLU *handle, const NetCurl *curl, GError **error)
{
	json_t *params = NULL;
	const char *name;
	json_t *value, *item;
	size_t i;

	if (!task_context_json(call->context, "params", &params, error))
		return false;
	json_object_foreach(params, name, value)
	{
		if (!json_is_array(value) && !json_is_null(value))
			append_param(handle, curl, name, value);
		json_array_foreach(value, i, item) append_param(handle, curl, name, item);
	}
	json_decref(params);
	return true;
}

// User and password out of the URL, so that no redirect carries them on.
static void take_user(HttpCall *call, CURLU *handle, const NetCurl *curl)
{
	HttpOptions *options = &call->options;
	char *user = NULL, *password = NULL;

	if (curl->url_get(handle, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK &&
		options->username == NULL && options->token == NULL) {
		options->username = g_strdup(user);
		if (curl->url_get(handle, CURLUPART_PASSWORD, &password, CURLU_URLDECODE) ==
			CURLUE_OK)
			options->password = g_strdup(password);
	}
	curl->url_set(handle, CURLUPART_USER, NULL, 0);
	curl->url_set(handle, CURLUPART_PASSWORD, NULL, 0);
	curl->free(user);
	curl->free(password);
}

static bool make(
	HttpCall *call, CURLU *handle, const NetCurl *curl, const char *key, GError **error)
{
	char *url = NULL;

	take_user(call, handle, curl);
	if (!append_params(call, handle, curl, error))
		return false;
	curl->url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
	if (curl->url_get(handle, CURLUPART_URL, &url, 0) == CURLUE_OK)
		call->url = g_strdup(url);
	curl->free(url);
	if (call->url != NULL && http_url_is_http(curl, call->url))
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property '%s' must begin with http:// or https://", key);
	return false;
}

bool http_url_read(HttpCall *call, const NetCurl *curl, const char *key, GError **error)
{
	g_autofree char *text = NULL;
	bool made = false;

	if (!task_context_text(call->context, key, &text, error))
		return false;
	g_auto(GStrv) words = g_strsplit(text != NULL ? g_strstrip(text) : "", " ", -1);
	g_autofree char *escaped = g_strjoinv("%20", words);
	CURLU *handle = curl->url();
	if (curl->url_set(handle, CURLUPART_URL, escaped,
		    CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
		made = make(call, handle, curl, key, error);
	else
		// What it holds may be a secret.
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property '%s' is no URL like https://host/path%s", key,
			*escaped == '\0' ? ": it is empty" : "");
	curl->url_cleanup(handle);
	return made;
}
