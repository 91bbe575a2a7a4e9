// Git's smart protocol over http:// and https://, carried by libcurl: a GET for the references, a POST for each step of the
// negotiation. Certificates are always verified. A redirect is followed for the first request only, never from https:// to
// http://, and credentials go to the host they are meant for and no other.
#include "reconciler/source_curl.h"
#include "reconciler/source_fetch.h"
#include "reconciler/source_http_report.h"
#include "reconciler/source_secret.h"

#include <string.h>

enum {
	REDIRECTS = 5,
	POLL_MS = 1000,
};

#define SERVICE "/info/refs?service=git-upload-pack"

typedef struct {
	git_smart_subtransport parent;
	Fetch *fetch;
	const CurlLibrary *curl;
	CURLM *multi;
	CURL *easy; // one for all requests: it keeps the connection
	char *base; // what the paths are appended to; changed by a redirect
	char *secret; // password or token; NULL: none is set
	SecretPlace place;
	bool redirected; // base is not where the URL points
	bool elsewhere; // redirected to another host: credentials stay at home
	char reason[CURL_ERROR_SIZE];
} HttpTransport;

typedef struct {
	git_smart_subtransport_stream parent;
	HttpTransport *transport;
	bool posts;
	GByteArray *request; // what is posted
	GByteArray *answer; // what came and was not read yet
	size_t read; // of it
	struct curl_slist *headers;
	bool opened; // what comes is of the answer that counts
	bool begun, ended;
	CURLcode code; // how it ended
} HttpStream;

// ---- One request --------------------------------------------------------------------------------------------------

static size_t take_answer(char *bytes, size_t size, size_t count, void *data)
{
	HttpStream *stream = data;

	fetch_beat(stream->transport->fetch, FETCH_TRANSFER);
	g_byte_array_append(stream->answer, (const guint8 *)bytes, (guint)(size * count));
	return size * count;
}

// The connection stands, TLS and all: from now on it is the server that is waited for.
static int note_connected(
	void *data, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	HttpTransport *transport = data;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	fetch_beat(transport->fetch, FETCH_TRANSFER);
	return CURL_PREREQFUNC_OK;
}

