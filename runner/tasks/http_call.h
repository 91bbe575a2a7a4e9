// What http.request, http.download and the notifications share: a request as the task describes it, and how it is made:
// redirects, repetitions, credentials, judging of the answer.
#pragma once

#include "runner/net/net_transfer.h"

typedef struct {
	int64_t connect_timeout, idle_timeout, total_timeout; // microseconds; 0: none
	bool follow, allow_failed, has_limit;
	json_t *allowed, *retry_on; // lists of status codes: 404, "404", "5xx"; NULL: none
	uint64_t limit; // of the answer, in bytes
	char *username, *password; // NULL: none
	char *token;
	NetTls tls;
	long proxy_type; // of libcurl
	char *proxy, *proxy_username, *proxy_password; // proxy NULL: none
	char *charset; // NULL: UTF-8
	json_t *headers; // of options; NULL: none
} HttpOptions;

typedef struct {
	TaskContext *context;
	char *url;
	char *method;
	json_t *headers; // object of texts; NULL: none
	char *body; // NULL: none
	size_t body_length;
	json_t *form; // to be sent in parts; NULL: none
	char *content_type; // NULL: none
	bool discreet; // messages name the host alone: the path is a secret, as with Slack
	bool quiet; // messages do not quote the answer
	HttpOptions options;
} HttpCall;

typedef struct {
	int code;
	json_t *headers; // name -> list of texts
	uint64_t length; // of the body
	char *url; // as asked for, secrets left out
} HttpAnswer;

// ---- http_options.c
// Reads `options` and the keys of the task that mean the same.
bool http_options_read(TaskContext *context, HttpOptions *options, GError **error);
void http_options_clear(HttpOptions *options);
// The member of a rendered object as text; NULL when absent, null or empty. The caller frees it.
char *http_text_at(const json_t *object, const char *key);
// Whether a status code is in a list of them.
bool http_code_is_in(const json_t *codes, int code);

// ---- http_body.c
// Reads `method`, `headers` and `contentType`; GET is the default.
bool http_head_read(HttpCall *call, GError **error);
// The same, with `body` or `formData`.
bool http_body_read(HttpCall *call, GError **error);
// Sets the content on the handle; ret_mime receives what is to be freed after the exchange, or NULL.
bool http_body_set(
	const HttpCall *call, NetTransfer *transfer, curl_mime **ret_mime, GError **error);
// Appends a header to lines; false when its name or value could end it.
bool http_header_add(struct curl_slist **lines, const NetCurl *curl, const char *name,
	const char *value, GError **error);

// ---- http_url.c
// Reads the URL from key, and `params`. What a URL holds of user and password goes to the options.
bool http_url_read(HttpCall *call, const NetCurl *curl, const char *key, GError **error);
// Whether credentials for one may be shown to the other: same host, port and scheme, or the same host upgraded to TLS.
bool http_url_same_home(const NetCurl *curl, const char *from, const char *to);
// Host of a URL, as written. The caller frees it.
char *http_url_host(const NetCurl *curl, const char *url);
bool http_url_is_http(const NetCurl *curl, const char *url);
// For messages: without user and query; discreet: without the path. For outputs: with the query. Secrets are masked also where
// they are escaped. The caller frees them.
char *http_url_shown(TaskContext *context, const NetCurl *curl, const char *url, bool discreet);
char *http_url_output(TaskContext *context, const NetCurl *curl, const char *url);

// ---- http_call.c
// Makes a transfer with the limits of the options.
NetTransfer *http_call_transfer(const HttpCall *call, GError **error);
// Makes the request, follows redirects, repeats it as `retryOn` says, and judges the status. When only the status is at
// fault, *ret is filled all the same.
bool http_call_run(HttpCall *call, NetTransfer *transfer, HttpAnswer *ret, GError **error);
// url, code and headers as outputs of a task.
json_t *http_answer_outputs(const HttpAnswer *answer);
void http_call_clear(HttpCall *call);
void http_answer_clear(HttpAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpCall, http_call_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpAnswer, http_answer_clear)
