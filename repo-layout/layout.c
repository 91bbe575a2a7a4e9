#include "repo-layout/layout.h"

#include "repo-layout/layout_private.h"

#include <stdlib.h>
#include <string.h>

const LayoutLimits layout_limits_default = {
	.file_bytes = 1024 * 1024,
	.schema_bytes = 4 * 1024 * 1024,
	.data_bytes = 4 * 1024 * 1024,
	.scripts_bytes = 100 * 1024 * 1024,
	.entries = 200000,
	.depth = 64,
	.yaml = {1024 * 1024, 64, 100000, 1000, 10000},
	.seconds = 10,
	.memory_bytes = 256 * 1024 * 1024,
};

char *layout_limits_text(const LayoutLimits *limits)
{
	const LayoutLimits *of = limits != NULL ? limits : &layout_limits_default;
	const YamlLimits *yaml = &of->yaml;

	return g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
			       " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %u %u %zu %u %u %u %u",
		of->file_bytes, of->schema_bytes, of->data_bytes, of->scripts_bytes,
		of->memory_bytes, of->entries, of->depth, yaml->bytes, yaml->depth, yaml->nodes,
		yaml->aliases, yaml->alias_nodes);
}

GQuark layout_error_quark(void)
{
	return g_quark_from_static_string("weir-layout-error");
}

static void hold_unref(void *data)
{
	Hold *hold = data;

	if (!g_atomic_int_dec_and_test(&hold->references))
		return;
	for (guint i = 0; i < hold->length; i++)
		domain_data_unref(hold->domains[i]);
	g_free(hold);
}

Layout *layout_load(SourceTree *tree, Layout *previous, const LayoutCache *cache,
	const LayoutLimits *limits, const char *environment, GError **error)
{
	const char *named = g_intern_string(environment);
	LayoutLoad load = {
		.tree = tree,
		.previous = previous != NULL && previous->project->environment == named ? previous
											: NULL,
		.cache = cache,
		.environment = named,
		.limits = limits != NULL ? *limits : layout_limits_default,
	};
	g_autoptr(Layout) layout = g_new0(Layout, 1);
	bool good;

	layout->references = 1;
	layout->tree = source_tree_ref(tree);
	layout->domains = g_ptr_array_new();
	layout->holds = g_ptr_array_new_with_free_func(hold_unref);
	layout->digests = g_byte_array_new();
	layout->strays = diagnostic_list_new();
	layout->fresh = g_ptr_array_new_with_free_func((GDestroyNotify)unit_unref);
	layout->definitions.chunk_size = 256 * 1024;
	layout->limits = load.limits;
	g_strlcpy(layout->revision, source_tree_revision(tree), sizeof(layout->revision));
	load.layout = layout;
	load.made = g_ptr_array_new_with_free_func((GDestroyNotify)domain_data_unref);
	load.added = g_ptr_array_new();
	load.removed = g_ptr_array_new();
	load.headers = header_memo_new();
	good = layout_walk(&load, error);
	if (good)
		layout_graph_make(&load);
	g_ptr_array_unref(load.made);
	g_clear_pointer(&load.patches, g_array_unref);
	g_ptr_array_unref(load.added);
	g_ptr_array_unref(load.removed);
	header_memo_free(load.headers);
	return good ? g_steal_pointer(&layout) : NULL;
}

Layout *layout_ref(Layout *layout)
{
	g_atomic_int_inc(&layout->references);
	return layout;
}

void layout_unref(Layout *layout)
{
	if (layout == NULL || !g_atomic_int_dec_and_test(&layout->references))
		return;
	// Its units may live on in another snapshot.
	layout_forget_definitions(layout);
	table_index_free(layout->index);
	g_ptr_array_unref(layout->fresh);
	g_ptr_array_unref(layout->domains);
	g_ptr_array_unref(layout->holds);
	g_byte_array_unref(layout->digests);
	source_folder_free(layout->folder);
	g_clear_pointer(&layout->groups, g_array_unref);
	g_clear_pointer(&layout->order, g_array_unref);
	g_clear_pointer(&layout->clashes, g_ptr_array_unref);
	diagnostic_list_free(layout->strays);
	project_config_unref(layout->project);
	source_tree_unref(layout->tree);
	g_free(layout->digest);
	g_free(layout);
}

const char *layout_revision(const Layout *layout)
{
	return layout->revision;
}

const char *layout_name(const Layout *layout)
{
	return layout->project->name != NULL ? layout->project->name : "";
}

