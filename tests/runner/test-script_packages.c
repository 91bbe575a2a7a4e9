// Environments of packages, of Python and of npm, that are made here: what is built, when, and for whom.
#include "tests/runner/run_bed.h"
#include "tests/runner/script_bed.h"

#include <string.h>

// ---- Packages of Python

static const char make_wheels[] =
	"import zipfile\n"
	"def wheel(name, version, code, needs=''):\n"
	"    info = f'{name}-{version}.dist-info'\n"
	"    with zipfile.ZipFile(f'BED/packages/{name}-{version}-py3-none-any.whl', 'w') as z:\n"
	"        z.writestr(f'{name}.py', code)\n"
	"        z.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: "
	"{version}\\n{needs}')\n"
	"        z.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: "
	"test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
	"        z.writestr(f'{info}/entry_points.txt', "
	"f'[console_scripts]\\n{name}={name}:main\\n')\n"
	"        z.writestr(f'{info}/RECORD', '')\n"
	"for v in ('1.0', '2.0'):\n"
	"    wheel('tiny', v, f'VERSION = \"{v}\"\\ndef main(): print(\"tiny\", VERSION)\\n')\n";

#define LOCAL "'--no-index', '--find-links=BED/packages'"

static void test_environments(void)
{
	// Two lists that do not go together, each used by two tasks at once: two builds.
	json_t *report =
		script_run("- id: p\n  type: parallel\n  tasks:\n"
			   "    - {id: a, type: python, requirements: [tiny==1.0, " LOCAL
			   "], script: 'import tiny; print(\"has\", tiny.VERSION)'}\n"
			   "    - {id: b, type: python, requirements: [tiny==1.0, " LOCAL
			   "], commands: [tiny, \"python -c 'import tiny; print(\\\"has\\\", "
			   "tiny.VERSION)'\"]}\n"
			   "    - {id: c, type: python, requirements: [tiny==2.0, " LOCAL
			   "], script: 'import tiny; print(\"has\", tiny.VERSION)'}\n",
			NULL);
	g_autofree char *states = bed_text(report);

	if (strcmp(states, "SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS") != 0)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpstr(states, ==, "SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS");
	g_assert_cmpuint(
		script_log_count(report, "INFO building the packages' environment\n"), ==, 2);
	g_assert_cmpuint(script_log_count(report, "INFO has 1.0\n"), ==, 2);
	g_assert_cmpuint(script_log_count(report, "INFO has 2.0\n"), ==, 1);
	g_assert_cmpuint(script_log_count(report, "INFO tiny 1.0\n"), ==, 1);
	json_decref(report);
	// The next run builds nothing; requirements.txt of scripts/ and plugin defaults are the same list.
	script_write("pinned/requirements.txt", "tiny==3.0\n");
	assert_script_run("- {id: a, type: python, requirements: [tiny==1.0, " LOCAL
			  "], script: 'import tiny; print(tiny.VERSION)'}",
		"pinned", "SUCCESS: a=SUCCESS", "INFO 1.0\n");
	assert_script_run("- {id: a, type: python, requirements: [], script: 'print(1)'}", "pinned",
		"SUCCESS: a=SUCCESS", "INFO 1\n");
}

static void test_requirements_file(void)
{
	script_write("listed/main.py", "import tiny\nprint('has', tiny.VERSION)\n");
	script_command("printf -- '--no-index\n--find-links=BED/packages\ntiny\n' > "
		       "BED/listed/requirements.txt");
	json_t *report =
		script_run("- {id: a, type: python, commands: [python main.py]}", "listed");

	g_assert_cmpuint(script_log_count(report,
				 "WARN 'tiny' is not pinned to a version: it stays what it is when "
				 "the environment is built; write 'tiny==VERSION'\n"),
		==, 1);
	g_assert_cmpuint(script_log_count(report, "INFO has 2.0\n"), ==, 1);
	json_decref(report);
}

static void test_missing_package(void)
{
	json_t *report =
		script_run("- {id: a, type: python, requirements: [tiny==9.9, " LOCAL
			   "], script: 'print(\"never\")', retry: {type: constant, interval: PT0S, "
			   "maxAttempts: 1}}",
			NULL);
	const char *log = json_string_value(json_object_get(report, "log"));

	g_assert_nonnull(strstr(log, "ERROR cannot install the package 'tiny==9.9': "));
	g_assert_nonnull(
		strstr(log, "ERROR ERROR: No matching distribution found for tiny==9.9\n"));
	g_assert_null(strstr(log, "INFO never"));
	json_decref(report);
}

