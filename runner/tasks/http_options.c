// `options` of a request, and the keys of the task itself that mean the same.
#include "expr/value.h"
#include "runner/tasks/http_call.h"

#include <string.h>

// What a server may take when the flow says nothing.
#define CONNECT_TIMEOUT (30 * G_USEC_PER_SEC)
#define IDLE_TIMEOUT	(300 * G_USEC_PER_SEC)

static const char *const own_keys[] = {
	"auth", "tls", "allowFailed", "allowedResponseCodes", "retryOn", "maxSize", "sslOptions"};

static bool refuse(GError **error, const char *key, const char *why)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "property '%s' %s", key, why);
	return false;
}

char *http_text_at(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	g_autofree char *text =
		value == NULL || json_is_null(value) ? NULL : expr_value_text(value);

	return text == NULL || *text == '\0' ? NULL : g_steal_pointer(&text);
}

static bool boolean_at(
	const json_t *object, const char *key, bool otherwise, bool *ret, GError **error)
{
	g_autofree char *text = http_text_at(object, key);

	*ret = text == NULL ? otherwise : g_ascii_strcasecmp(text, "true") == 0;
	return text == NULL || *ret || g_ascii_strcasecmp(text, "false") == 0 ||
	       refuse(error, key, "is neither true nor false");
}

// Leaves *ret as it is when the key is not there.
static bool duration_at(const json_t *object, const char *key, int64_t *ret, GError **error)
{
	g_autofree char *text = http_text_at(object, key);
	char *end = NULL;
	double seconds;

	if (text == NULL || duration_parse(text, ret))
		return true;
	seconds = g_ascii_strtod(text, &end);
	if (*end != '\0' || !(seconds >= 0 && seconds < 1e9))
		return refuse(error, key, "is no duration like PT1M30S");
	*ret = (int64_t)(seconds * 1e6);
	return true;
}

static bool size_at(const json_t *object, const char *key, HttpOptions *options, GError **error)
{
	g_autofree char *text = http_text_at(object, key);

	if (text == NULL)
		return true;
	options->has_limit = true;
	return g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &options->limit, NULL) ||
	       refuse(error, key, "is no number of bytes");
}

// ---- Status codes

static bool code_matches(const char *pattern, int code)
{
	char text[16];

	g_snprintf(text, sizeof(text), "%03d", code);
	for (size_t i = 0; i < 3; i++) {
		if (pattern[i] != text[i] && !(i > 0 && (pattern[i] == 'x' || pattern[i] == 'X')))
			return false;
	}
	return true;
}

bool http_code_is_in(const json_t *codes, int code)
{
	const json_t *item;
	size_t i;

	json_array_foreach(codes, i, item)
	{
		g_autofree char *pattern = expr_value_text(item);

		if (code_matches(pattern, code))
			return true;
	}
	return false;
}

static bool is_code(const json_t *item)
{
	g_autofree char *text = expr_value_text(item);

	return strlen(text) == 3 && text[0] >= '1' && text[0] <= '5' &&
	       strspn(text + 1, "0123456789xX") == 2;
}

static bool codes_at(const json_t *object, const char *key, json_t **ret, GError **error)
{
	json_t *value = json_object_get(object, key);
	json_t *list = NULL;
	const json_t *item;
	size_t i;

	if (value == NULL || json_is_null(value))
		return true;
	if (json_is_string(value))
		list = json_loads(json_string_value(value), 0, NULL);
	else if (json_is_array(value))
		list = json_incref(value);
	if (!json_is_array(list)) {
		json_decref(list);
		list = json_array();
		json_array_append(list, value);
	}
	*ret = list;
	json_array_foreach(list, i, item)
	{
		if (!is_code(item))
			return refuse(error, key, "is no list of status codes like [404, 5xx]");
	}
	return true;
}

// ---- Parts of it

static bool read_times(const json_t *all, HttpOptions *options, GError **error)
{
	const json_t *timeout = json_object_get(all, "timeout");

	options->connect_timeout = CONNECT_TIMEOUT;
	options->idle_timeout = IDLE_TIMEOUT;
	if (timeout != NULL && !json_is_object(timeout) &&
		!duration_at(all, "timeout", &options->total_timeout, error))
		return false;
	return duration_at(all, "connectTimeout", &options->connect_timeout, error) &&
	       duration_at(all, "readIdleTimeout", &options->idle_timeout, error) &&
	       duration_at(all, "readTimeout", &options->idle_timeout, error) &&
	       duration_at(timeout, "connectTimeout", &options->connect_timeout, error) &&
	       duration_at(timeout, "readIdleTimeout", &options->idle_timeout, error);
}

