// Flow triggers and `stopAfter`: what the end of a run starts or stops. Runs that ended are taken from the store's events, in their
// order; how far they were followed is saved in the transaction that writes what they did, so that a crash neither loses nor
// doubles a run. Where no flow listens nothing is read and nothing written.
#pragma once

#include "store/flow.h"

typedef struct FlowTriggers FlowTriggers;

FlowTriggers *flow_triggers_new(Store *store);
void flow_triggers_free(FlowTriggers *triggers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowTriggers, flow_triggers_free)

// Takes over what a flow listens to, of its live row or of one that is gone.
void flow_triggers_put(FlowTriggers *triggers, const StoreFlow *flow);

// Whether the end of a run can matter.
bool flow_triggers_listen(const FlowTriggers *triggers);

// Settles from where on ends are followed, before the first trigger that listens is planned. Does nothing later.
bool flow_triggers_begin(FlowTriggers *triggers, GError **error);

// Looks at the runs that ended since the last time: makes runs (ret_runs grows), and stops triggers. In transactions of its own.
bool flow_triggers_follow(FlowTriggers *triggers, int64_t now, guint *ret_runs, GError **error);
