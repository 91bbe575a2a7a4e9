// One fetch: open the mirror, ask the remote what it has, bring what is followed, check it, and only then move the mirror's
// reference. A mirror that turns out to be damaged on the way is set aside, and the fetch begins again with a new one.
#include "reconciler/source_fetch.h"
#include "reconciler/source_internal.h"
#include "reconciler/source_names.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// What the remote has.
typedef struct {
	git_remote *remote;
	const git_remote_head **heads; // belong to remote
	size_t count;
	git_fetch_options options;
} Remote;

typedef enum {
	TRANSFER_DONE,
	TRANSFER_FAILED, // with an error
	TRANSFER_DAMAGED, // the mirror is, with a reason
} Transfer;

// ---- Connecting ---------------------------------------------------------------------------------------------------

enum {
	SAID_BYTES = 16 * 1024, // of what a server tells, that are kept
};

static int beat_progress(const git_indexer_progress *stats, void *fetch)
{
	(void)stats;
	fetch_beat(fetch, FETCH_TRANSFER);
	return 0;
}

// What the server tells meanwhile: progress, and at last the reason when it fails.
static int hear_sideband(const char *text, int length, void *data)
{
	Fetch *fetch = data;
	gssize spare = SAID_BYTES - (gssize)fetch->said->len;

	fetch_beat(fetch, FETCH_TRANSFER);
	if (length > 0 && spare > 0)
		g_string_append_len(fetch->said, text, MIN(length, spare));
	return 0;
}

// The last line of it that is no progress; NULL: there is none. The caller frees it.
static char *last_words(const Fetch *fetch)
{
	g_auto(GStrv) lines = g_strsplit_set(fetch->said->str, "\r\n", -1);
	const char *last = NULL;

	for (char **line = lines; *line != NULL; line++) {
		if (**line != '\0' && strchr(*line, '%') == NULL &&
			!g_str_has_prefix(*line, "Enumerating ") &&
			strstr(*line, ", done.") == NULL)
			last = *line;
	}
	return g_utf8_make_valid(last != NULL ? last : "", -1);
}

static git_transport_cb transport_of(const Fetch *fetch)
{
	switch (fetch->url.scheme) {
	case URL_HTTP:
	case URL_HTTPS: return fetch_transport_http;
	case URL_SSH: return fetch_transport_ssh;
	case URL_FILE:
	case URL_GIT:
	case URL_PATH:
	default: return NULL; // libgit2's own
	}
}

static bool fail(Fetch *fetch, FetchError code, const char *what, const char *cure, GError **error)
{
	const git_error *last = git_error_last();
	g_autofree char *words = last_words(fetch);

	if (fetch->failure != NULL)
		g_propagate_error(error, g_steal_pointer(&fetch->failure));
	else
		g_set_error(error, FETCH_ERROR, (int)code,
			"repository '%s' cannot be %s: %s%s%s; %s", fetch->job.url, what,
			last != NULL && last->message != NULL ? last->message : "unknown reason",
			*words != '\0' ? ", and the server said: " : "", words, cure);
	git_error_clear();
	return false;
}

// A remote that nothing but its URL describes. Rules of the configuration that rewrite URLs are not looked for: the library
// would leak memory at each match.
static bool create_remote(Fetch *fetch, Remote *remote, GError **error)
{
	git_remote_create_options options;

	git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	options.repository = fetch->mirror;
	options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	return git_remote_create_with_opts(&remote->remote, fetch->job.url, &options) == 0 ||
	       fail(fetch, FETCH_ERROR_BAD_URL, "fetched", "correct the URL", error);
}

// libgit2 would say it in other words, and call it something else.
static bool check_folder(Fetch *fetch, GError **error)
{
	if (fetch->url.scheme != URL_FILE || access(fetch->url.path, F_OK) == 0)
		return true;
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_GONE,
		"repository '%s' cannot be reached: %s; put it back, or correct the URL",
		fetch->job.url, g_strerror(errno));
	return false;
}

// Whether the server has said, in Git's protocol, that it does not have the repository.
static bool is_gone(int code)
{
	const git_error *last = git_error_last();

	return code == GIT_ENOTFOUND || (last != NULL && last->message != NULL &&
						g_str_has_prefix(last->message, "remote error: "));
}

