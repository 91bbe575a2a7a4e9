#include "api/handlers.h"
#include "api/lists.h"
#include "api/troubles.h"
#include "api/values.h"
#include "store/domain.h"
#include "store/drift.h"
#include "store/flow.h"
#include "store/node.h"
#include "store/run.h"
#include "store/table.h"
#include "store/timestamp.h"
#include "store/trouble.h"

#include <string.h>

#define MOST_ATTENTION 20

// How bad each health is: the worst of the domains is that of the whole.
static const int health_weight[HEALTH_STATES] = {
	[HEALTH_HEALTHY] = 0,
	[HEALTH_SUSPENDED] = 1,
	[HEALTH_PROGRESSING] = 2,
	[HEALTH_UNKNOWN] = 3,
	[HEALTH_MISSING] = 4,
	[HEALTH_DEGRADED] = 5,
};

static json_t *source_document(const void *row)
{
	const StoreSource *source = row;
	json_t *document = json_object();

	json_object_set_new(document, "name", value_text(source->name));
	json_object_set_new(document, "url", value_text(source->url));
	json_object_set_new(document, "ref", value_text(source->ref));
	json_object_set_new(document, "sync", json_string(sync_status_name(source->sync)));
	json_object_set_new(document, "commit", value_text(source->commit_live));
	json_object_set_new(document, "target_commit", value_text(source->commit_wanted));
	json_object_set_new(document, "error", value_text(source->error));
	json_object_set_new(document, "diagnostics", value_json_list(source->diagnostics));
	json_object_set_new(document, "pin", value_json(source->pin));
	json_object_set_new(document, "fetched", value_time(source->fetched_at));
	json_object_set_new(document, "synced", value_time(source->synced_at));
	return document;
}

json_t *get_sources(const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) sources = NULL;

	if (!store_sources_list(request->store, &sources, error))
		return NULL;
	return list_slice(request, sources, source_document, error);
}

static SyncStatus worst_sync(const GPtrArray *sources, const int64_t by_sync[SYNC_STATES])
{
	SyncStatus worst = sources->len == 0 ? SYNC_UNKNOWN : SYNC_SYNCED;

	if (by_sync[SYNC_OUT_OF_SYNC] > 0)
		return SYNC_OUT_OF_SYNC;
	if (by_sync[SYNC_UNKNOWN] > 0)
		worst = SYNC_UNKNOWN;
	for (guint i = 0; i < sources->len; i++) {
		const StoreSource *source = g_ptr_array_index(sources, i);

		if (source->sync == SYNC_OUT_OF_SYNC)
			return SYNC_OUT_OF_SYNC;
		if (source->sync == SYNC_UNKNOWN)
			worst = SYNC_UNKNOWN;
	}
	return worst;
}

static Health worst_health(const int64_t by_health[HEALTH_STATES])
{
	int worst = -1;

	for (int health = 0; health < HEALTH_STATES; health++) {
		if (by_health[health] > 0 &&
			(worst < 0 || health_weight[health] > health_weight[worst]))
			worst = health;
	}
	return worst < 0 ? HEALTH_UNKNOWN : (Health)worst;
}

static int64_t count_errors(const char *diagnostics)
{
	json_t *list = value_json_list(diagnostics);
	const json_t *one;
	int64_t errors = 0;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *severity = json_string_value(json_object_get(one, "severity"));

		errors += severity != NULL && strcmp(severity, "error") == 0;
	}
	json_decref(list);
	return errors;
}

static bool is_well(const StoreDomain *domain)
{
	return domain->sync == SYNC_SYNCED && domain->health == HEALTH_HEALTHY;
}

static void add_attention(json_t *list, const StoreDomain *domain)
{
	if (is_well(domain) || json_array_size(list) == MOST_ATTENTION)
		return;
	json_array_append_new(
		list, json_pack("{s:o, s:s, s:s, s:o, s:I}", "domain", value_text(domain->name),
			      "sync", sync_status_name(domain->sync), "health",
			      health_name(domain->health), "message", value_text(domain->message),
			      "faults", (json_int_t)count_errors(domain->diagnostics)));
}

