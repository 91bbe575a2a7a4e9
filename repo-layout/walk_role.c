// The folders of a domain: sql/, schemas/, flows/ and their like.
#include "repo-layout/walk_private.h"

#include <string.h>

// Which folders of a domain hold what.
typedef struct Role {
	const char *name;
	unsigned levels; // of folders below it that are walked
	FoundKind kind;
	const char *const *endings; // of the files that it takes; NULL: it takes none
	bool datasets; // folders below it are datasets
	const char *places; // where its files are, for a hint
	bool kept; // what is in it is kept for tasks, and never parsed
} Role;

enum {
	ANY_LEVELS = G_MAXINT,
};

static const char *const sql_endings[] = {".sql", ".yaml", ".yml", NULL};
static const char *const schema_endings[] = {".json", ".yaml", ".yml", NULL};
static const char *const yaml_endings[] = {".yaml", ".yml", NULL};

// clang-format off
static const Role roles[] = {
	{"sql", 1, FOUND_SCRIPT, sql_endings, true, "<table>.sql or <dataset>/<table>.sql", false},
	{"schemas", 1, FOUND_SCHEMA, schema_endings, true, "<table>.json or <dataset>/<table>.json", false},
	{"flows", ANY_LEVELS, FOUND_FLOW, yaml_endings, false, "<flow>.yaml", false},
	{"feeds", 0, FOUND_FEED, yaml_endings, false, "<feed>.yaml", false},
	{"flowsets", 0, FOUND_SET, yaml_endings, false, "<set>.yaml", false},
	{"scripts", ANY_LEVELS, FOUND_ROWS, NULL, false, NULL, true},
	{"tests", 0, FOUND_ROWS, NULL, false, NULL, false},
	{.name = NULL},
};
// clang-format on

static const Role *role_of(const char *name)
{
	for (const Role *role = roles; role->name != NULL; role++) {
		if (strcmp(role->name, name) == 0)
			return role;
	}
	return NULL;
}

bool walk_is_role(const char *name)
{
	return role_of(name) != NULL;
}

// Whether a folder, or one right below it, has a file of the role.
static bool holds_files(
	LayoutLoad *load, const Role *role, const char *path, const SourceId *id, unsigned levels)
{
	static const char *const programs[] = {".sh", ".py", ".js", ".mjs", NULL};
	enum { FEW = 20 }; // folders below it that are looked into
	g_autoptr(SourceFolder) folder = source_tree_folder(load->tree, path, id, NULL);
	bool holds = false;
	unsigned below = 0;

	for (size_t i = 0; folder != NULL && i < folder->length && !holds; i++) {
		const SourceEntry *entry = &folder->entries[i];

		if (entry->kind == SOURCE_FILE) {
			const char *const *ending = role->kept ? programs : role->endings;

			while (*ending != NULL && !ends_with(entry->name, *ending))
				ending++;
			holds = *ending != NULL;
		} else if (entry->kind == SOURCE_FOLDER && entry->fault == ENTRY_GOOD &&
			   levels > 0 && below++ < FEW) {
			g_autofree char *deeper = walk_join(path, entry->name);

			holds = holds_files(load, role, deeper, &entry->id, 0);
		}
	}
	return holds;
}

// Only what begins the same is meant: rows/ and seeds/ are words of their own.
static const Role *role_near(const char *name)
{
	const char *names[G_N_ELEMENTS(roles)];
	const char *near;
	size_t count = 0;

	for (const Role *role = roles; role->name != NULL; role++) {
		if ((role->endings != NULL || role->kept) && g_ascii_tolower(*name) == *role->name)
			names[count++] = role->name;
	}
	names[count] = NULL;
	near = nearest_word(name, names);
	return near == NULL ? NULL : role_of(near);
}

void walk_check_misspelt(LayoutLoad *load, const char *domain, const char *name, const SourceId *id)
{
	const Role *role = role_near(name);
	g_autofree char *path = NULL;
	g_autofree char *hint = NULL;

	if (role == NULL)
		return;
	path = walk_join(domain, name);
	if (!holds_files(load, role, path, id, MIN(role->levels, 1)))
		return;
	hint = g_strdup_printf("did you mean '%s'?", role->name);
	diagnostic_add(load->strays, path, 0, 0, DIAGNOSTIC_WARNING, "unknown-folder", hint,
		"no folder '%s' has a meaning in a domain: its files are not read", name);
}

