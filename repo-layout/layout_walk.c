// The walk over domains/: folders that did not change are not entered.
#include "repo-layout/walk_private.h"

#include <string.h>

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

// ---- A domain -----------------------------------------------------------------------------------------------------

// What is wrong with domain.yaml itself; NULL when it can be read.
static const char *config_oddity(const SourceEntry *yaml)
{
	const char *oddity = walk_oddity(yaml);

	if (oddity != NULL)
		return oddity;
	return yaml->fault == ENTRY_GOOD || yaml->fault == ENTRY_CASE
		       ? NULL
		       : entry_fault_text(yaml->fault);
}

static GBytes *read_text(LayoutLoad *load, DomainData *data, const SourceEntry *yaml)
{
	g_autofree char *path = walk_join(data->config.path, "domain.yaml");
	const char *oddity = config_oddity(yaml);

	if (oddity == NULL) {
		data->yaml_id = yaml->id;
		return walk_text(load, data->local, path, &yaml->id, WALK_FILE);
	}
	diagnostic_add(data->local, path, 0, 0, DIAGNOSTIC_ERROR, "bad-entry",
		"put the file itself here; the least in it is 'owner: x'",
		yaml->fault == ENTRY_GOOD ? "domain.yaml is %s" : "domain.yaml cannot be used: %s",
		oddity);
	return NULL;
}

static void read_config(LayoutLoad *load, DomainData *data, const SourceFolder *folder)
{
	const SourceEntry *yaml = walk_entry(folder, "domain.yaml");
	const SourceEntry *scripts = walk_entry(folder, "scripts");
	g_autoptr(GBytes) text = NULL;
	size_t length = 0;
	const char *bytes;

	if (scripts != NULL && scripts->kind == SOURCE_FOLDER && scripts->fault == ENTRY_GOOD) {
		data->config.scripts_id = scripts->id;
		source_id_text(&scripts->id, data->config.scripts_tree);
	}
	text = read_text(load, data, yaml);
	bytes = text == NULL ? NULL : g_bytes_get_data(text, &length);
	domain_config_read(data, bytes, length, &load->limits);
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
	g_ptr_array_add(load->made, data);
	g_ptr_array_add(load->layout->domains, data);
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

// Takes over a domain and all below it when their folder and what they inherit are as they were.
static bool share_domain(
	LayoutLoad *load, const char *path, const SourceId *id, bool *ret_shared, GError **error)
{
	DomainData *previous = walk_previous(load, path);
	GPtrArray *domains;

	*ret_shared = previous != NULL && !source_id_is_zero(id) && !previous->virtual_ &&
		      source_id_equal(&previous->open.tree, id) &&
		      strcmp(previous->project->digest, load->layout->project->digest) == 0 &&
		      !previous->spoilt;
	if (!*ret_shared)
		return true;
	domains = load->previous->domains;
	for (size_t at = load->previous_at - 1; at < domains->len; at++) {
		DomainData *data = domains->pdata[at];

		if (at >= load->previous_at && !is_below(data->config.path, path))
			break;
		data = data->base != NULL ? data->base : data;
		load->previous_at = at + 1;
		load->layout->statistics.domains_shared++;
		load->layout->statistics.files_shared += data->units->len;
		diagnostic_list_append(load->layout->strays, data->below);
		walk_add(load, domain_data_ref(data));
		if (!walk_budget_shared(load, data, error))
			return false;
	}
	return true;
}

static bool walk_place(LayoutLoad *load, const char *path, const SourceId *id, GError **error);

// A folder whose name another one has in other letters: domains in it are weighed against those in the other one by who knows
// what is live. Without any it is only in the way.
static bool walk_twin(
	LayoutLoad *load, const char *folder, const SourceEntry *entry, GError **error)
{
	g_autofree char *path = walk_join(folder, entry->name);
	guint domains = load->layout->domains->len;

	if (!walk_place(load, path, &entry->id, error))
		return false;
	if (load->layout->domains->len == domains)
		walk_report(load->strays, folder, entry);
	return true;
}

// The folders below a domain that have no role in it may be domains of their own.
static void note_places(DomainData *data, const SourceFolder *folder)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		Place place = {.id = entry->id, .twin = entry->fault == ENTRY_CASE};

		if (!walk_is_place(entry) || strcmp(entry->name, "domain.yaml") == 0)
			continue;
		place.name = g_strdup(entry->name);
		g_array_append_val(data->places, place);
	}
}

