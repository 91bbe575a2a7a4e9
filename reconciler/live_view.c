#include "reconciler/live_view.h"

#include "reconciler/source_id.h"
#include "store/domain.h"
#include "store/flow.h"
#include "store/table.h"

#include <string.h>

enum {
	PAGE = 1000, // rows of the store at once
};

typedef struct {
	char *name;
	char *digest; // "": nothing of it is live yet
	char *path; // of its folder; NULL: nothing of it is live yet
	GStrv consumers; // that may read its tables; NULL: all
	SourceId tree;
	bool tree_known;
	bool unsettled;
	Layout *layout; // the snapshot that is live; NULL: it is in the store only
	const LayoutDomain *domain; // of it
} LiveDomain;

struct LiveView {
	PlanLive live;
	Store *store;
	GPtrArray *domains; // LiveDomain *, sorted by name
	GPtrArray *lists; // lists of the store's rows, whose strings were lent to a plan
};

static void live_domain_free(void *data)
{
	LiveDomain *domain = data;

	layout_unref(domain->layout);
	g_free(domain->digest);
	g_free(domain->path);
	g_strfreev(domain->consumers);
	g_free(domain->name);
	g_free(domain);
}

// The place of a name: *ret_found, or where it would be.
static guint find(const LiveView *view, const char *name, bool *ret_found)
{
	guint low = 0, high = view->domains->len;

	*ret_found = false;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const LiveDomain *domain = view->domains->pdata[middle];
		int by = strcmp(domain->name, name);

		if (by == 0) {
			*ret_found = true;
			return middle;
		}
		if (by < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static LiveDomain *get(LiveView *view, const char *name)
{
	bool found;
	guint at = find(view, name, &found);

	return found ? view->domains->pdata[at] : NULL;
}

static LiveDomain *get_or_add(LiveView *view, const char *name)
{
	bool found;
	guint at = find(view, name, &found);

	if (!found) {
		LiveDomain *domain = g_new0(LiveDomain, 1);

		domain->name = g_strdup(name);
		domain->digest = g_strdup("");
		g_ptr_array_insert(view->domains, (int)at, domain);
	}
	return view->domains->pdata[at];
}

// ---- The live side of a plan --------------------------------------------------------------------------------------

static bool live_domains(PlanLive *live, GArray *domains, GError **error)
{
	LiveView *view = (LiveView *)live;

	(void)error;
	g_ptr_array_set_size(view->lists, 0);
	for (guint i = 0; i < view->domains->len; i++) {
		const LiveDomain *domain = view->domains->pdata[i];
		const PlanLiveDomain value = {
			.name = domain->name,
			.digest = domain->digest,
			.path = domain->path,
			.consumers = (const char *const *)domain->consumers,
			.tree = domain->tree,
			.tree_known = domain->tree_known,
			.unsettled = domain->unsettled,
		};

		g_array_append_val(domains, value);
	}
	return true;
}

static void append_layout_flows(const LayoutDomain *domain, GArray *flows)
{
	for (size_t i = 0; i < domain->flows_length; i++) {
		const LayoutFlow *flow = domain->flows[i];
		const PlanLiveFlow value = {
			.namespace = flow->namespace,
			.id = flow->id,
			.digest = flow->digest,
			.blob = flow->blob,
			.blob_known = true,
			.path = flow->path,
			.generated = flow->kind == LAYOUT_FLOW_GENERATED,
			.flow = flow,
		};

		g_array_append_val(flows, value);
	}
}

static void append_store_flows(const GPtrArray *rows, GArray *flows)
{
	for (guint i = 0; i < rows->len; i++) {
		const StoreFlow *flow = rows->pdata[i];
		PlanLiveFlow value = {
			.namespace = flow->namespace,
			.id = flow->id,
			.digest = flow->digest,
			.path = flow->path,
			.revision = (int)flow->revision,
			.generated = g_strcmp0(flow->kind, "generated") == 0,
			.reads = flow->reads,
			.writes = flow->writes,
			.triggers = flow->triggers,
			.target = flow->target,
			.connection = flow->connection,
			.line = (unsigned)flow->line,
		};

		value.blob_known = flow->source_digest != NULL &&
				   source_id_parse(flow->source_digest, &value.blob);
		g_array_append_val(flows, value);
	}
}

static bool live_flows(PlanLive *live, const char *name, GArray *flows, GError **error)
{
	LiveView *view = (LiveView *)live;
	const LiveDomain *domain = get(view, name);
	const StoreFlowFilter filter = {.domain = name};
	g_autofree char *cursor = NULL;

	if (domain != NULL && domain->domain != NULL) {
		append_layout_flows(domain->domain, flows);
		return true;
	}
	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		GPtrArray *rows = NULL;
		char *next = NULL;

		if (!store_flows_list(view->store, &filter, &page, &rows, &next, error))
			return false;
		g_ptr_array_add(view->lists, rows);
		append_store_flows(rows, flows);
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return true;
}

static void append_layout_tables(const LayoutDomain *domain, GArray *tables)
{
	for (size_t i = 0; i < domain->tables_length; i++) {
		const LayoutTable *table = domain->tables[i];
		const PlanLiveTable value = {table->dataset, table->name, table->schema,
			table->path, table->kind == LAYOUT_VIEW};

		g_array_append_val(tables, value);
	}
}

// A row's name is "dataset.table"; a dataset has no dot, so the first one parts them.
static void append_store_tables(GPtrArray *rows, GArray *tables)
{
	for (guint i = 0; i < rows->len; i++) {
		StoreTable *table = rows->pdata[i];
		char *dot = strchr(table->name, '.');

		if (dot == NULL)
			continue;
		*dot = '\0';
		const PlanLiveTable value = {
			table->name, dot + 1, table->schema, table->path, table->view};
		g_array_append_val(tables, value);
	}
}

static bool live_tables(PlanLive *live, const char *name, GArray *tables, GError **error)
{
	LiveView *view = (LiveView *)live;
	const LiveDomain *domain = get(view, name);
	const StoreTableFilter filter = {.domain = name};
	g_autofree char *cursor = NULL;

	if (domain != NULL && domain->domain != NULL) {
		append_layout_tables(domain->domain, tables);
		return true;
	}
	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		GPtrArray *rows = NULL;
		char *next = NULL;

		if (!store_tables_list(view->store, &filter, &page, &rows, &next, error))
			return false;
		g_ptr_array_add(view->lists, rows);
		append_store_tables(rows, tables);
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return true;
}

static char *live_definition(PlanLive *live, const char *namespace, const char *id, GError **error)
{
	LiveView *view = (LiveView *)live;
	g_autoptr(StoreRevision) revision = NULL;

	if (!store_revision_get(view->store, namespace, id, 0, &revision, error))
		return NULL;
	if (revision == NULL) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISSING,
			"the store has no revision of flow '%s.%s', which is live", namespace, id);
		return NULL;
	}
	return g_steal_pointer(&revision->definition);
}

