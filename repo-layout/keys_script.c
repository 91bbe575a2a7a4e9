// Keys of the tasks that start programs.
#include "repo-layout/keys_task.h"

static const char *const runners[] = {
	"local", "container", "slurm", "kubernetes", "PROCESS", "DOCKER", NULL};

// clang-format off
static const KeyRow limits_rows[] = {
	K("memory", KEY_STRING, KEY_EXPRESSION, "address space of each process: bytes, or 512MB, 2GiB"),
	K("cpu", KEY_STRING, KEY_EXPRESSION, "processor time of each process: seconds, or PT10M"),
	K("files", KEY_INTEGER, KEY_EXPRESSION, "open files of each process"),
	K("fileSize", KEY_STRING, KEY_EXPRESSION, "longest file that it may write: bytes, or 512MB"),
	K("processes", KEY_INTEGER, KEY_EXPRESSION, "processes of the user at once; root has no limit"),
	K_END,
};
static const KeyTable keys_limits = {"limits", "What the processes of a task may use", limits_rows, NULL};

static const KeyRow script_rows[] = {
	K("commands", KEY_STRINGS, KEY_EXPRESSION, "lines for the shell; either these or script"),
	K("script", KEY_TEXT, 0, "a whole script, in the language of the task"),
	K("interpreter", KEY_STRINGS, 0, "the shell and its arguments that get the lines (default /bin/sh -c)"),
	K("interpreterArgs", KEY_STRINGS, 0, "more arguments"),
	K("beforeCommands", KEY_STRINGS, KEY_EXPRESSION, "lines for the shell that come first"),
	K("env", KEY_MAP, KEY_EXPRESSION, "environment variables"),
	K("inputFiles", KEY_ANY, 0, "files to put into the folder: name to text, or to the URI of a file"),
	K("outputFiles", KEY_STRINGS, KEY_EXPRESSION, "names to keep as outputs; * and ** match"),
	K_OLD("files", KEY_STRINGS, "outputFiles"),
	K_OLD("outputsFiles", KEY_STRINGS, "outputFiles"),
	K("outputDirs", KEY_STRINGS, 0, "folders to keep as outputs"),
	K("outputDirectory", KEY_BOOLEAN, 0, "keep all of {{ outputDir }}, a folder made for it"),
	K("namespaceFiles", KEY_ANY, 0, "which of the domain's scripts/ are there (all, when left out)"),
	K_CHOICE("runner", 0, runners, "where it runs: local (the default), container, slurm or kubernetes"),
	K("taskRunner", KEY_ANY, 0, "settings of the runner, with its type"),
	K("docker", KEY_ANY, 0, "settings of a container"),
	K_OLD("dockerOptions", KEY_ANY, "docker"),
	K("containerImage", KEY_TEXT, 0, "image of a container; the local runner has no use for it"),
	K("warningOnStdErr", KEY_BOOLEAN, KEY_EXPRESSION, "a line on standard error makes it WARNING"),
	K("failFast", KEY_BOOLEAN, KEY_EXPRESSION, "the first failing command ends it (default true)"),
	K_OLD("exitOnFailed", KEY_BOOLEAN, "failFast"),
	K("targetOS", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K("workingDirectory", KEY_TEXT, 0, "folder below the task's own in which it starts"),
	K("grace", KEY_DURATION, KEY_EXPRESSION, "between TERM and KILL when it is ended (default PT10S)"),
	K_TABLE("limits", KEY_OBJECT, 0, &keys_limits, "what its processes may use"),
	K_END,
};
const KeyTable keys_shell = {"shell task", "Runs commands of a shell", script_rows, &keys_task_common};
static const KeyTable keys_program = {"script task", "", script_rows, &keys_task_common};

static const KeyRow python_rows[] = {
	K("requirements", KEY_STRINGS, KEY_EXPRESSION, "packages of the virtual environment, pinned, as lines of a requirements.txt (default: that of scripts/)"),
	K_ALIAS("dependencies", KEY_STRINGS, "requirements"),
	K("pythonVersion", KEY_STRING, 0, "the interpreter's version: 3.11 is the program python3.11"),
	K("pythonPath", KEY_STRING, 0, "the interpreter (default python3)"),
	K("virtualEnv", KEY_BOOLEAN, 0, "a virtual environment: false for none, true also without packages, and the folder has bin/python"),
	K("dependencyCacheEnabled", KEY_BOOLEAN, KEY_IGNORED, "accepted, has no effect"),
	K("packageManager", KEY_PLAIN, KEY_IGNORED, "accepted, has no effect"),
	K_END,
};
const KeyTable keys_python = {"python task", "Runs Python", python_rows, &keys_program};

static const KeyRow node_rows[] = {
	K("packages", KEY_ANY, 0, "packages of npm: name to version, or a list of name@version (default: package.json of scripts/)"),
	K_ALIAS("npmPackages", KEY_ANY, "packages"),
	K_ALIAS("dependencies", KEY_ANY, "packages"),
	K("nodePath", KEY_STRING, 0, "the interpreter (default node)"),
	K("npmPath", KEY_STRING, 0, "the package manager (default npm)"),
	K_END,
};
const KeyTable keys_node = {"node task", "Runs JavaScript", node_rows, &keys_program};
// clang-format on
