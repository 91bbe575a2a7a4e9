// The folder that the tasks of a working-directory share: made by the first that needs it, closed by a worker when the last has
// ended well, removed when the container's end is committed. See drive.h.
#include "runner/drive.h"

#include "runner/file_pattern.h"
#include "runner/folder.h"
#include "runner/run_files.h"
#include "runner/tasks/script_files.h"
#include "store/id.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char KIND[] = "working-directory";

static bool is_owner(const RunNode *node)
{
	return strcmp(node->task->kind->name, KIND) == 0;
}

const RunNode *shared_folder_owner(const RunNode *node)
{
	for (node = node->parent; node != NULL && node->task != NULL; node = node->parent) {
		if (is_owner(node))
			return node;
	}
	return NULL;
}

static char *folder_of(const Drive *drive, const RunNode *owner)
{
	return g_strdup_printf(
		"%s/%s.%s", runner_shared_folder(drive->runner), drive->id, owner->id);
}

// ---- What is kept between runs: the property cache

typedef struct {
	const char *from, *to;
	const json_t *patterns; // NULL: all
	GError *error;
} Copy;

static bool is_wanted(const json_t *patterns, const char *path)
{
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const char *pattern = json_string_value(json_array_get(patterns, i));

		if (pattern != NULL && file_pattern_matches(pattern, path))
			return true;
	}
	return patterns == NULL;
}

static bool copy_visit(const char *path, gpointer data)
{
	Copy *copy = data;
	g_autofree char *from = g_build_filename(copy->from, path, NULL);
	g_autofree char *to = g_build_filename(copy->to, path, NULL);
	g_autofree char *parent = g_path_get_dirname(to);
	struct stat status;

	if (!is_wanted(copy->patterns, path) || stat(from, &status) < 0)
		return true;
	g_mkdir_with_parents(parent, 0700);
	unlink(to);
	return run_file_copy(from, to, &copy->error) && chmod(to, status.st_mode & 0777) == 0;
}

static bool files_copy(const char *from, const char *to, const json_t *patterns, GError **error)
{
	Copy copy = {from, to, patterns, NULL};

	folder_walk(from, copy_visit, &copy);
	if (copy.error == NULL)
		return true;
	g_propagate_error(error, copy.error);
	return false;
}

static char *cache_path(const TaskContext *room)
{
	const Flow *flow = task_context_flow(room);

	return g_strdup_printf("%s/%s.%s.%s", runner_cache_folder(room->drive->runner),
		flow->namespace, flow->id, task_context_task(room)->id);
}

// Whether the cache is older than its ttl.
static bool cache_is_old(const char *path, const json_t *cache)
{
	const char *ttl = json_string_value(json_object_get(cache, "ttl"));
	struct stat status;
	int64_t longest;

	return ttl != NULL && duration_parse(ttl, &longest) && stat(path, &status) == 0 &&
	       g_get_real_time() - (int64_t)status.st_mtime * G_USEC_PER_SEC > longest;
}

static bool cache_restore(TaskContext *room, const char *folder, GError **error)
{
	g_autofree char *path = cache_path(room);
	json_t *cache = NULL;
	bool ok = task_context_json(room, "cache", &cache, error);

	if (ok && cache != NULL && g_file_test(path, G_FILE_TEST_IS_DIR) &&
		!cache_is_old(path, cache))
		ok = files_copy(path, folder, NULL, error);
	json_decref(cache);
	return ok;
}

// One that is still good stays as it is, so that its age counts from when it was made.
static bool cache_save(TaskContext *room, const char *folder, GError **error)
{
	g_autofree char *path = cache_path(room);
	g_autofree char *id = id_new();
	g_autofree char *fresh = g_strdup_printf("%s.new-%s", path, id);
	json_t *cache = NULL;
	bool ok = task_context_json(room, "cache", &cache, error);
	bool good = g_file_test(path, G_FILE_TEST_IS_DIR) &&
		    json_object_get(cache, "ttl") != NULL && !cache_is_old(path, cache);

	if (!ok || cache == NULL || good) {
		json_decref(cache);
		return ok;
	}
	ok = g_mkdir_with_parents(fresh, 0700) == 0 &&
	     files_copy(folder, fresh, json_object_get(cache, "patterns"), error);
	// The commit point. Between these two there is none, and the next run makes it again.
	if (ok)
		folder_remove(path);
	if (!ok || rename(fresh, path) < 0)
		folder_remove(fresh); // another run was faster
	json_decref(cache);
	return ok;
}

// ---- Making it

static bool close_run(TaskContext *room, TaskResult *result, GError **error);

static const TaskType closing = {KIND, TASK_OUTSIDE, 0, close_run, NULL};

static bool fill(TaskContext *room, GError **error)
{
	return task_context_scripts(room, error) != NULL &&
	       cache_restore(room, room->folder, error) &&
	       script_files_put(room, room->folder, error);
}

