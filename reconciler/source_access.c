#include "reconciler/source_access.h"

#include "reconciler/source.h"
#include "repo-layout/flow.h"

#include <string.h>

enum {
	CONNECT_TIMEOUT = 15 * G_USEC_PER_SEC,
	STALL_TIMEOUT = 30 * G_USEC_PER_SEC,
};
#define FETCH_TIMEOUT (INT64_C(3600) * G_USEC_PER_SEC)

#define TEXT(key, schemes)                                                                         \
	{                                                                                          \
#key, offsetof(SourceAccess, key), false, schemes                                  \
	}
#define DURATION(key)                                                                              \
	{                                                                                          \
#key, offsetof(SourceAccess, key), true, URL_PATH | URL_REMOTE                     \
	}

const SourceAccessKey source_access_keys[] = {
	TEXT(username, URL_HTTPS | URL_SSH),
	TEXT(password_file, URL_HTTPS),
	TEXT(password_env, URL_HTTPS),
	TEXT(token_file, URL_HTTPS),
	TEXT(token_env, URL_HTTPS),
	TEXT(ca_file, URL_HTTPS),
	TEXT(proxy, URL_HTTP | URL_HTTPS),
	TEXT(ssh_key_file, URL_SSH),
	TEXT(ssh_key_passphrase_file, URL_SSH),
	TEXT(ssh_key_passphrase_env, URL_SSH),
	TEXT(known_hosts_file, URL_SSH),
	DURATION(connect_timeout),
	DURATION(stall_timeout),
	DURATION(fetch_timeout),
	{.name = NULL},
};

// Of which at most one may be given.
static const char *const SECRETS[] = {
	"password_file", "password_env", "token_file", "token_env", NULL};
static const char *const PASSPHRASES[] = {
	"ssh_key_passphrase_file", "ssh_key_passphrase_env", NULL};

static const char **text_of(SourceAccess *access, const SourceAccessKey *key)
{
	return (const char **)(void *)((char *)access + key->offset);
}

static int64_t *duration_of(SourceAccess *access, const SourceAccessKey *key)
{
	return (int64_t *)(void *)((char *)access + key->offset);
}

static const char *text_at(const SourceAccess *access, const SourceAccessKey *key)
{
	return *(const char *const *)(const void *)((const char *)access + key->offset);
}

static int64_t duration_at(const SourceAccess *access, const SourceAccessKey *key)
{
	return *(const int64_t *)(const void *)((const char *)access + key->offset);
}

static const SourceAccessKey *find_key(const char *name)
{
	const SourceAccessKey *key = source_access_keys;

	while (key->name != NULL && strcmp(key->name, name) != 0)
		key++;
	return key;
}

static void read_duration(int64_t *duration, const json_t *value)
{
	int64_t parsed;

	if (json_is_integer(value))
		*duration = json_integer_value(value);
	else if (json_is_string(value) && duration_parse(json_string_value(value), &parsed))
		*duration = parsed;
}

void source_access_read(SourceAccess *access, const json_t *object)
{
	*access = (SourceAccess){0};
	for (const SourceAccessKey *key = source_access_keys; key->name != NULL; key++) {
		const json_t *value = json_object_get(object, key->name);

		if (key->duration)
			read_duration(duration_of(access, key), value);
		else
			*text_of(access, key) = json_string_value(value);
	}
}

json_t *source_access_json(const SourceAccess *access)
{
	json_t *object = json_object();

	for (const SourceAccessKey *key = source_access_keys; key->name != NULL; key++) {
		if (key->duration)
			json_object_set_new(
				object, key->name, json_integer(duration_at(access, key)));
		else if (text_at(access, key) != NULL)
			json_object_set_new(object, key->name, json_string(text_at(access, key)));
	}
	return object;
}

void source_access_copy(SourceAccess *to, const SourceAccess *from)
{
	*to = *from;
	for (const SourceAccessKey *key = source_access_keys; key->name != NULL; key++) {
		if (!key->duration)
			*text_of(to, key) = g_strdup(text_at(from, key));
	}
}

void source_access_clear(SourceAccess *access)
{
	for (const SourceAccessKey *key = source_access_keys; key->name != NULL; key++) {
		if (!key->duration)
			g_free((char *)(uintptr_t)text_at(access, key));
	}
	*access = (SourceAccess){0};
}

void source_access_complete(SourceAccess *access)
{
	if (access->connect_timeout <= 0)
		access->connect_timeout = CONNECT_TIMEOUT;
	if (access->stall_timeout <= 0)
		access->stall_timeout = STALL_TIMEOUT;
	if (access->fetch_timeout <= 0)
		access->fetch_timeout = FETCH_TIMEOUT;
}

// ---- Checking -----------------------------------------------------------------------------------------------------

static bool check_one_of(const SourceAccess *access, const char *const *names, GError **error)
{
	const char *first = NULL;

	for (; *names != NULL; names++) {
		if (text_at(access, find_key(*names)) == NULL)
			continue;
		if (first != NULL) {
			g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
				"both '%s' and '%s' of the source are set; keep one of them", first,
				*names);
			return false;
		}
		first = *names;
	}
	return true;
}

static bool check_scheme(
	const SourceAccessKey *key, const SourceUrl *url, const char *text, GError **error)
{
	UrlScheme wanted = (key->schemes & URL_SSH) != 0 ? URL_SSH : URL_HTTPS;

	if ((key->schemes & url->scheme) != 0)
		return true;
	if (url->scheme == URL_HTTP && wanted == URL_HTTPS)
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
			"'%s' of the source is not used with '%s': over http:// anybody on the way "
			"could read or change it all; take https://",
			key->name, text);
	else
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
			"'%s' of the source is for %s, and '%s' is not; remove it, or correct the "
			"URL",
			key->name, url_scheme_text(wanted), text);
	return false;
}

static bool check_user(const SourceAccess *access, const SourceUrl *url, GError **error)
{
	if (access->username == NULL)
		return true;
	if (*access->username == '-' || *access->username == '\0') {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
			"'%s' cannot be the username of the source", access->username);
		return false;
	}
	if (url->user == NULL || strcmp(url->user, access->username) == 0)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
		"the URL of the source names the user '%s', and its 'username' is '%s'; keep one "
		"of "
		"them",
		url->user, access->username);
	return false;
}

static bool check_proxy(const SourceAccess *access, GError **error)
{
	g_autofree char *shown = access->proxy == NULL ? NULL : source_url_shown(access->proxy);

	if (g_strcmp0(shown, access->proxy) == 0)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
		"'proxy' of the source holds a password ('%s'); give it in the environment "
		"instead, "
		"as https_proxy",
		shown);
	return false;
}

bool source_access_check(
	const SourceAccess *access, const SourceUrl *url, const char *text, GError **error)
{
	for (const SourceAccessKey *key = source_access_keys; key->name != NULL; key++) {
		if (!key->duration && text_at(access, key) != NULL &&
			!check_scheme(key, url, text, error))
			return false;
	}
	return check_one_of(access, SECRETS, error) && check_one_of(access, PASSPHRASES, error) &&
	       check_user(access, url, error) && check_proxy(access, error);
}
