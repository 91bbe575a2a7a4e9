// What is live, as the reconciler remembers it: the domains of the store by name, and for those that this process made
// live, the snapshot they came from, so that the next plan compares two snapshots and reads no row. It is a PlanLive. One
// thread at a time.
#pragma once

#include "reconciler/plan.h"
#include "store/store.h"

typedef struct LiveView LiveView;

// Nothing is read yet.
LiveView *live_view_new(Store *store);
void live_view_free(LiveView *view);

// Reads all domains again, and forgets the snapshots. Call it first, and whenever another process has written.
bool live_view_load(LiveView *view, GError **error);

// The live side of plans, as long as the view lives; not to be freed. What it gives stays valid until the next call of its
// domains(), and no longer than until the view is changed.
PlanLive *live_view_plan(LiveView *view);

// Notes that domain is live now as its snapshot has it (a reference is taken).
void live_view_set(LiveView *view, const LayoutDomain *domain);
// Notes that the domain is broken or held: what is live of it, if anything, stays.
void live_view_unsettle(LiveView *view, const char *name);
// Notes that the domain is gone.
void live_view_remove(LiveView *view, const char *name);

// Whether all domains are as their last commit said.
bool live_view_is_settled(const LiveView *view);
// How many of them there are.
size_t live_view_length(const LiveView *view);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(LiveView, live_view_free)
