#include "cli/flow_history.h"

#include "cli/command.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/source_option.h"
#include "cli/text_table.h"
#include "reconciler/plan.h"

#include <inttypes.h>
#include <string.h>

// The repository that the store follows, as it is at hand: nothing is fetched. NULL: it is not.
static Source *open_source(Store *store, const ServerConfig *config, SourceChoice *choice)
{
	return source_choose(choice, store, config, NULL, NULL, NULL)
		       ? source_new(&choice->options, NULL)
		       : NULL;
}

// Who wrote a commit and what about, where the repository tells.
static void add_commit(json_t *revision, Source *source)
{
	const char *commit = document_text(revision, "commit");
	g_auto(SourceTip) tip = {0};
	bool known = source != NULL && commit != NULL && source_describe(source, commit, &tip);

	json_object_set_new(revision, "author", known ? json_string(tip.author) : json_null());
	json_object_set_new(revision, "summary", known ? json_string(tip.summary) : json_null());
}

// The definition of a revision as anybody may see it; NULL when it was forgotten.
static json_t *definition_of(Store *store, const char *path, int64_t revision)
{
	g_autofree char *target = g_strdup_printf("%s?revision=%" PRId64, path, revision);
	json_t *flow = read_api_get(store, target);
	json_t *definition = json_incref(json_object_get(flow, "definition"));

	json_decref(flow);
	return definition;
}

// The files of scripts/ are no part of a definition, and of its digest they are: they changed when nothing else did.
static bool only_scripts(const json_t *older, const json_t *revision, const GPtrArray *paths)
{
	return paths != NULL && paths->len == 0 &&
	       strcmp(document_text(older, "digest"), document_text(revision, "digest")) != 0;
}

// The flow was removed and is back as it was: no edit made this revision.
static bool is_return(const json_t *older, const json_t *revision)
{
	return older != NULL &&
	       strcmp(document_text(older, "digest"), document_text(revision, "digest")) == 0;
}

// before NULL: the first that is kept. older is the revision before this one.
static void add_changes(
	json_t *revision, const json_t *older, const json_t *before, const json_t *after)
{
	PlanClass class = PLAN_NON_BREAKING;
	g_autoptr(GPtrArray) paths =
		before == NULL ? NULL : plan_definition_paths(before, after, &class);
	json_t *changed = plan_paths_json(paths);

	if (only_scripts(older, revision, paths)) {
		class = PLAN_NON_BREAKING;
		json_array_append_new(
			changed, json_pack("{s:s, s:n, s:n, s:s}", "path", "scripts", "before",
					 "after", "class", plan_class_name(class)));
	}
	json_object_set_new(revision, "class",
		before == NULL || is_return(older, revision) ? json_null()
							     : json_string(plan_class_name(class)));
	json_object_set_new(revision, "changed_paths", changed);
}

// Adds to each revision what its row does not tell.
static void complete(Store *store, const char *path, const json_t *items, Source *source)
{
	json_t *after = NULL;

	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *revision = json_array_get(items, i);
		const json_t *older = json_array_get(items, i + 1);
		json_t *before;

		if (after == NULL)
			after = definition_of(store, path, document_number(revision, "revision"));
		before = older == NULL
				 ? NULL
				 : definition_of(store, path, document_number(older, "revision"));
		add_commit(revision, source);
		add_changes(revision, older, before, after);
		json_decref(after);
		after = before;
	}
}

static char *paths_text(const json_t *revision, const json_t *older)
{
	const json_t *paths = json_object_get(revision, "changed_paths");
	g_autoptr(GString) text = g_string_new(NULL);
	const json_t *path;
	size_t i;

	if (is_return(older, revision))
		return g_strdup("made again");
	if (json_is_null(json_object_get(revision, "class")))
		return g_strdup(document_number(revision, "revision") == 1
					? "created"
					: "older revisions were forgotten");
	json_array_foreach(paths, i, path) g_string_append_printf(
		text, "%s%s", i > 0 ? ", " : "", document_text(path, "path"));
	return g_string_free(g_steal_pointer(&text), false);
}

static void print(const json_t *items)
{
	static const char *const headings[] = {
		">REVISION", "COMMIT", "CREATED", "AUTHOR", "CLASS", "CHANGED", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	const json_t *revision;
	size_t i;

	json_array_foreach(items, i, revision)
	{
		const char *commit = document_text(revision, "commit");
		g_autofree char *shortened = commit == NULL ? NULL : g_strndup(commit, 10);
		g_autofree char *age = document_age(revision, "created");
		g_autofree char *paths = paths_text(revision, json_array_get(items, i + 1));

		text_table_number(table, document_number(revision, "revision"));
		text_table_cell(table, shortened);
		text_table_cell(table, age);
		text_table_cell(table, document_text(revision, "author"));
		text_table_cell(table, document_text(revision, "class"));
		text_table_cell(table, paths);
	}
	text_table_print(table, stdout);
}

int flow_history(Store *store, const char *path)
{
	g_autofree char *target = g_strconcat(path, "/revisions", NULL);
	g_autoptr(ServerConfig) config = server_config_read(NULL, NULL);
	g_auto(SourceChoice) choice = {0};
	Source *source = open_source(store, config, &choice);
	json_t *list = read_api_list(store, target);

	if (list != NULL) {
		complete(store, path, json_object_get(list, "items"), source);
		if (output_is_json())
			output_json(list);
		else
			print(json_object_get(list, "items"));
	}
	source_free(source);
	json_decref(list);
	return list == NULL ? EXIT_FAILED : EXIT_OK;
}
