// The walk over domains/: folders that did not change are not entered.
#include "repo-layout/walk_private.h"

#include <string.h>
#include <time.h>

bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name);
	size_t wanted = strlen(ending);

	return length > wanted && strcmp(name + length - wanted, ending) == 0;
}

static bool is_yaml(const char *name)
{
	return ends_with(name, ".yaml") || ends_with(name, ".yml");
}

const char *found_stem(FoundList *found, const char *name)
{
	const char *dot = strrchr(name, '.');

	return arena_copy(&found->arena, name, dot == NULL ? strlen(name) : (size_t)(dot - name));
}

static char *join(const char *folder, const char *name)
{
	return *folder == '\0' ? g_strdup(name) : g_strconcat(folder, "/", name, NULL);
}

static void report_entry(DiagnosticList *diagnostics, const char *folder, const SourceEntry *entry)
{
	static const struct {
		const char *code, *message, *hint;
	} kinds[] = {
		[SOURCE_FILE] = {"bad-name", NULL, NULL},
		[SOURCE_FOLDER] = {"bad-name", NULL, NULL},
		[SOURCE_LINK] = {"symbolic-link", "it is a symbolic link",
			"put the file itself here"},
		[SOURCE_SUBMODULE] = {"submodule", "it is a submodule",
			"put the files themselves here"},
		[SOURCE_OTHER] = {"bad-entry", "it is neither a file nor a folder", NULL},
	};
	g_autofree char *path = join(folder, entry->name);
	const char *message = kinds[entry->kind].message;
	const char *code = kinds[entry->kind].code;

	if (entry->fault != ENTRY_GOOD) {
		message = entry_fault_text(entry->fault);
		code = entry->fault == ENTRY_DUPLICATE || entry->fault == ENTRY_CASE
			       ? "duplicate-name"
			       : "bad-name";
	}
	diagnostic_add(diagnostics, path, 0, 0, DIAGNOSTIC_ERROR, code, kinds[entry->kind].hint,
		"the entry is refused: %s", message);
}