const char *found_stem(FoundList *found, const char *name)
{
	const char *dot = strrchr(name, '.');

	return arena_copy(&found->arena, name, dot == NULL ? strlen(name) : (size_t)(dot - name));
}

// One walk over a folder of a role.
typedef struct RoleWalk {
	LayoutLoad *load;
	DomainData *data;
	const Role *role;
	FoundList *found;
} RoleWalk;

static bool has_ending(const Role *role, const char *name)
{
	for (const char *const *ending = role->endings; *ending != NULL; ending++) {
		if (ends_with(name, *ending))
			return true;
	}
	return false;
}

// A file that would be taken, were it not for its name, must not be left out in silence.
static void check_left_out(const RoleWalk *walk, const char *folder, const char *name)
{
	g_autofree char *path = walk_join(folder, name);
	size_t length = strlen(name);

	for (const char *const *ending = walk->role->endings; *ending != NULL; ending++) {
		size_t wanted = strlen(*ending);

		if (length < wanted || g_ascii_strcasecmp(name + length - wanted, *ending) != 0)
			continue;
		if (length == wanted)
			diagnostic_add(walk->data->local, path, 0, 0, DIAGNOSTIC_ERROR, "bad-name",
				walk->role->places, "'%s' is an ending without a name before it",
				name);
		else
			diagnostic_add(walk->data->local, path, 0, 0, DIAGNOSTIC_ERROR, "bad-name",
				"write the ending in small letters",
				"its ending is '%s', not '%s': it would be left out",
				name + length - wanted, *ending);
		return;
	}
}

static bool is_yaml(const char *name)
{
	return ends_with(name, ".yaml") || ends_with(name, ".yml");
}

static void take_file(
	const RoleWalk *walk, const char *folder, const SourceEntry *entry, const char *dataset)
{
	const Role *role = walk->role;
	FoundList *found = walk->found;
	Found file = {.kind = role->kind, .id = entry->id, .dataset = dataset};
	g_autofree char *path = walk_join(folder, entry->name);

	if (role->kept)
		walk_size(walk->load, walk->data->local, path, &entry->id, WALK_SCRIPTS);
	if (role->endings == NULL)
		return;
	if (role->kind == FOUND_SCRIPT && is_yaml(entry->name))
		file.kind = FOUND_SIDECAR;
	else if (role->kind == FOUND_SET && !is_yaml(entry->name))
		file.kind = FOUND_ROWS;
	if (file.kind == FOUND_ROWS || !has_ending(role, entry->name))
		check_left_out(walk, folder, entry->name);
	if (file.kind != FOUND_ROWS && !has_ending(role, entry->name))
		return;
	file.path = arena_copy(&found->arena, path, strlen(path));
	file.table = found_stem(found, entry->name);
	g_array_append_val(found->files, file);
}

static void misplaced(const RoleWalk *walk, const char *path)
{
	g_autofree char *hint = g_strdup_printf("files are at %s", walk->role->places);

	diagnostic_add(walk->data->local, path, 0, 0, DIAGNOSTIC_ERROR, "misplaced-folder", hint,
		"the folder is too deep in '%s'", walk->role->name);
}

// What is known of a folder in which nothing is wrong: the next one of the same id need not be walked.
typedef struct Seen {
	unsigned entries, height;
} Seen;

static Seen *seen_before(const RoleWalk *walk, const char *path, const SourceId *id)
{
	Seen *seen = walk->role->endings != NULL ? NULL : g_hash_table_lookup(walk->load->seen, id);

	return seen != NULL && walk_depth(path) + seen->height <= walk->load->limits.depth ? seen
											   : NULL;
}

static bool walk_role(RoleWalk *walk, const char *path, const SourceId *id, unsigned level,
	const char *dataset, unsigned *ret_height, GError **error);

static bool walk_below(RoleWalk *walk, const char *path, const SourceEntry *entry, unsigned level,
	unsigned *height, GError **error)
{
	const Role *role = walk->role;
	g_autofree char *below = walk_join(path, entry->name);
	const char *dataset = NULL;
	unsigned its_height = 0;

	if (level == role->levels) {
		if (role->places != NULL)
			misplaced(walk, below);
		return true;
	}
	if (role->datasets)
		dataset = arena_copy(&walk->found->arena, entry->name, strlen(entry->name));
	if (!walk_role(walk, below, &entry->id, level + 1, dataset, &its_height, error))
		return false;
	*height = MAX(*height, its_height + 1);
	return true;
}

