#include "reconciler/source_url.h"

#include "reconciler/source.h"

#include <string.h>

typedef struct {
	const char *prefix;
	UrlScheme scheme;
} SchemeRow;

static const SchemeRow SCHEMES[] = {
	{"file://", URL_FILE},
	{"http://", URL_HTTP},
	{"https://", URL_HTTPS},
	{"ssh://", URL_SSH},
	{"git+ssh://", URL_SSH},
	{"git://", URL_GIT},
};

const char *url_scheme_text(UrlScheme scheme)
{
	for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
		if (SCHEMES[i].scheme == scheme)
			return SCHEMES[i].prefix;
	}
	return "a path";
}

static UrlScheme scheme_of(const char *text)
{
	for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
		if (g_ascii_strncasecmp(text, SCHEMES[i].prefix, strlen(SCHEMES[i].prefix)) == 0)
			return SCHEMES[i].scheme;
	}
	return URL_PATH;
}

// The end of the host in "user@host:path", the short form of ssh; NULL when text is not one.
static const char *short_form_colon(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *at = strchr(text, '@');

	if (at == NULL || colon == NULL || at > colon ||
		memchr(text, '/', (size_t)(colon - text)) != NULL)
		return NULL;
	return colon;
}

char *source_url_shown(const char *text)
{
	const char *begin = strstr(text, "://");

	if (begin == NULL)
		return g_strdup(text);
	begin += strlen("://");
	size_t authority = strcspn(begin, "/?#");
	const char *at = g_strrstr_len(begin, (gssize)authority, "@");
	const char *colon = at == NULL ? NULL : memchr(begin, ':', (size_t)(at - begin));
	if (colon == NULL)
		return g_strdup(text);
	return g_strdup_printf("%.*s:***%s", (int)(colon - text), text, at);
}

static bool refuse(GError **error, const char *text, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool refuse(GError **error, const char *text, const char *format, ...)
{
	g_autofree char *shown = source_url_shown(text);
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
		"'%s' is not the URL of a repository: %s", shown, reason);
	return false;
}

static bool is_option(const char *part)
{
	return part != NULL && *part == '-';
}

static bool has_control(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return true;
	}
	return false;
}

// What a program that is started with them could take for something else.
static bool check_parts(const char *text, const SourceUrl *url, GError **error)
{
	if ((url->scheme & (URL_PATH | URL_FILE)) == 0 && (url->host == NULL || *url->host == '\0'))
		return refuse(error, text, "it names no host");
	if (is_option(url->host) || is_option(url->user) || is_option(url->path))
		return refuse(error, text, "a user, a host or a path cannot begin with '-'");
	if (url->path == NULL || *url->path == '\0' || g_str_equal(url->path, "/"))
		return refuse(error, text, "it names no path");
	if (has_control(url->path) || (url->host != NULL && has_control(url->host)) ||
		(url->user != NULL && has_control(url->user)))
		return refuse(error, text, "there is a control character in it");
	return true;
}

static void parse_short_form(const char *text, const char *colon, SourceUrl *url)
{
	const char *at = strchr(text, '@');

	url->scheme = URL_SSH;
	url->user = g_strndup(text, (size_t)(at - text));
	url->host = g_strndup(at + 1, (size_t)(colon - at - 1));
	url->path = g_strdup(colon + 1);
}

static bool parse_long_form(const char *text, SourceUrl *url, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autofree char *password = NULL, *query = NULL, *fragment = NULL;

	if (!g_uri_split_with_user(text, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_PARSE_RELAXED, NULL,
		    &url->user, &password, NULL, &url->host, &url->port, &url->path, &query,
		    &fragment, &reason))
		return refuse(error, text, "correct it");
	if (password != NULL)
		return refuse(error, text,
			"it holds a password; put the password into a file and name that with "
			"password_file");
	if (query != NULL || fragment != NULL)
		return refuse(error, text, "it has a '%c'", query != NULL ? '?' : '#');
	url->port = MAX(url->port, 0);
	if (url->scheme == URL_SSH && g_str_has_prefix(url->path, "/~"))
		memmove(url->path, url->path + 1, strlen(url->path));
	return true;
}

bool source_url_is_path(const char *text)
{
	return strstr(text, "://") == NULL && short_form_colon(text) == NULL;
}

bool source_url_parse(const char *text, SourceUrl *ret_url, GError **error)
{
	g_auto(SourceUrl) url = {.scheme = scheme_of(text)};
	const char *colon = short_form_colon(text);
	bool good = true;

	*ret_url = (SourceUrl){0};
	if (url.scheme == URL_PATH && (*text == '\0' || strstr(text, "://") != NULL))
		return refuse(error, text,
			"give a path, or a URL that begins with file://, https:// or ssh://");
	if (url.scheme != URL_PATH)
		good = parse_long_form(text, &url, error);
	else if (colon != NULL)
		parse_short_form(text, colon, &url);
	else
		url.path = g_strdup(text);
	if (!good || (url.scheme != URL_PATH && !check_parts(text, &url, error)))
		return false;
	*ret_url = url;
	url = (SourceUrl){0};
	return true;
}

void source_url_clear(SourceUrl *url)
{
	g_clear_pointer(&url->user, g_free);
	g_clear_pointer(&url->host, g_free);
	g_clear_pointer(&url->path, g_free);
}
