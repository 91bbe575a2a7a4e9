// The handlers of the routes, one file per group of routes. Each gives a new reference (or text to g_free()), or NULL with error
// set.
#pragma once

#include "api/request.h"

json_t *get_status(const ApiRequest *request, GError **error);
json_t *get_sources(const ApiRequest *request, GError **error);
json_t *get_nodes(const ApiRequest *request, GError **error);
json_t *get_health(const ApiRequest *request, GError **error);
json_t *get_readiness(const ApiRequest *request, GError **error);
char *get_metrics(const ApiRequest *request, GError **error);
json_t *get_openapi(const ApiRequest *request, GError **error);
char *get_dashboard(const ApiRequest *request, GError **error);

json_t *get_domains(const ApiRequest *request, GError **error);
json_t *get_domain(const ApiRequest *request, GError **error);

json_t *get_flows(const ApiRequest *request, GError **error);
json_t *get_flow(const ApiRequest *request, GError **error);
json_t *get_flow_revisions(const ApiRequest *request, GError **error);
char *get_flow_source(const ApiRequest *request, GError **error);
json_t *get_flow_graph(const ApiRequest *request, GError **error);

json_t *get_runs(const ApiRequest *request, GError **error);
json_t *get_run(const ApiRequest *request, GError **error);
json_t *get_run_tasks(const ApiRequest *request, GError **error);
json_t *get_run_logs(const ApiRequest *request, GError **error);
json_t *get_run_events(const ApiRequest *request, GError **error);
json_t *get_run_outputs(const ApiRequest *request, GError **error);
json_t *get_run_rejected(const ApiRequest *request, GError **error);

json_t *get_tables(const ApiRequest *request, GError **error);
json_t *get_table(const ApiRequest *request, GError **error);
json_t *get_table_lineage(const ApiRequest *request, GError **error);
json_t *get_table_checks(const ApiRequest *request, GError **error);
json_t *get_lineage(const ApiRequest *request, GError **error);

json_t *get_drift(const ApiRequest *request, GError **error);
json_t *get_drift_history(const ApiRequest *request, GError **error);
json_t *get_events(const ApiRequest *request, GError **error);
json_t *get_backfills(const ApiRequest *request, GError **error);
json_t *get_backfill(const ApiRequest *request, GError **error);
json_t *get_triggers(const ApiRequest *request, GError **error);
