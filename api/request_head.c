#include "api/request_head.h"

#include "api/problem.h"
#include "api/target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	g_autofree char *bare = NULL;

	if (inet_pton(AF_INET, host, address) == 1)
		return true;
	if (host[0] != '[' || !g_str_has_suffix(host, "]"))
		return false;
	bare = g_strndup(host + 1, strlen(host) - 2);
	return inet_pton(AF_INET6, bare, address) == 1;
}

// Whether the Host header names this server: see ApiServerOptions.hosts.
static bool is_own_host(const HeadOptions *options, const char *header)
{
	const char *colon;
	g_autofree char *host = NULL;

	if (header == NULL || !options->is_loopback)
		return true;
	colon = strrchr(header, ':');
	if (colon != NULL && strchr(colon, ']') == NULL)
		host = g_strndup(header, (size_t)(colon - header));
	else
		host = g_strdup(header);
	if (is_address(host) || g_ascii_strcasecmp(host, "localhost") == 0)
		return true;
	for (const char *const *known = options->hosts; known != NULL && *known != NULL; known++) {
		if (g_ascii_strcasecmp(host, *known) == 0)
			return true;
	}
	return false;
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length != NULL && strcmp(length, "0") != 0) ||
	       header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

static enum MHD_Result count_host(
	void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	unsigned *hosts = data;

	(void)kind;
	(void)value;
	*hosts += g_ascii_strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	return MHD_YES;
}

// One Host header, or none from a client of before HTTP/1.1.
static bool check_host(const RequestHead *head, struct MHD_Connection *connection,
	const HeadOptions *options, GError **error)
{
	const char *host = header_of(connection, MHD_HTTP_HEADER_HOST);
	unsigned hosts = 0;

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_host, &hosts);
	if (hosts > 1 || (hosts == 0 && strcmp(head->version, MHD_HTTP_VERSION_1_0) != 0)) {
		api_error_set(error, API_BAD_REQUEST, "bad-host",
			"the request has %s header 'Host'", hosts == 0 ? "no" : "more than one");
		return false;
	}
	if (is_own_host(options, host))
		return true;
	api_error_set(error, API_MISDIRECTED, "unknown-host", "this server is not '%s'", host);
	return false;
}

static bool check_size(const RequestHead *head, struct MHD_Connection *connection, GError **error)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (strlen(head->target) > TARGET_LONGEST) {
		api_error_set(error, API_TOO_LONG, "target-too-long",
			"the target is longer than %d bytes", TARGET_LONGEST);
		return false;
	}
	if (info == NULL || info->header_size <= HEAD_LONGEST)
		return true;
	api_error_set(error, API_HEADERS_TOO_LARGE, "headers-too-large",
		"the request line and the headers are longer than %d bytes", HEAD_LONGEST);
	return false;
}

bool request_head_check(const RequestHead *head, struct MHD_Connection *connection,
	const HeadOptions *options, GError **error)
{
	if (!check_size(head, connection, error) || !check_host(head, connection, options, error))
		return false;
	if (strpbrk(head->target, " \t") != NULL) {
		api_error_set(error, API_BAD_REQUEST, "bad-target", "the target has a blank in it");
		return false;
	}
	if (strcmp(head->method, MHD_HTTP_METHOD_GET) != 0 &&
		strcmp(head->method, MHD_HTTP_METHOD_HEAD) != 0) {
		api_error_set(error, API_BAD_METHOD, "read-only",
			"this API only answers GET and HEAD, not '%s'", head->method);
		return false;
	}
	if (!has_body(connection))
		return true;
	api_error_set(error, API_BAD_REQUEST, "unwanted-body", "this API reads no request body");
	return false;
}
