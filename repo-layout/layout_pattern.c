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

static void take(PatternWalk *walk, const char *path, const SourceId *id, const Match *match)
{
	const char *name = walk->load->layout->project->name;
	FoundList *found = list_of(walk, match->domain != NULL ? match->domain
					 : name != NULL	       ? name
							       : "project");
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
	g_autofree char *below =
		*path == '\0' ? g_strdup(entry->name) : g_strconcat(path, "/", entry->name, NULL);
	Match match = {0};

	if (parts[level + 1] != NULL) {
		bool wanted = entry->kind == SOURCE_FOLDER &&
			      match_part(parts[level], entry->name, &match);

		match_clear(&match);
		return !wanted || walk_pattern(walk, below, &entry->id, level + 1, error);
	}
	if (entry->kind == SOURCE_FILE && match_part(parts[level], entry->name, &match)) {
		g_auto(GStrv) names = g_strsplit(below, "/", -1);

		for (unsigned i = 0; i <= level; i++)
			match_part(parts[i], names[i], &match);
		take(walk, below, &entry->id, &match);
	}
	match_clear(&match);
	return true;
}

static bool walk_pattern(
	PatternWalk *walk, const char *path, const SourceId *id, unsigned level, GError **error)
{
	GError *fault = NULL;
	DiagnosticList *strays = walk->load->layout->strays;
	g_autoptr(SourceFolder) folder =
		level == 0 ? source_tree_folder(walk->load->tree, path, id, &fault)
			   : walk_folder(walk->load, path, id, strays, &fault);

	if (folder == NULL) {
		if (fault != NULL)
			g_propagate_error(error, fault);
		return fault == NULL;
	}
	for (size_t i = 0; i < folder->length; i++) {
		if (folder->entries[i].fault == ENTRY_GOOD &&
			!visit_entry(walk, path, &folder->entries[i], level, error))
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

static bool make_domain(LayoutLoad *load, const char *name, FoundList *found, GError **error)
{
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
	if (!walk_units(load, data, previous, found, error))
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

// Names in braces that mean something, and one that every pattern needs.
static void check_pattern(LayoutLoad *load, const char *key, const char *text)
{
	static const char *const known[] = {"domain", "project", "dataset", "table", "flow", NULL};
	const char *needed = strcmp(key, "flows") == 0 ? "{flow}" : "{table}";

	if (strstr(text, needed) == NULL)
		diagnostic_add(load->layout->strays, "weir.yaml", 0, 0, DIAGNOSTIC_ERROR,
			"bad-pattern", NULL, "the pattern 'layout.%s' needs '%s'", key, needed);
	for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{')) {
		g_autofree char *name = g_strndup(open + 1, strcspn(open + 1, "}"));
		g_autofree char *hint = nearest_word_hint(name, known);

		if (!g_strv_contains(known, name))
			diagnostic_add(load->layout->strays, "weir.yaml", 0, 0, DIAGNOSTIC_ERROR,
				"bad-pattern", hint,
				"the pattern 'layout.%s' has the unknown name '{%s}'", key, name);
	}
}

static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
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
	for (size_t i = 0; good && i < G_N_ELEMENTS(keys); i++) {
		const char *text = json_string_value(json_object_get(layout, keys[i].key));

		if (text == NULL)
			continue;
		check_pattern(load, keys[i].key, text);
		good = walk_one(&walk, keys[i].kind, text, error);
	}
	names = (const char **)g_hash_table_get_keys_as_array(walk.domains, &count);
	qsort(names, count, sizeof(*names), compare_text);
	for (guint i = 0; good && i < count; i++)
		good = make_domain(
			load, names[i], g_hash_table_lookup(walk.domains, names[i]), error);
	g_hash_table_unref(walk.domains);
	return good;
}
