// The mirror's own life: made aside and put in place whole, locked while it is written, cleared of what a killed process
// left, set aside when it is damaged, and kept to few packs.
#include "reconciler/source_fetch.h"
#include "reconciler/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	LOCK_PAUSE = 20 * 1000,
	MANY_PACKS = 50, // at which they are put together when nothing new came
	TOO_MANY_PACKS = 200, // at which also when something did
	TREE_FDS = 16,
};

static bool cannot(Fetch *fetch, const char *what, GError **error)
{
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be fetched: %s '%s': %s; make room for it and give its "
		"folder "
		"to the user that runs weir",
		fetch->job.url, what, fetch->job.mirror, g_strerror(errno));
	return false;
}

// ---- The lock -----------------------------------------------------------------------------------------------------

// Held until the process ends. *ret_killed: the one that held it before did not come to its end.
static bool lock(Fetch *fetch, bool *ret_killed, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(fetch->job.mirror);
	g_autofree char *path = g_strconcat(fetch->job.mirror, ".lock", NULL);
	char mark = 0;

	if (g_mkdir_with_parents(folder, 0700) != 0)
		return cannot(fetch, "there can be no folder for", error);
	fetch->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fetch->lock < 0)
		return cannot(fetch, "no lock can be taken for", error);
	fetch_beat(fetch, FETCH_LOCK);
	while (flock(fetch->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return cannot(fetch, "no lock can be taken for", error);
		g_usleep(LOCK_PAUSE);
	}
	*ret_killed = pread(fetch->lock, &mark, 1, 0) == 1;
	if (pwrite(fetch->lock, "!", 1, 0) != 1)
		return cannot(fetch, "nothing can be written beside", error);
	return true;
}

void mirror_close(Fetch *fetch)
{
	g_clear_pointer(&fetch->mirror, git_repository_free);
	if (fetch->lock >= 0 && ftruncate(fetch->lock, 0) != 0)
		return; // the next one looks through the mirror then: no harm
}

// ---- Files --------------------------------------------------------------------------------------------------------

