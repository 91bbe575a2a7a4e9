#include "runner/net/net_transfer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	POLL_MS = 1000,
	BUFFER_BYTES = 256 * 1024,
};

// ---- What libcurl calls

static bool file_write(NetTransfer *transfer, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(transfer->file, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			transfer->write_fault = g_strdup(g_strerror(errno));
			return false;
		}
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	NetTransfer *transfer = data;
	size_t length = size * count;
	size_t room = NET_HEAD_BYTES - MIN(transfer->head->len, (size_t)NET_HEAD_BYTES);

	if (transfer->received + length > transfer->limit) {
		transfer->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	transfer->received += length;
	transfer->moved = g_get_monotonic_time();
	g_string_append_len(transfer->head, bytes, (gssize)MIN(room, length));
	if (transfer->file < 0)
		g_string_append_len(transfer->body, bytes, (gssize)length);
	else if (!file_write(transfer, bytes, length))
		return CURL_WRITEFUNC_ERROR;
	return length;
}

static int note_connected(void *data, char *remote, char *local, int remote_port, int local_port)
{
	NetTransfer *transfer = data;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	transfer->connected = true;
	transfer->moved = g_get_monotonic_time();
	return CURL_PREREQFUNC_OK;
}

static bool is_idle(const NetTransfer *transfer)
{
	return transfer->idle_timeout > 0 && transfer->connected &&
	       g_get_monotonic_time() - transfer->moved >= transfer->idle_timeout;
}

static bool is_over(const NetTransfer *transfer)
{
	return task_context_cancelled(transfer->context) || is_idle(transfer);
}

// The one way to end an exchange early: libcurl, when a handle is taken from it in the middle of a mail, ends the mail as
// if it were whole, and waits for the answer. It calls this also where it waits by itself.
static int note_progress(
	void *data, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	NetTransfer *transfer = data;

	(void)down_all, (void)up_all;
	if (down + up != transfer->bytes)
		transfer->moved = g_get_monotonic_time();
	transfer->bytes = down + up;
	return is_over(transfer) ? 1 : 0;
}

// The one place that every connection goes through, after the name was resolved: what is checked here is what is
// connected to.
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	NetTransfer *transfer = data;
	const char *kind = NULL;

	(void)purpose;
	if (!net_policy_allows(transfer->policy, &address->addr, &kind)) {
		g_autofree char *text = net_address_text(&address->addr);

		g_free(transfer->refused);
		transfer->refused = g_strdup_printf(
			"%s is %s, which tasks may not reach; the server's configuration allows it "
			"with 'runner: {private_addresses: [%s]}'",
			text, kind, text);
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// ---- The handle

NetTransfer *net_transfer_new(TaskContext *context, GError **error)
{
	const NetCurl *curl = net_curl(error);
	NetTransfer *transfer;

	if (curl == NULL)
		return NULL;
	transfer = g_new0(NetTransfer, 1);
	transfer->curl = curl;
	transfer->context = context;
	transfer->policy = task_context_net_policy(context);
	transfer->file = -1;
	transfer->limit = UINT64_MAX;
	transfer->body = g_string_new(NULL);
	transfer->head = g_string_new(NULL);
	transfer->easy = curl->easy_init();
	transfer->multi = curl->multi_init();
	if (transfer->easy != NULL && transfer->multi != NULL)
		return transfer;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "no memory for a transfer");
	net_transfer_free(transfer);
	return NULL;
}

void net_transfer_free(NetTransfer *transfer)
{
	if (transfer == NULL)
		return;
	if (transfer->easy != NULL)
		transfer->curl->easy_cleanup(transfer->easy);
	if (transfer->multi != NULL)
		transfer->curl->multi_cleanup(transfer->multi);
	g_string_free(transfer->body, TRUE);
	g_string_free(transfer->head, TRUE);
	g_free(transfer->refused);
	g_free(transfer->write_fault);
	g_free(transfer);
}

static void set_common(NetTransfer *transfer)
{
	const NetCurl *curl = transfer->curl;
	CURL *easy = transfer->easy;

	curl->easy_reset(easy);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	// A name that takes long to resolve must not keep a cancelled task.
	curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl->easy_setopt(easy, CURLOPT_PREREQFUNCTION, note_connected);
	curl->easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, note_progress);
	curl->easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
	curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	// What the server's own environment says about proxies is not the flows' business; no file of its user is read.
	curl->easy_setopt(easy, CURLOPT_PROXY, "");
	curl->easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	if (transfer->connect_timeout > 0)
		curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			(long)MAX(transfer->connect_timeout / 1000, 1));
	if (transfer->total_timeout > 0)
		curl->easy_setopt(
			easy, CURLOPT_TIMEOUT_MS, (long)MAX(transfer->total_timeout / 1000, 1));
}

bool net_transfer_prepare(NetTransfer *transfer, GError **error)
{
	set_common(transfer);
	g_string_truncate(transfer->body, 0);
	g_string_truncate(transfer->head, 0);
	g_clear_pointer(&transfer->refused, g_free);
	g_clear_pointer(&transfer->write_fault, g_free);
	transfer->too_large = false;
	transfer->received = 0;
	transfer->connected = false;
	transfer->bytes = 0;
	if (transfer->file < 0 ||
		(ftruncate(transfer->file, 0) == 0 && lseek(transfer->file, 0, SEEK_SET) == 0))
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot empty the file: %s",
		g_strerror(errno));
	return false;
}

