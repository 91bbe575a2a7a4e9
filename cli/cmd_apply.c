#include "cli/commands.h"
#include "cli/output.h"
#include "cli/server_lock.h"
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
		"The branch to apply (default: the one that the repository's HEAD names)", "NAME"},
	{"environment", 'e', 0, G_OPTION_ARG_STRING, &environment_name,
		"Which of the repository's environments the store is", "NAME"},
	{"allow-rewind", 0, 0, G_OPTION_ARG_NONE, &allow_rewind, "Follow a force-push", NULL},
	{"allow-breaking", 0, 0, G_OPTION_ARG_NONE, &allow_breaking,
		"Let changes through that break readers", NULL},
	{"max-deletions", 0, 0, G_OPTION_ARG_INT, &max_deletions,
		"Refuse to delete more flows and tables than this at once", "N"},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char apply_details[] = "Makes the tip of the branch live in the store, once, without a "
			     "server: fetch, check, plan, guard, "
			     "apply. A server does the same by itself at each push, and holds the "
			     "store's lock meanwhile.\n\n"
			     "Exit status: 0 all of it is live, 1 not, or not all of it.";

static json_t *outcome_json(const ReconcileOutcome *outcome)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "result",
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
	printf("%.12s %s: %u created, %u updated, %u deleted, %u cosmetic.\n", outcome->commit,
		reconcile_result_name(outcome->result), outcome->created, outcome->updated,
		outcome->deleted, outcome->cosmetic);
	if (outcome->domains_broken + outcome->domains_held > 0)
		printf("%u domains are broken and %u are held: 'weir status' tells why.\n",
			outcome->domains_broken, outcome->domains_held);
}

// The repository named, else the one that the store followed last. The caller frees it.
static char *find_source(Store *store, const char *argument, GError **error)
{
	g_autoptr(StoreSource) row = NULL;

	if (argument != NULL)
		return strstr(argument, "://") != NULL || strchr(argument, '@') != NULL
			       ? g_strdup(argument)
			       : g_canonicalize_filename(argument, NULL);
	if (!store_source_get(store, "main", &row, error))
		return NULL;
	if (row != NULL)
		return g_strdup(row->url);
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"the store follows no repository yet; name the one to apply: 'weir apply REPO'");
	return NULL;
}

static bool apply(const char *url, const char *argument, ReconcileOutcome *outcome, GError **error)
{
	if (!store_path_prepare(url, error))
		return false;
	g_autoptr(ServerLock) lock = server_lock_new(url, error);
	g_autoptr(Store) store = lock == NULL ? NULL : store_open(url, STORE_READ_WRITE, error);
	g_autofree char *source = store == NULL ? NULL : find_source(store, argument, error);
	if (source == NULL)
		return false;
	g_autofree char *data = store_path_data_folder(url);
	g_autofree char *mirrors = g_build_filename(data, "mirrors", NULL);
	const ReconcilerOptions options = {
		.store = store,
		.source = {source, branch_name, mirrors, allow_rewind},
		.policy = {.max_deletions = (guint)MAX(max_deletions, 0),
			.allow_breaking = allow_breaking},
		.environment = environment_name,
		.data_folder = data,
		.drift_interval = -1,
	};
	g_autoptr(Reconciler) reconciler = reconciler_new(&options, error);
	return reconciler != NULL && reconcile_once(reconciler, outcome, error);
}

int cmd_apply(const Command *command, char **arguments)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);
	ReconcileOutcome outcome;

	(void)command;
	if (url == NULL || !apply(url, arguments[0], &outcome, &error)) {
		command_error(NULL, "%s", error->message);
		return EXIT_FAILED;
	}
	print_outcome(&outcome);
	return outcome.result == RECONCILE_PARTIAL ? EXIT_FAILED : EXIT_OK;
}
