// Layout patterns: files that lie in any tree, found by patterns of weir.yaml such as
// "sql/{project}/{dataset}/{table}/query.sql". With {domain} in a pattern the file belongs to that domain; without it to one domain
// named after the project.
#include "repo-layout/walk_private.h"

#include <stdlib.h>
#include <string.h>

// What a path gave for the names in braces.
typedef struct Match {
	char *domain, *project, *dataset, *table;
} Match;

static void match_clear(Match *match)
{
	g_free(match->domain);
	g_free(match->project);
	g_free(match->dataset);
	g_free(match->table);
	memset(match, 0, sizeof(*match));
}

static char **match_slot(Match *match, const char *name, size_t length)
{
	static const struct {
		const char *name;
		size_t offset;
	} slots[] = {{"domain", offsetof(Match, domain)}, {"project", offsetof(Match, project)},
		{"dataset", offsetof(Match, dataset)}, {"table", offsetof(Match, table)},
		{"flow", offsetof(Match, table)}};

	for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
		if (strlen(slots[i].name) == length && strncmp(slots[i].name, name, length) == 0)
			return (char **)(void *)((char *)match + slots[i].offset);
	}
	return NULL;
}

// Matches one part of a path: text around at most one name in braces.
static bool match_part(const char *pattern, const char *part, Match *match)
{
	const char *open = strchr(pattern, '{');
	const char *close = open == NULL ? NULL : strchr(open, '}');
	size_t before, after, length = strlen(part);
	char **slot;

	if (close == NULL)
		return strcmp(pattern, part) == 0;
	before = (size_t)(open - pattern);
	after = strlen(close + 1);
	if (length <= before + after || strncmp(part, pattern, before) != 0 ||
		strcmp(part + length - after, close + 1) != 0)
		return false;
	slot = match_slot(match, open + 1, (size_t)(close - open - 1));
	if (slot != NULL) {
		g_free(*slot);
		*slot = g_strndup(part + before, length - before - after);
	}
	return true;
}

// One pattern, cut into its parts.
typedef struct Pattern {
	FoundKind kind;
	GStrv parts;
} Pattern;

typedef struct PatternWalk {
	LayoutLoad *load;
	GHashTable *domains; // name -> FoundList
	GHashTable
		*faults; // name, "" for any -> DiagnosticList: of what would have been files of it
	const Pattern *pattern;
} PatternWalk;

static void free_found(void *data)
{
	FoundList *found = data;

	arena_clear(&found->arena);
	g_array_unref(found->files);
	g_free(found);
}

static FoundList *list_of(PatternWalk *walk, const char *domain)
{
	FoundList *found = g_hash_table_lookup(walk->domains, domain);

	if (found == NULL) {
		found = g_new0(FoundList, 1);
		found->files = g_array_new(FALSE, FALSE, sizeof(Found));
		g_hash_table_insert(walk->domains, g_strdup(domain), found);
	}
	return found;
}

static const char *kept(FoundList *found, const char *text)
{
	return text == NULL ? NULL : arena_copy(&found->arena, text, strlen(text));
}

// The domain that what matches belongs to.
static const char *domain_of(const PatternWalk *walk, const Match *match)
{
	const char *name = walk->load->layout->project->name;

	if (match->domain != NULL)
		return match->domain;
	return name != NULL ? name : "project";
}

static void match_path(const Pattern *pattern, const char *path, Match *match)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);

	for (unsigned i = 0; names[i] != NULL && pattern->parts[i] != NULL; i++)
		match_part(pattern->parts[i], names[i], match);
}

static bool names_domain(const Pattern *pattern)
{
	for (char **part = pattern->parts; *part != NULL; part++) {
		if (strstr(*part, "{domain}") != NULL)
			return true;
	}
	return false;
}

// Where a fault of something goes that would be a domain's files: what is missing because of it must not count as removed.
static DiagnosticList *faults_at(PatternWalk *walk, const char *path)
{
	Match match = {0};
	DiagnosticList *faults;
	const char *name;

	match_path(walk->pattern, path, &match);
	name = match.domain == NULL && names_domain(walk->pattern) ? "" : domain_of(walk, &match);
	faults = g_hash_table_lookup(walk->faults, name);
	if (faults == NULL) {
		faults = diagnostic_list_new();
		g_hash_table_insert(walk->faults, g_strdup(name), faults);
	}
	match_clear(&match);
	return faults;
}

