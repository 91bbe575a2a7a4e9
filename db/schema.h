// What tables and views look like: as declared (types in BigQuery's vocabulary) and as found in a
// database (types as the engine spells them), and how the two differ. Values only, apart from
// db_schema_read(); free of global state, so any thread may use different objects at the same time.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct DbConnection DbConnection;
typedef struct DbDialect DbDialect;

typedef enum {
	DB_FIELD_UNKNOWN, // the engine's own, see DbColumn.engine_type
	DB_FIELD_INT64,
	DB_FIELD_FLOAT64,
	DB_FIELD_NUMERIC,
	DB_FIELD_BIGNUMERIC,
	DB_FIELD_BOOL,
	DB_FIELD_STRING,
	DB_FIELD_BYTES,
	DB_FIELD_DATE,
	DB_FIELD_DATETIME,
	DB_FIELD_TIME,
	DB_FIELD_TIMESTAMP,
	DB_FIELD_JSON,
	DB_FIELD_GEOGRAPHY,
	DB_FIELD_RECORD,
	DB_FIELD_COUNT,
} DbFieldKind;

// STRING(10): length 10. NUMERIC(12,2): precision 12, scale 2. Zero: not given.
typedef struct DbFieldType {
	DbFieldKind kind;
	unsigned length;
	unsigned precision;
	unsigned scale;
} DbFieldType;

typedef enum {
	DB_MODE_NULLABLE,
	DB_MODE_REQUIRED,
	DB_MODE_REPEATED,
} DbMode;

typedef struct DbColumn {
	char *name;
	DbFieldType type;
	DbMode mode;
	char *engine_type; // as the engine spells it; NULL when declared
	char *default_value; // an SQL expression; NULL: none
	char *description; // NULL: none
	char *previous_name; // declared only: what it was called before; NULL: nothing else
	GPtrArray *fields; // DbColumn of a RECORD; NULL otherwise
} DbColumn;

typedef enum {
	DB_TABLE,
	DB_VIEW,
} DbTableKind;

typedef struct DbTable {
	char *dataset;
	char *name;
	DbTableKind kind;
	GPtrArray *columns; // DbColumn, in order
	char *definition; // of a view: the SELECT as the engine keeps it, without the CREATE VIEW …
		// AS; else NULL
} DbTable;

// "STRING(20)", "INTEGER", "numeric ( 12 , 2 )", in any case, with BigQuery's aliases. False when
// unknown (*ret is UNKNOWN).
bool db_field_type_parse(const char *text, DbFieldType *ret_type);
// The canonical spelling: "STRING(20)". Free with g_free.
char *db_field_type_text(const DbFieldType *type);
// "INT64" of DB_FIELD_INT64.
const char *db_field_kind_name(DbFieldKind kind);

DbColumn *db_column_new(const char *name, DbFieldType type, DbMode mode);
DbColumn *db_column_copy(const DbColumn *column);
void db_column_free(DbColumn *column);

DbTable *db_table_new(const char *dataset, const char *name, DbTableKind kind);
DbTable *db_table_copy(const DbTable *table);
void db_table_free(DbTable *table);
// Takes the column.
void db_table_add(DbTable *table, DbColumn *column);
// Without regard to letter case (as SQL names compare). Borrowed; NULL when there is none.
const DbColumn *db_table_find(const DbTable *table, const char *column);

// What a table or view looks like, as text that is the same if and only if it is the same to a reader: a line for each
// column ("name TYPE NOT NULL"), or the definition of a view. Free with g_free.
char *db_table_text(const DbTable *table);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbColumn, db_column_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbTable, db_table_free)

// ---- Reading what is there

// All tables and views of a dataset, sorted by name, from one introspection statement; weir's own
// (names that start with
// "_weir_") are left out. A dataset that does not exist has none. Array of DbTable, owned by the
// caller; NULL on error.
GPtrArray *db_schema_read(DbConnection *connection, const char *dataset, GError **error);
// One table or view. *ret_table is NULL when it does not exist.
bool db_schema_read_table(DbConnection *connection, const char *dataset, const char *name,
	DbTable **ret_table, GError **error);

// ---- Comparing

typedef enum {
	DB_CHANGE_METADATA, // descriptions
	DB_CHANGE_ADDITIVE, // can be applied to a table with rows and keeps every reader working
	DB_CHANGE_BREAKING,
} DbChangeClass;

// One way in which what is found differs from what is wanted. Codes are stable:
//   missing            the table is not there                       (additive)
//   kind               a view where a table is wanted, or reverse   (breaking)
//   column-missing     a nullable column is not there               (additive); a REQUIRED one
//   without default (breaking) column-extra       a column nobody asked for (breaking: its data
//   would be lost) column-renamed     found under its previous name                (breaking)
//   column-type        another type                                 (breaking)
//   column-narrowed    wanted length or precision is smaller        (breaking)
//   column-widened     wanted length or precision is larger         (additive)
//   column-required    wanted NOT NULL, found nullable              (breaking)
//   column-nullable    wanted nullable, found NOT NULL              (additive)
//   column-default     another default                              (additive)
//   column-order       the same columns in another order            (metadata)
//   column-description another description                          (metadata; between two declared
//   schemas only)
typedef struct DbDifference {
	const char *code;
	DbChangeClass change;
	char *column; // NULL: the table as a whole
	char *wanted; // "INT64 NOT NULL"; NULL: nothing
	char *found;
} DbDifference;

void db_difference_free(DbDifference *difference);
// "column 'quantity' is TEXT, wanted INTEGER NOT NULL (column-type)". Free with g_free.
char *db_difference_text(const DbDifference *difference);

// What has to change for `found` to become `wanted`; compared in the engine's own terms: a wanted
// type is what the dialect maps it to. Either may be declared or live (two declared schemas compare
// as a change of declaration). Tables and views compare by kind and columns; view definitions are
// not compared here (the caller has the SQL fingerprint). `found` may be NULL (missing). The
// columns of a view are compared only when both have any. Array of DbDifference, sorted in the
// order of the wanted columns, then extras; empty when equal; owned by the caller.
GPtrArray *db_schema_compare(const DbDialect *dialect, const DbTable *wanted, const DbTable *found);
// The most severe class in the list; METADATA when it is empty.
DbChangeClass db_differences_class(const GPtrArray *differences);