static unsigned depth_of(const char *path)
{
	unsigned depth = 1;

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

static bool within_limits(LayoutLoad *load, GError **error)
{
	const LayoutLimits *limits = &load->limits;

	if (load->entries > limits->entries) {
		g_set_error(error, LAYOUT_ERROR, LAYOUT_ERROR_LIMIT,
			"revision %s has more than %u entries: the limit 'entries' is passed",
			source_tree_revision(load->tree), limits->entries);
		return false;
	}
	return walk_in_time(load, error);
}

// Processor time, not the clock's: on a machine that is busy otherwise a load is slow without being at fault.
static int64_t processor_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

bool walk_in_time(LayoutLoad *load, GError **error)
{
	int64_t now = processor_time();

	if (load->deadline == 0)
		load->deadline = now + (int64_t)load->limits.seconds * G_USEC_PER_SEC;
	if (now <= load->deadline)
		return true;
	g_set_error(error, LAYOUT_ERROR, LAYOUT_ERROR_LIMIT,
		"loading revision %s took longer than %u s: the limit 'seconds' is passed",
		source_tree_revision(load->tree), load->limits.seconds);
	return false;
}

SourceFolder *walk_folder(LayoutLoad *load, const char *path, const SourceId *id,
	DiagnosticList *diagnostics, GError **error)
{
	SourceFolder *folder;

	if (depth_of(path) > load->limits.depth) {
		diagnostic_add(diagnostics, path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed", NULL,
			"the limit 'depth' of %u folders is passed", load->limits.depth);
		return NULL;
	}
	folder = source_tree_folder(load->tree, path, id, error);
	if (folder == NULL)
		return NULL;
	load->layout->statistics.folders_walked++;
	load->entries += (unsigned)folder->length;
	if (!within_limits(load, error)) {
		source_folder_free(folder);
		return NULL;
	}
	for (size_t i = 0; i < folder->length; i++) {
		SourceEntry *entry = &folder->entries[i];

		if (entry->fault == ENTRY_GOOD &&
			(entry->kind == SOURCE_FILE || entry->kind == SOURCE_FOLDER))
			continue;
		report_entry(diagnostics, path, entry);
		entry->fault = entry->fault == ENTRY_GOOD ? ENTRY_MODE : entry->fault;
	}
	return folder;
}

// Which folders of a domain hold what.
typedef struct Role {
	const char *name;
	unsigned levels; // of folders below it that are walked
	FoundKind kind;
	bool (*takes)(const char *name);
	bool datasets; // folders below it are datasets
} Role;

static bool is_sql(const char *name)
{
	return ends_with(name, ".sql");
}

static bool is_schema(const char *name)
{
	return is_yaml(name) || ends_with(name, ".json");
}

static const Role roles[] = {
	{"sql", 1, FOUND_SCRIPT, is_sql, true},
	{"schemas", 1, FOUND_SCHEMA, is_schema, true},
	{"flows", 16, FOUND_FLOW, is_yaml, false},
	{"feeds", 0, FOUND_FEED, is_yaml, false},
	{"flowsets", 0, FOUND_SET, is_yaml, false},
	{"scripts", 64, FOUND_ROWS, NULL, false},
	{"tests", 0, FOUND_ROWS, NULL, false},
	{NULL, 0, FOUND_ROWS, NULL, false},
};

static const Role *role_of(const char *name)
{
	for (const Role *role = roles; role->name != NULL; role++) {
		if (strcmp(role->name, name) == 0)
			return role;
	}
	return NULL;
}

static void take_file(const Role *role, const char *folder, const SourceEntry *entry,
	const char *dataset, FoundList *found)
{
	Found file = {.kind = role->kind, .id = entry->id, .dataset = dataset};
	g_autofree char *path = NULL;

	if (role->takes == NULL)
		return;
	if (role->kind == FOUND_SCRIPT && is_yaml(entry->name))
		file.kind = FOUND_SIDECAR;
	else if (role->kind == FOUND_SET && !is_yaml(entry->name))
		file.kind = FOUND_ROWS;
	else if (!role->takes(entry->name))
		return;
	path = join(folder, entry->name);
	file.path = arena_copy(&found->arena, path, strlen(path));
	file.table = found_stem(found, entry->name);
	g_array_append_val(found->files, file);
}

static void misplaced(DomainData *data, const Role *role, const char *path)
{
	if (role->datasets)
		diagnostic_add(data->local, path, 0, 0, DIAGNOSTIC_ERROR, "misplaced-folder",
			"files are at <table>.… or <dataset>/<table>.…",
			"the folder is too deep in '%s'", role->name);
}

static bool walk_role(LayoutLoad *load, DomainData *data, const Role *role, const char *path,
	const SourceId *id, unsigned level, const char *dataset, FoundList *found, GError **error)
{
	GError *fault = NULL;
	g_autoptr(SourceFolder) folder = walk_folder(load, path, id, data->local, &fault);

	if (folder == NULL) {
		if (fault != NULL)
			g_propagate_error(error, fault);
		return fault == NULL;
	}
	data->entries += (unsigned)folder->length;
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		g_autofree char *below = NULL;

		if (entry->fault != ENTRY_GOOD)
			continue;
		if (entry->kind == SOURCE_FILE) {
			take_file(role, path, entry, dataset, found);
			continue;
		}
		below = join(path, entry->name);
		if (level == role->levels)
			misplaced(data, role, below);
		else if (!walk_role(load, data, role, below, &entry->id, level + 1,
				 role->datasets ? arena_copy(&found->arena, entry->name,
							  strlen(entry->name))
						: NULL,
				 found, error))
			return false;
	}
	return true;
}

// A domain's name: its path below domains/, with dots.
static char *domain_name(const char *path)
{
	char *name = g_strdup(path + strlen("domains/"));

	return g_strdelimit(name, "/", '.');
}

static void check_name(DomainData *data)
{
	for (const char *at = data->config.name; *at != '\0'; at++) {
		if (g_ascii_isalnum(*at) || *at == '_' || *at == '-' || *at == '.' ||
			(unsigned char)*at >= 0x80)
			continue;
		diagnostic_add(data->local, data->config.path, 0, 0, DIAGNOSTIC_ERROR, "bad-id",
			"letters, digits, '-' and '_'", "'%s' cannot be the name of a domain",
			data->config.name);
		return;
	}
}

static const SourceEntry *entry_of(const SourceFolder *folder, const char *name)
{
	for (size_t i = 0; i < folder->length; i++) {
		if (strcmp(folder->entries[i].name, name) == 0)
			return &folder->entries[i];
	}
	return NULL;
}

