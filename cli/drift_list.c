#include "cli/drift_list.h"

#include "cli/command.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/server_lock.h"
#include "cli/store_path.h"
#include "reconciler/drift.h"

#include <stdio.h>
#include <string.h>

// Looks for drift now, and records it. Only when nobody else writes to the store.
static bool look(const char *url, GError **error)
{
	g_autofree char *data = store_path_data_folder(url);
	const DriftOptions options = {.data_folder = data};
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autoptr(Store) store = store_open(url, STORE_READ_WRITE, error);
	bool complete = false;

	if (store == NULL)
		return false;
	g_autoptr(DriftObserver) observer = drift_observer_new(store, &options);
	return drift_observe(observer, NULL, NULL, items, &complete, error) &&
	       (!complete || drift_record(observer, items, NULL, NULL, error)) &&
	       drift_observer_saw_all(observer, error);
}

// A server that runs looks every few seconds; without one this is the moment.
static bool look_unless_served(const char *url, GError **error)
{
	const char *file = store_path_file(url);

	if (file == NULL || !g_file_test(file, G_FILE_TEST_EXISTS))
		return true; // opening it to read says what is wrong
	g_autoptr(ServerLock) lock = server_lock_new(url, NULL);
	return lock == NULL || look(url, error);
}

json_t *drift_list(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);

	if (url == NULL || !look_unless_served(url, &error)) {
		command_error(store_error_hint(error), "%s", error->message);
		return NULL;
	}
	g_autoptr(Store) store = read_api_open();
	return store == NULL ? NULL : read_api_list(store, "/v1/drift");
}

bool drift_list_counts(const json_t *item)
{
	DriftKind kind;
	const char *name = document_text(item, "kind");

	return name == NULL || !drift_kind_parse(name, &kind) || drift_kind_counts(kind);
}

static void print_diff(const char *diff)
{
	g_auto(GStrv) lines = g_strsplit(diff, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		Style style = **line == '+'   ? STYLE_GOOD
			      : **line == '-' ? STYLE_BAD
			      : **line == '@' ? STYLE_ACTIVE
					      : STYLE_PLAIN;
		g_autofree char *printable = output_printable(*line, false);

		printf("  %s%s%s\n", style_begin(stdout, style), printable,
			style_end(stdout, style));
	}
}

void drift_list_print(const json_t *item)
{
	g_autofree char *age = document_age(item, "onset");
	g_autofree char *resource = output_printable(document_text(item, "resource"), false);
	g_autofree char *summary = output_printable(document_text(item, "summary"), false);
	const char *diff = document_text(item, "diff");

	printf("%s %s: %s (%s)\n", document_text(item, "kind"), resource, summary, age);
	if (diff != NULL && *diff != '\0')
		print_diff(diff);
}

void drift_list_hint(void)
{
	puts("hint: " DRIFT_FLOW_HINT);
}
