#include "cli/commands.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/run_file.h"
#include "cli/run_live.h"
#include "cli/store_path.h"
#include "cli/text_table.h"
#include "runner/restart.h"
#include "runner/task_type.h"
#include "store/json_dump.h"
#include "store/run.h"
#include "store/table.h"

#include <stdio.h>
#include <string.h>

static char *option_flow;
static char *option_state;
static char **option_inputs;
static char *option_from;
static char **option_labels;
static char **option_removed;
static gboolean option_follow;
enum { DEFAULT_LIMIT = 50, MOST_LISTED = 1000 };
static int option_limit = DEFAULT_LIMIT;

const GOptionEntry runs_options[] = {
	{"flow", 0, 0, G_OPTION_ARG_STRING, &option_flow, "list: only runs of this flow",
		"NAMESPACE.ID"},
	{"state", 0, 0, G_OPTION_ARG_STRING, &option_state, "list: only runs in this state",
		"STATE"},
	{"limit", 'n', 0, G_OPTION_ARG_INT, &option_limit, "list: at most so many (default 50)",
		"N"},
	{"input", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &option_inputs,
		"resume: a value that the pause asks for", "NAME=VALUE"},
	{"from", 0, 0, G_OPTION_ARG_STRING, &option_from,
		"replay: the task to begin at, or one of its task runs by its id (default: all "
		"runs again)",
		"TASK"},
	{"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &option_labels,
		"label: a label to set; as often as needed", "NAME=VALUE"},
	{"remove", 0, 0, G_OPTION_ARG_STRING_ARRAY, &option_removed,
		"label: a label to take away; as often as needed", "NAME"},
	{"follow", 0, 0, G_OPTION_ARG_NONE, &option_follow, "logs: go on until the run has ended",
		NULL},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char runs_details[] =
	"'kill' ends a run with everything it has under way; 'restart' lets "
	"one that failed go on from what failed; 'replay' makes a new run of "
	"one that has ended, in which what does not wait for the task is as it "
	"was, and prints its id; 'label' changes the labels of any run, 'resume' "
	"lets a paused one go on, with the values that it asks for. The server "
	"that works on the store carries it out.";

// ---- Looking

static void print_runs(const json_t *items)
{
	static const char *const headings[] = {"RUN", "FLOW", "STATE", "TRIGGER", "CREATED", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	json_t *run;
	size_t i;

	json_array_foreach(items, i, run)
	{
		const char *state = document_text(run, "state");
		g_autofree char *flow = g_strdup_printf(
			"%s.%s", document_text(run, "namespace"), document_text(run, "flow"));
		g_autofree char *age = document_age(run, "created");

		text_table_cell(table, document_text(run, "id"));
		text_table_cell_styled(table, flow, STYLE_BOLD);
		text_table_cell_styled(table, state, style_of_word(state));
		text_table_cell(table, document_text(run, "trigger"));
		text_table_cell(table, age);
	}
	text_table_print(table, stdout);
}

// Adds a parameter to a target, when it is given.
static void add_parameter(GString *target, const char *name, const char *value)
{
	if (value == NULL)
		return;
	g_string_append_printf(target, "&%s=", name);
	g_string_append_uri_escaped(target, value, NULL, false);
}

static int list_runs(Store *store)
{
	g_autoptr(GString) target = g_string_new(NULL);

	g_string_printf(target, "/v1/runs?limit=%d", option_limit);
	add_parameter(target, "flow", option_flow);
	add_parameter(target, "state", option_state);
	json_t *runs = option_flow == NULL || names_flow_is_known(store, option_flow)
			       ? read_api_get(store, target->str)
			       : NULL;

	if (runs == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(runs);
	else
		print_runs(json_object_get(runs, "items"));
	json_decref(runs);
	return EXIT_OK;
}

static void print_tasks(const json_t *items)
{
	static const char *const headings[] = {"TASK", "VALUE", "STATE", "MESSAGE", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	json_t *task;
	size_t i;

	json_array_foreach(items, i, task)
	{
		const char *state = document_text(task, "state");

		text_table_cell_styled(table, document_text(task, "task"), STYLE_BOLD);
		text_table_cell(table, document_text(task, "value"));
		text_table_cell_styled(table, state, style_of_word(state));
		text_table_cell(table, document_text(task, "message"));
	}
	text_table_print(table, stdout);
}

// The rows that loads kept aside: enough of them to see what is wrong.
static void print_rejected(const json_t *items)
{
	enum { SHOWN = 20, TEXT = 60 };
	static const char *const headings[] = {"FILE", "LINE", "COLUMN", "REASON", "ROW", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	size_t count = json_array_size(items);

	if (count == 0)
		return;
	printf("\n%zu rejected rows%s\n", count,
		count > SHOWN ? "; '--output json' lists them all" : "");
	for (size_t i = 0; i < MIN(count, SHOWN); i++) {
		const json_t *row = json_array_get(items, i);
		g_autofree char *line =
			g_strdup_printf("%" G_GINT64_FORMAT, document_number(row, "line"));
		const char *text = document_text(row, "text");
		g_autofree char *start = text == NULL ? NULL
						      : g_utf8_substring(text, 0,
								MIN(g_utf8_strlen(text, -1), TEXT));

		text_table_cell(table, document_text(row, "file"));
		text_table_cell(table, document_number(row, "line") > 0 ? line : NULL);
		text_table_cell(table, document_text(row, "column"));
		text_table_cell(table, document_text(row, "reason"));
		text_table_cell(table, start);
	}
	text_table_print(table, stdout);
}

// What the run's checks found, as /v1/tables/{dataset}/{table}/checks gives the last results of a table.
static json_t *checks_read(Store *store, const char *id)
{
	g_autoptr(GPtrArray) checks = NULL;
	g_autoptr(GError) error = NULL;
	json_t *items = json_array();

	if (!store_checks_of_run(store, id, &checks, &error)) {
		command_error(store_error_hint(error), "%s", error->message);
		json_decref(items);
		return NULL;
	}
	for (guint i = 0; i < checks->len; i++) {
		const StoreCheck *check = g_ptr_array_index(checks, i);
		json_t *sample = check->sample == NULL ? NULL : json_loads(check->sample, 0, NULL);

		json_array_append_new(
			items, json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:s?, s:o?}", "table",
				       check->table, "name", check->name, "kind", check->kind,
				       "severity", check->severity, "result", check->result,
				       "failures", (json_int_t)check->failures, "message",
				       check->message, "sample", sample));
	}
	return items;
}

// The checks that rows failed, with the first of those rows.
static void print_checks(const json_t *items)
{
	enum { SHOWN = 5 };
	json_t *check, *row;
	size_t i, k;

	json_array_foreach(items, i, check)
	{
		const json_t *sample = json_object_get(check, "sample");
		const char *message = document_text(check, "message");

		if (g_strcmp0(document_text(check, "result"), "passed") == 0)
			continue;
		printf("\ncheck %s of %s %s%s%s\n", document_text(check, "name"),
			document_text(check, "table"), document_text(check, "result"),
			message != NULL ? ": " : "", message != NULL ? message : "");
		json_array_foreach(sample, k, row)
		{
			g_autofree char *text =
				k < SHOWN ? json_dump_text(row, JSON_ENCODE_ANY) : NULL;

			if (text != NULL)
				printf("  %s\n", text);
		}
		if (json_array_size(sample) > SHOWN)
			printf("  %zu more with '--output json'\n",
				json_array_size(sample) - SHOWN);
	}
}

static int show_run(Store *store, const char *id)
{
	g_autofree char *escaped = g_uri_escape_string(id, NULL, false);
	g_autofree char *path = g_strdup_printf("/v1/runs/%s", escaped);
	g_autofree char *tasks_path = g_strdup_printf("/v1/runs/%s/tasks", escaped);
	g_autofree char *rejected_path = g_strdup_printf("/v1/runs/%s/rejected", escaped);
	json_auto_t *run = read_api_get(store, path);
	json_auto_t *tasks = run == NULL ? NULL : read_api_list(store, tasks_path);
	json_auto_t *rejected = tasks == NULL ? NULL : read_api_list(store, rejected_path);
	json_auto_t *checks = rejected == NULL ? NULL : checks_read(store, id);

	if (checks == NULL)
		return EXIT_FAILED;
	if (output_is_json()) {
		json_object_set(run, "task_runs", json_object_get(tasks, "items"));
		json_object_set(run, "rejected", json_object_get(rejected, "items"));
		json_object_set(run, "checks", checks);
		output_json(run);
	} else {
		const char *message = document_text(run, "message");

		printf("%s %s.%s revision %" G_GINT64_FORMAT ": %s%s%s\n", id,
			document_text(run, "namespace"), document_text(run, "flow"),
			document_number(run, "revision"), document_text(run, "state"),
			message != NULL ? ": " : "", message != NULL ? message : "");
		print_tasks(json_object_get(tasks, "items"));
		print_checks(checks);
		print_rejected(json_object_get(rejected, "items"));
	}
	return EXIT_OK;
}

// ---- Acts

static bool act_kill(Store *store, const char *id, GError **error)
{
	bool asked;

	if (!store_run_kill(store, id, &asked, error))
		return false;
	if (!asked)
		g_set_error(error, STORE_ERROR, STORE_ERROR_STALE,
			"there is no run '%s' that has not ended", id);
	return asked;
}

static bool act_resume(Store *store, const char *id, GError **error)
{
	json_t *given = json_object();
	bool ok = run_inputs_parse(option_inputs, given);
	g_autofree char *inputs = json_dump_text(given, JSON_COMPACT);
	bool asked = false;

	json_decref(given);
	if (!ok)
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "the run was not resumed");
	if (!ok || !store_run_resume(store, id, inputs, &asked, error))
		return false;
	if (!asked)
		g_set_error(
			error, STORE_ERROR, STORE_ERROR_STALE, "there is no paused run '%s'", id);
	return asked;
}

// What labels are to be: name → text, or null. NULL after telling what is wrong with one.
static json_t *label_changes(void)
{
	json_t *changes = json_object();
	bool ok = run_inputs_parse(option_labels, changes);
	const char *name;
	json_t *value;

	for (char **removed = option_removed; removed != NULL && *removed != NULL; removed++)
		json_object_set_new(changes, *removed, json_null());
	json_object_foreach(changes, name, value)
	{
		if (!g_str_has_prefix(name, "system."))
			continue;
		command_error(NULL, "label '%s' is one that weir sets itself", name);
		ok = false;
	}
	if (ok)
		return changes;
	json_decref(changes);
	return NULL;
}

static bool act_label(Store *store, const char *id, GError **error)
{
	json_t *changes = label_changes();
	g_autofree char *text = changes == NULL ? NULL : json_dump_text(changes, JSON_COMPACT);

	json_decref(changes);
	if (text != NULL)
		return store_run_change_labels(store, id, text, error);
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "the labels were not changed");
	return false;
}

// The id of the new run is all that is printed.
static bool act_replay(Store *store, const char *id, GError **error)
{
	char new_id[27];

	if (!run_replay(store, id, option_from, new_id, error))
		return false;
	if (output_is_json()) {
		json_t *made = json_pack("{s:s, s:s}", "id", new_id, "origin", id);

		output_json(made);
		json_decref(made);
	} else {
		puts(new_id);
	}
	return true;
}

static const struct {
	const char *verb;
	bool (*act)(Store *store, const char *id, GError **error);
	const char *done; // said of the run; NULL: the act has said what there is to say
} acts[] = {
	{"kill", act_kill, "asked to be killed"},
	{"restart", run_restart, "restarted"},
	{"replay", act_replay, NULL},
	{"label", act_label, "labelled"},
	{"resume", act_resume, "resumed"},
};

static int act_on(const char *verb, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);
	bool there = url != NULL && store_path_exists(url, &error);
	g_autoptr(Store) store = there ? store_open(url, STORE_READ_WRITE, &error) : NULL;

	for (size_t i = 0; store != NULL && i < G_N_ELEMENTS(acts); i++) {
		if (strcmp(acts[i].verb, verb) != 0 || !acts[i].act(store, id, &error))
			continue;
		if (!output_is_json() && acts[i].done != NULL)
			printf("%s %s\n", id, acts[i].done);
		return EXIT_OK;
	}
	if (g_error_matches(error, TASK_ERROR, TASK_ERROR_PROPERTY)) {
		g_autofree char *hint =
			g_strdup_printf("'weir runs show %s' lists its task runs", id);

		command_error(hint, "%s", error->message);
		return EXIT_FAILED;
	}
	command_error(store != NULL	      ? "'weir runs' lists them"
		      : url != NULL && !there ? STORE_HINT
					      : NULL,
		"%s", error->message);
	return EXIT_FAILED;
}

