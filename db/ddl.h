// Statements that make and change tables, per dialect. A dialect is one row of a const table
// (dialect_sqlite.c, …): how names are quoted, what the declared types are called, what the engine
// can do in one transaction. Pure: makes text, runs nothing.
#pragma once

#include "db/schema.h"

// A declared type in an engine. Format letters: %L length, %P precision, %S scale.
typedef struct DbTypeMapping {
	const char *plain; // when no size is declared
	const char *sized; // NULL: sizes are not part of the engine's type
	bool lossy; // the engine cannot keep every value of the type exactly
} DbTypeMapping;

// How the engine spells a type when it was not weir that made the column.
typedef struct DbTypeAlias {
	const char *engine; // without sizes, upper case
	DbFieldKind kind;
} DbTypeAlias;

struct DbDialect {
	const char *name; // the driver's name: "sqlite"
	char quote; // around names; doubled inside
	DbTypeMapping types[DB_FIELD_COUNT];
	const DbTypeAlias *aliases; // ends with a NULL engine
	bool ddl_in_transaction; // CREATE and DROP can be rolled back
	// Where rows are staged: "temp" keeps them out of the dataset's file (SQLite has one writer
	// a file, so a long SELECT must not write there); NULL: in the target's own dataset.
	const char *stage_dataset;
	// Writes the one SELECT that describes a dataset (a single table when table is not NULL),
	// rows sorted by table name and position: table, kind ("table" or "view"), definition,
	// column (NULL: none), engine type, not null (0, 1), default. $1 is the dataset, $2 the
	// table.
	void (*introspection)(const struct DbDialect *dialect, const char *dataset,
		const char *table, GString *sql);
	// Gives a number that changes whenever the schema of the dataset (%s, quoted) does; NULL: there is none.
	const char *schema_version;
	// The SELECT inside what the engine keeps as a view's definition.
	char *(*view_select)(const char *definition);
};

// NULL when this build has no such dialect.
const DbDialect *db_dialect_find(const char *name);
// Of a connection's driver. Never NULL.
const DbDialect *db_connection_dialect(const DbConnection *connection);

// Appends "name" quoted for the dialect. The name passed db_name_check().
void db_quote_name(const DbDialect *dialect, const char *name, GString *sql);
// Appends "dataset"."name"; without a dataset "name".
void db_quote_table(const DbDialect *dialect, const char *dataset, const char *name, GString *sql);
// Appends a text literal. Only for what cannot be bound: DDL (defaults, the body of a view).
void db_quote_text(const DbDialect *dialect, const char *text, size_t length, GString *sql);
// Whether a name can be a table's or column's: not empty, ≤ 255 bytes, UTF-8, no control
// characters. False with DB_ERROR_MISUSE.
bool db_name_check(const char *name, GError **error);

// The engine's type of a column (a REPEATED or RECORD one is its JSON). Free with g_free.
char *db_field_engine_type(const DbDialect *dialect, const DbFieldType *type, DbMode mode);
// The other way: what the engine's spelling means. False when it is none of the known (UNKNOWN).
bool db_field_from_engine(const DbDialect *dialect, const char *engine_type, DbFieldType *ret_type);

// Each returns one statement without a semicolon. Free with g_free.
char *db_ddl_create_table(const DbDialect *dialect, const DbTable *table);
char *db_ddl_add_column(const DbDialect *dialect, const DbTable *table, const DbColumn *column);
char *db_ddl_drop(
	const DbDialect *dialect, DbTableKind kind, const char *dataset, const char *name);
char *db_ddl_rename(
	const DbDialect *dialect, const char *dataset, const char *from, const char *to);
char *db_ddl_create_view(
	const DbDialect *dialect, const char *dataset, const char *name, const char *select);
