// The files of a domain become units; those that did not change are taken over.
#include "repo-layout/walk_private.h"

#include <string.h>

// What belongs to a script: found by path or by table.
typedef struct Partners {
	GHashTable *sidecars; // path without its ending -> Found
	GHashTable *schemas; // "dataset.table" in lower case -> Found
	GPtrArray *previous; // Unit *, by path; NULL: none
	guint previous_at;
	bool restored; // previous comes from the cache: files may be there by themselves
} Partners;

static char *table_key(const DomainData *data, const Found *file)
{
	const char *dataset = file->dataset != NULL ? file->dataset : data->config.dataset;
	g_autofree char *name = g_strjoin(
		".", file->project != NULL ? file->project : "", dataset, file->table, NULL);

	return g_ascii_strdown(name, -1);
}

static char *path_stem(const char *path)
{
	const char *dot = strrchr(path, '.');

	return g_strndup(path, dot == NULL ? strlen(path) : (size_t)(dot - path));
}

// A sidecar lies beside its script; by a layout's pattern it may lie anywhere and speaks of the same table.
static char *sidecar_key(const DomainData *data, const Found *file)
{
	return data->virtual_ ? table_key(data, file) : path_stem(file->path);
}

static void put_partner(DomainData *data, GHashTable *table, char *key, Found *file)
{
	Found *other = g_hash_table_lookup(table, key);

	if (other == NULL) {
		g_hash_table_insert(table, key, file);
		return;
	}
	diagnostic_add(data->local, file->path, 0, 0, DIAGNOSTIC_ERROR, "duplicate-id",
		"remove one of the two", "'%s' says the same", other->path);
	file->used = true;
	g_free(key);
}

static void gather_partners(DomainData *data, const FoundList *found, Partners *partners)
{
	for (guint i = 0; i < found->files->len; i++) {
		Found *file = &g_array_index(found->files, Found, i);

		if (file->kind == FOUND_SIDECAR)
			put_partner(data, partners->sidecars, sidecar_key(data, file), file);
		else if (file->kind == FOUND_SCHEMA)
			put_partner(data, partners->schemas, table_key(data, file), file);
	}
}

