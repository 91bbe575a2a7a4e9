// The stage table: made in the target's form, filled by the source.
#pragma once

#include "runner/build/build.h"

// The engine's type of a column for which nothing but NULL came.
#define STAGE_TYPE_OF_NOTHING "TEXT"

// Decides build->wanted and build->stage from the declared schema or the incoming columns; columns are matched by name.
bool stage_plan(Build *build, GError **error);
// Adds the columns of technical_columns, where they are not there.
void stage_add_technical(DbTable *table);
// Makes the (empty) stage table.
bool stage_create(Build *build, GError **error);
// What the connection has as stage table is not to be used again.
void stage_forget(Build *build);
// After the rows are there: gives types to columns that came without one.
bool stage_settle(Build *build, GError **error);
// Empties it. False when that fails: then the connection is of no more use.
bool stage_clear(Build *build);
// INSERT INTO stage (incoming columns), for the source to go on with.
void stage_append_insert(const Build *build, SqlBuilder *builder);