// It is lent out, and freed with the view.
static void live_free(PlanLive *live)
{
	(void)live;
}

// ---- The view -----------------------------------------------------------------------------------------------------

LiveView *live_view_new(Store *store)
{
	LiveView *view = g_new0(LiveView, 1);

	view->live = (PlanLive){live_domains, live_flows, live_tables, live_definition, live_free};
	view->store = store;
	view->domains = g_ptr_array_new_with_free_func(live_domain_free);
	view->lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	return view;
}

void live_view_free(LiveView *view)
{
	if (view == NULL)
		return;
	g_ptr_array_unref(view->lists);
	g_ptr_array_unref(view->domains);
	g_free(view);
}

PlanLive *live_view_plan(LiveView *view)
{
	return &view->live;
}

// Few domains name any: the others' settings are not parsed.
static GStrv consumers_of(const char *settings)
{
	bool any = settings != NULL && strstr(settings, "\"consumers\"") != NULL;
	json_auto_t *object = any ? json_loads(settings, 0, NULL) : NULL;
	const json_t *list = json_object_get(object, "consumers");
	g_autoptr(GStrvBuilder) names = NULL;
	const json_t *name;
	size_t index;

	if (!json_is_array(list))
		return NULL;
	names = g_strv_builder_new();
	json_array_foreach(list, index, name)
	{
		if (json_is_string(name))
			g_strv_builder_add(names, json_string_value(name));
	}
	return g_strv_builder_end(names);
}

static void add_row(LiveView *view, const StoreDomain *row)
{
	LiveDomain *domain = get_or_add(view, row->name);

	if (row->digest != NULL) {
		g_free(domain->digest);
		domain->digest = g_strdup(row->digest);
		domain->path = g_strdup(row->path);
		domain->consumers = consumers_of(row->settings);
	}
	domain->tree_known = row->tree != NULL && source_id_parse(row->tree, &domain->tree);
	domain->unsettled = row->sync != SYNC_SYNCED;
}

bool live_view_load(LiveView *view, GError **error)
{
	g_autofree char *cursor = NULL;

	g_ptr_array_set_size(view->domains, 0);
	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		g_autoptr(GPtrArray) rows = NULL;
		char *next = NULL;

		if (!store_domains_list(view->store, NULL, &page, &rows, &next, error))
			return false;
		for (guint i = 0; i < rows->len; i++)
			add_row(view, rows->pdata[i]);
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return true;
}

void live_view_set(LiveView *view, Layout *layout, const LayoutDomain *domain)
{
	LiveDomain *entry = get_or_add(view, domain->name);

	layout_ref(layout);
	layout_unref(entry->layout);
	entry->layout = layout;
	entry->domain = domain;
	g_free(entry->digest);
	entry->digest = g_strdup(domain->digest);
	g_free(entry->path);
	entry->path = g_strdup(domain->path);
	g_strfreev(entry->consumers);
	entry->consumers = g_strdupv((char **)(uintptr_t)domain->consumers);
	entry->tree = domain->tree;
	entry->tree_known = true;
	entry->unsettled = false;
}

void live_view_unsettle(LiveView *view, const char *name)
{
	get_or_add(view, name)->unsettled = true;
}

void live_view_remove(LiveView *view, const char *name)
{
	bool found;
	guint at = find(view, name, &found);

	if (found)
		g_ptr_array_remove_index(view->domains, at);
}

bool live_view_is_settled(const LiveView *view)
{
	for (guint i = 0; i < view->domains->len; i++) {
		const LiveDomain *domain = view->domains->pdata[i];

		if (domain->unsettled)
			return false;
	}
	return true;
}

size_t live_view_length(const LiveView *view)
{
	return view->domains->len;
}
