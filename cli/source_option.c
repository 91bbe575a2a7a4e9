#include "cli/source_option.h"

#include "cli/command.h"
#include "cli/store_path.h"
#include "store/domain.h"

#include <string.h>

char *config_option;

ServerConfig *config_option_read(GError **error)
{
	ServerConfig *config = server_config_read(config_option, error);

	if (config != NULL && store_option == NULL && config->store != NULL)
		store_option = g_strdup(config->store);
	return config;
}

char *source_location(const char *text)
{
	if (text == NULL || !source_url_is_path(text))
		return g_strdup(text);
	return g_canonicalize_filename(text, NULL);
}

char *source_local_path(const char *text)
{
	g_auto(SourceUrl) url = {0};

	if (text == NULL || !source_url_parse(text, &url, NULL) || url.scheme != URL_FILE)
		return g_strdup(text);
	return g_steal_pointer(&url.path);
}

static const char *after(const char *text, const char *prefix)
{
	return g_str_has_prefix(text, prefix) ? text + strlen(prefix) : NULL;
}

// What the row says is followed, as options name it.
static void follow_row(SourceChoice *choice, const StoreSource *row)
{
	const char *ref = choice->ref = g_strdup(row->ref != NULL ? row->ref : "HEAD");

	choice->url = g_strdup(row->url);
	choice->options.branch = after(ref, "refs/heads/");
	choice->options.tag = after(ref, "refs/tags/");
	if (strchr(ref, '/') == NULL && strcmp(ref, "HEAD") != 0)
		choice->options.commit = ref;
}

bool source_choose(SourceChoice *ret_choice, Store *store, const ServerConfig *config,
	const char *argument, const char *branch, GError **error)
{
	g_auto(SourceChoice) choice = {0};
	g_autoptr(StoreSource) row = NULL;
	g_autofree char *data = store_path_data_folder(store_url(store));

	if (argument == NULL && config->source.url != NULL)
		choice.options = config->source;
	choice.url = source_location(argument != NULL ? argument : config->source.url);
	if (!store_source_get(store, "main", &row, error))
		return false;
	if (choice.url == NULL && row == NULL) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"the store follows no repository yet; name one: a path or a URL");
		return false;
	}
	if (choice.url == NULL)
		follow_row(&choice, row);
	else if (row != NULL && g_strcmp0(row->url, choice.url) == 0 && row->commit_live != NULL)
		choice.options.noted = choice.ref = g_strdup(row->ref);
	if (branch != NULL) {
		choice.options.branch = branch;
		choice.options.tag = choice.options.commit = NULL;
	}
	choice.mirrors = g_build_filename(data, "mirrors", NULL);
	choice.options.url = choice.url;
	choice.options.mirror_folder = choice.mirrors;
	*ret_choice = choice;
	choice = (SourceChoice){0};
	return true;
}

void source_choice_clear(SourceChoice *choice)
{
	g_clear_pointer(&choice->url, g_free);
	g_clear_pointer(&choice->ref, g_free);
	g_clear_pointer(&choice->mirrors, g_free);
}

const char *source_error_hint(const GError *error)
{
	if (config_option != NULL || !g_error_matches(error, FETCH_ERROR, FETCH_ERROR_REFUSED))
		return store_error_hint(error);
	return "how the repository is reached is in the server's configuration: name it with "
	       "--config";
}