// One build, however the list of a flow comes to a task.
static void test_plugin_defaults(void)
{
	g_autofree char *environments = g_build_filename(script_bed, "environments", NULL);
	RunnerOptions options = {.slots = 2, .sole = true, .environments_folder = environments};
	g_autoptr(GString) yaml = g_string_new(
		"id: f\nnamespace: t\npluginDefaults:\n"
		"  - {type: python, values: {requirements: [tiny==1.0, "
		"'# by default', " LOCAL "]}}\ntasks:\n"
		"  - {id: a, type: io.kestra.plugin.scripts.python.Script, script: 'import tiny; "
		"print(\"has\", tiny.VERSION)'}\n"
		"  - {id: b, type: python, commands: [\"python -c 'import tiny; print(\\\"has\\\", "
		"tiny.VERSION)'\"]}\n"
		"  - {id: c, type: python, requirements: [], script: 'import sys; print(\"has\", "
		"sys.prefix == sys.base_prefix)'}\n");
	json_t *report;

	g_string_replace(yaml, "BED", script_bed, 0);
	report = bed_run_with(yaml->str, NULL, &options);
	g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(
		script_log_count(report, "INFO building the packages' environment\n"), ==, 1);
	g_assert_cmpuint(script_log_count(report, "INFO has 1.0\n"), ==, 2);
	g_assert_cmpuint(script_log_count(report, "INFO has True\n"), ==, 1);
	json_decref(report);
}

// Lists in several files, and files whose names are those of modules that pip needs.
static void test_list_of_lists(void)
{
	script_write("several/logging.py", "raise SystemExit('not this one')\n");
	script_write("several/types.py", "raise SystemExit('not this one')\n");
	script_write("several/more/base.txt", "tiny==1.0\n");
	script_command("printf -- '--no-index\n--find-links=BED/packages\n-r more/base.txt\n' > "
		       "BED/several/requirements.txt");
	static const char tasks[] =
		"- {id: a, type: python, interpreter: [python, -I], script: 'import tiny; "
		"print(\"has\", tiny.VERSION)'}";
	json_t *report = script_run(tasks, "several");

	if (script_log_count(report, "INFO has 1.0\n") != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(script_log_count(report, "INFO has 1.0\n"), ==, 1);
	json_decref(report);
	assert_script_run(tasks, "several", "SUCCESS: a=SUCCESS", "INFO has 1.0\n");
	// What is in a list that is named is part of what is wanted.
	script_write("several/more/base.txt", "tiny==2.0\n");
	report = script_run(tasks, "several");
	g_assert_cmpuint(script_log_count(report, "INFO has 2.0\n"), ==, 1);
	json_decref(report);
}

// Runs tasks of which one says what it has, and looks how many environments were built for it.
static void assert_builds(const char *tasks, const char *has, unsigned builds)
{
	json_t *report = script_run(tasks, NULL);

	if (script_log_count(report, has) != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(script_log_count(report, has), ==, 1);
	g_assert_cmpuint(
		script_log_count(report, "INFO building the packages' environment\n"), ==, builds);
	json_decref(report);
}

static void test_package_of_input_files(void)
{
	// The same name with another content is another package.
	static const struct {
		const char *from, *has;
		unsigned builds;
	} rounds[] = {
		{"BED/packages", "INFO has 1.0\n", 1},
		{"BED/forged", "INFO has 1.0-forged\n", 1},
		{"BED/packages", "INFO has 1.0\n", 0},
	};

	script_command(
		"mkdir BED/forged && cd BED/forged && cp ../packages/tiny-1.0-*.whl . && "
		"python3 -c 'import zipfile; z = zipfile.ZipFile(\"tiny-1.0-py3-none-any.whl\", "
		"\"a\"); z.writestr(\"tiny.py\", \"VERSION = \\\"1.0-forged\\\"\")' 2>/dev/null");
	for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
		g_autofree char *tasks = g_strdup_printf(
			"- {id: a, type: shell, commands: ['cp %s/tiny-1.0-*.whl .'], "
			"outputFiles: ['*.whl']}\n"
			"- id: b\n  type: python\n  inputFiles: {own/tiny-1.0-py3-none-any.whl: "
			"\"{{ outputs.a.outputFiles['tiny-1.0-py3-none-any.whl'] }}\"}\n"
			"  requirements: [--no-index, ./own/tiny-1.0-py3-none-any.whl]\n"
			"  script: 'import tiny; print(\"has\", tiny.VERSION)'",
			rounds[i].from);

		assert_builds(tasks, rounds[i].has, rounds[i].builds);
	}
}

// What a task declares for itself does not get into an environment that others use; what is for those who build it makes it
// another one.
static void test_variables_of_builds(void)
{
	static const char format[] =
		"- {id: a, type: python, requirements: [tiny, '# variables'], env: {%s}, script: "
		"'import tiny; print(\"has\", tiny.VERSION)'}";
	static const struct {
		const char *env;
		const char *has;
		unsigned builds;
	} rounds[] = {
		{"PIP_NO_INDEX: 1, PIP_FIND_LINKS: BED/packages, DAY: 1", "INFO has 2.0\n", 1},
		{"DAY: 2, PIP_FIND_LINKS: BED/packages, PIP_NO_INDEX: 1", "INFO has 2.0\n", 0},
		{"PIP_NO_INDEX: 1, PIP_FIND_LINKS: BED/others", "INFO has 1.0\n", 1},
		{"PIP_NO_INDEX: 1, PIP_FIND_LINKS: BED/packages, PYTHONHOME: ''", "INFO has 2.0\n",
			0},
	};

	script_command("mkdir -p BED/others && cp BED/packages/tiny-1.0-*.whl BED/others");
	for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
		g_autofree char *tasks = g_strdup_printf(format, rounds[i].env);

		assert_builds(tasks, rounds[i].has, rounds[i].builds);
	}
}

