#include "runner/build/build.h"

#include <string.h>

#include "runner/build/evolve.h"
#include "runner/build/feed.h"
#include "runner/build/first_table.h"
#include "runner/build/known.h"
#include "runner/build/marker.h"
#include "runner/build/neighbours.h"
#include "runner/build/room.h"
#include "runner/build/stage.h"
#include "store/declared_schema.h"

void (*build_step_hook)(const char *step);

enum {
	STAGED_KEPT = 20000, // rows, up to which a connection is worth keeping
	LOCK_ATTEMPTS = 12, // each waits for the lock as long as the driver does (5 s)
};

void build_step(const char *step)
{
	if (build_step_hook != NULL)
		build_step_hook(step);
}

const char *build_property(const Build *build, const char *key)
{
	return json_string_value(json_object_get(build->request->properties, key));
}

static bool flag_of(const Build *build, const char *key)
{
	return json_is_true(json_object_get(build->request->properties, key));
}

// ---- Setting up

// "dataset.table"; without a dataset it is the connection's only one.
static bool split_name(Build *build, GError **error)
{
	const char *text = build->request->table;
	const char *dot = text == NULL ? NULL : strrchr(text, '.');
	bool single = !g_str_has_prefix(build->request->url, "sqlite-dir:");

	if (text == NULL || *text == '\0' || (dot == NULL && !single)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'table' must be <dataset>.<table>%s%s%s",
			text == NULL ? "" : ", not '", text == NULL ? "" : text,
			text == NULL ? "" : "'");
		return false;
	}
	build->dataset = dot == NULL ? g_strdup("main") : g_strndup(text, (size_t)(dot - text));
	build->name = g_strdup(dot == NULL ? text : dot + 1);
	if (g_ascii_strncasecmp(build->name, "_weir_", 6) == 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"table '%s': names that begin with _weir_ are weir's own", build->name);
		return false;
	}
	return db_name_check(build->name, error);
}

static bool find_feed(Build *build, GError **error)
{
	const char *name = build->request->feed == NULL ? "WRITE_TRUNCATE" : build->request->feed;
	g_autofree char *hint = NULL;

	build->feed = feed_find(name);
	if (build->feed != NULL)
		return true;
	hint = feed_hint(name);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "unknown feed '%s'%s%s", name,
		hint == NULL ? "" : "; ", hint == NULL ? "" : hint);
	return false;
}

static bool read_key(Build *build, GError **error)
{
	const json_t *key = json_object_get(build->request->properties, "key");
	size_t i;
	json_t *name;

	build->key = g_ptr_array_new_with_free_func(g_free);
	if (json_is_string(key))
		g_ptr_array_add(build->key, g_strdup(json_string_value(key)));
	json_array_foreach(key, i, name) if (json_is_string(name))
		g_ptr_array_add(build->key, g_strdup(json_string_value(name)));
	if (build->key->len == 0 && (build->feed->flags & FEED_NEEDS_KEY)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"feed %s needs 'key': the columns that say which row is which",
			build->feed->name);
		return false;
	}
	return true;
}

static bool read_schema(Build *build, GError **error)
{
	const json_t *schema = build->request->schema;

	if (schema == NULL || json_is_null(schema))
		return true;
	build->wanted = declared_schema_table(build->dataset, build->name, schema, error);
	build->declared = build->wanted != NULL;
	return build->declared;
}

static char *now_text(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	return g_date_time_format(now, "%Y-%m-%d %H:%M:%S.%f");
}

Build *build_new(const BuildRequest *request, const BuildSource *source, GError **error)
{
	g_autoptr(Build) build = g_new0(Build, 1);

	build->request = request;
	build->source = source;
	build->rows = -1;
	build->rejected = -1;
	build->now = now_text();
	build->technical = flag_of(build, "technical_columns");
	if (!split_name(build, error) || !find_feed(build, error) || !read_key(build, error) ||
		!read_schema(build, error))
		return NULL;
	build->checks = check_list_parse(json_object_get(request->properties, "checks"), error);
	return build->checks == NULL ? NULL : g_steal_pointer(&build);
}

void build_free(Build *build)
{
	if (build == NULL)
		return;
	g_free(build->dataset);
	g_free(build->name);
	g_strfreev(build->datasets);
	g_free(build->now);
	g_free(build->first);
	g_clear_pointer(&build->key, g_ptr_array_unref);
	db_table_free(build->incoming);
	db_table_free(build->stage);
	db_table_free(build->wanted);
	db_table_free(build->found);
	g_clear_pointer(&build->checks, g_ptr_array_unref);
	g_clear_pointer(&build->versions, g_array_unref);
	json_decref(build->outputs);
	g_free(build);
}

