#include "reconciler/source_internal.h"
#include "reconciler/source_names.h"

#include <pthread.h>
#include <string.h>

G_DEFINE_QUARK(weir_fetch_error, fetch_error)

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

// A folder of its own for each URL, so that a server may change its source and come back.
static char *mirror_path(const char *folder, const char *url)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, url, -1);

	digest[16] = '\0';
	return g_strdup_printf("%s/%s.git", folder, digest);
}

static void prepare_library(void)
{
	git_libgit2_init();
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

void source_prepare_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare_library);
}

// ---- The options --------------------------------------------------------------------------------------------------

static bool check_name(const char *prefix, const char *name, GError **error)
{
	g_autofree char *ref = g_strconcat(prefix, name, NULL);
	int valid = 0;

	if (git_reference_name_is_valid(&valid, ref) == 0 && valid)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL, "'%s' cannot be the name of a %s",
		name, ref_kind(prefix));
	return false;
}

static bool check_commit(const char *commit, GError **error)
{
	if (strlen(commit) == GIT_OID_HEXSZ &&
		strspn(commit, "0123456789abcdefABCDEF") == GIT_OID_HEXSZ)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
		"'%s' cannot be the id of a commit: give all of its %d hexadecimal digits", commit,
		GIT_OID_HEXSZ);
	return false;
}

// What is to be followed, in the form of SourceTip.ref; *ret_ref NULL: what HEAD names.
static bool read_wanted(const SourceOptions *options, char **ret_ref, GError **error)
{
	int given = (options->branch != NULL) + (options->tag != NULL) + (options->commit != NULL);

	*ret_ref = NULL;
	if (given > 1) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
			"the source names more than one of branch, tag and commit; keep one of "
			"them");
		return false;
	}
	if ((options->branch != NULL && !check_name(REFS_HEADS, options->branch, error)) ||
		(options->tag != NULL && !check_name(REFS_TAGS, options->tag, error)) ||
		(options->commit != NULL && !check_commit(options->commit, error)))
		return false;
	if (options->branch != NULL)
		*ret_ref = g_strconcat(REFS_HEADS, options->branch, NULL);
	else if (options->tag != NULL)
		*ret_ref = g_strconcat(REFS_TAGS, options->tag, NULL);
	else if (options->commit != NULL)
		*ret_ref = g_ascii_strdown(options->commit, -1);
	return true;
}

static bool check_options(const SourceOptions *options, bool *ret_remote, GError **error)
{
	g_auto(SourceUrl) url = {0};

	if (!source_url_parse(options->url, &url, error) ||
		!source_access_check(&options->access, &url, options->url, error))
		return false;
	*ret_remote = url.scheme != URL_PATH;
	if (!*ret_remote || options->mirror_folder != NULL)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL,
		"'%s' is remote and there is no folder to mirror it into", options->url);
	return false;
}

Source *source_new(const SourceOptions *options, GError **error)
{
	char *wanted = NULL;
	bool remote;

	source_prepare_library();
	if (!check_options(options, &remote, error) || !read_wanted(options, &wanted, error))
		return NULL;
	Source *source = g_new0(Source, 1);
	source->url = g_strdup(options->url);
	source->wanted = wanted;
	if (wanted == NULL && options->noted != NULL &&
		g_str_has_prefix(options->noted, REFS_HEADS))
		source->noted = g_strdup(options->noted);
	source->allow_rewind = options->allow_rewind;
	source_access_copy(&source->access, &options->access);
	source_access_complete(&source->access);
	if (remote)
		source->mirror = mirror_path(options->mirror_folder, options->url);
	return source;
}

