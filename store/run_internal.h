// What the files about runs share; nobody else includes this.
#pragma once

#include "store/internal.h"

// Where an active run stands in the line. Numbers are stored: never change one.
typedef enum {
	PHASE_READY = 0, // can be claimed; place: highest priority first
	PHASE_WAITING = 1, // until a moment; place: that moment
	PHASE_QUEUED = 2, // for its flow's limit; place as READY
	PHASE_LEASED = 3, // a node drives it
	PHASE_PAUSED = 4, // until it is resumed
} Phase;

extern const RowType run_row; // all columns but changes

// "RUNNING 1732181400000000;": what run.changes is made of. text has room for 64.
char *state_change_text(RunState state, int64_t at, char text[64]);

// Puts a run into the line. limit: see run_active.concurrency_limit.
bool line_add(Store *store, const char *run_id, const char *namespace, const char *flow,
	RunState state, int64_t priority, int64_t due_at, int64_t limit, GError **error);
// The JSON-free part of an ended run: tally and event.
bool run_note_end(
	Store *store, const char *run_id, RunState state, int64_t ended_at, GError **error);
// Labels (JSON object; NULL: none) with changes (see store_run_change_labels(); NULL: none). free() it.
char *labels_change_text(const char *labels, const char *changes);
// Notes the kept files that a JSON text of the run names (it may be NULL).
bool run_files_note(Store *store, const char *run_id, const char *json, GError **error);
