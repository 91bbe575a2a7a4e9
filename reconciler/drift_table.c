// The kinds that a database tells: tables and views that are not as committed, and those that no commit names. Datasets
// whose files have not changed since the last look are not opened.
#include "db/db.h"
#include "db/ddl.h"
#include "reconciler/drift_internal.h"

#include "reconciler/build_meaning.h"
#include "reconciler/json_slice.h"
#include "store/connection.h"
#include "store/declared_schema.h"
#include "store/drift.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

// Columns that weir appends by itself when it is asked to.
static const char *const TECHNICAL_COLUMNS[] = {"_loaded_at", "_run_id", "_revision", NULL};

// What a dataset's files looked like: nothing was written to the dataset while this stays the same.
typedef struct {
	struct timespec changed[2]; // of the database, of its log
	off_t size[2];
	ino_t inode[2];
} FileStamp;

typedef struct {
	char *url;
	char *dataset;
	FileStamp stamp;
	bool stamped;
	guint64 rows; // sum over the store's rows of its tables
	GPtrArray *items; // DriftItem *, as of the last look
} DatasetSeen;

void drift_datasets_free(void *data)
{
	DatasetSeen *seen = data;

	g_ptr_array_unref(seen->items);
	g_free(seen->url);
	g_free(seen->dataset);
	g_free(seen);
}

// One dataset as it is looked at.
typedef struct {
	DriftObserver *observer;
	char *connection;
	char *dataset;
	GPtrArray *tables; // StoreTable *, borrowed: those that a commit names
	GPtrArray *former; // likewise: those that none names any more, but weir made
	const char *
		manager; // borrowed: the domain in whose dataset what no commit names is an orphan; NULL: only former ones
	char *url; // NULL until known
	DbConnection *database; // borrowed, while it is read
} Dataset;

static void dataset_free(void *data)
{
	Dataset *dataset = data;

	g_free(dataset->connection);
	g_free(dataset->dataset);
	g_free(dataset->url);
	g_ptr_array_unref(dataset->tables);
	g_ptr_array_unref(dataset->former);
	g_free(dataset);
}

GPtrArray *drift_list_tables(Store *store, bool former, GError **error)
{
	const StoreTableFilter filter = {.deleted = former};
	GPtrArray *tables = g_ptr_array_new_with_free_func((GDestroyNotify)store_table_free);
	g_autofree char *cursor = NULL;

	do {
		const StorePage page = {.limit = 1000, .after = cursor};
		g_autoptr(GPtrArray) rows = NULL;
		char *next = NULL;

		if (!store_tables_list(store, &filter, &page, &rows, &next, error)) {
			g_ptr_array_unref(tables);
			return NULL;
		}
		g_ptr_array_extend_and_steal(tables, g_steal_pointer(&rows));
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return tables;
}

GPtrArray *drift_list_domains(Store *store, GError **error)
{
	GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)store_domain_free);
	g_autofree char *cursor = NULL;

	do {
		const StorePage page = {.limit = 1000, .after = cursor};
		g_autoptr(GPtrArray) rows = NULL;
		char *next = NULL;

		if (!store_domains_list(store, NULL, &page, &rows, &next, error)) {
			g_ptr_array_unref(domains);
			return NULL;
		}
		g_ptr_array_extend_and_steal(domains, g_steal_pointer(&rows));
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return domains;
}

// ---- Connections --------------------------------------------------------------------------------------------------

char *drift_connection_url(DriftObserver *observer, const char *name, GError **error)
{
	const DriftOptions *options = &observer->options;
	g_autoptr(StoreConnection) row = NULL;

	if (!store_connection_get(observer->store, name, &row, error))
		return NULL;
	const char *url = row == NULL ? NULL : row->url;
	if (options->connection_url != NULL)
		return options->connection_url(name, url, options->data, error);
	if (url != NULL)
		return g_strdup(url);
	if (options->data_folder != NULL)
		return g_strdup_printf("sqlite-dir:%s/%s", options->data_folder, name);
	g_set_error(error, DB_ERROR, DB_ERROR_URL, "connection '%s' has no URL", name);
	return NULL;
}

