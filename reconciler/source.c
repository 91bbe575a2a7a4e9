#include "reconciler/source_internal.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(weir_fetch_error, fetch_error)

static const char *const REMOTE_SCHEMES[] = {"file://", "https://", "http://", "ssh://", "git://"};

void fetch_error_git(GError **error, FetchError code, const char *format, ...)
{
	const git_error *last = git_error_last();
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (last != NULL && last->message != NULL && last->klass != GIT_ERROR_NONE)
		g_set_error(error, FETCH_ERROR, (int)code, "%s (%s)", message, last->message);
	else
		g_set_error_literal(error, FETCH_ERROR, (int)code, message);
	git_error_clear();
}

// "user@host:path", the short form of ssh.
static bool is_scp_like(const char *url)
{
	const char *colon = strchr(url, ':');
	const char *at = strchr(url, '@');

	return at != NULL && colon != NULL && at < colon &&
	       memchr(url, '/', (size_t)(colon - url)) == NULL;
}

static bool is_remote(const char *url)
{
	for (size_t i = 0; i < G_N_ELEMENTS(REMOTE_SCHEMES); i++) {
		if (g_str_has_prefix(url, REMOTE_SCHEMES[i]))
			return true;
	}
	return is_scp_like(url);
}

// A folder of its own for each URL, so that a server may change its source and come back.
static char *mirror_path(const char *folder, const char *url)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, url, -1);

	digest[16] = '\0';
	return g_strdup_printf("%s/%s.git", folder, digest);
}

// Only the repository itself is read: no configuration of the machine or the user changes what is
// fetched, and a repository of another user is readable because nothing in it is ever executed.
static void prepare_library(void)
{
	static gsize prepared;

	if (!g_once_init_enter(&prepared))
		return;
	git_libgit2_init();
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	g_once_init_leave(&prepared, 1);
}

Source *source_new(const SourceOptions *options, GError **error)
{
	bool remote = is_remote(options->url);

	prepare_library();
	if (*options->url == '\0' || (!remote && strstr(options->url, "://") != NULL)) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
			"'%s' is not the URL of a repository: give a path, or a URL that begins "
			"with file://, "
			"https:// or ssh://",
			options->url);
		return NULL;
	}
	if (remote && options->mirror_folder == NULL) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
			"'%s' is remote and there is no folder to mirror it into", options->url);
		return NULL;
	}
	if (options->branch != NULL) {
		g_autofree char *name = g_strconcat("refs/heads/", options->branch, NULL);
		int valid = 0;

		if (git_reference_name_is_valid(&valid, name) != 0 || !valid) {
			g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
				"'%s' cannot be the name of a branch", options->branch);
			return NULL;
		}
	}
	Source *source = g_new0(Source, 1);
	source->retired = g_ptr_array_new_with_free_func((GDestroyNotify)git_repository_free);
	source->url = g_strdup(options->url);
	source->wanted_branch = g_strdup(options->branch);
	source->allow_rewind = options->allow_rewind;
	if (remote)
		source->mirror = mirror_path(options->mirror_folder, options->url);
	return source;
}

void source_free(Source *source)
{
	if (source == NULL)
		return;
	g_ptr_array_unref(source->retired);
	git_repository_free(source->repository);
	g_free(source->url);
	g_free(source->wanted_branch);
	g_free(source->branch);
	g_free(source->mirror);
	g_free(source);
}

git_repository *source_repository(const Source *source)
{
	return source->repository;
}

const char *source_url(const Source *source)
{
	return source->url;
}

const char *source_branch(const Source *source)
{
	return source->branch != NULL ? source->branch : source->wanted_branch;
}

bool source_is_local(const Source *source)
{
	return source->mirror == NULL;
}

void source_tip_clear(SourceTip *tip)
{
	g_clear_pointer(&tip->branch, g_free);
	g_clear_pointer(&tip->author, g_free);
	g_clear_pointer(&tip->summary, g_free);
}

// ---- A repository that is read in place
// ---------------------------------------------------------------------------

static void retire(Source *source)
{
	if (source->repository != NULL)
		g_ptr_array_add(source->retired, g_steal_pointer(&source->repository));
}

// Opens the repository, or opens it anew when another one now stands at its place.
static bool open_in_place(Source *source, GError **error)
{
	struct stat status;

	if (stat(source->url, &status) != 0) {
		retire(source);
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_GONE,
			"repository '%s' cannot be reached: %s; put it back, or correct the path",
			source->url, g_strerror(errno));
		return false;
	}
	if (source->repository != NULL && source->device == status.st_dev &&
		source->inode == status.st_ino &&
		access(git_repository_path(source->repository), F_OK) == 0)
		return true;
	retire(source);
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

