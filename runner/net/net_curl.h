// libcurl, loaded by the first task that speaks to the network: linking it would cost every start of weir its thirty
// libraries.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <glib.h>

typedef struct {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_reset) *easy_reset;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_free) *free;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	__typeof__(curl_url) *url;
	__typeof__(curl_url_set) *url_set;
	__typeof__(curl_url_get) *url_get;
	__typeof__(curl_url_cleanup) *url_cleanup;
	__typeof__(curl_mime_init) *mime_init;
	__typeof__(curl_mime_free) *mime_free;
	__typeof__(curl_mime_addpart) *mime_addpart;
	__typeof__(curl_mime_name) *mime_name;
	__typeof__(curl_mime_type) *mime_type;
	__typeof__(curl_mime_data) *mime_data;
	__typeof__(curl_mime_filedata) *mime_filedata;
	__typeof__(curl_mime_filename) *mime_filename;
	__typeof__(curl_mime_encoder) *mime_encoder;
	__typeof__(curl_mime_headers) *mime_headers;
	__typeof__(curl_mime_subparts) *mime_subparts;
} NetCurl;

// The library, for the life of the process. NULL with a TASK_ERROR_NOT_BUILT that says what to install. Thread-safe.
const NetCurl *net_curl(GError **error);
