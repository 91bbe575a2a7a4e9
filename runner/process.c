#include "runner/process.h"

#include "runner/process_strays.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What the child needs, all worked out before: between vfork and exec it may only make system calls.
typedef struct {
	const ProcessSpec *spec;
	const char *program;
	int output[2];
	volatile int error;
	const char *volatile step;
} Start;

// The writing ends of the pipes stay open here as well: their closing at the child's end would wake us before it is
// dead, for nothing. What is left in them is read once it is.
typedef struct {
	pid_t pid;
	int pidfd;
	int output[2];
	int writing[2];
} Child;

static const char *environment_get(const char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment != NULL; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return NULL;
}

// The path of a program; NULL when there is none of that name.
static char *program_find(const ProcessSpec *spec)
{
	const char *name = spec->arguments[0];
	const char *path = environment_get(spec->environment, "PATH");

	if (strchr(name, '/') != NULL)
		return g_strdup(name);
	g_auto(GStrv) folders =
		g_strsplit(path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", ":", -1);
	for (char **folder = folders; *folder != NULL; folder++) {
		g_autofree char *candidate =
			g_build_filename(**folder != '\0' ? *folder : ".", name, NULL);

		if (access(candidate, X_OK) == 0)
			return g_steal_pointer(&candidate);
	}
	return NULL;
}

_Noreturn static void child_fail(Start *start, const char *step)
{
	start->error = errno;
	start->step = step;
	_exit(127);
}

// In the child, on the parent's memory, the parent being stopped: system calls only.
_Noreturn static void child_become(Start *start, int null_fd, const sigset_t *signals)
{
	const ProcessSpec *spec = start->spec;
	union {
		const char *const *in;
		char *const *out;
	} arguments = {.in = spec->arguments}, environment = {.in = spec->environment};

	for (int number = 1; number < 32; number++) {
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	}
	if (setsid() < 0)
		child_fail(start, "start a session for");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < spec->limit_count; i++) {
		struct rlimit limit = {spec->limits[i].value, spec->limits[i].value};

		if (setrlimit((__rlimit_resource_t)spec->limits[i].resource, &limit) < 0)
			child_fail(start, "limit");
	}
	if (chdir(spec->folder) < 0)
		child_fail(start, "enter the folder of");
	if (dup2(null_fd, 0) < 0 || dup2(start->output[0], 1) < 0 || dup2(start->output[1], 2) < 0)
		child_fail(start, "connect");
	syscall(SYS_close_range, 3U, ~0U, 0U);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execve(start->program, arguments.out, environment.out);
	child_fail(start, "start");
}

// Nothing may be kept in the frame that calls vfork: the child runs on it.
__attribute__((noinline)) static pid_t child_create(
	Start *start, int null_fd, const sigset_t *signals)
{
	pid_t pid = vfork();

	if (pid == 0)
		child_become(start, null_fd, signals);
	return pid;
}

static pid_t child_spawn(Start *start, int null_fd)
{
	sigset_t all, none, before;
	pid_t pid;

	// No signal handler of this process may run in the child on our memory.
	sigfillset(&all);
	sigemptyset(&none);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	process_child_starting();
	pid = child_create(start, null_fd, &none);
	process_child_started(pid);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void child_close(Child *child)
{
	fd_close(&child->pidfd);
	for (int i = 0; i < 2; i++) {
		fd_close(&child->output[i]);
		fd_close(&child->writing[i]);
	}
}

static bool child_start(const ProcessSpec *spec, Child *child, GError **error)
{
	g_autofree char *program = program_find(spec);
	Start start = {.spec = spec, .program = program};
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int failure = 0;

	if (program == NULL) {
		fd_close(&null_fd);
		g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT,
			"there is no program '%s' in PATH", spec->arguments[0]);
		return false;
	}
	if (null_fd < 0 || pipe2(pipes[0], O_CLOEXEC) < 0 || pipe2(pipes[1], O_CLOEXEC) < 0) {
		failure = errno;
	} else {
		start.output[0] = pipes[0][1];
		start.output[1] = pipes[1][1];
		child->pid = child_spawn(&start, null_fd);
		failure = child->pid < 0 ? errno : start.error;
	}
	fd_close(&null_fd);
	for (int i = 0; i < 2; i++) {
		child->output[i] = pipes[i][0];
		child->writing[i] = pipes[i][1];
	}
	child->pidfd = -1;
	if (failure == 0) {
		child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
		return true;
	}
	if (child->pid > 0) {
		waitpid(child->pid, NULL, 0);
		process_child_gone(child->pid);
	}
	child_close(child);
	g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "cannot %s '%s': %s",
		start.step != NULL ? start.step : "start", program, g_strerror(failure));
	return false;
}

