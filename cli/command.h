// The command line: one row per command, from which dispatch, help, man page, completion and
// docs/reference/cli.md come.
#pragma once

#include <glib.h>

// Exit statuses that every command uses. A command whose documentation says so gives others (2:
// changes or drift, 3: the run stays paused).
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_DIFFERENCES = 2,
	EXIT_PAUSED = 3,
	EXIT_USAGE = 64, // EX_USAGE of sysexits(3)
};

typedef struct Command Command;

struct Command {
	const char *name; // "validate"
	// The synopsis after the options: "DIR_OR_REPO"; "" when there are none. Words in lower
	// case between '[', '|' and
	// ']' are verbs that the shell completes: "[list|show ID]".
	const char *arguments;
	const char *summary; // one line for the list of commands; NULL keeps the command out of
		// every list
	const char *details; // paragraphs for help and the man page, set apart by blank lines; may
		// be NULL
	const GOptionEntry
		*options; // ended by {NULL}; the values live in the command's own file; may be NULL
	int min_arguments;
	int max_arguments; // -1: any number
	// Runs the command. arguments holds the words left after the options, ended by NULL.
	// Returns the exit status; the command has already said on stderr what went wrong. What it
	// printed on stdout is checked by the caller: a full disk or a closed pipe makes the exit
	// status EXIT_FAILED.
	int (*run)(const Command *command, char **arguments);
};

// The table, ended by a row whose name is NULL. OUTPUT_OPTION (cli/output.h) and STORE_OPTION
// (cli/store_path.h) are rows for a command's options.
extern const Command commands[];

// Finds a command by name; NULL when there is none.
const Command *command_find(const char *name);

// Says that there is no such command, and which may have been meant; returns EXIT_USAGE.
int command_unknown(const char *name);

// Parses argv[1…] against the table, and runs the command. Returns the exit status of the process.
// Main thread only.
int command_main(int argc, char **argv);

// Prints "weir: error: …" (and "hint: …" when hint is not NULL) on stderr.
void command_error(const char *hint, const char *format, ...) G_GNUC_PRINTF(2, 3);

// Says on stderr that the words of a command are wrong, names the place where help is, and returns
// EXIT_USAGE.
int command_usage(const Command *command, const char *format, ...) G_GNUC_PRINTF(2, 3);
// The same of a word that is none of these (ended by NULL): names the one that was meant instead, when one is near.
int command_usage_near(const Command *command, const char *word, const char *const *known,
	const char *format, ...) G_GNUC_PRINTF(4, 5);
// The same of a verb that the command's row does not have.
int command_no_verb(const Command *command, const char *verb);
// The verbs of a command's row, ended by NULL.
char **command_verbs(const Command *command);