static bool read_config(
	LayoutLoad *load, DomainData *data, const SourceFolder *folder, GError **error)
{
	const SourceEntry *yaml = entry_of(folder, "domain.yaml");
	const SourceEntry *scripts = entry_of(folder, "scripts");
	g_autofree char *path = join(data->config.path, "domain.yaml");
	g_autoptr(GBytes) text = NULL;
	g_autoptr(GError) fault = NULL;
	size_t length = 0;
	const char *bytes;

	if (scripts != NULL && scripts->kind == SOURCE_FOLDER) {
		data->config.scripts_id = scripts->id;
		source_id_text(&scripts->id, data->config.scripts_tree);
	}
	data->yaml_id = yaml->id;
	text = source_tree_blob(load->tree, path, &yaml->id, load->limits.file_bytes, &fault);
	if (text == NULL && !g_error_matches(fault, SOURCE_ERROR, SOURCE_ERROR_LIMIT)) {
		g_propagate_error(error, g_steal_pointer(&fault));
		return false;
	}
	if (text == NULL)
		diagnostic_add(data->local, path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed", NULL,
			"%s", fault->message);
	bytes = text == NULL ? NULL : g_bytes_get_data(text, &length);
	domain_config_read(data, bytes, length, &load->limits);
	return true;
}

static bool walk_own_folders(LayoutLoad *load, DomainData *data, const SourceFolder *folder,
	FoundList *found, GError **error)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		const Role *role = role_of(entry->name);
		g_autofree char *below = NULL;

		if (role == NULL || entry->kind != SOURCE_FOLDER || entry->fault != ENTRY_GOOD)
			continue;
		below = join(data->config.path, entry->name);
		if (!walk_role(load, data, role, below, &entry->id, 0, NULL, found, error))
			return false;
	}
	return true;
}

DomainData *walk_previous(LayoutLoad *load, const char *path)
{
	GPtrArray *domains = load->previous == NULL ? NULL : load->previous->domains;

	if (domains == NULL)
		return NULL;
	// The walk comes by in the same order each time: what is wanted is nearly always the next one.
	for (size_t tried = 0; tried < domains->len; tried++) {
		size_t first = load->previous_at > 0 ? load->previous_at - 1 : 0;
		size_t at = (first + tried) % domains->len;
		DomainData *data = domains->pdata[at];

		if (strcmp(data->config.path, path) == 0) {
			load->previous_at = at + 1;
			return data->base != NULL ? data->base : data;
		}
	}
	return NULL;
}

void walk_add(LayoutLoad *load, DomainData *data)
{
	g_ptr_array_add(load->layout->domains, data);
	if (data->consumers != NULL)
		load->layout->restricted = true;
}

static bool is_zero(const SourceId *id)
{
	static const SourceId zero;

	return source_id_equal(id, &zero);
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

// Takes over a domain and all below it when their folder and what they inherit are as they were.
static bool share_domain(LayoutLoad *load, const char *path, const SourceId *id)
{
	DomainData *previous = walk_previous(load, path);
	GPtrArray *domains;

	if (previous == NULL || is_zero(id) || previous->virtual_ ||
		!source_id_equal(&previous->open.tree, id) ||
		strcmp(previous->project->digest, load->layout->project->digest) != 0)
		return false;
	domains = load->previous->domains;
	for (size_t at = load->previous_at - 1; at < domains->len; at++) {
		DomainData *data = domains->pdata[at];

		if (at >= load->previous_at && !is_below(data->config.path, path))
			break;
		data = data->base != NULL ? data->base : data;
		load->previous_at = at + 1;
		load->entries += data->entries;
		load->layout->statistics.domains_shared++;
		load->layout->statistics.files_shared += data->units->len;
		walk_add(load, domain_data_ref(data));
	}
	return true;
}

static bool walk_place(LayoutLoad *load, const char *path, const SourceId *id, GError **error);

// The folders below a domain that have no role in it may be domains of their own.
static void note_places(DomainData *data, const SourceFolder *folder)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		Place place = {.id = entry->id};

		if (entry->fault != ENTRY_GOOD || entry->kind != SOURCE_FOLDER ||
			role_of(entry->name) != NULL)
			continue;
		place.name = g_strdup(entry->name);
		g_array_append_val(data->places, place);
	}
}

static bool walk_places(LayoutLoad *load, const DomainData *data, GError **error)
{
	for (guint i = 0; i < data->places->len; i++) {
		const Place *place = &g_array_index(data->places, Place, i);
		g_autofree char *below = join(data->config.path, place->name);

		if (!walk_place(load, below, &place->id, error))
			return false;
	}
	return true;
}

