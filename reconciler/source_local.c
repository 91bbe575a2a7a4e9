// A repository that is read in place.
#include "reconciler/source_internal.h"
#include "reconciler/source_names.h"
#include "repo-layout/git_format.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool source_local_open(Source *source, GError **error)
{
	struct stat status;

	if (stat(source->url, &status) != 0) {
		g_clear_pointer(&source->repository, git_repository_free);
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_GONE,
			"repository '%s' cannot be reached: %s; put it back, or correct the path",
			source->url, g_strerror(errno));
		return false;
	}
	if (source->repository != NULL && source->device == status.st_dev &&
		source->inode == status.st_ino &&
		access(git_repository_path(source->repository), F_OK) == 0)
		return true;
	g_clear_pointer(&source->repository, git_repository_free);
	if (!git_format_is_known(source->url)) {
		g_set_error(
			error, FETCH_ERROR, FETCH_ERROR_CORRUPT, GIT_FORMAT_REFUSED, source->url);
		return false;
	}
	int code = git_repository_open_ext(
		&source->repository, source->url, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (code == GIT_ENOTFOUND) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_GONE,
			"'%s' is not a Git repository: give the folder that holds .git, or a bare "
			"repository",
			source->url);
		git_error_clear();
		return false;
	}
	if (code != 0) {
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"repository '%s' cannot be opened; 'git -C %s fsck' tells what is wrong "
			"with it",
			source->url, source->url);
		return false;
	}
	source->device = status.st_dev;
	source->inode = status.st_ino;
	return true;
}

// The short names of the references under a prefix.
static GPtrArray *list_names(git_repository *repository, const char *prefix)
{
	g_autofree char *glob = g_strconcat(prefix, "*", NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	git_reference_iterator *iterator = NULL;
	const char *name;

	if (git_reference_iterator_glob_new(&iterator, repository, glob) != 0)
		return names;
	while (git_reference_next_name(&name, iterator) == 0)
		g_ptr_array_add(names, g_strdup(name + strlen(prefix)));
	git_reference_iterator_free(iterator);
	return names;
}

// The branch that HEAD names.
static char *head_branch(const Source *source, GError **error)
{
	git_reference *head = NULL;
	char *ref = NULL;

	if (git_reference_lookup(&head, source->repository, "HEAD") != 0) {
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"HEAD of repository '%s' cannot be read", source->url);
		return NULL;
	}
	const char *target = git_reference_symbolic_target(head);
	if (target != NULL && g_str_has_prefix(target, REFS_HEADS))
		ref = g_strdup(target);
	else
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
			"HEAD of repository '%s' is not on a branch: name the branch to track",
			source->url);
	git_reference_free(head);
	return ref;
}

// A branch that is at the commit which is live; NULL: there is none. Borrowed from branches.
static const char *find_renamed(
	const Source *source, const GPtrArray *branches, const SourceKnown *known)
{
	git_oid wanted, id;

	if (git_oid_fromstr(&wanted, known->commit) != 0)
		return NULL;
	for (guint i = 0; i < branches->len; i++) {
		g_autofree char *ref = g_strconcat(REFS_HEADS, branches->pdata[i], NULL);

		if (git_reference_name_to_id(&id, source->repository, ref) == 0 &&
			git_oid_equal(&id, &wanted))
			return branches->pdata[i];
	}
	git_error_clear();
	return NULL;
}

// Says that the reference is not there. names: what there is of its kind.
static bool miss(const Source *source, const char *ref, GPtrArray *names, const SourceKnown *known,
	GError **error)
{
	bool was_there = known != NULL && known->commit != NULL && g_strcmp0(known->ref, ref) == 0;
	bool branch = g_str_has_prefix(ref, REFS_HEADS);
	const char *renamed = was_there && branch ? find_renamed(source, names, known) : NULL;

	g_ptr_array_add(names, NULL);
	const MissingRef missing = {
		.url = source->url,
		.ref = ref,
		.names = (const char *const *)(const void *)names->pdata,
		.renamed = renamed,
		.was_there = was_there,
		.from_head = source_followed(source) == NULL,
	};
	fetch_error_missing(error, &missing);
	return false;
}

// What the reference is when it is not there: nothing yet in an empty repository, the only branch, or a mistake.
static bool find_instead(const Source *source, const char *ref, const SourceKnown *known,
	char **ret_ref, bool *ret_empty, GError **error)
{
	g_autoptr(GPtrArray) branches = list_names(source->repository, REFS_HEADS);
	const char *only = source_followed(source) == NULL ? only_branch(branches) : NULL;

	*ret_empty = branches->len == 0;
	if (*ret_empty || only != NULL) {
		*ret_ref = only == NULL ? g_strdup(ref) : g_strconcat(REFS_HEADS, only, NULL);
		return true;
	}
	g_autoptr(GPtrArray) tags = list_names(source->repository, REFS_TAGS);
	return miss(source, ref, g_str_has_prefix(ref, REFS_TAGS) ? tags : branches, known, error);
}

bool source_local_find(
	Source *source, const SourceKnown *known, char **ret_ref, bool *ret_empty, GError **error)
{
	g_autofree char *ref = g_strdup(source_followed(source));
	git_oid id;

	if (ref != NULL && !g_str_has_prefix(ref, "refs/"))
		return source_find_pinned(source, ret_ref, error);
	if (ref == NULL)
		ref = head_branch(source, error);
	if (ref == NULL)
		return false;
	int code = git_reference_name_to_id(&id, source->repository, ref);
	if (code == 0) {
		*ret_ref = g_steal_pointer(&ref);
		return true;
	}
	if (code == GIT_ENOTFOUND) {
		git_error_clear();
		return find_instead(source, ref, known, ret_ref, ret_empty, error);
	}
	fetch_error_git(error, FETCH_ERROR_CORRUPT, "%s '%s' of repository '%s' cannot be read",
		ref_kind(ref), ref_short(ref), source->url);
	return false;
}
