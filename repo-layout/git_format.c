#include "repo-layout/git_format.h"

#include <git2.h>

static bool names_sha256(const char *path)
{
	git_config *config = NULL;
	git_buf format = GIT_BUF_INIT;
	bool found = git_config_open_ondisk(&config, path) == 0 &&
		     git_config_get_string_buf(&format, config, "extensions.objectformat") == 0 &&
		     g_ascii_strcasecmp(format.ptr, "sha256") == 0;

	git_buf_dispose(&format);
	git_config_free(config);
	git_error_clear();
	return found;
}

bool git_format_is_known(const char *path)
{
	g_autofree char *bare = g_build_filename(path, "config", NULL);
	g_autofree char *inside = g_build_filename(path, ".git", "config", NULL);

	return !names_sha256(bare) && !names_sha256(inside);
}
