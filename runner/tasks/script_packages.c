#include "runner/tasks/script_packages.h"

#include "runner/folder.h"
#include "runner/process.h"
#include "runner/tasks/build_variables.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 12 }; // lines of a failure

// ---- Programs that prepare

typedef struct {
	const ScriptTask *task;
	GString *rest[2]; // lines that have not ended
	GPtrArray *lines;
	bool logged;
} Printed;

static void printed_line(const Printed *printed, const char *line, gsize length)
{
	g_autofree char *text = g_strndup(line, length);

	g_strchomp(text);
	if (*text == '\0')
		return;
	if (printed->logged)
		task_context_log_text(printed->task->context, TASK_LOG_DEBUG, text, strlen(text));
	g_ptr_array_add(printed->lines, g_steal_pointer(&text));
}

static void printed_take(int stream, const char *bytes, size_t length, void *data)
{
	const Printed *printed = data;
	GString *rest = printed->rest[stream - 1];
	const char *end;

	g_string_append_len(rest, bytes, (gssize)length);
	while ((end = memchr(rest->str, '\n', rest->len)) != NULL) {
		printed_line(printed, rest->str, (gsize)(end - rest->str));
		g_string_erase(rest, 0, end - rest->str + 1);
	}
}

static void environment_fill(
	const ScriptTask *task, const char *home, const char *const *more, GPtrArray *environment)
{
	build_variables_fill(task, home, environment);
	g_ptr_array_set_size(environment, (gint)environment->len - 1);
	for (; more != NULL && *more != NULL; more++)
		g_ptr_array_add(environment, g_strdup(*more));
	g_ptr_array_add(environment, NULL);
}

static bool end_check(const ProcessEnd *end, const char *program, GError **error)
{
	if (end->cancelled)
		g_set_error(error, TASK_ERROR, TASK_ERROR_CANCELLED, "stopped");
	else if (end->exit_code != 0)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "'%s' ended with exit code %d",
			program, end->exit_code);
	return !end->cancelled && end->exit_code == 0;
}

bool script_program_run(const ScriptTask *task, const char *folder, const char *home,
	const char *const *arguments, const char *const *more, GPtrArray *lines, GError **error)
{
	g_autoptr(GPtrArray) environment = g_ptr_array_new_with_free_func(g_free);
	Printed printed = {task, {g_string_new(NULL), g_string_new(NULL)}, lines, home != NULL};
	ProcessEnd end = {0};
	g_autofree char *mark =
		g_strdup_printf("WEIR_TASK_RUN=%s", task_context_task_run_id(task->context));
	ProcessSpec spec = {
		.arguments = arguments,
		.folder = folder,
		.mark = mark,
		.grace = G_USEC_PER_SEC,
		.cancel_fd = task_context_cancel_fd(task->context),
		.output = printed_take,
		.data = &printed,
	};
	bool ok;

	environment_fill(task, home != NULL ? home : folder, more, environment);
	spec.environment = (const char *const *)environment->pdata;
	ok = process_run(&spec, &end, error);
	for (int i = 0; i < 2; i++) {
		if (ok)
			printed_line(&printed, printed.rest[i]->str, printed.rest[i]->len);
		g_string_free(printed.rest[i], TRUE);
	}
	return ok && end_check(&end, arguments[0], error);
}

// ---- Versions

static pthread_mutex_t versions_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *versions; // what identifies the file → what it printed

