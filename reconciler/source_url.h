// What the URL of a repository says. Nothing is looked up.
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
	URL_PATH = 1 << 0, // a path, or no URL at all: read in place
	URL_FILE = 1 << 1,
	URL_HTTP = 1 << 2,
	URL_HTTPS = 1 << 3,
	URL_SSH = 1 << 4, // also the short form user@host:path
	URL_GIT = 1 << 5,
} UrlScheme;

enum {
	URL_REMOTE = URL_FILE | URL_HTTP | URL_HTTPS | URL_SSH | URL_GIT, // fetched into a mirror
};

typedef struct {
	UrlScheme scheme;
	char *user; // NULL: none
	char *host; // without brackets; NULL: none
	char *path; // as the server is to get it: decoded, for ssh "/~user/x" is "~user/x"
	int port; // 0: none
} SourceUrl;

// Reads text. Errors are of FETCH_ERROR_BAD_URL; a password in a URL is one, and is not repeated. ret_url is empty then.
bool source_url_parse(const char *text, SourceUrl *ret_url, GError **error);
void source_url_clear(SourceUrl *url);

// Whether text is a path (or nothing that weir knows), and no URL.
bool source_url_is_path(const char *text);

// "https://", for messages.
const char *url_scheme_text(UrlScheme scheme);

// The text with "***" in the place of a password. The caller frees it.
char *source_url_shown(const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SourceUrl, source_url_clear)