static bool connect_remote(Fetch *fetch, Remote *remote, GError **error)
{
	git_fetch_options *options = &remote->options;

	git_fetch_options_init(options, GIT_FETCH_OPTIONS_VERSION);
	options->callbacks.transport = transport_of(fetch);
	options->callbacks.transfer_progress = beat_progress;
	options->callbacks.sideband_progress = hear_sideband;
	options->callbacks.payload = fetch;
	options->download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options->update_fetchhead = 0;
	fetch_beat(fetch, FETCH_CONNECT);
	int code = git_remote_connect(
		remote->remote, GIT_DIRECTION_FETCH, &options->callbacks, NULL, NULL);
	if (code != 0)
		return fail(fetch, is_gone(code) ? FETCH_ERROR_GONE : FETCH_ERROR_UNREACHABLE,
			"reached",
			is_gone(code) ? "put it back, or correct the URL"
				      : "it is tried again until it answers; check the URL and the "
					"network",
			error);
	fetch_beat(fetch, FETCH_TRANSFER);
	return git_remote_ls(&remote->heads, &remote->count, remote->remote) == 0 ||
	       fail(fetch, FETCH_ERROR_UNREACHABLE, "listed", "it is tried again", error);
}

// ---- Choosing -----------------------------------------------------------------------------------------------------

static const git_remote_head *find_head(const Remote *remote, const char *ref)
{
	for (size_t i = 0; i < remote->count; i++) {
		if (strcmp(remote->heads[i]->name, ref) == 0)
			return remote->heads[i];
	}
	return NULL;
}

// The short names of the branches or tags that the remote has, ended by NULL.
static GPtrArray *list_names(const Remote *remote, const char *prefix)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < remote->count; i++) {
		const char *name = remote->heads[i]->name;

		if (g_str_has_prefix(name, prefix) && !g_str_has_suffix(name, "^{}"))
			g_ptr_array_add(names, g_strdup(name + strlen(prefix)));
	}
	return names;
}

// The branch that the remote's HEAD names; NULL when it names none.
static char *head_branch(const Remote *remote)
{
	git_buf head = {0};
	char *ref = NULL;

	if (git_remote_default_branch(&head, remote->remote) == 0 &&
		g_str_has_prefix(head.ptr, REFS_HEADS))
		ref = g_strdup(head.ptr);
	git_buf_dispose(&head);
	git_error_clear();
	return ref;
}

// A branch other than ref that is at the commit which is live; NULL: there is none. Borrowed from remote.
static const char *find_renamed(const Fetch *fetch, const Remote *remote, const char *ref)
{
	git_oid known;

	if (!g_str_has_prefix(ref, REFS_HEADS) || fetch->job.known.commit == NULL ||
		git_oid_fromstr(&known, fetch->job.known.commit) != 0)
		return NULL;
	for (size_t i = 0; i < remote->count; i++) {
		if (g_str_has_prefix(remote->heads[i]->name, REFS_HEADS) &&
			git_oid_equal(&remote->heads[i]->oid, &known))
			return ref_short(remote->heads[i]->name);
	}
	return NULL;
}

static bool miss(const Fetch *fetch, const Remote *remote, const char *ref, GError **error)
{
	g_autoptr(GPtrArray) names =
		list_names(remote, g_str_has_prefix(ref, REFS_TAGS) ? REFS_TAGS : REFS_HEADS);
	bool was_there = g_strcmp0(fetch->job.known.ref, ref) == 0;

	g_ptr_array_add(names, NULL);
	const MissingRef missing = {
		.url = fetch->job.url,
		.ref = ref,
		.names = (const char *const *)(const void *)names->pdata,
		.renamed = was_there ? find_renamed(fetch, remote, ref) : NULL,
		.was_there = was_there,
	};
	fetch_error_missing(error, &missing);
	return false;
}

// Which reference to bring; *ret_head NULL: all branches and tags, or none when the remote is empty.
static bool choose(
	Fetch *fetch, const Remote *remote, const git_remote_head **ret_head, GError **error)
{
	g_autoptr(GPtrArray) branches = list_names(remote, REFS_HEADS);
	g_autofree char *ref = g_strdup(fetch->job.ref);

	*ret_head = NULL;
	fetch->answer.empty = remote->count == 0;
	if (fetch->job.revision != NULL || fetch->answer.empty)
		return true;
	if (ref == NULL)
		ref = head_branch(remote);
	if (ref == NULL && only_branch(branches) != NULL)
		ref = g_strconcat(REFS_HEADS, only_branch(branches), NULL);
	if (ref == NULL) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
			"HEAD of repository '%s' is not on a branch: name the branch to track",
			fetch->job.url);
		return false;
	}
	*ret_head = find_head(remote, ref);
	if (*ret_head == NULL)
		return miss(fetch, remote, ref, error);
	fetch->answer.ref = g_steal_pointer(&ref);
	return true;
}

