#include "cli/commands.h"
#include "cli/output.h"
#include "cli/source_option.h"
#include "cli/store_path.h"
#include "reconciler/live_view.h"
#include "reconciler/plan_guard.h"
#include "reconciler/reconcile.h"
#include "reconciler/source.h"
#include "store/domain.h"
#include "store/drift.h"

#include <stdio.h>
#include <string.h>

static char *repository_name;
static char *base_name;
static char *head_name;
static char *environment_name;
static gboolean markdown;

const GOptionEntry plan_options[] = {
	{"repo", 'r', 0, G_OPTION_ARG_FILENAME, &repository_name,
		"Compare two revisions of this repository, without a store", "REPO"},
	{"base", 0, 0, G_OPTION_ARG_STRING, &base_name,
		"The revision that counts as live (default: nothing is live)", "REV"},
	{"head", 0, 0, G_OPTION_ARG_STRING, &head_name,
		"The revision to plan (default: HEAD; without --repo the tracked branch)", "REV"},
	{"environment", 'e', 0, G_OPTION_ARG_STRING, &environment_name,
		"Which of the repository's environments counts (default: the store's)", "NAME"},
	{"markdown", 'm', 0, G_OPTION_ARG_NONE, &markdown, "Print Markdown, fit for a comment",
		NULL},
	CONFIG_OPTION,
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char plan_details[] = "With --repo, shows what the revision --head changes against --base, "
			    "from the repository alone.\n\n"
			    "Otherwise shows what would change in the store: by the tip of the "
			    "branch that its server follows, by "
			    "--head of that repository, or by REPO, a repository, its URL or a "
			    "folder.\n\n"
			    "Exit status: 0 nothing to do, 2 changes, 1 error. Changes of comments "
			    "and formatting only are "
			    "listed as cosmetic and count as nothing.";

// What is compared. Everything may be NULL.
typedef struct {
	ServerConfig *config;
	Source *source; // that the tree is read from, when it is the server's
	SourceTree *tree, *base_tree;
	Layout *layout, *base;
	Store *store;
	LiveView *view;
	PlanLive *live; // to be freed, unless it is the view's
	Plan *plan;
	json_t *drift;
} Planning;

static void planning_clear(Planning *planning)
{
	plan_free(planning->plan);
	if (planning->view == NULL)
		plan_live_free(planning->live);
	live_view_free(planning->view);
	store_close(planning->store);
	layout_unref(planning->layout);
	layout_unref(planning->base);
	source_tree_unref(planning->tree);
	source_tree_unref(planning->base_tree);
	source_free(planning->source);
	json_decref(planning->drift);
	server_config_free(planning->config);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Planning, planning_clear)

// ---- Two revisions of a repository --------------------------------------------------------------------------------

static bool open_revisions(Planning *planning, GError **error)
{
	g_autofree char *path = source_local_path(repository_name);

	planning->tree =
		source_tree_open_commit(path, head_name != NULL ? head_name : "HEAD", error);
	if (planning->tree == NULL)
		return false;
	planning->layout = layout_load(planning->tree, NULL, NULL, NULL, environment_name, error);
	if (planning->layout == NULL ||
		!layout_has_environment(planning->layout, environment_name, error))
		return false;
	if (base_name != NULL) {
		planning->base_tree = source_tree_open_commit(path, base_name, error);
		if (planning->base_tree == NULL)
			return false;
		planning->base =
			layout_load(planning->base_tree, NULL, NULL, NULL, environment_name, error);
		if (planning->base == NULL)
			return false;
	}
	planning->live = plan_live_layout_new(planning->base);
	return true;
}

// ---- Against the live store ---------------------------------------------------------------------------------------

// The repository at a URL, or the one that the store's server follows, at --head or at the tip of its branch.
static SourceTree *open_followed(Planning *planning, const char *argument, GError **error)
{
	g_auto(SourceChoice) choice = {0};
	g_auto(SourceTip) tip = {0};

	if (!source_choose(&choice, planning->store, planning->config, argument, NULL, error))
		return NULL;
	planning->source = source_new(&choice.options, error);
	if (planning->source == NULL || !source_resolve(planning->source, head_name, &tip, error))
		return NULL;
	if (tip.move == SOURCE_EMPTY) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"repository '%s' has no commit yet: push one first", choice.url);
		return NULL;
	}
	return source_tree_open_repository(source_repository(planning->source), tip.id, error);
}

// An open item in the shape of a change.
static json_t *drift_json(const StoreDrift *row)
{
	return json_pack("{s:o, s:s, s:s, s:s?, s:s, s:s?, s:{s:[s], s:n, s:n}}", "address",
		json_sprintf("%s.%s", row->kind, row->resource), "type", row->kind, "name",
		row->resource, "domain", row->domain, "summary", row->summary, "diff", row->diff,
		"change", "actions", "update", "before", "after");
}