static int remove_any(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

// What libgit2 writes into before it has the right name. Nobody else writes: the mirror is locked.
static int remove_unfinished(
	const char *path, const struct stat *status, int kind, struct FTW *place)
{
	const char *name = path + place->base;

	(void)status;
	if (kind == FTW_F && (g_str_has_suffix(name, ".lock") || strstr(name, "_git2_") != NULL))
		remove(path);
	return 0;
}

// Removes what a killed process left: in the mirror, and mirrors that it had not put in place yet.
static void remove_left_over(const Fetch *fetch)
{
	static const char *const kept[] = {".lock", ".damaged", NULL};
	g_autofree char *parent = g_path_get_dirname(fetch->job.mirror);
	g_autofree char *base = g_path_get_basename(fetch->job.mirror);
	char *folder = realpath(fetch->job.mirror, NULL);
	GDir *siblings = g_dir_open(parent, 0, NULL);
	const char *name;

	while (siblings != NULL && (name = g_dir_read_name(siblings)) != NULL) {
		g_autofree char *path = g_build_filename(parent, name, NULL);

		if (g_str_has_prefix(name, base) && name[strlen(base)] == '.' &&
			!g_strv_contains(kept, name + strlen(base)) && g_strcmp0(path, folder) != 0)
			nftw(path, remove_any, TREE_FDS, FTW_DEPTH | FTW_PHYS);
	}
	if (siblings != NULL)
		g_dir_close(siblings);
	if (folder != NULL)
		nftw(folder, remove_unfinished, TREE_FDS, FTW_PHYS);
	free(folder);
}

// The file in the mirror by which a reader tells that an object could not be read; see source_distrust().
static bool take_suspicion(const Fetch *fetch)
{
	g_autofree char *path = g_build_filename(fetch->job.mirror, MIRROR_SUSPECT, NULL);

	return unlink(path) == 0;
}

// ---- Making -------------------------------------------------------------------------------------------------------

static bool cannot_make(Fetch *fetch, GError **error)
{
	fetch_error_git(error, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be fetched: its mirror '%s' cannot be made; see to the "
		"disk",
		fetch->job.url, fetch->job.mirror);
	return false;
}

// The mirror's path is a link to a folder that has had no other content: libgit2 shares packs of the same path between
// repositories, so a reader of the old mirror would bring its damage into the new one.
static bool make(Fetch *fetch, GError **error)
{
	g_autofree char *folder = g_strdup_printf("%s.%08x", fetch->job.mirror, g_random_int());
	g_autofree char *link = g_strconcat(fetch->job.mirror, ".link", NULL);
	g_autofree char *name = g_path_get_basename(folder);
	git_repository *made = NULL;

	if (git_repository_init(&made, folder, true) != 0)
		return cannot_make(fetch, error);
	git_repository_free(made);
	unlink(link);
	if (symlink(name, link) != 0 || rename(link, fetch->job.mirror) != 0)
		return cannot(fetch, "nothing can be put in the place of", error);
	fetch->fresh = fetch->answer.sound = fetch->answer.renewed = true;
	return git_repository_open_bare(&fetch->mirror, fetch->job.mirror) == 0 ||
	       cannot_make(fetch, error);
}

bool mirror_renew(Fetch *fetch, const char *reason, GError **error)
{
	g_autofree char *aside = g_strconcat(fetch->job.mirror, ".damaged", NULL);
	char *folder = realpath(fetch->job.mirror, NULL);

	g_clear_pointer(&fetch->mirror, git_repository_free);
	nftw(aside, remove_any, TREE_FDS, FTW_DEPTH | FTW_PHYS);
	bool good = folder == NULL || rename(folder, aside) == 0;
	free(folder);
	if (!good || (unlink(fetch->job.mirror) != 0 && errno != ENOENT))
		return cannot(fetch, "there is no way to set aside", error);
	g_free(fetch->answer.notice);
	fetch->answer.notice =
		g_strdup_printf("the mirror of repository '%s' was damaged: %s; it was "
				"set aside as '%s' and fetched anew",
			fetch->job.url, reason, aside);
	return make(fetch, error);
}

// ---- Looking through ----------------------------------------------------------------------------------------------

static char *find_reference_damage(Fetch *fetch, const char *name, bool thorough)
{
	git_reference *reference = NULL;
	char *damage = NULL;

	if (git_reference_lookup(&reference, fetch->mirror, name) != 0)
		return g_strdup_printf("the reference '%s' cannot be read", name);
	if (git_reference_target(reference) != NULL)
		damage = mirror_lacks(fetch, git_reference_target(reference), NULL, thorough);
	git_reference_free(reference);
	return damage;
}

// A reason to set the mirror aside, or NULL. The caller frees it.
static char *find_damage(Fetch *fetch, bool thorough)
{
	git_reference_iterator *iterator = NULL;
	const char *name;
	char *damage = NULL;

	if (git_reference_iterator_new(&iterator, fetch->mirror) != 0)
		return g_strdup("its references cannot be read");
	// By name: the library passes over references that it cannot read.
	while (damage == NULL && git_reference_next_name(&name, iterator) == 0)
		damage = find_reference_damage(fetch, name, thorough);
	git_reference_iterator_free(iterator);
	git_error_clear();
	return damage;
}

char *mirror_damage(Fetch *fetch)
{
	return fetch->fresh ? NULL : find_damage(fetch, true);
}

static char *open_existing(Fetch *fetch, bool killed)
{
	bool suspect = take_suspicion(fetch);

	if (killed)
		remove_left_over(fetch);
	if (git_repository_open_bare(&fetch->mirror, fetch->job.mirror) != 0) {
		git_error_clear();
		return g_strdup("it is not a repository");
	}
	if (!suspect && !killed && !fetch->job.look)
		return NULL;
	char *damage = find_damage(fetch, suspect);
	fetch->answer.sound = suspect && damage == NULL;
	return damage;
}

// ---- Packs --------------------------------------------------------------------------------------------------------

static char *packs_path(const Fetch *fetch)
{
	return g_build_filename(fetch->job.mirror, "objects", "pack", NULL);
}

static char *spent_path(const Fetch *fetch)
{
	return g_build_filename(fetch->job.mirror, "spent-packs", NULL);
}

// "pack-….pack" of each; the caller frees the list.
static GPtrArray *list_packs(const Fetch *fetch)
{
	g_autofree char *path = packs_path(fetch);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		if (g_str_has_suffix(name, ".pack"))
			g_ptr_array_add(names, g_strdup(name));
	}
	if (folder != NULL)
		g_dir_close(folder);
	return names;
}

