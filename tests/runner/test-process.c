// Processes: how they end, what they see, and that nothing of them is left.
#include "runner/process.h"
#include "runner/process_strays.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	GString *streams[2];
	ProcessEnd end;
	bool ok;
	char *error;
} Ran;

static void output(int stream, const char *bytes, size_t length, void *data)
{
	g_string_append_len(((Ran *)data)->streams[stream - 1], bytes, (gssize)length);
}

static Ran run_with(ProcessSpec spec, const char *script)
{
	const char *arguments[] = {"/bin/sh", "-c", script, NULL};
	const char *environment[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};
	Ran ran = {.streams = {g_string_new(NULL), g_string_new(NULL)}};
	g_autoptr(GError) error = NULL;

	if (spec.arguments == NULL)
		spec.arguments = arguments;
	spec.environment = environment;
	spec.folder = "/";
	spec.output = output;
	spec.data = &ran;
	ran.ok = process_run(&spec, &ran.end, &error);
	ran.error = error == NULL ? NULL : g_strdup(error->message);
	return ran;
}

static Ran run(const char *script)
{
	return run_with((ProcessSpec){.cancel_fd = -1, .grace = G_USEC_PER_SEC}, script);
}

static void clear(Ran *ran)
{
	g_string_free(ran->streams[0], TRUE);
	g_string_free(ran->streams[1], TRUE);
	g_free(ran->error);
}

static void test_ends(void)
{
	Ran ran = run("echo out; echo err >&2; exit 7");

	g_assert_true(ran.ok);
	g_assert_cmpint(ran.end.exit_code, ==, 7);
	g_assert_cmpint(ran.end.signal, ==, 0);
	g_assert_cmpstr(ran.streams[0]->str, ==, "out\n");
	g_assert_cmpstr(ran.streams[1]->str, ==, "err\n");
	clear(&ran);
	ran = run("kill -SEGV $$");
	g_assert_cmpint(ran.end.signal, ==, SIGSEGV);
	g_assert_cmpint(ran.end.exit_code, ==, 128 + SIGSEGV);
	clear(&ran);
}

static void test_sees_only_what_it_is_given(void)
{
	Ran ran = run("env | grep -v '^_=' | cut -d= -f1 | sort | tr '\\n' ' '; ls /proc/self/fd | "
		      "tr '\\n' ' '");

	// 3 is the folder that ls reads.
	g_assert_cmpstr(ran.streams[0]->str, ==, "ONLY PATH PWD 0 1 2 3 ");
	clear(&ran);
}

static void test_much_output(void)
{
	Ran ran = run("head -c 3000000 /dev/zero | tr '\\0' x");

	g_assert_cmpuint(ran.streams[0]->len, ==, 3000000);
	clear(&ran);
}

static void test_timeout(void)
{
	int64_t begin = g_get_monotonic_time();
	Ran ran = run_with((ProcessSpec){.cancel_fd = -1, .timeout = 100000, .grace = 100000},
		"trap '' TERM; sleep 30 & wait; sleep 30");

	g_assert_true(ran.end.timed_out);
	g_assert_cmpint(ran.end.signal, ==, SIGKILL);
	g_assert_cmpint(g_get_monotonic_time() - begin, <, 15 * G_USEC_PER_SEC);
	clear(&ran);
}

static void test_cancel_is_asked_first(void)
{
	int fd = eventfd(1, EFD_CLOEXEC);
	Ran ran = run_with((ProcessSpec){.cancel_fd = fd, .grace = 20 * G_USEC_PER_SEC},
		"trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done");

	g_assert_true(ran.end.cancelled);
	// It may have come before the trap was set.
	if (ran.end.signal == 0) {
		g_assert_cmpint(ran.end.exit_code, ==, 3);
		g_assert_cmpstr(ran.streams[0]->str, ==, "bye\n");
	}
	close(fd);
	clear(&ran);
}

static void test_leaves_nothing(void)
{
	// A child that keeps the streams open and would live on.
	int64_t begin = g_get_monotonic_time();
	Ran ran = run("sleep 60 & echo $!");
	g_autofree char *path = g_strdup_printf("/proc/%s", g_strstrip(ran.streams[0]->str));

	g_assert_cmpint(g_get_monotonic_time() - begin, <, 15 * G_USEC_PER_SEC);
	for (int i = 0; i < 400 && g_file_test(path, G_FILE_TEST_EXISTS); i++)
		g_usleep(5000);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	clear(&ran);
}