static bool walk_domain(LayoutLoad *load, const SourceFolder *folder, const char *path,
	const SourceId *id, GError **error)
{
	g_autofree char *name = domain_name(path);
	DomainData *previous = walk_previous(load, path);
	g_autoptr(DomainData) data = domain_data_new(load->layout->project, name, path);
	g_autoptr(DomainData) restored = NULL;
	FoundList found = {.files = g_array_new(FALSE, FALSE, sizeof(Found))};
	bool good;

	data->open.tree = *id;
	data->entries = (unsigned)folder->length;
	if (previous == NULL)
		previous = restored = domain_restore(load, path, NULL);
	check_name(data);
	good = read_config(load, data, folder, error) &&
	       walk_own_folders(load, data, folder, &found, error) &&
	       walk_units(load, data, previous, &found, error);
	arena_clear(&found.arena);
	g_array_unref(found.files);
	if (!good)
		return false;
	note_places(data, folder);
	domain_store(load, data, previous);
	domain_data_finish(data);
	walk_add(load, domain_data_ref(data));
	return walk_places(load, data, error);
}

// A folder that is as the cache knows it. *ret_restored: it was.
static bool restore_domain(
	LayoutLoad *load, const char *path, const SourceId *id, bool *ret_restored, GError **error)
{
	DomainData *data = is_zero(id) ? NULL : domain_restore(load, path, id);

	*ret_restored = data != NULL;
	if (data == NULL)
		return true;
	load->entries += data->entries;
	load->layout->statistics.domains_cached++;
	load->layout->statistics.files_cached += data->units->len;
	domain_data_finish(data);
	walk_add(load, data);
	return walk_places(load, data, error);
}

static bool has_domain_file(const SourceFolder *folder)
{
	const SourceEntry *yaml = entry_of(folder, "domain.yaml");

	return yaml != NULL && yaml->kind == SOURCE_FILE && yaml->fault == ENTRY_GOOD;
}

// Files that belong to a domain, in a folder that is none.
static void report_strays(LayoutLoad *load, const SourceFolder *folder, const char *path)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		const Role *role = role_of(entry->name);
		bool misspelt = strcmp(entry->name, "domain.yml") == 0;

		if (entry->fault != ENTRY_GOOD ||
			(!misspelt && (role == NULL || entry->kind != SOURCE_FOLDER)))
			continue;
		diagnostic_add(load->layout->strays, path, 0, 0, DIAGNOSTIC_ERROR, "missing-file",
			"the least is 'owner: x'", "the folder has '%s' but no 'domain.yaml'",
			entry->name);
		return;
	}
}

// The folders of a folder that is no domain.
static bool walk_children(
	LayoutLoad *load, const SourceFolder *folder, const char *path, GError **error)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		g_autofree char *below = NULL;

		if (entry->fault != ENTRY_GOOD || entry->kind != SOURCE_FOLDER)
			continue;
		below = join(path, entry->name);
		if (!walk_place(load, below, &entry->id, error))
			return false;
	}
	return true;
}

static bool walk_place(LayoutLoad *load, const char *path, const SourceId *id, GError **error)
{
	GError *fault = NULL;
	g_autoptr(SourceFolder) folder = NULL;
	bool restored = false;

	if (share_domain(load, path, id))
		return true;
	if (!restore_domain(load, path, id, &restored, error) || restored)
		return restored;
	folder = walk_folder(load, path, id, load->layout->strays, &fault);
	if (folder == NULL) {
		if (fault != NULL)
			g_propagate_error(error, fault);
		return fault == NULL;
	}
	if (has_domain_file(folder))
		return walk_domain(load, folder, path, id, error);
	report_strays(load, folder, path);
	return walk_children(load, folder, path, error);
}

static bool walk_domains(LayoutLoad *load, const SourceFolder *top, GError **error)
{
	const SourceEntry *entry = entry_of(top, "domains");
	GError *fault = NULL;
	g_autoptr(SourceFolder) folder = NULL;

	if (entry == NULL)
		return true;
	if (entry->kind != SOURCE_FOLDER || entry->fault != ENTRY_GOOD) {
		report_entry(load->layout->strays, "", entry);
		return true;
	}
	folder = walk_folder(load, "domains", &entry->id, load->layout->strays, &fault);
	if (folder == NULL) {
		if (fault != NULL)
			g_propagate_error(error, fault);
		return fault == NULL;
	}
	return walk_children(load, folder, "domains", error);
}

bool layout_walk(LayoutLoad *load, GError **error)
{
	g_autoptr(SourceFolder) top =
		source_tree_folder(load->tree, "", source_tree_root(load->tree), error);

	if (top == NULL)
		return false;
	load->layout->statistics.folders_walked++;
	load->layout->project = project_config_load(load, top, error);
	if (load->layout->project == NULL)
		return false;
	return walk_domains(load, top, error) && walk_patterns(load, top, error);
}
