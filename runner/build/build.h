// Making one table from rows: stage -> check -> publish in one step -> record. What sql.build does with the rows of a query,
// and sql.load with those of a file.
//
// On SQLite the rows are staged in the connection's own temporary database, so that neither a long query nor a check that
// fails touches the dataset's file; the publish is one transaction of that file, which begins by writing the marker row
// of _weir_publish: with that it has the write lock of that one dataset, and a task run that has published already is seen.
// A build is used by one thread.
#pragma once

#include <jansson.h>

#include "db/schema.h"
#include "runner/build/check.h"
#include "runner/build/sql_text.h"
#include "runner/connection_pool.h"
#include "runner/task_type.h"

typedef struct Build Build;
typedef struct Feed Feed;
typedef struct KnownTable KnownTable;

// Where the rows come from.
typedef struct BuildSource {
	// Fills build->incoming with the columns that the rows come with.
	bool (*describe)(Build *build, void *data, GError **error);
	// Puts the rows into the stage table; sets build->staged. Both in one read transaction.
	bool (*fill)(Build *build, void *data, GError **error);
	// The SELECT itself, for feeds that keep it (VIEW) or run it as it is (SCRIPT); NULL: rows only.
	const char *sql;
	// The rows are of the declared types, with a value where one is REQUIRED: the source has seen to it.
	bool typed;
	void *data;
} BuildSource;

// Borrowed by the build as long as it is used.
typedef struct BuildRequest {
	const char *url; // of the connection
	const char *table; // "dataset.table"
	const char *feed; // NULL: WRITE_TRUNCATE
	const char *run_id;
	const char *task_run_id;
	unsigned attempt;
	int64_t revision;
	const char *fingerprint; // of what makes the rows; NULL
	const json_t
		*properties; // rendered: key, order_by, delete_when, checks, technical_columns, …
	const json_t *schema; // declared; NULL: the query's own columns
	bool allow_breaking;
	const char *const *datasets; // that the source reads, besides the target's; NULL: none
	const char *const *
		unqualified; // tables it reads without saying the dataset: the target's own; NULL: none
	const char *const
		*reads; // all tables that the query reads, as it names them; NULL: not known
	SqlHost host;
	void (*log)(void *data, TaskLogLevel level, const char *text);
	bool (*cancelled)(void *data);
	// The connection that is about to be used, so that another thread can db_cancel() it; NULL when it no longer is.
	void (*connected)(void *data, DbConnection *connection);
	// The dataset cannot be used for the error, or (NULL) can be; called at each attempt.
	void (*trouble)(void *data, const char *dataset, const GError *error);
	void *data; // for log, cancelled, connected and trouble
	unsigned sample_limit; // failing rows kept a check
} BuildRequest;

struct Build {
	const BuildRequest *request;
	const BuildSource *source;
	const Feed *feed;
	PooledConnection *pooled;
	DbConnection *connection; // pooled's
	const DbDialect *dialect;
	char *dataset;
	char *name;
	GStrv datasets; // all that it reads or writes, each once; NULL: the connection has but one
	char *now; // of this build: "2010-12-01 08:26:00.123456"
	GPtrArray *key; // char *
	bool declared; // wanted comes from a declared schema
	bool technical; // with _loaded_at, _run_id, _revision

	GArray *versions; // int64_t: of the datasets' schemas, when the rows were staged
	char *first; // the target is not there yet, and the query reads it: the DDL of the empty one that it sees
	DbTable *incoming; // the source's columns
	DbTable *stage; // the stage table: the target's columns as far as rows are staged for them
	DbTable *wanted; // the target as it has to be
	DbTable *
		found; // the target as it was before the publish, when somebody looked; NULL: not there
	// Inside the publish transaction, of runner/build/known.h:
	const DbTable *live; // the target as it is; NULL: not there
	const KnownTable *known; // what is known of it
	KnownTable *changed; // what it is after the publish, when that changed it
	int64_t schema_version; // of the dataset
	bool unindexed; // the target has no index of MODE_DELTA's
	GPtrArray *checks; // Check

	int64_t staged;
	int64_t inserted;
	int64_t updated;
	int64_t deleted;
	int64_t rejected; // rows of a file that were kept aside; -1: not a file
	int64_t rows; // in the table afterwards; -1: not counted
	bool checked; // the checks' results are there
	bool publishing; // the dataset itself is written to
	bool replayed; // this task run had published before: nothing was done
	bool warned; // a check warns
	json_t *outputs;
};

// Called between the steps of a build, for tests that kill the process there; NULL in production.
extern void (*build_step_hook)(const char *step);
void build_step(const char *step);

Build *build_new(const BuildRequest *request, const BuildSource *source, GError **error);
void build_free(Build *build);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Build, build_free)

// Does it all. On success build->outputs is set. When a check refuses the rows: false with TASK_ERROR_FAILED, and
// build->checks tell.
bool build_run(Build *build, GError **error);

// The name of the stage table.
extern const char BUILD_STAGE[];
// Appends the stage table's name, the target's.
void build_append_stage(const Build *build, SqlBuilder *builder);
void build_append_target(const Build *build, SqlBuilder *builder);
// Appends the names of the columns of a table: "a", "b". prefix: "s." or NULL.
void build_append_columns(const DbTable *table, const char *prefix, SqlBuilder *builder);
// Runs a statement; changes may be NULL.
bool build_execute(const Build *build, const SqlBuilder *builder, int64_t *changes, GError **error);
// Looks at the target before the publish: sets build->found.
bool build_look(Build *build, GError **error);
// Whether a column of the target, as it is now, has no type yet: nothing but NULL ever came for it, and nobody declared it,
// so that it was made a text for want of anything else. The first value says what it is.
bool build_is_unsettled(
	const Build *build, const DbColumn *live, bool *ret_unsettled, GError **error);
// A text property, or NULL.
const char *build_property(const Build *build, const char *key);
