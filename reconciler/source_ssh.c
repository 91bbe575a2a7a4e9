// Git's protocol over ssh, carried by OpenSSH's own client, as git does it: it knows every type of key and every form of
// known_hosts. (libssh2 1.10, which libgit2 would use, signs with RSA keys in a way that servers have refused since 2021.)
// Nothing is asked, no configuration of the user or the machine is read, a host's key is taken from known_hosts or not at all.
#include "reconciler/source_ssh.h"

#include "reconciler/source_fetch.h"
#include "reconciler/source_secret.h"
#include "reconciler/source_ssh_report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SAID_BYTES = 64 * 1024, // of ssh's stderr, that are kept
};

typedef struct {
	git_smart_subtransport parent;
	Fetch *fetch;
	struct SshStream *stream; // the one connection; NULL: none
} SshTransport;

typedef struct SshStream {
	git_smart_subtransport_stream parent;
	SshTransport *transport;
	pid_t pid;
	int to, from, errors; // descriptors
	GString *said; // on its stderr
	bool answered; // the server has sent something
} SshStream;

// ---- The passphrase -----------------------------------------------------------------------------------------------

bool ssh_asks_passphrase(int argc, char **argv)
{
	(void)argv;
	return argc == 2 && g_getenv(PASSPHRASE_VARIABLE) != NULL &&
	       g_getenv("SSH_ASKPASS") != NULL;
}

int ssh_answer_passphrase(void)
{
	const char *text = g_getenv(PASSPHRASE_VARIABLE);
	const char *colon = strchr(text, ':');
	const SecretPlace place = {"ssh_key_passphrase", colon == NULL ? "" : colon + 1,
		g_str_has_prefix(text, "env:")};
	char *secret = secret_read(&place, "", NULL);

	if (secret == NULL)
		return EXIT_FAILURE;
	puts(secret);
	secret_free(secret);
	return EXIT_SUCCESS;
}

// The environment of ssh: ours, and how it comes by the passphrase. The caller frees it.
static char **make_environment(const SourceAccess *access)
{
	SecretPlace place = secret_place_passphrase(access);
	char **environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);

	if (place.key == NULL)
		return environment;
	g_autofree char *told =
		g_strconcat(place.environment ? "env:" : "file:", place.place, NULL);
	// Not /proc/self: that would be ssh itself.
	g_autofree char *program = g_strdup_printf("/proc/%d/exe", (int)getpid());
	environment = g_environ_setenv(environment, PASSPHRASE_VARIABLE, told, TRUE);
	environment = g_environ_setenv(environment, "SSH_ASKPASS", program, TRUE);
	return g_environ_setenv(environment, "SSH_ASKPASS_REQUIRE", "force", TRUE);
}

// ---- The command --------------------------------------------------------------------------------------------------

static const char *const OPTIONS[] = {
	"ssh", "-F", "none", "-T", "-x", "-a", //
	"-o", "LogLevel=DEBUG1", // tells the fingerprints
	"-o", "StrictHostKeyChecking=yes", //
	"-o", "UpdateHostKeys=no", //
	"-o", "CheckHostIP=no", //
	"-o", "PreferredAuthentications=publickey", //
	"-o", "PasswordAuthentication=no", //
	"-o", "KbdInteractiveAuthentication=no", //
	"-o", "NumberOfPasswordPrompts=1", //
	"-o", "ClearAllForwardings=yes", //
	"-o", "PermitLocalCommand=no", //
};

