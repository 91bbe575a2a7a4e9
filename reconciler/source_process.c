#include "reconciler/source_process.h"

#include "reconciler/source_fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ANSWER_BYTES = 1024 * 1024, // more is no answer
};

struct FetchProcess {
	char *url;
	SourceAccess limits; // only its durations
	pid_t pid; // 0: it was waited for
	int output;
	GString *said; // the line that is not whole yet
	FetchPhase phase;
	int64_t began, beat; // monotonic
	json_t *document; // NULL until it answered
	GError *failure; // why it was ended, or ended without an answer
};

// ---- Starting -----------------------------------------------------------------------------------------------------

static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
}

static int spawn(pid_t *ret_pid, const char *url, int input, int output)
{
	char *arguments[] = {(char *)(uintptr_t)FETCHER_NAME, (char *)(uintptr_t)url, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	set_attributes(&attributes);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	int code =
		posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return code;
}

// A job is far smaller than what a pipe holds: the write does not wait.
static bool hand_over(int input, const FetchJob *job)
{
	json_t *document = fetch_job_json(job);
	char *text = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);
	size_t length = text == NULL ? 0 : strlen(text);
	bool good = length > 0 && write(input, text, length) == (ssize_t)length;

	free(text);
	json_decref(document);
	return good;
}

static int start(FetchProcess *self, const FetchJob *job)
{
	int input[2], output[2];

	if (pipe2(input, O_CLOEXEC) != 0)
		return errno;
	if (pipe2(output, O_CLOEXEC) != 0) {
		int code = errno;

		close(input[0]);
		close(input[1]);
		return code;
	}
	int code = spawn(&self->pid, self->url, input[0], output[1]);
	if (code == 0 && !hand_over(input[1], job))
		code = errno != 0 ? errno : EIO;
	close(input[0]);
	close(input[1]);
	close(output[1]);
	self->output = output[0];
	return code != 0 || fcntl(output[0], F_SETFL, O_NONBLOCK) == 0 ? code : errno;
}

FetchProcess *fetch_process_start(const FetchJob *job, GError **error)
{
	g_autoptr(FetchProcess) self = g_new0(FetchProcess, 1);

	self->output = -1;
	self->said = g_string_new(NULL);
	self->url = source_url_shown(job->url);
	self->limits = job->access;
	self->began = self->beat = g_get_monotonic_time();
	if (!source_fetcher_ready()) {
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_UNREACHABLE,
			"repository '%s' cannot be fetched by this program", self->url);
		return NULL;
	}
	int code = start(self, job);
	if (code == 0)
		return g_steal_pointer(&self);
	g_set_error(error, FETCH_ERROR, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be fetched: the process that does it cannot be started: %s",
		self->url, g_strerror(code));
	return NULL;
}

static void reap(FetchProcess *self, int *ret_status)
{
	*ret_status = 0;
	if (self->pid == 0)
		return;
	// With its whole group: it may have started ssh.
	kill(-self->pid, SIGKILL);
	while (waitpid(self->pid, ret_status, 0) < 0 && errno == EINTR)
		;
	self->pid = 0;
}

void fetch_process_free(FetchProcess *self)
{
	int status;

	if (self == NULL)
		return;
	reap(self, &status);
	if (self->output >= 0)
		close(self->output);
	g_string_free(self->said, TRUE);
	json_decref(self->document);
	g_clear_error(&self->failure);
	g_free(self->url);
	g_free(self);
}

// ---- Watching -----------------------------------------------------------------------------------------------------

int fetch_process_fd(const FetchProcess *self)
{
	return self->output;
}

static int64_t phase_limit(const FetchProcess *self)
{
	return self->phase == FETCH_CONNECT ? self->limits.connect_timeout
					    : self->limits.stall_timeout;
}

int64_t fetch_process_deadline(const FetchProcess *self)
{
	return MIN(self->beat + phase_limit(self), self->began + self->limits.fetch_timeout);
}

// What is said when nothing came for too long.
typedef struct {
	const char *what, *reason, *cure;
} Silence;

static const Silence SILENCES[FETCH_PHASES] = {
	[FETCH_LOCK] = {"fetched", "another process has been fetching it into the same mirror for",
		"see what it is, or raise stall_timeout"},
	[FETCH_LOOK] = {"fetched", "looking at its mirror has stood still for", "see to the disk"},
	[FETCH_CONNECT] = {"reached", "it did not answer within",
		"check the URL, the network and the server, or raise connect_timeout"},
	[FETCH_TRANSFER] = {"fetched", "its server has been silent for",
		"it is tried again; check the network and the server, or raise stall_timeout"},
	[FETCH_CHECK] = {"fetched", "checking what came has stood still for", "see to the disk"},
};
static const Silence TOO_LONG = {
	"fetched", "it took longer than", "see to the network, or raise fetch_timeout"};

static void give_up(FetchProcess *self, const Silence *silence, int64_t limit)
{
	self->failure = g_error_new(FETCH_ERROR, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be %s: %s %g s; %s", self->url, silence->what,
		silence->reason, (double)limit / G_USEC_PER_SEC, silence->cure);
}

// "2 5120": the phase, and what it has come to.
static void hear_beat(FetchProcess *self, const char *line, int64_t now)
{
	guint64 phase = g_ascii_strtoull(line, NULL, 10);

	if (phase < FETCH_PHASES)
		self->phase = (FetchPhase)phase;
	self->beat = now;
}

static void hear(FetchProcess *self, int64_t now)
{
	char *newline;

	while ((newline = memchr(self->said->str, '\n', self->said->len)) != NULL) {
		*newline = '\0';
		if (*self->said->str == '{' && self->document == NULL)
			self->document = json_loads(self->said->str, 0, NULL);
		else
			hear_beat(self, self->said->str, now);
		g_string_erase(self->said, 0, newline + 1 - self->said->str);
	}
}

// Reads what there is. False: nothing more will come.
static bool listen_to(FetchProcess *self, int64_t now)
{
	char buffer[8192];
	ssize_t got;

	while ((got = read(self->output, buffer, sizeof(buffer))) > 0) {
		g_string_append_len(self->said, buffer, got);
		hear(self, now);
		if (self->said->len > ANSWER_BYTES)
			return false;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void note_end(FetchProcess *self)
{
	int status;

	// Its output is closed, so it is ending; what it still does then is of no interest.
	reap(self, &status);
	if (self->document != NULL || self->failure != NULL)
		return;
	self->failure = g_error_new(FETCH_ERROR, FETCH_ERROR_UNREACHABLE,
		"repository '%s' cannot be fetched: the process that does it ended early (%s %d); "
		"it "
		"is tried again",
		self->url, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

bool fetch_process_step(FetchProcess *self, int64_t now)
{
	if (self->pid == 0)
		return true;
	bool goes_on = listen_to(self, now) && self->document == NULL;
	if (goes_on && now >= self->began + self->limits.fetch_timeout)
		give_up(self, &TOO_LONG, self->limits.fetch_timeout);
	else if (goes_on && now >= self->beat + phase_limit(self))
		give_up(self, &SILENCES[self->phase], phase_limit(self));
	if (goes_on && self->failure == NULL)
		return false;
	note_end(self);
	return true;
}

bool fetch_process_answer(FetchProcess *self, FetchAnswer *ret_answer, GError **error)
{
	*ret_answer = (FetchAnswer){0};
	if (self->failure == NULL)
		return fetch_answer_read(self->document, ret_answer, error);
	g_propagate_error(error, g_steal_pointer(&self->failure));
	return false;
}
