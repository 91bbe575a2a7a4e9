// What each trigger of each flow remembers between evaluations.
#pragma once

#include "store/store.h"

typedef struct {
	char *namespace;
	char *flow;
	char *id; // of the trigger
	char *type; // "schedule", "tables", "flow", "webhook", "sql", "http"
	int64_t next_at; // next planned fire; 0: none
	int64_t last_at; // planned moment of the last fire; 0: never
	char *last_run_id; // NULL
	int64_t consumed; // sequence of publications that its last run has seen
	char *state; // JSON of the trigger's own; NULL
	bool disabled; // by command; the definition's own `disabled` is in the flow
	char *message; // why it cannot be evaluated; NULL
	bool overlaps; // is due also while the run that it made last goes on
	int64_t changed_at; // set by the store
} StoreTrigger;

void store_trigger_free(StoreTrigger *trigger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTrigger, store_trigger_free)

// Writes the whole row, by namespace, flow and id.
bool store_trigger_put(Store *store, const StoreTrigger *trigger, GError **error);
bool store_trigger_get(Store *store, const char *namespace, const char *flow, const char *id,
	StoreTrigger **ret_trigger, GError **error);
bool store_trigger_delete(
	Store *store, const char *namespace, const char *flow, const char *id, GError **error);
// Lets runs be made once more of keys that lie between two, without them: a clock that was wrong made them too early.
bool store_trigger_forget_keys(Store *store, const char *after, const char *before, GError **error);
// Who makes the runs of a trigger that is due.
typedef enum {
	STORE_TRIGGER_CLOCK, // the scheduler: schedules
	STORE_TRIGGER_POLL, // the poller: sql and http
} StoreTriggerKind;

// A trigger is held while the run that it made last goes on, unless it overlaps.
// The next moment that a trigger which is not held is planned for; 0: none. *ret_held (may be NULL): whether one is held that was
// planned for now or before.
bool store_trigger_next(Store *store, StoreTriggerKind kind, int64_t now, int64_t *ret_next_at,
	bool *ret_held, GError **error);
// Those planned at or before now that are not held, earliest first, at most limit.
bool store_triggers_due(Store *store, StoreTriggerKind kind, int64_t now, unsigned limit,
	GPtrArray **ret_triggers, GError **error);

// A run that a trigger makes; nothing in it is kept by the store.
typedef struct {
	const char *inputs, *labels, *trigger; // JSON, see StoreRunNew
	const char *key; // a second run of the same key is not made; NULL: none
	int64_t at; // the moment that it is for; 0: none
} StoreTriggerFire;

// Makes the run, and notes it in the row, which the caller then puts: in one transaction. ret_created (may be NULL) is false where
// there was one of that key; ret_run_id is that one's then, and the row stays as it is.
bool store_trigger_fire(Store *store, StoreTrigger *row, const StoreTriggerFire *fire,
	char ret_run_id[27], bool *ret_created, GError **error);
// Says on the row why it cannot be evaluated, or (message NULL) that it can; the caller then puts it. What is new is an event.
bool store_trigger_note(Store *store, StoreTrigger *row, const char *message, GError **error);

typedef struct {
	const char *namespace; // NULL: all
	const char *flow; // with namespace; NULL: all
} StoreTriggerFilter;

// By namespace, flow and id.
bool store_triggers_list(Store *store, const StoreTriggerFilter *filter, const StorePage *page,
	GPtrArray **ret_triggers, char **ret_next, GError **error);
