// What went wrong with a request over http, in words that name the cure.
#pragma once

#include "reconciler/source_curl.h"
#include "reconciler/source_fetch.h"

typedef struct {
	CURLcode code;
	const char *reason; // libcurl's words
	long status; // of HTTP; 0: none came
	long proxy_status;
	long verify_result; // of OpenSSL
	long os_error; // errno
	const char *content_type; // NULL: none
	const char *redirect; // where it points to; NULL: nowhere
	UrlScheme scheme; // that was asked for
	const char *key; // the setting that the secret came from; NULL: none was set
	const char *ca_file; // NULL: the system's
	const char *redirected; // the URL that the request was redirected to; NULL: it was not
	bool elsewhere; // the request was redirected to another host, without credentials
} HttpOutcome;

// Whether the answer is one of Git's smart protocol, with this content type (NULL: any). If not, the fetch fails.
bool http_report(Fetch *fetch, const HttpOutcome *outcome, const char *type);

// The fetch fails because it was redirected to where it may not go.
void http_report_redirect(Fetch *fetch, const HttpOutcome *outcome);
