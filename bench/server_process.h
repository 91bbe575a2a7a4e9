// The program itself, serving, as a process that is measured from outside.
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
	pid_t process;
	uint16_t port; // of the status API, on 127.0.0.1
	double ready_seconds; // from exec to the line that says so
	double answer_seconds; // from exec to the first answer of /readyz, which must be 200
	GThread *reader; // of its log
} ServerProcess;

typedef struct {
	double resident; // VmRSS, MB
	double proportional; // Pss, MB: pages that others use as well counted in part
} ProcessMemory;

// Starts `program serve repository --store store` and waits until it is ready. Aborts on any failure.
void server_process_start(
	ServerProcess *server, const char *program, const char *repository, const char *store);
// Ends it in order.
void server_process_stop(ServerProcess *server);
ProcessMemory server_process_memory(const ServerProcess *server);
// Runs program with words (ended by NULL) to its end, which must be good; its output, to be freed.
char *process_output_of(const char *const *words);
#define process_output(...) process_output_of((const char *const[]){__VA_ARGS__})