// Reads the times of a dataset's files. False when it is not one of files: then it is always looked into.
static bool read_stamp(const char *url, const char *dataset, FileStamp *ret_stamp)
{
	static const char *const suffixes[] = {".db", ".db-wal"};

	*ret_stamp = (FileStamp){0};
	if (!g_str_has_prefix(url, "sqlite-dir:"))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strdup_printf(
			"%s/%s%s", url + strlen("sqlite-dir:"), dataset, suffixes[i]);
		struct stat status;

		if (stat(path, &status) != 0)
			continue;
		ret_stamp->changed[i] = status.st_mtim;
		ret_stamp->size[i] = status.st_size;
		ret_stamp->inode[i] = status.st_ino;
	}
	return true;
}

// ---- What a table looked like when it was built -------------------------------------------------------------------

// As the last publication recorded it in the dataset itself, in its own transaction. NULL when it was published in another
// way.
static char *built_shape(const Dataset *dataset, const char *name)
{
	g_autofree char *sql = g_strdup_printf("SELECT shape FROM \"%s\".\"_weir_publish\" WHERE "
					       "table_name = $1 ORDER BY task_run DESC LIMIT 1",
		dataset->dataset);
	g_autoptr(DbStatement) statement = db_prepare(dataset->database, sql, NULL);

	if (statement == NULL || !db_bind_all(statement, DB_VALUES(DB_TEXT(name)), NULL) ||
		db_step(statement, NULL) != DB_STEP_ROW)
		return NULL;
	return g_strdup(db_column_text(statement, 0, NULL));
}

// ---- Comparing ----------------------------------------------------------------------------------------------------

// The declared schema; NULL when none is declared, or it has no columns.
static DbTable *declared_table(const StoreTable *table)
{
	const char *dot = strchr(table->name, '.');

	if (dot == NULL || table->schema == NULL)
		return NULL;
	g_autofree char *dataset = g_strndup(table->name, (gsize)(dot - table->name));
	g_autoptr(DbTable) declared = declared_schema_parse(dataset, dot + 1, table->schema, NULL);
	if (declared == NULL || declared->columns->len == 0)
		return NULL;
	declared->kind = table->view ? DB_VIEW : DB_TABLE;
	return g_steal_pointer(&declared);
}

static bool is_drift(const DbDifference *difference)
{
	return difference->change != DB_CHANGE_METADATA &&
	       !(strcmp(difference->code, "column-extra") == 0 &&
		       g_strv_contains(TECHNICAL_COLUMNS, difference->column));
}

// Against the declared schema. Returns whether something differs.
static bool compare_declared(const Dataset *dataset, const DbDialect *dialect,
	const StoreTable *table, const DbTable *found, GPtrArray *items)
{
	g_autoptr(DbTable) declared = declared_table(table);
	g_autoptr(GString) summary = g_string_new(NULL);
	g_autoptr(GString) diff = g_string_new(NULL);

	(void)dataset;
	if (declared == NULL)
		return false;
	g_autoptr(GPtrArray) differences = db_schema_compare(dialect, declared, found);
	for (guint i = 0; i < differences->len; i++) {
		const DbDifference *difference = differences->pdata[i];
		g_autofree char *text = db_difference_text(difference);
		const char *column = difference->column != NULL ? difference->column : "";

		if (!is_drift(difference))
			continue;
		g_string_append_printf(summary, "%s%s", summary->len == 0 ? "" : "; ", text);
		if (difference->wanted != NULL)
			g_string_append_printf(diff, "%s- %s %s", diff->len == 0 ? "" : "\n",
				column, difference->wanted);
		if (difference->found != NULL)
			g_string_append_printf(diff, "%s+ %s %s", diff->len == 0 ? "" : "\n",
				column, difference->found);
	}
	if (summary->len == 0)
		return false;
	drift_add(items, DRIFT_TABLE, table->domain, table->name, g_strdup(summary->str),
		g_strdup(diff->str));
	return true;
}

