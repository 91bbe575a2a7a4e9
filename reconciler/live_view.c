#include "reconciler/live_view.h"

#include "reconciler/source_id.h"
#include "store/domain.h"
#include "store/flow.h"
#include "store/table.h"

#include <string.h>

enum {
	PAGE = 1000, // rows of the store at once
};

// What a row's strings belong to: the domain of a snapshot, or itself, when only the store has it.
typedef struct {
	const LayoutDomain *domain; // a reference; NULL: the strings are its own
	char *name, *digest, *path;
	GStrv consumers;
} Owner;

struct LiveView {
	PlanLive live;
	Store *store;
	GArray *rows; // PlanLiveDomain, sorted by name
	GArray *owners; // Owner, of each
	GByteArray *marks; // of each
	guint unsettled; // how many rows are
	GPtrArray *lists; // lists of the store's rows, whose strings were lent to a plan
};

static void owner_clear(void *data)
{
	Owner *owner = data;

	layout_domain_unref(owner->domain);
	g_free(owner->digest);
	g_free(owner->path);
	g_strfreev(owner->consumers);
	g_free(owner->name);
}

static PlanLiveDomain *row_at(const LiveView *view, guint index)
{
	return &g_array_index(view->rows, PlanLiveDomain, index);
}

// The place of a name: *ret_found, or where it would be.
static guint find(const LiveView *view, const char *name, bool *ret_found)
{
	guint low = 0, high = view->rows->len;

	*ret_found = false;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		int by = strcmp(row_at(view, middle)->name, name);

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

static void insert_mark(GByteArray *marks, guint at)
{
	g_byte_array_set_size(marks, marks->len + PLAN_MARK_SIZE);
	memmove(marks->data + at + PLAN_MARK_SIZE, marks->data + at,
		marks->len - PLAN_MARK_SIZE - at);
}

// Puts a row, whose strings belong to owner, in the place of the one of its name.
static void put(LiveView *view, const PlanLiveDomain *row, const Owner *owner)
{
	bool found;
	guint at = find(view, row->name, &found);

	view->unsettled += row->unsettled;
	if (!found) {
		g_array_insert_val(view->rows, at, *row);
		g_array_insert_val(view->owners, at, *owner);
		insert_mark(view->marks, at * PLAN_MARK_SIZE);
	}
	plan_live_mark(row, view->marks->data + (size_t)at * PLAN_MARK_SIZE);
	if (!found)
		return;
	view->unsettled -= row_at(view, at)->unsettled;
	owner_clear(&g_array_index(view->owners, Owner, at));
	*row_at(view, at) = *row;
	g_array_index(view->owners, Owner, at) = *owner;
}

// A domain's row; NULL: nothing of it was ever live, and the store need not be asked.
static const PlanLiveDomain *row_of(const LiveView *view, const char *name)
{
	bool found;
	guint at = find(view, name, &found);

	return found ? row_at(view, at) : NULL;
}

// ---- The live side of a plan --------------------------------------------------------------------------------------

static const GArray *live_domains(PlanLive *live, GError **error)
{
	LiveView *view = (LiveView *)live;

	(void)error;
	g_ptr_array_set_size(view->lists, 0);
	return view->rows;
}

static const GByteArray *live_marks(PlanLive *live)
{
	return ((LiveView *)live)->marks;
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
	const PlanLiveDomain *row = row_of(view, name);
	const StoreFlowFilter filter = {.domain = name};
	g_autofree char *cursor = NULL;

	if (row == NULL)
		return true;
	if (row->domain != NULL) {
		plan_live_add_flows(row->domain, flows);
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
	const PlanLiveDomain *row = row_of(view, name);
	const StoreTableFilter filter = {.domain = name};
	g_autofree char *cursor = NULL;

	if (row == NULL)
		return true;
	if (row->domain != NULL) {
		plan_live_add_tables(row->domain, tables);
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

static bool live_build_due(
	PlanLive *live, const char *namespace, const char *id, bool *ret_due, GError **error)
{
	LiveView *view = (LiveView *)live;
	g_autoptr(StoreFlow) flow = NULL;

	if (!store_flow_get(view->store, namespace, id, &flow, error))
		return false;
	*ret_due = flow != NULL && flow->build_due;
	return true;
}

static char *live_settings(PlanLive *live, const char *name, GError **error)
{
	LiveView *view = (LiveView *)live;
	const PlanLiveDomain *row = row_of(view, name);
	g_autoptr(StoreDomain) stored = NULL;

	if (row != NULL && row->domain != NULL)
		return plan_settings_text(row->domain);
	if (!store_domain_get(view->store, name, &stored, error) || stored == NULL)
		return NULL;
	return g_steal_pointer(&stored->settings);
}

static char *live_project(PlanLive *live, GError **error)
{
	LiveView *view = (LiveView *)live;
	g_autoptr(GPtrArray) sources = NULL;

	if (!store_sources_list(view->store, &sources, error) || sources->len == 0)
		return NULL;
	return g_steal_pointer(&((StoreSource *)sources->pdata[0])->settings);
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

	view->live = (PlanLive){live_domains, live_marks, live_flows, live_tables, live_definition,
		live_build_due, live_settings, live_project, live_free};
	view->store = store;
	view->rows = g_array_new(FALSE, FALSE, sizeof(PlanLiveDomain));
	view->owners = g_array_new(FALSE, FALSE, sizeof(Owner));
	g_array_set_clear_func(view->owners, owner_clear);
	view->marks = g_byte_array_new();
	view->lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	return view;
}

void live_view_free(LiveView *view)
{
	if (view == NULL)
		return;
	g_ptr_array_unref(view->lists);
	g_array_unref(view->rows);
	g_array_unref(view->owners);
	g_byte_array_unref(view->marks);
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
	bool live = row->digest != NULL;
	Owner owner = {.name = g_strdup(row->name), .digest = g_strdup(live ? row->digest : "")};
	PlanLiveDomain value = {.name = owner.name, .digest = owner.digest};

	if (live) {
		value.path = owner.path = g_strdup(row->path);
		owner.consumers = consumers_of(row->settings);
		value.consumers = (const char *const *)owner.consumers;
	}
	value.tree_known = row->tree != NULL && source_id_parse(row->tree, &value.tree);
	value.unsettled = row->sync != SYNC_SYNCED;
	put(view, &value, &owner);
}

bool live_view_load(LiveView *view, GError **error)
{
	g_autofree char *cursor = NULL;

	g_array_set_size(view->rows, 0);
	g_array_set_size(view->owners, 0);
	g_byte_array_set_size(view->marks, 0);
	view->unsettled = 0;
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

void live_view_set(LiveView *view, const LayoutDomain *domain)
{
	Owner owner = {.domain = layout_domain_ref(domain)};
	PlanLiveDomain row = {
		.name = domain->name,
		.digest = domain->digest,
		.path = domain->path,
		.consumers = domain->consumers,
		.tree = domain->tree,
		.tree_known = true,
		.domain = domain,
	};

	put(view, &row, &owner);
}

void live_view_unsettle(LiveView *view, const char *name)
{
	bool found;
	guint at = find(view, name, &found);

	if (!found) {
		Owner owner = {.name = g_strdup(name), .digest = g_strdup("")};
		PlanLiveDomain row = {
			.name = owner.name, .digest = owner.digest, .unsettled = true};

		put(view, &row, &owner);
		return;
	}
	view->unsettled += !row_at(view, at)->unsettled;
	row_at(view, at)->unsettled = true;
}

void live_view_remove(LiveView *view, const char *name)
{
	bool found;
	guint at = find(view, name, &found);

	if (!found)
		return;
	view->unsettled -= row_at(view, at)->unsettled;
	g_array_remove_index(view->rows, at);
	g_array_remove_index(view->owners, at);
	g_byte_array_remove_range(view->marks, at * PLAN_MARK_SIZE, PLAN_MARK_SIZE);
}

bool live_view_is_settled(const LiveView *view)
{
	return view->unsettled == 0;
}

size_t live_view_length(const LiveView *view)
{
	return view->rows->len;
}
