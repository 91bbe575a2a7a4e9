// libcurl, loaded when it is first needed: only the process that fetches over http does, and its thirty libraries would cost
// every start of weir more than all the rest.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <glib.h>
#include <stdbool.h>

typedef struct {
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
} CurlLibrary;

// The library; NULL with a message, which the caller frees, when it is not there. One thread.
const CurlLibrary *curl_library(char **ret_message);
