#include "api/handlers.h"
#include "api/route.h"
#include "api/schemas.h"

// clang-format off
static const ApiParameter domains_parameters[] = {
	PARAMETER("source", PARAMETER_TEXT, "Only those of this source"),
	PARAMETER("deleted", PARAMETER_BOOLEAN, "Also those whose folder is gone"),
	PARAMETER_END,
};
static const ApiParameter domain_parameters[] = {
	PARAMETER("domain", PARAMETER_TEXT, "The domain's name"),
	PARAMETER_END,
};
static const ApiParameter flows_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "Only those of this namespace"),
	PARAMETER("domain", PARAMETER_TEXT, "Only those of this domain"),
	PARAMETER_OF("kind", "Only those of this kind", word_flow_kind),
	PARAMETER("deleted", PARAMETER_BOOLEAN, "Also pruned ones"),
	PARAMETER_END,
};
static const ApiParameter flow_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "The flow's namespace"),
	PARAMETER("id", PARAMETER_TEXT, "The flow's id"),
	PARAMETER_END,
};
static const ApiParameter revision_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "The flow's namespace"),
	PARAMETER("id", PARAMETER_TEXT, "The flow's id"),
	PARAMETER_RANGE("revision", "The revision, from 1; without it the current one", 1, INT64_MAX, 0),
	PARAMETER_END,
};
static const ApiParameter runs_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "Only those of this namespace"),
	PARAMETER("flow", PARAMETER_TEXT, "Only those of this flow: 'namespace.id', or its id where 'namespace' is given"),
	PARAMETER_OF("state", "Only those in this state", word_run_state),
	PARAMETER("trigger", PARAMETER_TEXT, "Only those that this type of trigger made"),
	PARAMETER("parent", PARAMETER_TEXT, "Only sub-flows of this run"),
	PARAMETER("since", PARAMETER_TIME, "Only those made at or after this moment"),
	PARAMETER("until", PARAMETER_TIME, "Only those made before this moment"),
	PARAMETER("oldest_first", PARAMETER_BOOLEAN, "The other way round"),
	PARAMETER_END,
};
static const ApiParameter run_parameters[] = {
	PARAMETER("id", PARAMETER_TEXT, "The run's id"),
	PARAMETER_END,
};
static const ApiParameter run_rejected_parameters[] = {
	PARAMETER("id", PARAMETER_TEXT, "The run's id"),
	PARAMETER("task_run", PARAMETER_TEXT, "Only those of this task run"),
	PARAMETER_END,
};
static const ApiParameter run_tasks_parameters[] = {
	PARAMETER("id", PARAMETER_TEXT, "The run's id"),
	PARAMETER("task", PARAMETER_TEXT, "Only those of this task"),
	PARAMETER("parent", PARAMETER_TEXT, "Only those in this task run"),
	PARAMETER_OF("state", "Only those in this state", word_run_state),
	PARAMETER_END,
};
static const ApiParameter run_logs_parameters[] = {
	PARAMETER("id", PARAMETER_TEXT, "The run's id"),
	PARAMETER("task_run", PARAMETER_TEXT, "Only lines of this task run"),
	PARAMETER_OF("level", "Only lines of this level and graver", word_log_level),
	PARAMETER_END,
};
static const ApiParameter tables_parameters[] = {
	PARAMETER("domain", PARAMETER_TEXT, "Only those of this domain"),
	PARAMETER("dataset", PARAMETER_TEXT, "Only those of this dataset"),
	PARAMETER("deleted", PARAMETER_BOOLEAN, "Also those that no commit names any more"),
	PARAMETER_END,
};
static const ApiParameter table_parameters[] = {
	PARAMETER("dataset", PARAMETER_TEXT, "The dataset"),
	PARAMETER("table", PARAMETER_TEXT, "The table's name in the dataset"),
	PARAMETER_END,
};
static const ApiParameter lineage_parameters[] = {
	PARAMETER("dataset", PARAMETER_TEXT, "The dataset"),
	PARAMETER("table", PARAMETER_TEXT, "The table's name in the dataset"),
	PARAMETER_RANGE("depth", "How far to go; 1 gives direct neighbours", 1, 100, 1),
	PARAMETER_END,
};
static const ApiParameter flow_edges_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "Only flows of this namespace"),
	PARAMETER_END,
};
static const ApiParameter drift_parameters[] = {
	PARAMETER("domain", PARAMETER_TEXT, "Only that of this domain"),
	PARAMETER_OF("kind", "Only that of this kind", word_drift_kind),
	PARAMETER("at", PARAMETER_TIME, "What was open at this moment, instead of now"),
	PARAMETER_END,
};
static const ApiParameter drift_history_parameters[] = {
	PARAMETER("domain", PARAMETER_TEXT, "Only that of this domain"),
	PARAMETER_OF("kind", "Only that of this kind", word_drift_kind),
	PARAMETER("resource", PARAMETER_TEXT, "Only that of this flow or table"),
	PARAMETER_END,
};
static const ApiParameter triggers_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "Only those of this namespace"),
	PARAMETER("flow", PARAMETER_TEXT, "Only those of the flow with this id, where 'namespace' is given"),
	PARAMETER_END,
};

