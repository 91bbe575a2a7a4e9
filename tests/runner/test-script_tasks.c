// Tasks that run Python and JavaScript: both forms, files, and environments of packages that are made here.
#include "runner/folder.h"
#include "tests/runner/run_bed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *bed; // a folder: packages/, environments/, scripts/

static char *flow_of(const char *tasks)
{
	g_autoptr(GString) text = g_string_new("id: f\nnamespace: t\ntasks:\n");
	g_auto(GStrv) lines = g_strsplit(tasks, "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		g_string_append_printf(text, "  %s\n", *line);
	g_string_replace(text, "BED", bed, 0);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static json_t *run_tasks(const char *tasks, const char *scripts)
{
	g_autofree char *environments = g_build_filename(bed, "environments", NULL);
	g_autofree char *folder = scripts == NULL ? NULL : g_build_filename(bed, scripts, NULL);
	RunnerOptions options = {.slots = 3,
		.sole = true,
		.environments_folder = environments,
		.scripts_folder = folder};
	g_autofree char *yaml = flow_of(tasks);

	return bed_run_with(yaml, NULL, &options);
}

static void write_file(const char *path, const char *text)
{
	g_autofree char *full = g_build_filename(bed, path, NULL);
	g_autofree char *parent = g_path_get_dirname(full);
	g_autoptr(GError) error = NULL;

	g_mkdir_with_parents(parent, 0700);
	g_file_set_contents(full, text, -1, &error);
	g_assert_no_error(error);
}

static void command(const char *text)
{
	g_autoptr(GString) line = g_string_new(text);

	g_string_replace(line, "BED", bed, 0);
	g_assert_cmpint(system(line->str), ==, 0);
}

static void assert_run(const char *tasks, const char *scripts, const char *states, const char *log)
{
	json_t *report = run_tasks(tasks, scripts);
	g_autofree char *got = bed_text(report);
	g_autofree char *lines = g_strdup(json_string_value(json_object_get(report, "log")));

	if (strcmp(got, states) != 0)
		g_test_message("%s", lines);
	g_assert_cmpstr(got, ==, states);
	if (log != NULL)
		g_assert_cmpstr(lines, ==, log);
	json_decref(report);
}

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
	json_t *report = run_tasks(tasks, NULL);
	g_autofree char *text = bed_text(report);
	g_autofree char *got = in_order(text, " ");
	g_autofree char *wanted = in_order(states, " ");

	if (strcmp(got, wanted) != 0)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpstr(got, ==, wanted);
	json_decref(report);
}

// ---- Forms

static const struct {
	const char *name, *tasks, *states, *log;
} forms[] = {
	{"python-script",
		"- id: a\n  type: io.kestra.plugin.scripts.python.Script\n  containerImage: "
		"python:slim\n"
		"  script: |\n    print('two', 1 + 1)\n"
		"    print('::{\"outputs\": {\"n\": 5}}::')\n"
		"- {id: b, type: log, message: 'n is {{ outputs.a.vars.n }}, {{ outputs.a.exitCode "
		"}}'}",
		"SUCCESS: a=SUCCESS b=SUCCESS", "INFO two 2\nINFO n is 5, 0\n"},
	{"python-standard-error",
		"- id: a\n  type: python\n"
		"  script: |\n    import sys\n    print('err', file=sys.stderr)\n"
		"    print('::{\"outputs\": {\"n\": 6}}::', file=sys.stderr)\n"
		"- {id: b, type: log, message: 'n is {{ outputs.a.vars.n }}'}",
		"SUCCESS: a=SUCCESS b=SUCCESS", "ERROR err\nINFO n is 6\n"},
	{"python-commands",
		"- id: a\n  type: io.kestra.plugin.scripts.python.Commands\n  inputFiles: "
		"{main.py: \"print('from main')\"}\n"
		"  commands: ['python main.py', 'python3 -c \"print(3)\"']",
		"SUCCESS: a=SUCCESS", "INFO from main\nINFO 3\n"},
	{"before-commands",
		"- {id: a, type: python, beforeCommands: ['export X=7'], script: \"import os; "
		"print(os.environ['X'])\"}",
		"SUCCESS: a=SUCCESS", "INFO 7\n"},
	{"before-commands-fail",
		"- {id: a, type: python, beforeCommands: ['false'], script: \"print('never')\"}",
		"FAILED: a=FAILED", "ERROR the command ended with exit code 1\n"},
	{"not-fail-fast",
		"- {id: a, type: python, failFast: false, beforeCommands: ['false'], script: "
		"\"print('on')\"}",
		"SUCCESS: a=SUCCESS", "INFO on\n"},
	{"python-error", "- {id: a, type: python, script: 'import sys; sys.exit(4)'}",
		"FAILED: a=FAILED", "ERROR the command ended with exit code 4\n"},
	{"python-interpreter-takes-the-file",
		"- {id: a, type: python, interpreter: [python3, -O], script: 'print(__debug__)'}",
		"SUCCESS: a=SUCCESS", "INFO False\n"},
	{"python-imports-beside-it",
		"- {id: a, type: python, inputFiles: {helper.py: 'N = 9'}, script: 'import helper; "
		"print(helper.N)'}",
		"SUCCESS: a=SUCCESS", "INFO 9\n"},
	{"python-no-such-version",
		"- {id: a, type: python, pythonVersion: '2.99', script: 'print(1)'}",
		"FAILED: a=FAILED",
		"ERROR there is no program 'python2.99' in the task's PATH; install Python "
		"(package 'python3'), or say where it is with 'pythonPath'\n"},
	{"python-not-installed",
		"- {id: a, type: python, env: {PATH: /nowhere}, script: 'print(1)'}",
		"FAILED: a=FAILED",
		"ERROR there is no program 'python3' in the task's PATH; install Python (package "
		"'python3'), or say where it is with 'pythonPath'\n"},
	{"node-not-installed", "- {id: a, type: node, env: {PATH: /nowhere}, script: '1'}",
		"FAILED: a=FAILED",
		"ERROR there is no program 'node' in the task's PATH; install the package "
		"'nodejs', or say where it is with 'nodePath'\n"},
	{"node-script",
		"- id: a\n  type: io.kestra.plugin.scripts.node.Script\n  script: |\n"
		"    console.log('js', 1 + 1)\n    console.log('::' + JSON.stringify({outputs: "
		"{k: [1]}}) + '::')\n"
		"- {id: b, type: log, message: '{{ outputs.a.vars.k }}'}",
		"SUCCESS: a=SUCCESS b=SUCCESS", "INFO js 2\nINFO [1]\n"},
	{"node-commands",
		"- {id: a, type: io.kestra.plugin.scripts.node.Commands, inputFiles: {main.js: "
		"'console.log(4)'}, commands: [node main.js]}",
		"SUCCESS: a=SUCCESS", "INFO 4\n"},
	{"shell-script",
		"- {id: a, type: io.kestra.plugin.scripts.shell.Script, script: 'for i in 1 2; do "
		"echo $i; done'}",
		"SUCCESS: a=SUCCESS", "INFO 1\nINFO 2\n"},
	{"environment-by-expression",
		"- {id: o, type: outputs, values: {e: {A: 1, B: {c: 2}, N: null}}}\n"
		"- {id: a, type: shell, env: '{{ outputs.o.values.e }}', commands: ['echo $A $B "
		"${N-none}']}",
		"SUCCESS: o=SUCCESS a=SUCCESS", "INFO 1 {\"c\":2} none\n"},
	{"environment-is-none",
		"- {id: a, type: shell, env: '{{ ''no object'' }}', commands: ['echo never']}",
		"FAILED: a=FAILED",
		"ERROR property 'env' must give an object of names and texts\n"},
	{"old-bash",
		"- {id: a, type: io.kestra.core.tasks.scripts.Bash, interpreterArgs: [-e, -c], "
		"commands: ['echo $0']}",
		"SUCCESS: a=SUCCESS", "INFO /bin/sh\n"},
	{"old-output-files",
		"- {id: a, type: io.kestra.core.tasks.scripts.Bash, outputFiles: [first], "
		"outputDirs: [d], commands: ['echo 1 > {{ outputFiles.first }}', 'echo 2 > {{ "
		"outputDirs.d }}/x']}\n"
		"- {id: b, type: log, message: '{{ outputs.a.outputFiles | keys | sort }}'}",
		"SUCCESS: a=SUCCESS b=SUCCESS", "INFO [\"d/x\",\"first\"]\n"},
	{"old-node",
		"- {id: a, type: io.kestra.core.tasks.scripts.Node, inputFiles: {main.js: "
		"'console.log(8)'}}",
		"SUCCESS: a=SUCCESS", "INFO 8\n"},
	{"bash",
		"- {id: a, type: shell, interpreter: [/bin/bash, -c], commands: ['x=(1 2 3)', "
		"'echo ${x[2]}']}",
		"SUCCESS: a=SUCCESS", "INFO 3\n"},
	{"log-lines-of-a-helper",
		"- {id: a, type: shell, commands: ['echo "
		"''::{\"logs\":[{\"level\":\"WARN\",\"message\":\"w\"}],\"metrics\":[{\"name\":"
		"\"x\",\"value\":1}]}::''']}",
		"SUCCESS: a=SUCCESS", "WARN w\n"},
};

static void test_form(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);

	assert_run(forms[i].tasks, NULL, forms[i].states, forms[i].log);
}

