// What came of a look: the one place where the poller writes into the store of the triggers.
#include "runner/poll_look.h"
#include "runner/poller_internal.h"

#include "repo-layout/trigger_rule.h"
#include "runner/failpoint.h"
#include "runner/secret.h"
#include "store/duty.h"
#include "store/json_dump.h"
#include "store/timestamp.h"

#include <glib/gstdio.h>
#include <string.h>

// ---- What the look means ------------------------------------------------------------------------------------------

static char *find_secret(const char *name, void *data, GError **error)
{
	return secret_find(data, name, error);
}

typedef struct {
	json_t *values; // `trigger` of the run
	TriggerStart start;
} Verdict;

static void verdict_clear(Verdict *verdict)
{
	json_decref(verdict->values);
	trigger_start_clear(&verdict->start);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verdict, verdict_clear)

// Whether what came starts a run, and which. False with an error when that cannot be told.
static bool judge(
	Poller *poller, const Look *look, const json_t *outputs, Verdict *verdict, GError **error)
{
	const StoreFlow *flow = look->flow;
	g_autofree char *definition =
		look->variables == NULL ? NULL
					: g_strdup_printf("{\"variables\":%s}", look->variables);
	const TriggerOwner owner = {flow->namespace, flow->id, flow->revision, definition, NULL};
	const char *condition = poll_condition(look->trigger);
	bool found = false, told = true;

	verdict->values = poll_values(look->trigger, outputs, look->row->next_at, &found);
	json_t *variables = trigger_variables(&owner, verdict->values);
	json_object_set_new(variables, "response", poll_response(outputs));
	const TriggerScope scope = {.variables = variables,
		.now = timestamp_now(),
		.date = look->row->next_at,
		.secret = find_secret,
		.data = &poller->options};
	if (condition != NULL && !trigger_text_holds(condition, &scope, &found, error)) {
		g_prefix_error(error, "in 'responseCondition': ");
		told = false;
	}
	if (told && found)
		told = trigger_rule_start(look->trigger, &scope, &verdict->start, error);
	json_decref(variables);
	return told;
}

// Files that the look kept become the run's: its trigger names them.
static void keep_files(const Poller *poller, const Look *look)
{
	g_autofree char *from = g_build_filename(poller->folder, "files", look->run_id, NULL);
	g_autofree char *parent = g_build_filename(poller->options.data_folder, "files", NULL);
	g_autofree char *to = g_build_filename(parent, look->run_id, NULL);

	if (!g_file_test(from, G_FILE_TEST_IS_DIR))
		return;
	g_mkdir_with_parents(parent, 0700);
	g_rename(from, to);
}

// ---- The row ------------------------------------------------------------------------------------------------------

static json_t *state_of(const StoreTrigger *row)
{
	json_t *state = row->state == NULL ? NULL : json_loads(row->state, 0, NULL);

	return json_is_object(state) ? state : json_object();
}

// Plans the next look: later after each failure in a row.
static void plan_next(StoreTrigger *row, const Look *look, bool failed)
{
	json_t *state = state_of(row);
	int64_t failures = json_integer_value(json_object_get(state, "failures"));

	failures = failed ? failures + 1 : 0;
	row->next_at = timestamp_now() + poll_delay(poll_interval(look->trigger), failures);
	if (failures > 0)
		json_object_set_new(state, "failures", json_integer(failures));
	else
		json_object_del(state, "failures");
	char *text = json_dump_text(state, JSON_COMPACT);
	g_free(row->state);
	row->state = g_strdup(text);
	free(text);
	json_decref(state);
}

static bool make_run(
	Poller *poller, const Look *look, const Verdict *verdict, StoreTrigger *row, GError **error)
{
	char *text = json_dump_text(verdict->values, JSON_COMPACT);
	g_autofree char *key = g_strdup_printf("%s %s.%s %s %" G_GINT64_FORMAT, row->type,
		row->namespace, row->flow, row->id, look->row->next_at);
	const StoreTriggerFire fire = {
		verdict->start.inputs, verdict->start.labels, text, key, look->row->next_at};
	char run_id[27];
	bool done = store_trigger_fire(poller->store, row, &fire, run_id, NULL, error);

	free(text);
	return done;
}

// Whether the look is still wanted: the plan is the one that it began with, and the duty this poller's own.
static bool is_wanted(
	Poller *poller, const Look *look, StoreTrigger **ret_row, bool *ret_wanted, GError **error)
{
	const StoreTrigger *before = look->row;
	const int64_t until = timestamp_now() + POLLER_DUTY_SECONDS * (int64_t)G_USEC_PER_SEC;

	*ret_wanted = false;
	if (!store_duty_take(
		    poller->store, POLLER_DUTY, poller->holder, until, ret_wanted, error) ||
		!store_trigger_get(
			poller->store, before->namespace, before->flow, before->id, ret_row, error))
		return false;
	*ret_wanted = *ret_wanted && *ret_row != NULL && (*ret_row)->next_at == before->next_at &&
		      (*ret_row)->last_at == before->last_at;
	return true;
}

// COMMIT POINT: the run, the trigger's row with the plan of the next look, and the duty are one transaction.
static bool write_all(
	Poller *poller, const Look *look, const Verdict *verdict, const char *fault, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(poller->store, error);
	g_autoptr(StoreTrigger) row = NULL;
	bool wanted = false;

	if (transaction == NULL || !is_wanted(poller, look, &row, &wanted, error))
		return false;
	if (!wanted)
		return store_transaction_commit(transaction, error);
	plan_next(row, look, fault != NULL);
	if (!store_trigger_note(poller->store, row, fault, error) ||
		(fault == NULL && verdict->start.holds &&
			!make_run(poller, look, verdict, row, error)) ||
		!store_trigger_put(poller->store, row, error))
		return false;
	failpoint("polled");
	return store_transaction_commit(transaction, error);
}

bool poller_commit(
	Poller *poller, const Look *look, const json_t *outputs, const char *fault, GError **error)
{
	g_auto(Verdict) verdict = {0};
	g_autoptr(GError) why = NULL;

	failpoint("looked");
	if (outputs != NULL && !judge(poller, look, outputs, &verdict, &why))
		fault = why->message;
	if (fault == NULL && verdict.start.holds)
		keep_files(poller, look);
	bool done = write_all(poller, look, &verdict, fault, error);
	failpoint("poll committed");
	return done;
}

bool poller_skip(Poller *poller, const StoreTrigger *row, int64_t next_at, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(poller->store, error);
	g_autoptr(StoreTrigger) now = NULL;

	if (transaction == NULL ||
		!store_trigger_get(poller->store, row->namespace, row->flow, row->id, &now, error))
		return false;
	if (now != NULL && now->next_at == row->next_at) {
		now->next_at = next_at;
		if (!store_trigger_put(poller->store, now, error))
			return false;
	}
	return store_transaction_commit(transaction, error);
}
