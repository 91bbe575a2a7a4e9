// The shape of the store, as numbered steps. Only store/ includes this.
#pragma once

#include "db/db.h"

// The newest step this program knows.
int migrations_newest(void);
// The newest step the database has; 0: none, and nothing of anyone else's in it.
bool migrations_version(DbConnection *db, int *ret_version, GError **error);
// Brings an empty or older database to the newest step, each step in a transaction of its own.
bool migrations_apply(DbConnection *db, GError **error);