// ---- Bringing -----------------------------------------------------------------------------------------------------

static bool is_brought(const git_remote_head *head, const git_remote_head *only)
{
	const char *name = head->name;

	if (g_str_has_suffix(name, "^{}"))
		return false;
	if (only != NULL)
		return head == only;
	return g_str_has_prefix(name, REFS_HEADS) || g_str_has_prefix(name, REFS_TAGS);
}

static bool is_at(git_repository *mirror, const git_remote_head *head)
{
	git_oid ours;
	bool same = git_reference_name_to_id(&ours, mirror, head->name) == 0 &&
		    git_oid_equal(&ours, &head->oid);

	git_error_clear();
	return same;
}

// Whether the repository was cut off when it was cloned: it lacks commits that its branches have behind them, and so lacks
// whoever fetches from it.
static bool is_cut_off(const Fetch *fetch)
{
	git_repository *there = NULL;
	bool shallow = git_repository_is_shallow(fetch->mirror) == 1;

	if (!shallow && fetch->url.scheme == URL_FILE &&
		git_repository_open(&there, fetch->url.path) == 0)
		shallow = git_repository_is_shallow(there) == 1;
	git_repository_free(there);
	return shallow;
}

static const char *cure_of_lack(const Fetch *fetch, const char *otherwise)
{
	const git_error *last = git_error_last();
	g_autofree char *message = last == NULL ? NULL : g_strdup(last->message);
	const int class = last == NULL ? 0 : last->klass;
	const char *cure = is_cut_off(fetch)
				   ? "it is a shallow clone: 'git fetch --unshallow' there "
				     "gets the rest"
				   : otherwise;

	if (message != NULL)
		git_error_set_str(class, message);
	return cure;
}

// Downloads what only (NULL: any branch or tag) needs. Nothing is moved yet.
static Transfer download(Fetch *fetch, Remote *remote, const git_remote_head *only,
	char **ret_damage, GError **error)
{
	g_autoptr(GPtrArray) refspecs = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < remote->count; i++) {
		const git_remote_head *head = remote->heads[i];

		if (is_brought(head, only) && !is_at(fetch->mirror, head))
			g_ptr_array_add(
				refspecs, g_strdup_printf("+%s:%s", head->name, head->name));
	}
	if (refspecs->len == 0)
		return TRANSFER_DONE;
	fetch->moved = true;
	const git_strarray list = {(char **)refspecs->pdata, refspecs->len};
	if (git_remote_download(remote->remote, &list, &remote->options) == 0)
		return TRANSFER_DONE;
	bool ours = fetch->failure == NULL;
	fail(fetch, FETCH_ERROR_UNREACHABLE, "fetched",
		cure_of_lack(fetch, "it is tried again; see to the server"), error);
	*ret_damage = ours ? mirror_damage(fetch) : NULL;
	if (*ret_damage == NULL)
		return TRANSFER_FAILED;
	g_clear_error(error);
	return TRANSFER_DAMAGED;
}

// References that the remote no longer has may stand in the way of new ones: "a" of "a/b".
static void prune(Fetch *fetch, const Remote *remote)
{
	git_reference_iterator *iterator = NULL;
	const char *name;

	if (git_reference_iterator_new(&iterator, fetch->mirror) != 0)
		return;
	g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
	while (git_reference_next_name(&name, iterator) == 0) {
		if (strcmp(name, MIRROR_KNOWN) != 0 && find_head(remote, name) == NULL)
			g_ptr_array_add(gone, g_strdup(name));
	}
	git_reference_iterator_free(iterator);
	for (guint i = 0; i < gone->len; i++)
		git_reference_remove(fetch->mirror, gone->pdata[i]);
	git_error_clear();
}

static bool point(git_repository *mirror, const char *name, const git_oid *id)
{
	git_reference *reference = NULL;
	bool good = git_reference_create(&reference, mirror, name, id, 1, NULL) == 0;

	git_reference_free(reference);
	return good;
}

