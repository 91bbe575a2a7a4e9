// What the parts of a server report, and what becomes of it: lines of the log, and the server's health, which is the data of
// each. Thread-safe.
#pragma once

#include "reconciler/reconcile.h"
#include "store/retention.h"

void report_walk(const ReconcileOutcome *outcome, const GError *error, void *health);
void report_triggers(guint runs, const GError *error, void *health);
void report_runner(const GError *error, void *health);
void report_maintenance(const StoreRetention *retention, const GError *error, void *health);