static bool is_gone(const char *pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%s", pid);

	for (int i = 0; i < 400 && g_file_test(path, G_FILE_TEST_EXISTS); i++)
		g_usleep(5000);
	return !g_file_test(path, G_FILE_TEST_EXISTS);
}

// In sessions of their own: one whose parent lives in the group, one whose parent is gone, one of their children.
static void test_ends_what_left_the_session(void)
{
	ProcessSpec spec = {.cancel_fd = -1, .grace = G_USEC_PER_SEC, .mark = "ONLY=this"};
	Ran ran = run_with(spec,
		"(setsid sh -c 'echo $$; exec sleep 60' & wait) &\n"
		"(setsid sh -c 'echo $$; exec sleep 60' &)\n"
		"(setsid sh -c 'setsid sh -c \"echo \\$\\$; exec sleep 60\" & exec sleep 60' &)\n"
		"sleep 0.3");
	g_auto(GStrv) pids = g_strsplit(g_strstrip(ran.streams[0]->str), "\n", -1);

	g_assert_cmpuint(g_strv_length(pids), ==, 3);
	for (char **pid = pids; *pid != NULL; pid++)
		g_assert_true(is_gone(*pid));
	clear(&ran);
}

static void test_leaves_others_alone(void)
{
	// A stray of another command, and a child that somebody else waits for.
	Ran other, ran;
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(7);
	other = run_with((ProcessSpec){.cancel_fd = -1, .mark = "ANOTHER=mark"},
		"(setsid env -u ONLY sh -c 'echo $$; exec sleep 60' &) ; sleep 0.2");
	ran = run_with((ProcessSpec){.cancel_fd = -1, .mark = "ONLY=this"}, "true");
	g_autofree char *pid = g_strdup(g_strstrip(other.streams[0]->str));
	g_assert_cmpint(kill((pid_t)g_ascii_strtoll(pid, NULL, 10), SIGKILL), ==, 0);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(WEXITSTATUS(status), ==, 7);
	clear(&other);
	clear(&ran);
	// Once it has ended it is reaped with the next command's.
	g_usleep(50000);
	ran = run("true");
	g_assert_true(is_gone(pid));
	clear(&ran);
}

static void *run_many(void *data)
{
	(void)data;
	for (int i = 0; i < 25; i++) {
		Ran ran = run_with((ProcessSpec){.cancel_fd = -1, .mark = "ANOTHER=mark"},
			"(setsid true &); exit 5");

		g_assert_cmpint(ran.end.exit_code, ==, 5);
		clear(&ran);
	}
	return NULL;
}

// Nobody's end is taken for that of an orphan.
static void test_ends_are_not_lost(void)
{
	pthread_t threads[4];

	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_create(&threads[i], NULL, run_many, NULL);
	run_many(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
}

static void test_limits(void)
{
	ProcessLimit limits[] = {{RLIMIT_FSIZE, 512}};
	Ran ran = run_with(
		(ProcessSpec){.cancel_fd = -1, .limits = limits, .limit_count = 1}, "ulimit -f");

	g_assert_cmpstr(ran.streams[0]->str, ==, "1\n");
	clear(&ran);
}

static void test_cannot_start(void)
{
	const char *missing[] = {"no-such-program", NULL};
	const char *folder[] = {"/", NULL};
	Ran ran = run_with((ProcessSpec){.arguments = missing, .cancel_fd = -1}, NULL);

	g_assert_false(ran.ok);
	g_assert_cmpstr(ran.error, ==, "there is no program 'no-such-program' in PATH");
	clear(&ran);
	ran = run_with((ProcessSpec){.arguments = folder, .cancel_fd = -1}, NULL);
	g_assert_false(ran.ok && ran.end.exit_code == 0);
	clear(&ran);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	process_adopt_orphans();
	g_test_add_func("/process/ends", test_ends);
	g_test_add_func("/process/sees-only-what-it-is-given", test_sees_only_what_it_is_given);
	g_test_add_func("/process/much-output", test_much_output);
	g_test_add_func("/process/timeout", test_timeout);
	g_test_add_func("/process/cancel-is-asked-first", test_cancel_is_asked_first);
	g_test_add_func("/process/leaves-nothing", test_leaves_nothing);
	g_test_add_func("/process/ends-what-left-the-session", test_ends_what_left_the_session);
	g_test_add_func("/process/leaves-others-alone", test_leaves_others_alone);
	g_test_add_func("/process/ends-are-not-lost", test_ends_are_not_lost);
	g_test_add_func("/process/limits", test_limits);
	g_test_add_func("/process/cannot-start", test_cannot_start);
	return g_test_run();
}