// ---- Small things that all of a build's parts use

void build_append_stage(const Build *build, SqlBuilder *builder)
{
	sql_builder_table(builder, build->dialect->stage_dataset, BUILD_STAGE);
}

void build_append_target(const Build *build, SqlBuilder *builder)
{
	sql_builder_table(builder, build->dataset, build->name);
}

void build_append_columns(const DbTable *table, const char *prefix, SqlBuilder *builder)
{
	for (unsigned i = 0; i < table->columns->len; i++) {
		const DbColumn *column = table->columns->pdata[i];

		sql_builder_append(builder, i > 0 ? ", " : "");
		sql_builder_append(builder, prefix == NULL ? "" : prefix);
		sql_builder_name(builder, column->name);
	}
}

bool build_execute(const Build *build, const SqlBuilder *builder, int64_t *changes, GError **error)
{
	return sql_builder_execute(builder, build->connection, changes, error);
}

bool build_look(Build *build, GError **error)
{
	g_clear_pointer(&build->found, db_table_free);
	return db_schema_read_table(
		build->connection, build->dataset, build->name, &build->found, error);
}

bool build_is_unsettled(
	const Build *build, const DbColumn *live, bool *ret_unsettled, GError **error)
{
	g_autoptr(SqlBuilder) builder = NULL;
	bool ours = false;
	int64_t blank = 0;

	*ret_unsettled = false;
	if (build->declared || live->mode != DB_MODE_NULLABLE || live->engine_type == NULL ||
		strcmp(live->engine_type, STAGE_TYPE_OF_NOTHING) != 0)
		return true;
	// A table that somebody else made says what its columns are.
	if (!marker_has_others(build, &ours, error))
		return false;
	if (!ours)
		return true;
	builder = sql_builder_new(build->dialect);
	sql_builder_append(builder, "SELECT NOT EXISTS (SELECT 1 FROM ");
	build_append_target(build, builder);
	sql_builder_append(builder, " WHERE ");
	sql_builder_name(builder, live->name);
	sql_builder_append(builder, " IS NOT NULL)");
	if (!db_query_int64(build->connection, builder->sql->str, DB_NO_VALUES, 0, &blank, error))
		return false;
	*ret_unsettled = blank != 0;
	return true;
}

// ---- Connection

static void announce(const Build *build, DbConnection *connection)
{
	if (build->request->connected != NULL)
		build->request->connected(build->request->data, connection);
}

static void name_add(GPtrArray *names, const char *name)
{
	if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
		g_ptr_array_add(names, g_strdup(name));
}

// All that the build reads or writes, each once; to be freed.
static GStrv dataset_names(const Build *build)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GPtrArray) checked = g_ptr_array_new_with_free_func(g_free);
	const char *const *reads = build->request->datasets;

	name_add(names, build->dataset);
	check_list_datasets(build->checks, checked);
	for (unsigned i = 0; i < checked->len; i++)
		name_add(names, checked->pdata[i]);
	for (; reads != NULL && *reads != NULL; reads++)
		name_add(names, *reads);
	g_ptr_array_add(names, NULL);
	return (GStrv)g_ptr_array_steal(names, NULL);
}

static bool open_connection(Build *build, GError **error)
{
	const char *own[] = {NULL, NULL};

	build->pooled = connection_pool_lend(build->request->url, error);
	if (build->pooled == NULL)
		return false;
	build->connection = build->pooled->connection;
	build->dialect = db_connection_dialect(build->connection);
	announce(build, build->connection);
	own[0] = build->dataset;
	if (g_str_equal(build->dataset, "main"))
		return true;
	build->datasets = dataset_names(build);
	return pooled_connection_use(build->pooled, own, true, error) &&
	       pooled_connection_use(
		       build->pooled, (const char *const *)build->datasets, false, error);
}

static void close_connection(Build *build, bool good)
{
	if (build->pooled == NULL)
		return;
	announce(build, NULL);
	db_cancel_reset(build->connection);
	// What many rows left in the temporary database is given back by closing it.
	good = good && build->staged <= STAGED_KEPT && stage_clear(build);
	connection_pool_return(build->pooled, good);
	build->pooled = NULL;
	build->connection = NULL;
}

// ---- Checking

static void log_check(const Build *build, const Check *check)
{
	g_autofree char *message = check_message(check);

	if (check->status == CHECK_PASS || build->request->log == NULL)
		return;
	build->request->log(build->request->data,
		check->status == CHECK_ERROR ? TASK_LOG_ERROR : TASK_LOG_WARN, message);
}

