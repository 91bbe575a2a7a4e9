#include "cli/store_path.h"

#include "db/db.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SQLITE_SCHEME "sqlite:"

char *store_option;

static bool is_writable_folder(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR) && access(path, W_OK) == 0;
}

// The folder of the store when nobody named one.
static char *default_folder(void)
{
	const char *state = g_getenv("STATE_DIRECTORY");

	if (state != NULL && *state != '\0') {
		g_auto(GStrv) folders = g_strsplit(state, ":", 2);

		return g_strdup(folders[0]);
	}
	if (is_writable_folder("/var/lib/weir"))
		return g_strdup("/var/lib/weir");
	return g_build_filename(g_get_user_data_dir(), "weir", NULL);
}

static char *file_url(const char *path)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);

	return g_strconcat(SQLITE_SCHEME, absolute, NULL);
}

static char *url_of(const char *text, GError **error)
{
	g_autofree char *scheme = g_uri_parse_scheme(text);

	if (*text == '\0') {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"the name of the store is empty");
		return NULL;
	}
	if (g_str_has_prefix(text, SQLITE_SCHEME))
		return file_url(text + strlen(SQLITE_SCHEME));
	if (scheme != NULL && strstr(text, "://") != NULL) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"the store '%s' has the scheme '%s'; this weir keeps its store in a file: "
			"'sqlite:/path/weir.db'",
			text, scheme);
		return NULL;
	}
	return file_url(text);
}

char *store_path_url(GError **error)
{
	const char *environment = g_getenv("WEIR_STORE");

	if (store_option != NULL)
		return url_of(store_option, error);
	if (environment != NULL && *environment != '\0')
		return url_of(environment, error);
	g_autofree char *folder = default_folder();
	g_autofree char *file = g_build_filename(folder, "weir.db", NULL);
	return file_url(file);
}

const char *store_path_file(const char *url)
{
	return g_str_has_prefix(url, SQLITE_SCHEME) ? url + strlen(SQLITE_SCHEME) : NULL;
}

bool store_path_exists(const char *url, GError **error)
{
	const char *file = store_path_file(url);

	if (file == NULL || g_file_test(file, G_FILE_TEST_EXISTS))
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "there is no store at '%s'", file);
	return false;
}

char *store_path_data_folder(const char *url)
{
	const char *file = store_path_file(url);

	return g_path_get_dirname(file != NULL ? file : ".");
}

bool store_path_prepare(const char *url, GError **error)
{
	g_autofree char *data = store_path_data_folder(url);

	if (g_mkdir_with_parents(data, 0700) == 0)
		return true;
	int reason = errno;
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(reason),
		"cannot make the folder '%s': %s: %s", data, g_strerror(reason),
		store_path_cure(reason));
	return false;
}

const char *store_path_cure(int reason)
{
	static const struct {
		int reason;
		const char *cure;
	} cures[] = {
		{EROFS, "mount its disk for writing, or name a store elsewhere with --store"},
		{EACCES, "give its folder to the user that runs weir, or name a store elsewhere "
			 "with --store"},
		{ENOSPC, "free some space on its disk"},
		{EDQUOT, "free some space, or have the quota of the user raised"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cures); i++) {
		if (cures[i].reason == reason)
			return cures[i].cure;
	}
	return "see to its folder, or name a store elsewhere with --store";
}

const char *store_error_hint(const GError *error)
{
	static const struct {
		int error_class;
		const char *hint;
	} hints[] = {
		{DB_ERROR_LOCKED,
			"end the process that keeps it locked ('fuser' on the file names it), then "
			"try again"},
		{DB_ERROR_READ_ONLY,
			"let the user that runs weir write to its folder, and see that its disk is "
			"mounted for writing"},
		{DB_ERROR_PERMISSION, "give it and its folder to the user that runs weir"},
		{DB_ERROR_FULL, "free some space on its disk, then try again"},
		{DB_ERROR_CORRUPT,
			"name another file with '--store', or put the last good copy in its place"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(hints); i++) {
		if (g_error_matches(error, DB_ERROR, hints[i].error_class))
			return hints[i].hint;
	}
	return NULL;
}