static Transfer move_references(Fetch *fetch, const Remote *remote, const git_remote_head *only,
	char **ret_damage, GError **error)
{
	bool good = true;

	prune(fetch, remote);
	for (size_t i = 0; good && i < remote->count; i++) {
		const git_remote_head *head = remote->heads[i];

		if (is_brought(head, only) && !is_at(fetch->mirror, head))
			good = point(fetch->mirror, head->name, &head->oid);
	}
	if (good && fetch->answer.ref != NULL && g_str_has_prefix(fetch->answer.ref, REFS_HEADS))
		good = git_repository_set_head(fetch->mirror, fetch->answer.ref) == 0;
	if (good)
		return TRANSFER_DONE;
	const git_error *last = git_error_last();
	if (last == NULL || last->klass == GIT_ERROR_OS) {
		fail(fetch, FETCH_ERROR_CORRUPT, "fetched",
			"its mirror cannot be written to: see to the disk", error);
		return TRANSFER_FAILED;
	}
	*ret_damage = g_strdup(last->message);
	git_error_clear();
	return TRANSFER_DAMAGED;
}

static char *find_lack(Fetch *fetch, const Remote *remote, const git_remote_head *only)
{
	char *lack = NULL;

	for (size_t i = 0; lack == NULL && i < remote->count; i++) {
		const git_remote_head *head = remote->heads[i];
		git_oid base;

		if (!is_brought(head, only) || is_at(fetch->mirror, head))
			continue;
		bool based = git_reference_name_to_id(&base, fetch->mirror, head->name) == 0;
		git_error_clear();
		lack = mirror_lacks(fetch, &head->oid, based ? &base : NULL, false);
	}
	return lack;
}

static Transfer transfer(Fetch *fetch, Remote *remote, char **ret_damage, GError **error)
{
	const git_remote_head *only = NULL;

	if (!check_folder(fetch, error) || !create_remote(fetch, remote, error) ||
		!connect_remote(fetch, remote, error) || !choose(fetch, remote, &only, error))
		return TRANSFER_FAILED;
	Transfer result = download(fetch, remote, only, ret_damage, error);
	if (result != TRANSFER_DONE)
		return result;
	*ret_damage = find_lack(fetch, remote, only);
	if (*ret_damage != NULL)
		return TRANSFER_DAMAGED;
	return move_references(fetch, remote, only, ret_damage, error);
}

// ---- The fetch ----------------------------------------------------------------------------------------------------

static Transfer transfer_once(Fetch *fetch, char **ret_damage, GError **error)
{
	Remote remote = {0};
	Transfer result = transfer(fetch, &remote, ret_damage, error);

	git_remote_free(remote.remote);
	return result;
}

static bool bring(Fetch *fetch, GError **error)
{
	g_autofree char *damage = NULL;
	Transfer result = transfer_once(fetch, &damage, error);

	if (result == TRANSFER_DAMAGED && !fetch->fresh) {
		if (!mirror_renew(fetch, damage, error))
			return false;
		g_clear_pointer(&damage, g_free);
		g_clear_pointer(&fetch->answer.ref, g_free);
		result = transfer_once(fetch, &damage, error);
	}
	if (result == TRANSFER_DAMAGED)
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_CORRUPT,
			"repository '%s' is damaged: %s; %s", fetch->job.url, damage,
			cure_of_lack(
				fetch, "'git fsck' there tells more, and pushing again mends it"));
	return result == TRANSFER_DONE;
}

// A commit that is there already needs no network: it never changes.
static bool has_pinned(const Fetch *fetch)
{
	const char *pinned = fetch->job.revision;
	git_commit *commit = NULL;
	git_oid id;

	if (pinned == NULL || strlen(pinned) != GIT_OID_HEXSZ || git_oid_fromstr(&id, pinned) != 0)
		return false;
	bool found = git_commit_lookup(&commit, fetch->mirror, &id) == 0;
	git_commit_free(commit);
	git_error_clear();
	return found;
}

// The live commit stays in the mirror whatever becomes of the branch it was on.
static void keep_known(const Fetch *fetch)
{
	git_commit *commit = NULL;
	git_oid id;

	if (fetch->job.known.commit == NULL || git_oid_fromstr(&id, fetch->job.known.commit) != 0)
		return;
	if (git_commit_lookup(&commit, fetch->mirror, &id) == 0)
		point(fetch->mirror, MIRROR_KNOWN, &id);
	git_commit_free(commit);
	git_error_clear();
}

bool fetch_run(Fetch *fetch, GError **error)
{
	bool good;

	source_prepare_library();
	// A mirror that a power cut leaves is whole, or as it was.
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	good = mirror_open(fetch, error);
	if (good && !has_pinned(fetch))
		good = bring(fetch, error);
	if (good) {
		keep_known(fetch);
		mirror_tidy(fetch);
	}
	mirror_close(fetch);
	return good;
}
