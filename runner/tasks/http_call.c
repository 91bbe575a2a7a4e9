// Making a request: redirects are followed here and not by libcurl, so that no credential leaves the host that it was meant for.
#include "runner/tasks/http_call.h"

#include "expr/value.h"

#include <string.h>

enum {
	REDIRECTS = 20,
	ATTEMPTS = 5, // with retryOn
	FIRST_WAIT = 1, // seconds; each later one is twice as long
	LONGEST_WAIT = 60,
	HEADER_BYTES = 1024 * 1024, // of all headers of an answer
	QUOTE_BYTES = 300, // of an answer, in a message
};

// What goes to another host, too. All else may be a credential under a name of its own.
static const char *const harmless[] = {"accept", "accept-encoding", "accept-language",
	"cache-control", "content-type", "user-agent", NULL};

// One request after the other, as redirects lead.
typedef struct {
	HttpCall *call; // borrowed
	NetTransfer *transfer; // borrowed
	char *url;
	char *method;
	bool bare; // without the content
	bool away; // from the host that the credentials are for, even if led back there
	json_t *headers; // of the answer
	size_t header_bytes;
	long code;
} Walk;

// ---- Headers of the answer

static void header_keep(json_t *headers, const char *name, const char *value)
{
	const char *known;
	json_t *list;

	json_object_foreach(headers, known, list)
	{
		if (g_ascii_strcasecmp(known, name) == 0) {
			json_array_append_new(list, json_string(value));
			return;
		}
	}
	json_object_set_new(headers, name, json_pack("[s]", value));
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data)
{
	Walk *walk = data;
	size_t length = size * count;
	g_autofree char *line = g_utf8_make_valid(bytes, (gssize)length);
	char *colon = strchr(line, ':');

	walk->header_bytes += length;
	if (walk->header_bytes > HEADER_BYTES)
		return 0;
	if (g_str_has_prefix(line, "HTTP/")) {
		json_object_clear(walk->headers);
	} else if (colon != NULL) {
		*colon = '\0';
		header_keep(walk->headers, line, g_strstrip(colon + 1));
	}
	return length;
}

// ---- One request

static bool header_goes(const Walk *walk, const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);

	if (walk->bare && g_str_has_prefix(lower, "content-"))
		return false;
	return !walk->away || g_strv_contains(harmless, lower);
}

static bool header_given(const Walk *walk, const char *wanted)
{
	const char *name;
	json_t *value;

	json_object_foreach(walk->call->headers, name, value)
	{
		if (g_ascii_strcasecmp(name, wanted) == 0 && header_goes(walk, name))
			return true;
	}
	return false;
}

static bool set_headers(const Walk *walk, struct curl_slist **lines, GError **error)
{
	const HttpCall *call = walk->call;
	const NetCurl *curl = walk->transfer->curl;
	const char *name;
	json_t *value;

	json_object_foreach(call->headers, name, value)
	{
		g_autofree char *text = expr_value_text(value);

		if (header_goes(walk, name) && !http_header_add(lines, curl, name, text, error))
			return false;
	}
	if (call->content_type != NULL && !walk->bare && !header_given(walk, "Content-Type") &&
		!http_header_add(lines, curl, "Content-Type", call->content_type, error))
		return false;
	// Saves a turn before each content.
	if (!header_given(walk, "Expect"))
		*lines = curl->slist_append(*lines, "Expect:");
	curl->easy_setopt(walk->transfer->easy, CURLOPT_HTTPHEADER, *lines);
	return true;
}

static void set_credentials(const Walk *walk)
{
	const HttpOptions *options = &walk->call->options;
	const NetCurl *curl = walk->transfer->curl;
	CURL *easy = walk->transfer->easy;

	if (walk->away || header_given(walk, "Authorization"))
		return;
	if (options->token != NULL) {
		curl->easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl->easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, options->token);
	} else if (options->username != NULL) {
		curl->easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl->easy_setopt(easy, CURLOPT_USERNAME, options->username);
		curl->easy_setopt(
			easy, CURLOPT_PASSWORD, options->password != NULL ? options->password : "");
	}
}