void source_free(Source *source)
{
	if (source == NULL)
		return;
	fetch_process_free(source->process);
	git_repository_free(source->repository);
	source_access_clear(&source->access);
	g_free(source->url);
	g_free(source->wanted);
	g_free(source->noted);
	g_free(source->ref);
	g_free(source->mirror);
	g_free(source->notice);
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

const char *source_ref(const Source *source)
{
	return source->ref != NULL ? source->ref : source_followed(source);
}

const char *source_followed(const Source *source)
{
	return source->wanted != NULL ? source->wanted : source->noted;
}

bool source_is_named(const Source *source)
{
	return source->wanted != NULL;
}

const char *source_notice(const Source *source)
{
	return source->notice;
}

bool source_is_local(const Source *source)
{
	return source->mirror == NULL;
}

void source_tip_clear(SourceTip *tip)
{
	g_clear_pointer(&tip->ref, g_free);
	g_clear_pointer(&tip->author, g_free);
	g_clear_pointer(&tip->summary, g_free);
}

// ---- The tip ------------------------------------------------------------------------------------------------------

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

bool source_describe(Source *source, const char *id, SourceTip *ret_tip)
{
	git_commit *commit = NULL;
	git_oid oid;

	if (source->mirror == NULL ? !source_local_open(source, NULL)
				   : source->repository == NULL &&
					     git_repository_open_bare(
						     &source->repository, source->mirror) != 0)
		return false;
	if (git_oid_fromstr(&oid, id) != 0 ||
		git_commit_lookup(&commit, source->repository, &oid) != 0)
		return false;
	describe_commit(ret_tip, commit);
	git_commit_free(commit);
	return true;
}

// Whether known is an ancestor of commit; negative when that cannot be read.
static int contains(git_repository *repository, git_commit *commit, const git_oid *known)
{
	for (unsigned int i = 0; i < git_commit_parentcount(commit); i++) {
		if (git_oid_equal(git_commit_parent_id(commit, i), known))
			return true;
	}
	int found = git_graph_descendant_of(repository, git_commit_id(commit), known);
	git_error_clear();
	return found;
}

// Whether the operator has named something else to follow since: then any commit is what is wanted. HEAD alone changes nothing.
static bool other_is_wanted(const SourceTip *tip, const SourceKnown *known)
{
	return known->ref != NULL && strcmp(known->ref, tip->ref) != 0;
}

static bool judge_move(Source *source, SourceTip *tip, git_commit *commit, const SourceKnown *known,
	GError **error)
{
	git_oid known_id;

	tip->move = SOURCE_FORWARD;
	if (known == NULL || known->commit == NULL || *known->commit == '\0')
		return true;
	if (g_str_equal(known->commit, tip->id)) {
		tip->move = SOURCE_UNCHANGED;
		return true;
	}
	if (other_is_wanted(tip, known))
		return true;
	int found = git_oid_fromstr(&known_id, known->commit) != 0
			    ? 0
			    : contains(source->repository, commit, &known_id);
	if (found == 1)
		return true;
	// The live commit is always kept in a mirror: when it is not there, or what lies between, the mirror is damaged.
	// Elsewhere a commit that is no longer there is no ancestor.
	if (found < 0 && source_distrust(source)) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_CORRUPT,
			"the history of %s '%s' of repository '%s' cannot be read from its mirror; "
			"the mirror is looked through, and fetched anew if it is damaged",
			ref_kind(tip->ref), ref_short(tip->ref), source->url);
		return false;
	}
	tip->move = SOURCE_REWOUND;
	if (source->allow_rewind)
		return true;
	bool tag = g_str_has_prefix(tip->ref, REFS_TAGS);
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_REWOUND,
		"%s '%s' of repository '%s' was %s: %.12s does not contain %.12s, which is live; "
		"%s, "
		"or allow it with allow_rewind",
		ref_kind(tip->ref), ref_short(tip->ref), source->url,
		tag ? "moved" : "force-pushed", tip->id, known->commit,
		tag ? "put it back" : "push a commit on top of that one");
	return false;
}

// The object that a ref as in SourceTip names.
static int look_up(git_object **ret_object, git_repository *repository, const char *ref)
{
	git_oid id;
	int code = g_str_has_prefix(ref, "refs/") ? git_reference_name_to_id(&id, repository, ref)
						  : git_oid_fromstr(&id, ref);

	return code != 0 ? code : git_object_lookup(ret_object, repository, &id, GIT_OBJECT_ANY);
}

bool source_find_pinned(const Source *source, char **ret_ref, GError **error)
{
	git_object *object = NULL;
	bool found = look_up(&object, source->repository, source->wanted) == 0 &&
		     git_object_type(object) == GIT_OBJECT_COMMIT;

	git_object_free(object);
	git_error_clear();
	*ret_ref = found ? g_strdup(source->wanted) : NULL;
	if (!found)
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
			"commit '%s' is not in repository '%s': push a branch or a tag that holds "
			"it, or name another one",
			source->wanted, source->url);
	return found;
}

