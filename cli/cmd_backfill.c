// weir backfill: runs of a schedule for the due times of a range.
#include "api/flow_name.h"
#include "cli/commands.h"
#include "cli/live_inputs.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/run_file.h"
#include "cli/server_lock.h"
#include "cli/store_path.h"
#include "cli/text_table.h"
#include "reconciler/backfill.h"
#include "store/json_dump.h"
#include "store/run.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_LIMIT = 50, MOST_LISTED = 1000, DEFAULT_CONCURRENCY = 1, MOST_AT_ONCE = 1000000 };

static char *option_from;
static char *option_to;
static char *option_trigger;
static char *option_flow;
static char **option_inputs;
static char **option_labels;
static gboolean option_kill;
static int option_concurrency = DEFAULT_CONCURRENCY;
static int option_limit = DEFAULT_LIMIT;

const GOptionEntry backfill_options[] = {
	{"from", 0, 0, G_OPTION_ARG_STRING, &option_from,
		"The beginning of the range; a date alone: its whole day, on the schedule's clock",
		"TIME"},
	{"to", 0, 0, G_OPTION_ARG_STRING, &option_to, "The end of the range, which is in it",
		"TIME"},
	{"trigger", 0, 0, G_OPTION_ARG_STRING, &option_trigger,
		"The schedule, where the flow has several", "ID"},
	{"concurrency", 0, 0, G_OPTION_ARG_INT, &option_concurrency,
		"How many of its runs there are at once; 0: no limit (default 1)", "N"},
	{"input", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &option_inputs,
		"An input of each run, over what the schedule gives; as often as needed",
		"NAME=VALUE"},
	{"label", 0, 0, G_OPTION_ARG_STRING_ARRAY, &option_labels,
		"A label of each run; as often as needed", "NAME=VALUE"},
	{"flow", 0, 0, G_OPTION_ARG_STRING, &option_flow, "list: only those of this flow",
		"NAMESPACE.ID"},
	{"limit", 'n', 0, G_OPTION_ARG_INT, &option_limit, "list: at most so many (default 50)",
		"N"},
	{"kill", 0, 0, G_OPTION_ARG_NONE, &option_kill,
		"cancel: also kill the runs that have not ended", NULL},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char backfill_details[] =
	"Makes a run for each due time of the flow's schedule in the range, the oldest first, as "
	"if it "
	"had fired then: 'trigger.date' is the due time. The id of the backfill is printed, and "
	"the "
	"server that works on the store makes the runs; they have the label 'system.backfill'.\n\n"
	"'list' and 'show' tell how far they are. 'pause' makes no more runs until 'resume', "
	"'cancel' "
	"none ever; runs that are there go on, unless --kill is given.";

// ---- Asking for one

// Names -> values, as JSON text; NULL after telling what is wrong with one.
static char *labels_read(void)
{
	json_t *labels = json_object();
	bool ok = run_inputs_parse(option_labels, labels);
	char *text = NULL;
	const char *name;
	json_t *value;

	json_object_foreach(labels, name, value)
	{
		if (!ok || !g_str_has_prefix(name, "system."))
			continue;
		command_error(NULL, "label '%s' is one that weir sets itself", name);
		ok = false;
	}
	if (ok)
		text = json_dump_text(labels, JSON_COMPACT);
	json_decref(labels);
	return text;
}

// The inputs that the flow's schedules give by themselves; borrowed.
static const json_t *schedule_inputs(const Flow *flow)
{
	for (guint i = 0; i < flow->triggers->len; i++) {
		const Trigger *trigger = flow->triggers->pdata[i];

		if (strcmp(trigger->kind->name, "schedule") == 0 &&
			(option_trigger == NULL || strcmp(trigger->id, option_trigger) == 0))
			return trigger->inputs;
	}
	return NULL;
}

static char *inputs_read(Store *store, const char *url, const FlowName *name, GError **error)
{
	json_t *given = json_object();
	g_autoptr(Flow) flow = NULL;
	char *text = NULL;

	if (run_inputs_parse(option_inputs, given) && live_flow_read(store, name, &flow, error) &&
		(flow == NULL ||
			live_inputs_prepare(url, flow, schedule_inputs(flow), given, error)))
		text = json_dump_text(given, JSON_COMPACT);
	json_decref(given);
	return text;
}

static void tell_asked(Store *store, const char *url, const char *id, int64_t total)
{
	if (output_is_json()) {
		g_autofree char *path = g_strdup_printf("/v1/backfills/%s", id);
		json_t *backfill = read_api_get(store, path);

		output_json(backfill);
		json_decref(backfill);
	} else {
		puts(id);
	}
	fprintf(stderr, "weir: %" G_GINT64_FORMAT " due time%s\n", total, total == 1 ? "" : "s");
	if (!server_lock_is_held(url))
		fputs("weir: no server runs on this store: the runs are made once 'weir serve' "
		      "does\n",
			stderr);
}

static bool ask(Store *store, const char *url, const char *flow, GError **error)
{
	g_auto(FlowName) name = {NULL, NULL};
	g_autofree char *inputs = NULL;
	g_autofree char *labels = labels_read();
	int64_t total;
	char id[27];

	if (labels == NULL || !names_find_flow(store, flow, &name))
		return false;
	BackfillRequest request = {
		.namespace = name.namespace,
		.flow = name.id,
		.trigger = option_trigger,
		.from = option_from,
		.to = option_to,
		.concurrency = option_concurrency,
		.labels = labels,
	};
	if (!backfill_check(store, &request, error))
		return false;
	request.inputs = inputs = inputs_read(store, url, &name, error);
	if (inputs == NULL || !backfill_ask(store, &request, id, &total, error))
		return false;
	tell_asked(store, url, id, total);
	return true;
}

// ---- Looking

static char *progress_of(const json_t *backfill)
{
	return g_strdup_printf("%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
		document_number(backfill, "made") + document_number(backfill, "left_out"),
		document_number(backfill, "total"));
}

static int list_backfills(Store *store)
{
	static const char *const headings[] = {
		"BACKFILL", "FLOW", "STATE", ">MADE", "NEXT", "CREATED", NULL};
	g_autoptr(GString) target = g_string_new(NULL);
	g_autoptr(TextTable) table = text_table_new(headings);
	json_t *backfill;
	size_t i;

	g_string_printf(target, "/v1/backfills?limit=%d", option_limit);
	if (option_flow != NULL) {
		g_string_append(target, "&flow=");
		g_string_append_uri_escaped(target, option_flow, NULL, false);
	}
	json_t *backfills = option_flow == NULL || names_flow_is_known(store, option_flow)
				    ? read_api_get(store, target->str)
				    : NULL;
	if (backfills == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(backfills);
	json_array_foreach(json_object_get(backfills, "items"), i, backfill)
	{
		g_autofree char *flow = g_strdup_printf("%s.%s",
			document_text(backfill, "namespace"), document_text(backfill, "flow"));
		g_autofree char *progress = progress_of(backfill);
		g_autofree char *age = document_age(backfill, "created");

		text_table_cell(table, document_text(backfill, "id"));
		text_table_cell_styled(table, flow, STYLE_BOLD);
		text_table_cell(table, document_text(backfill, "state"));
		text_table_cell(table, progress);
		text_table_cell(table, document_text(backfill, "next"));
		text_table_cell(table, age);
	}
	if (!output_is_json())
		text_table_print(table, stdout);
	json_decref(backfills);
	return EXIT_OK;
}

static void print_backfill(const json_t *backfill)
{
	g_autofree char *progress = progress_of(backfill);
	const char *message = document_text(backfill, "message");
	const char *next = document_text(backfill, "next");
	const char *state;
	json_t *count;

	printf("%s %s.%s, schedule %s: %s%s%s\n", document_text(backfill, "id"),
		document_text(backfill, "namespace"), document_text(backfill, "flow"),
		document_text(backfill, "trigger"), document_text(backfill, "state"),
		message != NULL ? ": " : "", message != NULL ? message : "");
	printf("from %s to %s: %s due times made, next %s\n", document_text(backfill, "from"),
		document_text(backfill, "to"), progress, next != NULL ? next : "none");
	json_object_foreach(json_object_get(backfill, "runs"), state, count)
		printf("%" JSON_INTEGER_FORMAT " %s\n", json_integer_value(count), state);
}

static int show_backfill(Store *store, const char *id)
{
	g_autofree char *escaped = g_uri_escape_string(id, NULL, false);
	g_autofree char *path = g_strdup_printf("/v1/backfills/%s", escaped);
	json_t *backfill = read_api_get(store, path);

	if (backfill == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(backfill);
	else
		print_backfill(backfill);
	json_decref(backfill);
	return EXIT_OK;
}

// ---- Acts

typedef struct {
	const char *verb;
	BackfillState state, from[2];
	const char *done, *refused; // "paused", "is not going on"
} Act;

static const Act acts[] = {
	{"pause", BACKFILL_PAUSED, {BACKFILL_RUNNING, BACKFILL_RUNNING}, "paused",
		"does not go on"},
	{"resume", BACKFILL_RUNNING, {BACKFILL_PAUSED, BACKFILL_PAUSED}, "resumed",
		"is not paused"},
	{"cancel", BACKFILL_CANCELLED, {BACKFILL_RUNNING, BACKFILL_PAUSED}, "cancelled",
		"has ended"},
};

static const Act *act_find(const char *verb)
{
	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		if (strcmp(acts[i].verb, verb) == 0)
			return &acts[i];
	}
	return NULL;
}

static bool runs_kill(Store *store, const StoreBackfill *backfill, GError **error)
{
	g_autoptr(GPtrArray) ids = NULL;

	if (!store_backfill_list_active(store, backfill, &ids, error))
		return false;
	for (guint i = 0; i < ids->len; i++) {
		if (!store_run_kill(store, ids->pdata[i], NULL, error))
			return false;
	}
	return true;
}

static bool act_do(Store *store, const Act *act, const char *id, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(StoreBackfill) backfill = NULL;
	bool done = false;

	if (transaction == NULL || !store_backfill_get(store, id, &backfill, error) ||
		!store_backfill_set(store, id, act->state, act->from, &done, error))
		return false;
	if (!done) {
		g_set_error(error, STORE_ERROR,
			backfill == NULL ? STORE_ERROR_MISSING : STORE_ERROR_STALE,
			backfill == NULL ? "there is no backfill '%s'" : "backfill '%s' %s", id,
			act->refused);
		return false;
	}
	return (!option_kill || runs_kill(store, backfill, error)) &&
	       store_transaction_commit(transaction, error);
}

// ---- The command

static int options_check(const Command *command, bool asks, const char *verb)
{
	const bool ranges = option_from != NULL || option_to != NULL || option_trigger != NULL ||
			    option_inputs != NULL || option_labels != NULL ||
			    option_concurrency != DEFAULT_CONCURRENCY;

	if (asks && (option_from == NULL || option_to == NULL)) {
		g_auto(GStrv) verbs = command_verbs(command);

		return command_usage_near(command, verb, (const char *const *)verbs,
			"'weir backfill FLOW' needs --from and --to");
	}
	if (!asks && ranges)
		return command_usage(command, "--from, --to, --trigger, --concurrency, --input and "
					      "--label go with 'weir backfill FLOW'");
	if (option_concurrency < 0 || option_concurrency > MOST_AT_ONCE)
		return command_usage(command, "'--concurrency' is from 0 to %d, not %d",
			MOST_AT_ONCE, option_concurrency);
	if ((option_flow != NULL || option_limit != DEFAULT_LIMIT) && strcmp(verb, "list") != 0)
		return command_usage(command, "--flow and --limit go with 'list'");
	if (option_limit < 1 || option_limit > MOST_LISTED)
		return command_usage(
			command, "'--limit' is from 1 to %d, not %d", MOST_LISTED, option_limit);
	if (option_kill && strcmp(verb, "cancel") != 0)
		return command_usage(command, "--kill goes with 'cancel'");
	return EXIT_OK;
}

static void error_tell(const GError *error, bool there)
{
	const char *hint = NULL;

	if (error == NULL) // it has been told
		return;
	if (!there)
		hint = STORE_HINT;
	else if (g_error_matches(error, BACKFILL_ERROR, BACKFILL_ERROR_FLOW))
		hint = "'weir flows' lists them";
	else if (error->domain == STORE_ERROR && error->code != STORE_ERROR_MISUSE)
		hint = "'weir backfill list' shows them";
	if (error->domain == STORE_ERROR || error->domain == BACKFILL_ERROR || !there)
		command_error(hint, "%s", error->message);
	else
		read_api_report(error);
}

static int write_with(const char *word, const Act *act, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);
	bool there = url != NULL && store_path_exists(url, &error);
	g_autoptr(Store) store = there ? store_open(url, STORE_READ_WRITE, &error) : NULL;

	if (store != NULL && act == NULL && ask(store, url, word, &error))
		return EXIT_OK;
	if (store != NULL && act != NULL && act_do(store, act, id, &error)) {
		if (!output_is_json())
			printf("%s %s\n", id, act->done);
		return EXIT_OK;
	}
	error_tell(error, there);
	return EXIT_FAILED;
}

int cmd_backfill(const Command *command, char **arguments)
{
	const char *word = arguments[0] != NULL ? arguments[0] : "list";
	const Act *act = act_find(word);
	bool list = strcmp(word, "list") == 0;
	bool show = strcmp(word, "show") == 0;
	bool asks = !list && !show && act == NULL;
	int status = options_check(command, asks, word);

	if (status != EXIT_OK)
		return status;
	if ((list || asks) && arguments[0] != NULL && arguments[1] != NULL)
		return command_usage(command, "'weir backfill %s' takes no more arguments", word);
	if (!list && !asks && arguments[1] == NULL)
		return command_usage(
			command, "'weir backfill %s' needs the id of a backfill", word);
	if (asks || act != NULL)
		return write_with(word, act, arguments[1]);
	g_autoptr(Store) store = read_api_open();
	if (store == NULL)
		return EXIT_FAILED;
	return show ? show_backfill(store, arguments[1]) : list_backfills(store);
}
