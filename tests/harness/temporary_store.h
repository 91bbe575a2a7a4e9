// A store in a folder of its own for a test, and one that lives in memory; and a node that claims there.
#pragma once

#include "store/node.h"
#include "store/store.h"
#include "tests/harness/text.h"

#include <glib/gstdio.h>

typedef struct {
	char *folder;
	char *path;
	char *url;
} TemporaryStore;

static inline TemporaryStore temporary_store_new(void)
{
	g_autoptr(GError) error = NULL;
	TemporaryStore place = {.folder = g_dir_make_tmp("weir-store-XXXXXX", &error)};

	g_assert_no_error(error);
	place.path = g_build_filename(place.folder, "weir.db", NULL);
	place.url = g_strconcat("sqlite:", place.path, NULL);
	return place;
}

// Removes the folder with every file in it.
static inline void temporary_store_clear(TemporaryStore *place)
{
	g_autoptr(GDir) folder = place->folder != NULL ? g_dir_open(place->folder, 0, NULL) : NULL;
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(place->folder, name, NULL);

		g_remove(path);
	}
	if (place->folder != NULL)
		g_rmdir(place->folder);
	g_clear_pointer(&place->folder, g_free);
	g_clear_pointer(&place->path, g_free);
	g_clear_pointer(&place->url, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TemporaryStore, temporary_store_clear)

static inline Store *temporary_store_open(const TemporaryStore *place, StoreMode mode)
{
	g_autoptr(GError) error = NULL;
	Store *store = store_open(place->url, mode, &error);

	g_assert_no_error(error);
	return store;
}

static inline Store *ephemeral_store_open(void)
{
	g_autoptr(GError) error = NULL;
	Store *store = store_open(NULL, STORE_EPHEMERAL, &error);

	g_assert_no_error(error);
	return store;
}

// A node of that id, which never stops beating.
static inline void temporary_node_put(Store *store, const char *id)
{
	g_autoptr(GError) error = NULL;

	store_node_put(store,
		&(StoreNode){.id = TEXT(id),
			.name = TEXT("host/1"),
			.version = TEXT("0.1"),
			.slots = 2,
			.expires_at = INT64_MAX},
		&error);
	g_assert_no_error(error);
}

// Ends the test unless the operation failed with exactly this; clears the error.
#define assert_error_text(error, domain, code, text)                                               \
	do {                                                                                       \
		g_assert_error((error), (domain), (gint)(code));                                   \
		g_assert_cmpstr((error)->message, ==, (text));                                     \
		g_clear_error(&(error));                                                           \
	} while (0)