static void test_long_scripts(void)
{
	// Longer than the kernel takes as an argument.
	g_autoptr(GString) tasks = g_string_new("- id: a\n  type: shell\n  commands:\n");

	for (int i = 0; i < 6000; i++)
		g_string_append_printf(tasks, "    - 'x=%d # some more text to make it long'\n", i);
	g_string_append(tasks, "    - echo $x\n    - ls -A\n");
	assert_run(tasks->str, NULL, "SUCCESS: a=SUCCESS", NULL);
}

// ---- Files

static void test_files(void)
{
	assert_run("- id: a\n  type: python\n"
		   "  inputFiles: {in/data.csv: 'a,{{ 1 + 1 }}', list.json: [1, 2], empty: null}\n"
		   "  outputFiles: ['**/*.out', '{x,y}.txt']\n  outputDirs: [made]\n"
		   "  script: |\n"
		   "    import os\n"
		   "    print(open('in/data.csv').read(), open('list.json').read(), "
		   "os.path.getsize('empty'))\n"
		   "    os.makedirs('o/p')\n"
		   "    for n in ('o/p/z.out', 'o/z.out', 'x.txt', 'w.txt', 'made/m'): "
		   "open(n, 'w').write(n)\n"
		   "    os.symlink('/etc/passwd', 'link.out')\n"
		   "- id: b\n  type: log\n  message:\n"
		   "    - '{{ outputs.a.outputFiles | keys | sort }}'\n"
		   "    - \"{{ read(outputs.a.outputFiles['o/p/z.out']) }} {{ "
		   "read(outputs.a.outputFiles['o/z.out']) }}\"\n"
		   "- {id: c, type: shell, inputFiles: {again: \"{{ outputs.a.outputFiles['x.txt'] "
		   "}}\"}, commands: [cat again]}",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS c=SUCCESS",
		"INFO a,2 [1,2] 0\nINFO [\"made/m\",\"o/p/z.out\",\"o/z.out\",\"x.txt\"]\n"
		"INFO o/p/z.out o/z.out\nINFO x.txt\n");
}

