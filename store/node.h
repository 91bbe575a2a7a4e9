// Nodes: processes that drive runs. A node beats; its leases live as long as its beat does.
#pragma once

#include "store/store.h"

typedef struct {
	char *id; // store/id.h
	char *name; // host name and process, for people
	char *version; // of weir
	char *roles; // "reconciler,scheduler,runner,api"; NULL
	int64_t slots;
	int64_t busy; // slots in use
	int64_t started_at;
	int64_t beat_at;
	int64_t expires_at;
} StoreNode;

void store_node_free(StoreNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreNode, store_node_free)

// Registers the node, or beats: writes the whole row. beat_at is now; expires_at is what the caller promises to beat
// before.
bool store_node_put(Store *store, const StoreNode *node, GError **error);
// Beats: only the moments and busy. *ret_alive (may be NULL) is false when the node had expired and its leases were
// taken away: it must give up its runs and put itself anew.
bool store_node_beat(Store *store, const char *id, int64_t busy, int64_t expires_at,
	bool *ret_alive, GError **error);
// Ends the node: its leases are given back at once.
bool store_node_delete(Store *store, const char *id, GError **error);
// Takes the leases of nodes that expired at or before now: their runs can be claimed. *ret_runs (may be NULL) counts
// them. Any node does it from time to time. A server that is the store's only user may pass INT64_MAX at its start to
// take over at once what a dead predecessor held.
bool store_nodes_expire(Store *store, int64_t now, int64_t *ret_runs, GError **error);
bool store_nodes_list(Store *store, GPtrArray **ret_nodes, GError **error); // by id
