// Tasks that run shell, Python and JavaScript: both forms, files, and limits.
#include "tests/runner/script_bed.h"

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

	assert_script_run(forms[i].tasks, NULL, forms[i].states, forms[i].log);
}

static void test_long_scripts(void)
{
	// Longer than the kernel takes as an argument.
	g_autoptr(GString) tasks = g_string_new("- id: a\n  type: shell\n  commands:\n");

	for (int i = 0; i < 6000; i++)
		g_string_append_printf(tasks, "    - 'x=%d # some more text to make it long'\n", i);
	g_string_append(tasks, "    - echo $x\n    - ls -A\n");
	assert_script_run(tasks->str, NULL, "SUCCESS: a=SUCCESS", NULL);
}

// ---- Files

static void test_files(void)
{
	assert_script_run(
		"- id: a\n  type: python\n"
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
	assert_script_run("- id: a\n  type: shell\n  outputDirectory: true\n  commands:\n"
			  "    - mkdir {{ outputDir }}/d\n"
			  "    - echo one > $OUTPUT_DIR/d/one\n"
			  "    - test \"$WORKING_DIR\" = '{{ workingDir }}'\n"
			  "    - echo other > other\n"
			  "- {id: b, type: log, message: '{{ outputs.a.outputFiles | keys }}'}",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS", "INFO [\"d/one\"]\n");
}

static void test_bad_files(void)
{
	assert_script_run("- {id: a, type: shell, inputFiles: {../x: y}, commands: ['true']}", NULL,
		"FAILED: a=FAILED",
		"ERROR property 'inputFiles': '../x' leads out of the folder\n");
	assert_script_run("- {id: a, type: shell, outputFiles: [../x], commands: ['true']}", NULL,
		"FAILED: a=FAILED",
		"ERROR property 'outputFiles': '../x' leads out of the folder\n");
	assert_script_run("- {id: a, type: shell, inputFiles: 'no object', commands: ['true']}",
		NULL, "FAILED: a=FAILED",
		"ERROR property 'inputFiles' must give an object of names and texts\n");
}

static void test_namespace_files(void)
{
	script_write("some/a.py", "print('a')");
	script_write("some/sub/b.py", "print('b')");
	script_write("some/sub/c.txt", "c");
	assert_script_run(
		"- {id: a, type: python, commands: [python a.py, python scripts/sub/b.py]}", "some",
		"SUCCESS: a=SUCCESS", "INFO a\nINFO b\n");
	assert_script_run(
		"- {id: a, type: shell, namespaceFiles: {enabled: true, include: ['*.py'], "
		"exclude: [a.py]}, commands: ['find . -type f']}",
		"some", "SUCCESS: a=SUCCESS", "INFO ./sub/b.py\n");
	assert_script_run(
		"- {id: a, type: shell, namespaceFiles: {enabled: false}, commands: ['find . "
		"-type f']}",
		"some", "SUCCESS: a=SUCCESS", "");
}

// By name, whichever of them the folder has.
static void test_files_by_name(void)
{
	script_write("named/sub/q.sql", "SELECT 1");
	script_write("named/a.txt", "text of a");
	assert_script_run(
		"- id: a\n  type: shell\n  namespaceFiles: {enabled: false}\n"
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
	assert_script_run(
		"- {id: a, type: shell, inputFiles: {b: 'nsfile:///../named/a.txt'}, commands: "
		"['true']}",
		"named", "FAILED: a=FAILED",
		"ERROR there is no file '../named/a.txt' in scripts/ of the domain\n");
	assert_script_run("- {id: a, type: log, message: \"{{ read('none.sql') }}\"}", "named",
		"FAILED: a=FAILED", NULL);
	assert_script_run("- {id: a, type: log, message: \"{{ read('/etc/passwd') }}\"}", "named",
		"FAILED: a=FAILED", NULL);
}

// ---- Limits

static void test_limits(void)
{
	assert_script_run(
		"- {id: a, type: shell, limits: {memory: 512MB, cpu: PT1M, files: 50, fileSize: "
		"1KiB}, commands: ['ulimit -v', 'ulimit -t', 'ulimit -n', 'ulimit -c']}",
		NULL, "SUCCESS: a=SUCCESS", "INFO 500000\nINFO 60\nINFO 50\nINFO 0\n");
	assert_script_run(
		"- {id: a, type: shell, limits: {memory: \"{{ 'lots' }}\"}, commands: ['true']}",
		NULL, "FAILED: a=FAILED",
		"ERROR property 'limits.memory' is no size like 512MB: 'lots'\n");
	assert_script_run(
		"- {id: a, type: shell, limits: {fileSize: 1KiB}, commands: ['exec head -c 5000 "
		"/dev/zero > big']}",
		NULL, "FAILED: a=FAILED",
		"ERROR the command was ended by signal 25 (File size limit exceeded)\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	script_bed_begin();
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
	return script_bed_end(g_test_run());
}
