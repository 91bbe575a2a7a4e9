// Backfills: a flow's schedule, for the due times of a range, as if it had been there then. Asking for one writes a row; the scheduler
// makes the runs, oldest first, as many at once as the row says, each in one transaction with the note that it was made. A crash in
// between neither loses nor doubles a run.
#pragma once

#include "store/backfill.h"

#include <jansson.h>

#define BACKFILL_ERROR backfill_error_quark()
GQuark backfill_error_quark(void);

typedef enum {
	BACKFILL_ERROR_FLOW, // there is no such flow, or it is disabled
	BACKFILL_ERROR_SCHEDULE, // it has no such schedule, or it must be said which
	BACKFILL_ERROR_RANGE, // no due time lies in the range, or too many do
} BackfillError;

enum { BACKFILL_MOST = 100000 }; // due times of one backfill

typedef struct {
	const char *namespace;
	const char *flow;
	const char *trigger; // the schedule; NULL: the only one
	const char *from, *to; // RFC 3339; a date alone: midnight on the schedule's clock
	int64_t concurrency; // runs at once; 0: no limit
	const char *inputs, *labels; // JSON objects, over those of the schedule; NULL: none
} BackfillRequest;

// Whether there is such a flow and schedule, with due times in the range: all that can be told before the inputs are known.
bool backfill_check(Store *store, const BackfillRequest *request, GError **error);
// Checks all of it and writes the row. ret_id receives its id, *ret_total how many due times lie in the range.
bool backfill_ask(Store *store, const BackfillRequest *request, char ret_id[27], int64_t *ret_total,
	GError **error);

// What became of a look at those that go on.
typedef struct {
	bool going; // one of them is not through: the ends of runs matter
	bool more; // it could make more runs at once
} BackfillsLook;

// Makes the runs that may be made now. *ret_runs counts them up. One thread at a time.
bool backfills_follow(
	Store *store, int64_t now, guint *ret_runs, BackfillsLook *ret_look, GError **error);