static void take(PatternWalk *walk, const char *path, const SourceId *id, const Match *match)
{
	FoundList *found = list_of(walk, domain_of(walk, match));
	Found file = {.kind = walk->pattern->kind, .id = *id};

	file.path = kept(found, path);
	file.dataset = kept(found, match->dataset);
	file.table = match->table != NULL ? kept(found, match->table) : "";
	file.project = kept(found, match->project);
	g_array_append_val(found->files, file);
}

static bool walk_pattern(
	PatternWalk *walk, const char *path, const SourceId *id, unsigned level, GError **error);

static bool visit_entry(PatternWalk *walk, const char *path, const SourceEntry *entry,
	unsigned level, GError **error)
{
	GStrv parts = walk->pattern->parts;
	g_autofree char *below = walk_join(path, entry->name);
	Match match = {0};
	bool wanted = match_part(parts[level], entry->name, &match);
	bool good = true;

	if (walk_is_odd(entry)) {
		if (wanted)
			walk_report(faults_at(walk, below), path, entry);
		else if (level > 0)
			walk_report(walk->load->strays, path, entry);
	} else if (wanted && parts[level + 1] != NULL) {
		good = entry->kind != SOURCE_FOLDER ||
		       walk_pattern(walk, below, &entry->id, level + 1, error);
	} else if (wanted && entry->kind == SOURCE_FILE) {
		match_path(walk->pattern, below, &match);
		take(walk, below, &entry->id, &match);
	}
	match_clear(&match);
	return good;
}

static bool walk_pattern(
	PatternWalk *walk, const char *path, const SourceId *id, unsigned level, GError **error)
{
	LayoutLoad *load = walk->load;
	g_autoptr(SourceFolder) folder = level == 0
						 ? source_tree_folder(load->tree, path, id, error)
						 : walk_read(load, path, id, faults_at(walk, path));

	if (folder == NULL)
		return level > 0;
	if (level > 0 && !walk_count(load, folder->length, error))
		return false;
	for (size_t i = 0; i < folder->length; i++) {
		if (!visit_entry(walk, path, &folder->entries[i], level, error))
			return false;
	}
	return true;
}

static int compare_found(const void *left, const void *right)
{
	const Found *a = left;
	const Found *b = right;
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	return order != 0 ? order : strcmp(a->path, b->path);
}

// The faults of a domain's files that could not be taken. None of this name: those of no one.
static void take_faults(PatternWalk *walk, const char *name, DiagnosticList *into)
{
	diagnostic_list_append(into, g_hash_table_lookup(walk->faults, name));
	if (*name != '\0')
		g_hash_table_remove(walk->faults, name);
}

static bool make_units(LayoutLoad *load, DomainData *data, const DomainData *previous,
	FoundList *found, GError **error)
{
	GError *fault = NULL;
	unsigned spoilt = load->spoilt;
	bool good;

	walk_budget_domain(load, data, NULL);
	good = walk_units(load, data, previous, found, &fault);
	if (!good && g_error_matches(fault, LAYOUT_ERROR, LAYOUT_ERROR_DOMAIN)) {
		g_clear_error(&fault);
		data->cut = good = true;
	}
	data->spoilt = load->spoilt != spoilt;
	if (fault != NULL)
		g_propagate_error(error, fault);
	return good && walk_budget_domain_end(load, data, error);
}

static bool make_domain(PatternWalk *walk, const char *name, FoundList *found, GError **error)
{
	LayoutLoad *load = walk->load;
	ProjectConfig *project = load->layout->project;
	const char *owner = json_string_value(json_object_get(project->settings, "owner"));
	g_autofree char *path = g_strconcat("@", name, NULL);
	DomainData *previous = walk_previous(load, path);
	g_autoptr(DomainData) data = domain_data_new(project, name, path);
	json_auto_t *settings = json_pack("{s:s}", "owner", owner != NULL ? owner : name);
	g_autofree char *yaml = json_dumps(settings, 0);

	data->virtual_ = true;
	domain_config_read(data, yaml, strlen(yaml), &load->limits);
	g_array_sort(found->files, compare_found);
	take_faults(walk, "", data->local);
	take_faults(walk, name, data->local);
	if (!make_units(load, data, previous, found, error))
		return false;
	domain_data_finish(data);
	walk_add(load, g_steal_pointer(&data));
	return true;
}

