// Forgetting runs, and the logs of those that stay.
#include "store/retention_internal.h"

#include <string.h>

enum {
	LOG_WEIGHT = 8, // a chunk of a log takes as long to remove as so many other rows
};

// What belongs to a run besides its row.
static const struct {
	StatementId forget;
	int64_t weight;
} parts[] = {
	{STATEMENT_TASK_RUNS_FORGET, 1},
	{STATEMENT_LOG_FORGET, LOG_WEIGHT},
	{STATEMENT_CHECKS_FORGET, 1},
	{STATEMENT_REJECTED_FORGET, 1},
};

// ---- Taking the row away ------------------------------------------------------------------------------------------

// Looks at the next runs from the cursor on, and moves it; the ids of those that nothing keeps.
static bool find_old(
	StoreRetention *retention, int64_t now, GPtrArray *ids, bool *ret_done, GError **error)
{
	const int64_t before = retention_before(retention, now);
	g_auto(StoreQuery) query = {0};
	char least[ID_SIZE];
	unsigned seen = 0;
	bool failed;

	// What was created later cannot have ended before.
	if (!query_begin(&query, retention->reader, STATEMENT_OLD_RUNS,
		    DB_VALUES(DB_INTEGER(before), DB_INTEGER(retention->policy.newest),
			    DB_TEXT(retention->cursor_text),
			    DB_TEXT(id_least(MAX(before + 1000, 0), least)),
			    DB_INTEGER(retention->limit)),
		    error))
		return false;
	for (; query_step(&query, &failed, error); seen++) {
		const char *id = db_column_text(query.row, 0, NULL);

		g_strlcpy(retention->cursor_text, id, sizeof(retention->cursor_text));
		if (db_column_int64(query.row, 1) == 1)
			g_ptr_array_add(ids, g_strdup(id));
	}
	*ret_done = !failed && seen < retention->limit;
	return !failed;
}

// The folders that the run's inputs name, one a line; NULL: none.
static bool read_folders(Store *store, const char *id, char **ret_folders, GError **error)
{
	g_autoptr(GString) folders = g_string_new(NULL);
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, STATEMENT_RUN_FILES_OF_RUN, DB_VALUES(DB_TEXT(id)), error))
		return false;
	while (query_step(&query, &failed, error))
		g_string_append_printf(folders, "%s%s", folders->len == 0 ? "" : "\n",
			db_column_text(query.row, 0, NULL));
	*ret_folders = folders->len == 0 ? NULL : g_strdup(folders->str);
	return !failed;
}

// One that was restarted since it was looked at stays.
static bool take_away(Store *store, const char *id, int64_t *runs, GError **error)
{
	g_autofree char *folders = NULL;
	int64_t gone = 0;

	if (!statement_run(store, STATEMENT_RUN_DELETE, DB_VALUES(DB_TEXT(id)), &gone, error))
		return false;
	*runs += gone;
	return gone == 0 || (read_folders(store, id, &folders, error) &&
				    statement_run(store, STATEMENT_RUN_FILES_DELETE,
					    DB_VALUES(DB_TEXT(id)), NULL, error) &&
				    statement_run(store, STATEMENT_TRASH_ADD,
					    DB_VALUES(DB_TEXT(id), DB_TEXT(folders)), NULL, error));
}

static bool take_all_away(StoreRetention *retention, const GPtrArray *ids, GError **error)
{
	int64_t runs = 0;

	if (ids->len == 0)
		return true;
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	if (transaction == NULL)
		return false;
	for (guint i = 0; i < ids->len; i++) {
		if (!take_away(retention->store, ids->pdata[i], &runs, error))
			return false;
	}
	// THE COMMIT POINT of forgetting: before it the runs are whole; after it nobody can name them or their files, and
	// the notes say what is left to be removed.
	if (!retention_commit(retention, transaction, error))
		return false;
	retention->forgotten[RETENTION_RUNS] += runs;
	return true;
}

// ---- Removing what is left ----------------------------------------------------------------------------------------

typedef struct {
	char *run_id;
	char *folders;
} Trash;

static void trash_free(gpointer data)
{
	Trash *trash = data;

	g_free(trash->run_id);
	g_free(trash->folders);
	g_free(trash);
}

static bool list_trash(StoreRetention *retention, Store *store, GPtrArray *list, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, STATEMENT_TRASH_LIST,
		    DB_VALUES(DB_INTEGER(retention->limit)), error))
		return false;
	while (query_step(&query, &failed, error)) {
		Trash *trash = g_new(Trash, 1);

		trash->run_id = db_column_dup_text(query.row, 0);
		trash->folders = db_column_dup_text(query.row, 1);
		g_ptr_array_add(list, trash);
	}
	return !failed;
}

// Removes rows of a run as long as *left is not used up; *ret_empty when none is left.
static bool empty_run(Store *store, const char *id, int64_t *left, bool *ret_empty, GError **error)
{
	*ret_empty = true;
	for (size_t i = 0; i < G_N_ELEMENTS(parts) && *ret_empty; i++) {
		const int64_t most = *left / parts[i].weight + 1;
		int64_t changes = 0;

		if (!statement_run(store, parts[i].forget, DB_VALUES(DB_TEXT(id), DB_INTEGER(most)),
			    &changes, error))
			return false;
		*ret_empty = changes < most;
		*left -= changes * parts[i].weight;
	}
	return true;
}