static bool judge_checks(Build *build, GError **error)
{
	g_autoptr(GString) failed = g_string_new(NULL);

	for (unsigned i = 0; i < build->checks->len; i++) {
		const Check *check = build->checks->pdata[i];
		g_autofree char *message = check_message(check);

		log_check(build, check);
		build->warned = build->warned || check->status == CHECK_WARN;
		if (check->status == CHECK_ERROR)
			g_string_append_printf(
				failed, "%s%s", failed->len > 0 ? "; " : "", message);
	}
	if (failed->len == 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "'%s.%s' was not published: %s",
		build->dataset, build->name, failed->str);
	return false;
}

static bool run_checks(Build *build, GError **error)
{
	CheckScan scan = {
		.connection = build->connection,
		.dialect = build->dialect,
		.table = build->stage,
		.stage_dataset = build->dialect->stage_dataset,
		.stage_name = BUILD_STAGE,
		.target_dataset = build->dataset,
		.target_name = build->name,
		.host = build->request->host,
		.sample_limit = build->request->sample_limit,
	};

	if (build->declared && build->wanted->kind == DB_TABLE && !build->source->typed)
		check_list_add_schema(build->checks, build->wanted);
	scan.host.this_dataset = build->dialect->stage_dataset;
	scan.host.this_table = BUILD_STAGE;
	build->checked = check_scan(&scan, build->checks, error);
	return build->checked && judge_checks(build, error);
}

// ---- Publishing

static json_t *result_of(const Build *build)
{
	g_autofree char *table = g_strdup_printf("%s.%s", build->dataset, build->name);
	json_t *checks = json_array();
	json_t *result;

	for (unsigned i = 0; i < build->checks->len; i++)
		if (!check_is_silent(build->checks->pdata[i]))
			json_array_append_new(checks, check_json(build->checks->pdata[i]));
	result = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "table", table, "feed",
		build->feed->name, "rows", (json_int_t)build->staged, "inserted",
		(json_int_t)build->inserted, "updated", (json_int_t)build->updated, "deleted",
		(json_int_t)build->deleted, "table_rows", (json_int_t)build->rows, "checks",
		checks);
	if (build->rejected >= 0)
		json_object_set_new(result, "rejected", json_integer(build->rejected));
	return result;
}

static bool count_rows(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	if (build->rows >= 0 || build->feed->flags & (FEED_VIEW | FEED_SCRIPT))
		return true;
	sql_builder_append(builder, "SELECT count(*) FROM ");
	build_append_target(build, builder);
	return db_query_int64(
		build->connection, builder->sql->str, DB_NO_VALUES, 0, &build->rows, error);
}

static void take_recorded(Build *build, json_t *result)
{
	build->outputs = result;
	build->replayed = true;
	build->rows = json_integer_value(json_object_get(result, "table_rows"));
	build->staged = json_integer_value(json_object_get(result, "rows"));
}

static bool replay(Build *build, GError **error)
{
	json_t *recorded = NULL;

	if (!marker_find(build, &recorded, error))
		return false;
	if (recorded != NULL)
		take_recorded(build, recorded);
	return true;
}

static bool write_target(Build *build, GError **error)
{
	const KnownTable *after;

	if (known_begin(build, error) == NULL)
		return false;
	if (!(build->feed->flags & FEED_SCRIPT) && !evolve_table(build, error))
		return false;
	build_step("evolved");
	if (!build->feed->publish(build, error) || !count_rows(build, error))
		return false;
	build_step("written");
	json_decref(build->outputs);
	build->outputs = result_of(build);
	after = known_after(build, error);
	return after != NULL && marker_finish(build, build->outputs, after->shape, error);
}

// One transaction, whose first statement takes the write lock of the target's dataset alone.
static bool publish_once(Build *build, GError **error)
{
	g_autoptr(DbTransaction) transaction =
		db_transaction_begin(build->connection, DB_BEGIN_READ, error);
	bool taken = false;
	bool done;

	if (transaction == NULL || !marker_take(build, &taken, error))
		return false;
	if (!taken) // another attempt of this task run was faster
		return replay(build, error);
	build_step("marked");
	done = write_target(build, error);
	build_step("before commit");
	done = done && db_transaction_commit(transaction, error);
	known_end(build, done);
	return done;
}

static bool is_cancelled(const Build *build, GError **error)
{
	if (build->request->cancelled == NULL || !build->request->cancelled(build->request->data))
		return false;
	g_set_error_literal(error, TASK_ERROR, TASK_ERROR_CANCELLED, "cancelled");
	return true;
}

