// Backfills: runs of a flow's schedule for the due times of a range that lies in the past, made by the scheduler one after the
// other.
//
// store_backfill_create   RUNNING; next_at is the first due time
// store_backfill_note     the scheduler's progress, in the transaction that makes the run
// store_backfill_set      paused, resumed or cancelled by whoever asks
#pragma once

#include "store/state.h"
#include "store/store.h"

// Numbers are stored: never change one.
typedef enum {
	BACKFILL_RUNNING = 0,
	BACKFILL_PAUSED = 1, // makes no runs until it is resumed
	BACKFILL_CANCELLED = 2, // makes none any more
	BACKFILL_FAILED = 3, // likewise: the schedule is no longer there
	BACKFILL_DONE = 4, // all are made, and have ended
	BACKFILL_STATES,
} BackfillState;

// "RUNNING"; lives as long as the program.
const char *backfill_state_name(BackfillState state);
bool backfill_state_parse(const char *name, BackfillState *ret_state);

typedef struct {
	char *id;
	char *namespace;
	char *flow;
	char *trigger_id; // of the schedule
	int64_t from_at, to_at; // both are in the range
	int64_t next_at; // the due time that comes next; 0: none is left
	int64_t concurrency; // its runs at once; 0: no limit
	BackfillState state;
	char *inputs; // JSON object, over those of the schedule; NULL
	char *labels; // likewise
	int64_t total; // due times in the range, when it was asked for
	int64_t made; // runs
	int64_t left_out; // due times without a run: `when` or a condition did not hold
	char *message; // why it makes no runs; NULL
	int64_t created_at;
	int64_t ended_at; // 0: not yet
} StoreBackfill;

void store_backfill_free(StoreBackfill *backfill);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreBackfill, store_backfill_free)

// Everything is given, apart from created_at.
bool store_backfill_create(Store *store, const StoreBackfill *backfill, GError **error);
// *ret_backfill is NULL when there is none of that id.
bool store_backfill_get(Store *store, const char *id, StoreBackfill **ret_backfill, GError **error);
// Writes next_at, state, total, made, left_out, message and ended_at of one that is RUNNING. *ret_written is false where somebody
// has paused or cancelled it: nothing of it may be committed then.
bool store_backfill_note(
	Store *store, const StoreBackfill *backfill, bool *ret_written, GError **error);
// Sets the state of one that is in one of two others. *ret_done is false where it is in none of them.
bool store_backfill_set(Store *store, const char *id, BackfillState state,
	const BackfillState from[2], bool *ret_done, GError **error);

// The run of a due time. There is one for each: a second one is an error.
bool store_backfill_run_add(
	Store *store, const char *id, int64_t at, const char *run_id, GError **error);
// A run that a retry has made in place of another is the backfill's in its place.
bool store_backfill_run_replace(
	Store *store, const char *run_id, const char *by_run_id, GError **error);
// How many of its runs there are in each state. Runs that retention has forgotten are not counted.
bool store_backfill_count(
	Store *store, const char *id, int64_t ret_by_state[RUN_STATES], GError **error);
// How many of its runs have not ended. Cheap.
bool store_backfill_count_active(
	Store *store, const StoreBackfill *backfill, int64_t *ret_active, GError **error);
// The ids (char *) of those, oldest first.
bool store_backfill_list_active(
	Store *store, const StoreBackfill *backfill, GPtrArray **ret_ids, GError **error);

// Those that are RUNNING, oldest first.
bool store_backfills_running(Store *store, GPtrArray **ret_backfills, GError **error);

typedef struct {
	const char *namespace; // NULL: all
	const char *flow; // with namespace; NULL: all
} StoreBackfillFilter;

// Newest first.
bool store_backfills_list(Store *store, const StoreBackfillFilter *filter, const StorePage *page,
	GPtrArray **ret_backfills, char **ret_next, GError **error);