// The definition of the flow that makes a view; NULL: it is not known.
static json_t *definition_of(Store *store, const StoreTable *table)
{
	g_autoptr(StoreRevision) revision = NULL;

	if (table->flow == NULL ||
		!store_revision_get(store, table->namespace, table->flow, 0, &revision, NULL) ||
		revision == NULL)
		return NULL;
	return json_loads(revision->definition, 0, NULL);
}

// The definition with another query in the place of its own; NULL when it has none.
static json_t *with_query(const json_t *definition, const char *query)
{
	json_t *copy = json_deep_copy(definition);
	json_t *task = json_array_get(json_object_get(copy, "tasks"), 0);

	if (json_is_object(task)) {
		json_object_set_new(task, "sql", json_string(query));
		return copy;
	}
	json_decref(copy);
	return NULL;
}

// Whether the live query means what the committed one does, or what the engine made of it when it was built: blanks, comments
// and the letter case of keywords do not count.
static bool is_same_query(const json_t *definition, const char *built, const char *live)
{
	json_auto_t *is = definition == NULL ? NULL : with_query(definition, live);
	json_auto_t *was =
		definition == NULL || built == NULL ? NULL : with_query(definition, built);

	return is != NULL &&
	       (build_is_same(definition, is) || (was != NULL && build_is_same(was, is)));
}

// Against what it looked like when it was built.
static void compare_built(
	Dataset *dataset, const StoreTable *table, const DbTable *found, GPtrArray *items)
{
	g_autofree char *text = db_table_text(found);
	g_autofree char *built = built_shape(dataset, found->name);
	json_auto_t *definition =
		table->view ? definition_of(dataset->observer->store, table) : NULL;

	if (built == NULL || *built == '\0' || strcmp(built, text) == 0 ||
		is_same_query(definition, built, text))
		return;
	if (table->view) {
		drift_add(items, DRIFT_VIEW, table->domain, table->name,
			g_strdup("its query is not the committed one"),
			drift_diff_text(built, text));
		return;
	}
	char *diff = drift_diff_lines(built, text);
	g_autofree char *lines = g_strdup(diff != NULL ? diff : "its columns are in another order");
	g_strdelimit(lines, "\n", ',');
	drift_add(items, DRIFT_TABLE, table->domain, table->name,
		g_strdup_printf("its columns are not those that were built: %s", lines), diff);
}

static void compare_table(Dataset *dataset, const DbDialect *dialect, const StoreTable *table,
	const DbTable *found, GPtrArray *items)
{
	DriftKind kind = table->view ? DRIFT_VIEW : DRIFT_TABLE;

	if (found == NULL) {
		if (table->published > 0)
			drift_add(items, kind, table->domain, table->name,
				g_strdup_printf("the %s is missing from the database",
					drift_kind_name(kind)),
				NULL)
				->cause = STORE_DRIFT_REMOVED;
		return;
	}
	if ((found->kind == DB_VIEW) != table->view) {
		drift_add(items, kind, table->domain, table->name,
			g_strdup_printf("it is a %s in the database, and a %s in the commit",
				found->kind == DB_VIEW ? "view" : "table", drift_kind_name(kind)),
			NULL);
		return;
	}
	// Before its first build a table may have been there already, as it was.
	if (table->published > 0 && !compare_declared(dataset, dialect, table, found, items))
		compare_built(dataset, table, found, items);
}

// ---- One dataset --------------------------------------------------------------------------------------------------

static const StoreTable *named(const GPtrArray *tables, const char *name)
{
	for (guint i = 0; i < tables->len; i++) {
		const StoreTable *table = tables->pdata[i];
		const char *dot = strchr(table->name, '.');

		if (dot != NULL && g_ascii_strcasecmp(dot + 1, name) == 0)
			return table;
	}
	return NULL;
}

