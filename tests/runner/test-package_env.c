// Environments: built once however many want them first, never half, and gone when nobody has used them for long.
#include "runner/package_env.h"

#include "runner/folder.h"
#include "runner/task_type.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int builds;

static bool build(const char *folder, void *data, GError **error)
{
	g_autofree char *file = g_build_filename(folder, "file", NULL);

	atomic_fetch_add(&builds, 1);
	g_usleep(30000);
	return g_file_set_contents(file, data, -1, error);
}

static bool build_badly(const char *folder, void *data, GError **error)
{
	(void)folder, (void)data;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "no luck");
	return false;
}

static bool build_and_die(const char *folder, void *data, GError **error)
{
	build(folder, data, error);
	kill(getpid(), SIGKILL);
	return true;
}

static char *root_new(void)
{
	g_autoptr(GError) error = NULL;
	char *root = g_dir_make_tmp("weir-env-XXXXXX", &error);

	g_assert_no_error(error);
	return root;
}

static void root_end(char *root)
{
	folder_remove(root);
	g_free(root);
}

static unsigned entries(const char *root)
{
	g_autoptr(GDir) folder = g_dir_open(root, 0, NULL);
	unsigned count = 0;

	while (g_dir_read_name(folder) != NULL)
		count++;
	return count;
}

static PackageEnv *take(const char *root, const char *digest)
{
	char text[] = "x";
	PackageBuilder builder = {.build = build, .cancel_fd = -1, .data = text};
	g_autoptr(GError) error = NULL;
	PackageEnv *env = package_env_take(root, digest, &builder, &error);

	g_assert_no_error(error);
	return env;
}

static void *take_in_thread(void *data)
{
	g_autoptr(PackageEnv) env = take(data, "d");
	g_autofree char *file = g_build_filename(package_env_folder(env), "file", NULL);

	g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
	return NULL;
}

