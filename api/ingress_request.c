#include "api/ingress_request.h"

#include "api/request_head.h"

#include <errno.h>
#include <string.h>

enum {
	DELIVERY_LONGEST = 200,
};

// Names of deliveries, in the order in which they are asked for.
static const char *const delivery_headers[] = {
	"Idempotency-Key",
	"webhook-id", // Standard Webhooks
	"X-GitHub-Delivery",
	"X-Gitlab-Event-UUID",
	"X-Gitea-Delivery",
	"X-Forgejo-Delivery",
	"X-Request-UUID", // Bitbucket
	"X-Delivery-Id",
};

// Not for runs to see, and not to be kept.
static const char *const secret_headers[] = {
	"Authorization",
	"Cookie",
	"Proxy-Authorization",
};

static bool refuse_size(uint64_t body_bytes, GError **error)
{
	api_error_set(error, API_TOO_LARGE, "body-too-large",
		"the body is longer than %" G_GUINT64_FORMAT " bytes", body_bytes);
	return false;
}

static bool check_length(struct MHD_Connection *connection, uint64_t body_bytes, GError **error)
{
	const char *length = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	char *end = NULL;

	if (length == NULL)
		return true;
	errno = 0;
	guint64 announced = g_ascii_strtoull(length, &end, 10);
	if (errno != 0 || !g_ascii_isdigit(*length) || *end != '\0') {
		api_error_set(error, API_BAD_REQUEST, "bad-length",
			"the header 'Content-Length' is no number");
		return false;
	}
	return announced <= body_bytes || refuse_size(body_bytes, error);
}

bool ingress_request_check(
	struct MHD_Connection *connection, const char *target, uint64_t body_bytes, GError **error)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (strlen(target) > TARGET_LONGEST) {
		api_error_set(error, API_TOO_LONG, "target-too-long",
			"the target is longer than %d bytes", TARGET_LONGEST);
		return false;
	}
	if (info != NULL && info->header_size > HEAD_LONGEST) {
		api_error_set(error, API_HEADERS_TOO_LARGE, "headers-too-large",
			"the request line and the headers are longer than %d bytes", HEAD_LONGEST);
		return false;
	}
	return check_length(connection, body_bytes, error);
}

static enum MHD_Result add_header(
	void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	json_t *headers = data;
	g_autofree char *key = g_utf8_make_valid(name, -1);
	g_autofree char *text = g_utf8_make_valid(value != NULL ? value : "", -1);

	(void)kind;
	for (size_t i = 0; i < G_N_ELEMENTS(secret_headers); i++) {
		if (g_ascii_strcasecmp(secret_headers[i], name) == 0)
			return MHD_YES;
	}
	json_t *values = json_object_get(headers, key);
	if (values == NULL) {
		values = json_array();
		json_object_set_new(headers, key, values);
	}
	json_array_append_new(values, json_string(text));
	return MHD_YES;
}

json_t *ingress_request_headers(struct MHD_Connection *connection)
{
	json_t *headers = json_object();

	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, headers);
	return headers;
}

char *ingress_request_delivery(const json_t *headers)
{
	for (size_t i = 0; i < G_N_ELEMENTS(delivery_headers); i++) {
		const char *name = ingress_header(headers, delivery_headers[i]);

		if (name == NULL || *name == '\0')
			continue;
		// A long one by its digest: it becomes part of a key.
		return strlen(name) <= DELIVERY_LONGEST
			       ? g_strdup(name)
			       : g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
	}
	return NULL;
}