// Reads what there is, at most a buffer full. False at the end of the stream.
static bool output_read(
	const ProcessSpec *spec, Child *child, int stream, char *buffer, size_t size)
{
	ssize_t length = read(child->output[stream - 1], buffer, size);

	if (length > 0)
		spec->output(stream, buffer, (size_t)length, spec->data);
	else if (length == 0 || errno != EINTR)
		fd_close(&child->output[stream - 1]);
	return length > 0;
}

// Reads the rest that is in the pipes without waiting for those who still hold their other ends.
static void output_drain(const ProcessSpec *spec, Child *child, char *buffer, size_t size)
{
	for (int stream = 1; stream <= 2; stream++) {
		struct pollfd poll_fd = {.fd = child->output[stream - 1], .events = POLLIN};

		while (poll_fd.fd >= 0 && poll(&poll_fd, 1, 0) > 0 &&
			output_read(spec, child, stream, buffer, size))
			;
	}
}

// What is to be done next about time.
typedef struct {
	int64_t deadline; // of the timeout, or of the grace; 0: none
	bool stopping;
} Watch;

static int watch_wait(const Watch *watch)
{
	int64_t left;

	if (watch->deadline == 0)
		return -1;
	left = watch->deadline - g_get_monotonic_time();
	return left <= 0 ? 0 : (int)MIN(left / 1000 + 1, G_MAXINT);
}

static void watch_stop(const ProcessSpec *spec, Child *child, Watch *watch)
{
	kill(-child->pid, watch->stopping ? SIGKILL : SIGTERM);
	if (!watch->stopping)
		kill(-child->pid, SIGCONT); // a stopped group takes no TERM
	watch->deadline = watch->stopping ? 0 : g_get_monotonic_time() + spec->grace;
	watch->stopping = true;
}

static bool child_ended(const Child *child)
{
	siginfo_t info = {0};

	// Left as a zombie: its number, and its group's, cannot be taken by another before we have killed the rest.
	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == child->pid;
}

static void child_watch(const ProcessSpec *spec, Child *child, ProcessEnd *end)
{
	enum { BUFFER = 65536 };
	g_autofree char *buffer = g_malloc(BUFFER);
	Watch watch = {.deadline = spec->timeout > 0 ? g_get_monotonic_time() + spec->timeout : 0};
	bool ended = false;

	while (!ended) {
		struct pollfd fds[] = {
			{.fd = child->output[0], .events = POLLIN},
			{.fd = child->output[1], .events = POLLIN},
			{.fd = child->pidfd, .events = POLLIN},
			{.fd = watch.stopping ? -1 : spec->cancel_fd, .events = POLLIN},
		};
		// Without a pidfd the ends of the streams tell, and a look now and then.
		int wait = child->pidfd >= 0 ? watch_wait(&watch) : 20;

		if (poll(fds, G_N_ELEMENTS(fds), wait) < 0 && errno != EINTR)
			break;
		for (int stream = 1; stream <= 2; stream++) {
			if (fds[stream - 1].revents != 0)
				output_read(spec, child, stream, buffer, BUFFER);
		}
		if (fds[3].revents != 0) {
			end->cancelled = true;
			watch_stop(spec, child, &watch);
		} else if (watch.deadline != 0 && g_get_monotonic_time() >= watch.deadline) {
			end->timed_out |= !watch.stopping;
			watch_stop(spec, child, &watch);
		}
		if (fds[2].revents != 0 || child->pidfd < 0)
			ended = child_ended(child);
	}
	kill(-child->pid, SIGKILL);
	process_strays_end(child->pid, spec->mark);
	output_drain(spec, child, buffer, BUFFER);
}

bool process_run(const ProcessSpec *spec, ProcessEnd *ret_end, GError **error)
{
	Child child = {.pid = -1, .pidfd = -1, .output = {-1, -1}, .writing = {-1, -1}};
	int status = 0;

	*ret_end = (ProcessEnd){0};
	if (!child_start(spec, &child, error))
		return false;
	child_watch(spec, &child, ret_end);
	child_close(&child);
	while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
		;
	process_child_gone(child.pid);
	ret_end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ret_end->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

// ---- What a dead node left behind

unsigned process_kill_marked(const char *name, const char *value)
{
	g_autofree char *entry = g_strdup_printf("%s=%s", name, value);
	g_autoptr(GDir) folder = g_dir_open("/proc", 0, NULL);
	const char *file;
	unsigned killed = 0;

	while (folder != NULL && (file = g_dir_read_name(folder)) != NULL) {
		pid_t pid = (pid_t)g_ascii_strtoll(file, NULL, 10);
		pid_t group;

		if (pid <= 1 || pid == getpid() || !process_has_entry(pid, entry))
			continue;
		group = getpgid(pid);
		if (group > 1 && group != getpgrp())
			kill(-group, SIGKILL);
		kill(pid, SIGKILL);
		killed++;
	}
	return killed;
}
