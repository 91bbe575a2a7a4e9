#include "reconciler/source_http_report.h"

#include <string.h>

#define TRIED_AGAIN "it is tried again until it answers; check the URL and the network"

// ---- No answer ----------------------------------------------------------------------------------------------------

typedef struct {
	CURLcode code;
	FetchError kind;
	const char *reason; // NULL: libcurl's words
	const char *cure;
} CodeRow;

static const CodeRow CODES[] = {
	{CURLE_COULDNT_RESOLVE_HOST, FETCH_ERROR_UNREACHABLE, "the name of its host is not known",
		"correct the URL, or see to the name service (DNS)"},
	{CURLE_COULDNT_RESOLVE_PROXY, FETCH_ERROR_UNREACHABLE, "the name of the proxy is not known",
		"correct 'proxy' of the source, or https_proxy in the environment"},
	{CURLE_OPERATION_TIMEDOUT, FETCH_ERROR_UNREACHABLE, "it did not answer in time",
		"check the URL, the network and the server, or raise connect_timeout"},
	{CURLE_SSL_CACERT_BADFILE, FETCH_ERROR_REFUSED, NULL,
		"have 'ca_file' of the source name a file of certificates (PEM) that the user that "
		"runs weir may read"},
	{CURLE_SSL_CONNECT_ERROR, FETCH_ERROR_REFUSED, NULL,
		"see that the server speaks TLS 1.2 or later at this port"},
	{CURLE_GOT_NOTHING, FETCH_ERROR_UNREACHABLE, "it closed the connection without an answer",
		TRIED_AGAIN},
	{CURLE_PARTIAL_FILE, FETCH_ERROR_UNREACHABLE, "the connection broke", TRIED_AGAIN},
	{CURLE_RECV_ERROR, FETCH_ERROR_UNREACHABLE, "the connection broke", TRIED_AGAIN},
	{CURLE_SEND_ERROR, FETCH_ERROR_UNREACHABLE, "the connection broke", TRIED_AGAIN},
};

typedef struct {
	long result; // X509_V_ERR_…
	const char *cure;
} VerifyRow;

static const VerifyRow VERIFICATIONS[] = {
	{9, "set this machine's clock, or have the server's certificate made out anew"}, // not yet
	{10, "have the server's certificate renewed"}, // expired
	{18, "name the file of the server's authority with ca_file"}, // self-signed
	{19, "name the file of the server's authority with ca_file"}, // self-signed in chain
	{20, "name the file of the server's authority with ca_file"}, // no local issuer
	{21, "have the server send the whole chain, or name the file of its authority with "
	     "ca_file"},
	{23, "have the server's certificate made out anew"}, // revoked
};

static const char *verify_cure(const HttpOutcome *outcome)
{
	if (outcome->ca_file != NULL && outcome->verify_result >= 18 &&
		outcome->verify_result <= 21)
		return "see that 'ca_file' of the source holds the certificate of the server's "
		       "authority";
	for (size_t i = 0; i < G_N_ELEMENTS(VERIFICATIONS); i++) {
		if (VERIFICATIONS[i].result == outcome->verify_result)
			return VERIFICATIONS[i].cure;
	}
	return "use the name that the certificate is made out to, or have it made out to the name "
	       "in "
	       "the URL";
}

static void fail(Fetch *fetch, const HttpOutcome *outcome, FetchError kind, const char *what,
	const char *reason, const char *cure)
{
	fetch_fail(fetch, kind, "repository '%s'%s%s%s cannot be %s: %s; %s", fetch->job.url,
		outcome->redirected != NULL ? " (redirected to '" : "",
		outcome->redirected != NULL ? outcome->redirected : "",
		outcome->redirected != NULL ? "')" : "", what, reason, cure);
}

