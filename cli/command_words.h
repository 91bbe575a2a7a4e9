// The words behind a command, as its options read them. GLib's parser then finds nothing to complain about: it would do so in
// words of its own, and knows neither values attached to a letter (-n2) nor what may have been meant.
#pragma once

#include "cli/command.h"

// Checks words (words[0] is the command) and gives them in the form that GLib takes: each option, then its value, in words of
// their own. What stands behind "--" is in *ret_rest. Both to be freed with g_strfreev(). EXIT_OK, or what command_usage()
// gave after it said what is wrong.
int command_words_read(
	const Command *command, char *const *words, char ***ret_words, char ***ret_rest);