static bool is_act(const char *verb)
{
	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		if (strcmp(acts[i].verb, verb) == 0)
			return true;
	}
	return false;
}

// The options of one verb mean nothing to another.
static int check_verb(const Command *command, const char *verb)
{
	const struct {
		const char *verb;
		bool given;
		const char *text;
	} uses[] = {
		{"list",
			option_flow != NULL || option_state != NULL ||
				option_limit != DEFAULT_LIMIT,
			"--flow, --state and --limit go with 'list'"},
		{"resume", option_inputs != NULL, "--input goes with 'resume'"},
		{"replay", option_from != NULL, "--from goes with 'replay'"},
		{"label", option_labels != NULL || option_removed != NULL,
			"--set and --remove go with 'label'"},
		{"logs", option_follow, "--follow goes with 'logs'"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(uses); i++) {
		if (uses[i].given && strcmp(verb, uses[i].verb) != 0)
			return command_usage(command, "%s", uses[i].text);
	}
	return EXIT_OK;
}

static int check_labels(const Command *command, const char *verb)
{
	if (strcmp(verb, "label") == 0 && option_labels == NULL && option_removed == NULL)
		return command_usage(command, "'weir runs label' needs --set or --remove");
	return EXIT_OK;
}

// States are taken in any letter case.
static int check_list(const Command *command)
{
	RunState state;

	if (option_limit < 1 || option_limit > MOST_LISTED)
		return command_usage(
			command, "'--limit' is from 1 to %d, not %d", MOST_LISTED, option_limit);
	if (option_state == NULL)
		return EXIT_OK;
	g_autofree char *given = g_steal_pointer(&option_state);
	option_state = g_ascii_strup(given, -1);
	if (run_state_parse(option_state, &state))
		return EXIT_OK;
	const char *names[RUN_STATES + 1] = {NULL};
	for (state = 0; state < RUN_STATES; state++)
		names[state] = run_state_name(state);
	g_autofree char *list = g_strjoinv(", ", (char **)(uintptr_t)names);
	return command_usage_near(command, option_state, names,
		"'%s' is no state of a run; there are %s", given, list);
}

static int check_options(const Command *command, const char *verb)
{
	int status = check_verb(command, verb);

	if (status == EXIT_OK)
		status = check_labels(command, verb);
	return status == EXIT_OK ? check_list(command) : status;
}

int cmd_runs(const Command *command, char **arguments)
{
	const char *verb = arguments[0] != NULL ? arguments[0] : "list";
	bool list = strcmp(verb, "list") == 0;
	bool show = strcmp(verb, "show") == 0;
	bool logs = strcmp(verb, "logs") == 0;

	if (!list && !show && !logs && !is_act(verb))
		return command_no_verb(command, verb);
	if (list != (arguments[0] == NULL || arguments[1] == NULL))
		return command_usage(command,
			list ? "'weir runs list' takes no arguments"
			     : "'weir runs %s' needs the id of a run",
			verb);
	int status = check_options(command, verb);
	if (status != EXIT_OK)
		return status;
	if (is_act(verb))
		return act_on(verb, arguments[1]);
	g_autoptr(Store) store = read_api_open();
	if (store == NULL)
		return EXIT_FAILED;
	if (logs)
		return run_logs(store, arguments[1], option_follow);
	return show ? show_run(store, arguments[1]) : list_runs(store);
}