static void report_code(Fetch *fetch, const HttpOutcome *outcome)
{
	if (outcome->code == CURLE_PEER_FAILED_VERIFICATION) {
		fail(fetch, outcome, FETCH_ERROR_REFUSED, "trusted", outcome->reason,
			verify_cure(outcome));
		return;
	}
	if (outcome->proxy_status >= 400) {
		g_autofree char *reason =
			g_strdup_printf("the proxy answered %ld", outcome->proxy_status);

		fail(fetch, outcome, FETCH_ERROR_REFUSED, "reached", reason,
			"see to the proxy: 'proxy' of the source, or https_proxy in the "
			"environment");
		return;
	}
	if (outcome->code == CURLE_COULDNT_CONNECT) {
		fail(fetch, outcome, FETCH_ERROR_UNREACHABLE, "reached",
			outcome->os_error != 0 ? g_strerror((int)outcome->os_error)
					       : "it did not answer in time",
			TRIED_AGAIN);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(CODES); i++) {
		const CodeRow *row = &CODES[i];

		if (row->code != outcome->code)
			continue;
		fail(fetch, outcome, row->kind, "reached",
			row->reason != NULL ? row->reason : outcome->reason, row->cure);
		return;
	}
	fail(fetch, outcome, FETCH_ERROR_UNREACHABLE, "reached", outcome->reason, TRIED_AGAIN);
}

// ---- The wrong answer ---------------------------------------------------------------------------------------------

static void report_unauthorised(Fetch *fetch, const HttpOutcome *outcome)
{
	if (outcome->elsewhere)
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: it redirects to another host, which "
			"wants "
			"credentials, and those of the source are not for that host; give the URL "
			"there",
			fetch->job.url);
	else if (outcome->key != NULL)
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: the server refused the credentials of "
			"'%s' (%ld); see that they are right, are not out of date and may read the "
			"repository",
			fetch->job.url, outcome->key, outcome->status);
	else if (outcome->scheme == URL_HTTP)
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: the server wants credentials, which "
			"are "
			"not sent over http://; take https:// and give it token_file, or username "
			"and "
			"password_file",
			fetch->job.url);
	else
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: the server wants credentials (%ld); "
			"give "
			"the source token_file, or username and password_file",
			fetch->job.url, outcome->status);
}

static void report_missing(Fetch *fetch, const HttpOutcome *outcome)
{
	fetch_fail(fetch, FETCH_ERROR_GONE,
		"repository '%s' is not there (%ld); put it back, correct the URL%s",
		fetch->job.url, outcome->status,
		outcome->key == NULL
			? ", or give the source token_file when it is hidden from the public"
			: ", or let the user of the credentials read it");
}

static void report_status(Fetch *fetch, const HttpOutcome *outcome)
{
	if (outcome->status == 401 || outcome->status == 403)
		report_unauthorised(fetch, outcome);
	else if (outcome->status == 404 || outcome->status == 410)
		report_missing(fetch, outcome);
	else
		fetch_fail(fetch, FETCH_ERROR_UNREACHABLE,
			"repository '%s' cannot be fetched: the server answered %ld; it is tried "
			"again; "
			"see to the server",
			fetch->job.url, outcome->status);
}

void http_report_redirect(Fetch *fetch, const HttpOutcome *outcome)
{
	g_autofree char *shown = outcome->redirect == NULL ? g_strdup("nowhere")
							   : source_url_shown(outcome->redirect);

	fetch_fail(fetch, FETCH_ERROR_REFUSED,
		"repository '%s' cannot be fetched: it redirects to '%s', which is not followed; "
		"give "
		"the URL of the repository itself",
		fetch->job.url, shown);
}

// With or without parameters behind it.
static bool has_type(const HttpOutcome *outcome, const char *type)
{
	return outcome->content_type != NULL && g_str_has_prefix(outcome->content_type, type);
}

bool http_report(Fetch *fetch, const HttpOutcome *outcome, const char *type)
{
	if (outcome->code != CURLE_OK && outcome->status < 400)
		report_code(fetch, outcome);
	else if (outcome->status >= 300 && outcome->status < 400)
		http_report_redirect(fetch, outcome);
	else if (outcome->status != 200)
		report_status(fetch, outcome);
	else if (type != NULL && !has_type(outcome, type))
		fetch_fail(fetch, FETCH_ERROR_GONE,
			"'%s' is not a Git repository: the server there answers with %s; correct "
			"the "
			"URL",
			fetch->job.url,
			outcome->content_type != NULL ? outcome->content_type : "something else");
	else
		return true;
	return false;
}