// The domains that are not well; none is looked at when the counts say that all are.
static bool list_attention(const ApiRequest *request, json_t *list, GError **error)
{
	StorePage page = {.limit = 1000};
	g_autofree char *next = NULL;

	do {
		g_autoptr(GPtrArray) domains = NULL;
		g_autofree char *after = g_steal_pointer(&next);

		page.after = after;
		if (!store_domains_list(request->store, NULL, &page, &domains, &next, error))
			return false;
		for (guint i = 0; i < domains->len; i++)
			add_attention(list, g_ptr_array_index(domains, i));
	} while (next != NULL && json_array_size(list) < MOST_ATTENTION);
	return true;
}

static bool add_domains(
	const ApiRequest *request, json_t *document, const GPtrArray *sources, GError **error)
{
	int64_t by_sync[SYNC_STATES] = {0};
	int64_t by_health[HEALTH_STATES] = {0};
	json_t *sync = json_object();
	json_t *health = json_object();
	json_t *attention = json_array();
	int64_t domains = 0;

	json_object_set_new(document, "domains_by_sync", sync);
	json_object_set_new(document, "domains_by_health", health);
	json_object_set_new(document, "attention", attention);
	if (!store_domains_count(request->store, by_sync, by_health, error))
		return false;
	for (int i = 0; i < SYNC_STATES; i++) {
		domains += by_sync[i];
		json_object_set_new(
			sync, sync_status_name((SyncStatus)i), json_integer(by_sync[i]));
	}
	for (int i = 0; i < HEALTH_STATES; i++)
		json_object_set_new(health, health_name((Health)i), json_integer(by_health[i]));
	json_object_set_new(document, "domains", json_integer(domains));
	json_object_set_new(
		document, "sync", json_string(sync_status_name(worst_sync(sources, by_sync))));
	json_object_set_new(document, "health", json_string(health_name(worst_health(by_health))));
	return (by_sync[SYNC_SYNCED] == domains && by_health[HEALTH_HEALTHY] == domains) ||
	       list_attention(request, attention, error);
}

// A node that does not beat any more: it has died, or cannot write to the store.
static void add_silent_node(json_t *parts, const StoreNode *node, bool *silent_reconciler)
{
	g_autofree char *name = g_strdup_printf("node %s", node->name);
	char at[TIMESTAMP_SIZE];
	g_autofree char *message = g_strdup_printf("has been silent since %s%s%s",
		timestamp_format(node->beat_at, at), node->roles != NULL ? "; its roles: " : "",
		node->roles != NULL ? node->roles : "");

	json_array_append_new(parts, part_document(&(ApiPart){.name = name,
					     .message = message,
					     .cure = "start it again, or see in its log why it "
						     "cannot write to the store",
					     .since = node->beat_at}));
	*silent_reconciler |= node->roles != NULL && strstr(node->roles, "reconciler") != NULL;
}

// What the rows of domains and sources cannot tell: whether anybody could have written them.
static bool add_parts(const ApiRequest *request, json_t *document, GError **error)
{
	g_autoptr(GPtrArray) nodes = NULL;
	json_t *parts = parts_documents(request->parts, json_array());
	bool silent = parts_find_failed(parts, "reconciler") != NULL;
	const json_t *failed;

	json_object_set_new(document, "parts", parts);
	if (!store_nodes_list(request->store, &nodes, error))
		return false;
	for (guint i = 0; i < nodes->len; i++) {
		const StoreNode *node = g_ptr_array_index(nodes, i);

		if (node->expires_at <= timestamp_now())
			add_silent_node(parts, node, &silent);
	}
	if (silent)
		json_object_set_new(document, "sync", json_string(sync_status_name(SYNC_UNKNOWN)));
	failed = parts_find_failed(parts, NULL);
	if (failed == NULL)
		return true;
	json_object_set_new(document, "health", json_string(health_name(HEALTH_DEGRADED)));
	json_object_set_new(document, "error",
		json_sprintf("%s: %s", json_string_value(json_object_get(failed, "name")),
			json_string_value(json_object_get(failed, "message"))));
	json_object_set(document, "hint", json_object_get(failed, "hint"));
	return true;
}

