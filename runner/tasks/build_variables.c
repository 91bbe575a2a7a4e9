#include "runner/tasks/build_variables.h"

#include "runner/folder.h"
#include "runner/tasks/script_environment.h"

#include <string.h>
#include <sys/stat.h>

// Names, and beginnings of names.
static const struct {
	const char *name;
	bool begins;
} passed[] = {
	{"PIP_", true},
	{"npm_config_", true},
	{"NPM_", true},
	{"NODE_AUTH_TOKEN", false},
	{"NODE_EXTRA_CA_CERTS", false},
	{"http_proxy", false},
	{"https_proxy", false},
	{"all_proxy", false},
	{"no_proxy", false},
	{"HTTP_PROXY", false},
	{"HTTPS_PROXY", false},
	{"ALL_PROXY", false},
	{"NO_PROXY", false},
	{"SSL_CERT_", true},
	{"REQUESTS_CA_BUNDLE", false},
	{"CURL_CA_BUNDLE", false},
	{"CC", false},
	{"CXX", false},
	{"CFLAGS", false},
	{"CXXFLAGS", false},
	{"CPPFLAGS", false},
	{"LDFLAGS", false},
	{"MAKEFLAGS", false},
	{"PKG_CONFIG_PATH", false},
};

static bool is_passed(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(passed); i++) {
		if (passed[i].begins ? g_str_has_prefix(name, passed[i].name)
				     : strcmp(name, passed[i].name) == 0)
			return true;
	}
	return false;
}

void build_variables_fill(const ScriptTask *task, const char *home, GPtrArray *environment)
{
	const char *name;
	json_t *value;

	g_ptr_array_add(
		environment, g_strdup_printf("PATH=%s", script_task_variable(task, "PATH")));
	g_ptr_array_add(environment, g_strdup_printf("HOME=%s", home));
	g_ptr_array_add(environment, g_strdup_printf("TMPDIR=%s", task->folder));
	g_ptr_array_add(environment, g_strdup("LANG=C.UTF-8"));
	g_ptr_array_add(environment,
		g_strdup_printf("WEIR_TASK_RUN=%s", task_context_task_run_id(task->context)));
	json_object_foreach(task->declared, name, value)
	{
		if (is_passed(name) && json_is_string(value))
			g_ptr_array_add(environment,
				g_strdup_printf("%s=%s", name, json_string_value(value)));
	}
	g_ptr_array_add(environment, NULL);
}

static int names_compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *build_variables_identity(const ScriptTask *task)
{
	GString *identity = g_string_new(NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	json_t *value;

	json_object_foreach(task->declared, name, value)
	{
		if (is_passed(name) && json_is_string(value))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, names_compare);
	g_string_append_printf(identity, "PATH=%s\n", script_task_variable(task, "PATH"));
	for (guint i = 0; i < names->len; i++) {
		const char *text = script_task_variable(task, names->pdata[i]);

		g_string_append_printf(identity, "%s=%s\n", (char *)names->pdata[i], text);
		build_path_identity(task, text, identity);
	}
	return g_string_free(identity, FALSE);
}

// ---- Files

typedef struct {
	const char *folder;
	GChecksum *checksum;
} Digest;

static bool digest_visit(const char *path, gpointer data)
{
	const Digest *digest = data;
	g_autofree char *full = g_build_filename(digest->folder, path, NULL);
	g_autofree char *content = NULL;
	gsize length = 0;

	g_checksum_update(digest->checksum, (const guchar *)path, (gssize)strlen(path) + 1);
	if (g_file_get_contents(full, &content, &length, NULL))
		g_checksum_update(digest->checksum, (const guchar *)content, (gssize)length);
	return true;
}

void build_path_identity(const ScriptTask *task, const char *path, GString *identity)
{
	Digest digest = {task->folder, NULL};
	g_autofree char *full = g_canonicalize_filename(path, task->folder);
	g_autofree char *below = g_strdup_printf("%s/", task->folder);
	struct stat status;

	if (*path == '\0' || stat(full, &status) < 0)
		return;
	if (!g_str_has_prefix(full, below) && strcmp(full, task->folder) != 0) {
		if (S_ISREG(status.st_mode))
			g_string_append_printf(identity, "%s %jd %jd.%09ld\n", full,
				(intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec,
				status.st_mtim.tv_nsec);
		return;
	}
	digest.checksum = g_checksum_new(G_CHECKSUM_SHA256);
	if (S_ISDIR(status.st_mode)) {
		digest.folder = full;
		folder_walk(full, digest_visit, &digest);
	} else if (S_ISREG(status.st_mode)) {
		digest_visit(full + strlen(below), &digest);
	}
	// The task's folder is another one each time.
	g_string_append_printf(identity, "%s %s\n",
		strcmp(full, task->folder) == 0 ? "." : full + strlen(below),
		g_checksum_get_string(digest.checksum));
	g_checksum_free(digest.checksum);
}
