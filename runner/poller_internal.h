// What the files of the poller share; nobody else includes this.
#pragma once

#include "runner/poller.h"
#include "store/flow.h"
#include "store/run.h"
#include "store/trigger.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

// A trigger that is being looked for.
typedef struct {
	StoreTrigger *row; // as it was when the look began: next_at is the planned moment
	StoreFlow *flow;
	json_t *trigger; // its definition
	char *variables; // of the flow, JSON; NULL
	char run_id[27]; // in the poller's own store
} Look;

struct Poller {
	Store *store;
	RunnerOptions options;
	char *folder; // of the looks
	char *holder; // of the duty
	Store *own; // of the looks
	Runner *runner; // of the looks; NULL until one is due
	StoreWatch *watch; // of the store
	StoreWatch *looked; // of the poller's own store
	GHashTable *looks; // "namespace.flow id" -> Look *
	int64_t taken_until; // of the duty; 0: another has it
	int stop_fd;
	atomic_bool stopping;
	pthread_t thread;
};

void look_free(void *look);

// ---- poller_look.c: in the poller's own store
// Begins the look of a trigger that is due. False with an error: it could not even begin.
bool poller_look_begin(Poller *poller, Look *look, GError **error);
// Whether it has ended; then its outputs (a new reference), or NULL with an error that says why it failed.
bool poller_look_ended(Poller *poller, const Look *look, json_t **ret_outputs, GError **error);
// Forgets what the looks left in the poller's own store.
void poller_looks_forget(Poller *poller);

// ---- poller_commit.c: in the store of the triggers
// What came of a look, with its commit point. outputs NULL: it failed, and fault says why.
bool poller_commit(
	Poller *poller, const Look *look, const json_t *outputs, const char *fault, GError **error);
// Plans the next look of a trigger that is not to be looked for now.
bool poller_skip(Poller *poller, const StoreTrigger *row, int64_t next_at, GError **error);

#define POLLER_DUTY "poller"
enum {
	POLLER_DUTY_SECONDS = 20,
};
