// Keys of the tasks that speak HTTP, send mail and notify.
#include "repo-layout/keys_task.h"

static const char *const methods[] = {
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", NULL};

// clang-format off
static const KeyRow auth_rows[] = {
	K("type", KEY_TEXT, 0, "BASIC or BEARER; left out, it follows from the other keys"),
	K("username", KEY_TEXT, 0, "of BASIC"),
	K("password", KEY_TEXT, 0, "of BASIC"),
	K("token", KEY_TEXT, 0, "of BEARER"),
	K_END,
};
static const KeyTable keys_auth = {"auth", "How to authenticate", auth_rows, NULL};

static const KeyRow options_rows[] = {
	K_TABLE("auth", KEY_OBJECT, 0, &keys_auth, "how to authenticate"),
	K("timeout", KEY_ANY, 0, "of a whole request: a duration; or {connectTimeout, readIdleTimeout}"),
	K("connectTimeout", KEY_DURATION, KEY_EXPRESSION, "until connected (default PT30S)"),
	K("readTimeout", KEY_DURATION, KEY_EXPRESSION, "between bytes"),
	K("readIdleTimeout", KEY_DURATION, KEY_EXPRESSION, "between bytes (default PT5M)"),
	K("connectionPoolIdleTimeout", KEY_DURATION, KEY_IGNORED | KEY_EXPRESSION, "accepted, has no effect"),
	K("followRedirects", KEY_BOOLEAN, KEY_EXPRESSION, "go where a redirect points (default true); credentials and headers stay with the first host"),
	K("allowFailed", KEY_BOOLEAN, KEY_EXPRESSION, "an answer of 400 or more is no failure"),
	K("allowedResponseCodes", KEY_ANY, 0, "the only answers that are no failure: [200, 404], 2xx"),
	K("ssl", KEY_ANY, 0, "TLS: {insecureTrustAllCertificates}"),
	K("proxy", KEY_ANY, 0, "{type: DIRECT, HTTP or SOCKS, address, port, username, password}"),
	K("basicAuthUser", KEY_TEXT, 0, "user"),
	K("basicAuthPassword", KEY_TEXT, 0, "password"),
	K("defaultCharset", KEY_TEXT, 0, "that the body is sent in (default UTF-8)"),
	K("maxContentLength", KEY_INTEGER, KEY_EXPRESSION, "the largest answer, in bytes, as maxSize"),
	K("headers", KEY_ANY, 0, "headers to send, besides those of the task"),
	K("logs", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("logLevel", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("proxyType", KEY_TEXT, 0, "the proxy"),
	K("proxyAddress", KEY_TEXT, 0, "the proxy"),
	K("proxyPort", KEY_INTEGER, KEY_EXPRESSION, "the proxy"),
	K("proxyUsername", KEY_TEXT, 0, "the proxy"),
	K("proxyPassword", KEY_TEXT, 0, "the proxy"),
	K_END,
};
static const KeyTable keys_options = {"options", "How a request is made", options_rows, NULL};

static const KeyRow request_rows[] = {
	K("uri", KEY_TEXT, KEY_REQUIRED, "where to"),
	K_ALIAS("url", KEY_TEXT, "uri"),
	{"method", KEY_CHOICE, KEY_EXPRESSION, NULL, methods, NULL, "GET is the default"},
	K("params", KEY_ANY, 0, "parameters of the address: name to value, or list of values"),
	K("headers", KEY_ANY, 0, "headers to send"),
	K("body", KEY_ANY, 0, "what to send; a mapping or list is sent as JSON"),
	K("formData", KEY_ANY, 0, "a form; a value that is a file, or {name, content: file}, is an upload, and makes it multipart/form-data"),
	K("contentType", KEY_TEXT, 0, "of the body (default application/json)"),
	K_TABLE("auth", KEY_OBJECT, 0, &keys_auth, "how to authenticate"),
	K_TABLE("options", KEY_OBJECT, 0, &keys_options, "how the request is made"),
	K("sslOptions", KEY_ANY, KEY_DEPRECATED, "old: write options.ssl"),
	K("allowFailed", KEY_BOOLEAN, KEY_EXPRESSION, "an answer of 400 or more is no failure"),
	K("allowedResponseCodes", KEY_ANY, 0, "the only answers that are no failure: [200, 404], 2xx"),
	K("retryOn", KEY_ANY, 0, "answers after which the request is made again, up to 4 times, 1, 2, 4 … seconds later or as Retry-After says: [429, 503], 5xx"),
	K("maxSize", KEY_INTEGER, KEY_EXPRESSION, "the largest answer, in bytes (default: 10 MiB; of http.download 10 GiB)"),
	K("encryptBody", KEY_BOOLEAN, KEY_EXPRESSION, "refused when true: this build keeps outputs as they are"),
	K("tls", KEY_ANY, 0, "{ca, certificate, key}: each PEM, or a file of scripts/ or of the run"),
	K_END,
};
const KeyTable keys_http_request = {"http.request task", "Makes an HTTP request", request_rows, &keys_task_common};
static const KeyTable keys_request = {"http.download task", "", request_rows, &keys_task_common};

static const KeyRow download_rows[] = {
	K("saveAs", KEY_TEXT, 0, "name of the file (default: what the answer or the address says)"),
	K("failOnEmptyResponse", KEY_BOOLEAN, KEY_EXPRESSION, "an empty answer is a failure (default true)"),
	K_END,
};
const KeyTable keys_http_download = {"http.download task", "Downloads a file", download_rows, &keys_request};

static const KeyRow mail_rows[] = {
	K("host", KEY_TEXT, KEY_REQUIRED, "the SMTP server"),
	K("port", KEY_INTEGER, KEY_EXPRESSION, "its port (default: 465 of SMTPS, 587 of SMTP_TLS, 25 of SMTP)"),
	K("username", KEY_TEXT, 0, "user there"),
	K("password", KEY_TEXT, 0, "password there"),
	K("transportStrategy", KEY_TEXT, 0, "SMTPS (the default), SMTP_TLS (STARTTLS, demanded and verified) or SMTP (TLS when the server offers it, not verified)"),
	K("sessionTimeout", KEY_INTEGER, KEY_EXPRESSION, "milliseconds that the server may be silent (default 10000)"),
	K("trustedHosts", KEY_STRINGS, KEY_EXPRESSION, "hosts whose certificates are not verified"),
	K("tls", KEY_ANY, 0, "{ca, certificate, key}: each PEM, or a file of scripts/ or of the run"),
	K("from", KEY_TEXT, KEY_REQUIRED, "the sender"),
	K("to", KEY_STRINGS, KEY_REQUIRED | KEY_EXPRESSION, "the recipients: a list, or one text with commas or semicolons between them"),
	K("cc", KEY_STRINGS, KEY_EXPRESSION, "more recipients"),
	K("bcc", KEY_STRINGS, KEY_EXPRESSION, "more recipients, unseen"),
	K("replyTo", KEY_STRINGS, KEY_EXPRESSION, "where answers go"),
	K("subject", KEY_TEXT, 0, "the subject"),
	K("plainTextContent", KEY_TEXT, 0, "the text"),
	K_ALIAS("text", KEY_TEXT, "plainTextContent"),
	K("htmlTextContent", KEY_TEXT, 0, "the text as HTML"),
	K_ALIAS("html", KEY_TEXT, "htmlTextContent"),
	K("attachments", KEY_ANY, 0, "list of {name, uri, contentType}"),
	K("embeddedImages", KEY_ANY, 0, "list of {name, uri, contentType}; the HTML shows one as cid:name"),
	K("executionId", KEY_TEXT, 0, "the run that the mail is about"),
	K("customMessage", KEY_TEXT, 0, "text of the mail about a run"),
	K("customFields", KEY_ANY, 0, "more lines of the mail about a run"),
	K("templateUri", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("templateRenderMap", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K_END,
};
const KeyTable keys_mail_send = {"mail.send task", "Sends a mail", mail_rows, &keys_task_common};

static const KeyRow slack_rows[] = {
	K("url", KEY_TEXT, KEY_REQUIRED, "the incoming webhook"),
	K("payload", KEY_ANY, 0, "what to post, whole"),
	K("messageText", KEY_TEXT, 0, "the text"),
	K_ALIAS("text", KEY_TEXT, "messageText"),
	K("channel", KEY_TEXT, 0, "the channel"),
	K("username", KEY_TEXT, 0, "who it seems to come from"),
	K("iconUrl", KEY_TEXT, 0, "picture"),
	K("iconEmoji", KEY_TEXT, 0, "picture"),
	K("executionId", KEY_TEXT, 0, "the run that the message is about"),
	K("customMessage", KEY_TEXT, 0, "text of the message about a run"),
	K("customFields", KEY_ANY, 0, "more lines of the message about a run"),
	K_TABLE("options", KEY_OBJECT, 0, &keys_options, "how the request is made"),
	K("templateUri", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("templateRenderMap", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K_END,
};
const KeyTable keys_notify_slack = {"notify.slack task", "Posts to a Slack webhook", slack_rows, &keys_task_common};

static const KeyRow webhook_rows[] = {
	K("url", KEY_TEXT, KEY_REQUIRED, "where to"),
	K_ALIAS("uri", KEY_TEXT, "url"),
	{"method", KEY_CHOICE, KEY_EXPRESSION, NULL, methods, NULL, "POST is the default"},
	K("headers", KEY_ANY, 0, "headers to send"),
	K("payload", KEY_ANY, 0, "what to send; a mapping or list is sent as JSON"),
	K_ALIAS("body", KEY_ANY, "payload"),
	K("contentType", KEY_TEXT, 0, "of the payload"),
	K_TABLE("auth", KEY_OBJECT, 0, &keys_auth, "how to authenticate"),
	K_TABLE("options", KEY_OBJECT, 0, &keys_options, "how the request is made"),
	K("messageText", KEY_TEXT, 0, "the text, when there is no payload"),
	K("messageKey", KEY_TEXT, 0, "what the text is called in what is sent (default text)"),
	K("executionId", KEY_TEXT, 0, "the run that the message is about"),
	K("customMessage", KEY_TEXT, 0, "text of the message about a run"),
	K("customFields", KEY_ANY, 0, "more lines of the message about a run"),
	K_END,
};
const KeyTable keys_notify_webhook = {"notify.webhook task", "Posts to a webhook", webhook_rows, &keys_task_common};
// clang-format on
