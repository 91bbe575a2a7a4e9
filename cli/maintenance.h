// Keeping house: a thread of the server that has the store forget what has grown old, and removes kept files that no run
// names. It does a little at a time and rests in between, so that nobody waits for it.
//
// The rows are the duty of one node at a time, taken in the store (store/duty.h): a server with the role scheduler, whose
// subject is what time brings about. Files lie with the node that runs tasks: each removes its own.
#pragma once

#include "store/retention.h"

typedef struct Maintenance Maintenance;

typedef struct {
	Store *store; // the writer; borrowed
	const char *store_url; // for a reader of its own; copied
	const char *files_folder; // of this node's kept files; NULL: it runs no tasks. Copied
	bool rows; // look after the store, too
	StoreRetentionPolicy policy;
	int64_t interval; // microseconds between two passes
	// Called after each pass; error is NULL when it went well. Thread of the maintenance.
	void (*report)(const StoreRetention *retention, const GError *error, void *data);
	void *data;
} MaintenanceOptions;

Maintenance *maintenance_start(const MaintenanceOptions *options, GError **error);
// Ends it after the step it is at. Accepts NULL.
void maintenance_stop(Maintenance *maintenance);
