// One server a store: two on one SQLite file would both reconcile and schedule.
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct ServerLock ServerLock;

// Locks the store of url for this process until server_lock_free() or its end, however it ends. NULL with an error of
// G_FILE_ERROR that names the process that holds it. A store that is not a file is not locked: the lock is empty.
ServerLock *server_lock_new(const char *url, GError **error);
void server_lock_free(ServerLock *lock);

// Writes a note into the lock's file, over the last one, for server_lock_read(): also while the disk is full. One of more than
// 4,000 bytes is left out.
void server_lock_note(ServerLock *lock, const char *note);
// The note of the server that holds the store of url now; NULL when none does. Free with g_free().
char *server_lock_read(const char *url);

// Whether a server holds the store of url now. A store that is not a file tells nothing of it: then true.
bool server_lock_is_held(const char *url);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerLock, server_lock_free)