static bool walk_entries(RoleWalk *walk, const char *path, const SourceFolder *folder,
	unsigned level, const char *dataset, unsigned *height, GError **error)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];

		if (walk_is_odd(entry))
			walk_report(walk->data->local, path, entry);
		else if (entry->kind == SOURCE_FILE)
			take_file(walk, path, entry, dataset);
		else if (!walk_below(walk, path, entry, level, height, error))
			return false;
	}
	return true;
}

static bool walk_role(RoleWalk *walk, const char *path, const SourceId *id, unsigned level,
	const char *dataset, unsigned *ret_height, GError **error)
{
	LayoutLoad *load = walk->load;
	DomainData *data = walk->data;
	const Seen *seen = seen_before(walk, path, id);
	size_t faults = diagnostic_list_length(data->local);
	unsigned before = data->entries;
	g_autoptr(SourceFolder) folder = NULL;

	if (seen != NULL) {
		*ret_height = seen->height;
		return walk_count(load, seen->entries, error);
	}
	folder = walk_read(load, path, id, data->local);
	if (folder == NULL)
		return true;
	if (!walk_count(load, folder->length, error) ||
		!walk_entries(walk, path, folder, level, dataset, ret_height, error))
		return false;
	if (walk->role->endings == NULL && !source_id_is_zero(id) &&
		diagnostic_list_length(data->local) == faults) {
		Seen now = {data->entries - before, *ret_height};

		g_hash_table_insert(
			load->seen, g_memdup2(id, sizeof(*id)), g_memdup2(&now, sizeof(now)));
	}
	return true;
}

// Nothing was wrong in scripts/, and it is the same.
static bool is_as_before(const DomainData *data, const DomainData *previous)
{
	return previous != NULL && previous->scripts_entries > 0 &&
	       !source_id_is_zero(&data->config.scripts_id) &&
	       source_id_equal(&data->config.scripts_id, &previous->config.scripts_id);
}

static bool walk_own_folder(
	RoleWalk *walk, const SourceEntry *entry, const DomainData *previous, GError **error)
{
	DomainData *data = walk->data;
	g_autofree char *path = walk_join(data->config.path, entry->name);
	unsigned height = 0, before = data->entries;
	size_t faults = diagnostic_list_length(data->local);

	if (entry->kind != SOURCE_FOLDER) {
		diagnostic_add(walk->data->local, path, 0, 0, DIAGNOSTIC_ERROR, "bad-entry",
			"make it a folder, or give it another name",
			"'%s' is a file: a domain's '%s' must be a folder", entry->name,
			entry->name);
		return true;
	}
	if (walk->role->kept && is_as_before(data, previous)) {
		data->scripts_entries = previous->scripts_entries;
		return walk_count(walk->load, data->scripts_entries - 1, error);
	}
	if (!walk_role(walk, path, &entry->id, 0, NULL, &height, error))
		return false;
	if (walk->role->kept && diagnostic_list_length(data->local) == faults)
		data->scripts_entries = data->entries - before + 1;
	return true;
}

bool walk_is_place(const SourceEntry *entry)
{
	g_autofree char *small = NULL;

	if (entry->kind != SOURCE_FOLDER || walk_is_role(entry->name))
		return false;
	if (entry->fault != ENTRY_CASE)
		return entry->fault == ENTRY_GOOD;
	small = g_ascii_strdown(entry->name, -1);
	return !walk_is_role(small);
}

bool walk_own_folders(LayoutLoad *load, DomainData *data, const DomainData *previous,
	const SourceFolder *folder, FoundList *found, GError **error)
{
	RoleWalk walk = {.load = load, .data = data, .found = found};

	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];

		// What domain.yaml is instead of a file is said where it is read.
		if (walk_is_odd(entry) && !walk_is_place(entry) &&
			(strcmp(entry->name, "domain.yaml") != 0 || entry->fault == ENTRY_CASE))
			walk_report(data->local, data->config.path, entry);
		walk.role = role_of(entry->name);
		if (walk.role != NULL && !walk_is_odd(entry) &&
			!walk_own_folder(&walk, entry, previous, error))
			return false;
	}
	return true;
}