static bool list_branches(git_repository *repository, GPtrArray *branches)
{
	git_reference_iterator *iterator = NULL;
	const char *name;

	if (git_reference_iterator_glob_new(&iterator, repository, "refs/heads/*") != 0)
		return false;
	while (git_reference_next_name(&name, iterator) == 0)
		g_ptr_array_add(branches, g_strdup(name + strlen("refs/heads/")));
	git_reference_iterator_free(iterator);
	return true;
}

const char *source_only_branch(const GPtrArray *branches)
{
	if (branches->len != 1)
		return NULL;
	const char *only = branches->pdata[0];
	return g_str_equal(only, "main") || g_str_equal(only, "master") ? only : NULL;
}

void fetch_error_no_branch(
	GError **error, const Source *source, const char *branch, const GPtrArray *branches)
{
	g_autoptr(GString) names = g_string_new(NULL);
	guint shown = MIN(branches->len, 5);

	for (guint i = 0; i < shown; i++)
		g_string_append_printf(
			names, "%s'%s'", i == 0 ? "" : ", ", (const char *)branches->pdata[i]);
	if (shown < branches->len)
		g_string_append(names, ", …");
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
		"branch '%s' is not in repository '%s'%s; it has %s: push the branch, or name "
		"another one to track",
		branch, source->url,
		source->wanted_branch == NULL ? ", though its HEAD names it" : "", names->str);
}

// The short name of the branch that HEAD names.
static char *head_branch(const Source *source, GError **error)
{
	git_reference *head = NULL;
	char *branch = NULL;

	if (git_reference_lookup(&head, source->repository, "HEAD") != 0) {
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"HEAD of repository '%s' cannot be read", source->url);
		return NULL;
	}
	const char *target = git_reference_symbolic_target(head);
	if (target != NULL && g_str_has_prefix(target, "refs/heads/"))
		branch = g_strdup(target + strlen("refs/heads/"));
	else
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
			"HEAD of repository '%s' is not on a branch: name the branch to track",
			source->url);
	git_reference_free(head);
	return branch;
}

// Finds the tracked branch. *ret_branch with *ret_empty: the repository has no branch at all.
static bool find_branch(Source *source, char **ret_branch, bool *ret_empty, GError **error)
{
	g_autofree char *branch = g_strdup(source->wanted_branch);

	if (branch == NULL)
		branch = head_branch(source, error);
	if (branch == NULL)
		return false;
	g_autofree char *name = g_strconcat("refs/heads/", branch, NULL);
	git_oid id;
	int code = git_reference_name_to_id(&id, source->repository, name);
	if (code == 0) {
		*ret_branch = g_steal_pointer(&branch);
		return true;
	}
	if (code != GIT_ENOTFOUND) {
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"branch '%s' of repository '%s' cannot be read", branch, source->url);
		return false;
	}
	git_error_clear();
	g_autoptr(GPtrArray) branches = g_ptr_array_new_with_free_func(g_free);
	list_branches(source->repository, branches);
	*ret_empty = branches->len == 0;
	const char *only = source->wanted_branch == NULL ? source_only_branch(branches) : NULL;
	if (only != NULL || *ret_empty) {
		*ret_branch = only != NULL ? g_strdup(only) : g_steal_pointer(&branch);
		return true;
	}
	fetch_error_no_branch(error, source, branch, branches);
	return false;
}

// ---- The tip
// ------------------------------------------------------------------------------------------------------

static void describe_commit(SourceTip *tip, git_commit *commit)
{
	const git_signature *author = git_commit_author(commit);
	const char *summary = git_commit_summary(commit);

	git_oid_cpy(&tip->commit, git_commit_id(commit));
	git_oid_tostr(tip->id, sizeof(tip->id), &tip->commit);
	tip->author = author == NULL ? g_strdup("")
				     : g_strdup_printf("%s <%s>", author->name, author->email);
	tip->summary = g_utf8_make_valid(summary != NULL ? summary : "", -1);
	tip->committed_at = (int64_t)git_commit_time(commit) * G_USEC_PER_SEC;
}