// The notes of those that were emptied, files and all, in the step before.
static bool delete_notes(StoreRetention *retention, GError **error)
{
	for (guint i = 0; i < retention->emptied->len; i++) {
		if (!statement_run(retention->store, STATEMENT_TRASH_DELETE,
			    DB_VALUES(DB_TEXT(retention->emptied->pdata[i])), NULL, error))
			return false;
	}
	return true;
}

// Fills the list with the notes that are left, of which the first *ret_emptied have nothing but files left now.
static bool empty_runs(
	StoreRetention *retention, GPtrArray *list, guint *ret_emptied, GError **error)
{
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	int64_t left = (int64_t)retention->limit * 2;
	bool empty = true;

	if (transaction == NULL || !delete_notes(retention, error) ||
		!list_trash(retention, retention->store, list, error))
		return false;
	for (guint i = 0; i < list->len && left > 0 && empty; i++) {
		const Trash *trash = list->pdata[i];

		if (!empty_run(retention->store, trash->run_id, &left, &empty, error))
			return false;
		*ret_emptied += empty;
	}
	return retention_commit(retention, transaction, error);
}

bool store_files_are_used(Store *store, const char *folder, bool *ret_used, GError **error)
{
	int64_t used = 0;

	if (!statement_int64(
		    store, STATEMENT_RUN_FILE_IS_USED, DB_VALUES(DB_TEXT(folder)), 0, &used, error))
		return false;
	*ret_used = used != 0;
	return true;
}

static bool drop_folder(StoreRetention *retention, const char *folder, GError **error)
{
	bool used = true;

	// A replay, or a sub-flow, may name the same files.
	if (!store_files_are_used(retention->store, folder, &used, error))
		return false;
	if (!used && retention->drop != NULL)
		retention->drop(folder, retention->data);
	return true;
}

// After the commit that took the last rows away; the note goes after this.
static bool drop_files(StoreRetention *retention, const Trash *trash, GError **error)
{
	g_auto(GStrv) folders = g_strsplit(trash->folders != NULL ? trash->folders : "", "\n", -1);

	if (!drop_folder(retention, trash->run_id, error))
		return false;
	for (char **folder = folders; *folder != NULL; folder++) {
		if (!drop_folder(retention, *folder, error))
			return false;
	}
	return true;
}

static bool is_clean(StoreRetention *retention, bool *ret_clean, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(trash_free);

	if (!list_trash(retention, retention->reader, list, error))
		return false;
	*ret_clean = list->len == 0;
	return true;
}

static bool clear_trash(StoreRetention *retention, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(trash_free);
	guint emptied = 0;

	if (!empty_runs(retention, list, &emptied, error))
		return false;
	g_ptr_array_set_size(retention->emptied, 0);
	for (guint i = 0; i < emptied; i++) {
		const Trash *trash = list->pdata[i];

		if (!drop_files(retention, trash, error))
			return false;
		g_ptr_array_add(retention->emptied, g_strdup(trash->run_id));
	}
	return true;
}

// What earlier steps, or a pass that crashed, have left goes before more is begun.
bool retention_runs(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	bool clean = false;

	if (!is_clean(retention, &clean, error))
		return false;
	if (!clean)
		return clear_trash(retention, error);
	if (!find_old(retention, now, ids, ret_done, error))
		return false;
	// What is taken away now is cleared by the steps that follow.
	*ret_done = *ret_done && ids->len == 0;
	return take_all_away(retention, ids, error);
}

// ---- Logs of runs that stay ---------------------------------------------------------------------------------------

static bool next_log(
	StoreRetention *retention, const char *until, char ret_id[ID_SIZE], GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	ret_id[0] = '\0';
	if (!query_begin(&query, retention->reader, STATEMENT_NEXT_LOG,
		    DB_VALUES(DB_TEXT(retention->cursor_text), DB_TEXT(until)), error))
		return false;
	if (query_step(&query, &failed, error))
		g_strlcpy(ret_id, db_column_text(query.row, 0, NULL), ID_SIZE);
	return !failed;
}

// One run a step: the chunks of a log are large.
bool retention_logs(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	const int64_t before = retention_before(retention, now);
	char least[ID_SIZE];
	char id[ID_SIZE];
	int64_t old = 0;
	const int64_t most = retention->limit / LOG_WEIGHT + 1;

	if (!next_log(retention, id_least(MAX(before + 1000, 0), least), id, error))
		return false;
	*ret_done = id[0] == '\0';
	if (*ret_done)
		return true;
	if (!statement_int64(retention->reader, STATEMENT_OLD_RUN,
		    DB_VALUES(
			    DB_INTEGER(before), DB_INTEGER(retention->policy.newest), DB_TEXT(id)),
		    0, &old, error))
		return false;
	if (old != 0) {
		g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
		int64_t changes = 0;

		if (transaction == NULL ||
			!statement_run(retention->store, STATEMENT_LOG_FORGET,
				DB_VALUES(DB_TEXT(id), DB_INTEGER(most)), &changes, error) ||
			!retention_commit(retention, transaction, error))
			return false;
		retention->forgotten[RETENTION_LOGS] += changes;
		if (changes == most)
			return true;
	}
	g_strlcpy(retention->cursor_text, id, sizeof(retention->cursor_text));
	return true;
}
