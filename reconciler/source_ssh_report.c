#include "reconciler/source_ssh_report.h"

#include <string.h>

typedef struct {
	const char *sign; // in what ssh said
	FetchError kind;
	const char *what; // "reached", "fetched"
	const char *reason; // NULL: the line with the sign
	const char *cure;
} SshRow;

static const SshRow ROWS[] = {
	{"Could not resolve hostname", FETCH_ERROR_UNREACHABLE, "reached",
		"the name of its host is not known",
		"correct the URL, or see to the name service (DNS)"},
	{"UNPROTECTED PRIVATE KEY FILE", FETCH_ERROR_REFUSED, "fetched",
		"others may read the file of ssh_key_file, so ssh does not use it",
		"take the rights away from them: chmod 600"},
	{"Load key", FETCH_ERROR_REFUSED, "fetched", NULL,
		"have ssh_key_file name a private key that ssh understands, and "
		"ssh_key_passphrase_file its passphrase if it has one"},
	{"does not appear to be a git repository", FETCH_ERROR_GONE, "fetched",
		"there is no repository at that path",
		"put it back, correct the URL, or let the key's owner read it"},
	{"epository not found", FETCH_ERROR_GONE, "fetched", "the server knows no such repository",
		"put it back, correct the URL, or let the key's owner read it"},
	{"could not be found", FETCH_ERROR_GONE, "fetched", "the server knows no such repository",
		"put it back, correct the URL, or let the key's owner read it"},
	{"detected dubious ownership", FETCH_ERROR_REFUSED, "fetched",
		"its folder belongs to another user than the one that serves it",
		"on the server, give it to that user, or add it to Git's safe.directory"},
	{"Connection refused", FETCH_ERROR_UNREACHABLE, "reached", "Connection refused",
		"it is tried again until it answers; check the URL and the network"},
	{"Connection timed out", FETCH_ERROR_UNREACHABLE, "reached", "it did not answer in time",
		"check the URL, the network and the server, or raise connect_timeout"},
	{"Connection closed by", FETCH_ERROR_UNREACHABLE, "reached", "it closed the connection",
		"it is tried again until it answers; see to the server"},
};

// ---- Pieces of what was said --------------------------------------------------------------------------------------

// The text behind a sign, up to the end of its line; NULL when it is not there. The caller frees it.
static char *rest_after(const char *said, const char *sign)
{
	const char *at = strstr(said, sign);

	if (at == NULL)
		return NULL;
	at += strlen(sign);
	return g_strchomp(g_strndup(at, strcspn(at, "\r\n")));
}

// The line in which a sign stands. The caller frees it.
static char *line_with(const char *said, const char *at)
{
	const char *begin = at;

	while (begin > said && begin[-1] != '\n')
		begin--;
	return g_strchomp(g_strndup(begin, strcspn(begin, "\r\n")));
}

// The last line that is not for debugging. The caller frees it.
static char *last_line(const char *said)
{
	g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
	char *last = NULL;

	for (char **line = lines; *line != NULL; line++) {
		g_strchomp(*line);
		if (**line != '\0' && !g_str_has_prefix(*line, "debug1:") &&
			!g_str_has_prefix(*line, "OpenSSH_"))
			last = *line;
	}
	return g_utf8_make_valid(last != NULL ? last : "ssh ended without a word", -1);
}

// The host as known_hosts files write it.
static char *host_name(const SourceUrl *url)
{
	if (url->port == 0 || url->port == 22)
		return g_strdup(url->host);
	return g_strdup_printf("[%s]:%d", url->host, url->port);
}

static const char *known_hosts_name(const Fetch *fetch)
{
	const char *path = fetch->job.access.known_hosts_file;

	return path != NULL ? path : "~/.ssh/known_hosts";
}

// ---- Host keys ----------------------------------------------------------------------------------------------------

// The fingerprint of the key in line number of a known_hosts file, as ssh-keygen prints it; NULL when it is not found.
static char *fingerprint_at(const char *path, guint64 number)
{
	g_autofree char *text = NULL;
	gsize length = 0;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	if (number == 0 || number > g_strv_length(lines))
		return NULL;
	g_auto(GStrv) words = g_strsplit_set(g_strstrip(lines[number - 1]), " \t", -1);
	guint marked = words[0] != NULL && *words[0] == '@' ? 1 : 0;
	if (g_strv_length(words) < marked + 3)
		return NULL;
	g_autofree guchar *key = g_base64_decode(words[marked + 2], &length);
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize size = sizeof(digest);
	g_checksum_update(checksum, key, (gssize)length);
	g_checksum_get_digest(checksum, digest, &size);
	g_autofree char *encoded = g_base64_encode(digest, size);
	encoded[strcspn(encoded, "=")] = '\0';
	return g_strconcat("SHA256:", encoded, NULL);
}

// "/home/weir/.ssh/known_hosts:7" -> what stands there.
static char *known_fingerprint(const char *place, char **ret_path)
{
	const char *colon = place == NULL ? NULL : strrchr(place, ':');

	*ret_path = NULL;
	if (colon == NULL)
		return NULL;
	*ret_path = g_strndup(place, (gsize)(colon - place));
	return fingerprint_at(*ret_path, g_ascii_strtoull(colon + 1, NULL, 10));
}

