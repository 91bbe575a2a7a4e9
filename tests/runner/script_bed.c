#include "tests/runner/script_bed.h"

#include "runner/folder.h"
#include "tests/runner/run_bed.h"

#include <stdlib.h>
#include <string.h>

char *script_bed;

char *script_flow(const char *tasks)
{
	g_autofree char *flow = bed_flow_of(tasks);
	g_autoptr(GString) text = g_string_new(flow);

	g_string_replace(text, "BED", script_bed, 0);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

json_t *script_run(const char *tasks, const char *scripts)
{
	g_autofree char *environments = g_build_filename(script_bed, "environments", NULL);
	g_autofree char *folder =
		scripts == NULL ? NULL : g_build_filename(script_bed, scripts, NULL);
	RunnerOptions options = {.slots = 3,
		.sole = true,
		.environments_folder = environments,
		.scripts_folder = folder};
	g_autofree char *yaml = script_flow(tasks);

	return bed_run_with(yaml, NULL, &options);
}

void script_write(const char *path, const char *text)
{
	g_autofree char *full = g_build_filename(script_bed, path, NULL);
	g_autofree char *parent = g_path_get_dirname(full);
	g_autoptr(GError) error = NULL;

	g_mkdir_with_parents(parent, 0700);
	g_file_set_contents(full, text, -1, &error);
	g_assert_no_error(error);
}

void script_command(const char *text)
{
	g_autoptr(GString) line = g_string_new(text);

	g_string_replace(line, "BED", script_bed, 0);
	g_assert_cmpint(system(line->str), ==, 0);
}

void assert_script_run(const char *tasks, const char *scripts, const char *states, const char *log)
{
	json_t *report = script_run(tasks, scripts);
	g_autofree char *got = bed_text(report);
	g_autofree char *lines = g_strdup(json_string_value(json_object_get(report, "log")));

	if (strcmp(got, states) != 0)
		g_test_message("%s", lines);
	g_assert_cmpstr(got, ==, states);
	if (log != NULL)
		g_assert_cmpstr(lines, ==, log);
	json_decref(report);
}

unsigned script_log_count(const json_t *report, const char *line)
{
	g_auto(GStrv) parts =
		g_strsplit(json_string_value(json_object_get(report, "log")), line, -1);

	return g_strv_length(parts) - 1;
}

void script_bed_begin(void)
{
	g_autoptr(GError) error = NULL;

	script_bed = g_dir_make_tmp("weir-scripts-XXXXXX", &error);
	g_assert_no_error(error);
}

int script_bed_end(int status)
{
	folder_remove(script_bed);
	g_clear_pointer(&script_bed, g_free);
	return status;
}
