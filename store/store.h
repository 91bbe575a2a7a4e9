// What is known: the store behind reconciler, runner and api. This header opens it, and has its transactions, errors,
// pages and wake-ups; each noun has its own header.
//
// THREADS. A Store may be used by any number of threads: calls take turns. A thread inside a transaction holds the
// Store until it ends; others wait. Whoever only reads opens a read-only Store of its own, which never waits for a
// writer.
//
// WRITES. Every function that writes joins the transaction that its thread has open, or makes one of its own. In a
// transaction that failed once nothing can be committed any more.
//
// ROWS. Functions that give rows give copies: free one with the noun's free function, a list with
// g_ptr_array_unref(). "Not there" is no error: the row comes as NULL and the function returns true. Texts that may be
// NULL say so; moments are store/timestamp.h's, 0 for never. JSON is compact text; what it means is the caller's.
//
// ERRORS. STORE_ERROR for what the store itself refuses; DB_ERROR (db/db.h) from the database below, with the same
// retryable classes.
#pragma once

#include "db/db.h"

typedef struct Store Store;
typedef struct StoreTransaction StoreTransaction;

#define STORE_ERROR (store_error_quark())
GQuark store_error_quark(void);

typedef enum {
	STORE_ERROR_FENCED, // the lease's token is old: someone else drives the run now. Give up without a trace
	STORE_ERROR_FINAL, // the row has ended, and what has ended does not change
	STORE_ERROR_MISSING, // the row that the write is about is not there
	STORE_ERROR_STALE, // the row is not in the state that the write asks for
	STORE_ERROR_TOO_NEW, // the store was written by a newer weir
	STORE_ERROR_EMPTY, // opened read-only, but never written
	STORE_ERROR_MISUSE, // the caller's mistake, such as a commit of a failed transaction
} StoreErrorCode;

typedef enum {
	STORE_READ_WRITE, // made when missing (its folder is not), brought to this version
	STORE_READ_ONLY, // never migrated; works while a writer of another process writes
	STORE_EPHEMERAL, // a private one in memory, which ends with store_close(); url is not looked at
} StoreMode;

// Opens the store at url ("sqlite:/var/lib/weir/weir.db"). One process has one READ_WRITE Store of a url open.
// NULL with error: missing folder, permission, locked, damaged, not a database, newer version …
Store *store_open(const char *url, StoreMode mode, GError **error);
// Frees it. No other thread may be inside; watches may outlive it (they just stay silent).
void store_close(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)

const char *store_url(const Store *store); // fit for messages; owned by the store
StoreMode store_mode(const Store *store);
// The version of the tables: what this program knows, and what the store has.
int store_version_known(void);
int store_version(const Store *store);
// The room that it takes on the disk, and giving up to so many bytes of it back (db/db.h).
bool store_room(Store *store, DbRoom *ret_room, GError **error);
bool store_give_back(Store *store, int64_t bytes, GError **error);
// Checks the whole file (slow): false with DB_ERROR_CORRUPT and the first things found.
bool store_check_integrity(Store *store, GError **error);

// --- Transactions ---------------------------------------------------------------------------------------------------

// Begins a write transaction, or joins the one this thread has open. Use with g_autoptr: leaving the scope without
// store_transaction_commit() rolls everything back; when an inner one does, the outer commit fails with
// STORE_ERROR_MISUSE. NULL with error; a read-only store gives DB_ERROR_READ_ONLY.
StoreTransaction *store_transaction_begin(Store *store, GError **error);
// Commits: durable when it returns true (for the outermost one). False: rolled back.
bool store_transaction_commit(StoreTransaction *transaction, GError **error);
void store_transaction_free(StoreTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTransaction, store_transaction_free)

// Has several reads of this thread see one moment: begins, and store_snapshot_end() ends. On a writer inside a
// transaction it does nothing.
bool store_snapshot_begin(Store *store, GError **error);
void store_snapshot_end(Store *store);

// --- Wake-ups -------------------------------------------------------------------------------------------------------

// What a commit was about; a watch says which of them wake it.
typedef enum {
	STORE_TOPIC_RUN_READY =
		1 << 0, // a run can be claimed: created, resumed, released, let out of its queue
	STORE_TOPIC_RUN_REQUEST =
		1 << 1, // a kill, resume or other request for a run that someone drives
	STORE_TOPIC_RUN = 1 << 2, // a run began or ended
	STORE_TOPIC_PUBLISH = 1 << 3, // a table was published
	STORE_TOPIC_LIVE = 1 << 4, // flows, tables, domains or sources changed
	STORE_TOPIC_LOG = 1 << 5, // log lines came
	STORE_TOPIC_DRIFT = 1 << 6, // drift began or was resolved
	STORE_TOPIC_EVENT = 1 << 7, // store/event.h has a new row
	STORE_TOPIC_ALL = (1 << 8) - 1,
} StoreTopic;

typedef struct StoreWatch StoreWatch;

// Watches the commits of every Store of the same url in this process (a read-only Store may be watched: the writer's
// commits wake it). Commits of other processes do not wake: look at store_change_count() from time to time.
StoreWatch *store_watch_new(Store *store, unsigned topics, GError **error);
void store_watch_free(StoreWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreWatch, store_watch_free)
// An eventfd that polls readable after such a commit. Owned by the watch; do not read it.
int store_watch_fd(const StoreWatch *watch);
// The topics since the last call, and makes the eventfd unreadable. Thread-safe. 0: none.
unsigned store_watch_take(StoreWatch *watch);
// Wakes the watches of the store as a commit about topics would. Any thread.
void store_wake(Store *store, unsigned topics);

// Prepares now what putting a commit live will need, so that the first push of a process does not wait for it (half a
// millisecond). Everything else is prepared when it is first used.
bool store_prepare_apply(Store *store, GError **error);

// Whether the store's file is still where it was opened; false, with an error that tells what to do, when it was removed or
// replaced. Cheap.
bool store_in_place(Store *store, GError **error);

// A number that differs from the last one when another connection, of this process or another, has committed.
bool store_change_count(Store *store, int64_t *ret_count, GError **error);

// --- Pages ----------------------------------------------------------------------------------------------------------

// A page of a list. Zeroed: the first 100 rows.
typedef struct {
	unsigned limit; // at most 1000; 0 means 100
	const char *after; // cursor that the page before gave; NULL: the first page
} StorePage;

// What every list function gives besides its rows, with g_ptr_array's element free function set:
//   bool store_xs_list(Store *, const StoreXFilter *filter, const StorePage *page, GPtrArray **ret_xs,
//                      char **ret_next, GError **);
// filter and page may be NULL. *ret_next is the cursor of the next page, to g_free(), NULL at the end; ret_next itself
// may be NULL. A cursor is opaque text of URL-safe characters; a foreign one is STORE_ERROR_MISUSE.

// --- Words of the store itself --------------------------------------------------------------------------------------

// A small named text that has no table: the pin of a source, the identity of the store … NULL value removes it.
bool store_setting_put(Store *store, const char *name, const char *value, GError **error);
bool store_setting_get(Store *store, const char *name, char **ret_value, GError **error);
