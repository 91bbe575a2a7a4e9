// Everything that is written from the command table for people and shells to read.
#pragma once

#include "repo-layout/key_pages.h"

#include "cli/command.h"

// The list of commands. Free with g_free(), like every text below.
char *command_overview(void);

// The help of one command.
char *command_help(const Command *command);

// The man page weir(1), in man(7) macros.
char *command_man_page(void);

// The completion script for bash.
char *command_completion(void);

// docs/reference/cli.md.
char *command_reference(void);

// The page of keys of a kind of file: those of a repository, and the server's own configuration. NULL: no such kind.
const KeyPage *command_keys_find(const char *name);
