// Executes runs: claims them from the store, steps their graphs, has worker threads do their tasks, and commits what came
// of it before acting on it.
//
// One thread at a time has the helm of the node and owns all its runs: it steps graphs, runs internal tasks, and writes
// everything that happened in a round in one transaction, so that under load many transitions share one commit. Worker
// threads are the slots: each executes one task with outside effects at a time, and takes the helm itself when it has ended
// one and the helm is free.
//
// Commit points, in the order of a task's life:
//   claim              the lease, and RUNNING of the run
//   start              the task run as RUNNING (with its attempt) before a worker gets it; of short tasks a few more than
//                      there are slots (runner_ahead.c)
//   finish             its end, its outputs and what its context recorded, together with the start of what follows
//   end of the run     its state and outputs, in the transaction of the last finish
// A node that dies between two of them leaves rows from which the next claim goes on: what has finished is never run
// again; a task that was under way is tried again by its retry policy, or because its type is TASK_REPEATABLE, or is FAILED
// as lost.
#pragma once

#include "repo-layout/flow.h"
#include "store/store.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Runner Runner;

typedef struct {
	const char *name; // pool
	unsigned limit; // tasks of it at once on this node
} RunnerPool;

typedef struct {
	unsigned slots; // worker threads; 0: as many as there are processors
	int nice; // of the worker threads and so of what they start: 0 to 19
	const RunnerPool *pools; // may be NULL
	size_t pool_count;
	unsigned max_runs; // driven at once; 0: 10,000
	const char *node_name; // for people; NULL: host name and process
	const char *roles; // for the node's row; NULL
	const char
		*data_folder; // kept files of runs live in data_folder/files; NULL: a temporary one
	const char *
		work_folder; // tasks' own folders are made in it; NULL: the system's temporary folder
	const char *
		environments_folder; // packages of Python and Node.js; NULL: data_folder/environments, or in the work folder
	const char *
		scripts_folder; // `weir run --file`: the folder whose files tasks see; NULL: as the store has them
	// Private, loopback and link-local addresses that tasks may connect to: "allow", or networks like 10.1.0.0/16, ended
	// by NULL; NULL: none.
	const char *const *private_addresses;
	const json_t *globals; // the expression variable `globals`; may be NULL
	int64_t beat; // microseconds a beat is good for; 0: 15 seconds
	// Answers secret(name): text to free, or NULL with error. NULL: from the environment (WEIR_SECRET_NAME as it is,
	// SECRET_NAME in base64).
	char *(*secret)(const char *name, void *data, GError **error);
	// Turns the URL of a connection as the store has it (NULL: none of that name) into one to open. NULL: the URL's
	// expressions are rendered; the connection `default` without a row is sqlite-dir below data_folder.
	char *(*connection_url)(const char *name, const char *url, void *data, GError **error);
	// Told that the store cannot be written to, and (error NULL) that it can be again. NULL: warnings on stderr.
	void (*trouble)(const GError *error, void *data);
	void *data;
	bool sole; // no other node uses this store: leases of a dead predecessor are taken over at the start
} RunnerOptions;

// The store must be opened for writing and outlive the runner. Options are copied.
Runner *runner_new(Store *store, const RunnerOptions *options, GError **error);
// Registers the node and starts the threads.
bool runner_start(Runner *runner, GError **error);
// Stops: tasks under way are cancelled when they do not end within grace microseconds and are left to the next node like
// those of a dead one; runs are given back. Then the node's row is removed. Any thread but the runner's own.
void runner_stop(Runner *runner, int64_t grace);
// Stops when it runs.
void runner_free(Runner *runner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Runner, runner_free)

// Saves the parsing of a flow that the caller has at hand. Takes the flow over.
void runner_flow_put(Runner *runner, int64_t revision, Flow *flow);

// Copies a file to the kept ones, for a FILE input of a run to come. Returns its URI (weir:///…), to be freed.
char *runner_file_put(Runner *runner, const char *path, GError **error);

// Waits until the run has ended, or is PAUSED with nothing but a person to wake it. False with error only when the run is
// not there or the runner broke down. Any thread.
bool runner_wait(Runner *runner, const char *run_id, GError **error);

// A moment's numbers, for metrics. Any thread.
typedef struct {
	unsigned slots, busy, runs, waiting_tasks;
	uint64_t started, finished, commits;
} RunnerFigures;
void runner_figures(Runner *runner, RunnerFigures *ret_figures);