static void add(GPtrArray *words, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *words, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(words, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

// Quoted, since a path may hold blanks; a '%' would begin a token.
static void add_option(GPtrArray *words, const char *name, const char *value)
{
	g_autoptr(GString) quoted = g_string_new(value);

	g_string_replace(quoted, "%", "%%", 0);
	g_string_replace(quoted, "\\", "\\\\", 0);
	g_string_replace(quoted, "\"", "\\\"", 0);
	add(words, "-o");
	add(words, "%s=\"%s\"", name, quoted->str);
}

static void add_trust(GPtrArray *words, const SourceAccess *access)
{
	if (access->known_hosts_file != NULL) {
		add_option(words, "UserKnownHostsFile", access->known_hosts_file);
		add_option(words, "GlobalKnownHostsFile", "/dev/null");
	}
	if (access->ssh_key_file != NULL) {
		add_option(words, "IdentityFile", access->ssh_key_file);
		add_option(words, "IdentitiesOnly", "yes");
		add_option(words, "IdentityAgent", "none");
	}
	// With a passphrase to give, ssh has to be let ask: its program is the only one that it can.
	if (secret_place_passphrase(access).key == NULL)
		add_option(words, "BatchMode", "yes");
}

// "git-upload-pack '/srv/it'\''s.git'".
static char *remote_command(const SourceUrl *url)
{
	g_auto(GStrv) parts = g_strsplit(url->path, "'", -1);
	g_autofree char *path = g_strjoinv("'\\''", parts);

	return g_strdup_printf("git-upload-pack '%s'", path);
}

static GPtrArray *make_command(const Fetch *fetch)
{
	const SourceAccess *access = &fetch->job.access;
	const char *user = fetch->url.user != NULL ? fetch->url.user : access->username;
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < G_N_ELEMENTS(OPTIONS); i++)
		add(words, "%s", OPTIONS[i]);
	add(words, "-o");
	add(words, "ConnectTimeout=%d", (int)(access->connect_timeout / G_USEC_PER_SEC) + 1);
	add_trust(words, access);
	if (fetch->url.port != 0) {
		add(words, "-p");
		add(words, "%d", fetch->url.port);
	}
	add(words, "-l");
	add(words, "%s", user != NULL ? user : "git");
	add(words, "--");
	add(words, "%s", fetch->url.host);
	g_ptr_array_add(words, remote_command(&fetch->url));
	g_ptr_array_add(words, NULL);
	return words;
}

// ---- Starting -----------------------------------------------------------------------------------------------------

// Says more than ssh would of a file that cannot be read.
static bool check_file(Fetch *fetch, const char *key, const char *path)
{
	if (path == NULL || access(path, R_OK) == 0)
		return true;
	fetch_fail(fetch, FETCH_ERROR_REFUSED,
		"repository '%s' cannot be fetched: '%s' of the source cannot be read: the file "
		"'%s': "
		"%s; put it there, readable by the user that runs weir",
		fetch->job.url, key, path, g_strerror(errno));
	return false;
}

static bool check_passphrase(Fetch *fetch)
{
	SecretPlace place = secret_place_passphrase(&fetch->job.access);

	if (place.key == NULL)
		return true;
	char *secret = secret_read(&place, fetch->job.url, &fetch->failure);
	bool good = secret != NULL;
	secret_free(secret);
	return good;
}

// In the child. The pipe tells the parent why ssh could not be started.
_Noreturn static void become_ssh(
	char **words, char **environment, int pipes[3][2], int trouble, pid_t parent)
{
	// A fetch that is killed takes ssh along, which might wait for its server for ever.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	dup2(pipes[0][0], STDIN_FILENO);
	dup2(pipes[1][1], STDOUT_FILENO);
	dup2(pipes[2][1], STDERR_FILENO);
	execvpe("ssh", words, environment);
	int code = errno;
	if (write(trouble, &code, sizeof(code)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

// Returns an errno, or 0. This process has one thread and no descriptors without CLOEXEC.
static int spawn(SshStream *stream, char **words, char **environment, int pipes[3][2])
{
	pid_t self = getpid();
	int trouble[2], code = 0;

	if (pipe2(trouble, O_CLOEXEC) != 0)
		return errno;
	stream->pid = fork();
	if (stream->pid == 0)
		become_ssh(words, environment, pipes, trouble[1], self);
	if (stream->pid < 0)
		code = errno;
	close(trouble[1]);
	// The end of the pipe without a word: ssh has begun.
	if (code == 0 && read(trouble[0], &code, sizeof(code)) != (ssize_t)sizeof(code))
		code = 0;
	close(trouble[0]);
	return code;
}

static bool start(SshStream *stream)
{
	Fetch *fetch = stream->transport->fetch;
	g_autoptr(GPtrArray) words = make_command(fetch);
	g_auto(GStrv) environment = make_environment(&fetch->job.access);
	int pipes[3][2];

	for (int i = 0; i < 3; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			return fetch_fail(fetch, FETCH_ERROR_UNREACHABLE,
				       "repository '%s' cannot be fetched: there can be no pipe: "
				       "%s; "
				       "let weir open more files",
				       fetch->job.url, g_strerror(errno)) == 0;
	}
	int code = spawn(stream, (char **)words->pdata, environment, pipes);
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	stream->to = pipes[0][1];
	stream->from = pipes[1][0];
	stream->errors = pipes[2][0];
	fcntl(stream->errors, F_SETFL, O_NONBLOCK);
	if (code == 0)
		return true;
	return fetch_fail(fetch, FETCH_ERROR_UNREACHABLE,
		       "repository '%s' cannot be fetched: ssh cannot be started: %s; install it "
		       "(Debian: openssh-client)",
		       fetch->job.url, g_strerror(code)) == 0;
}

// ---- The stream ---------------------------------------------------------------------------------------------------

// Takes what is on ssh's stderr. False: it is closed.
static bool hear(SshStream *stream)
{
	char buffer[4096];
	ssize_t got;

	while ((got = read(stream->errors, buffer, sizeof(buffer))) > 0) {
		if (stream->said->len < SAID_BYTES)
			g_string_append_len(stream->said, buffer, got);
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

// Until there is something to read, or ssh has closed its output.
static void wait_for_answer(SshStream *stream)
{
	struct pollfd waits[] = {
		{.fd = stream->from, .events = POLLIN}, {.fd = stream->errors, .events = POLLIN}};

	while (waits[0].revents == 0) {
		if (poll(waits, G_N_ELEMENTS(waits), -1) < 0 && errno != EINTR)
			return;
		if (waits[1].revents != 0 && !hear(stream))
			waits[1].fd = -1;
	}
}

// Takes what is still coming on stderr, up to its end.
static void hear_out(SshStream *stream)
{
	struct pollfd wait = {.fd = stream->errors, .events = POLLIN};

	while (poll(&wait, 1, -1) >= 0 && hear(stream))
		;
}

static int stream_read(
	git_smart_subtransport_stream *parent, char *buffer, size_t size, size_t *ret_read)
{
	SshStream *stream = (SshStream *)parent;
	ssize_t got;

	*ret_read = 0;
	wait_for_answer(stream);
	do {
		got = read(stream->from, buffer, size);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		stream->answered = true;
		*ret_read = (size_t)got;
		fetch_beat(stream->transport->fetch, FETCH_TRANSFER);
		return 0;
	}
	hear_out(stream);
	if (stream->answered)
		ssh_report_broken(stream->transport->fetch, stream->said->str);
	else
		ssh_report(stream->transport->fetch, stream->said->str);
	return -1;
}

static int stream_write(git_smart_subtransport_stream *parent, const char *buffer, size_t length)
{
	SshStream *stream = (SshStream *)parent;

	while (length > 0) {
		ssize_t written = write(stream->to, buffer, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1; // the read that follows tells why
		buffer += written;
		length -= (size_t)written;
	}
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stream_free(git_smart_subtransport_stream *parent)
{
	SshStream *stream = (SshStream *)parent;

	close_fd(&stream->to);
	close_fd(&stream->from);
	close_fd(&stream->errors);
	if (stream->pid > 0) {
		kill(stream->pid, SIGTERM);
		waitpid(stream->pid, NULL, 0);
	}
	stream->transport->stream = NULL;
	g_string_free(stream->said, TRUE);
	g_free(stream);
}

// ---- The transport ------------------------------------------------------------------------------------------------

static int transport_action(git_smart_subtransport_stream **ret, git_smart_subtransport *parent,
	const char *url, git_smart_service_t action)
{
	SshTransport *self = (SshTransport *)parent;
	const SourceAccess *access = &self->fetch->job.access;

	(void)url;
	(void)action;
	if (self->stream != NULL) {
		*ret = &self->stream->parent;
		return 0;
	}
	if (!check_file(self->fetch, "ssh_key_file", access->ssh_key_file) ||
		!check_file(self->fetch, "known_hosts_file", access->known_hosts_file) ||
		!check_passphrase(self->fetch))
		return -1;
	// A write to an ssh that has ended is an error, and not the end.
	signal(SIGPIPE, SIG_IGN);
	SshStream *stream = g_new0(SshStream, 1);
	stream->parent =
		(git_smart_subtransport_stream){parent, stream_read, stream_write, stream_free};
	stream->transport = self;
	stream->to = stream->from = stream->errors = -1;
	stream->said = g_string_new(NULL);
	self->stream = stream;
	if (!start(stream)) {
		stream_free(&stream->parent);
		return -1;
	}
	*ret = &stream->parent;
	return 0;
}

static int transport_close(git_smart_subtransport *parent)
{
	(void)parent;
	return 0;
}

static void transport_free(git_smart_subtransport *parent)
{
	g_free(parent);
}

static int create(git_smart_subtransport **ret, git_transport *owner, void *data)
{
	SshTransport *self = g_new0(SshTransport, 1);

	(void)owner;
	self->parent = (git_smart_subtransport){transport_action, transport_close, transport_free};
	self->fetch = data;
	*ret = &self->parent;
	return 0;
}

int fetch_transport_ssh(git_transport **ret, git_remote *owner, void *fetch)
{
	git_smart_subtransport_definition definition = {create, 0, fetch};

	return git_transport_smart(ret, owner, &definition);
}
