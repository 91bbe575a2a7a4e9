#include "reconciler/source_fetcher.h"

#include "reconciler/source_fetch.h"
#include "reconciler/source_secret.h"
#include "reconciler/source_ssh.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	BEAT_PAUSE = 100 * 1000,
};

static atomic_bool ready;

bool source_fetcher_ready(void)
{
	return atomic_load(&ready);
}

// ---- Speaking -----------------------------------------------------------------------------------------------------

// The parent is gone when this cannot be written: SIGPIPE then ends the process, or the signal of the parent's death does.
static void say(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written <= 0)
			_exit(EXIT_FAILURE);
		text += written;
		length -= (size_t)written;
	}
}

void fetch_beat(Fetch *fetch, FetchPhase phase)
{
	int64_t now = g_get_monotonic_time();
	char line[8];

	if (phase == fetch->phase && now - fetch->told < BEAT_PAUSE)
		return;
	fetch->phase = phase;
	fetch->told = now;
	say(line, (size_t)g_snprintf(line, sizeof(line), "%d\n", (int)phase));
}

int fetch_fail(Fetch *fetch, FetchError code, const char *format, ...)
{
	va_list arguments;

	if (fetch->failure != NULL)
		return -1;
	va_start(arguments, format);
	fetch->failure = g_error_new_valist(FETCH_ERROR, (int)code, format, arguments);
	va_end(arguments);
	return -1;
}

static void answer(const Fetch *fetch, const GError *failure)
{
	json_t *document = fetch_answer_json(&fetch->answer, failure);
	char *text = json_dumps(document, JSON_COMPACT);
	g_autofree char *line = g_strconcat(text, "\n", NULL);

	say(line, strlen(line));
	free(text);
	json_decref(document);
}

// ---- The process --------------------------------------------------------------------------------------------------

static json_t *read_job(Fetch *fetch)
{
	json_t *document = json_loadf(stdin, 0, NULL);

	if (document != NULL && fetch_job_read(document, &fetch->job) &&
		source_url_parse(fetch->job.url, &fetch->url, NULL))
		return document;
	fputs("weir: error: this name is for weir's own use\n", stderr);
	json_decref(document);
	return NULL;
}

static int fetcher_main(void)
{
	Fetch fetch = {.phase = FETCH_PHASES, .lock = -1, .said = g_string_new(NULL)};
	g_autoptr(GError) error = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	json_t *document = read_job(&fetch);
	if (document == NULL)
		return EXIT_FAILURE;
	// The parent may have died before the signal of its death was asked for.
	if (getppid() != (pid_t)fetch.job.parent)
		return EXIT_FAILURE;
	fetch_run(&fetch, &error);
	answer(&fetch, error);
	g_clear_error(&fetch.failure);
	git_repository_free(fetch.mirror);
	fetch_answer_clear(&fetch.answer);
	source_url_clear(&fetch.url);
	g_string_free(fetch.said, TRUE);
	json_decref(document);
	return EXIT_SUCCESS;
}

int source_fetcher_main(int argc, char **argv)
{
	if (argc >= 1 && strcmp(argv[0], FETCHER_NAME) == 0)
		return fetcher_main();
	if (ssh_asks_passphrase(argc, argv))
		return ssh_answer_passphrase();
	atomic_store(&ready, true);
	return -1;
}