static DbTable *find_live(const GPtrArray *live, const char *name)
{
	for (guint i = 0; i < live->len; i++) {
		DbTable *table = live->pdata[i];

		if (g_ascii_strcasecmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

// What is there, and in no commit.
static void look_at_orphan(const Dataset *dataset, const DbTable *table, GPtrArray *items)
{
	const StoreTable *former = named(dataset->former, table->name);
	g_autofree char *name = g_strdup_printf("%s.%s", dataset->dataset, table->name);

	if (named(dataset->tables, table->name) != NULL ||
		(former == NULL && dataset->manager == NULL))
		return;
	drift_add(items, DRIFT_ORPHAN, former != NULL ? former->domain : dataset->manager, name,
		g_strdup_printf("the %s '%s' is in no commit%s",
			table->kind == DB_VIEW ? "view" : "table", name,
			former != NULL ? " any more" : ""),
		NULL);
}

static void compare_dataset(
	Dataset *dataset, const DbDialect *dialect, const GPtrArray *live, GPtrArray *items)
{
	for (guint i = 0; i < dataset->tables->len; i++) {
		const StoreTable *table = dataset->tables->pdata[i];
		const char *dot = strchr(table->name, '.');

		compare_table(dataset, dialect, table, find_live(live, dot + 1), items);
	}
	for (guint i = 0; i < live->len; i++)
		look_at_orphan(dataset, live->pdata[i], items);
}

static bool read_dataset(Dataset *dataset, GPtrArray *items, GError **error)
{
	// Who looks holds up no push: what is locked is looked at the next time.
	const DbOptions options = {
		.read_only = true, .cache_bytes = 64 * 1024, .busy_timeout = 100};
	g_autoptr(DbConnection) connection = db_open(dataset->url, &options, error);

	if (connection == NULL)
		return false;
	if (!db_use_dataset(connection, dataset->dataset, false, error))
		return false;
	g_autoptr(GPtrArray) live = db_schema_read(connection, dataset->dataset, error);
	if (live == NULL)
		return false;
	dataset->database = connection;
	compare_dataset(dataset, db_connection_dialect(connection), live, items);
	dataset->database = NULL;
	return true;
}

// A dataset that was never written to has nothing that could differ; all that was published before is missing.
static bool is_absent(const GError *error)
{
	return g_error_matches(error, DB_ERROR, DB_ERROR_MISSING_OBJECT) ||
	       g_error_matches(error, DB_ERROR, DB_ERROR_MISSING_FILE);
}

static guint64 sum_list(guint64 sum, const GPtrArray *tables)
{
	sum += tables->len;
	for (guint i = 0; i < tables->len; i++) {
		const StoreTable *table = tables->pdata[i];

		sum = sum * 1099511628211U + (guint64)table->changed_at;
		sum = sum * 1099511628211U + (guint64)table->published;
	}
	return sum;
}

// A sum that moves when the store's row of any of the tables does, or who manages the dataset.
static guint64 sum_rows(const Dataset *dataset)
{
	guint64 sum = dataset->manager == NULL ? 0 : g_str_hash(dataset->manager);

	return sum_list(sum_list(sum, dataset->tables), dataset->former);
}

static bool is_unchanged(const DatasetSeen *seen)
{
	FileStamp stamp;

	return seen->stamped && read_stamp(seen->url, seen->dataset, &stamp) &&
	       memcmp(&seen->stamp, &stamp, sizeof(stamp)) == 0;
}

// Whether the database itself is at fault: somebody has to mend it. What is in use, or out of reach for now, is looked at again.
static bool is_lasting(const GError *error)
{
	static const DbErrorClass codes[] = {DB_ERROR_CORRUPT, DB_ERROR_IO, DB_ERROR_PERMISSION};

	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
		if (g_error_matches(error, DB_ERROR, (gint)codes[i]))
			return true;
	}
	return false;
}

// What was published into a database that cannot be read is not there for its readers.
static void list_unreadable(const Dataset *dataset, const GError *failure, GPtrArray *items)
{
	for (guint i = 0; i < dataset->tables->len; i++) {
		const StoreTable *table = dataset->tables->pdata[i];
		DriftKind kind = table->view ? DRIFT_VIEW : DRIFT_TABLE;

		if (table->published > 0)
			drift_add(items, kind, table->domain, table->name,
				g_strdup_printf("the %s cannot be read: %s", drift_kind_name(kind),
					failure->message),
				NULL);
	}
}

// What became of a dataset that gave an error. Returns whether there is something to remember; otherwise what was last known
// of it stays.
static bool judge_failure(Dataset *dataset, const GError *failure, GPtrArray *items)
{
	g_autoptr(GPtrArray) none = g_ptr_array_new();

	if (is_absent(failure)) {
		compare_dataset(dataset, db_dialect_find("sqlite"), none, items);
		return true;
	}
	bool lasting = is_lasting(failure);
	g_hash_table_replace(dataset->observer->unreadable, g_strdup(dataset->dataset),
		lasting ? NULL : g_strdup(failure->message));
	if (!lasting)
		return false;
	g_ptr_array_set_size(items, 0);
	list_unreadable(dataset, failure, items);
	return true;
}

// Looks into a dataset unless nothing has changed.
static void look_at_dataset(Dataset *dataset, const char *key)
{
	DriftObserver *observer = dataset->observer;
	const DatasetSeen *before = g_hash_table_lookup(observer->datasets, key);
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autoptr(GError) failure = NULL;
	guint64 rows = sum_rows(dataset);
	FileStamp stamp = {0};

	if (before != NULL && before->rows == rows && is_unchanged(before))
		return;
	dataset->url = drift_connection_url(observer, dataset->connection, &failure);
	bool stamped = dataset->url != NULL && read_stamp(dataset->url, dataset->dataset, &stamp);
	bool readable = dataset->url != NULL && read_dataset(dataset, items, &failure);
	if (!readable && !is_absent(failure))
		drift_note_trouble(observer, key, dataset->manager, dataset->url, failure);
	if (!readable && !judge_failure(dataset, failure, items))
		return;
	DatasetSeen *seen = g_new0(DatasetSeen, 1);
	seen->url = g_strdup(dataset->url);
	seen->dataset = g_strdup(dataset->dataset);
	// A file that could not be read may be mended by what its stamp does not show: permissions, a disk.
	seen->stamped = stamped && (readable || is_absent(failure));
	seen->stamp = stamp;
	seen->rows = rows;
	seen->items = g_steal_pointer(&items);
	g_hash_table_insert(observer->datasets, g_strdup(key), seen);
}

// ---- All of them --------------------------------------------------------------------------------------------------

static Dataset *find_dataset(
	DriftObserver *observer, GHashTable *datasets, const char *connection, const char *name)
{
	const char *where = connection != NULL ? connection : "default";
	g_autofree char *key = g_strdup_printf("%s/%s", where, name);
	Dataset *dataset = g_hash_table_lookup(datasets, key);

	if (dataset != NULL)
		return dataset;
	dataset = g_new0(Dataset, 1);
	dataset->observer = observer;
	dataset->connection = g_strdup(where);
	dataset->dataset = g_strdup(name);
	dataset->tables = g_ptr_array_new();
	dataset->former = g_ptr_array_new();
	g_hash_table_insert(datasets, g_steal_pointer(&key), dataset);
	return dataset;
}

static void group_table(DriftObserver *observer, GHashTable *datasets, StoreTable *table)
{
	const char *dot = strchr(table->name, '.');

	// What no commit ever named is an orphan, if it is there at all.
	if (dot == NULL || table->domain == NULL ||
		(table->deleted_at != 0 && table->published == 0))
		return;
	g_autofree char *name = g_strndup(table->name, (gsize)(dot - table->name));
	Dataset *dataset = find_dataset(observer, datasets, table->connection, name);
	g_ptr_array_add(table->deleted_at != 0 ? dataset->former : dataset->tables, table);
	if (table->deleted_at == 0 && dataset->manager == NULL)
		dataset->manager = table->domain;
}

// The datasets that a domain's policies add to its own.
static void group_managed(DriftObserver *observer, GHashTable *datasets, const StoreDomain *domain)
{
	json_auto_t *settings =
		domain->settings == NULL || strstr(domain->settings, "managed_datasets") == NULL
			? NULL
			: json_loads(domain->settings, 0, NULL);
	const json_t *policies = json_object_get(settings, "policies");
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(policies, "managed_datasets"), i, name)
	{
		Dataset *dataset = find_dataset(
			observer, datasets, domain->connection, json_string_value(name));

		if (dataset->manager == NULL)
			dataset->manager = domain->name;
	}
}

static GHashTable *group(DriftObserver *observer, const GPtrArray *tables, const GPtrArray *domains)
{
	GHashTable *datasets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, dataset_free);

	for (guint i = 0; i < tables->len; i++)
		group_table(observer, datasets, tables->pdata[i]);
	for (guint i = 0; i < domains->len; i++)
		group_managed(observer, datasets, domains->pdata[i]);
	return datasets;
}