static bool read_tip(Source *source, SourceTip *tip, const SourceKnown *known, GError **error)
{
	git_object *object = NULL, *commit = NULL;
	bool good = false;

	if (look_up(&object, source->repository, tip->ref) != 0 ||
		git_object_peel(&commit, object, GIT_OBJECT_COMMIT) != 0)
		fetch_error_git(error, FETCH_ERROR_CORRUPT,
			"the commit of %s '%s' of repository '%s' cannot be read; 'git -C %s fsck' "
			"tells which objects are damaged, and pushing again mends them",
			ref_kind(tip->ref), ref_short(tip->ref), source->url,
			git_repository_path(source->repository));
	else {
		describe_commit(tip, (git_commit *)commit);
		good = judge_move(source, tip, (git_commit *)commit, known, error);
	}
	git_object_free(commit);
	git_object_free(object);
	return good;
}

bool source_fetch(Source *source, const SourceKnown *known, SourceTip *ret_tip, GError **error)
{
	bool empty = false;

	*ret_tip = (SourceTip){.move = SOURCE_EMPTY};
	if (source->mirror != NULL) {
		if (!source_mirror_fetch(source, known, NULL, &ret_tip->ref, &empty, error))
			return false;
	} else if (!source_local_open(source, error) ||
		   !source_local_find(source, known, &ret_tip->ref, &empty, error)) {
		return false;
	}
	if (g_strcmp0(source->ref, ret_tip->ref) != 0) {
		g_free(source->ref);
		source->ref = g_strdup(ret_tip->ref);
	}
	if (empty)
		return true;
	bool good = read_tip(source, ret_tip, known, error);
	if (*ret_tip->id != '\0' && source_followed(source) == NULL)
		source->noted = g_strdup(ret_tip->ref);
	return good;
}

bool source_has_moved(const Source *source, const git_oid *commit)
{
	git_object *object = NULL, *now = NULL;

	if (source->mirror != NULL || source->repository == NULL || source->ref == NULL)
		return false;
	bool moved = look_up(&object, source->repository, source->ref) == 0 &&
		     git_object_peel(&now, object, GIT_OBJECT_COMMIT) == 0 &&
		     !git_oid_equal(git_object_id(now), commit);
	git_object_free(now);
	git_object_free(object);
	git_error_clear();
	return moved;
}

// ---- Any revision -------------------------------------------------------------------------------------------------

static bool resolve(Source *source, const char *rev, SourceTip *ret_tip, GError **error)
{
	git_object *object = NULL, *commit = NULL;
	bool good = false;

	if (*rev == '\0')
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
			"repository '%s' has no revision '': give a branch, a tag or a commit",
			source->url);
	else if (git_revparse_single(&object, source->repository, rev) != 0)
		fetch_error_git(error, FETCH_ERROR_NO_BRANCH,
			"revision '%s' is not in repository '%s'", rev, source->url);
	else if (git_object_peel(&commit, object, GIT_OBJECT_COMMIT) != 0)
		fetch_error_git(error, FETCH_ERROR_NO_BRANCH,
			"revision '%s' of repository '%s' is not a commit", rev, source->url);
	else {
		describe_commit(ret_tip, (git_commit *)commit);
		ret_tip->ref = g_strdup(ret_tip->id);
		good = true;
	}
	git_object_free(commit);
	git_object_free(object);
	return good;
}

bool source_resolve(Source *source, const char *rev, SourceTip *ret_tip, GError **error)
{
	bool empty = false;

	*ret_tip = (SourceTip){.move = SOURCE_EMPTY};
	if (rev == NULL)
		return source_fetch(source, NULL, ret_tip, error);
	if (source->mirror != NULL
			? !source_mirror_fetch(source, NULL, rev, &ret_tip->ref, &empty, error)
			: !source_local_open(source, error))
		return false;
	if (empty)
		return true;
	source_tip_clear(ret_tip);
	ret_tip->move = SOURCE_FORWARD;
	return resolve(source, rev, ret_tip, error);
}
