// A commit, straight from the object database.
#include "repo-layout/git_format.h"
#include "repo-layout/git_memory.h"
#include "repo-layout/source_private.h"

#include <errno.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <string.h>
#include <unistd.h>

enum {
	LARGEST_TREE = 64 * 1024 * 1024,
	READING_ROOM = 1024 * 1024, // that libgit2 may need in one piece besides the object itself
};

static const char *git_problem(void)
{
	const git_error *problem = git_error_last();

	return problem != NULL && problem->message != NULL ? problem->message : "unknown error";
}

// What there is to do about an object that is not there; "" when that is not known. Ends what libgit2 has to say: the caller
// has copied that.
static const char *cure_of_lack(const SourceTree *tree)
{
	const git_error *problem = git_error_last();

	return problem != NULL &&
			       (problem->klass == GIT_ERROR_ODB ||
				       problem->klass == GIT_ERROR_REFERENCE) &&
			       git_repository_is_shallow(tree->repository) == 1
		       ? "; the repository is a shallow clone: 'git fetch --unshallow' gets the "
			 "rest"
		       : "";
}

static void object_error(
	GError **error, SourceTree *tree, const char *path, const SourceId *id, const char *why)
{
	g_autofree char *reason = NULL;
	char text[41];

	if (error == NULL)
		return;
	reason = g_strdup(why);
	source_id_text(id, text);
	g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
		"cannot read '%s' (object %s) of revision %s in '%s': %s%s",
		*path == '\0' ? "/" : path, text, tree->revision, tree->path, reason,
		cure_of_lack(tree));
}

static void git_id(const SourceId *id, git_oid *oid)
{
	git_oid_fromraw(oid, id->bytes);
}

static git_odb_object *read_object(
	SourceTree *tree, const char *path, const SourceId *id, git_object_t type, GError **error)
{
	git_odb_object *object = NULL;
	git_oid oid;

	git_id(id, &oid);
	if (git_odb_read(&object, tree->objects, &oid) != 0) {
		object_error(error, tree, path, id, git_problem());
		return NULL;
	}
	if (git_odb_object_type(object) != type) {
		object_error(error, tree, path, id,
			type == GIT_OBJECT_TREE ? "it is no tree" : "it is no blob");
		git_odb_object_free(object);
		return NULL;
	}
	return object;
}

// Most objects are as small as they should be: those are read in one go. NULL: it is larger, or cannot be read.
static git_odb_object *read_small(
	SourceTree *tree, const char *path, const SourceId *id, git_object_t type, uint64_t limit)
{
	git_odb_object *object;

	if (limit >= SIZE_MAX - READING_ROOM)
		return NULL;
	git_memory_limit((size_t)limit + READING_ROOM);
	object = read_object(tree, path, id, type, NULL);
	git_memory_release();
	if (object != NULL && git_odb_object_size(object) > limit)
		g_clear_pointer(&object, git_odb_object_free);
	return object;
}

static SourceKind kind_of(unsigned mode)
{
	switch (mode) {
	case 0100644:
	case 0100755:
	case 0100664: return SOURCE_FILE;
	case 0040000: return SOURCE_FOLDER;
	case 0120000: return SOURCE_LINK;
	case 0160000: return SOURCE_SUBMODULE;
	default: return SOURCE_OTHER;
	}
}

// Takes one entry's mode from the raw tree; false when it is not even a number.
static bool take_mode(const char **at, const char *end, SourceEntry *entry)
{
	unsigned mode = 0;
	const char *start = *at;

	while (*at < end && **at >= '0' && **at <= '7' && *at - start < 8)
		mode = mode * 8 + (unsigned)(*(*at)++ - '0');
	if (*at == start || *at == end || **at != ' ')
		return false;
	(*at)++;
	entry->kind = kind_of(mode);
	entry->executable = mode == 0100755;
	if (*start == '0' || entry->kind == SOURCE_OTHER)
		entry->fault = ENTRY_MODE;
	return true;
}

static bool take_entry(const char **at, const char *end, SourceEntry *entry)
{
	const char *name;
	const char *stop;

	memset(entry, 0, sizeof(*entry));
	if (!take_mode(at, end, entry))
		return false;
	name = *at;
	stop = memchr(name, '\0', (size_t)(end - name));
	if (stop == NULL || end - stop - 1 < SOURCE_ID_SIZE)
		return false;
	memcpy(entry->id.bytes, stop + 1, SOURCE_ID_SIZE);
	*at = stop + 1 + SOURCE_ID_SIZE;
	entry->name = name;
	if (entry->fault == ENTRY_GOOD)
		entry->fault = entry_name_fault(name, (size_t)(stop - name));
	return true;
}