bool walk_one_place(LayoutLoad *load, const char *folder, const SourceEntry *entry, GError **error)
{
	g_autofree char *below = NULL;

	if (entry->fault == ENTRY_CASE)
		return walk_twin(load, folder, entry, error);
	below = walk_join(folder, entry->name);
	return walk_place(load, below, &entry->id, error);
}

// What is wrong below the domain, and not of a domain itself, is kept with it: it is said again when the domain is taken over.
static bool walk_places(LayoutLoad *load, DomainData *data, GError **error)
{
	DiagnosticList *outer = load->strays;
	unsigned spoilt = load->spoilt;
	bool good = true;

	if (data->places->len == 0)
		return true;
	load->strays = data->below = diagnostic_list_new();
	for (guint i = 0; good && i < data->places->len; i++) {
		const Place *place = &g_array_index(data->places, Place, i);
		const SourceEntry entry = {.name = place->name,
			.kind = SOURCE_FOLDER,
			.fault = place->twin ? ENTRY_CASE : ENTRY_GOOD,
			.id = place->id};
		guint domains = load->layout->domains->len;

		good = walk_one_place(load, data->config.path, &entry, error);
		if (good && load->layout->domains->len == domains && !place->twin)
			walk_check_misspelt(load, data->config.path, place->name, &place->id);
	}
	load->strays = outer;
	diagnostic_list_append(load->layout->strays, data->below);
	data->spoilt = data->spoilt || load->spoilt != spoilt;
	return good;
}

// Its own folders and files. A limit that it passes ends it there, and the others go on.
static bool read_domain(LayoutLoad *load, DomainData *data, const DomainData *previous,
	const SourceFolder *folder, GError **error)
{
	FoundList found = {.files = g_array_new(FALSE, FALSE, sizeof(Found))};
	unsigned spoilt = load->spoilt;
	GError *fault = NULL;
	bool good;

	walk_budget_domain(load, data, folder);
	read_config(load, data, folder);
	good = walk_count(load, folder->length, &fault) &&
	       walk_own_folders(load, data, previous, folder, &found, &fault) &&
	       walk_units(load, data, previous, &found, &fault);
	arena_clear(&found.arena);
	g_array_unref(found.files);
	if (!good && g_error_matches(fault, LAYOUT_ERROR, LAYOUT_ERROR_DOMAIN)) {
		g_clear_error(&fault);
		data->cut = good = true;
	}
	data->spoilt = data->spoilt || load->spoilt != spoilt;
	if (fault != NULL)
		g_propagate_error(error, fault);
	return good && walk_budget_domain_end(load, data, error);
}

static bool walk_domain(LayoutLoad *load, const SourceFolder *folder, const char *path,
	const SourceId *id, GError **error)
{
	g_autofree char *name = domain_name(path);
	DomainData *previous = walk_previous(load, path);
	g_autoptr(DomainData) data = domain_data_new(load->layout->project, name, path);
	g_autoptr(DomainData) restored = NULL;

	data->open.tree = *id;
	if (previous == NULL)
		previous = restored = domain_restore(load, path, NULL);
	check_name(data);
	if (!read_domain(load, data, previous, folder, error))
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
	DomainData *data = source_id_is_zero(id) ? NULL : domain_restore(load, path, id);

	*ret_restored = data != NULL;
	if (data == NULL)
		return true;
	load->layout->statistics.domains_cached++;
	load->layout->statistics.files_cached += data->units->len;
	domain_data_finish(data);
	walk_add(load, data);
	return walk_budget_shared(load, data, error) && walk_places(load, data, error);
}

// ---- Folders that are no domains ----------------------------------------------------------------------------------

// Files that belong to a domain, in a folder that is none.
static void report_strays(LayoutLoad *load, const SourceFolder *folder, const char *path)
{
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		bool misspelt = strcmp(entry->name, "domain.yml") == 0;

		if (walk_is_odd(entry) ||
			(!misspelt && (!walk_is_role(entry->name) || entry->kind != SOURCE_FOLDER)))
			continue;
		diagnostic_add(load->strays, path, 0, 0, DIAGNOSTIC_ERROR, "missing-file",
			"the least is 'owner: x'", "the folder has '%s' but no 'domain.yaml'",
			entry->name);
		return;
	}
}