static int order_items(const void *left, const void *right)
{
	const DriftItem *const *a = left, *const *b = right;

	return strcmp((*a)->resource, (*b)->resource);
}

// Sorts what the datasets last said into the lists by kind.
static void collect(DriftObserver *observer)
{
	static const DriftKind kinds[] = {DRIFT_TABLE, DRIFT_VIEW, DRIFT_ORPHAN};
	GHashTableIter iterator;
	void *value;

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		g_ptr_array_set_size(observer->found[kinds[i]], 0);
	g_hash_table_iter_init(&iterator, observer->datasets);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		const DatasetSeen *seen = value;

		for (guint i = 0; i < seen->items->len; i++) {
			const DriftItem *item = seen->items->pdata[i];

			drift_add(observer->found[item->kind], item->kind, item->domain,
				item->resource, g_strdup(item->summary), g_strdup(item->diff))
				->cause = item->cause;
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		g_ptr_array_sort(observer->found[kinds[i]], order_items);
}

static gboolean is_forgotten(void *key, void *value, void *datasets)
{
	(void)value;
	return !g_hash_table_contains(datasets, key);
}

// Whether every dataset is as it was, and the store's rows too: then there is nothing to list.
static bool nothing_changed(DriftObserver *observer)
{
	GHashTableIter iterator;
	void *value;

	if (observer->live_changed || g_hash_table_size(observer->unreadable) > 0 ||
		observer->troubles->len > 0)
		return false;
	g_hash_table_iter_init(&iterator, observer->datasets);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		if (!is_unchanged(value))
			return false;
	}
	return true;
}

bool drift_observe_datasets(DriftObserver *observer, bool *ret_complete, GError **error)
{
	if (nothing_changed(observer))
		return true;
	g_autoptr(GPtrArray) tables = drift_list_tables(observer->store, true, error);
	g_autoptr(GPtrArray) domains =
		tables == NULL ? NULL : drift_list_domains(observer->store, error);
	GHashTableIter iterator;
	void *key, *value;

	if (domains == NULL)
		return false;
	g_hash_table_remove_all(observer->unreadable);
	g_ptr_array_set_size(observer->troubles, 0);
	g_autoptr(GHashTable) datasets = group(observer, tables, domains);
	g_hash_table_foreach_remove(observer->datasets, is_forgotten, datasets);
	g_hash_table_remove_all(observer->used);
	g_hash_table_iter_init(&iterator, datasets);
	while (g_hash_table_iter_next(&iterator, &key, NULL))
		g_hash_table_add(observer->used, g_strdup(key));
	g_hash_table_iter_init(&iterator, datasets);
	while (g_hash_table_iter_next(&iterator, &key, &value)) {
		look_at_dataset(value, key);
		if (drift_is_interrupted(observer)) {
			*ret_complete = false;
			return true;
		}
	}
	collect(observer);
	return true;
}
