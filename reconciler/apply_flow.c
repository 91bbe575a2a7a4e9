#include "reconciler/apply_flow.h"

#include "reconciler/json_slice.h"
#include "store/connection.h"
#include "store/domain.h"
#include "store/script.h"
#include "store/table.h"

#include <string.h>

static const char *const KIND_NAMES[] = {
	[LAYOUT_FLOW_WRITTEN] = "written",
	[LAYOUT_FLOW_GENERATED] = "generated",
	[LAYOUT_FLOW_SET] = "set",
};

// What the flow's row holds of its definition.
enum {
	MEMBER_CONCURRENCY,
	MEMBER_LABELS,
	MEMBER_TRIGGERS,
	MEMBERS,
};

static const char *const MEMBER_NAMES[MEMBERS] = {
	[MEMBER_CONCURRENCY] = "concurrency",
	[MEMBER_LABELS] = "labels",
	[MEMBER_TRIGGERS] = "triggers",
};

// An empty list or object says as much as none.
static char *text_or_null(JsonSlice slice)
{
	return slice.text == NULL || slice.length <= 2 ? NULL : g_strndup(slice.text, slice.length);
}

static char *join_names(const char *const *names, unsigned length)
{
	if (length == 0)
		return NULL;
	GString *text = g_string_new(names[0]);
	for (unsigned i = 1; i < length; i++) {
		g_string_append_c(text, '\n');
		g_string_append(text, names[i]);
	}
	return g_string_free(text, FALSE);
}

// The concurrency of a definition. The caller frees ret_behavior.
static int64_t read_concurrency(JsonSlice concurrency, char **ret_behavior)
{
	static const char *const names[] = {"behavior", "limit"};
	JsonSlice parts[G_N_ELEMENTS(names)];

	json_slice_members(concurrency.text, names, G_N_ELEMENTS(names), parts);
	*ret_behavior =
		parts[0].length <= 2 ? NULL : g_strndup(parts[0].text + 1, parts[0].length - 2);
	return parts[1].text == NULL ? 0 : g_ascii_strtoll(parts[1].text, NULL, 10);
}

// The text of a hand-written file is kept, so that its comments can be shown; a script's is in its definition.
static GBytes *source_of(Layout *layout, const LayoutFlow *flow)
{
	return flow->kind == LAYOUT_FLOW_WRITTEN ? layout_flow_source(layout, flow, NULL) : NULL;
}

bool apply_flow(Store *store, Layout *layout, const LayoutDomain *domain, const LayoutFlow *flow,
	const FlowApply *how, GError **error)
{
	g_autofree char *made = NULL;
	const char *definition = layout_flow_definition_peek(layout, flow, &made, error);
	char blob[41];

	if (definition == NULL)
		return false;
	g_autoptr(GBytes) source = source_of(layout, flow);
	g_autofree char *behavior = NULL;
	JsonSlice members[MEMBERS];
	json_slice_members(definition, MEMBER_NAMES, MEMBERS, members);
	int64_t limit = read_concurrency(members[MEMBER_CONCURRENCY], &behavior);
	g_autofree char *triggers = text_or_null(members[MEMBER_TRIGGERS]);
	g_autofree char *labels = text_or_null(members[MEMBER_LABELS]);
	g_autofree char *reads = join_names(flow->reads, flow->reads_length);
	g_autofree char *writes = join_names(flow->writes, flow->writes_length);
	// The store only reads what it is given here; its rows are not const because it also gives them.
#define BORROW(text) ((char *)(uintptr_t)(text))
	const StoreFlowPut put = {
		.flow = {.namespace = BORROW(flow->namespace),
			.id = BORROW(flow->id),
			.digest = BORROW(flow->digest),
			.source_digest = blob,
			.domain = BORROW(domain->name),
			.kind = BORROW(KIND_NAMES[flow->kind]),
			.feed = flow->feed == FEED_NONE ? NULL
							: BORROW(layout_feed_name(flow->feed)),
			.target = BORROW(flow->target),
			.connection = BORROW(flow->connection),
			.path = BORROW(flow->path),
			.line = flow->line,
			.reads = reads,
			.writes = writes,
			.triggers = triggers,
			.labels = labels,
			.concurrency_limit = limit,
			.concurrency_behavior = behavior,
			.opaque = flow->opaque,
			.disabled = flow->disabled,
			.build_due = how->build,
			.commit = BORROW(how->commit)},
		.definition = definition,
		.source = source == NULL ? NULL : g_bytes_get_data(source, NULL),
		.scripts_tree = domain->scripts_tree,
		.first = how->first,
		.mends = how->mends,
	};
	source_id_text(&flow->blob, blob);
	return store_flow_put(store, &put, how->applied, NULL, error);
}