// The last snapshot's unit of a path. Both are in order of paths, so it is nearly always the next one.
static Unit *previous_unit(Partners *partners, const char *path)
{
	guint low = 0;
	guint high;

	if (partners->previous == NULL)
		return NULL;
	high = partners->previous->len;
	if (partners->previous_at < high) {
		Unit *next = partners->previous->pdata[partners->previous_at];

		if (strcmp(next->path, path) == 0) {
			partners->previous_at++;
			return next;
		}
	}
	while (low < high) {
		guint middle = (low + high) / 2;
		Unit *unit = partners->previous->pdata[middle];
		int order = strcmp(unit->path, path);

		if (order == 0) {
			partners->previous_at = middle + 1;
			return unit;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool same_files(const DomainData *data, const Unit *unit, const UnitSource *source)
{
	if (source_id_is_zero(&source->ids[0]) || !source_id_equal(&unit->ids[0], &source->ids[0]))
		return false;
	const SourceId scripts = unit_scripts_seen(&data->config);
	if (unit->kind == UNIT_FLOW)
		return source_id_is_zero(&unit->ids[1]) || source_id_equal(&unit->ids[1], &scripts);
	return source_id_equal(&unit->ids[1], &source->ids[1]) &&
	       source_id_equal(&unit->ids[2], &source->ids[2]);
}

// Loads one of the source's files. One that is too large or unreadable is said to be, and stays NULL.
static void load_text(
	LayoutLoad *load, UnitSource *source, unsigned which, WalkLimit limit, DomainData *data)
{
	source->texts[which] =
		walk_text(load, data->local, source->paths[which], &source->ids[which], limit);
}

typedef Unit *(*ParseUnit)(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits);

// Definitions lie together, apart from what stays: forgetting them gives whole pages back.
static void keep_definition(LayoutLoad *load, Unit *unit)
{
	size_t length = unit->definition == NULL ? 0 : strlen(unit->definition);
	char *definition;

	if (unit->definition == NULL)
		return;
	load->memory += length;
	definition = g_steal_pointer(&unit->definition);
	// Beyond the limit it is read again when it is asked for.
	if (load->memory <= load->limits.memory_bytes / 2) {
		unit->definition = arena_copy(&load->layout->definitions, definition, length);
		unit->lent = true;
		g_ptr_array_add(load->layout->fresh, unit_ref(unit));
	}
	g_free(definition);
}

static bool parse_unit(
	LayoutLoad *load, DomainData *data, UnitSource *source, ParseUnit parse, GError **error)
{
	Unit *unit;

	for (unsigned i = 0; i < 3; i++) {
		bool schema = i == 2 || parse == unit_parse_schema;

		if (source->present[i])
			load_text(load, source, i, schema ? WALK_SCHEMA : WALK_FILE, data);
	}
	if (source->texts[0] != NULL) {
		unit = parse(&data->config, source, &load->limits);
		unit->ids[0] = source->ids[0];
		unit->flow.blob = source->ids[0];
		if (parse == unit_parse_script) {
			unit->ids[1] = source->ids[1];
			unit->ids[2] = source->ids[2];
		}
		g_ptr_array_add(data->units, unit);
		keep_definition(load, unit);
		load->layout->statistics.files_parsed++;
		data->unstored++;
	}
	for (unsigned i = 0; i < 3; i++)
		g_clear_pointer(&source->texts[i], g_bytes_unref);
	// Asking for the time costs as much as reading a small file.
	return load->layout->statistics.files_parsed % 32 != 0 || walk_in_time(load, error);
}

static void set_part(UnitSource *source, unsigned which, Found *file)
{
	if (file == NULL)
		return;
	source->ids[which] = file->id;
	source->paths[which] = file->path;
	source->present[which] = true;
	file->used = true;
}

static UnitKind kind_of(ParseUnit parse)
{
	if (parse == unit_parse_flow)
		return UNIT_FLOW;
	if (parse == unit_parse_schema)
		return UNIT_SCHEMA;
	return parse == unit_parse_feed ? UNIT_FEED : UNIT_SCRIPT;
}

// A file that was parsed after the cache got its domain as a whole.
static bool take_stored(LayoutLoad *load, DomainData *data, const Partners *partners,
	const UnitSource *source, UnitKind kind)
{
	Unit *unit = partners->restored
			     ? unit_restore(load, &data->config, source->path, kind, source->ids)
			     : NULL;

	if (unit == NULL)
		return false;
	if (!same_files(data, unit, source)) {
		unit_unref(unit);
		return false;
	}
	g_ptr_array_add(data->units, unit);
	load->layout->statistics.files_cached++;
	data->unstored++;
	return true;
}

static bool make_unit(LayoutLoad *load, DomainData *data, Partners *partners, Found *file,
	ParseUnit parse, GError **error)
{
	UnitSource source = {
		.path = file->path,
		.dataset = file->dataset != NULL ? file->dataset : data->config.dataset,
		.table = file->table,
		.project = file->project,
		.headers = load->headers,
	};
	Unit *previous;

	set_part(&source, 0, file);
	if (parse == unit_parse_script) {
		g_autofree char *stem =
			g_hash_table_size(partners->sidecars) > 0 ? sidecar_key(data, file) : NULL;
		g_autofree char *key =
			g_hash_table_size(partners->schemas) > 0 ? table_key(data, file) : NULL;

		if (stem != NULL)
			set_part(&source, 1, g_hash_table_lookup(partners->sidecars, stem));
		if (key != NULL)
			set_part(&source, 2, g_hash_table_lookup(partners->schemas, key));
	}
	previous = previous_unit(partners, file->path);
	if (previous != NULL && same_files(data, previous, &source)) {
		g_ptr_array_add(data->units, unit_ref(previous));
		load->layout->statistics.files_shared++;
		return true;
	}
	if (take_stored(load, data, partners, &source, kind_of(parse)))
		return true;
	return parse_unit(load, data, &source, parse, error);
}

static bool make_units(LayoutLoad *load, DomainData *data, Partners *partners,
	const FoundList *found, GError **error)
{
	static const ParseUnit parsers[] = {
		[FOUND_SCRIPT] = unit_parse_script,
		[FOUND_FLOW] = unit_parse_flow,
		[FOUND_FEED] = unit_parse_feed,
		[FOUND_ROWS] = NULL,
	};

	for (guint i = 0; i < found->files->len; i++) {
		Found *file = &g_array_index(found->files, Found, i);

		if (file->kind != FOUND_SIDECAR && file->kind != FOUND_SCHEMA &&
			parsers[file->kind] != NULL &&
			!make_unit(load, data, partners, file, parsers[file->kind], error))
			return false;
	}
	return true;
}

static Found *find_beside(const FoundList *found, const Found *set, const char *name)
{
	g_autofree char *folder = g_path_get_dirname(set->path);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	for (guint i = 0; i < found->files->len; i++) {
		Found *file = &g_array_index(found->files, Found, i);

		if (file != set && strcmp(file->path, path) == 0)
			return file;
	}
	return NULL;
}

typedef struct TimeCheck {
	LayoutLoad *load;
	GError *error;
} TimeCheck;

static bool is_in_time(void *data)
{
	TimeCheck *check = data;

	return walk_in_time(check->load, &check->error);
}

// A flow set gives as many units as it has rows.
static bool make_set(
	LayoutLoad *load, DomainData *data, const FoundList *found, Found *file, GError **error)
{
	UnitSource source = {.path = file->path};
	TimeCheck check = {.load = load};
	guint first = data->units->len;
	g_autofree char *rows = NULL;

	set_part(&source, 0, file);
	load_text(load, &source, 0, WALK_FILE, data);
	rows = source.texts[0] != NULL ? set_rows_name(source.texts[0]) : NULL;
	if (rows != NULL)
		set_part(&source, 1, find_beside(found, file, rows));
	if (source.present[1])
		load_text(load, &source, 1, WALK_DATA, data);
	if (source.texts[0] != NULL)
		unit_parse_set(&data->config, &source, &load->limits, is_in_time, &check,
			data->units, data->local);
	for (guint i = first; i < data->units->len; i++) {
		Unit *unit = data->units->pdata[i];

		unit->ids[0] = source.ids[0];
		unit->ids[1] = source.ids[1];
		unit->flow.blob = source.ids[0];
		keep_definition(load, unit);
		load->layout->statistics.files_parsed++;
	}
	for (unsigned i = 0; i < 2; i++)
		g_clear_pointer(&source.texts[i], g_bytes_unref);
	if (check.error == NULL)
		return true;
	g_propagate_error(error, check.error);
	return false;
}

static bool make_sets(LayoutLoad *load, DomainData *data, const FoundList *found, GError **error)
{
	for (guint i = 0; i < found->files->len; i++) {
		Found *file = &g_array_index(found->files, Found, i);

		// A YAML file that a set takes its rows from is no set.
		if (file->kind == FOUND_SET && !ends_with(file->path, ".rows.yaml") &&
			!make_set(load, data, found, file, error))
			return false;
	}
	return true;
}

// What no script took: a schema declares a table by itself, a sidecar has lost its script.
static bool make_rest(LayoutLoad *load, DomainData *data, Partners *partners,
	const FoundList *found, GError **error)
{
	partners->previous_at = 0;
	for (guint i = 0; i < found->files->len; i++) {
		Found *file = &g_array_index(found->files, Found, i);

		if (file->used)
			continue;
		if (file->kind == FOUND_SIDECAR)
			diagnostic_add(data->local, file->path, 0, 0, DIAGNOSTIC_ERROR,
				"orphan-sidecar", NULL,
				"there is no script '%s.sql' for this sidecar", file->table);
		else if (file->kind == FOUND_SCHEMA &&
			 !make_unit(load, data, partners, file, unit_parse_schema, error))
			return false;
	}
	return true;
}

bool walk_units(LayoutLoad *load, DomainData *data, const DomainData *previous, FoundList *found,
	GError **error)
{
	Partners partners = {
		.sidecars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.schemas = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	bool good;

	if (previous != NULL && strcmp(previous->config.context, data->config.context) == 0)
		partners.previous = previous->units;
	partners.restored = partners.previous != NULL && previous->stored;
	gather_partners(data, found, &partners);
	good = make_units(load, data, &partners, found, error) &&
	       make_sets(load, data, found, error) &&
	       make_rest(load, data, &partners, found, error);
	g_hash_table_unref(partners.sidecars);
	g_hash_table_unref(partners.schemas);
	return good;
}
