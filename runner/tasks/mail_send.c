// mail.send: one mail over SMTP. Either every recipient is taken by the server, or nothing is sent. Output: messageId.
#include "runner/net/net_transfer.h"
#include "runner/tasks/mail.h"
#include "runner/tasks/tasks.h"

#include <string.h>

enum { ANSWER_BYTES = 1024 * 1024 };

typedef struct {
	const char *name;
	const char *scheme;
	int64_t port;
	long tls; // of libcurl
	bool verified;
} Strategy;

// SMTP takes what TLS the server offers: whoever stands between could take the offer away, so that to verify it would
// protect nothing, and fail with the relays of many a house.
static const Strategy strategies[] = {
	{"SMTPS", "smtps", 465, CURLUSESSL_ALL, true},
	{"SMTP_TLS", "smtp", 587, CURLUSESSL_ALL, true},
	{"SMTP", "smtp", 25, CURLUSESSL_TRY, false},
};

typedef struct {
	TaskContext *context;
	Mail mail;
	const Strategy *strategy;
	char *host, *username, *password;
	int64_t port, timeout; // timeout in milliseconds
	NetTls tls;
	GString *said; // the server's last refusal
} Sending;

static bool refuse(GError **error, const char *key, const char *why)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "property '%s' %s", key, why);
	return false;
}

// ---- The server

static bool read_strategy(Sending *sending, GError **error)
{
	g_autofree char *name = NULL;

	if (!task_context_text(sending->context, "transportStrategy", &name, error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(strategies); i++) {
		if (name == NULL || *name == '\0' ||
			g_ascii_strcasecmp(name, strategies[i].name) == 0) {
			sending->strategy = &strategies[i];
			sending->tls.unverified = !strategies[i].verified;
			return true;
		}
	}
	return refuse(error, "transportStrategy", "must be SMTP, SMTPS or SMTP_TLS");
}

static bool read_trust(Sending *sending, GError **error)
{
	json_t *hosts = NULL, *tls = NULL;
	const json_t *host;
	size_t i;
	bool ok = task_context_json(sending->context, "trustedHosts", &hosts, error) &&
		  task_context_json(sending->context, "tls", &tls, error) &&
		  net_tls_read(sending->context, tls, &sending->tls, error);

	json_array_foreach(hosts, i, host)
	{
		const char *text = json_string_value(host);

		if (text != NULL &&
			(strcmp(text, "*") == 0 || g_ascii_strcasecmp(text, sending->host) == 0))
			sending->tls.unverified = true;
	}
	json_decref(hosts);
	json_decref(tls);
	return ok;
}

// A name or an address; not what would make another URL of it.
static bool is_host(const char *host)
{
	return *host != '\0' && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789.-_:[]") == strlen(host);
}

static bool read_server(Sending *sending, GError **error)
{
	TaskContext *context = sending->context;

	if (!read_strategy(sending, error) ||
		!task_context_text(context, "host", &sending->host, error) ||
		!task_context_text(context, "username", &sending->username, error) ||
		!task_context_text(context, "password", &sending->password, error) ||
		!task_context_integer(
			context, "port", sending->strategy->port, &sending->port, error) ||
		!task_context_integer(context, "sessionTimeout", 10000, &sending->timeout, error))
		return false;
	if (sending->host == NULL || !is_host(sending->host))
		return refuse(error, "host", "must be the name of the SMTP server");
	if (sending->port < 1 || sending->port > 65535)
		return refuse(error, "port", "is no number of a port");
	if (sending->timeout < 1 || sending->timeout > 86400000)
		return refuse(error, "sessionTimeout", "must be milliseconds, at most a day");
	return read_trust(sending, error);
}

// ---- The exchange

static size_t take_answer(char *bytes, size_t size, size_t count, void *data)
{
	GString *said = data;
	size_t length = size * count;

	if (length > 3 && (*bytes == '4' || *bytes == '5')) {
		g_autofree char *line = g_utf8_make_valid(bytes, (gssize)MIN(length, 500));

		g_string_assign(said, g_strstrip(line));
	}
	return length;
}

static void set_server(Sending *sending, NetTransfer *transfer)
{
	const NetCurl *curl = transfer->curl;
	CURL *easy = transfer->easy;
	bool is_six = strchr(sending->host, ':') != NULL && *sending->host != '[';
	g_autofree char *url = g_strdup_printf("%s://%s%s%s:%d", sending->strategy->scheme,
		is_six ? "[" : "", sending->host, is_six ? "]" : "", (int)sending->port);

	curl->easy_setopt(easy, CURLOPT_URL, url);
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl->easy_setopt(easy, CURLOPT_USE_SSL, sending->strategy->tls);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_answer);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, sending->said);
	// It takes its leave as part of the exchange, where a silent server keeps nobody.
	curl->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl->easy_setopt(
		easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)((sending->timeout + 999) / 1000));
	net_tls_set(transfer, &sending->tls, true);
	if (sending->username == NULL || *sending->username == '\0')
		return;
	curl->easy_setopt(easy, CURLOPT_USERNAME, sending->username);
	curl->easy_setopt(
		easy, CURLOPT_PASSWORD, sending->password != NULL ? sending->password : "");
	if (!sending->strategy->verified)
		task_context_log(sending->context, TASK_LOG_WARN,
			"the password goes over a connection that is not verified; SMTPS or "
			"SMTP_TLS as 'transportStrategy' protect it");
}

