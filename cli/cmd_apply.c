#include "cli/commands.h"
#include "cli/output.h"
#include "cli/server_lock.h"
#include "cli/source_option.h"
#include "cli/store_path.h"
#include "reconciler/reconcile.h"
#include "store/domain.h"

#include <stdio.h>
#include <string.h>

static char *branch_name;
static char *environment_name;
static gboolean allow_rewind;
static gboolean allow_breaking;
static int max_deletions;

const GOptionEntry apply_options[] = {
	{"branch", 'b', 0, G_OPTION_ARG_STRING, &branch_name,
		"The branch to apply (default: the one followed before; at first, HEAD's)", "NAME"},
	{"environment", 'e', 0, G_OPTION_ARG_STRING, &environment_name,
		"Which of the repository's environments the store is", "NAME"},
	{"allow-rewind", 0, 0, G_OPTION_ARG_NONE, &allow_rewind, "Follow a force-push", NULL},
	{"allow-breaking", 0, 0, G_OPTION_ARG_NONE, &allow_breaking,
		"Let changes through that break readers", NULL},
	{"max-deletions", 0, 0, G_OPTION_ARG_INT, &max_deletions,
		"Refuse to delete more flows and tables than this at once", "N"},
	CONFIG_OPTION,
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char apply_details[] = "Makes the tip of the branch live in the store, once, without a "
			     "server: fetch, check, plan, guard, "
			     "apply. A server does the same by itself at each push, and holds the "
			     "store's lock meanwhile. Flows that were edited in the "
			     "store are made what the commit says.\n\n"
			     "Exit status: 0 all of it is live, 1 not, or not all of it.";

static json_t *outcome_json(const ReconcileOutcome *outcome)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "result",
		reconcile_result_name(outcome->result), "commit", outcome->commit, "created",
		(int)outcome->created, "updated", (int)outcome->updated, "deleted",
		(int)outcome->deleted, "cosmetic", (int)outcome->cosmetic, "domains_broken",
		(int)outcome->domains_broken, "domains_held", (int)outcome->domains_held);
}

static void print_outcome(const ReconcileOutcome *outcome)
{
	if (output_is_json()) {
		json_t *json = outcome_json(outcome);

		output_json(json);
		json_decref(json);
		return;
	}
	if (outcome->result == RECONCILE_WAITING) {
		puts("The repository has no commit yet.");
		return;
	}
	if (outcome->result == RECONCILE_PARTIAL &&
		outcome->domains_broken + outcome->domains_held == 0) {
		printf("%.12s is refused as a whole, what was live stays: 'weir validate' and "
		       "'weir "
		       "status' tell why.\n",
			outcome->commit);
		return;
	}
	printf("%.12s %s: %u created, %u updated, %u deleted, %u cosmetic.\n", outcome->commit,
		reconcile_result_name(outcome->result), outcome->created, outcome->updated,
		outcome->deleted, outcome->cosmetic);
	if (outcome->restored > 0)
		printf("%u flows that were edited in the store are what the commit says again.\n",
			outcome->restored);
	if (outcome->domains_broken + outcome->domains_held > 0)
		printf("%u domains are broken and %u are held: 'weir status' tells why.\n",
			outcome->domains_broken, outcome->domains_held);
}

static PlanPolicy choose_policy(const ServerConfig *config)
{
	PlanPolicy policy = config->policy;

	if (max_deletions > 0)
		policy.max_deletions = (guint)max_deletions;
	policy.allow_breaking = policy.allow_breaking || allow_breaking;
	return policy;
}

// Looked at before a store is made: a mistyped path is to leave nothing behind.
static bool has_source(
	const char *url, const ServerConfig *config, const char *argument, GError **error)
{
	const char *name = argument != NULL ? argument : config->source.url;

	if (name == NULL && !store_path_exists(url, NULL)) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"name the repository to apply: 'weir apply REPO', or 'source' in --config");
		return false;
	}
	if (name == NULL || !source_url_is_path(name) || g_file_test(name, G_FILE_TEST_EXISTS))
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
		"repository '%s' cannot be reached: No such file or directory; put it back, or "
		"correct the path",
		name);
	return false;
}

static bool apply(const char *url, const ServerConfig *config, const char *argument,
	ReconcileOutcome *outcome, GError **error)
{
	g_auto(SourceChoice) choice = {0};

	if (!store_path_prepare(url, error))
		return false;
	g_autoptr(ServerLock) lock = server_lock_new(url, error);
	g_autoptr(Store) store = lock == NULL ? NULL : store_open(url, STORE_READ_WRITE, error);
	if (store == NULL || !source_choose(&choice, store, config, argument, branch_name, error))
		return false;
	choice.options.allow_rewind = choice.options.allow_rewind || allow_rewind;
	g_autofree char *data = store_path_data_folder(url);
	const ReconcilerOptions options = {
		.store = store,
		.source = choice.options,
		.policy = choose_policy(config),
		.limits = config->limits,
		.environment = environment_name != NULL ? environment_name : config->environment,
		.data_folder = data,
		.drift_interval = -1,
		.restore = true,
	};
	g_autoptr(Reconciler) reconciler = reconciler_new(&options, error);
	return reconciler != NULL && reconcile_once(reconciler, outcome, error) &&
	       reconcile_judge(reconciler, error);
}

int cmd_apply(const Command *command, char **arguments)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ServerConfig) config = config_option_read(&error);
	g_autofree char *url = config == NULL ? NULL : store_path_url(&error);
	ReconcileOutcome outcome;

	if (max_deletions < 0)
		return command_usage(
			command, "'--max-deletions' is at least 0, not %d", max_deletions);
	if (config == NULL) {
		command_error(NULL, "%s", error->message);
		return EXIT_USAGE;
	}
	if (url != NULL && !has_source(url, config, arguments[0], &error))
		g_clear_pointer(&url, g_free);
	if (url == NULL || !apply(url, config, arguments[0], &outcome, &error)) {
		command_error(source_error_hint(error), "%s", error->message);
		return EXIT_FAILED;
	}
	print_outcome(&outcome);
	return outcome.result == RECONCILE_PARTIAL ? EXIT_FAILED : EXIT_OK;
}
