// Flows and their revisions. A revision never changes; a flow points at its current one. Pruning a flow keeps its row
// and its revisions; when it comes back its revisions go on counting.
#pragma once

#include "store/store.h"

typedef struct {
	char *namespace;
	char *id;
	int64_t revision; // the current one, from 1
	char *digest; // of its meaning
	char *source_digest; // of its file's text: moves without a revision after a cosmetic edit; NULL
	char *domain;
	char *kind; // "written", "generated", "set"
	char *feed; // "MODE_DELTA"; NULL: none
	char *target; // "dataset.table" that a script makes; NULL
	char *connection; // that a script runs on; NULL
	char *path; // of its file
	int64_t line; // where it begins there
	char *reads; // tables it reads, "dataset.table" joined by one newline each; NULL: none
	char *writes; // likewise
	char *triggers; // JSON list of its triggers, as in the definition; NULL: none
	char *labels; // JSON object; NULL: none
	int64_t concurrency_limit; // runs that may be RUNNING at once; 0: no limit
	char *concurrency_behavior; // "QUEUE", "CANCEL", "FAIL"; NULL: QUEUE
	bool opaque; // some of its SQL cannot be seen into
	bool disabled;
	bool build_due; // its script is new or changed, and has not been built since
	char *commit; // that made the current revision live
	int64_t applied; // number of the apply that wrote the row last: grows over the store
	int64_t changed_at;
	int64_t deleted_at; // 0: live
	// What its last apply wrote, for store_flow_is_as_committed(); NULL when it was pruned. Only store_flows_list_committed() gives
	// it.
	char *committed;
} StoreFlow;

void store_flow_free(StoreFlow *flow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreFlow, store_flow_free)

typedef struct {
	char *namespace;
	char *id;
	int64_t revision;
	char *digest;
	char *definition; // canonical JSON
	char *source; // the file's text; NULL when it was not kept
	char *scripts_tree; // id of the domain's scripts/ that its tasks see (store/script.h); NULL
	char *commit;
	int64_t created_at;
} StoreRevision;

void store_revision_free(StoreRevision *revision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRevision, store_revision_free)

// What an apply writes of one flow. Nothing in it is kept by the store.
typedef struct {
	StoreFlow flow; // revision, applied, changed_at, deleted_at and committed are not looked at
	const char *definition;
	const char *source; // may be NULL
	const char *scripts_tree; // may be NULL
	bool first; // the caller knows that no flow of that name was ever there
	bool mends; // the newest revision is the one that is put, whatever somebody made of it: it is written over
} StoreFlowPut;

// Takes the number of the next apply: one for each transaction that puts flows. It grows by one with each call.
bool store_apply_begin(Store *store, int64_t *ret_applied, GError **error);
// Whether no flow and no table was ever live here.
bool store_live_is_empty(Store *store, bool *ret_empty, GError **error);
// Makes the flow live. A new revision is made when there is none, or when the digest differs from the current one's;
// otherwise (a cosmetic edit, new labels of the domain …) only the flow's row changes. One that comes back as its newest
// revision has it goes on with that.
// build_due stays set when it was and the put does not set it. Readers of tables (store/table.h) follow flow.reads.
// ret_revision (may be NULL) gets the current revision.
bool store_flow_put(Store *store, const StoreFlowPut *put, int64_t applied, int64_t *ret_revision,
	GError **error);
// Prunes: the flow is no longer live, its history stays. Not there or deleted already is no error.
bool store_flow_delete(
	Store *store, const char *namespace, const char *id, int64_t applied, GError **error);

// Also gives deleted ones: look at deleted_at.
bool store_flow_get(
	Store *store, const char *namespace, const char *id, StoreFlow **ret_flow, GError **error);
// revision 0 is the current one.
bool store_revision_get(Store *store, const char *namespace, const char *id, int64_t revision,
	StoreRevision **ret_revision, GError **error);
// Newest first; definition and source come as NULL: fetch one with store_revision_get().
bool store_revisions_list(Store *store, const char *namespace, const char *id,
	const StorePage *page, GPtrArray **ret_revisions, char **ret_next, GError **error);

// The newest revisions of flows that have no row any more, live or deleted: nothing but a hand takes that away. Reads all revisions.
bool store_flows_lost(Store *store, GPtrArray **ret_revisions, GError **error);

typedef struct {
	const char *namespace; // NULL: all
	const char *domain; // NULL: all
	const char *kind; // NULL: all
	bool deleted; // also pruned ones
} StoreFlowFilter;

// The columns that say how the flow is triggered and run, a line for each value: "concurrency_limit: 1". Two rows have the same
// text when these are equal, but for what neither NULL nor 0 has: a line. The caller frees it.
char *store_flow_text(const StoreFlow *flow);
// The same text of what the last apply wrote; NULL when it was pruned. Of a row of store_flows_list_committed(), as is the next.
char *store_flow_committed_text(const StoreFlow *flow);
// Whether both texts are equal, faster.
bool store_flow_is_as_committed(const StoreFlow *flow);
// Live flows, and those whose row says that they were deleted though no apply pruned them, by namespace and id, with `committed`.
bool store_flows_list_committed(Store *store, const StorePage *page, GPtrArray **ret_flows,
	char **ret_next, GError **error);

// By namespace and id.
bool store_flows_list(Store *store, const StoreFlowFilter *filter, const StorePage *page,
	GPtrArray **ret_flows, char **ret_next, GError **error);
// Those whose row was written by an apply after `applied`, deleted ones too, in the order of applies: what a scheduler
// needs to follow what is live. At most limit of them; go on with the last one's applied number … the flows of one
// apply always come together, so more than limit may come.
bool store_flows_list_applied(
	Store *store, int64_t applied, unsigned limit, GPtrArray **ret_flows, GError **error);
// Live flows that are due to be built, by namespace and id.
bool store_flows_list_build_due(Store *store, GPtrArray **ret_flows, GError **error);
// Notes that a build of the flow was started (or is no longer wanted): in the transaction that makes its run.
bool store_flow_build_started(Store *store, const char *namespace, const char *id, GError **error);
// Live flows by kind, cheap enough for a status page: counted as they come and go by the functions of this file.
bool store_flows_count(Store *store, int64_t *ret_written, int64_t *ret_generated, GError **error);
// Counts them anew, after a hand changed the rows. Reads all flows; what has not changed is not written.
bool store_flows_recount(Store *store, GError **error);