static bool exchange(Sending *sending, NetTransfer *transfer, GError **error)
{
	const NetCurl *curl = transfer->curl;
	g_autofree char *what = g_strdup_printf("mail by %s to '%s:%d'", sending->strategy->name,
		sending->host, (int)sending->port);
	struct curl_slist *lines = NULL, *recipients = NULL;
	curl_mime *mime = NULL;
	bool done = net_transfer_prepare(transfer, error);

	if (done) {
		set_server(sending, transfer);
		mime = curl->mime_init(transfer->easy);
		lines = mail_headers(&sending->mail, curl);
		recipients = mail_recipients(&sending->mail, curl);
		done = mail_parts(&sending->mail, transfer, mime, error);
	}
	if (done) {
		const MailAddress *from = sending->mail.from->pdata[0];

		curl->easy_setopt(transfer->easy, CURLOPT_MAIL_FROM, from->address);
		curl->easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, recipients);
		curl->easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, lines);
		curl->easy_setopt(transfer->easy, CURLOPT_MIMEPOST, mime);
		done = net_transfer_run(transfer, what, error);
		if (!done && sending->said->len > 0)
			g_prefix_error(error, "the server says '%s': ", sending->said->str);
	}
	curl->mime_free(mime);
	curl->slist_free_all(lines);
	curl->slist_free_all(recipients);
	return done;
}

static bool send_mail(Sending *sending, GError **error)
{
	g_autoptr(NetTransfer) transfer = net_transfer_new(sending->context, error);

	if (transfer == NULL)
		return false;
	transfer->connect_timeout = sending->timeout * 1000;
	transfer->idle_timeout = sending->timeout * 1000;
	transfer->limit = ANSWER_BYTES;
	return exchange(sending, transfer, error);
}

bool run_mail_send(TaskContext *context, TaskResult *result, GError **error)
{
	Sending sending = {.context = context, .said = g_string_new(NULL)};
	bool done = read_server(&sending, error) && mail_read(context, &sending.mail, error) &&
		    send_mail(&sending, error);

	if (done) {
		task_context_log(context, TASK_LOG_INFO, "sent to %u recipients",
			mail_recipient_count(&sending.mail));
		result->outputs = json_pack("{s:s}", "messageId", sending.mail.id);
	}
	mail_clear(&sending.mail);
	net_tls_clear(&sending.tls);
	g_free(sending.host);
	g_free(sending.username);
	g_free(sending.password);
	g_string_free(sending.said, TRUE);
	return done;
}