// A file that was replaced is another one.
static char *file_identity(const char *program)
{
	struct stat status;

	if (stat(program, &status) < 0)
		return g_strdup(program);
	return g_strdup_printf("%s %ju %jd %jd.%09ld", program, (uintmax_t)status.st_ino,
		(intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static char *version_known(const char *identity)
{
	char *found;

	pthread_mutex_lock(&versions_lock);
	if (versions == NULL)
		versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	found = g_strdup(g_hash_table_lookup(versions, identity));
	pthread_mutex_unlock(&versions_lock);
	return found;
}

char *script_version(
	const ScriptTask *task, const char *program, const char *argument, GError **error)
{
	g_autofree char *identity = file_identity(program);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	const char *arguments[] = {program, argument, NULL};
	char *version = version_known(identity);

	if (version != NULL)
		return version;
	if (!script_program_run(task, task->folder, NULL, arguments, NULL, lines, error))
		return NULL;
	version = g_strdup(lines->len > 0 ? lines->pdata[0] : "");
	pthread_mutex_lock(&versions_lock);
	g_hash_table_replace(versions, g_steal_pointer(&identity), g_strdup(version));
	pthread_mutex_unlock(&versions_lock);
	return version;
}

// ---- Failures

char *script_lines_find(const GPtrArray *lines, const char *before, const char *end)
{
	for (guint i = 0; i < lines->len; i++) {
		const char *at = strstr(lines->pdata[i], before);

		if (at == NULL)
			continue;
		at += strlen(before);
		return g_strndup(at, strcspn(at, end));
	}
	return NULL;
}

// What programs print when it is not the list that is wrong, the clearest first.
static const struct {
	const char *printed, *what;
	const char *
		look; // after what: an index that can be reached is the cure; NULL: no matter of an index
} troubles[] = {
#define NETWORK "the network of this node"
	{"Name or service not known", "the index's host is not known", NETWORK},
	{"No address associated with hostname", "the index's host is not known", NETWORK},
	{"ENOTFOUND", "the index's host is not known", NETWORK},
	{"Temporary failure in name resolution", "no name server answers", NETWORK},
	{"EAI_AGAIN", "no name server answers", NETWORK},
	{"Connection refused", "the index refuses connections", NETWORK},
	{"ECONNREFUSED", "the index refuses connections", NETWORK},
	{"Network is unreachable", "the network cannot be reached", NETWORK},
	{"ENETUNREACH", "the network cannot be reached", NETWORK},
	{"No route to host", "the network cannot be reached", NETWORK},
	{"EHOSTUNREACH", "the network cannot be reached", NETWORK},
	{"ConnectTimeoutError", "the index does not answer", NETWORK},
	{"ReadTimeoutError", "the index does not answer", NETWORK},
	{"ETIMEDOUT", "the index does not answer", NETWORK},
	{"ERR_SOCKET_TIMEOUT", "the index does not answer", NETWORK},
	{"ProxyError", "the proxy does not let it through", NETWORK},
#define CERTIFICATES "'PIP_CERT' or 'npm_config_cafile'"
	{"CERTIFICATE_VERIFY_FAILED", "the index's certificate is not trusted", CERTIFICATES},
	{"SELF_SIGNED_CERT", "the index's certificate is not trusted", CERTIFICATES},
	{"UNABLE_TO_GET_ISSUER_CERT", "the index's certificate is not trusted", CERTIFICATES},
	{"UNABLE_TO_VERIFY_LEAF_SIG", "the index's certificate is not trusted", CERTIFICATES},
	{"is not a trusted or secure host", "the index is not asked over https",
		"'PIP_TRUSTED_HOST'"},
#define CREDENTIALS "the credentials"
	{"401 Client Error", "the index wants other credentials", CREDENTIALS},
	{"403 Client Error", "the index wants other credentials", CREDENTIALS},
	{"code E401", "the index wants other credentials", CREDENTIALS},
	{"code E403", "the index wants other credentials", CREDENTIALS},
	{"No space left on device", "no space is left on the device", NULL},
	{"ENOSPC", "no space is left on the device", NULL},
	{"(from versions: none)", "the index has no such package, or cannot be reached",
		"its name and the network of this node"},
};

static char *trouble_of(const GPtrArray *lines, const char *index)
{
	for (size_t i = 0; i < G_N_ELEMENTS(troubles); i++) {
		g_autofree char *found = script_lines_find(lines, troubles[i].printed, "");

		if (found != NULL && troubles[i].look == NULL)
			return g_strdup(troubles[i].what);
		if (found != NULL)
			return g_strdup_printf(
				"%s; look after %s, or name another index by '%s' in 'env'",
				troubles[i].what, troubles[i].look, index);
	}
	return NULL;
}

void script_packages_fail(const ScriptTask *task, const GPtrArray *lines,
	const ScriptFailure *failure, GError **error)
{
	g_autofree char *trouble = trouble_of(lines, failure->index);
	const char *cause = trouble != NULL ? trouble : failure->cause;

	for (guint i = lines->len > SHOWN ? lines->len - SHOWN : 0; i < lines->len; i++)
		task_context_log(
			task->context, TASK_LOG_ERROR, "%s", (const char *)lines->pdata[i]);
	g_clear_error(error);
	if (failure->package != NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"cannot install the package '%s': %s", failure->package, cause);
	else
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot install the packages: %s",
			cause);
}

// ---- Environments

typedef struct {
	const ScriptTask *task;
	bool (*build)(const char *folder, void *data, GError **error);
	void *data;
} Build;

static bool build_timed(const char *folder, void *data, GError **error)
{
	const Build *build = data;
	g_autofree char *home = g_build_filename(folder, SCRIPT_BUILD_HOME, NULL);
	int64_t begin = g_get_monotonic_time();

	task_context_log(build->task->context, TASK_LOG_INFO, "building the packages' environment");
	if (g_mkdir_with_parents(home, 0700) < 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make the folder '%s': %s",
			home, g_strerror(errno));
		return false;
	}
	if (!build->build(folder, build->data, error))
		return false;
	folder_remove(home);
	task_context_log(build->task->context, TASK_LOG_INFO,
		"the packages' environment was built in %.1f s",
		(double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC);
	return true;
}

static void build_waits(void *data)
{
	const Build *build = data;

	task_context_log(build->task->context, TASK_LOG_INFO,
		"another task is building the packages' environment: waiting for it");
}

bool script_packages_take(ScriptTask *task, const char *key,
	bool (*build)(const char *folder, void *data, GError **error), void *data, GError **error)
{
	g_autofree char *variables = build_variables_identity(task);
	g_autofree char *whole = g_strdup_printf("%s\n%s", key, variables);
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, whole, -1);
	Build timed = {task, build, data};
	const PackageBuilder builder = {
		.build = build_timed,
		.waits = build_waits,
		.cancel_fd = task_context_cancel_fd(task->context),
		.data = &timed,
	};

	digest[32] = '\0'; // paths of programs in it must fit into a #! line
	task->packages =
		package_env_take(task_context_environments(task->context), digest, &builder, error);
	return task->packages != NULL;
}
