// Whether a mirror holds everything that a commit needs. Objects can be missing after a disk fault, a copy that was cut short
// or a hand that removed files; nothing below git notices before the object is read.
#include "reconciler/source_fetch.h"

typedef struct {
	Fetch *fetch;
	git_odb *objects;
	bool thorough;
	GHashTable *seen; // git_oid of trees that are whole
	git_oid lacking;
	const char *kind; // of what is lacking
} Check;

static guint id_hash(gconstpointer id)
{
	guint hash;

	memcpy(&hash, ((const git_oid *)id)->id, sizeof(hash));
	return hash;
}

static gboolean id_equal(gconstpointer left, gconstpointer right)
{
	return git_oid_equal(left, right);
}

static bool lack(Check *check, const git_oid *id, const char *kind)
{
	git_oid_cpy(&check->lacking, id);
	check->kind = kind;
	return false;
}

static bool has_blob(Check *check, const git_oid *id)
{
	git_odb_object *object = NULL;
	bool good = check->thorough ? git_odb_read(&object, check->objects, id) == 0
				    : git_odb_exists(check->objects, id) == 1;

	git_odb_object_free(object);
	fetch_beat(check->fetch, FETCH_CHECK);
	return good || lack(check, id, "file");
}

static bool has_tree(Check *check, const git_oid *id);

static bool has_entry(Check *check, const git_tree_entry *entry)
{
	const git_oid *id = git_tree_entry_id(entry);

	switch (git_tree_entry_filemode(entry)) {
	case GIT_FILEMODE_TREE: return has_tree(check, id);
	case GIT_FILEMODE_BLOB:
	case GIT_FILEMODE_BLOB_EXECUTABLE:
	case GIT_FILEMODE_LINK: return has_blob(check, id);
	case GIT_FILEMODE_COMMIT:
	case GIT_FILEMODE_UNREADABLE:
	default: return true; // a submodule's commit is not of this repository
	}
}

static bool has_tree(Check *check, const git_oid *id)
{
	git_tree *tree = NULL;
	bool good = true;

	if (g_hash_table_contains(check->seen, id))
		return true;
	if (git_tree_lookup(&tree, check->fetch->mirror, id) != 0)
		return lack(check, id, "folder");
	for (size_t i = 0; good && i < git_tree_entrycount(tree); i++)
		good = has_entry(check, git_tree_entry_byindex(tree, i));
	git_tree_free(tree);
	if (good)
		g_hash_table_add(check->seen, g_memdup2(id, sizeof(*id)));
	return good;
}

// Takes the trees that base shares with the commit as whole: those on the way to a change are looked at, no others.
static void trust_tree(Check *check, const git_oid *id, int depth)
{
	git_tree *tree = NULL;

	if (git_tree_lookup(&tree, check->fetch->mirror, id) != 0)
		return;
	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);

		if (git_tree_entry_type(entry) == GIT_OBJECT_TREE && depth > 0)
			trust_tree(check, git_tree_entry_id(entry), depth - 1);
	}
	g_hash_table_add(check->seen, g_memdup2(id, sizeof(*id)));
	git_tree_free(tree);
}

static void trust(Check *check, const git_oid *base)
{
	enum { DEPTH = 4 };
	git_commit *commit = NULL;

	if (base == NULL || git_commit_lookup(&commit, check->fetch->mirror, base) != 0)
		return;
	trust_tree(check, git_commit_tree_id(commit), DEPTH);
	git_commit_free(commit);
}

// The commits that are new since base, or with none all of them when thorough.
static bool has_history(Check *check, const git_oid *id, const git_oid *base)
{
	git_revwalk *walk = NULL;
	git_oid next;
	int code = GIT_ITEROVER;

	if (base == NULL && !check->thorough)
		return true;
	if (git_revwalk_new(&walk, check->fetch->mirror) != 0 || git_revwalk_push(walk, id) != 0 ||
		(base != NULL && git_revwalk_hide(walk, base) != 0)) {
		git_revwalk_free(walk);
		return lack(check, id, "commit");
	}
	while ((code = git_revwalk_next(&next, walk)) == 0)
		fetch_beat(check->fetch, FETCH_CHECK);
	git_revwalk_free(walk);
	return code == GIT_ITEROVER || lack(check, id, "history of commit");
}

static bool has_commit(Check *check, const git_oid *id, const git_oid *base)
{
	git_object *named = NULL, *commit = NULL;
	bool good = git_object_lookup(&named, check->fetch->mirror, id, GIT_OBJECT_ANY) == 0 &&
		    git_object_peel(&commit, named, GIT_OBJECT_COMMIT) == 0;

	if (!good)
		lack(check, id, "commit");
	else
		good = has_tree(check, git_commit_tree_id((git_commit *)commit)) &&
		       has_history(check, git_object_id(commit), base);
	git_object_free(named);
	git_object_free(commit);
	return good;
}

char *mirror_lacks(Fetch *fetch, const git_oid *commit, const git_oid *base, bool thorough)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(id_hash, id_equal, g_free, NULL);
	Check check = {.fetch = fetch, .thorough = thorough, .seen = seen};
	char id[GIT_OID_HEXSZ + 1];

	fetch_beat(fetch, FETCH_CHECK);
	if (git_repository_odb(&check.objects, fetch->mirror) != 0)
		return g_strdup("its objects cannot be read");
	if (!thorough)
		trust(&check, base);
	bool good = has_commit(&check, commit, base);
	git_odb_free(check.objects);
	git_error_clear();
	if (good)
		return NULL;
	git_oid_tostr(id, sizeof(id), &check.lacking);
	return g_strdup_printf("the %s %.12s is missing or damaged", check.kind, id);
}
