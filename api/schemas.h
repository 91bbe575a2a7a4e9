// The answers of the routes.
#pragma once

#include "api/schema.h"

// Words that parameters and answers share; each list is ended by NULL.
extern const char *const word_sync[];
extern const char *const word_health[];
extern const char *const word_run_state[];
extern const char *const word_log_level[];
extern const char *const word_flow_kind[];
extern const char *const word_table_kind[];
extern const char *const word_drift_kind[];

extern const ApiSchema schema_status;
extern const ApiSchema schema_source;
extern const ApiSchema schema_domain;
extern const ApiSchema schema_flow;
extern const ApiSchema schema_flow_detail;
extern const ApiSchema schema_revision;
extern const ApiSchema schema_flow_graph;
extern const ApiSchema schema_run;
extern const ApiSchema schema_run_detail;
extern const ApiSchema schema_task_run;
extern const ApiSchema schema_rejected_row;
extern const ApiSchema schema_log_line;
extern const ApiSchema schema_state_change;
extern const ApiSchema schema_outputs;
extern const ApiSchema schema_table;
extern const ApiSchema schema_table_detail;
extern const ApiSchema schema_lineage;
extern const ApiSchema schema_check;
extern const ApiSchema schema_flow_edges;
extern const ApiSchema schema_drift;
extern const ApiSchema schema_trigger;
extern const ApiSchema schema_backfill;
extern const ApiSchema schema_backfill_detail;
extern const ApiSchema schema_event;
extern const ApiSchema schema_node;
extern const ApiSchema schema_health;
