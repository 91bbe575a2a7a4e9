// Preconditions of a flow trigger: which runs must have ended, in which window of time. Pure; any thread.
//
// A precondition has wants: one for each of its `flows`, each entry of `where`, each member of an old `multiple` condition. A run
// that ends meets those that fit it. When all were met within one window, a run starts, and with resetOnSuccess (the default)
// all wants are open again.
#pragma once

#include "repo-layout/trigger_rule.h"

// A window of time, [begin, end) in microseconds.
typedef struct {
	int64_t begin;
	int64_t end;
} TriggerWindow;

// Reads "09:00", "09:00:00.5", "09:00:00Z", "09:00:00+01:00": microseconds since midnight, and what its clock is ahead of UTC.
bool trigger_time_of_day(const char *text, int64_t *ret_time, int64_t *ret_offset);

// The window that a moment lies in, of {type, deadline, startTime, endTime, window, windowAdvance} (NULL: a day from midnight
// UTC). *ret_inside is false where it lies in none, as after a deadline. False with an error when the window is wrong.
//   DURATION_WINDOW      windows of `window` (P1D) one after another, beginning at midnight UTC and `windowAdvance` later
//   SLIDING_WINDOW       the last `window` before the moment
//   DAILY_TIME_DEADLINE  from midnight to `deadline`, on the clock of its offset
//   DAILY_TIME_WINDOW    from `startTime` to `endTime`, which may be on the next day
bool trigger_window_at(const json_t *time_window, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error);

// Whether the run has all the labels: a map, or a list of {key, value}.
bool trigger_labels_hold(const json_t *labels, const json_t *run);

// The end of a run, in short.
typedef struct {
	const char *namespace;
	const char *flow;
	const char *state;
} TriggerEnd;

// Whether the end of a run can matter to a flow trigger at all, as far as that can be told without the run: most ends matter to few
// triggers.
bool trigger_may_matter(const json_t *trigger, const TriggerEnd *end);

// Whether the trigger has preconditions (or an old `multiple` condition).
bool trigger_has_preconditions(const json_t *trigger);

// What is wrong with them; NULL: nothing. To free with g_free().
char *trigger_preconditions_fault(const json_t *trigger);

// What a run that ended does to a trigger.
typedef struct {
	bool changed; // the state is to be saved
	bool fires; // a run is to be started
	json_t *runs; // then: ids of the runs that met the wants, in the order in which they ended; a list to json_decref()
} TriggerStep;

// Takes the run of the scope, which ended at `at`, into account. state is what the trigger remembers: an object, empty at first,
// which is changed. The same runs in the same order give the same steps.
bool trigger_preconditions_step(const json_t *trigger, const TriggerScope *scope, int64_t at,
	json_t *state, TriggerStep *ret_step, GError **error);