static bool make(Drive *drive, const RunNode *owner, const char *path, GError **error)
{
	union {
		const RunNode *in;
		RunNode *out;
	} node = {.in = owner};
	g_autofree char *id = id_new();
	TaskContext *room = task_context_new(drive, node.out, &closing);
	bool ok;

	room->folder = g_strdup_printf("%s.new-%s", path, id);
	room->shared = room->fills = true;
	ok = g_mkdir_with_parents(room->folder, 0700) == 0;
	if (!ok)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make the folder '%s': %s",
			room->folder, g_strerror(errno));
	ok = ok && fill(room, error);
	// The commit point. When another task was faster, its folder is the one.
	if (ok && renameat2(AT_FDCWD, room->folder, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
		ok = errno == EEXIST;
		if (!ok)
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"cannot make the folder '%s': %s", path, g_strerror(errno));
	}
	folder_remove(room->folder);
	task_context_free(room);
	if (!ok)
		g_prefix_error(error, "%s '%s': ", KIND, owner->task->id);
	return ok;
}

char *shared_folder_take(Drive *drive, const RunNode *owner, GError **error)
{
	const NodeExtra *extra = owner->extra;
	g_autofree char *path = folder_of(drive, owner);

	if (extra != NULL && extra->folder_lost) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_LOST,
			"lost: the folder of %s '%s' was on the node that died; restart the run to "
			"begin it anew",
			KIND, owner->task->id);
		return NULL;
	}
	if (!g_file_test(path, G_FILE_TEST_IS_DIR) && !make(drive, owner, path, error))
		return NULL;
	return g_steal_pointer(&path);
}

static void shared_folder_left(Drive *drive, const RunNode *node)
{
	g_autofree char *path = folder_of(drive, node);

	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		g_ptr_array_add(drive->left, g_steal_pointer(&path));
}

void shared_folders_check(Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);

	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];
		union {
			const RunNode *in;
			RunNode *out;
		} owner = {.in = shared_folder_owner(node)};
		g_autofree char *path = NULL;

		// Its end was committed, but its node died before the folder was removed.
		if (is_owner(node) && run_state_is_ended((RunState)node->state))
			shared_folder_left(drive, node);
		if (owner.in == NULL || run_state_is_ended((RunState)owner.in->state) ||
			!run_state_is_ended((RunState)node->state) || node->attempts == 0 ||
			node->container != NULL)
			continue;
		path = folder_of(drive, owner.in);
		if (!g_file_test(path, G_FILE_TEST_IS_DIR))
			node_extra(owner.out)->folder_lost = true;
	}
}

// ---- Closing it

// On a worker. A second time, after its node died, it does the same.
static bool close_run(TaskContext *room, TaskResult *result, GError **error)
{
	g_autofree char *path = folder_of(room->drive, room->node);
	json_t *files = json_object();
	bool ok;

	room->folder = g_strdup(path);
	room->shared = true;
	ok = script_files_keep(room, path, true, files, error) && cache_save(room, path, error);
	result->outputs = json_pack("{s:o}", "outputFiles", files);
	return ok;
}

void shared_folder_close_start(Drive *drive, RunNode *node)
{
	TaskContext *context = task_context_new(drive, node, &closing);

	node_extra(node)->context = context;
	drive->under_way++;
	runner_dispatch(drive->runner, context);
}

void shared_folder_close(Drive *drive, RunNode *node)
{
	const json_t *properties = node->task->properties;
	g_autofree char *path = folder_of(drive, node);

	if ((json_object_get(properties, "outputFiles") == NULL &&
		    json_object_get(properties, "cache") == NULL) ||
		!g_file_test(path, G_FILE_TEST_IS_DIR))
		run_graph_close(drive->graph, node, RUN_SUCCESS);
	else if (runner_slot_take(drive->runner, drive, node))
		shared_folder_close_start(drive, node);
	else
		drive_wait_slot(drive, node);
}

void shared_folder_closed(Drive *drive, TaskContext *context)
{
	RunNode *node = context->node;

	if (run_state_is_ended((RunState)node->state))
		return; // killed meanwhile
	pthread_mutex_lock(&drive->lock);
	json_decref(node->outputs);
	node->outputs = g_steal_pointer(&context->result.outputs);
	pthread_mutex_unlock(&drive->lock);
	drive_outputs_put(drive, node);
	drive_touch(drive, node);
	if (context->ok)
		run_graph_close(drive->graph, node, RUN_SUCCESS);
	else
		drive_decide_fail(drive, node, context->error->message);
}

void shared_folder_end(Drive *drive, RunNode *node)
{
	if (is_owner(node))
		g_ptr_array_add(drive->left, folder_of(drive, node));
}