static void test_linked_package(void)
{
	assert_script_run("- {id: a, type: python, requirements: ['-e ./own'], script: '1'}", NULL,
		"FAILED: a=FAILED",
		"ERROR '-e ./own' cannot be installed: the environment would only lead to the "
		"task's folder, which ends with the task; write './own'\n");
}

static void test_old_python(void)
{
	json_t *report = script_run("- {id: a, type: io.kestra.core.tasks.scripts.Python, "
				    "requirements: [tiny==1.0, " LOCAL "], inputFiles: {main.py: "
				    "'import tiny; print(\"has\", tiny.VERSION)'}}",
		NULL);

	g_assert_cmpuint(script_log_count(report, "INFO has 1.0\n"), ==, 1);
	json_decref(report);
}

static void test_timeout_while_building(void)
{
	json_t *report =
		script_run("- {id: a, type: python, timeout: PT0.2S, requirements: ['tiny==1.0', "
			   "'# another list', " LOCAL "], script: 'print(1)'}",
			NULL);

	g_assert_cmpuint(script_log_count(report, "ERROR timed out after PT0.2S\n"), ==, 1);
	json_decref(report);
}

// ---- Packages of npm

static void make_npm(const char *version)
{
	g_autofree char *json = g_strdup_printf(
		"{\"name\": \"tiny\", \"version\": \"%s\", \"main\": \"index.js\"}", version);
	g_autofree char *code = g_strdup_printf("exports.VERSION = '%s'\n", version);
	g_autofree char *pack =
		g_strdup_printf("tar -C BED/npm -czf BED/packages/tiny-%s.tgz package", version);

	script_write("npm/package/package.json", json);
	script_write("npm/package/index.js", code);
	script_command(pack);
}

static void test_npm(void)
{
	json_t *report = script_run(
		"- id: p\n  type: parallel\n  tasks:\n"
		"    - {id: a, type: node, packages: {tiny: 'file:BED/packages/tiny-1.0.0.tgz'}, "
		"script: \"console.log('has', require('tiny').VERSION)\"}\n"
		"    - {id: b, type: node, packages: ['tiny@file:BED/packages/tiny-2.0.0.tgz'], "
		"inputFiles: {m.mjs: \"import t from 'tiny'; console.log('has', t.VERSION)\"}, "
		"commands: [node m.mjs]}\n",
		NULL);
	g_autofree char *states = bed_text(report);

	if (script_log_count(report, "INFO has 1.0.0\n") != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpstr(states, ==, "SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS");
	g_assert_cmpuint(script_log_count(report, "INFO has 1.0.0\n"), ==, 1);
	g_assert_cmpuint(script_log_count(report, "INFO has 2.0.0\n"), ==, 1);
	json_decref(report);
	assert_script_run(
		"- {id: a, type: node, packages: {tiny: 'file:BED/packages/tiny-1.0.0.tgz'}, "
		"script: \"console.log(require('tiny').VERSION)\"}",
		NULL, "SUCCESS: a=SUCCESS", "INFO 1.0.0\n");
}

static void test_package_json(void)
{
	script_command("mkdir -p BED/web && cp BED/packages/tiny-2.0.0.tgz BED/web/");
	script_write("web/package.json", "{\"dependencies\": {\"tiny\": \"file:tiny-2.0.0.tgz\"}}");
	json_t *report = script_run(
		"- {id: a, type: node, script: \"console.log('has', require('tiny').VERSION)\"}",
		"web");

	g_assert_cmpuint(script_log_count(report, "INFO has 2.0.0\n"), ==, 1);
	json_decref(report);
}

static void make_packages(void)
{
	g_autofree char *folder = g_build_filename(script_bed, "packages", NULL);

	g_mkdir_with_parents(folder, 0700);
	g_autoptr(GString) text = g_string_new(make_wheels);
	g_string_replace(text, "BED", script_bed, 0);
	script_write("wheels.py", text->str);
	script_command("python3 BED/wheels.py");
	make_npm("1.0.0");
	make_npm("2.0.0");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	script_bed_begin();
	make_packages();
	g_test_add_func("/script/environments", test_environments);
	g_test_add_func("/script/requirements-file", test_requirements_file);
	g_test_add_func("/script/missing-package", test_missing_package);
	g_test_add_func("/script/plugin-defaults", test_plugin_defaults);
	g_test_add_func("/script/list-of-lists", test_list_of_lists);
	g_test_add_func("/script/package-of-input-files", test_package_of_input_files);
	g_test_add_func("/script/variables-of-builds", test_variables_of_builds);
	g_test_add_func("/script/linked-package", test_linked_package);
	g_test_add_func("/script/old-python", test_old_python);
	g_test_add_func("/script/timeout-while-building", test_timeout_while_building);
	g_test_add_func("/script/npm", test_npm);
	g_test_add_func("/script/package-json", test_package_json);
	return script_bed_end(g_test_run());
}