// Git sorts a folder as if its name ended with a slash.
static int compare_entries(const SourceEntry *a, const SourceEntry *b)
{
	size_t length_a = strlen(a->name);
	size_t length_b = strlen(b->name);
	size_t shared = MIN(length_a, length_b);
	int order = memcmp(a->name, b->name, shared);
	unsigned char next_a, next_b;

	if (order != 0)
		return order;
	next_a = length_a > shared	    ? (unsigned char)a->name[shared]
		 : a->kind == SOURCE_FOLDER ? '/'
					    : 0;
	next_b = length_b > shared	    ? (unsigned char)b->name[shared]
		 : b->kind == SOURCE_FOLDER ? '/'
					    : 0;
	return (next_a > next_b) - (next_a < next_b);
}

static bool parse_tree(SourceFolder *folder)
{
	const char *at = folder->storage;
	const char *end = at + folder->size;
	size_t room = folder->size / 40 + 8;

	g_free(folder->entries);
	folder->entries = g_new(SourceEntry, room);
	folder->length = 0;
	while (at < end) {
		SourceEntry *entry;

		if (folder->length == room) {
			room *= 2;
			folder->entries = g_renew(SourceEntry, folder->entries, room);
		}
		entry = &folder->entries[folder->length];
		if (!take_entry(&at, end, entry))
			return false;
		if (folder->length > 0 && entry->fault == ENTRY_GOOD &&
			compare_entries(entry - 1, entry) > 0)
			entry->fault = ENTRY_UNSORTED;
		folder->length++;
	}
	return true;
}

// Takes the entries over from before when only ids differ: names and kinds lie at the same places then.
static bool parse_again(SourceFolder *folder, const SourceFolder *before)
{
	size_t at = 0;

	if (before == NULL || before->size != folder->size)
		return false;
	folder->entries = g_memdup2(before->entries, before->length * sizeof(SourceEntry));
	for (folder->length = 0; folder->length < before->length; folder->length++) {
		SourceEntry *entry = &folder->entries[folder->length];
		size_t name = (size_t)(entry->name - before->storage);
		size_t stop = name + strlen(entry->name) + 1;

		if (memcmp(folder->storage + at, before->storage + at, stop - at) != 0)
			return false;
		entry->name = folder->storage + name;
		memcpy(entry->id.bytes, folder->storage + stop, SOURCE_ID_SIZE);
		at = stop + SOURCE_ID_SIZE;
	}
	return true;
}

// By what the object says of itself, without unpacking it.
static bool check_tree(SourceTree *tree, const char *path, const SourceId *id, GError **error)
{
	git_object_t type;
	git_oid oid;
	size_t size = 0;

	git_id(id, &oid);
	if (git_odb_read_header(&size, &type, tree->objects, &oid) != 0) {
		object_error(error, tree, path, id, git_problem());
		return false;
	}
	if (size > LARGEST_TREE)
		object_error(error, tree, path, id, "the tree is larger than 64 MiB");
	return size <= LARGEST_TREE;
}

static SourceFolder *commit_folder(SourceTree *tree, const char *path, const SourceId *id,
	const SourceFolder *before, GError **error)
{
	git_odb_object *object = read_small(tree, path, id, GIT_OBJECT_TREE, LARGEST_TREE);
	SourceFolder *folder;

	if (object == NULL && check_tree(tree, path, id, error))
		object = read_object(tree, path, id, GIT_OBJECT_TREE, error);
	if (object == NULL)
		return NULL;
	folder = g_new0(SourceFolder, 1);
	folder->size = git_odb_object_size(object);
	folder->storage = g_memdup2(git_odb_object_data(object), folder->size + 1);
	git_odb_object_free(object);
	folder->again = parse_again(folder, before);
	if (folder->again)
		return folder;
	if (!parse_tree(folder)) {
		object_error(error, tree, path, id, "the tree is cut short or not in git's form");
		source_folder_free(folder);
		return NULL;
	}
	source_folder_check(folder);
	return folder;
}

// By what the blob says of itself, without unpacking it.
static bool commit_size(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t *ret_size, GError **error)
{
	git_object_t type;
	git_oid oid;
	size_t size = 0;

	git_id(id, &oid);
	if (git_odb_read_header(&size, &type, tree->objects, &oid) != 0)
		object_error(error, tree, path, id, git_problem());
	else if (type != GIT_OBJECT_BLOB)
		object_error(error, tree, path, id, "it is no blob");
	else {
		*ret_size = size;
		return true;
	}
	return false;
}

