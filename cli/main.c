#include "cli/command.h"
#include "reconciler/cron.h"
#include "reconciler/source_fetcher.h"
#include "repo-layout/flow.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>

// Characters as the user's locale says; with none set, UTF-8 rather than ASCII. Numbers and times
// stay those of the C locale: what weir prints is read by programs.
static void set_characters(void)
{
	const char *charset;

	setlocale(LC_CTYPE, "");
	if (!g_get_charset(&charset) && g_str_equal(charset, "ANSI_X3.4-1968"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
	int fetched = source_fetcher_main(argc, argv);

	if (fetched >= 0)
		return fetched;
	set_characters();
	// A file that grows past the process's limit is an error like a full disk, with a message, and not the end.
	signal(SIGXFSZ, SIG_IGN);
	g_set_prgname("weir");
	flow_check_schedule = cron_check;
	return command_main(argc, argv);
}
