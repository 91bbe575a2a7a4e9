// Connections that flows name, as committed: URLs keep their expressions ({{ secret(…) }}); no secret is stored.
#pragma once

#include "store/store.h"

typedef struct {
	char *name; // "default"
	char *driver; // "sqlite"
	char *url; // expressions unresolved
	char *properties; // JSON object of the rest; NULL
} StoreConnection;

void store_connection_free(StoreConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreConnection, store_connection_free)

// Makes the given ones all there are. Writes only what differs.
bool store_connections_replace(
	Store *store, const StoreConnection *connections, size_t count, GError **error);
bool store_connection_get(
	Store *store, const char *name, StoreConnection **ret_connection, GError **error);
bool store_connections_list(Store *store, GPtrArray **ret_connections, GError **error); // by name