static void set_trust(HttpTransport *self)
{
	const SourceAccess *access = &self->fetch->job.access;

	self->curl->easy_setopt(self->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	self->curl->easy_setopt(self->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	self->curl->easy_setopt(self->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (access->ca_file == NULL)
		return;
	self->curl->easy_setopt(self->easy, CURLOPT_CAINFO, access->ca_file);
	self->curl->easy_setopt(self->easy, CURLOPT_CAPATH, NULL);
}

static void set_credentials(HttpTransport *self)
{
	const Fetch *fetch = self->fetch;
	const char *user = fetch->job.access.username != NULL ? fetch->job.access.username
			   : fetch->url.user != NULL	      ? fetch->url.user
							      : "git";
	bool send = self->secret != NULL && !self->elsewhere;

	self->curl->easy_setopt(self->easy, CURLOPT_USERNAME, send ? user : NULL);
	self->curl->easy_setopt(self->easy, CURLOPT_PASSWORD, send ? self->secret : NULL);
	self->curl->easy_setopt(self->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
}

static void set_connection(HttpTransport *self)
{
	const SourceAccess *access = &self->fetch->job.access;
	const CurlLibrary *curl = self->curl;

	curl->easy_setopt(self->easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(self->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(self->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl->easy_setopt(self->easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(access->connect_timeout / 1000 + 1000));
	curl->easy_setopt(self->easy, CURLOPT_ERRORBUFFER, self->reason);
	curl->easy_setopt(self->easy, CURLOPT_USERAGENT, "git/2.0 (weir " WEIR_VERSION ")");
	curl->easy_setopt(self->easy, CURLOPT_ACCEPT_ENCODING, "");
	curl->easy_setopt(self->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl->easy_setopt(self->easy, CURLOPT_PREREQFUNCTION, note_connected);
	curl->easy_setopt(self->easy, CURLOPT_PREREQDATA, self);
	if (access->proxy != NULL)
		curl->easy_setopt(self->easy, CURLOPT_PROXY, access->proxy);
}

static void add_header(HttpStream *stream, const char *header)
{
	stream->headers = stream->transport->curl->slist_append(stream->headers, header);
}

static void begin_request(HttpStream *stream)
{
	HttpTransport *self = stream->transport;
	const CurlLibrary *curl = self->curl;
	g_autofree char *url =
		g_strconcat(self->base, stream->posts ? "/git-upload-pack" : SERVICE, NULL);

	*self->reason = '\0';
	curl->easy_setopt(self->easy, CURLOPT_URL, url);
	curl->easy_setopt(self->easy, CURLOPT_WRITEDATA, stream);
	set_credentials(self);
	if (stream->posts) {
		add_header(stream, "Content-Type: application/x-git-upload-pack-request");
		add_header(stream, "Accept: application/x-git-upload-pack-result");
		add_header(stream, "Expect:");
		curl->easy_setopt(self->easy, CURLOPT_POSTFIELDS, stream->request->data);
		curl->easy_setopt(
			self->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)stream->request->len);
		curl->easy_setopt(self->easy, CURLOPT_POST, 1L);
	} else {
		add_header(stream, "Pragma: no-cache");
		curl->easy_setopt(self->easy, CURLOPT_HTTPGET, 1L);
	}
	curl->easy_setopt(self->easy, CURLOPT_HTTPHEADER, stream->headers);
	curl->multi_add_handle(self->multi, self->easy);
	stream->begun = true;
}

static void end_request(HttpStream *stream)
{
	if (!stream->begun)
		return;
	stream->transport->curl->multi_remove_handle(
		stream->transport->multi, stream->transport->easy);
	stream->begun = false;
}

// Goes on until something came, or all of it.
static void wait_for_answer(HttpStream *stream)
{
	HttpTransport *self = stream->transport;
	int running = 1, messages;

	while (!stream->ended && stream->read == stream->answer->len) {
		self->curl->multi_perform(self->multi, &running);
		const CURLMsg *message = self->curl->multi_info_read(self->multi, &messages);
		if (message != NULL && message->msg == CURLMSG_DONE) {
			stream->ended = true;
			stream->code = message->data.result;
		} else if (stream->read == stream->answer->len) {
			self->curl->multi_poll(self->multi, NULL, 0, POLL_MS, NULL);
		}
	}
}

static HttpOutcome outcome_of(const HttpStream *stream)
{
	const HttpTransport *self = stream->transport;
	HttpOutcome outcome = {
		.code = stream->ended ? stream->code : CURLE_OK,
		.reason = self->reason,
		.scheme = self->fetch->url.scheme,
		.key = self->place.key,
		.redirected = self->redirected ? self->base : NULL,
		.elsewhere = self->elsewhere,
		.ca_file = self->fetch->job.access.ca_file,
	};

	self->curl->easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &outcome.status);
	self->curl->easy_getinfo(self->easy, CURLINFO_HTTP_CONNECTCODE, &outcome.proxy_status);
	self->curl->easy_getinfo(self->easy, CURLINFO_SSL_VERIFYRESULT, &outcome.verify_result);
	self->curl->easy_getinfo(self->easy, CURLINFO_OS_ERRNO, &outcome.os_error);
	self->curl->easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &outcome.content_type);
	self->curl->easy_getinfo(self->easy, CURLINFO_REDIRECT_URL, &outcome.redirect);
	if (outcome.reason == NULL || *outcome.reason == '\0')
		outcome.reason = self->curl->easy_strerror(outcome.code);
	return outcome;
}

// ---- Redirects ----------------------------------------------------------------------------------------------------

static int port_of(const SourceUrl *url)
{
	if (url->port != 0)
		return url->port;
	return url->scheme == URL_HTTPS ? 443 : 80;
}

static bool same_place(const char *left, const char *right)
{
	g_auto(SourceUrl) a = {0}, b = {0};

	return source_url_parse(left, &a, NULL) && source_url_parse(right, &b, NULL) &&
	       a.scheme == b.scheme && port_of(&a) == port_of(&b) &&
	       g_ascii_strcasecmp(a.host, b.host) == 0;
}

// The base that a redirect of the first request leads to; NULL when it may not be followed.
static char *redirected_base(const HttpTransport *self, const char *target)
{
	g_auto(SourceUrl) url = {0};
	char *base;

	if (target == NULL || !g_str_has_suffix(target, SERVICE))
		return NULL;
	base = g_strndup(target, strlen(target) - strlen(SERVICE));
	if (source_url_parse(base, &url, NULL) &&
		(url.scheme == URL_HTTPS ||
			(url.scheme == URL_HTTP && self->fetch->url.scheme == URL_HTTP)))
		return base;
	g_free(base);
	return NULL;
}

// Begins the request again where it was sent to. False with a failure when it was sent nowhere good.
static bool follow(HttpStream *stream, const HttpOutcome *outcome)
{
	HttpTransport *self = stream->transport;
	char *base = redirected_base(self, outcome->redirect);

	if (base == NULL) {
		http_report_redirect(self->fetch, outcome);
		return false;
	}
	self->elsewhere = !same_place(base, self->fetch->job.url);
	self->redirected = true;
	g_free(self->base);
	self->base = base;
	end_request(stream);
	g_byte_array_set_size(stream->answer, 0);
	stream->read = 0;
	stream->ended = false;
	begin_request(stream);
	return true;
}

// ---- The stream ---------------------------------------------------------------------------------------------------

static bool is_redirect(const HttpOutcome *outcome)
{
	return outcome->code == CURLE_OK && outcome->status >= 300 && outcome->status < 400;
}

static void drop_answer(HttpStream *stream)
{
	while (!stream->ended) {
		stream->read = stream->answer->len;
		wait_for_answer(stream);
	}
}

// Sends the request, and follows where it leads to, until there is something of the answer that counts.
static bool open_answer(HttpStream *stream)
{
	const char *type = stream->posts ? "application/x-git-upload-pack-result"
					 : "application/x-git-upload-pack-advertisement";

	begin_request(stream);
	for (int redirects = 0;; redirects++) {
		wait_for_answer(stream);
		HttpOutcome outcome = outcome_of(stream);
		if (is_redirect(&outcome)) {
			// Only at the end of the answer does the library tell where to.
			drop_answer(stream);
			outcome = outcome_of(stream);
		}
		if (is_redirect(&outcome) && !stream->posts && redirects < REDIRECTS) {
			if (!follow(stream, &outcome))
				return false;
			continue;
		}
		return http_report(stream->transport->fetch, &outcome, type);
	}
}

static int stream_read(
	git_smart_subtransport_stream *parent, char *buffer, size_t size, size_t *ret_read)
{
	HttpStream *stream = (HttpStream *)parent;

	*ret_read = 0;
	if (!stream->opened && !open_answer(stream))
		return -1;
	stream->opened = true;
	wait_for_answer(stream);
	size_t there = stream->answer->len - stream->read;
	if (there == 0 && stream->code != CURLE_OK) {
		HttpOutcome outcome = outcome_of(stream);

		http_report(stream->transport->fetch, &outcome, NULL);
		return -1;
	}
	*ret_read = MIN(there, size);
	memcpy(buffer, stream->answer->data + stream->read, *ret_read);
	stream->read += *ret_read;
	if (stream->read == stream->answer->len) {
		g_byte_array_set_size(stream->answer, 0);
		stream->read = 0;
	}
	return 0;
}

static int stream_write(git_smart_subtransport_stream *parent, const char *buffer, size_t length)
{
	HttpStream *stream = (HttpStream *)parent;

	g_byte_array_append(stream->request, (const guint8 *)buffer, (guint)length);
	return 0;
}

static void stream_free(git_smart_subtransport_stream *parent)
{
	HttpStream *stream = (HttpStream *)parent;

	end_request(stream);
	stream->transport->curl->slist_free_all(stream->headers);
	g_byte_array_unref(stream->request);
	g_byte_array_unref(stream->answer);
	g_free(stream);
}

// ---- The transport ------------------------------------------------------------------------------------------------

// Loads what is needed for the first request.
static bool prepare(HttpTransport *self)
{
	Fetch *fetch = self->fetch;
	g_autofree char *message = NULL;

	if (self->easy != NULL)
		return true;
	self->curl = curl_library(&message);
	if (self->curl == NULL)
		return fetch_fail(fetch, FETCH_ERROR_UNREACHABLE,
			       "repository '%s' cannot be fetched: libcurl is not there (%s); "
			       "install "
			       "it (Debian: libcurl4)",
			       fetch->job.url, message) == 0;
	self->place = secret_place_password(&fetch->job.access);
	if (self->place.key != NULL)
		self->secret = secret_read(&self->place, fetch->job.url, &fetch->failure);
	if (self->place.key != NULL && self->secret == NULL)
		return false;
	self->multi = self->curl->multi_init();
	self->easy = self->curl->easy_init();
	set_connection(self);
	set_trust(self);
	return true;
}

static int transport_action(git_smart_subtransport_stream **ret, git_smart_subtransport *parent,
	const char *url, git_smart_service_t action)
{
	HttpTransport *self = (HttpTransport *)parent;

	(void)url;
	if (!prepare(self))
		return -1;
	HttpStream *stream = g_new0(HttpStream, 1);
	stream->parent =
		(git_smart_subtransport_stream){parent, stream_read, stream_write, stream_free};
	stream->transport = self;
	stream->posts = action == GIT_SERVICE_UPLOADPACK;
	stream->request = g_byte_array_new();
	stream->answer = g_byte_array_new();
	*ret = &stream->parent;
	return 0;
}

static int transport_close(git_smart_subtransport *parent)
{
	(void)parent;
	return 0;
}

static void transport_free(git_smart_subtransport *parent)
{
	HttpTransport *self = (HttpTransport *)parent;

	if (self->easy != NULL) {
		self->curl->easy_cleanup(self->easy);
		self->curl->multi_cleanup(self->multi);
	}
	secret_free(self->secret);
	g_free(self->base);
	g_free(self);
}

// "https://git.example.com/x/" and "…/x" are the same; the user goes where the password goes.
static char *base_of(const Fetch *fetch)
{
	const SourceUrl *url = &fetch->url;
	g_autofree char *path = g_uri_escape_string(url->path, "/~!$&'()*+,;=:@", FALSE);
	g_autofree char *port = url->port == 0 ? g_strdup("") : g_strdup_printf(":%d", url->port);
	bool v6 = strchr(url->host, ':') != NULL;

	for (size_t length = strlen(path); length > 0 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	return g_strdup_printf("%s%s%s%s%s%s", url_scheme_text(url->scheme), v6 ? "[" : "",
		url->host, v6 ? "]" : "", port, path);
}

static int create(git_smart_subtransport **ret, git_transport *owner, void *data)
{
	HttpTransport *self = g_new0(HttpTransport, 1);

	(void)owner;
	self->parent = (git_smart_subtransport){transport_action, transport_close, transport_free};
	self->fetch = data;
	self->base = base_of(data);
	*ret = &self->parent;
	return 0;
}

int fetch_transport_http(git_transport **ret, git_remote *owner, void *fetch)
{
	git_smart_subtransport_definition definition = {create, 1, fetch};

	return git_transport_smart(ret, owner, &definition);
}