static bool add_troubles(const ApiRequest *request, json_t *document, GError **error)
{
	g_autoptr(GPtrArray) troubles = NULL;

	if (!store_troubles_list(request->store, &troubles, error))
		return false;
	troubles_add(document, troubles, NULL);
	return true;
}

static void add_sources(json_t *document, const GPtrArray *sources)
{
	const StoreSource *only = sources->len == 1 ? g_ptr_array_index(sources, 0) : NULL;
	json_t *diagnostics = json_array();
	const char *error = NULL;

	for (guint i = 0; i < sources->len; i++) {
		const StoreSource *source = g_ptr_array_index(sources, i);
		json_t *list = value_json_list(source->diagnostics);

		json_array_extend(diagnostics, list);
		json_decref(list);
		if (error == NULL)
			error = source->error;
	}
	json_object_set_new(
		document, "commit", value_text(only != NULL ? only->commit_live : NULL));
	json_object_set_new(
		document, "target_commit", value_text(only != NULL ? only->commit_wanted : NULL));
	json_object_set_new(document, "synced", value_time(only != NULL ? only->synced_at : 0));
	json_object_set_new(document, "error", value_text(error));
	json_object_set_new(document, "hint", json_null());
	json_object_set_new(document, "diagnostics", diagnostics);
}

static bool add_runs(const ApiRequest *request, json_t *document, GError **error)
{
	int64_t active[RUN_STATES] = {0};
	int64_t ended[RUN_STATES] = {0};
	json_t *runs = json_object();

	json_object_set_new(document, "runs", runs);
	if (!store_runs_count_active(request->store, active, error) ||
		!store_runs_count_ended(request->store, ended, error))
		return false;
	for (RunState state = 0; state < RUN_STATES; state++) {
		int64_t count = run_state_is_ended(state) ? ended[state] : active[state];

		if (count > 0)
			json_object_set_new(runs, run_state_name(state), json_integer(count));
	}
	return true;
}

static bool add_drift(const ApiRequest *request, json_t *document, GError **error)
{
	g_autoptr(GPtrArray) counts = NULL;
	json_t *drift = json_object();

	json_object_set_new(document, "drift", drift);
	if (!store_drifts_count(request->store, &counts, error))
		return false;
	for (guint i = 0; i < counts->len; i++) {
		const StoreDriftCount *count = g_ptr_array_index(counts, i);
		json_int_t before = json_integer_value(json_object_get(drift, count->kind));

		json_object_set_new(drift, count->kind, json_integer(before + count->open));
	}
	return true;
}

static bool add_flows(const ApiRequest *request, json_t *document, GError **error)
{
	int64_t written = 0;
	int64_t generated = 0;
	int64_t tables = 0;

	if (!store_flows_count(request->store, &written, &generated, error) ||
		!store_tables_count(request->store, &tables, error))
		return false;
	json_object_set_new(document, "flows", json_integer(written + generated));
	json_object_set_new(document, "tables", json_integer(tables));
	return true;
}

json_t *get_status(const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) sources = NULL;
	json_t *document;
	bool done;

	document = json_pack("{s:s}", "version", WEIR_VERSION);
	done = store_sources_list(request->store, &sources, error) &&
	       add_domains(request, document, sources, error) &&
	       add_flows(request, document, error) && add_runs(request, document, error) &&
	       add_drift(request, document, error) && add_troubles(request, document, error);
	if (done)
		add_sources(document, sources);
	if (done && add_parts(request, document, error))
		return document;
	json_decref(document);
	return NULL;
}
