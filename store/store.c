// Opening, closing, transactions.
#include "store/internal.h"

#include "store/migrations.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

G_DEFINE_QUARK(weir - store - error, store_error)

enum {
	WRITER_CACHE = 64 << 20, // bytes of pages; used only as far as a transaction touches them
};

static const char memory_url[] = "sqlite::memory:";

// Two spellings of one file are one store. A URL again, from which the bell takes the file.
static char *group_key(StoreMode mode, const char *url)
{
	static const char prefix[] = "sqlite:";

	if (mode == STORE_EPHEMERAL || strcmp(url, memory_url) == 0)
		return NULL;
	if (!g_str_has_prefix(url, prefix))
		return g_strdup(url);
	g_autofree char *path = g_canonicalize_filename(url + strlen(prefix), NULL);
	return g_strconcat(prefix, path, NULL);
}

// A store holds inputs and outputs of runs: it is its owner's alone from its first byte on, whatever the umask. SQLite gives
// its log the permissions of the file. A failure is reported by the opening that follows.
static void make_private(const char *url)
{
	static const char prefix[] = "sqlite:/";
	int file;

	if (!g_str_has_prefix(url, prefix))
		return;
	file = open(url + strlen(prefix) - 1, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file >= 0)
		close(file);
}

static DbConnection *open_database(StoreMode mode, const char *url, GError **error)
{
	const DbOptions options = {
		.read_only = mode == STORE_READ_ONLY,
		.create = mode == STORE_READ_WRITE,
		.durability = mode == STORE_EPHEMERAL ? DB_DURABILITY_NONE : DB_DURABILITY_FULL,
		.background_checkpoint = mode == STORE_READ_WRITE,
		.can_give_back = mode == STORE_READ_WRITE,
		.small_commits = mode == STORE_READ_WRITE,
		.cache_bytes = mode == STORE_READ_ONLY ? 0 : WRITER_CACHE,
	};

	if (mode == STORE_READ_WRITE)
		make_private(url);
	return db_open(mode == STORE_EPHEMERAL ? memory_url : url, &options, error);
}

static bool check_version(Store *store, GError **error)
{
	const int known = migrations_newest();

	if (!migrations_version(store->db, &store->version, error))
		return false;
	if (store->version > known) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TOO_NEW,
			"store '%s' is of version %d, and this weir knows versions up to %d: run "
			"the "
			"weir that wrote it, or a newer one",
			db_label(store->db), store->version, known);
		return false;
	}
	if (store->version == known)
		return true;
	if (store->mode != STORE_READ_ONLY) {
		store->version = known;
		return migrations_apply(store->db, error);
	}
	if (store->version == 0)
		g_set_error(error, STORE_ERROR, STORE_ERROR_EMPTY,
			"store '%s' is empty: start 'weir serve' on it first", db_label(store->db));
	else
		g_set_error(error, STORE_ERROR, STORE_ERROR_STALE,
			"store '%s' is of version %d, and this weir reads version %d: start 'weir "
			"serve' on it first, which brings it up to date",
			db_label(store->db), store->version, known);
	return false;
}

Store *store_open(const char *url, StoreMode mode, GError **error)
{
	g_autoptr(DbConnection) db = open_database(mode, url, error);
	g_autofree char *key = NULL;
	pthread_mutexattr_t attributes;
	Store *store;

	if (db == NULL)
		return NULL;
	store = g_new0(Store, 1);
	store->db = g_steal_pointer(&db);
	store->mode = mode;
	store->url = mode == STORE_EPHEMERAL ? g_strdup(memory_url) : db_url_redact(url);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&store->mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
	key = group_key(mode, store->url);
	store->group = watch_group_join(key);
	if (!check_version(store, error))
		g_clear_pointer(&store, store_close);
	return store;
}

void store_close(Store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		db_statement_free(store->statements[i]);
	statement_rows_free(store->rows);
	db_transaction_free(store->open);
	db_close(store->db);
	cache_puts_free(store->cache);
	watch_group_leave(store->group);
	pthread_mutex_destroy(&store->mutex);
	g_free(store->url);
	g_free(store);
}

const char *store_url(const Store *store)
{
	return store->url;
}

StoreMode store_mode(const Store *store)
{
	return store->mode;
}

int store_version_known(void)
{
	return migrations_newest();
}

int store_version(const Store *store)
{
	return store->version;
}

bool store_check_integrity(Store *store, GError **error)
{
	bool whole;

	pthread_mutex_lock(&store->mutex);
	whole = db_check_integrity(store->db, error);
	pthread_mutex_unlock(&store->mutex);
	return whole;
}

static bool begin_outermost(Store *store, GError **error)
{
	if (store->mode == STORE_READ_ONLY) {
		g_set_error(error, DB_ERROR, DB_ERROR_READ_ONLY, "store '%s' is open read-only",
			store->url);
		return false;
	}
	store->open = db_transaction_begin(store->db, DB_BEGIN_WRITE, error);
	store->failed = false;
	store->topics = 0;
	store->flows_written = 0;
	store->flows_generated = 0;
	store->checked.token = 0;
	return store->open != NULL;
}

