// Trust in certificates, for all that speaks TLS.
#include "runner/net/net_transfer.h"

#include <string.h>

void net_tls_clear(NetTls *tls)
{
	g_free(tls->authority);
	g_free(tls->certificate);
	g_free(tls->key);
}

static bool read_pem(
	TaskContext *context, const json_t *tls, const char *key, char **ret, GError **error)
{
	const char *value = json_string_value(json_object_get(tls, key));

	*ret = NULL;
	if (value == NULL || *value == '\0')
		return true;
	if (strstr(value, "-----BEGIN ") != NULL) {
		*ret = g_strdup(value);
		return true;
	}
	g_autofree char *path = task_context_open_path(context, value, error);
	if (path != NULL && g_file_get_contents(path, ret, NULL, error))
		return true;
	g_prefix_error(error, "property 'tls.%s': ", key);
	return false;
}

bool net_tls_read(TaskContext *context, const json_t *tls, NetTls *ret, GError **error)
{
	return read_pem(context, tls, "ca", &ret->authority, error) &&
	       read_pem(context, tls, "certificate", &ret->certificate, error) &&
	       read_pem(context, tls, "key", &ret->key, error);
}

static void set_blob(NetTransfer *transfer, CURLoption option, char *text)
{
	struct curl_blob blob = {.data = text, .len = strlen(text), .flags = CURL_BLOB_COPY};

	transfer->curl->easy_setopt(transfer->easy, option, &blob);
}

void net_tls_set(NetTransfer *transfer, const NetTls *tls, bool with_own_certificate)
{
	const NetCurl *curl = transfer->curl;

	curl->easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, tls->unverified ? 0L : 1L);
	curl->easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, tls->unverified ? 0L : 2L);
	if (tls->authority != NULL) {
		curl->easy_setopt(transfer->easy, CURLOPT_CAPATH, NULL);
		curl->easy_setopt(transfer->easy, CURLOPT_CAINFO, NULL);
		set_blob(transfer, CURLOPT_CAINFO_BLOB, tls->authority);
	}
	if (!with_own_certificate || tls->certificate == NULL)
		return;
	set_blob(transfer, CURLOPT_SSLCERT_BLOB, tls->certificate);
	// The key may stand in the same text.
	set_blob(transfer, CURLOPT_SSLKEY_BLOB, tls->key != NULL ? tls->key : tls->certificate);
}