static void test_built_once(void)
{
	char *root = root_new();
	pthread_t threads[8];

	atomic_store(&builds, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_create(&threads[i], NULL, take_in_thread, root);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	g_assert_cmpint(atomic_load(&builds), ==, 1);
	g_assert_cmpuint(entries(root), ==, 3); // the link, the folder, the lock
	root_end(root);
}

static void test_processes_share(void)
{
	char *root = root_new();
	pid_t pids[4];

	for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			package_env_give_back(take(root, "d"));
			_exit(0);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	g_assert_cmpuint(entries(root), ==, 3);
	root_end(root);
}

static void test_killed_half_way(void)
{
	char *root = root_new();
	pid_t pid = fork();
	int status;
	g_autofree char *link = g_build_filename(root, "d", NULL);

	if (pid == 0) {
		char text[] = "half";
		PackageBuilder builder = {.build = build_and_die, .cancel_fd = -1, .data = text};

		package_env_take(root, "d", &builder, NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	g_assert_true(WIFSIGNALED(status));
	g_assert_cmpuint(entries(root), ==, 2); // what it had begun, and the lock
	g_assert_false(g_file_test(link, G_FILE_TEST_EXISTS));
	atomic_store(&builds, 0);
	g_autoptr(PackageEnv) env = take(root, "d");
	g_assert_cmpint(atomic_load(&builds), ==, 1);
	g_assert_cmpuint(entries(root), ==, 3); // what was half there is gone
	root_end(root);
}

static void test_sweep_takes_what_killed_builds_left(void)
{
	char *root = root_new();
	g_autofree char *left = g_build_filename(root, "d.01", NULL);
	g_autoptr(PackageEnv) env = take(root, "d");

	g_assert_cmpint(g_mkdir_with_parents(left, 0700), ==, 0);
	g_assert_cmpuint(package_env_sweep(root, PACKAGE_ENV_UNUSED), ==, 0);
	g_assert_true(g_file_test(left, G_FILE_TEST_EXISTS)); // in use: it may be being built
	g_clear_pointer(&env, package_env_give_back);
	g_assert_cmpuint(package_env_sweep(root, PACKAGE_ENV_UNUSED), ==, 0);
	g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
	g_assert_cmpuint(entries(root), ==, 3);
	root_end(root);
}

static void test_failure(void)
{
	char *root = root_new();
	PackageBuilder builder = {.build = build_badly, .cancel_fd = -1};
	g_autoptr(GError) error = NULL;

	g_assert_null(package_env_take(root, "d", &builder, &error));
	g_assert_cmpstr(error->message, ==, "no luck");
	g_assert_cmpuint(entries(root), ==, 1); // the lock
	package_env_give_back(take(root, "d")); // the next one may succeed
	root_end(root);
}

static atomic_int failures, waiters;

static bool build_badly_slowly(const char *folder, void *data, GError **error)
{
	(void)folder, (void)data;
	atomic_fetch_add(&builds, 1);
	for (int i = 0; i < 2000 && atomic_load(&waiters) < 5; i++)
		g_usleep(5000);
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "no luck today");
	return false;
}

static void note_waiting(void *data)
{
	(void)data;
	atomic_fetch_add(&waiters, 1);
}

static void *fail_in_thread(void *root)
{
	PackageBuilder builder = {
		.build = build_badly_slowly, .waits = note_waiting, .cancel_fd = -1};
	g_autoptr(GError) error = NULL;

	g_assert_null(package_env_take(root, "d", &builder, &error));
	g_assert_cmpstr(error->message, ==, "no luck today");
	atomic_fetch_add(&failures, 1);
	return NULL;
}

// Those who waited for a build that failed do not try it one after the other; who comes later tries.
static void test_failure_is_shared(void)
{
	char *root = root_new();
	pthread_t threads[6];

	atomic_store(&builds, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_create(&threads[i], NULL, fail_in_thread, root);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	g_assert_cmpint(atomic_load(&failures), ==, 6);
	g_assert_cmpint(atomic_load(&waiters), ==, 5); // each says so once
	g_assert_cmpint(atomic_load(&builds), ==, 1);
	g_usleep(20000); // the clock of the file system is a coarse one
	package_env_give_back(take(root, "d"));
	g_assert_cmpint(atomic_load(&builds), ==, 2);
	root_end(root);
}

static void test_removed_by_age(void)
{
	char *root = root_new();
	g_autoptr(PackageEnv) used = take(root, "used");

	package_env_give_back(take(root, "old"));
	g_assert_cmpuint(package_env_sweep(root, 3600LL * G_USEC_PER_SEC), ==, 0);
	g_assert_cmpuint(package_env_sweep(root, 0), ==, 1); // the other one is in use
	g_assert_cmpuint(entries(root), ==, 3);
	g_assert_true(g_file_test(package_env_folder(used), G_FILE_TEST_IS_DIR));
	g_clear_pointer(&used, package_env_give_back);
	g_assert_cmpuint(package_env_sweep(root, 0), ==, 1);
	g_assert_cmpuint(entries(root), ==, 0);
	root_end(root);
}

// Taking and removing at the same time: nobody is handed what is being removed.
static void *take_often(void *data)
{
	for (int i = 0; i < 20; i++)
		take_in_thread(data);
	return NULL;
}

static void test_taken_while_swept(void)
{
	char *root = root_new();
	pthread_t threads[3];

	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_create(&threads[i], NULL, take_often, root);
	for (int i = 0; i < 200; i++) {
		package_env_sweep(root, 0);
		g_usleep(1000);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	root_end(root);
}

// Tells that it has begun, and takes its time.
static bool build_slowly(const char *folder, void *data, GError **error)
{
	const int *pipes = data;

	(void)folder, (void)error;
	g_assert_cmpint(write(pipes[1], "x", 1), ==, 1);
	sleep(60);
	return true;
}

static void test_cancelled(void)
{
	char *root = root_new();
	int fd = eventfd(1, EFD_CLOEXEC);
	PackageBuilder builder = {.build = build, .cancel_fd = fd};
	g_autoptr(GError) error = NULL;
	int pipes[2];
	char byte;
	pid_t pid;

	g_assert_cmpint(pipe(pipes), ==, 0);
	pid = fork();
	if (pid == 0) {
		PackageBuilder slow = {.build = build_slowly, .cancel_fd = -1, .data = pipes};

		package_env_take(root, "d", &slow, NULL);
		_exit(0);
	}
	g_assert_cmpint(read(pipes[0], &byte, 1), ==, 1);
	g_assert_null(package_env_take(root, "d", &builder, &error));
	g_assert_cmpstr(
		error->message, ==, "stopped while another task was building the environment");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	root_end(root);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/package-env/built-once", test_built_once);
	g_test_add_func("/package-env/processes-share", test_processes_share);
	g_test_add_func("/package-env/killed-half-way", test_killed_half_way);
	g_test_add_func("/package-env/sweep-takes-what-killed-builds-left",
		test_sweep_takes_what_killed_builds_left);
	g_test_add_func("/package-env/failure", test_failure);
	g_test_add_func("/package-env/failure-is-shared", test_failure_is_shared);
	g_test_add_func("/package-env/removed-by-age", test_removed_by_age);
	g_test_add_func("/package-env/taken-while-swept", test_taken_while_swept);
	g_test_add_func("/package-env/cancelled", test_cancelled);
	return g_test_run();
}
