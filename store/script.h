// The files below a domain's scripts/ folder, as tasks see them at their run's own revision: trees and files addressed
// by their content, so that nothing is stored twice and nothing ever changes.
#pragma once

#include "store/store.h"

typedef struct {
	char *path; // relative to scripts/
	char *blob; // id of the content
	bool executable;
} StoreScriptEntry;

void store_script_entry_free(StoreScriptEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreScriptEntry, store_script_entry_free)

// True in *ret_there when the tree, or the file, is stored already.
bool store_script_tree_exists(Store *store, const char *tree, bool *ret_there, GError **error);
bool store_script_file_exists(Store *store, const char *blob, bool *ret_there, GError **error);
// Stores; nothing happens when it is there.
bool store_script_file_put(
	Store *store, const char *blob, const void *content, size_t length, GError **error);
// Its files must have been put.
bool store_script_tree_put(Store *store, const char *tree, const StoreScriptEntry *entries,
	size_t count, GError **error);
// By path; an unknown tree gives an empty list.
bool store_script_tree_list(
	Store *store, const char *tree, GPtrArray **ret_entries, GError **error);
// NULL in *ret_content when it is not there.
bool store_script_file_get(Store *store, const char *blob, GBytes **ret_content, GError **error);
