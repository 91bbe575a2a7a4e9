// The command line: one row per command, from which dispatch, help, man page and completion come.
#pragma once

#include <glib.h>

// Exit statuses that every command uses. A command whose documentation says so gives others (2: changes or drift,
// 3: the run stays paused).
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_DIFFERENCES = 2,
	EXIT_PAUSED = 3,
	EXIT_USAGE = 64, // EX_USAGE of sysexits(3)
};

typedef struct Command Command;

struct Command {
	const char *name;      // "validate"
	const char *arguments; // the synopsis after the options: "DIR_OR_REPO"; "" when there are none
	const char *summary;   // one line, for the list of commands
	const char *details;   // paragraphs for help and the man page; may be NULL
	const GOptionEntry *options; // ended by {NULL}; the values live in the command's own file; may be NULL
	int min_arguments;
	int max_arguments; // -1: any number
	// Runs the command. arguments holds the words left after the options, ended by NULL. Returns the exit status;
	// the command has already said on stderr what went wrong.
	int (*run)(const Command *command, char **arguments);
};

// The table, ended by a row whose name is NULL.
extern const Command commands[];

// Finds a command by name; NULL when there is none.
const Command *command_find(const char *name);

// Parses argv[1…] against the table, and runs the command. Returns the exit status of the process. Main thread only.
int command_main(int argc, char **argv);

// Prints "weir: error: …" (and "hint: …" when hint is not NULL) on stderr.
void command_error(const char *hint, const char *format, ...) G_GNUC_PRINTF(2, 3);
