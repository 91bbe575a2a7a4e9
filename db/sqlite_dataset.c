// A folder of <dataset>.db files: each is attached under its dataset's name when it is asked for.
#include "db/sqlite.h"

#include <string.h>

enum {
	ATTACHED_MAX = 10, // SQLite's own limit as distributed
};

void sqlite_dataset_clear(gpointer dataset)
{
	g_free(((SqliteDataset *)dataset)->name);
}

static SqliteDataset *dataset_find(SqliteConnection *connection, const char *name)
{
	for (unsigned i = 0; i < connection->datasets->len; i++) {
		SqliteDataset *dataset = &g_array_index(connection->datasets, SqliteDataset, i);

		if (strcmp(dataset->name, name) == 0)
			return dataset;
	}
	return NULL;
}

// Marks those in use that are attached; returns how many are not. Names given twice count once
// each, which at worst makes more room than needed.
static size_t mark_used(SqliteConnection *connection, const char *const *names)
{
	size_t missing = 0;

	connection->uses++;
	for (; *names != NULL; names++) {
		SqliteDataset *dataset = dataset_find(connection, *names);

		if (dataset == NULL)
			missing++;
		else
			dataset->used = connection->uses;
	}
	return missing;
}

static bool detach(SqliteConnection *connection, unsigned index, GError **error)
{
	g_autoptr(GString) sql = g_string_new("DETACH ");

	db_append_identifier(&connection->base, sql,
		g_array_index(connection->datasets, SqliteDataset, index).name);
	if (!sqlite_run(connection, sql->str, error))
		return false;
	g_array_remove_index(connection->datasets, index);
	return true;
}

static bool detach_oldest(SqliteConnection *connection, GError **error)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < connection->datasets->len; i++) {
		if (g_array_index(connection->datasets, SqliteDataset, i).used <
			g_array_index(connection->datasets, SqliteDataset, oldest).used)
			oldest = i;
	}
	return detach(connection, oldest, error);
}

static char *dataset_path(const SqliteConnection *connection, const char *name)
{
	return g_strdup_printf("%s/%s.db", connection->path, name);
}

// The dataset's file as a URI of SQLite: nothing in the path may be taken for a part of the URI.
static char *dataset_uri(SqliteConnection *connection, const char *path, bool create)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	g_autofree char *escaped = g_uri_escape_string(absolute, "/", FALSE);
	const char *mode = connection->base.options.read_only ? "ro" : create ? "rwc" : "rw";

	return g_strdup_printf("file://%s?mode=%s", escaped, mode);
}

static bool attach_sql(SqliteConnection *connection, const char *name, const char *uri,
	const char *path, bool create, GError **error)
{
	g_autoptr(GString) sql = g_string_new("ATTACH ");
	int code;

	// A URI has no quotes after escaping.
	g_string_append_printf(sql, "'%s' AS ", uri);
	db_append_identifier(&connection->base, sql, name);
	code = sqlite_try(connection, sql->str);
	if (code == SQLITE_OK)
		return true;
	if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_ERROR)
		return sqlite_set_error(connection, code, error);
	return sqlite_set_open_error(path, create, code, sqlite3_system_errno(connection->handle),
		sqlite3_errmsg(connection->handle), error);
}

static bool attach_configure(SqliteConnection *connection, const char *name, GError **error)
{
	g_autoptr(GString) sql = g_string_new("PRAGMA ");

	db_append_identifier(&connection->base, sql, name);
	if (connection->base.options.read_only) {
		g_string_append(sql, ".schema_version");
		return sqlite_run(connection, sql->str, error);
	}
	g_string_append(sql, ".journal_mode=WAL; PRAGMA ");
	db_append_identifier(&connection->base, sql, name);
	g_string_append_printf(sql, ".synchronous=%s",
		connection->base.options.durability == DB_DURABILITY_FULL ? "FULL" : "OFF");
	return sqlite_run(connection, sql->str, error);
}