static void report_changed(Fetch *fetch, const char *said, const char *offered)
{
	g_autofree char *host = host_name(&fetch->url);
	const char *offending = strstr(said, "Offending ");
	g_autofree char *place = offending == NULL ? NULL : rest_after(offending, " key in ");
	g_autofree char *path = NULL;
	g_autofree char *known = known_fingerprint(place, &path);

	fetch_fail(fetch, FETCH_ERROR_REFUSED,
		"repository '%s' cannot be trusted: the key of its host '%s' has changed: it "
		"offers %s, "
		"and '%s' has %s; somebody may stand in between; if its operator confirms the new "
		"fingerprint, remove the old key with \"ssh-keygen -R '%s' -f '%s'\" and add the "
		"new "
		"one",
		fetch->job.url, host, offered, path != NULL ? path : known_hosts_name(fetch),
		known != NULL ? known : "another", host,
		path != NULL ? path : known_hosts_name(fetch));
}

static void report_unknown(Fetch *fetch, const char *offered)
{
	g_autofree char *host = host_name(&fetch->url);
	g_autofree char *port =
		fetch->url.port == 0 ? g_strdup("") : g_strdup_printf("-p %d ", fetch->url.port);

	fetch_fail(fetch, FETCH_ERROR_REFUSED,
		"repository '%s' cannot be trusted: no key of its host '%s' is in '%s'; it offers "
		"%s; if "
		"its operator confirms this fingerprint, add the key with \"ssh-keyscan %s%s >> "
		"'%s'\"",
		fetch->job.url, host, known_hosts_name(fetch), offered, port, fetch->url.host,
		known_hosts_name(fetch));
}

// Whether it was the host's key that ssh stumbled over.
static bool report_host_key(Fetch *fetch, const char *said)
{
	g_autofree char *offered = rest_after(said, "Server host key: ");
	const char *key = offered != NULL ? offered : "an unknown one";

	if (strstr(said, "Host key verification failed") == NULL &&
		strstr(said, "REMOTE HOST IDENTIFICATION HAS CHANGED") == NULL)
		return false;
	if (strstr(said, "REVOKED HOST KEY") != NULL)
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be trusted: its host offers %s, which is marked as "
			"revoked in '%s'; ask its operator for the host's new key",
			fetch->job.url, key, known_hosts_name(fetch));
	else if (strstr(said, "HAS CHANGED") != NULL)
		report_changed(fetch, said, key);
	else
		report_unknown(fetch, key);
	return true;
}

// ---- Keys of ours -------------------------------------------------------------------------------------------------

static void report_denied(Fetch *fetch, const char *said)
{
	const SourceAccess *access = &fetch->job.access;
	bool passphrase =
		access->ssh_key_passphrase_file != NULL || access->ssh_key_passphrase_env != NULL;
	g_autofree char *key = rest_after(said, "Offering public key: ");

	if (strstr(said, "Server accepts key: ") != NULL && access->ssh_key_file != NULL)
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: the server takes the key '%s', but its "
			"passphrase is %s",
			fetch->job.url, access->ssh_key_file,
			passphrase ? "another one; correct what ssh_key_passphrase_file or "
				     "ssh_key_passphrase_env names"
				   : "missing; give the source ssh_key_passphrase_file or "
				     "ssh_key_passphrase_env");
	else if (key == NULL && access->ssh_key_file == NULL)
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: there is no ssh key to show; give the "
			"source ssh_key_file, or add a key to the agent that SSH_AUTH_SOCK names",
			fetch->job.url);
	else
		fetch_fail(fetch, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: the server refused the ssh key %s%s%s; "
			"let "
			"it read the repository there, or name another one with ssh_key_file",
			fetch->job.url, access->ssh_key_file != NULL ? "'" : "",
			access->ssh_key_file != NULL ? access->ssh_key_file : "of the agent",
			access->ssh_key_file != NULL ? "'" : "");
}

// ---- The whole ----------------------------------------------------------------------------------------------------

static void report_row(Fetch *fetch, const SshRow *row, const char *said, const char *sign)
{
	g_autofree char *line = line_with(said, sign);

	fetch_fail(fetch, row->kind, "repository '%s' cannot be %s: %s; %s", fetch->job.url,
		row->what, row->reason != NULL ? row->reason : line, row->cure);
}

void ssh_report(Fetch *fetch, const char *said)
{
	g_autofree char *last = NULL;

	if (report_host_key(fetch, said))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
		const char *sign = strstr(said, ROWS[i].sign);

		if (sign != NULL) {
			report_row(fetch, &ROWS[i], said, sign);
			return;
		}
	}
	if (strstr(said, "Permission denied") != NULL) {
		report_denied(fetch, said);
		return;
	}
	last = last_line(said);
	fetch_fail(fetch, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be fetched: %s; it is tried again; see to the server",
		fetch->job.url, last);
}

void ssh_report_broken(Fetch *fetch, const char *said)
{
	g_autofree char *last = last_line(said);

	fetch_fail(fetch, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be fetched: the connection broke, and the last word was: "
		"%s; it "
		"is tried again; see to the server",
		fetch->job.url, last);
}
