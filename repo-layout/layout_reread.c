// What a snapshot does not hold is read again from its tree: definitions, and the files of scripts/.
#include "repo-layout/layout_private.h"

#include <string.h>

static bool load(const Layout *layout, UnitSource *source, unsigned which, const char *path,
	const SourceId *id, uint64_t limit, GError **error)
{
	source->paths[which] = path;
	source->ids[which] = *id;
	source->texts[which] = source_tree_blob(layout->tree, path, id, limit, error);
	return source->texts[which] != NULL;
}

// The sidecar's path: the script's with the ending of YAML. Only needed where files have no ids.
static Unit *parse_again(
	const Layout *layout, const DomainData *data, const Unit *unit, GError **error)
{
	g_autofree char *dataset = NULL;
	g_autofree char *stem = NULL;
	g_autofree char *sidecar = NULL;
	const LayoutLimits *limits = &layout->limits;
	UnitSource source = {.path = unit->path, .table = unit->table.name};
	bool good = load(layout, &source, 0, unit->path, &unit->ids[0], limits->file_bytes, error);
	Unit *again = NULL;

	if (good && unit->kind == UNIT_FLOW) {
		again = unit_parse_flow(&data->config, &source, limits);
	} else if (good) {
		const char *dot = strrchr(unit->table.dataset, '.');

		// With a project in the layout's pattern the dataset is project.dataset.
		dataset = dot == NULL ? NULL
				      : g_strndup(unit->table.dataset,
						(gsize)(dot - unit->table.dataset));
		source.project = dataset;
		source.dataset = dot == NULL ? unit->table.dataset : dot + 1;
		stem = g_strndup(unit->path, strlen(unit->path) - strlen(".sql"));
		sidecar = g_strconcat(stem, ".yaml", NULL);
		if (!source_id_is_zero(&unit->ids[1]))
			good = load(layout, &source, 1, sidecar, &unit->ids[1], limits->file_bytes,
				error);
		if (good && !source_id_is_zero(&unit->ids[2]))
			good = load(layout, &source, 2, unit->table.path, &unit->ids[2],
				limits->schema_bytes, error);
		again = good ? unit_parse_script(&data->config, &source, limits) : NULL;
	}
	for (unsigned i = 0; i < 3; i++)
		g_clear_pointer(&source.texts[i], g_bytes_unref);
	return again;
}

// The file of a flow set: its path without the number.
static char *set_path(const Unit *unit)
{
	return g_strndup(unit->path, (gsize)(strrchr(unit->path, '#') - unit->path));
}

static Unit *expand_again(
	const Layout *layout, const DomainData *data, const Unit *unit, GError **error)
{
	g_autofree char *path = set_path(unit);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *rows = NULL;
	g_autofree char *beside = NULL;
	g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify)unit_unref);
	UnitSource source = {.path = path};
	Unit *found = NULL;
	bool good = load(layout, &source, 0, path, &unit->ids[0], layout->limits.file_bytes, error);

	rows = good ? set_rows_name(source.texts[0]) : NULL;
	beside = rows == NULL ? NULL : g_build_filename(folder, rows, NULL);
	if (beside != NULL)
		good = load(layout, &source, 1, beside, &unit->ids[1], layout->limits.data_bytes,
			error);
	if (good)
		unit_parse_set(&data->config, &source, &layout->limits, NULL, NULL, units, NULL);
	for (guint i = 0; i < units->len; i++) {
		if (strcmp(((Unit *)units->pdata[i])->path, unit->path) == 0)
			found = unit_ref(units->pdata[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		g_clear_pointer(&source.texts[i], g_bytes_unref);
	return found;
}

// Two folders may name the same domain: the flow's is the one that its file lies in.
static const DomainData *domain_of(const Layout *layout, const LayoutFlow *flow)
{
	for (guint i = 0; layout_clashes_length(layout) > 0 && i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		if (strcmp(data->config.name, flow->domain) == 0 &&
			path_is_within(flow->path, data->config.path))
			return data;
	}
	return (const DomainData *)(const void *)layout_domain_find(layout, flow->domain);
}

char *layout_flow_definition(const Layout *layout, const LayoutFlow *flow, GError **error)
{
	const Unit *unit = unit_of_flow(flow);
	const DomainData *data;
	g_autoptr(Unit) again = NULL;

	if (unit->definition != NULL)
		return g_strdup(unit->definition);
	data = domain_of(layout, flow);
	if (data == NULL) {
		g_set_error(error, LAYOUT_ERROR, LAYOUT_ERROR_LIMIT,
			"the flow '%s.%s' is not of this layout", flow->namespace, flow->id);
		return NULL;
	}
	again = unit->kind == UNIT_SET ? expand_again(layout, data, unit, error)
				       : parse_again(layout, data, unit, error);
	return again == NULL ? NULL : g_steal_pointer(&again->definition);
}

const char *layout_flow_definition_peek(
	const Layout *layout, const LayoutFlow *flow, char **ret_made, GError **error)
{
	const char *at_hand = unit_of_flow(flow)->definition;

	*ret_made = at_hand != NULL ? NULL : layout_flow_definition(layout, flow, error);
	return at_hand != NULL ? at_hand : *ret_made;
}

typedef bool (*VisitFile)(
	const char *path, const SourceId *id, bool executable, void *data, GError **error);

static bool visit_folder(const Layout *layout, const char *folder, const char *below,
	const SourceId *id, VisitFile visit, void *data, GError **error)
{
	g_autoptr(SourceFolder) entries = source_tree_folder(layout->tree, folder, id, error);

	if (entries == NULL)
		return false;
	for (size_t i = 0; i < entries->length; i++) {
		const SourceEntry *entry = &entries->entries[i];
		g_autofree char *path = g_strconcat(folder, "/", entry->name, NULL);
		g_autofree char *name = *below == '\0' ? g_strdup(entry->name)
						       : g_strconcat(below, "/", entry->name, NULL);
		bool good = true;

		if (entry->fault != ENTRY_GOOD)
			continue;
		if (entry->kind == SOURCE_FOLDER)
			good = visit_folder(layout, path, name, &entry->id, visit, data, error);
		else if (entry->kind == SOURCE_FILE)
			good = visit(name, &entry->id, entry->executable, data, error);
		if (!good)
			return false;
	}
	return true;
}

bool layout_scripts_visit(const Layout *layout, const LayoutDomain *domain, VisitFile visit,
	void *data, GError **error)
{
	const DomainData *inside = (const DomainData *)(const void *)domain;
	g_autofree char *folder = g_strconcat(domain->path, "/scripts", NULL);

	if (domain->scripts_tree == NULL)
		return true;
	return visit_folder(layout, folder, "", &inside->config.scripts_id, visit, data, error);
}