const char *layout_digest(const Layout *layout)
{
	Layout *made = (Layout *)(uintptr_t)layout;
	char digest[SHA256_TEXT_SIZE];
	Sha256 sha;

	if (layout->digest != NULL)
		return layout->digest;
	sha256_begin(&sha);
	sha256_add(&sha, layout->project->digest, strlen(layout->project->digest));
	sha256_add(&sha, layout->digests->data, layout->digests->len);
	sha256_end(&sha, digest);
	made->digest = g_strdup(digest);
	return made->digest;
}

bool layout_broken(const Layout *layout)
{
	return diagnostic_list_errors(layout->project->diagnostics) > 0;
}

bool layout_unreadable(const Layout *layout)
{
	return layout->unreadable;
}

size_t layout_errors(const Layout *layout)
{
	size_t errors = diagnostic_list_errors(layout->project->diagnostics) +
			diagnostic_list_errors(layout->strays);

	for (guint i = 0; i < layout->domains->len; i++)
		errors += diagnostic_list_errors(
			((const DomainData *)layout->domains->pdata[i])->open.diagnostics);
	return errors;
}

DiagnosticList *layout_diagnostics(const Layout *layout)
{
	DiagnosticList *all = diagnostic_list_new();

	diagnostic_list_append(all, layout->project->diagnostics);
	diagnostic_list_append(all, layout->strays);
	for (guint i = 0; i < layout->domains->len; i++)
		diagnostic_list_append(
			all, ((const DomainData *)layout->domains->pdata[i])->open.diagnostics);
	layout_conflicts(layout, all);
	layout_unknown(layout, all);
	layout_subflows(layout, all);
	diagnostic_list_sort(all);
	return all;
}

const DiagnosticList *layout_project_diagnostics(const Layout *layout)
{
	return diagnostic_list_length(layout->project->diagnostics) > 0
		       ? layout->project->diagnostics
		       : layout->strays;
}

size_t layout_domains_length(const Layout *layout)
{
	return layout->domains->len;
}

const LayoutDomain *layout_domain_at(const Layout *layout, size_t index)
{
	const DomainData *data = layout->domains->pdata[g_array_index(layout->order, guint, index)];

	return &data->open;
}