static bool walk_one(PatternWalk *walk, FoundKind kind, const char *text, GError **error)
{
	Pattern pattern = {.kind = kind, .parts = g_strsplit(text, "/", -1)};
	bool good;

	walk->pattern = &pattern;
	good = walk_pattern(walk, "", source_tree_root(walk->load->tree), 0, error);
	walk->pattern = NULL;
	g_strfreev(pattern.parts);
	return good;
}

// Adds an error where a pattern stands in weir.yaml.
static void pattern_fault(LayoutLoad *load, const char *key, const char *hint, const char *format,
	...) G_GNUC_PRINTF(4, 5);

static void pattern_fault(
	LayoutLoad *load, const char *key, const char *hint, const char *format, ...)
{
	GHashTable *places = load->layout->project->layout_places;
	const ProjectPlace *place = places == NULL ? NULL : g_hash_table_lookup(places, key);
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	diagnostic_add(load->layout->strays, "weir.yaml", place == NULL ? 0 : place->line,
		place == NULL ? 0 : place->column, DIAGNOSTIC_ERROR, "bad-pattern", hint,
		"the pattern 'layout.%s' %s", key, message);
}

// Parts that no path has, or that match_part() cannot read: the pattern would find nothing, and say nothing.
static void check_parts(LayoutLoad *load, const char *key, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", -1);

	for (char **part = parts; *part != NULL; part++) {
		const char *open = strchr(*part, '{');

		if (**part == '\0' || strcmp(*part, ".") == 0 || strcmp(*part, "..") == 0)
			pattern_fault(load, key,
				"write it from the top of the repository, without a slash at its "
				"beginning or end",
				"has the part '%s', which no path has", *part);
		else if (open != NULL && strchr(open + 1, '{') != NULL)
			pattern_fault(
				load, key, NULL, "has more than one name in the part '%s'", *part);
	}
}

// Names in braces that mean something, and one that every pattern needs.
static void check_pattern(LayoutLoad *load, const char *key, const char *text)
{
	static const char *const known[] = {"domain", "project", "dataset", "table", "flow", NULL};
	const char *needed = strcmp(key, "flows") == 0 ? "{flow}" : "{table}";

	if (strstr(text, needed) == NULL)
		pattern_fault(load, key, NULL, "needs '%s'", needed);
	for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{')) {
		g_autofree char *name = g_strndup(open + 1, strcspn(open + 1, "}"));
		g_autofree char *hint = nearest_word_hint(name, known);

		if (!g_strv_contains(known, name))
			pattern_fault(load, key, hint, "has the unknown name '{%s}'", name);
	}
}

static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

// Faults of what would have been files of domains that have no others.
static void report_left(PatternWalk *walk, guint domains)
{
	GHashTableIter iterator;
	void *name, *faults;

	g_hash_table_iter_init(&iterator, walk->faults);
	while (g_hash_table_iter_next(&iterator, &name, &faults)) {
		if (*(const char *)name != '\0' || domains == 0)
			diagnostic_list_append(walk->load->strays, faults);
	}
}

bool walk_patterns(LayoutLoad *load, const SourceFolder *top, GError **error)
{
	static const struct {
		const char *key;
		FoundKind kind;
	} keys[] = {{"scripts", FOUND_SCRIPT}, {"headers", FOUND_SIDECAR},
		{"schemas", FOUND_SCHEMA}, {"flows", FOUND_FLOW}};
	const json_t *layout = json_object_get(load->layout->project->settings, "layout");
	PatternWalk walk = {.load = load};
	g_autofree const char **names = NULL;
	bool good = true;
	guint count;

	(void)top;
	if (layout == NULL)
		return true;
	walk.domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_found);
	walk.faults = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)diagnostic_list_free);
	for (size_t i = 0; good && i < G_N_ELEMENTS(keys); i++) {
		const char *text = json_string_value(json_object_get(layout, keys[i].key));

		if (text == NULL)
			continue;
		check_pattern(load, keys[i].key, text);
		check_parts(load, keys[i].key, text);
		good = walk_one(&walk, keys[i].kind, text, error);
	}
	names = (const char **)g_hash_table_get_keys_as_array(walk.domains, &count);
	qsort(names, count, sizeof(*names), compare_text);
	for (guint i = 0; good && i < count; i++)
		good = make_domain(
			&walk, names[i], g_hash_table_lookup(walk.domains, names[i]), error);
	report_left(&walk, count);
	g_hash_table_unref(walk.domains);
	g_hash_table_unref(walk.faults);
	return good;
}