static void set_connection(Walk *walk)
{
	const HttpOptions *options = &walk->call->options;
	const NetCurl *curl = walk->transfer->curl;
	CURL *easy = walk->transfer->easy;

	curl->easy_setopt(easy, CURLOPT_URL, walk->url);
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
	curl->easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, walk);
	if (!header_given(walk, "Accept-Encoding"))
		curl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	net_tls_set(walk->transfer, &options->tls, !walk->away);
	if (options->proxy == NULL)
		return;
	curl->easy_setopt(easy, CURLOPT_PROXY, options->proxy);
	curl->easy_setopt(easy, CURLOPT_PROXYTYPE, options->proxy_type);
	if (options->proxy_username != NULL) {
		curl->easy_setopt(easy, CURLOPT_PROXYUSERNAME, options->proxy_username);
		curl->easy_setopt(easy, CURLOPT_PROXYPASSWORD,
			options->proxy_password != NULL ? options->proxy_password : "");
	}
}

static bool set_content(const Walk *walk, curl_mime **ret_mime, GError **error)
{
	HttpCall bare = {.context = walk->call->context, .method = walk->method};

	return http_body_set(walk->bare ? &bare : walk->call, walk->transfer, ret_mime, error);
}

// A proxy connects in our place: a literal address is judged here, a name by the proxy.
static bool may_go(const Walk *walk, const char *what, GError **error)
{
	g_autofree char *host = http_url_host(walk->transfer->curl, walk->url);
	const char *kind = NULL;

	if (!http_url_is_http(walk->transfer->curl, walk->url)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"%s: redirected to an address that is neither http:// nor https://", what);
		return false;
	}
	if (host == NULL || net_policy_allows_host(walk->transfer->policy, host, &kind))
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
		"%s: '%s' is %s, which tasks may not reach; the server's configuration allows it "
		"with 'runner: {private_addresses: [%s]}'",
		what, host, kind, host);
	return false;
}

static bool step(Walk *walk, const char *what, GError **error)
{
	struct curl_slist *lines = NULL;
	curl_mime *mime = NULL;
	bool done;

	json_object_clear(walk->headers);
	walk->header_bytes = 0;
	done = may_go(walk, what, error) && net_transfer_prepare(walk->transfer, error);
	if (done) {
		set_connection(walk);
		set_credentials(walk);
		done = set_content(walk, &mime, error) && set_headers(walk, &lines, error) &&
		       net_transfer_run(walk->transfer, what, error);
	}
	if (done)
		walk->transfer->curl->easy_getinfo(
			walk->transfer->easy, CURLINFO_RESPONSE_CODE, &walk->code);
	walk->transfer->curl->mime_free(mime);
	walk->transfer->curl->slist_free_all(lines);
	return done;
}

// ---- Redirects

static bool is_redirect(long code)
{
	return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

// Turns the walk to where the answer points; false when it points nowhere.
static bool turn(Walk *walk)
{
	char *next = NULL;
	bool was_post = strcmp(walk->method, "POST") == 0;

	walk->transfer->curl->easy_getinfo(walk->transfer->easy, CURLINFO_REDIRECT_URL, &next);
	if (next == NULL)
		return false;
	walk->away = walk->away || !http_url_same_home(walk->transfer->curl, walk->url, next);
	g_free(walk->url);
	walk->url = g_strdup(next);
	if ((walk->code == 303 && strcmp(walk->method, "HEAD") != 0) ||
		(walk->code <= 302 && was_post)) {
		walk->bare = true;
		g_free(walk->method);
		walk->method = g_strdup("GET");
	}
	return true;
}

static char *described(const Walk *walk)
{
	g_autofree char *shown = http_url_shown(
		walk->call->context, walk->transfer->curl, walk->url, walk->call->discreet);

	return g_strdup_printf("%s '%s'", walk->method, shown);
}

static bool follow(Walk *walk, GError **error)
{
	for (unsigned turns = 0;; turns++) {
		g_autofree char *what = described(walk);

		if (!step(walk, what, error))
			return false;
		if (!walk->call->options.follow || !is_redirect(walk->code) || !turn(walk))
			return true;
		if (turns == REDIRECTS) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"%s: redirected more than %d times", what, REDIRECTS);
			return false;
		}
	}
}

// ---- Repeating and judging

static void walk_start(Walk *walk)
{
	g_free(walk->url);
	g_free(walk->method);
	walk->url = g_strdup(walk->call->url);
	walk->method = g_strdup(walk->call->method);
	walk->bare = walk->away = false;
}