// Of several of one name the first.
const LayoutDomain *layout_domain_find(const Layout *layout, const char *name)
{
	const LayoutDomain *found;
	size_t low = 0, high = layout->order->len;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(layout_domain_at(layout, middle)->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	found = low < layout->order->len ? layout_domain_at(layout, low) : NULL;
	return found != NULL && strcmp(found->name, name) == 0 ? found : NULL;
}

size_t layout_clashes_length(const Layout *layout)
{
	return layout->clashes->len;
}

const LayoutClash *layout_clash_at(const Layout *layout, size_t index)
{
	return layout->clashes->pdata[index];
}

bool path_is_within(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static const LayoutFlow *find_flow(
	const LayoutDomain *domain, const char *namespace, const char *id)
{
	size_t low = 0, high = domain->flows_length;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const LayoutFlow *flow = domain->flows[middle];
		int order = strcmp(flow->id, id);

		if (order == 0)
			order = strcmp(flow->namespace, namespace);
		if (order == 0)
			return flow;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const LayoutFlow *layout_domain_flow_find(const LayoutDomain *domain, const char *id)
{
	return find_flow(domain, domain->name, id);
}

const LayoutFlow *layout_flow_find(const Layout *layout, const char *namespace, const char *id)
{
	const LayoutDomain *domain = layout_domain_find(layout, namespace);
	const LayoutFlow *flow = domain == NULL ? NULL : find_flow(domain, namespace, id);

	// A flow may name a namespace that is no domain.
	for (guint i = 0; flow == NULL && i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		if (data->open.foreign)
			flow = find_flow(&data->open, namespace, id);
	}
	return flow;
}

const LayoutTable *layout_domain_table_find(
	const LayoutDomain *domain, const char *dataset, const char *name)
{
	size_t low = 0, high = domain->tables_length;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const LayoutTable *table = domain->tables[middle];
		int order = g_ascii_strcasecmp(table->dataset, dataset);

		if (order == 0)
			order = g_ascii_strcasecmp(table->name, name);
		if (order == 0)
			return table;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const LayoutTable *layout_table_find(const Layout *layout, const char *dataset, const char *name)
{
	g_autofree char *full = g_strdup_printf("%s.%s", dataset, name);
	const LayoutFlow *producer = layout_producer(layout, full);
	const LayoutDomain *domain =
		producer == NULL ? NULL : layout_domain_find(layout, producer->domain);
	const LayoutTable *table =
		domain == NULL ? NULL : layout_domain_table_find(domain, dataset, name);

	for (guint i = 0; table == NULL && i < layout->domains->len; i++)
		table = layout_domain_table_find(
			&((const DomainData *)layout->domains->pdata[i])->open, dataset, name);
	return table;
}

const LayoutFlow *layout_producer(const Layout *layout, const char *table)
{
	const TableEntry *entry = table_index_find(layout->index, table);

	return entry == NULL || entry->producer == NULL ? NULL : &entry->producer->flow;
}

const LayoutFlow *const *layout_readers(const Layout *layout, const char *table, size_t *ret_length)
{
	const TableEntry *entry = table_index_find(layout->index, table);

	*ret_length = entry == NULL ? 0 : entry->readers_length;
	return entry == NULL ? NULL : entry->readers;
}

typedef struct TableVisit {
	void (*visit)(const char *table, const LayoutFlow *producer, size_t readers, void *data);
	void *data;
} TableVisit;

static void visit_entry(const TableEntry *entry, void *data)
{
	const TableVisit *visit = data;

	visit->visit(entry->name, entry->producer == NULL ? NULL : &entry->producer->flow,
		entry->readers_length, visit->data);
}

void layout_tables_visit(const Layout *layout,
	void (*visit)(const char *table, const LayoutFlow *producer, size_t readers, void *data),
	void *data)
{
	TableVisit all = {visit, data};

	table_index_visit(layout->index, visit_entry, &all);
}

void layout_forget_definitions(Layout *layout)
{
	for (guint i = 0; i < layout->fresh->len; i++)
		((Unit *)layout->fresh->pdata[i])->definition = NULL;
	g_ptr_array_set_size(layout->fresh, 0);
	arena_clear(&layout->definitions);
}

GBytes *layout_flow_source(const Layout *layout, const LayoutFlow *flow, GError **error)
{
	return source_tree_blob(
		layout->tree, flow->path, &flow->blob, layout->limits.file_bytes, error);
}

GBytes *layout_blob(const Layout *layout, const SourceId *id, GError **error)
{
	return source_tree_blob(layout->tree, "", id, layout->limits.scripts_bytes, error);
}

const json_t *layout_settings(const Layout *layout)
{
	return layout->project->settings;
}

static json_t *member(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

bool layout_has_environment(const Layout *layout, const char *environment, GError **error)
{
	json_t *declared = member(layout->project->settings, "environments");
	g_autoptr(GString) names = g_string_new(NULL);
	const char *name;
	json_t *value;

	if (environment == NULL || json_object_size(declared) == 0 ||
		json_object_get(declared, environment) != NULL)
		return true;
	json_object_foreach(declared, name, value)
		g_string_append_printf(names, "%s'%s'", names->len > 0 ? ", " : "", name);
	g_set_error(error, LAYOUT_ERROR, LAYOUT_ERROR_ENVIRONMENT,
		"weir.yaml has no environment '%s'; it has %s: name one of them, or declare it "
		"there",
		environment, names->str);
	return false;
}

json_t *layout_connections(const Layout *layout, const char *environment)
{
	const json_t *settings = layout->project->settings;
	json_t *named =
		environment == NULL ? NULL : member(member(settings, "environments"), environment);
	json_t *connections = json_object();

	json_object_set_new(connections, "default", json_pack("{s:s}", "driver", "sqlite"));
	if (member(settings, "connections") != NULL)
		json_object_update(connections, member(settings, "connections"));
	if (member(named, "connections") != NULL)
		json_object_update(connections, member(named, "connections"));
	return connections;
}

json_t *layout_variables(const Layout *layout, const LayoutDomain *domain, const char *environment)
{
	const json_t *settings = layout->project->settings;
	json_t *named =
		environment == NULL ? NULL : member(member(settings, "environments"), environment);
	json_t *variables = json_object();

	if (member(settings, "variables") != NULL)
		json_object_update(variables, member(settings, "variables"));
	if (member(named, "variables") != NULL)
		json_object_update(variables, member(named, "variables"));
	if (domain != NULL && member(domain->settings, "variables") != NULL)
		json_object_update(variables, member(domain->settings, "variables"));
	return variables;
}

const LayoutLoadStatistics *layout_statistics(const Layout *layout)
{
	return &layout->statistics;
}
