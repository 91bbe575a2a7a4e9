#include "cli/commands.h"

// clang-format off
const Command commands[] = {
	{"init", "[DIR]", "Write the smallest repository", init_details, init_options, 0, 1, cmd_init},
	{"validate", "[DIR_OR_REPO]", "Check the files of a repository", validate_details, validate_options, 0, 1, cmd_validate},
	{"schema", "[KIND]", "Print JSON Schema of the files", schema_details, schema_options, 0, 1, cmd_schema},
	{"plan", "[REPO]", "Show what a commit would change", plan_details, plan_options, 0, 1, cmd_plan},
	{"apply", "[REPO]", "Make the tip of a branch live, once", apply_details, apply_options, 0, 1, cmd_apply},
	{"serve", "[PATH]", "Serve a repository: reconcile, schedule, run, answer", serve_details, serve_options, 0, 1, cmd_serve},
	{"drift", "", "List what is live but not as committed", drift_details, drift_options, 0, 0, cmd_drift},
	{"diff", "FLOW|TABLE", "Show how a flow or a table differs from what is committed", diff_details, diff_options, 1, 1, cmd_diff},
	{"status", "", "Show how everything stands: sync, health, runs, drift", NULL, status_options, 0, 0, cmd_status},
	{"flows", "[list|show NAMESPACE.ID|history NAMESPACE.ID]", "List flows, show one as YAML, or tell how it came about", flows_details, flows_options, 0, 2, cmd_flows},
	{"tables", "[list|show DATASET.TABLE]", "List tables and views, or show one", "'show' prints the declared schema, the latest publications and the last checks.", tables_options, 0, 2, cmd_tables},
	{"doctor", "[REPOSITORY]", "Check store, repository, data folder, clock, git, disk and port", "Each finding that is not 'ok' has a cure. The exit status is 1 when something cannot work.", doctor_options, 0, 1, cmd_doctor},
	{"help", "[COMMAND]", "Tell about weir or one command", NULL, help_options, 0, 1, cmd_help},
	{"lineage", "", "Tell which tables an SQL script reads and writes", lineage_details,
		lineage_options, 0, 0, cmd_lineage},
	{"cron", "next EXPRESSION", "Tell when a cron expression fires next", cron_details, cron_options, 2, 2, cmd_cron},
	{"run", "[FLOW]", "Run a flow: a file alone, or a live one", run_details, run_options, 0, 1, cmd_run},
	{"runs", "[list|show ID|logs ID|kill ID|restart ID|replay ID|label ID|resume ID]", "List runs, look at one, or act on it", runs_details, runs_options, 0, 2, cmd_runs},
	{"backfill", "FLOW|[list|show ID|pause ID|resume ID|cancel ID]", "Run a schedule for due times of the past", backfill_details, backfill_options, 0, 2, cmd_backfill},
	{"version", "", "Print the version", NULL, version_options, 0, 0, cmd_version},
	{"man", "", NULL, NULL, NULL, 0, 0, cmd_page},
	{"completion", "", NULL, NULL, NULL, 0, 0, cmd_page},
	{"reference", "PAGE", NULL, NULL, NULL, 1, 1, cmd_page},
	{.name = NULL},
};
// clang-format on
