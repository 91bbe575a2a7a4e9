// Tasks that share a folder: what each sees there, retries, faults and the cache.
#include "tests/runner/run_bed.h"
#include "tests/runner/script_bed.h"

#include <stdlib.h>
#include <string.h>

static int word_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// The parts of a text in the order of the alphabet: for what is done at once comes in any order.
static char *in_order(const char *text, const char *between)
{
	g_auto(GStrv) parts = g_strsplit(text, between, -1);

	qsort(parts, g_strv_length(parts), sizeof(char *), word_compare);
	return g_strjoinv(between, parts);
}

// Of tasks that run at once: the states in alphabetical order.
static void assert_states(const char *tasks, const char *states)
{
	json_t *report = script_run(tasks, NULL);
	g_autofree char *text = bed_text(report);
	g_autofree char *got = in_order(text, " ");
	g_autofree char *wanted = in_order(states, " ");

	if (strcmp(got, wanted) != 0)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpstr(got, ==, wanted);
	json_decref(report);
}

static void test_working_directory(void)
{
	script_write("shared/from.txt", "from scripts");
	assert_script_run(
		"- id: w\n  type: io.kestra.plugin.core.flow.WorkingDirectory\n"
		"  inputFiles: {in.txt: '{{ 1 + 1 }}'}\n  outputFiles: ['*.out']\n  tasks:\n"
		"    - {id: a, type: shell, commands: ['cat in.txt from.txt > one.out', 'echo > "
		"b.tmp']}\n"
		"    - {id: b, type: python, script: 'print(open(\"one.out\").read()); "
		"open(\"two.out\", \"w\").write(\"2\")', outputFiles: [two.out]}\n"
		"    - {id: c, type: shell, commands: [ls]}\n"
		"- {id: d, type: log, message: \"{{ outputs.w.outputFiles | keys | sort }} {{ "
		"read(outputs.w.outputFiles['one.out']) }} {{ "
		"read(outputs.b.outputFiles['two.out']) "
		"}}\"}\n"
		"- {id: e, type: shell, commands: [ls]}",
		"shared", "SUCCESS: w=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS d=SUCCESS e=SUCCESS",
		"INFO 2from scripts\nINFO b.tmp\nINFO from.txt\nINFO in.txt\nINFO one.out\nINFO "
		"scripts\nINFO two.out\nINFO [\"one.out\",\"two.out\"] 2from scripts 2\n"
		"INFO from.txt\nINFO scripts\n");
}

static void test_working_directory_retry_keeps(void)
{
	assert_script_run(
		"- id: w\n  type: working-directory\n  tasks:\n"
		"    - {id: a, type: shell, commands: ['echo a > a']}\n"
		"    - {id: b, type: shell, commands: ['cat a', 'echo x >> b', 'test $(wc -l < b) "
		"= 3'], retry: {type: constant, interval: PT0.01S, maxAttempts: 5}}\n"
		"  finally:\n    - {id: z, type: shell, commands: [wc -l b]}",
		NULL, "SUCCESS: w=SUCCESS a=SUCCESS b=SUCCESS(FAILED,FAILED,SUCCESS) z=SUCCESS",
		"INFO a\nERROR the command ended with exit code 1\nINFO a\nERROR the command ended "
		"with exit code 1\nINFO a\nINFO 3 b\n");
}

static void test_working_directories_do_not_mix(void)
{
	// Each value has a folder of its own, and so has one inside another; tasks at once in one share it.
	assert_states(
		"- id: e\n  type: foreach\n  values: [x, y, z]\n  concurrencyLimit: 0\n  tasks:\n"
		"    - id: w\n      type: working-directory\n      inputFiles: {name: '{{ "
		"taskrun.value }}'}\n      tasks:\n"
		"        - {id: a, type: shell, commands: ['cp name copy', 'sleep 0.05']}\n"
		"        - id: p\n          type: parallel\n          tasks:\n"
		"            - {id: b, type: shell, commands: ['test $(ls | wc -l) = 2', 'test "
		"$(cat copy) = {{ parents[0].taskrun.value }}']}\n"
		"            - {id: c, type: shell, commands: ['test $(cat copy) = {{ "
		"parents[0].taskrun.value }}']}\n"
		"        - id: i\n          type: working-directory\n          tasks:\n"
		"            - {id: d, type: shell, commands: ['test -z \"$(ls)\"']}\n"
		"- {id: f, type: return, format: '{{ tasks.e.state }}'}",
		"SUCCESS: e=SUCCESS w[x]=SUCCESS w[y]=SUCCESS w[z]=SUCCESS a=SUCCESS a=SUCCESS "
		"a=SUCCESS p=SUCCESS b=SUCCESS c=SUCCESS p=SUCCESS b=SUCCESS c=SUCCESS p=SUCCESS "
		"b=SUCCESS c=SUCCESS i=SUCCESS d=SUCCESS i=SUCCESS d=SUCCESS i=SUCCESS d=SUCCESS "
		"f=SUCCESS");
}

static void test_working_directory_faults(void)
{
	assert_script_run("- id: w\n  type: working-directory\n  inputFiles: {../x: y}\n  tasks:\n"
			  "    - {id: a, type: shell, commands: ['true']}\n"
			  "- {id: b, type: log, message: never}",
		NULL, "FAILED: w=FAILED a=FAILED",
		"ERROR working-directory 'w': property 'inputFiles': '../x' leads out of the "
		"folder\n");
	assert_script_run("- id: w\n  type: working-directory\n  outputFiles: [../x]\n  tasks:\n"
			  "    - {id: a, type: shell, commands: ['true']}\n"
			  "  errors: [{id: e, type: log, message: told}]",
		NULL, "FAILED: w=FAILED a=SUCCESS e=SUCCESS",
		"ERROR property 'outputFiles': '../x' leads out of the folder\nINFO told\n");
}

static void test_working_directory_cache(void)
{
	static const char tasks[] =
		"- id: w\n  type: working-directory\n  cache: {patterns: ['kept/**'], ttl: PT1H}\n"
		"  tasks: [{id: a, type: shell, commands: ['ls kept || true', 'mkdir -p kept', "
		"'touch "
		"kept/x y']}]";
	g_autofree char *data = g_build_filename(script_bed, "data", NULL);
	RunnerOptions options = {.slots = 2, .sole = true, .data_folder = data};

	for (int i = 0; i < 2; i++) {
		g_autofree char *yaml = script_flow(tasks);
		json_t *report = bed_run_with(yaml, NULL, &options);

		g_assert_cmpuint(script_log_count(report, "INFO x\n"), ==, i == 0 ? 0 : 1);
		json_decref(report);
	}
	// Nothing but what is to stay is there.
	script_command("test -z \"$(find BED/data/shared BED/data/work -mindepth 1)\"");
	script_command("test \"$(cd BED/data && find . -type f)\" = ./cache/t.f.w/kept/x");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	script_bed_begin();
	g_test_add_func("/script/working-directory", test_working_directory);
	g_test_add_func(
		"/script/working-directory-retry-keeps", test_working_directory_retry_keeps);
	g_test_add_func(
		"/script/working-directories-do-not-mix", test_working_directories_do_not_mix);
	g_test_add_func("/script/working-directory-faults", test_working_directory_faults);
	g_test_add_func("/script/working-directory-cache", test_working_directory_cache);
	return script_bed_end(g_test_run());
}
