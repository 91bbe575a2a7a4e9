// Which repository a command reads that does what the server does: the one named on the command line, the one of the
// server's configuration, or the one that the store followed last.
#pragma once

#include "cli/server_config.h"
#include "store/store.h"

// Set by CONFIG_OPTION; NULL: not given.
extern char *config_option;

#define CONFIG_OPTION                                                                              \
	{                                                                                          \
		"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_option,                           \
			"The server's configuration: its store, its repository and how to reach "  \
			"it",                                                                      \
			"FILE"                                                                     \
	}

// Reads the file of --config; with none, the defaults. Its store is taken as if --store had named it, unless that did. The
// caller frees it with server_config_free(). NULL with an error.
ServerConfig *config_option_read(GError **error);

// The path as seen from anywhere; a URL as it is. The caller frees it; NULL for NULL.
char *source_location(const char *text);

// The path of a file:// URL; anything else as it is. The caller frees it; NULL for NULL.
char *source_local_path(const char *text);

typedef struct {
	SourceOptions options; // its texts belong to this structure and to the configuration
	char *url, *ref, *mirrors;
} SourceChoice;

// argument: a path or URL from the command line; NULL: none. Settings about how to reach the repository of the configuration
// are not used for another one. False with an error when there is nothing to choose.
bool source_choose(SourceChoice *ret_choice, Store *store, const ServerConfig *config,
	const char *argument, const char *branch, GError **error);
void source_choice_clear(SourceChoice *choice);

// What to add to an error of a fetch: that credentials are in the configuration; else what store_error_hint() says. NULL: nothing.
const char *source_error_hint(const GError *error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SourceChoice, source_choice_clear)
