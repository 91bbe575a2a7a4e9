#include "reconciler/source_internal.h"

#include <string.h>

typedef struct {
	guint tried; // credentials offered on this connection, so that a refused key is not offered
		// for ever
} Connection;

static int offer_credentials(
	git_credential **ret, const char *url, const char *user, unsigned int allowed, void *data)
{
	Connection *connection = data;

	(void)url;
	if (connection->tried++ > 0)
		return GIT_EAUTH;
	if ((allowed & GIT_CREDENTIAL_USERNAME) != 0) {
		connection->tried = 0;
		return git_credential_username_new(ret, user != NULL ? user : "git");
	}
	if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0)
		return git_credential_ssh_key_from_agent(ret, user != NULL ? user : "git");
	return GIT_EAUTH;
}

static FetchError classify(int code)
{
	const git_error *last = git_error_last();

	if (code == GIT_EAUTH || code == GIT_ECERTIFICATE)
		return FETCH_ERROR_REFUSED;
	if (last != NULL && (last->klass == GIT_ERROR_ODB || last->klass == GIT_ERROR_INDEXER))
		return FETCH_ERROR_CORRUPT;
	if (code == GIT_ENOTFOUND)
		return FETCH_ERROR_GONE;
	return FETCH_ERROR_UNREACHABLE;
}

static bool open_mirror(Source *source, GError **error)
{
	if (source->repository != NULL)
		return true;
	if (git_repository_open_bare(&source->repository, source->mirror) == 0)
		return true;
	git_error_clear();
	g_autofree char *folder = g_path_get_dirname(source->mirror);
	if (g_mkdir_with_parents(folder, 0700) != 0) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_UNREACHABLE,
			"the folder '%s' for mirrors cannot be made: %s", folder,
			g_strerror(errno));
		return false;
	}
	if (git_repository_init(&source->repository, source->mirror, true) == 0)
		return true;
	fetch_error_git(error, FETCH_ERROR_CORRUPT,
		"the mirror '%s' of repository '%s' cannot be made; remove it, and it is fetched "
		"anew",
		source->mirror, source->url);
	return false;
}

// Chooses the branch among those that the remote has. *ret_id: its commit there.
static bool choose_branch(Source *source, git_remote *remote, char **ret_branch, git_oid *ret_id,
	bool *ret_empty, GError **error)
{
	const git_remote_head **heads = NULL;
	size_t count = 0;
	g_autoptr(GPtrArray) branches = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *wanted = g_strdup(source->wanted_branch);
	git_buf head = {0};

	if (git_remote_ls(&heads, &count, remote) != 0) {
		fetch_error_git(error, FETCH_ERROR_UNREACHABLE,
			"the references of repository '%s' cannot be listed", source->url);
		return false;
	}
	if (wanted == NULL && git_remote_default_branch(&head, remote) == 0 &&
		g_str_has_prefix(head.ptr, "refs/heads/"))
		wanted = g_strdup(head.ptr + strlen("refs/heads/"));
	git_buf_dispose(&head);
	git_error_clear();
	for (size_t i = 0; i < count; i++) {
		if (g_str_has_prefix(heads[i]->name, "refs/heads/"))
			g_ptr_array_add(branches, g_strdup(heads[i]->name + strlen("refs/heads/")));
	}
	if (wanted == NULL)
		wanted = g_strdup(source_only_branch(branches));
	*ret_empty = branches->len == 0;
	*ret_branch = g_strdup(wanted != NULL ? wanted : "HEAD");
	for (size_t i = 0; i < count && wanted != NULL; i++) {
		if (g_str_has_prefix(heads[i]->name, "refs/heads/") &&
			g_str_equal(heads[i]->name + strlen("refs/heads/"), wanted)) {
			git_oid_cpy(ret_id, &heads[i]->oid);
			return true;
		}
	}
	if (*ret_empty)
		return true;
	fetch_error_no_branch(error, source, *ret_branch, branches);
	return false;
}

// Downloads only when the remote's branch has moved since the last time.
static bool download(Source *source, git_remote *remote, const git_fetch_options *options,
	const char *branch, const git_oid *id, GError **error)
{
	g_autofree char *name = g_strconcat("refs/heads/", branch, NULL);
	g_autofree char *refspec = g_strdup_printf("+%s:%s", name, name);
	char *refspecs[] = {refspec};
	const git_strarray list = {.strings = refspecs, .count = 1};
	git_oid ours;

	if (git_reference_name_to_id(&ours, source->repository, name) == 0 &&
		git_oid_equal(&ours, id))
		return true;
	git_error_clear();
	int code = git_remote_fetch(remote, &list, options, "weir: fetch");
	if (code == 0)
		return true;
	fetch_error_git(error, classify(code), "repository '%s' cannot be fetched", source->url);
	return false;
}

static const char *cure(FetchError code)
{
	switch (code) {
	case FETCH_ERROR_REFUSED:
		return "offer a key through ssh-agent that may read it, and have its host key in "
		       "known_hosts";
	case FETCH_ERROR_GONE:
	case FETCH_ERROR_BAD_URL: return "put it back, or correct the URL";
	case FETCH_ERROR_NO_BRANCH:
	case FETCH_ERROR_REWOUND:
	case FETCH_ERROR_CORRUPT:
	case FETCH_ERROR_UNREACHABLE:
	default: return "it is tried again until it answers; check the URL and the network";
	}
}

static bool fetch_over(
	Source *source, git_remote *remote, char **ret_branch, bool *ret_empty, GError **error)
{
	Connection connection = {0};
	git_fetch_options options;
	git_oid id = {0};

	git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
	options.callbacks.credentials = offer_credentials;
	options.callbacks.payload = &connection;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options.update_fetchhead = 0;
	int code = git_remote_connect(remote, GIT_DIRECTION_FETCH, &options.callbacks, NULL, NULL);
	if (code != 0) {
		FetchError kind = classify(code);

		fetch_error_git(error, kind, "repository '%s' cannot be reached; %s", source->url,
			cure(kind));
		return false;
	}
	return choose_branch(source, remote, ret_branch, &id, ret_empty, error) &&
	       (*ret_empty || download(source, remote, &options, *ret_branch, &id, error));
}

// A remote that nothing but its URL describes. Rules of the configuration that rewrite URLs are not looked for: the library
// would leak memory at each match.
static int create_remote(Source *source, git_remote **ret_remote)
{
	git_remote_create_options options;

	git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	options.repository = source->repository;
	options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	return git_remote_create_with_opts(ret_remote, source->url, &options);
}

bool source_mirror_fetch(Source *source, char **ret_branch, bool *ret_empty, GError **error)
{
	git_remote *remote = NULL;

	if (!open_mirror(source, error))
		return false;
	if (create_remote(source, &remote) != 0) {
		fetch_error_git(error, FETCH_ERROR_BAD_URL, "'%s' is not the URL of a repository",
			source->url);
		return false;
	}
	bool good = fetch_over(source, remote, ret_branch, ret_empty, error);
	git_remote_free(remote);
	return good;
}