// ---- The exchange

static bool cancelled(const TaskContext *context, GError **error)
{
	if (!task_context_cancelled(context))
		return false;
	g_set_error(error, TASK_ERROR, TASK_ERROR_CANCELLED, "cancelled");
	return true;
}

bool net_wait(TaskContext *context, int64_t microseconds, GError **error)
{
	struct pollfd wait = {.fd = task_context_cancel_fd(context), .events = POLLIN};
	int64_t end = g_get_monotonic_time() + microseconds;

	for (;;) {
		int64_t left = end - g_get_monotonic_time();

		if (cancelled(context, error))
			return false;
		if (left <= 0)
			return true;
		poll(&wait, 1, (int)MIN(left / 1000 + 1, POLL_MS));
	}
}

// What to do about a failure, where that is known.
static const char *cure(CURLcode code)
{
	static const struct {
		CURLcode code;
		const char *text;
	} cures[] = {
		{CURLE_PEER_FAILED_VERIFICATION,
			"; 'tls: {ca: …}' names the authority to trust, if it is one of your own"},
		{CURLE_COULDNT_RESOLVE_HOST, "; check the name of the host"},
		{CURLE_COULDNT_RESOLVE_PROXY, "; check the name of the proxy"},
		{CURLE_COULDNT_CONNECT, "; check host and port, and that the server runs"},
		{CURLE_LOGIN_DENIED, "; check 'username' and 'password'"},
		{CURLE_USE_SSL_FAILED,
			"; the server offers no STARTTLS: SMTPS is for a port that speaks TLS at "
			"once"},
		{CURLE_SSL_CERTPROBLEM, "; check 'tls.certificate' and 'tls.key'"},
		{CURLE_SSL_CACERT_BADFILE, "; 'tls.ca' must be certificates in PEM form"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cures); i++) {
		if (cures[i].code == code)
			return cures[i].text;
	}
	return "";
}

static bool fail(const NetTransfer *transfer, CURLcode code, const char *what, GError **error)
{
	const char *reason =
		*transfer->reason != '\0' ? transfer->reason : transfer->curl->easy_strerror(code);

	if (cancelled(transfer->context, error))
		return false;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"%s: the server was silent for %.3g seconds", what,
			(double)transfer->idle_timeout / 1e6);
	else if (transfer->refused != NULL && code == CURLE_COULDNT_CONNECT)
		g_set_error(
			error, TASK_ERROR, TASK_ERROR_FAILED, "%s: %s", what, transfer->refused);
	else if (transfer->too_large)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"%s: the answer is larger than %" G_GUINT64_FORMAT
			" bytes; 'maxSize' sets another limit",
			what, transfer->limit);
	else if (transfer->write_fault != NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"%s: cannot write the answer to a file: %s", what, transfer->write_fault);
	else
		g_set_error(
			error, TASK_ERROR, TASK_ERROR_FAILED, "%s: %s%s", what, reason, cure(code));
	return false;
}

static int wait_ms(const NetTransfer *transfer)
{
	int64_t left = transfer->idle_timeout > 0 && transfer->connected
			       ? transfer->moved + transfer->idle_timeout - g_get_monotonic_time()
			       : G_MAXINT64;

	return (int)CLAMP(left / 1000 + 1, 1, POLL_MS);
}

static bool exchange(NetTransfer *transfer, const char *what, GError **error)
{
	const NetCurl *curl = transfer->curl;
	struct curl_waitfd cancel = {
		.fd = task_context_cancel_fd(transfer->context), .events = CURL_WAIT_POLLIN};
	int running = 1, messages;
	bool over = false;

	for (;;) {
		CURLMcode code = curl->multi_perform(transfer->multi, &running);
		const CURLMsg *message = curl->multi_info_read(transfer->multi, &messages);

		if (message != NULL)
			return message->data.result == CURLE_OK ||
			       fail(transfer, message->data.result, what, error);
		// Without a connection there is nothing that calls for the progress.
		if (over)
			return fail(transfer, CURLE_ABORTED_BY_CALLBACK, what, error);
		over = is_over(transfer);
		if (over)
			continue;
		if (code != CURLM_OK || running == 0)
			return fail(transfer, CURLE_FAILED_INIT, what, error);
		curl->multi_poll(transfer->multi, &cancel, 1, wait_ms(transfer), NULL);
	}
}

bool net_transfer_run(NetTransfer *transfer, const char *what, GError **error)
{
	bool done;

	*transfer->reason = '\0';
	transfer->moved = g_get_monotonic_time();
	if (transfer->curl->multi_add_handle(transfer->multi, transfer->easy) != CURLM_OK)
		return fail(transfer, CURLE_FAILED_INIT, what, error);
	done = exchange(transfer, what, error);
	transfer->curl->multi_remove_handle(transfer->multi, transfer->easy);
	return done;
}