static bool check_blob(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t limit, GError **error)
{
	uint64_t size;

	if (!commit_size(tree, path, id, &size, error))
		return false;
	if (size > limit)
		source_too_large(path, size, limit, error);
	return size <= limit;
}

static void free_object(void *object)
{
	git_odb_object_free(object);
}

static GBytes *commit_blob(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t limit, GError **error)
{
	git_odb_object *object = read_small(tree, path, id, GIT_OBJECT_BLOB, limit);

	if (object == NULL && check_blob(tree, path, id, limit, error))
		object = read_object(tree, path, id, GIT_OBJECT_BLOB, error);
	if (object == NULL)
		return NULL;
	// The library keeps a NUL behind each object's data.
	return g_bytes_new_with_free_func(
		git_odb_object_data(object), git_odb_object_size(object), free_object, object);
}

static void commit_close(SourceTree *tree)
{
	git_odb_free(tree->objects);
	if (tree->owned)
		git_repository_free(tree->repository);
	git_libgit2_shutdown();
}

static const SourceTable commit_table = {commit_folder, commit_size, commit_blob, commit_close};

static void refuse_revision(const SourceTree *tree, const char *revision, GError **error)
{
	const git_error *problem = git_error_last();
	bool unknown =
		*revision == '\0' || (problem != NULL && problem->klass == GIT_ERROR_REFERENCE);
	g_autofree char *reason = g_strdup(git_problem());
	const char *cure = cure_of_lack(tree);

	if (strcmp(revision, "HEAD") == 0 && git_repository_head_unborn(tree->repository) == 1)
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"repository '%s' has no commit yet: make one first", tree->path);
	else if (unknown)
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"repository '%s' has no revision '%s': give a branch, a tag or a commit%s",
			tree->path, revision, cure);
	else
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"cannot read revision '%s' of '%s': %s%s", revision, tree->path, reason,
			cure);
}

static bool find_commit(SourceTree *tree, const char *revision, GError **error)
{
	git_object *named = NULL;
	git_commit *commit = NULL;
	bool found = git_revparse_single(&named, tree->repository, revision) == 0 &&
		     git_object_peel((git_object **)&commit, named, GIT_OBJECT_COMMIT) == 0;

	if (found) {
		memcpy(tree->root.bytes, git_commit_tree_id(commit)->id, SOURCE_ID_SIZE);
		tree->time = git_commit_time(commit);
		git_oid_tostr(tree->revision, sizeof(tree->revision), git_commit_id(commit));
	} else {
		refuse_revision(tree, revision, error);
	}
	git_commit_free(commit);
	git_object_free(named);
	return found;
}

static SourceTree *open_tree(git_repository *repository, bool owned, const char *path,
	const char *revision, GError **error)
{
	g_autoptr(SourceTree) tree = source_tree_new(&commit_table, path);

	git_memory_install();
	git_libgit2_init();
	tree->repository = repository;
	tree->owned = owned;
	if (git_repository_odb((git_odb **)&tree->objects, repository) != 0) {
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"cannot open the objects of '%s': %s", path, git_problem());
		return NULL;
	}
	if (!find_commit(tree, revision, error))
		return NULL;
	return g_steal_pointer(&tree);
}

SourceTree *source_tree_open_repository(void *repository, const char *revision, GError **error)
{
	return open_tree(repository, false, git_repository_path(repository), revision, error);
}

static void refuse_repository(const char *path, GError **error)
{
	const git_error *problem = git_error_last();
	bool there = access(path, F_OK) == 0;

	if (!there)
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"cannot open the repository '%s': %s", path, g_strerror(errno));
	else if (problem != NULL && problem->klass == GIT_ERROR_REPOSITORY)
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"'%s' is not a Git repository: give the folder that holds .git, or a bare "
			"repository",
			path);
	else
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE,
			"cannot open the repository '%s': %s", path, git_problem());
}

SourceTree *source_tree_open_commit(const char *repository, const char *revision, GError **error)
{
	git_repository *opened = NULL;
	SourceTree *tree;

	git_memory_install();
	git_libgit2_init();
	// Only objects are read: who owns the folder does not matter, and nothing in it is executed.
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	if (!git_format_is_known(repository)) {
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE, GIT_FORMAT_REFUSED,
			repository);
		git_libgit2_shutdown();
		return NULL;
	}
	if (git_repository_open_ext(&opened, repository, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) !=
		0) {
		refuse_repository(repository, error);
		git_libgit2_shutdown();
		return NULL;
	}
	tree = open_tree(opened, true, repository, revision, error);
	git_libgit2_shutdown();
	return tree;
}