// Whether known is an ancestor of commit. A commit that is no longer there is none.
static bool contains(git_repository *repository, git_commit *commit, const git_oid *known)
{
	for (unsigned int i = 0; i < git_commit_parentcount(commit); i++) {
		if (git_oid_equal(git_commit_parent_id(commit, i), known))
			return true;
	}
	bool found = git_graph_descendant_of(repository, git_commit_id(commit), known) == 1;
	git_error_clear();
	return found;
}

static bool judge_move(
	Source *source, SourceTip *tip, git_commit *commit, const char *known, GError **error)
{
	git_oid known_id;

	tip->move = SOURCE_FORWARD;
	if (known == NULL || *known == '\0')
		return true;
	if (g_str_equal(known, tip->id)) {
		tip->move = SOURCE_UNCHANGED;
		return true;
	}
	if (git_oid_fromstr(&known_id, known) == 0 &&
		contains(source->repository, commit, &known_id))
		return true;
	tip->move = SOURCE_REWOUND;
	if (source->allow_rewind)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_REWOUND,
		"branch '%s' of repository '%s' was force-pushed: %.12s does not contain %.12s, "
		"which is live; "
		"push a commit on top of that one, or allow it with allow_rewind",
		tip->branch, source->url, tip->id, known);
	return false;
}

static bool read_tip(Source *source, SourceTip *tip, const char *known, GError **error)
{
	g_autofree char *name = g_strconcat("refs/heads/", tip->branch, NULL);
	git_reference *reference = NULL;
	git_object *commit = NULL;
	bool good = false;

	if (git_reference_lookup(&reference, source->repository, name) != 0)
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"branch '%s' of repository '%s' cannot be read", tip->branch, source->url);
	else if (git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT) != 0)
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"the commit of branch '%s' of repository '%s' cannot be read; "
			"'git -C %s fsck' tells which objects are damaged, and pushing again mends "
			"them",
			tip->branch, source->url, git_repository_path(source->repository));
	else {
		describe_commit(tip, (git_commit *)commit);
		good = judge_move(source, tip, (git_commit *)commit, known, error);
	}
	git_object_free(commit);
	git_reference_free(reference);
	return good;
}

bool source_fetch(Source *source, const char *known, SourceTip *ret_tip, GError **error)
{
	bool empty = false;

	*ret_tip = (SourceTip){.move = SOURCE_EMPTY};
	if (source->mirror != NULL) {
		if (!source_mirror_fetch(source, &ret_tip->branch, &empty, error))
			return false;
	} else if (!open_in_place(source, error) ||
		   !find_branch(source, &ret_tip->branch, &empty, error)) {
		return false;
	}
	if (g_strcmp0(source->branch, ret_tip->branch) != 0) {
		g_free(source->branch);
		source->branch = g_strdup(ret_tip->branch);
	}
	return empty || read_tip(source, ret_tip, known, error);
}

bool source_has_moved(const Source *source, const git_oid *commit)
{
	git_oid now;

	if (source->mirror != NULL || source->repository == NULL || source->branch == NULL)
		return false;
	g_autofree char *name = g_strconcat("refs/heads/", source->branch, NULL);
	bool moved = git_reference_name_to_id(&now, source->repository, name) == 0 &&
		     !git_oid_equal(&now, commit);
	git_error_clear();
	return moved;
}

bool source_resolve(Source *source, const char *rev, SourceTip *ret_tip, GError **error)
{
	git_object *object = NULL, *commit = NULL;
	bool good = false;

	*ret_tip = (SourceTip){.move = SOURCE_EMPTY};
	if (rev == NULL)
		return source_fetch(source, NULL, ret_tip, error);
	if (source->mirror != NULL
			? source->repository == NULL && !source_fetch(source, NULL, ret_tip, error)
			: !open_in_place(source, error))
		return false;
	source_tip_clear(ret_tip);
	ret_tip->move = SOURCE_FORWARD;
	if (git_revparse_single(&object, source->repository, rev) != 0)
		fetch_error_git(error, FETCH_ERROR_NO_BRANCH,
			"revision '%s' is not in repository '%s'", rev, source->url);
	else if (git_object_peel(&commit, object, GIT_OBJECT_COMMIT) != 0)
		fetch_error_git(error, FETCH_ERROR_NO_BRANCH,
			"revision '%s' of repository '%s' is not a commit", rev, source->url);
	else {
		describe_commit(ret_tip, (git_commit *)commit);
		ret_tip->branch = g_strdup(rev);
		good = true;
	}
	git_object_free(commit);
	git_object_free(object);
	return good;
}
