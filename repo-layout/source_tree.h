// The tree that a repository is read from: a commit in the object database, or a folder. Names are
// checked, links are never followed, sizes are known before anything is loaded.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
	SOURCE_FILE,
	SOURCE_FOLDER,
	SOURCE_LINK, // a symbolic link
	SOURCE_SUBMODULE,
	SOURCE_OTHER, // a socket, a device, a mode that git does not know
} SourceKind;

enum {
	SOURCE_ID_SIZE = 20,
};

typedef struct SourceId {
	uint8_t bytes[SOURCE_ID_SIZE];
} SourceId;

// What is wrong with an entry of a folder; such an entry is reported and never read.
typedef enum {
	ENTRY_GOOD,
	ENTRY_EMPTY_NAME,
	ENTRY_DOT_NAME, // ".", "..", or ".git" in any spelling that some file system takes for it
	ENTRY_SEPARATOR, // a slash or backslash
	ENTRY_CONTROL, // a control byte
	ENTRY_ENCODING, // invalid UTF-8
	ENTRY_DUPLICATE, // a second entry of the same name
	ENTRY_CASE, // differs from another one in letter case only
	ENTRY_MODE, // a mode written in a way that git refuses (zero-padded, unknown)
	ENTRY_UNSORTED,
} EntryFault;

typedef struct SourceEntry {
	const char *name; // ended by NUL; a name with a fault is not to be used as a path
	SourceKind kind;
	EntryFault fault;
	bool executable;
	SourceId id; // of the blob or tree; all zero on disk
} SourceEntry;

// The entries of one folder, in git's order of names.
typedef struct SourceFolder {
	SourceEntry *entries;
	size_t length;
	char *storage; // the bytes that the names point into
	size_t size; // of storage
	bool again; // names and kinds are those of the folder that it was read again for
} SourceFolder;

void source_folder_free(SourceFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceFolder, source_folder_free)

#define SOURCE_ERROR source_error_quark()
GQuark source_error_quark(void);

typedef enum {
	SOURCE_ERROR_UNREADABLE, // the repository, the revision or an object cannot be read; says
	// which
	SOURCE_ERROR_LIMIT, // a blob or tree is larger than allowed: never loaded
} SourceErrorCode;

// Not thread-safe: one thread at a time.
typedef struct SourceTree SourceTree;

// A commit of a repository (bare or not), read from the object database alone: no work tree, index,
// filter, hook or configuration. revision is anything that names a commit: "HEAD", "main", a full
// id. NULL and error when it cannot be opened.
SourceTree *source_tree_open_commit(const char *repository, const char *revision, GError **error);
// The same over a repository that is open already (a git_repository *), which need not outlive the
// tree.
SourceTree *source_tree_open_repository(void *repository, const char *revision, GError **error);
// A folder. Links are not followed, not even to the folder's own files.
SourceTree *source_tree_open_folder(const char *path, GError **error);
// A folder with a .git, a bare repository, or a plain folder: what `weir validate DIR_OR_REPO` was
// given. With revision NULL a work tree is read as a folder and a bare repository at HEAD.
SourceTree *source_tree_open(const char *path, const char *revision, GError **error);
SourceTree *source_tree_ref(SourceTree *tree);
void source_tree_unref(SourceTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceTree, source_tree_unref)

// 40 hexadecimal digits of the commit; for a folder "folder".
const char *source_tree_revision(const SourceTree *tree);
// Seconds since the epoch of the commit; 0 for a folder.
int64_t source_tree_time(const SourceTree *tree);
// The id of the top tree. For a folder it is all zero: a folder is always walked.
const SourceId *source_tree_root(const SourceTree *tree);

// Reads a folder by path ("" is the top) and id. The caller frees it. error names revision and
// object.
SourceFolder *source_tree_folder(
	SourceTree *tree, const char *path, const SourceId *id, GError **error);
// The same of a folder that was read before, in another commit: what is as it was is not looked at again. before is not
// kept; NULL: it was not.
SourceFolder *source_tree_folder_again(SourceTree *tree, const char *path, const SourceId *id,
	const SourceFolder *before, GError **error);
// The size of a file's content, without loading it.
bool source_tree_blob_size(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t *ret_size, GError **error);
// The content of a file, refused when larger than limit. The bytes end with a NUL that does not
// count. The caller frees them with g_bytes_unref.
GBytes *source_tree_blob(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t limit, GError **error);

// 40 hexadecimal digits and a NUL.
void source_id_text(const SourceId *id, char text[41]);
bool source_id_equal(const SourceId *a, const SourceId *b);
// Whether it is that of nothing: what a folder on disk gives to all of its entries.
bool source_id_is_zero(const SourceId *id);
// For hash tables whose keys are SourceIds.
unsigned source_id_hash(const void *id);
gboolean source_id_same(const void *a, const void *b);
// The fault of a name by itself (not against its neighbours). length excludes the NUL.
EntryFault entry_name_fault(const char *name, size_t length);
// "a name that git reserves", …: for messages.
const char *entry_fault_text(EntryFault fault);
