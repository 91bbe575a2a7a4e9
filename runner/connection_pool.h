// Database connections of tasks, kept open between them: opening one costs more than a small task. One pool a process;
// thread-safe. A connection that was lent is used by one thread, until it is given back.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "db/db.h"

typedef struct PooledConnection {
	DbConnection *connection;
	char *url;
	// What the borrower remembers between loans (of the stage table in the connection's temporary dataset); NULL at
	// first. Freed with g_free.
	char *stage_ddl;
	// Likewise: what it knows of the tables, by dataset (runner/build/known.h). Freed with the table's own functions.
	GHashTable *known;
	GHashTable *queries; // likewise, by text
	// Likewise: temporary views it made (runner/build/neighbours.h).
	struct Neighbours *neighbours;
	GDestroyNotify neighbours_free;
	GArray *files; // what the attached datasets' files were: a file that was replaced ends the connection
	gint64 idle_since;
} PooledConnection;

// Lends an idle connection of that URL, or opens one.
PooledConnection *connection_pool_lend(const char *url, GError **error);
// Makes datasets reachable (db_use_datasets), from the files that are there now.
bool pooled_connection_use(
	PooledConnection *pooled, const char *const *datasets, bool create, GError **error);
// Takes it back; keep is false when something went wrong with it. NULL is allowed.
void connection_pool_return(PooledConnection *pooled, bool keep);
// Closes the idle ones.
void connection_pool_clear(void);