StoreTransaction *store_transaction_begin(Store *store, GError **error)
{
	StoreTransaction *transaction;

	pthread_mutex_lock(&store->mutex);
	if (store->depth == 0 && !begin_outermost(store, error)) {
		pthread_mutex_unlock(&store->mutex);
		return NULL;
	}
	transaction = g_new(StoreTransaction, 1);
	*transaction = (StoreTransaction){.store = store, .outermost = store->depth == 0};
	store->depth++;
	return transaction;
}

// Leaves one level; the mutex is given back by the level that took it.
static void leave(StoreTransaction *transaction)
{
	Store *store = transaction->store;

	transaction->ended = true;
	store->depth--;
	if (transaction->outermost) {
		statement_rows_drop(store);
		db_transaction_free(store->open);
		store->open = NULL;
	}
	pthread_mutex_unlock(&store->mutex);
}

static bool add_count(Store *store, const char *name, int64_t change, GError **error)
{
	return change == 0 || statement_run(store, STATEMENT_COUNTER_ADD,
				      DB_VALUES(DB_TEXT(name), DB_INTEGER(change)), NULL, error);
}

static bool write_counts(Store *store, GError **error)
{
	return add_count(store, "flows-written", store->flows_written, error) &&
	       add_count(store, "flows-generated", store->flows_generated, error);
}

bool store_transaction_commit(StoreTransaction *transaction, GError **error)
{
	Store *store = transaction->store;
	unsigned topics;
	bool committed;

	if (store->failed || transaction->ended) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "%s",
			transaction->ended ? "the transaction is over"
					   : "a part of the transaction has failed");
		return false;
	}
	if (!transaction->outermost) {
		leave(transaction);
		return true;
	}
	committed = write_counts(store, error) && statement_rows_write(store, error) &&
		    db_transaction_commit(store->open, error);
	topics = committed ? store->topics : 0;
	leave(transaction);
	watch_group_wake(store->group, topics);
	return committed;
}

void store_transaction_free(StoreTransaction *transaction)
{
	if (transaction == NULL)
		return;
	if (!transaction->ended) {
		transaction->store->failed = true;
		leave(transaction);
	}
	g_free(transaction);
}

bool store_snapshot_begin(Store *store, GError **error)
{
	pthread_mutex_lock(&store->mutex);
	if (store->depth == 0 && store->snapshots == 0) {
		store->open = db_transaction_begin(store->db, DB_BEGIN_READ, error);
		if (store->open == NULL) {
			pthread_mutex_unlock(&store->mutex);
			return false;
		}
	}
	store->snapshots++;
	return true;
}

void store_snapshot_end(Store *store)
{
	store->snapshots--;
	if (store->depth == 0 && store->snapshots == 0) {
		db_transaction_free(store->open);
		store->open = NULL;
	}
	pthread_mutex_unlock(&store->mutex);
}

bool store_change_count(Store *store, int64_t *ret_count, GError **error)
{
	bool counted;

	pthread_mutex_lock(&store->mutex);
	counted = db_change_count(store->db, ret_count, error);
	pthread_mutex_unlock(&store->mutex);
	return counted;
}

bool store_in_place(Store *store, GError **error)
{
	bool there;

	pthread_mutex_lock(&store->mutex);
	there = db_in_place(store->db, error);
	pthread_mutex_unlock(&store->mutex);
	return there;
}

bool store_room(Store *store, DbRoom *ret_room, GError **error)
{
	bool looked;

	pthread_mutex_lock(&store->mutex);
	looked = db_room(store->db, ret_room, error);
	pthread_mutex_unlock(&store->mutex);
	return looked;
}

bool store_give_back(Store *store, int64_t bytes, GError **error)
{
	bool given;

	pthread_mutex_lock(&store->mutex);
	given = db_give_back(store->db, bytes, error);
	pthread_mutex_unlock(&store->mutex);
	return given;
}

bool store_setting_put(Store *store, const char *name, const char *value, GError **error)
{
	if (value == NULL)
		return statement_write(store, STATEMENT_SETTING_DELETE, STORE_TOPIC_LIVE,
			DB_VALUES(DB_TEXT(name)), NULL, error);
	return statement_write(store, STATEMENT_SETTING_PUT, STORE_TOPIC_LIVE,
		DB_VALUES(DB_TEXT(name), DB_TEXT(value)), NULL, error);
}

bool store_setting_get(Store *store, const char *name, char **ret_value, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_value = NULL;
	if (!query_begin(&query, store, STATEMENT_SETTING_GET, DB_VALUES(DB_TEXT(name)), error))
		return false;
	if (query_step(&query, &failed, error))
		*ret_value = db_column_dup_text(query.row, 0);
	return !failed;
}