static bool read_credentials(const json_t *all, HttpOptions *options, GError **error)
{
	const json_t *auth = json_object_get(all, "auth");
	g_autofree char *type = http_text_at(auth, "type");
	g_autofree char *token = http_text_at(auth, "token");
	bool bearer = type == NULL ? token != NULL : g_ascii_strcasecmp(type, "BEARER") == 0;

	options->username = http_text_at(all, "basicAuthUser");
	options->password = http_text_at(all, "basicAuthPassword");
	if (auth == NULL || json_is_null(auth))
		return true;
	if (type != NULL && !bearer && g_ascii_strcasecmp(type, "BASIC") != 0)
		return refuse(error, "auth.type", "must be BASIC or BEARER");
	if (bearer && token == NULL)
		return refuse(error, "auth.token", "is missing or empty");
	if (bearer) {
		options->token = g_strstrip(g_steal_pointer(&token));
		return true;
	}
	g_free(options->username);
	g_free(options->password);
	options->username = http_text_at(auth, "username");
	options->password = http_text_at(auth, "password");
	return options->username != NULL || refuse(error, "auth.username", "is missing or empty");
}

static bool read_proxy(const json_t *all, HttpOptions *options, GError **error)
{
	const json_t *proxy = json_object_get(all, "proxy");
	bool nested = json_is_object(proxy);
	const json_t *from = nested ? proxy : all;
	g_autofree char *type = http_text_at(from, nested ? "type" : "proxyType");
	g_autofree char *address = http_text_at(from, nested ? "address" : "proxyAddress");
	g_autofree char *port = http_text_at(from, nested ? "port" : "proxyPort");
	guint64 number = 0;

	if (type != NULL && g_ascii_strcasecmp(type, "DIRECT") == 0)
		return true;
	if (address == NULL)
		return !nested || refuse(error, "proxy.address", "is missing or empty");
	if (type != NULL && g_ascii_strcasecmp(type, "HTTP") != 0 &&
		g_ascii_strcasecmp(type, "SOCKS") != 0)
		return refuse(error, "proxy.type", "must be DIRECT, HTTP or SOCKS");
	if (port == NULL || !g_ascii_string_to_unsigned(port, 10, 1, 65535, &number, NULL))
		return refuse(error, "proxy.port", "is no number of a port");
	// The proxy resolves names: it sees what is to be reached from where it stands.
	options->proxy_type = type != NULL && g_ascii_strcasecmp(type, "SOCKS") == 0
				      ? CURLPROXY_SOCKS5_HOSTNAME
				      : CURLPROXY_HTTP;
	options->proxy = g_strdup_printf("%s:%d", address, (int)number);
	options->proxy_username = http_text_at(from, nested ? "username" : "proxyUsername");
	options->proxy_password = http_text_at(from, nested ? "password" : "proxyPassword");
	return true;
}

static bool read_tls(TaskContext *context, const json_t *all, HttpOptions *options, GError **error)
{
	const json_t *ssl = json_object_get(all, "ssl");

	if (ssl == NULL)
		ssl = json_object_get(all, "sslOptions");
	return boolean_at(ssl, "insecureTrustAllCertificates", false, &options->tls.unverified,
		       error) &&
	       net_tls_read(context, json_object_get(all, "tls"), &options->tls, error);
}

// ---- The whole

static json_t *merged(TaskContext *context, GError **error)
{
	json_t *all = NULL;

	if (!task_context_json(context, "options", &all, error))
		return NULL;
	if (!json_is_object(all)) {
		json_decref(all);
		all = json_object();
	}
	for (size_t i = 0; i < G_N_ELEMENTS(own_keys); i++) {
		json_t *own = NULL;

		if (!task_context_json(context, own_keys[i], &own, error)) {
			json_decref(all);
			return NULL;
		}
		if (own != NULL)
			json_object_set_new(all, own_keys[i], own);
	}
	return all;
}

bool http_options_read(TaskContext *context, HttpOptions *options, GError **error)
{
	json_t *all = merged(context, error);
	bool ok = all != NULL &&
		  boolean_at(all, "followRedirects", true, &options->follow, error) &&
		  boolean_at(all, "allowFailed", false, &options->allow_failed, error) &&
		  codes_at(all, "allowedResponseCodes", &options->allowed, error) &&
		  codes_at(all, "retryOn", &options->retry_on, error) &&
		  size_at(all, "maxContentLength", options, error) &&
		  size_at(all, "maxSize", options, error) && read_times(all, options, error) &&
		  read_credentials(all, options, error) && read_proxy(all, options, error) &&
		  read_tls(context, all, options, error);

	options->charset = http_text_at(all, "defaultCharset");
	options->headers = json_incref(json_object_get(all, "headers"));
	json_decref(all);
	return ok;
}

void http_options_clear(HttpOptions *options)
{
	json_decref(options->allowed);
	json_decref(options->retry_on);
	json_decref(options->headers);
	g_free(options->username);
	g_free(options->password);
	g_free(options->token);
	net_tls_clear(&options->tls);
	g_free(options->proxy);
	g_free(options->proxy_username);
	g_free(options->proxy_password);
	g_free(options->charset);
}
