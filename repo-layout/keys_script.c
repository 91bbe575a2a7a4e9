// Keys of the tasks that start programs.
#include "repo-layout/keys_task.h"

static const char *const runners[] = {
	"local", "container", "slurm", "kubernetes", "PROCESS", "DOCKER", NULL};

// clang-format off
static const KeyRow script_rows[] = {
	K("commands", KEY_STRINGS, KEY_EXPRESSION, "lines for the interpreter; either these or script"),
	K("script", KEY_TEXT, 0, "a whole script"),
	K("interpreter", KEY_STRINGS, 0, "the program and its arguments that get the script"),
	K("interpreterArgs", KEY_STRINGS, 0, "more arguments"),
	K("beforeCommands", KEY_STRINGS, KEY_EXPRESSION, "lines that come first"),
	K("env", KEY_MAP, KEY_EXPRESSION, "environment variables"),
	K("inputFiles", KEY_ANY, 0, "files to put into the folder: name to text or file"),
	K("outputFiles", KEY_STRINGS, KEY_EXPRESSION, "names to keep as outputs; * and ** match"),
	K_OLD("files", KEY_STRINGS, "outputFiles"),
	K_OLD("outputsFiles", KEY_STRINGS, "outputFiles"),
	K("outputDirs", KEY_STRINGS, 0, "folders to keep as outputs"),
	K("outputDirectory", KEY_BOOLEAN, KEY_EXPRESSION, "keep all of {{ outputDir }}"),
	K("namespaceFiles", KEY_ANY, 0, "which of the domain's scripts/ are there (all, when left out)"),
	K_CHOICE("runner", 0, runners, "where it runs: local (the default), container, slurm or kubernetes"),
	K("taskRunner", KEY_ANY, 0, "settings of the runner, with its type"),
	K("docker", KEY_ANY, 0, "settings of a container"),
	K_OLD("dockerOptions", KEY_ANY, "docker"),
	K("containerImage", KEY_TEXT, 0, "image of a container"),
	K("warningOnStdErr", KEY_BOOLEAN, KEY_EXPRESSION, "a line on standard error makes it WARNING"),
	K("failFast", KEY_BOOLEAN, KEY_EXPRESSION, "the first failing command ends it (default true)"),
	K_OLD("exitOnFailed", KEY_BOOLEAN, "failFast"),
	K("targetOS", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("workingDirectory", KEY_TEXT, 0, "folder below the task's own in which it starts"),
	K("grace", KEY_DURATION, KEY_EXPRESSION, "between TERM and KILL when it is ended (default PT10S)"),
	K("limits", KEY_ANY, 0, "resource limits: memory, cpu, files, processes"),
	K_END,
};
const KeyTable keys_shell = {"shell task", "Runs commands of a shell", script_rows, &keys_task_common};
static const KeyTable keys_program = {"script task", "", script_rows, &keys_task_common};

static const KeyRow python_rows[] = {
	K("requirements", KEY_STRINGS, 0, "packages, pinned, of the virtual environment"),
	K_ALIAS("dependencies", KEY_STRINGS, "requirements"),
	K("pythonVersion", KEY_STRING, 0, "the interpreter's version"),
	K("pythonPath", KEY_STRING, 0, "the interpreter"),
	K("virtualEnv", KEY_BOOLEAN, 0, "whether to build a virtual environment"),
	K("dependencyCacheEnabled", KEY_BOOLEAN, KEY_IGNORED, "accepted, has no effect"),
	K("packageManager", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K_END,
};
const KeyTable keys_python = {"python task", "Runs Python", python_rows, &keys_program};

static const KeyRow node_rows[] = {
	K("packages", KEY_ANY, 0, "packages of npm"),
	K_ALIAS("npmPackages", KEY_ANY, "packages"),
	K("nodePath", KEY_STRING, 0, "the interpreter"),
	K("npmPath", KEY_STRING, 0, "the package manager"),
	K_END,
};
const KeyTable keys_node = {"node task", "Runs JavaScript", node_rows, &keys_program};
// clang-format on
