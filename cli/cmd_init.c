// weir init: the smallest good repository.
#include "cli/commands.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean option_git;

const GOptionEntry init_options[] = {
	{"git", 0, 0, G_OPTION_ARG_NONE, &option_git, "Make it a git repository, too", NULL},
	OUTPUT_OPTION,
	{NULL},
};

// clang-format off
const char init_details[] =
	"Writes weir.yaml, one domain and one script into DIR (default: here), which is made\n"
	"when it is not there. No file that exists is touched: when one of them does, nothing\n"
	"is written.";

typedef struct Template {
	const char *path;
	const char *text; // one %s: the project's name
} Template;

static const Template templates[] = {
	{"weir.yaml", "name: %s\n"},
	{"domains/example/domain.yaml", "owner: you\ndescription: Where to begin; rename or remove it\n"},
	{"domains/example/sql/numbers.sql",
		"/* weir\n"
		"checks:\n"
		"  - not_null: [number]\n"
		"  - unique: [number]\n"
		"*/\n"
		"SELECT 1 AS number\n"
		"UNION ALL\n"
		"SELECT 2\n"},
};
// clang-format on

// The project's name: the folder's, as far as it can be one.
static char *project_name(const char *folder)
{
	g_autofree char *full = g_canonicalize_filename(folder, NULL);
	char *name = g_path_get_basename(full);

	for (char *at = name; *at != '\0'; at++) {
		if (!g_ascii_isalnum(*at) && *at != '-' && *at != '_')
			*at = '-';
	}
	if (*name == '\0' || *name == '-') {
		g_free(name);
		return g_strdup("project");
	}
	return name;
}

static bool nothing_there(const char *folder)
{
	for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
		g_autofree char *path = g_build_filename(folder, templates[i].path, NULL);
		struct stat status;

		if (lstat(path, &status) != 0)
			continue;
		command_error(
			"choose another folder, or remove the file", "'%s' is already there", path);
		return false;
	}
	return true;
}

static bool write_file(const char *folder, const Template *template_, const char *name)
{
	g_autofree char *path = g_build_filename(folder, template_->path, NULL);
	g_autofree char *above = g_path_get_dirname(path);
	g_auto(GStrv) parts = g_strsplit(template_->text, "%s", 2);
	g_autofree char *text = g_strjoinv(name, parts);
	int descriptor;
	bool good;

	if (g_mkdir_with_parents(above, 0777) != 0) {
		command_error(NULL, "cannot make the folder '%s': %s", above, g_strerror(errno));
		return false;
	}
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	good = descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text);
	if (!good)
		command_error(NULL, "cannot write '%s': %s", path, g_strerror(errno));
	if (descriptor >= 0)
		close(descriptor);
	if (good && !output_is_json())
		printf("%s\n", path);
	return good;
}

static bool make_git(const char *folder)
{
	git_repository *repository = NULL;
	bool good;

	git_libgit2_init();
	good = git_repository_init(&repository, folder, 0) == 0;
	if (!good)
		command_error(NULL, "cannot make a git repository of '%s': %s", folder,
			git_error_last()->message);
	git_repository_free(repository);
	git_libgit2_shutdown();
	return good;
}

static void print_json(const char *folder)
{
	json_t *files = json_array();

	for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
		g_autofree char *path = g_build_filename(folder, templates[i].path, NULL);

		json_array_append_new(files, json_string(path));
	}
	json_t *made = json_pack("{s:o}", "files", files);
	output_json(made);
	json_decref(made);
}

int cmd_init(const Command *command, char **arguments)
{
	const char *folder = arguments[0] != NULL ? arguments[0] : ".";
	g_autofree char *name = project_name(folder);

	(void)command;
	if (!nothing_there(folder))
		return EXIT_FAILED;
	for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
		if (!write_file(folder, &templates[i], name))
			return EXIT_FAILED;
	}
	if (option_git && !make_git(folder))
		return EXIT_FAILED;
	if (output_is_json())
		print_json(folder);
	else
		printf("next: weir validate %s\n", folder);
	return EXIT_OK;
}