static void test_output_directory(void)
{
	assert_run("- id: a\n  type: shell\n  outputDirectory: true\n  commands:\n"
		   "    - mkdir {{ outputDir }}/d\n"
		   "    - echo one > $OUTPUT_DIR/d/one\n"
		   "    - test \"$WORKING_DIR\" = '{{ workingDir }}'\n"
		   "    - echo other > other\n"
		   "- {id: b, type: log, message: '{{ outputs.a.outputFiles | keys }}'}",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS", "INFO [\"d/one\"]\n");
}

static void test_bad_files(void)
{
	assert_run("- {id: a, type: shell, inputFiles: {../x: y}, commands: ['true']}", NULL,
		"FAILED: a=FAILED",
		"ERROR property 'inputFiles': '../x' leads out of the folder\n");
	assert_run("- {id: a, type: shell, outputFiles: [../x], commands: ['true']}", NULL,
		"FAILED: a=FAILED",
		"ERROR property 'outputFiles': '../x' leads out of the folder\n");
	assert_run("- {id: a, type: shell, inputFiles: 'no object', commands: ['true']}", NULL,
		"FAILED: a=FAILED",
		"ERROR property 'inputFiles' must give an object of names and texts\n");
}

static void test_namespace_files(void)
{
	write_file("some/a.py", "print('a')");
	write_file("some/sub/b.py", "print('b')");
	write_file("some/sub/c.txt", "c");
	assert_run("- {id: a, type: python, commands: [python a.py, python scripts/sub/b.py]}",
		"some", "SUCCESS: a=SUCCESS", "INFO a\nINFO b\n");
	assert_run("- {id: a, type: shell, namespaceFiles: {enabled: true, include: ['*.py'], "
		   "exclude: [a.py]}, commands: ['find . -type f']}",
		"some", "SUCCESS: a=SUCCESS", "INFO ./sub/b.py\n");
	assert_run("- {id: a, type: shell, namespaceFiles: {enabled: false}, commands: ['find . "
		   "-type f']}",
		"some", "SUCCESS: a=SUCCESS", "");
}

// By name, whichever of them the folder has.
static void test_files_by_name(void)
{
	write_file("named/sub/q.sql", "SELECT 1");
	write_file("named/a.txt", "text of a");
	assert_run("- id: a\n  type: shell\n  namespaceFiles: {enabled: false}\n"
		   "  inputFiles: {here/b.txt: 'nsfile:///a.txt', c.txt: "
		   "'nsfile:///scripts/sub/q.sql'}\n"
		   "  commands: ['cat here/b.txt', 'echo', 'cat c.txt', 'echo', 'find . -type f | "
		   "wc -l']\n"
		   "- {id: b, type: log, message: [\"{{ read('sub/q.sql') }}\", \"{{ "
		   "read('scripts/a.txt') }}\", \"{{ read('nsfile:///a.txt') }}\"]}",
		"named", "SUCCESS: a=SUCCESS b=SUCCESS",
		"INFO text of a\nINFO SELECT 1\nINFO 2\nINFO SELECT 1\nINFO text of a\nINFO text "
		"of "
		"a\n");
	assert_run("- {id: a, type: shell, inputFiles: {b: 'nsfile:///../named/a.txt'}, commands: "
		   "['true']}",
		"named", "FAILED: a=FAILED",
		"ERROR there is no file '../named/a.txt' in scripts/ of the domain\n");
	assert_run("- {id: a, type: log, message: \"{{ read('none.sql') }}\"}", "named",
		"FAILED: a=FAILED", NULL);
	assert_run("- {id: a, type: log, message: \"{{ read('/etc/passwd') }}\"}", "named",
		"FAILED: a=FAILED", NULL);
}

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

static unsigned count_of(const json_t *report, const char *line)
{
	g_auto(GStrv) parts =
		g_strsplit(json_string_value(json_object_get(report, "log")), line, -1);

	return g_strv_length(parts) - 1;
}

static void test_environments(void)
{
	// Two lists that do not go together, each used by two tasks at once: two builds.
	json_t *report =
		run_tasks("- id: p\n  type: parallel\n  tasks:\n"
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
	g_assert_cmpuint(count_of(report, "INFO building the packages' environment\n"), ==, 2);
	g_assert_cmpuint(count_of(report, "INFO has 1.0\n"), ==, 2);
	g_assert_cmpuint(count_of(report, "INFO has 2.0\n"), ==, 1);
	g_assert_cmpuint(count_of(report, "INFO tiny 1.0\n"), ==, 1);
	json_decref(report);
	// The next run builds nothing; requirements.txt of scripts/ and plugin defaults are the same list.
	write_file("pinned/requirements.txt", "tiny==3.0\n");
	assert_run("- {id: a, type: python, requirements: [tiny==1.0, " LOCAL
		   "], script: 'import tiny; print(tiny.VERSION)'}",
		"pinned", "SUCCESS: a=SUCCESS", "INFO 1.0\n");
	assert_run("- {id: a, type: python, requirements: [], script: 'print(1)'}", "pinned",
		"SUCCESS: a=SUCCESS", "INFO 1\n");
}

static void test_requirements_file(void)
{
	write_file("listed/main.py", "import tiny\nprint('has', tiny.VERSION)\n");
	command("printf -- '--no-index\n--find-links=BED/packages\ntiny\n' > "
		"BED/listed/requirements.txt");
	json_t *report = run_tasks("- {id: a, type: python, commands: [python main.py]}", "listed");

	g_assert_cmpuint(
		count_of(report, "WARN 'tiny' is not pinned to a version: it stays what it is when "
				 "the environment is built; write 'tiny==VERSION'\n"),
		==, 1);
	g_assert_cmpuint(count_of(report, "INFO has 2.0\n"), ==, 1);
	json_decref(report);
}

static void test_missing_package(void)
{
	json_t *report =
		run_tasks("- {id: a, type: python, requirements: [tiny==9.9, " LOCAL
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
	g_autofree char *environments = g_build_filename(bed, "environments", NULL);
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

	g_string_replace(yaml, "BED", bed, 0);
	report = bed_run_with(yaml->str, NULL, &options);
	g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(count_of(report, "INFO building the packages' environment\n"), ==, 1);
	g_assert_cmpuint(count_of(report, "INFO has 1.0\n"), ==, 2);
	g_assert_cmpuint(count_of(report, "INFO has True\n"), ==, 1);
	json_decref(report);
}

// Lists in several files, and files whose names are those of modules that pip needs.
static void test_list_of_lists(void)
{
	write_file("several/logging.py", "raise SystemExit('not this one')\n");
	write_file("several/types.py", "raise SystemExit('not this one')\n");
	write_file("several/more/base.txt", "tiny==1.0\n");
	command("printf -- '--no-index\n--find-links=BED/packages\n-r more/base.txt\n' > "
		"BED/several/requirements.txt");
	static const char tasks[] =
		"- {id: a, type: python, interpreter: [python, -I], script: 'import tiny; "
		"print(\"has\", tiny.VERSION)'}";
	json_t *report = run_tasks(tasks, "several");

	if (count_of(report, "INFO has 1.0\n") != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(count_of(report, "INFO has 1.0\n"), ==, 1);
	json_decref(report);
	assert_run(tasks, "several", "SUCCESS: a=SUCCESS", "INFO has 1.0\n");
	// What is in a list that is named is part of what is wanted.
	write_file("several/more/base.txt", "tiny==2.0\n");
	report = run_tasks(tasks, "several");
	g_assert_cmpuint(count_of(report, "INFO has 2.0\n"), ==, 1);
	json_decref(report);
}

// Runs tasks of which one says what it has, and looks how many environments were built for it.
static void assert_builds(const char *tasks, const char *has, unsigned builds)
{
	json_t *report = run_tasks(tasks, NULL);

	if (count_of(report, has) != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(count_of(report, has), ==, 1);
	g_assert_cmpuint(count_of(report, "INFO building the packages' environment\n"), ==, builds);
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

	command("mkdir BED/forged && cd BED/forged && cp ../packages/tiny-1.0-*.whl . && "
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

	command("mkdir -p BED/others && cp BED/packages/tiny-1.0-*.whl BED/others");
	for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
		g_autofree char *tasks = g_strdup_printf(format, rounds[i].env);

		assert_builds(tasks, rounds[i].has, rounds[i].builds);
	}
}

static void test_linked_package(void)
{
	assert_run("- {id: a, type: python, requirements: ['-e ./own'], script: '1'}", NULL,
		"FAILED: a=FAILED",
		"ERROR '-e ./own' cannot be installed: the environment would only lead to the "
		"task's folder, which ends with the task; write './own'\n");
}

// ---- What cannot be installed: what, why, and the cure

static void assert_fails(const char *tasks, const char *scripts, const char *message)
{
	json_t *report = run_tasks(tasks, scripts);
	g_autofree char *line = g_strdup_printf("ERROR %s\n", message);

	if (count_of(report, line) != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(count_of(report, line), ==, 1);
	json_decref(report);
}

static void test_no_network(void)
{
	assert_fails("- {id: a, type: python, env: {PIP_INDEX_URL: 'http://127.0.0.1:9/simple', "
		     "PIP_RETRIES: 1}, requirements: [polars==1.9.0], script: '1'}",
		NULL,
		"cannot install the package 'polars==1.9.0': the index refuses connections; look "
		"after the network of this node, or name another index by 'PIP_INDEX_URL' in "
		"'env'");
	// Without a second try pip does not tell why.
	assert_fails("- {id: a, type: python, env: {PIP_INDEX_URL: 'http://127.0.0.1:9/simple', "
		     "PIP_RETRIES: 0}, requirements: [polars==1.9.0], script: '1'}",
		NULL,
		"cannot install the package 'polars==1.9.0': the index has no such package, or "
		"cannot be reached; look after its name and the network of this node, or name "
		"another index by 'PIP_INDEX_URL' in 'env'");
	assert_fails("- {id: a, type: node, env: {npm_config_registry: 'http://127.0.0.1:9/', "
		     "npm_config_fetch_retries: 0}, packages: {left-pad: 1.3.0}, script: '1'}",
		NULL,
		"cannot install the package 'http://127.0.0.1:9/left-pad': the index refuses "
		"connections; look after the network of this node, or name another index by "
		"'npm_config_registry' in 'env'");
}

// What pip may print, by an interpreter that makes environments in which pip prints it.
static void test_pip_tells(void)
{
	static const struct {
		const char *prints, *message;
	} rounds[] = {
		{"[Errno -2] Name or service not known",
			"the index's host is not known; look after the network of this node, or "
			"name another index by 'PIP_INDEX_URL' in 'env'"},
		{"SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
			"the index's certificate is not trusted; look after 'PIP_CERT' or "
			"'npm_config_cafile', or name another index by 'PIP_INDEX_URL' in 'env'"},
		{"ERROR: 401 Client Error: Unauthorized for url: https://index/simple/x",
			"the index wants other credentials; look after the credentials, or name "
			"another index by 'PIP_INDEX_URL' in 'env'"},
		{"ERROR: Could not install packages due to an OSError: [Errno 28] No space left "
		 "on device",
			"no space is left on the device"},
		{"Segmentation fault", "pip did not succeed; its last lines are in the log"},
	};

	write_file("told/python",
		"#!/bin/sh\ncase \"$*\" in -VV) echo Python $0; exit;; esac\n"
		"for folder; do :; done\nmkdir $folder/bin\n"
		"printf '#!/bin/sh\\ncat @/told/text; exit 1\\n' > $folder/bin/python\n"
		"chmod +x $folder/bin/python\n");
	command("sed -i 's,@,BED,' BED/told/python && chmod +x BED/told/python");
	for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
		g_autofree char *message =
			g_strdup_printf("cannot install the packages: %s", rounds[i].message);

		write_file("told/text", rounds[i].prints);
		assert_fails("- {id: a, type: python, pythonPath: BED/told/python, requirements: "
			     "[tiny==1.0], script: '1'}",
			NULL, message);
	}
}

static void test_programs_missing(void)
{
	// Debian's Python without python3-venv, another's without the module, and node without npm.
	write_file("bare/python", "#!/bin/sh\ncase \"$*\" in -VV) echo Python 3;; *) echo 'not "
				  "created successfully because ensurepip is not available'; exit "
				  "1;; esac\n");
	write_file("bare/python-b", "#!/bin/sh\ncase \"$*\" in -VV) echo Python 3;; *) echo "
				    "'No module named venv'; exit 1;; esac\n");
	command("chmod +x BED/bare/python BED/bare/python-b; mkdir BED/only; ln -s \"$(command -v "
		"node)\" BED/only/node");
	for (int i = 0; i < 2; i++) {
		g_autofree char *tasks = g_strdup_printf(
			"- {id: a, type: python, pythonPath: BED/bare/python%s, requirements: "
			"[tiny==1.0], script: '1'}",
			i == 0 ? "" : "-b");

		assert_fails(tasks, NULL,
			"cannot install the packages: Python has no module to make environments; "
			"install the package 'python3-venv'");
	}
	assert_fails("- {id: a, type: node, env: {PATH: BED/only}, packages: {tiny: 1.0.0}, "
		     "script: '1'}",
		NULL,
		"there is no program 'npm' in the task's PATH; install the package 'npm', or say "
		"where it is with 'npmPath'");
}

static void test_old_python(void)
{
	json_t *report = run_tasks("- {id: a, type: io.kestra.core.tasks.scripts.Python, "
				   "requirements: [tiny==1.0, " LOCAL "], inputFiles: {main.py: "
				   "'import tiny; print(\"has\", tiny.VERSION)'}}",
		NULL);

	g_assert_cmpuint(count_of(report, "INFO has 1.0\n"), ==, 1);
	json_decref(report);
}

static void test_timeout_while_building(void)
{
	json_t *report =
		run_tasks("- {id: a, type: python, timeout: PT0.2S, requirements: ['tiny==1.0', "
			  "'# another list', " LOCAL "], script: 'print(1)'}",
			NULL);

	g_assert_cmpuint(count_of(report, "ERROR timed out after PT0.2S\n"), ==, 1);
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

	write_file("npm/package/package.json", json);
	write_file("npm/package/index.js", code);
	command(pack);
}

static void test_npm(void)
{
	json_t *report = run_tasks(
		"- id: p\n  type: parallel\n  tasks:\n"
		"    - {id: a, type: node, packages: {tiny: 'file:BED/packages/tiny-1.0.0.tgz'}, "
		"script: \"console.log('has', require('tiny').VERSION)\"}\n"
		"    - {id: b, type: node, packages: ['tiny@file:BED/packages/tiny-2.0.0.tgz'], "
		"inputFiles: {m.mjs: \"import t from 'tiny'; console.log('has', t.VERSION)\"}, "
		"commands: [node m.mjs]}\n",
		NULL);
	g_autofree char *states = bed_text(report);

	if (count_of(report, "INFO has 1.0.0\n") != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpstr(states, ==, "SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS");
	g_assert_cmpuint(count_of(report, "INFO has 1.0.0\n"), ==, 1);
	g_assert_cmpuint(count_of(report, "INFO has 2.0.0\n"), ==, 1);
	json_decref(report);
	assert_run("- {id: a, type: node, packages: {tiny: 'file:BED/packages/tiny-1.0.0.tgz'}, "
		   "script: \"console.log(require('tiny').VERSION)\"}",
		NULL, "SUCCESS: a=SUCCESS", "INFO 1.0.0\n");
}

static void test_package_json(void)
{
	command("mkdir -p BED/web && cp BED/packages/tiny-2.0.0.tgz BED/web/");
	write_file("web/package.json", "{\"dependencies\": {\"tiny\": \"file:tiny-2.0.0.tgz\"}}");
	json_t *report = run_tasks(
		"- {id: a, type: node, script: \"console.log('has', require('tiny').VERSION)\"}",
		"web");

	g_assert_cmpuint(count_of(report, "INFO has 2.0.0\n"), ==, 1);
	json_decref(report);
}

static void test_npm_missing(void)
{
	json_t *report = run_tasks("- {id: a, type: node, packages: {nope: "
				   "'file:BED/packages/nope-1.tgz'}, script: '1'}",
		NULL);

	g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(count_of(report, "ERROR cannot install the package '"), ==, 1);
	g_assert_cmpuint(count_of(report, "nope-1.tgz': ENOENT\n"), ==, 1);
	json_decref(report);
}

// ---- working-directory

static void test_working_directory(void)
{
	write_file("shared/from.txt", "from scripts");
	assert_run("- id: w\n  type: io.kestra.plugin.core.flow.WorkingDirectory\n"
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
	assert_run(
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
	assert_run("- id: w\n  type: working-directory\n  inputFiles: {../x: y}\n  tasks:\n"
		   "    - {id: a, type: shell, commands: ['true']}\n"
		   "- {id: b, type: log, message: never}",
		NULL, "FAILED: w=FAILED a=FAILED",
		"ERROR working-directory 'w': property 'inputFiles': '../x' leads out of the "
		"folder\n");
	assert_run("- id: w\n  type: working-directory\n  outputFiles: [../x]\n  tasks:\n"
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
	g_autofree char *data = g_build_filename(bed, "data", NULL);
	RunnerOptions options = {.slots = 2, .sole = true, .data_folder = data};

	for (int i = 0; i < 2; i++) {
		g_autofree char *yaml = flow_of(tasks);
		json_t *report = bed_run_with(yaml, NULL, &options);

		g_assert_cmpuint(count_of(report, "INFO x\n"), ==, i == 0 ? 0 : 1);
		json_decref(report);
	}
	// Nothing but what is to stay is there.
	command("test -z \"$(find BED/data/shared BED/data/work -mindepth 1)\"");
	command("test \"$(cd BED/data && find . -type f)\" = ./cache/t.f.w/kept/x");
}

// ---- What is written

static char *secret_log(const char *tasks, const char *inputs)
{
	g_autoptr(GString) yaml = g_string_new(NULL);
	json_t *report;
	char *log;

	g_string_printf(yaml,
		"id: f\nnamespace: t\ninputs: [{id: key, type: SECRET}, {id: longer, type: SECRET, "
		"required: false}]\ntasks:\n%s",
		tasks);
	report = bed_run(yaml->str, inputs);
	log = g_strdup(json_string_value(json_object_get(report, "log")));
	json_decref(report);
	return log;
}

// What looks like outputs and is none is a line of the log, with the reason before it.
static void test_marks(void)
{
	static const char script[] =
		"- id: a\n  type: python\n  script: |\n"
		"    import os, time\n"
		"    def w(*parts):\n"
		"        for part in parts: os.write(1, part); time.sleep(0.02)\n"
		"    w(b'::{\"out', b'puts\":{\"a\":', b'1}}', b':', b':', b'\\n')\n"
		"    w(b'::{\"outputs\":{\"nested\":{\"x\":[1,{\"z\":null}]}}}::\\r\\n')\n"
		"    w(b'::{\"outputs\":{\"bad\"::\\n')\n"
		"    w(b'::{\"outputs\":{bad}}::\\n')\n"
		"    w(b'::{\"outputs\":[1,2]}::\\n')\n"
		"    w(b'::{\"outputs\":{\"b\":\"\\xff\"}}::\\n')\n"
		"    w(b'::{\"outputs\":{\"deep\":' + b'[' * 300 + b']' * 300 + b'}}::\\n')\n"
		"    w(b'::{\"outputs\":{\"long\":\"' + b'x' * 1000000 + b'\"}}::\\n')\n"
		"    w(b'::{\"outputs\":{\"longer\":\"' + b'x' * 1100000 + b'\"}}::\\n')\n"
		"    w(b'in ::{\"outputs\":{\"c\":1}}:: between\\n')\n"
		"    w(b'caf\\xe9\\n')\n"
		"    w(b'::{\"outputs\":{\"a\":2,\"last\":\"no line feed\"}}::')\n"
		"- {id: b, type: log, message: ['{{ outputs.a.vars | keys | sort }}', '{{ "
		"outputs.a.vars.a }}']}";
	static const char *const lines[] = {
		"INFO ::{\"outputs\":{\"bad\"::\n",
		"WARN the next line begins with '::{' but gives no outputs: it is no JSON near "
		"column 17\nINFO ::{\"outputs\":{bad}}::\n",
		"WARN the next line begins with '::{' but gives no outputs: 'outputs' is no "
		"object\nINFO ::{\"outputs\":[1,2]}::\n",
		"INFO ::{\"outputs\":{\"b\":\"\xef\xbf\xbd\"}}::\n",
		"WARN the next line begins with '::{' but gives no outputs: it is nested more than "
		"200 deep\nINFO ::{\"outputs\":{\"deep\":[[[",
		"WARN the next line begins with '::{' but gives no outputs: it is longer than 1 "
		"MiB\nINFO ::{\"outputs\":{\"longer\":\"xxx",
		"INFO in ::{\"outputs\":{\"c\":1}}:: between\nINFO caf\xef\xbf\xbd\n",
		"INFO [\"a\",\"last\",\"long\",\"nested\"]\nINFO 2\n",
	};
	json_t *report = run_tasks(script, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		if (count_of(report, lines[i]) != 1)
			g_test_message(
				"%zu: %s", i, json_string_value(json_object_get(report, "log")));
		g_assert_cmpuint(count_of(report, lines[i]), ==, 1);
	}
	json_decref(report);
}

// One that closes its streams and goes on is waited for; what it does later counts.
static void test_closed_streams(void)
{
	assert_run("- {id: a, type: shell, commands: ['exec >&-', 'sleep 0.2', 'echo on >&2', "
		   "'exec 2>&-', 'sleep 0.2', 'echo x > late'], outputFiles: [late]}\n"
		   "- {id: b, type: log, message: '{{ outputs.a.outputFiles | keys }}'}",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS", "ERROR on\nINFO [\"late\"]\n");
}

static void test_secrets(void)
{
	// In two writes; behind a NUL; one that begins with another.
	g_autofree char *log = secret_log(
		"  - {id: a, type: shell, env: {K: '{{ inputs.key }}', L: '{{ inputs.longer }}'}, "
		"commands: ['printf hun', 'sleep 0.1', 'echo ter2', 'printf \"a\\0$K\\n\"', 'echo "
		"$L']}\n",
		"{\"key\": \"hunter2\", \"longer\": \"hunter2-and-more\"}");

	g_assert_cmpstr(log, ==, "INFO ******\nINFO a\xef\xbf\xbd******\nINFO ******\n");
}

static void test_secret_at_the_cut(void)
{
	// Wherever the secret lies across the end of what is kept of a line, nothing of it is shown.
	static const int places[] = {65400, 65470, 65534, 69630, 69626};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *tasks = g_strdup_printf(
			"  - {id: a, type: shell, env: {K: '{{ inputs.key }}'}, commands: ['head "
			"-c "
			"%d /dev/zero | tr \"\\0\" .', 'echo $K', 'head -c 9000 /dev/zero | tr "
			"\"\\0\" .', 'echo $K$K']}\n",
			places[i]);
		g_autofree char *log = secret_log(tasks, "{\"key\": \"hunter2\"}");

		g_assert_null(strstr(log, "hunt"));
		g_assert_null(strstr(log, ".h"));
	}
	g_autofree char *log = secret_log(
		"  - {id: a, type: shell, commands: ['head -c 200000 /dev/zero | tr \"\\0\" .']}\n",
		"{\"key\": \"hunter2\"}");
	g_assert_true(g_str_has_prefix(log, "INFO ....."));
	g_assert_true(g_str_has_suffix(log, "… (134528 bytes left out)\n"));
}

static void test_much_output(void)
{
	// The log keeps its limit, says so, and the task does not wait for it.
	json_t *report = run_tasks(
		"- {id: a, type: shell, timeout: PT100S, commands: ['yes "
		"0123456789012345678901234567890123456789012345678901234567890123456789 | "
		"head -n 4200000', 'echo \"::{\\\"outputs\\\":{\\\"n\\\":1}}::\"']}\n"
		"- {id: b, type: log, message: 'n {{ outputs.a.vars.n }}'}",
		NULL);
	const char *log = json_string_value(json_object_get(report, "log"));

	g_assert_cmpuint(strlen(log), <, 20U << 20);
	g_assert_cmpuint(strlen(log), >, 16U << 20);
	g_test_message("%s", log + strlen(log) - 300);
	g_assert_true(g_str_has_suffix(log, "INFO n 1\n"));
	json_decref(report);
}

// What a task under way has written is in the store.
static void test_log_is_live(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	RunnerOptions options = {.slots = 2, .sole = true};
	g_autoptr(Runner) runner = NULL;
	g_autofree char *log = NULL;
	char id[27];

	bed_flows_put(store,
		"id: f\nnamespace: t\ntasks: [{id: a, type: shell, commands: ['echo now', "
		"'sleep 60']}]\n");
	bed_run_create(store, "f", NULL, id);
	runner = runner_new(store, &options, &error);
	runner_start(runner, &error);
	g_assert_no_error(error);
	for (int i = 0; i < 400 && g_strcmp0(log, "INFO now\n") != 0; i++) {
		g_usleep(50000);
		g_free(log);
		log = bed_log(store, id);
	}
	g_assert_cmpstr(log, ==, "INFO now\n");
	g_clear_pointer(&runner, runner_free);
}

// ---- Limits

static void test_limits(void)
{
	assert_run("- {id: a, type: shell, limits: {memory: 512MB, cpu: PT1M, files: 50, fileSize: "
		   "1KiB}, commands: ['ulimit -v', 'ulimit -t', 'ulimit -n', 'ulimit -c']}",
		NULL, "SUCCESS: a=SUCCESS", "INFO 500000\nINFO 60\nINFO 50\nINFO 0\n");
	assert_run("- {id: a, type: shell, limits: {memory: \"{{ 'lots' }}\"}, commands: ['true']}",
		NULL, "FAILED: a=FAILED",
		"ERROR property 'limits.memory' is no size like 512MB: 'lots'\n");
	assert_run("- {id: a, type: shell, limits: {fileSize: 1KiB}, commands: ['exec head -c 5000 "
		   "/dev/zero > big']}",
		NULL, "FAILED: a=FAILED",
		"ERROR the command was ended by signal 25 (File size limit exceeded)\n");
}

static void bed_make(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = NULL;
	g_autofree char *script = NULL;
	g_autofree char *line = NULL;

	bed = g_dir_make_tmp("weir-scripts-XXXXXX", &error);
	g_assert_no_error(error);
	folder = g_build_filename(bed, "packages", NULL);
	g_mkdir_with_parents(folder, 0700);
	g_autoptr(GString) text = g_string_new(make_wheels);
	g_string_replace(text, "BED", bed, 0);
	write_file("wheels.py", text->str);
	command("python3 BED/wheels.py");
	make_npm("1.0.0");
	make_npm("2.0.0");
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	bed_make();
	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autofree char *name = g_strdup_printf("/script/form/%s", forms[i].name);

		g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_form);
	}
	g_test_add_func("/script/long-scripts", test_long_scripts);
	g_test_add_func("/script/files", test_files);
	g_test_add_func("/script/output-directory", test_output_directory);
	g_test_add_func("/script/bad-files", test_bad_files);
	g_test_add_func("/script/namespace-files", test_namespace_files);
	g_test_add_func("/script/files-by-name", test_files_by_name);
	g_test_add_func("/script/limits", test_limits);
	g_test_add_func("/script/working-directory", test_working_directory);
	g_test_add_func(
		"/script/working-directory-retry-keeps", test_working_directory_retry_keeps);
	g_test_add_func(
		"/script/working-directories-do-not-mix", test_working_directories_do_not_mix);
	g_test_add_func("/script/working-directory-faults", test_working_directory_faults);
	g_test_add_func("/script/working-directory-cache", test_working_directory_cache);
	g_test_add_func("/script/marks", test_marks);
	g_test_add_func("/script/closed-streams", test_closed_streams);
	g_test_add_func("/script/secrets", test_secrets);
	g_test_add_func("/script/secret-at-the-cut", test_secret_at_the_cut);
	g_test_add_func("/script/much-output", test_much_output);
	g_test_add_func("/script/log-is-live", test_log_is_live);
	g_test_add_func("/script/environments", test_environments);
	g_test_add_func("/script/requirements-file", test_requirements_file);
	g_test_add_func("/script/missing-package", test_missing_package);
	g_test_add_func("/script/plugin-defaults", test_plugin_defaults);
	g_test_add_func("/script/list-of-lists", test_list_of_lists);
	g_test_add_func("/script/package-of-input-files", test_package_of_input_files);
	g_test_add_func("/script/variables-of-builds", test_variables_of_builds);
	g_test_add_func("/script/linked-package", test_linked_package);
	g_test_add_func("/script/no-network", test_no_network);
	g_test_add_func("/script/pip-tells", test_pip_tells);
	g_test_add_func("/script/programs-missing", test_programs_missing);
	g_test_add_func("/script/old-python", test_old_python);
	g_test_add_func("/script/timeout-while-building", test_timeout_while_building);
	g_test_add_func("/script/npm", test_npm);
	g_test_add_func("/script/package-json", test_package_json);
	g_test_add_func("/script/npm-missing", test_npm_missing);
	status = g_test_run();
	folder_remove(bed);
	g_free(bed);
	return status;
}