static bool attach(SqliteConnection *connection, const char *name, bool create, GError **error)
{
	g_autofree char *path = dataset_path(connection, name);
	g_autofree char *uri = dataset_uri(connection, path, create);
	SqliteDataset dataset = {.name = g_strdup(name), .used = connection->uses};

	if ((!create || connection->base.options.read_only) &&
		!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISSING_OBJECT,
			"no such dataset: '%s' has no file '%s.db'", connection->path, name);
		goto failed;
	}
	if (!attach_sql(connection, name, uri, path, create, error))
		goto failed;
	g_array_append_val(connection->datasets, dataset);
	if (attach_configure(connection, name, error))
		return true;
	detach(connection, connection->datasets->len - 1, NULL);
	g_prefix_error(error, "dataset '%s': ", name);
	return false;
failed:
	g_free(dataset.name);
	return false;
}

static bool use_main_only(
	const SqliteConnection *connection, const char *const *names, GError **error)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, "main") != 0) {
			g_set_error(error, DB_ERROR, DB_ERROR_MISSING_OBJECT,
				"no such dataset: '%s' is one file, whose only dataset is 'main', "
				"not '%s'",
				connection->base.label, *names);
			return false;
		}
	}
	return true;
}

static bool check_use(const char *const *names, GError **error)
{
	if (g_strv_length((char **)(uintptr_t)names) > ATTACHED_MAX) {
		g_set_error(error, DB_ERROR, DB_ERROR_UNSUPPORTED,
			"the embedded SQLite reaches at most %d datasets at once, not %u",
			ATTACHED_MAX, g_strv_length((char **)(uintptr_t)names));
		return false;
	}
	for (; *names != NULL; names++) {
		if (!db_dataset_name_check(*names, error))
			return false;
	}
	return true;
}

bool sqlite_use_datasets(
	DbConnection *connection, const char *const *names, bool create, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);
	size_t missing;

	if (!own->is_folder)
		return use_main_only(own, names, error);
	if (!check_use(names, error))
		return false;
	missing = mark_used(own, names);
	if (missing == 0)
		return true;
	if (!sqlite3_get_autocommit(own->handle)) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"a dataset cannot be attached inside a transaction");
		return false;
	}
	while (own->datasets->len + missing > ATTACHED_MAX) {
		if (!detach_oldest(own, error))
			return false;
	}
	for (; *names != NULL; names++) {
		if (dataset_find(own, *names) == NULL && !attach(own, *names, create, error))
			return false;
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **sqlite_list_datasets(DbConnection *connection, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) folder = NULL;
	g_autoptr(GError) why = NULL;
	const char *entry;

	if (!own->is_folder) {
		g_ptr_array_add(names, g_strdup("main"));
	} else {
		folder = g_dir_open(own->path, 0, &why);
		if (folder == NULL) {
			g_set_error(error, DB_ERROR, DB_ERROR_MISSING_FILE,
				"cannot list datasets: %s", why->message);
			return NULL;
		}
		while ((entry = g_dir_read_name(folder)) != NULL) {
			g_autofree char *name = NULL;

			if (!g_str_has_suffix(entry, ".db"))
				continue;
			name = g_strndup(entry, strlen(entry) - strlen(".db"));
			if (db_dataset_name_check(name, NULL))
				g_ptr_array_add(names, g_steal_pointer(&name));
		}
	}
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

// SQLite compiles by the schema that it has in memory, and notices only when a statement begins to run that another has
// changed the file's.
static bool refresh_one(SqliteConnection *connection, const char *name, GError **error)
{
	g_autoptr(GString) sql = g_string_new("SELECT 1 FROM ");

	db_append_identifier(&connection->base, sql, name);
	g_string_append(sql, ".sqlite_schema LIMIT 0");
	return db_execute(&connection->base, sql->str, DB_NO_VALUES, NULL, error);
}

bool sqlite_refresh(DbConnection *connection, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);

	if (!own->is_folder)
		return refresh_one(own, "main", error);
	for (unsigned i = 0; i < own->datasets->len; i++) {
		const SqliteDataset *dataset = &g_array_index(own->datasets, SqliteDataset, i);

		if (!refresh_one(own, dataset->name, error))
			return false;
	}
	return true;
}
