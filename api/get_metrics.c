#include "api/handlers.h"
#include "store/domain.h"
#include "store/drift.h"
#include "store/flow.h"
#include "store/node.h"
#include "store/run.h"
#include "store/table.h"
#include <string.h>
#include <unistd.h>

// One family of metrics: its head, and the lines that append() reads from the store and the server.
typedef struct {
	const char *name;
	const char *type;
	const char *help;
	bool (*append)(GString *text, const char *name, const ApiRequest *request, GError **error);
} Family;

static void append_value(
	GString *text, const char *name, const char *label, const char *value, int64_t number)
{
	g_autofree char *escaped = value != NULL ? g_strescape(value, "\t") : NULL;

	if (label == NULL)
		g_string_append_printf(text, "%s %" G_GINT64_FORMAT "\n", name, number);
	else
		g_string_append_printf(
			text, "%s{%s=\"%s\"} %" G_GINT64_FORMAT "\n", name, label, escaped, number);
}

static bool append_build(GString *text, const char *name, const ApiRequest *request, GError **error)
{
	g_autofree char *info = g_strconcat(name, "_info", NULL);

	(void)request;
	(void)error;
	append_value(text, info, "version", WEIR_VERSION, 1);
	return true;
}

static bool append_domains_by_sync(
	GString *text, const char *name, const ApiRequest *request, GError **error)
{
	int64_t by_sync[SYNC_STATES] = {0};
	int64_t by_health[HEALTH_STATES] = {0};

	if (!store_domains_count(request->store, by_sync, by_health, error))
		return false;
	for (int i = 0; i < SYNC_STATES; i++)
		append_value(text, name, "sync", sync_status_name((SyncStatus)i), by_sync[i]);
	return true;
}

static bool append_domains_by_health(
	GString *text, const char *name, const ApiRequest *request, GError **error)
{
	int64_t by_sync[SYNC_STATES] = {0};
	int64_t by_health[HEALTH_STATES] = {0};

	if (!store_domains_count(request->store, by_sync, by_health, error))
		return false;
	for (int i = 0; i < HEALTH_STATES; i++)
		append_value(text, name, "health", health_name((Health)i), by_health[i]);
	return true;
}

static bool append_flows(GString *text, const char *name, const ApiRequest *request, GError **error)
{
	int64_t written;
	int64_t generated;

	if (!store_flows_count(request->store, &written, &generated, error))
		return false;
	append_value(text, name, "kind", "written", written);
	append_value(text, name, "kind", "generated", generated);
	return true;
}

static bool append_tables(
	GString *text, const char *name, const ApiRequest *request, GError **error)
{
	int64_t tables;

	if (!store_tables_count(request->store, &tables, error))
		return false;
	append_value(text, name, NULL, NULL, tables);
	return true;
}

static bool append_active_runs(
	GString *text, const char *name, const ApiRequest *request, GError **error)
{
	int64_t by_state[RUN_STATES] = {0};

	if (!store_runs_count_active(request->store, by_state, error))
		return false;
	for (RunState state = 0; state < RUN_STATES; state++) {
		if (!run_state_is_ended(state))
			append_value(text, name, "state", run_state_name(state), by_state[state]);
	}
	return true;
}

static bool append_ended_runs(
	GString *text, const char *name, const ApiRequest *request, GError **error)
{
	g_autofree char *total = g_strconcat(name, "_total", NULL);
	int64_t by_state[RUN_STATES] = {0};

	if (!store_runs_count_ended(request->store, by_state, error))
		return false;
	for (RunState state = 0; state < RUN_STATES; state++) {
		if (run_state_is_ended(state))
			append_value(text, total, "state", run_state_name(state), by_state[state]);
	}
	return true;
}

static bool append_drift(GString *text, const char *name, const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) counts = NULL;

	if (!store_drifts_count(request->store, &counts, error))
		return false;
	for (guint i = 0; i < counts->len; i++) {
		const StoreDriftCount *count = g_ptr_array_index(counts, i);
		g_autofree char *domain = g_strescape(count->domain, NULL);

		g_string_append_printf(text, "%s{kind=\"%s\",domain=\"%s\"} %" G_GINT64_FORMAT "\n",
			name, count->kind, domain, count->open);
	}
	return true;
}

static bool append_slots(GString *text, const char *name, const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) nodes = NULL;

	if (!store_nodes_list(request->store, &nodes, error))
		return false;
	for (guint i = 0; i < nodes->len; i++) {
		const StoreNode *node = g_ptr_array_index(nodes, i);

		append_value(text, name, "node", node->name, node->slots);
	}
	return true;
}

static bool append_busy(GString *text, const char *name, const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) nodes = NULL;

	if (!store_nodes_list(request->store, &nodes, error))
		return false;
	for (guint i = 0; i < nodes->len; i++) {
		const StoreNode *node = g_ptr_array_index(nodes, i);

		append_value(text, name, "node", node->name, node->busy);
	}
	return true;
}

typedef struct {
	GString *text;
	const char *name;
} PartLines;

static void append_part(const ApiPart *part, void *data)
{
	const PartLines *lines = data;

	append_value(lines->text, lines->name, "part", part->name, part->message == NULL);
}

static bool append_parts(GString *text, const char *name, const ApiRequest *request, GError **error)
{
	(void)error;
	if (request->parts != NULL)
		request->parts->list(request->parts->parts, append_part, &(PartLines){text, name});
	return true;
}

static bool append_memory(
	GString *text, const char *name, const ApiRequest *request, GError **error)
{
	g_autofree char *statm = NULL;
	const char *resident;

	(void)request;
	(void)error;
	if (!g_file_get_contents("/proc/self/statm", &statm, NULL, NULL))
		return true;
	resident = strchr(statm, ' '); // the second number, in pages
	if (resident != NULL)
		append_value(text, name, NULL, NULL,
			g_ascii_strtoll(resident, NULL, 10) * sysconf(_SC_PAGESIZE));
	return true;
}

static const Family families[] = {
	{"weir_build", "info", "The program.", append_build},
	{"weir_domains", "gauge", "Domains by sync status.", append_domains_by_sync},
	{"weir_domains_health", "gauge", "Domains by health.", append_domains_by_health},
	{"weir_flows", "gauge", "Live flows by kind.", append_flows},
	{"weir_tables", "gauge", "Tables and views that a commit names.", append_tables},
	{"weir_runs_active", "gauge", "Runs that have not ended, by state.", append_active_runs},
	{"weir_runs", "counter", "Runs that have ended, by state.", append_ended_runs},
	{"weir_drift", "gauge", "Open drift by kind and domain.", append_drift},
	{"weir_node_slots", "gauge", "Tasks that a node runs at once.", append_slots},
	{"weir_node_busy", "gauge", "Slots of a node that are in use.", append_busy},
	{"weir_part_works", "gauge", "1 while a part of the server can do its work, else 0.",
		append_parts},
	{"process_resident_memory_bytes", "gauge", "Resident memory of the server.", append_memory},
};

char *get_metrics(const ApiRequest *request, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
		const Family *family = &families[i];

		g_string_append_printf(text, "# TYPE %s %s\n# HELP %s %s\n", family->name,
			family->type, family->name, family->help);
		if (!family->append(text, family->name, request, error))
			return NULL;
	}
	g_string_append(text, "# EOF\n");
	return g_strdup(text->str);
}