static void tell_trouble(const Build *build, const GError *error)
{
	if (build->request->trouble != NULL)
		build->request->trouble(build->request->data, build->dataset, error);
}

static bool publish(Build *build, GError **error)
{
	build->publishing = true;
	for (unsigned attempt = 1;; attempt++) {
		g_autoptr(GError) local = NULL;

		if (is_cancelled(build, error))
			return false;
		if (publish_once(build, &local)) {
			build_step("committed");
			return true;
		}
		tell_trouble(build, local);
		if (attempt == LOCK_ATTEMPTS ||
			(!g_error_matches(local, DB_ERROR, DB_ERROR_LOCKED) &&
				!g_error_matches(local, DB_ERROR, DB_ERROR_SERIALIZATION))) {
			g_propagate_prefixed_error(error, g_steal_pointer(&local),
				"cannot publish '%s.%s': ", build->dataset, build->name);
			return false;
		}
		build->inserted = build->updated = build->deleted = 0;
		build->rows = -1;
	}
}

// One snapshot: what the rows look like is found out at the same moment that they are of. Writers are not held up by it.
static bool fill_stage(Build *build, GError **error)
{
	g_autoptr(DbTransaction) snapshot = NULL;

	if (!first_table_plan(build, error))
		return false;
	snapshot = db_transaction_begin(build->connection, DB_BEGIN_READ, error);
	if (snapshot == NULL || !first_table_make(build, error) ||
		!build->source->describe(build, build->source->data, error) ||
		!stage_plan(build, error) || !stage_create(build, error))
		return false;
	build_step("stage made");
	if (!(build->feed->flags & FEED_VIEW) &&
		!build->source->fill(build, build->source->data, error))
		return false;
	return first_table_drop(build, error) && db_transaction_commit(snapshot, error);
}

static bool stage_rows(Build *build, GError **error)
{
	if (!fill_stage(build, error)) {
		stage_forget(build);
		return false;
	}
	build_step("staged");
	if (build->feed->flags & FEED_VIEW)
		return true;
	return stage_settle(build, error) &&
	       (build->feed->verify == NULL || build->feed->verify(build, error));
}

static bool build_steps(Build *build, GError **error)
{
	// The marker tells in the end; only an attempt that is not the first has reason to ask it before the work.
	if (build->request->attempt > 1 && !replay(build, error))
		return false;
	if (build->replayed)
		return true;
	if (!neighbours_set(build, error))
		return false;
	if (!(build->feed->flags & FEED_SCRIPT)) {
		if (!stage_rows(build, error) || !run_checks(build, error))
			return false;
		build_step("checked");
	}
	return publish(build, error);
}

// Errors of which the connection itself has no part.
static bool is_harmless(const GError *error)
{
	return error == NULL || error->domain == TASK_ERROR ||
	       g_error_matches(error, DB_ERROR, DB_ERROR_SYNTAX) ||
	       g_error_matches(error, DB_ERROR, DB_ERROR_MISSING_OBJECT) ||
	       g_error_matches(error, DB_ERROR, DB_ERROR_CONSTRAINT);
}

// A folder of datasets is one database to the driver; the lock is that of one file.
static void lock_explain(const Build *build, GError **error)
{
	g_autofree char *folder = NULL;
	g_autofree char *file = NULL;
	g_autoptr(GString) text = NULL;

	if (!g_error_matches(*error, DB_ERROR, DB_ERROR_LOCKED) || build->datasets == NULL)
		return;
	folder = db_folder(build->request->url);
	if (folder == NULL)
		return;
	text = g_string_new((*error)->message);
	file = g_strdup_printf("'%s/%s.db'", folder, build->dataset);
	g_autofree char *whole = g_strdup_printf("'%s'", folder);
	g_string_replace(text, whole, file, 0);
	g_clear_error(error);
	g_set_error_literal(error, DB_ERROR, DB_ERROR_LOCKED, text->str);
}

bool build_run(Build *build, GError **error)
{
	g_autoptr(GError) local = NULL;
	bool done;

	bool full;

	done = open_connection(build, &local) && build_steps(build, &local);
	full = g_error_matches(local, DB_ERROR, DB_ERROR_FULL);
	tell_trouble(build, done ? NULL : local);
	room_explain(build, &local);
	lock_explain(build, &local);
	close_connection(build, done || is_harmless(local));
	if (full)
		room_give_back(build);
	if (!done)
		g_propagate_error(error, g_steal_pointer(&local));
	return done;
}