static int64_t pause_before(const Walk *walk, unsigned attempt)
{
	int64_t seconds = FIRST_WAIT << (attempt - 1);
	curl_off_t asked = 0;
	bool told = false;
	const char *name;
	json_t *value;

	json_object_foreach(walk->headers, name, value) told =
		told || g_ascii_strcasecmp(name, "Retry-After") == 0;
	if (told) {
		walk->transfer->curl->easy_getinfo(
			walk->transfer->easy, CURLINFO_RETRY_AFTER, &asked);
		seconds = asked;
	}
	return CLAMP(seconds, 0, LONGEST_WAIT) * G_USEC_PER_SEC;
}

static bool walk_all(Walk *walk, GError **error)
{
	for (unsigned attempt = 1;; attempt++) {
		int64_t pause;

		walk_start(walk);
		if (!follow(walk, error))
			return false;
		if (attempt == ATTEMPTS ||
			!http_code_is_in(walk->call->options.retry_on, (int)walk->code))
			return true;
		pause = pause_before(walk, attempt);
		g_autofree char *what = described(walk);
		task_context_log(walk->call->context, TASK_LOG_WARN,
			"%s answered %ld; asking again in %d seconds (%u of %d)", what, walk->code,
			(int)(pause / G_USEC_PER_SEC), attempt + 1, ATTEMPTS);
		if (!net_wait(walk->call->context, pause, error))
			return false;
	}
}

// What an answer says, for a message: one line of text, or nothing.
static char *quote(const Walk *walk)
{
	const GString *head = walk->transfer->head;
	g_autofree char *text =
		g_utf8_make_valid(head->str, (gssize)MIN(head->len, (gsize)QUOTE_BYTES));

	if (walk->call->quiet)
		return g_strdup("");
	for (char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	}
	g_strstrip(text);
	return *text == '\0' ? g_strdup("")
			     : g_strdup_printf(": %s%s", text, head->len > QUOTE_BYTES ? "…" : "");
}

static bool judge(const Walk *walk, GError **error)
{
	const HttpOptions *options = &walk->call->options;
	bool listed = json_array_size(options->allowed) > 0;
	bool good = listed ? http_code_is_in(options->allowed, (int)walk->code) : walk->code < 400;

	if (good || options->allow_failed)
		return true;
	g_autofree char *what = described(walk);
	g_autofree char *said = quote(walk);
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "%s answered %ld%s%s%s", what, walk->code,
		listed ? ", which is not one of 'allowedResponseCodes'" : "", said,
		walk->code == 401   ? "; check 'auth'"
		: walk->code == 407 ? "; check user and password of 'options.proxy'"
				    : "");
	return false;
}

NetTransfer *http_call_transfer(const HttpCall *call, GError **error)
{
	NetTransfer *transfer = net_transfer_new(call->context, error);

	if (transfer == NULL)
		return NULL;
	transfer->connect_timeout = call->options.connect_timeout;
	transfer->idle_timeout = call->options.idle_timeout;
	transfer->total_timeout = call->options.total_timeout;
	transfer->limit = call->options.limit;
	return transfer;
}

bool http_call_run(HttpCall *call, NetTransfer *transfer, HttpAnswer *ret, GError **error)
{
	Walk walk = {.call = call, .transfer = transfer, .headers = json_object()};
	bool done = walk_all(&walk, error);

	if (done) {
		ret->code = (int)walk.code;
		ret->headers = json_incref(walk.headers);
		ret->length = transfer->received;
		ret->url = http_url_output(call->context, transfer->curl, call->url);
		done = judge(&walk, error);
	}
	json_decref(walk.headers);
	g_free(walk.url);
	g_free(walk.method);
	return done;
}

json_t *http_answer_outputs(const HttpAnswer *answer)
{
	return answer->url == NULL ? NULL
				   : json_pack("{s:s, s:i, s:O}", "uri", answer->url, "code",
					     answer->code, "headers", answer->headers);
}

void http_call_clear(HttpCall *call)
{
	g_free(call->url);
	g_free(call->method);
	json_decref(call->headers);
	g_free(call->body);
	json_decref(call->form);
	g_free(call->content_type);
	http_options_clear(&call->options);
}

void http_answer_clear(HttpAnswer *answer)
{
	json_decref(answer->headers);
	g_free(answer->url);
}