static const ApiParameter backfills_parameters[] = {
	PARAMETER("namespace", PARAMETER_TEXT, "Only those of this namespace"),
	PARAMETER("flow", PARAMETER_TEXT, "Only those of this flow: 'namespace.id', or its id where 'namespace' is given"),
	PARAMETER_END,
};
static const ApiParameter backfill_parameters[] = {
	PARAMETER("id", PARAMETER_TEXT, "The backfill's id"),
	PARAMETER_END,
};

static const char *const event_beginnings[] = {"start", "now", NULL};
static const ApiParameter events_parameters[] = {
	PARAMETER("domain", PARAMETER_TEXT, "Only those of this domain"),
	PARAMETER("kind", PARAMETER_TEXT, "Only those of this kind"),
	PARAMETER_OF("from", "Where a list without cursor begins", event_beginnings),
	PARAMETER_END,
};

const ApiRoute api_routes[] = {
	{"/", "getDashboard", "The status page", ROUTE_TEXT, NULL, NULL, "text/html; charset=utf-8", NULL, get_dashboard},
	{"/v1/status", "getStatus", "How everything stands", ROUTE_OBJECT, NULL, &schema_status, NULL, get_status, NULL},
	{"/v1/sources", "listSources", "The branches of repositories that are followed, by name", ROUTE_LIST, NULL, &schema_source, NULL, get_sources, NULL},
	{"/v1/domains", "listDomains", "The domains, by name", ROUTE_LIST, domains_parameters, &schema_domain, NULL, get_domains, NULL},
	{"/v1/domains/{domain}", "getDomain", "One domain", ROUTE_OBJECT, domain_parameters, &schema_domain, NULL, get_domain, NULL},
	{"/v1/flows", "listFlows", "The flows, by namespace and id", ROUTE_LIST, flows_parameters, &schema_flow, NULL, get_flows, NULL},
	{"/v1/flows/{namespace}/{id}", "getFlow", "One flow with its definition", ROUTE_OBJECT, revision_parameters, &schema_flow_detail, NULL, get_flow, NULL},
	{"/v1/flows/{namespace}/{id}/revisions", "listRevisions", "The revisions of a flow, newest first", ROUTE_LIST, flow_parameters, &schema_revision, NULL, get_flow_revisions, NULL},
	{"/v1/flows/{namespace}/{id}/source", "getFlowSource", "What a revision came from: the text of a flow's file; of a flow that was generated from a script the SQL as it is written, without the header, whose keys are in the definition; of one of a set the flow as it was generated, in JSON (which is YAML, too)", ROUTE_TEXT, revision_parameters, NULL, "text/plain; charset=utf-8", NULL, get_flow_source},
	{"/v1/flows/{namespace}/{id}/graph", "getFlowGraph", "The tasks of a flow and their order", ROUTE_OBJECT, revision_parameters, &schema_flow_graph, NULL, get_flow_graph, NULL},
	{"/v1/runs", "listRuns", "The runs, newest first", ROUTE_LIST, runs_parameters, &schema_run, NULL, get_runs, NULL},
	{"/v1/runs/{id}", "getRun", "One run with everything about it", ROUTE_OBJECT, run_parameters, &schema_run_detail, NULL, get_run, NULL},
	{"/v1/runs/{id}/tasks", "listTaskRuns", "The task runs of a run, in the order they were made", ROUTE_LIST, run_tasks_parameters, &schema_task_run, NULL, get_run_tasks, NULL},
	{"/v1/runs/{id}/logs", "listLogs", "The log of a run, oldest line first; 'next' is never null while the run goes on", ROUTE_FOLLOWED, run_logs_parameters, &schema_log_line, NULL, get_run_logs, NULL},
	{"/v1/runs/{id}/events", "listRunEvents", "Every state that a run took, oldest first", ROUTE_LIST, run_parameters, &schema_state_change, NULL, get_run_events, NULL},
	{"/v1/runs/{id}/outputs", "getRunOutputs", "The outputs of a run and of its tasks", ROUTE_OBJECT, run_parameters, &schema_outputs, NULL, get_run_outputs, NULL},
	{"/v1/runs/{id}/rejected", "listRejectedRows", "The rows that loads of a run kept aside ('on_bad_row: reject'), by task run and in the order of the file; of each task run the first 1,000", ROUTE_LIST, run_rejected_parameters, &schema_rejected_row, NULL, get_run_rejected, NULL},
	{"/v1/tables", "listTables", "The tables and views, by name", ROUTE_LIST, tables_parameters, &schema_table, NULL, get_tables, NULL},
	{"/v1/tables/{dataset}/{table}", "getTable", "One table with its schema and latest publications", ROUTE_OBJECT, table_parameters, &schema_table_detail, NULL, get_table, NULL},
	{"/v1/tables/{dataset}/{table}/lineage", "getTableLineage", "What a table is made from, and what is made from it", ROUTE_OBJECT, lineage_parameters, &schema_lineage, NULL, get_table_lineage, NULL},
	{"/v1/tables/{dataset}/{table}/checks", "listChecks", "The results of the last checks of a table", ROUTE_LIST, table_parameters, &schema_check, NULL, get_table_checks, NULL},
	{"/v1/lineage", "listFlowEdges", "What each flow reads and writes, by namespace and id", ROUTE_LIST, flow_edges_parameters, &schema_flow_edges, NULL, get_lineage, NULL},
	{"/v1/drift", "listDrift", "What is live but not as committed", ROUTE_LIST, drift_parameters, &schema_drift, NULL, get_drift, NULL},
	{"/v1/drift/history", "listDriftHistory", "All drift that ever was, newest first", ROUTE_LIST, drift_history_parameters, &schema_drift, NULL, get_drift_history, NULL},
	{"/v1/triggers", "listTriggers", "The triggers, by flow", ROUTE_LIST, triggers_parameters, &schema_trigger, NULL, get_triggers, NULL},
	{"/v1/backfills", "listBackfills", "The backfills of schedules, newest first", ROUTE_LIST, backfills_parameters, &schema_backfill, NULL, get_backfills, NULL},
	{"/v1/backfills/{id}", "getBackfill", "One backfill, and what became of its runs", ROUTE_OBJECT, backfill_parameters, &schema_backfill_detail, NULL, get_backfill, NULL},
	{"/v1/events", "listEvents", "What happened, oldest first; 'next' is never null", ROUTE_FOLLOWED, events_parameters, &schema_event, NULL, get_events, NULL},
	{"/v1/nodes", "listNodes", "The processes that run tasks", ROUTE_LIST, NULL, &schema_node, NULL, get_nodes, NULL},
	{"/healthz", "getHealth", "Whether the server is alive", ROUTE_HEALTH, NULL, &schema_health, NULL, get_health, NULL},
	{"/readyz", "getReadiness", "Whether the server can read its store, and all its parts can do their work", ROUTE_HEALTH, NULL, &schema_health, NULL, get_readiness, NULL},
	{"/metrics", "getMetrics", "Metrics in the OpenMetrics format", ROUTE_TEXT, NULL, NULL, "application/openmetrics-text; version=1.0.0; charset=utf-8", NULL, get_metrics},
	{"/openapi.json", "getOpenapi", "This API as an OpenAPI document", ROUTE_OBJECT, NULL, NULL, NULL, get_openapi, NULL},
	{.path = NULL},
};
// clang-format on