bool walk_child(LayoutLoad *load, const char *path, const SourceEntry *entry, WalkEntry walk,
	GError **error)
{
	if (!walk_is_odd(entry) || (entry->fault == ENTRY_CASE && entry->kind == SOURCE_FOLDER))
		return entry->kind != SOURCE_FOLDER || walk(load, path, entry, error);
	walk_report(load->strays, path, entry);
	return true;
}

// The folders of a folder that is no domain.
static bool walk_children(
	LayoutLoad *load, const SourceFolder *folder, const char *path, GError **error)
{
	if (!walk_count(load, folder->length, error))
		return false;
	for (size_t i = 0; i < folder->length; i++) {
		if (!walk_child(load, path, &folder->entries[i], walk_one_place, error))
			return false;
	}
	return true;
}

// Folders in which nothing was found are not entered a second time: a few that hold each other make millions.
static bool is_barren(LayoutLoad *load, const char *path, const SourceId *id)
{
	void *height;

	return g_hash_table_lookup_extended(load->barren, id, NULL, &height) &&
	       walk_depth(path) + GPOINTER_TO_UINT(height) <= load->limits.depth;
}

static bool walk_barren(LayoutLoad *load, const SourceFolder *folder, const char *path,
	const SourceId *id, GError **error)
{
	guint domains = load->layout->domains->len;
	size_t faults = diagnostic_list_length(load->strays);
	unsigned outer = load->deepest, depth = walk_depth(path);

	load->deepest = depth;
	report_strays(load, folder, path);
	if (!walk_children(load, folder, path, error))
		return false;
	if (load->layout->domains->len == domains && !source_id_is_zero(id) &&
		diagnostic_list_length(load->strays) == faults)
		g_hash_table_insert(load->barren, g_memdup2(id, sizeof(*id)),
			GUINT_TO_POINTER(load->deepest - depth));
	load->deepest = MAX(outer, load->deepest);
	return true;
}

static bool walk_place(LayoutLoad *load, const char *path, const SourceId *id, GError **error)
{
	g_autoptr(SourceFolder) folder = NULL;
	bool known = false;

	if (is_barren(load, path, id))
		return true;
	if (!share_domain(load, path, id, &known, error) || known)
		return known;
	if (!restore_domain(load, path, id, &known, error) || known)
		return known;
	folder = walk_read(load, path, id, load->strays);
	if (folder == NULL)
		return true;
	if (walk_entry(folder, "domain.yaml") != NULL)
		return walk_domain(load, folder, path, id, error);
	return walk_barren(load, folder, path, id, error);
}

// ---- All of it ----------------------------------------------------------------------------------------------------

// "Domains" beside "domains": on some file systems they are the same.
static void report_twins(LayoutLoad *load, const SourceFolder *top)
{
	static const char *const names[] = {"domains", "weir.yaml"};

	for (size_t i = 0; i < top->length; i++) {
		const SourceEntry *entry = &top->entries[i];

		for (size_t j = 0; j < G_N_ELEMENTS(names); j++) {
			if (entry->fault == ENTRY_CASE && strcmp(entry->name, names[j]) != 0 &&
				g_ascii_strcasecmp(entry->name, names[j]) == 0)
				walk_report(load->strays, "", entry);
		}
	}
}

static bool walk_all(LayoutLoad *load, GError **error)
{
	g_autoptr(SourceFolder) top =
		source_tree_folder(load->tree, "", source_tree_root(load->tree), error);

	if (top == NULL)
		return false;
	load->layout->statistics.folders_walked++;
	load->layout->project = project_config_load(load, top, error);
	if (load->layout->project == NULL)
		return false;
	report_twins(load, top);
	return walk_domains(load, top, error) && walk_patterns(load, top, error) &&
	       walk_weigh(load, error);
}

bool layout_walk(LayoutLoad *load, GError **error)
{
	bool good;

	load->strays = load->layout->strays;
	load->budget = walk_budget_new(&load->limits);
	load->seen = g_hash_table_new_full(source_id_hash, source_id_same, g_free, g_free);
	load->barren = g_hash_table_new_full(source_id_hash, source_id_same, g_free, NULL);
	good = walk_all(load, error);
	walk_groups_keep(load);
	walk_budget_free(load->budget);
	g_hash_table_unref(load->seen);
	g_hash_table_unref(load->barren);
	load->layout->unreadable = load->unreadable > 0;
	diagnostic_list_sort(load->layout->strays);
	return good;
}