// Packs whose objects an earlier fetch has put into another one. They stayed until now because the asking process was
// reading from them; it has opened the mirror anew since.
static void remove_spent_packs(const Fetch *fetch)
{
	g_autofree char *list = spent_path(fetch), *folder = packs_path(fetch);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(list, &text, NULL, NULL))
		return;
	g_auto(GStrv) names = g_strsplit(text, "\n", -1);
	for (char **name = names; *name != NULL; name++) {
		g_autofree char *pack = g_build_filename(folder, *name, NULL);

		if (!g_str_has_suffix(pack, ".pack") || strchr(*name, '/') != NULL)
			continue;
		unlink(pack);
		memcpy(pack + strlen(pack) - strlen("pack"), "idx", sizeof("idx"));
		unlink(pack);
	}
	unlink(list);
}

static int beat_indexing(const git_indexer_progress *stats, void *fetch)
{
	(void)stats;
	fetch_beat(fetch, FETCH_CHECK);
	return 0;
}

static int beat_packing(int stage, uint32_t current, uint32_t total, void *fetch)
{
	(void)stage;
	(void)current;
	(void)total;
	fetch_beat(fetch, FETCH_CHECK);
	return 0;
}

static bool push_references(Fetch *fetch, git_packbuilder *builder, git_revwalk *walk)
{
	git_reference_iterator *iterator = NULL;
	git_reference *reference = NULL;
	bool good = git_reference_iterator_new(&iterator, fetch->mirror) == 0;

	while (good && git_reference_next(&reference, iterator) == 0) {
		git_object *object = NULL;
		const git_oid *id = git_reference_target(reference);

		good = id == NULL ||
		       git_object_lookup(&object, fetch->mirror, id, GIT_OBJECT_ANY) == 0;
		if (object != NULL && git_object_type(object) == GIT_OBJECT_TAG)
			good = git_packbuilder_insert_recur(builder, id, NULL) == 0;
		if (good && object != NULL)
			good = git_revwalk_push(walk, id) == 0;
		git_object_free(object);
		git_reference_free(reference);
	}
	git_reference_iterator_free(iterator);
	return good;
}

static bool write_one_pack(Fetch *fetch, git_packbuilder *builder)
{
	git_revwalk *walk = NULL;
	bool good = git_revwalk_new(&walk, fetch->mirror) == 0 &&
		    git_packbuilder_set_callbacks(builder, beat_packing, fetch) == 0 &&
		    push_references(fetch, builder, walk) &&
		    git_packbuilder_insert_walk(builder, walk) == 0 &&
		    git_packbuilder_write(builder, NULL, 0, beat_indexing, fetch) == 0;

	git_revwalk_free(walk);
	return good;
}

void mirror_tidy(Fetch *fetch)
{
	g_autoptr(GPtrArray) packs = list_packs(fetch);
	g_autoptr(GString) spent = g_string_new(NULL);
	git_packbuilder *builder = NULL;

	if (packs->len <= (fetch->moved ? TOO_MANY_PACKS : MANY_PACKS) ||
		git_packbuilder_new(&builder, fetch->mirror) != 0)
		return;
	if (write_one_pack(fetch, builder)) {
		g_autofree char *made =
			g_strdup_printf("pack-%s.pack", git_packbuilder_name(builder));
		g_autofree char *list = spent_path(fetch);

		for (guint i = 0; i < packs->len; i++) {
			if (strcmp(packs->pdata[i], made) != 0)
				g_string_append_printf(
					spent, "%s\n", (const char *)packs->pdata[i]);
		}
		fetch->answer.tidied = g_file_set_contents(list, spent->str, -1, NULL);
	}
	git_packbuilder_free(builder);
	git_error_clear();
}

// ---- Opening ------------------------------------------------------------------------------------------------------

bool mirror_open(Fetch *fetch, GError **error)
{
	bool killed = false;

	if (!lock(fetch, &killed, error))
		return false;
	fetch_beat(fetch, FETCH_LOOK);
	if (!g_file_test(fetch->job.mirror, G_FILE_TEST_EXISTS))
		return make(fetch, error);
	g_autofree char *damage = open_existing(fetch, killed);
	if (damage != NULL)
		return mirror_renew(fetch, damage, error);
	remove_spent_packs(fetch);
	return true;
}