static bool read_drift(Planning *planning, GError **error)
{
	const StorePage page = {.limit = 1000};
	g_autoptr(GPtrArray) rows = NULL;

	planning->drift = json_array();
	if (!store_drifts_list(planning->store, NULL, &page, &rows, NULL, error))
		return false;
	for (guint i = 0; i < rows->len; i++) {
		const StoreDrift *row = rows->pdata[i];

		if (strcmp(row->kind, "source") != 0)
			json_array_append_new(planning->drift, drift_json(row));
	}
	return true;
}

// The one that is asked for, or that the server's file names, or that the store was last brought up to date for.
static bool choose_environment(const Planning *planning, char **ret_environment, GError **error)
{
	const char *named =
		environment_name != NULL ? environment_name : planning->config->environment;

	if (named == NULL)
		return store_setting_get(
			planning->store, ENVIRONMENT_SETTING, ret_environment, error);
	*ret_environment = g_strdup(named);
	return true;
}

static bool open_store(Planning *planning, const char *argument, GError **error)
{
	g_autofree char *url = store_path_url(error);
	if (url == NULL || !store_path_exists(url, error))
		return false;
	planning->store = store_open(url, STORE_READ_ONLY, error);
	if (planning->store == NULL)
		return false;
	// A folder need not be a repository.
	planning->tree = argument != NULL && source_url_is_path(argument)
				 ? source_tree_open(argument, head_name, error)
				 : open_followed(planning, argument, error);
	if (planning->tree == NULL)
		return false;
	g_autofree char *environment = NULL;
	if (!choose_environment(planning, &environment, error))
		return false;
	planning->layout = layout_load(planning->tree, NULL, NULL, NULL, environment, error);
	if (planning->layout == NULL ||
		!layout_has_environment(planning->layout, environment, error))
		return false;
	planning->view = live_view_new(planning->store);
	planning->live = live_view_plan(planning->view);
	return live_view_load(planning->view, error) && read_drift(planning, error);
}

// ---- Printing -----------------------------------------------------------------------------------------------------

static bool print_plan(const Planning *planning, GError **error)
{
	if (output_is_json()) {
		json_t *json = plan_json(planning->plan, planning->drift, 0, error);

		if (json == NULL)
			return false;
		output_json(json);
		json_decref(json);
		return true;
	}
	g_autofree char *text =
		markdown ? plan_markdown(planning->plan, planning->drift)
			 : plan_text(planning->plan, planning->drift, output_has_colour(stdout));
	fputs(text, stdout);
	return true;
}

static int exit_of(const Plan *plan)
{
	if (plan->broken || layout_errors(plan->layout) > 0)
		return EXIT_FAILED;
	return plan_is_empty(plan) ? EXIT_OK : EXIT_DIFFERENCES;
}

static bool make_plan(Planning *planning, const char *argument, GError **error)
{
	const PlanPolicy policy = {0};
	bool opened = repository_name != NULL ? open_revisions(planning, error)
					      : open_store(planning, argument, error);

	if (!opened)
		return false;
	planning->plan = plan_compute(planning->layout, planning->live, error);
	if (planning->plan == NULL)
		return false;
	plan_guard(planning->plan, &policy);
	return print_plan(planning, error);
}

// What to name instead of a place that is not there; NULL when it is there.
static const char *place_hint(const char *argument)
{
	if (repository_name != NULL && !g_file_test(repository_name, G_FILE_TEST_EXISTS))
		return "give the folder that holds .git, or a bare repository";
	if (argument != NULL && strstr(argument, "://") == NULL &&
		!g_file_test(argument, G_FILE_TEST_EXISTS))
		return "give a repository, its URL, or the folder that holds weir.yaml";
	return NULL;
}

int cmd_plan(const Command *command, char **arguments)
{
	g_auto(Planning) planning = {0};
	g_autoptr(GError) error = NULL;

	if (markdown && output_is_json())
		return command_usage(command, "give either --markdown or --output json, not both");
	if (repository_name != NULL && arguments[0] != NULL)
		return command_usage(command, "give either --repo or REPO, not both");
	if (repository_name != NULL && (config_option != NULL || store_option != NULL))
		return command_usage(command, "--config and --store have no meaning with --repo, "
					      "which plans without a store");
	if (repository_name == NULL && base_name != NULL)
		return command_usage(
			command, "--base compares with a revision of --repo, which is missing");
	planning.config = config_option_read(&error);
	if (planning.config == NULL) {
		command_error(NULL, "%s", error->message);
		return EXIT_USAGE;
	}
	if (!make_plan(&planning, arguments[0], &error)) {
		bool no_store = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);

		const char *hint = place_hint(arguments[0]);

		if (no_store)
			hint = STORE_HINT "; --repo plans without one";
		command_error(hint != NULL ? hint : source_error_hint(error), "%s", error->message);
		return EXIT_FAILED;
	}
	return exit_of(planning.plan);
}
