// The run functions of the commands, one file each.
#pragma once

#include "cli/command.h"

int cmd_cron(const Command *command, char **arguments);
int cmd_doctor(const Command *command, char **arguments);
int cmd_flows(const Command *command, char **arguments);
int cmd_help(const Command *command, char **arguments);
extern const GOptionEntry lineage_options[];
extern const char lineage_details[];
int cmd_lineage(const Command *command, char **arguments);
int cmd_page(const Command *command, char **arguments); // man, completion, reference
extern const GOptionEntry run_options[];
extern const char run_details[];
int cmd_run(const Command *command, char **arguments);
int cmd_status(const Command *command, char **arguments);
int cmd_tables(const Command *command, char **arguments);
extern const GOptionEntry backfill_options[];
extern const char backfill_details[];
int cmd_backfill(const Command *command, char **arguments);
extern const GOptionEntry runs_options[];
extern const char runs_details[];
int cmd_runs(const Command *command, char **arguments);
int cmd_version(const Command *command, char **arguments);

extern const char cron_details[];
extern const GOptionEntry cron_options[];
extern const GOptionEntry doctor_options[];
extern const char flows_details[];
extern const GOptionEntry flows_options[];
extern const GOptionEntry status_options[];
extern const GOptionEntry tables_options[];
extern const GOptionEntry apply_options[];
extern const char apply_details[];
int cmd_apply(const Command *command, char **arguments);
extern const GOptionEntry diff_options[];
extern const char diff_details[];
int cmd_diff(const Command *command, char **arguments);
extern const GOptionEntry drift_options[];
extern const char drift_details[];
int cmd_drift(const Command *command, char **arguments);
extern const GOptionEntry plan_options[];
extern const char plan_details[];
int cmd_plan(const Command *command, char **arguments);
extern const GOptionEntry serve_options[];
extern const char serve_details[];
int cmd_serve(const Command *command, char **arguments);
extern const GOptionEntry init_options[];
extern const char init_details[];
int cmd_init(const Command *command, char **arguments);
extern const GOptionEntry version_options[];
extern const GOptionEntry help_options[];
extern const GOptionEntry schema_options[];
extern const char schema_details[];
int cmd_schema(const Command *command, char **arguments);
extern const GOptionEntry validate_options[];
extern const char validate_details[];
int cmd_validate(const Command *command, char **arguments);