bool apply_table(Store *store, const LayoutTable *table, bool first, GError **error)
{
	g_autofree char *name = g_strconcat(table->dataset, ".", table->name, NULL);
	const StoreTable row = {
		.name = name,
		.view = table->kind == LAYOUT_VIEW,
		.domain = BORROW(table->domain),
		.namespace = table->flow == NULL ? NULL : BORROW(table->domain),
		.flow = BORROW(table->flow),
		.connection = BORROW(table->connection),
		.path = BORROW(table->path),
		.schema = BORROW(table->schema),
		.schema_digest =
			*table->schema_digest == '\0' ? NULL : BORROW(table->schema_digest),
		.allow_breaking = table->allow_breaking,
		.drift_policy = BORROW(table->drift_policy),
	};

	return first ? store_table_add(store, &row, error) : store_table_put(store, &row, error);
}

// ---- Files of scripts/ --------------------------------------------------------------------------------------------

typedef struct {
	Store *store;
	Layout *layout;
	GArray *entries; // StoreScriptEntry
} ScriptWalk;

static bool store_script(
	const char *path, const SourceId *id, bool executable, void *data, GError **error)
{
	ScriptWalk *walk = data;
	char blob[41];
	bool there = false;

	source_id_text(id, blob);
	const StoreScriptEntry entry = {g_strdup(path), g_strdup(blob), executable};
	g_array_append_val(walk->entries, entry);
	if (!store_script_file_exists(walk->store, blob, &there, error))
		return false;
	if (there)
		return true;
	g_autoptr(GBytes) content = layout_blob(walk->layout, id, error);
	if (content == NULL)
		return false;
	return store_script_file_put(walk->store, blob, g_bytes_get_data(content, NULL),
		g_bytes_get_size(content), error);
}

static void clear_entry(void *data)
{
	StoreScriptEntry *entry = data;

	g_free(entry->path);
	g_free(entry->blob);
}

bool apply_scripts(Store *store, Layout *layout, const LayoutDomain *domain, GError **error)
{
	bool there = false;

	if (domain->scripts_tree == NULL)
		return true;
	if (!store_script_tree_exists(store, domain->scripts_tree, &there, error))
		return false;
	if (there)
		return true;
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(StoreScriptEntry));
	g_array_set_clear_func(entries, clear_entry);
	ScriptWalk walk = {store, layout, entries};
	return layout_scripts_visit(layout, domain, store_script, &walk, error) &&
	       store_script_tree_put(store, domain->scripts_tree,
		       (const StoreScriptEntry *)(void *)entries->data, entries->len, error);
}

// ---- Connections --------------------------------------------------------------------------------------------------

static void clear_connection(void *data)
{
	StoreConnection *connection = data;

	g_free(connection->name);
	g_free(connection->driver);
	g_free(connection->url);
	g_free(connection->properties);
}

// The driver that a URL is of when none is named: "sqlite" of "sqlite-dir:/data"; "" of a URL that is an expression.
static char *driver_of(const char *url)
{
	size_t length = strspn(url, "abcdefghijklmnopqrstuvwxyz0123456789");

	return g_strndup(url, strchr(url, ':') != NULL ? length : 0);
}

static StoreConnection read_connection(const char *name, json_t *value)
{
	const char *driver = json_string_value(json_object_get(value, "driver"));
	const char *url = json_string_value(json_object_get(value, "url"));
	StoreConnection connection = {
		.name = g_strdup(name),
		.driver = driver != NULL ? g_strdup(driver) : driver_of(url),
		.url = g_strdup(url),
	};
	json_t *rest = json_copy(value);

	json_object_del(rest, "driver");
	json_object_del(rest, "url");
	if (json_object_size(rest) > 0) {
		char *text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);

		connection.properties = g_strdup(text);
		free(text);
	}
	json_decref(rest);
	return connection;
}

bool apply_connections(Store *store, const Layout *layout, const char *environment, GError **error)
{
	json_t *connections = layout_connections(layout, environment);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(StoreConnection));
	const char *name;
	json_t *value;

	g_array_set_clear_func(rows, clear_connection);
	json_object_foreach(connections, name, value)
	{
		// The embedded one has no URL: where its data lie is each server's own affair.
		if (!json_is_string(json_object_get(value, "url")))
			continue;
		const StoreConnection row = read_connection(name, value);
		g_array_append_val(rows, row);
	}
	json_decref(connections);
	return store_connections_replace(
		store, (const StoreConnection *)(void *)rows->data, rows->len, error);
}

bool apply_variables(Store *store, const Layout *layout, const char *environment, GError **error)
{
	json_t *variables = layout_variables(layout, NULL, environment);
	char *text = json_object_size(variables) == 0
			     ? NULL
			     : json_dumps(variables, JSON_COMPACT | JSON_SORT_KEYS);
	bool done = store_variables_put(store, text, error);

	free(text);
	json_decref(variables);
	return done;
}
