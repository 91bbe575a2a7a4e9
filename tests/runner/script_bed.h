// What tests of tasks that run programs share: a folder for each test program, and runs whose tasks may name it as BED.
#pragma once

#include <glib.h>
#include <jansson.h>

// The folder: environments/, and what the tests put there.
extern char *script_bed;

// A flow 'f' of these tasks, as YAML, with BED filled in. To be freed.
char *script_flow(const char *tasks);

// Runs these tasks (a YAML list), with a folder of the bed as scripts/ of the domain, or NULL. Returns the report (run_bed.h);
// a new reference.
json_t *script_run(const char *tasks, const char *scripts);

// Writes a file of the bed, and makes the folders above it.
void script_write(const char *path, const char *text);

// Runs a command of the shell, which must succeed.
void script_command(const char *text);

// Runs tasks as script_run() does and compares what became of them, as bed_text() has it, and the log; log may be NULL.
void assert_script_run(const char *tasks, const char *scripts, const char *states, const char *log);

// How often a text is in the log of a report.
unsigned script_log_count(const json_t *report, const char *line);

// Makes the folder.
void script_bed_begin(void);

// Removes the folder. Returns the status that it is given, for main().
int script_bed_end(int status);
