#include "cli/doctor_checks.h"

#include "api/listen.h"
#include "cli/store_path.h"
#include "repo-layout/git_format.h"
#include "store/domain.h"
#include "store/id.h"
#include "store/node.h"
#include "store/run.h"
#include "store/timestamp.h"

#include <errno.h>
#include <ftw.h>
#include <git2.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define LEAST_FREE_BYTES (1LL << 30)
#define LARGEST_LOG	 (256LL << 20)
#define CLOCK_SLACK_US	 (5LL * G_USEC_PER_SEC)
#define OLDEST_CLOCK_US	 1767225600000000LL // 2026-01-01: no clock that is right shows less

void doctor_finding_clear(DoctorFinding *finding)
{
	g_clear_pointer(&finding->message, g_free);
	g_clear_pointer(&finding->cure, g_free);
}

// Both texts are taken over.
static void find(DoctorFinding *finding, DoctorVerdict verdict, char *message, char *cure)
{
	finding->verdict = verdict;
	finding->message = message;
	finding->cure = cure;
}

static Store *open_store(const DoctorSubject *subject, GError **error)
{
	const char *file = store_path_file(subject->store_url);

	if (file != NULL && !g_file_test(file, G_FILE_TEST_EXISTS)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "there is none at '%s'", file);
		return NULL;
	}
	return store_open(subject->store_url, STORE_READ_ONLY, error);
}

static void check_store(const DoctorSubject *subject, DoctorFinding *finding)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = open_store(subject, &error);
	const char *hint = store_error_hint(error);

	if (store == NULL && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		find(finding, DOCTOR_WARNING, g_strdup(error->message),
			g_strdup("'weir serve PATH' makes it; '--store' or $WEIR_STORE names "
				 "another"));
	else if (store == NULL)
		find(finding, DOCTOR_FAILED, g_strdup(error->message),
			g_strdup(hint != NULL ? hint
					      : "see what the message names; a copy of the last "
						"good file can take "
						"its place while no weir runs"));
	else if (subject->deep && !store_check_integrity(store, &error))
		find(finding, DOCTOR_FAILED, g_strdup(error->message),
			g_strdup("stop weir, keep a copy of the file, and restore the last good "
				 "one"));
	else
		find(finding, DOCTOR_OK,
			g_strdup_printf("%s, version %d", subject->store_url, store_version(store)),
			NULL);
}

// The size of the file that nftw() is at, added up; it has no argument of the caller's.
static _Thread_local int64_t files_bytes;

static int add_size(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)path;
	(void)walk;
	if (flag == FTW_F)
		files_bytes += status->st_blocks * 512;
	return 0;
}

static char *sizes_text(Store *store, const DbRoom *room, const char *folder)
{
	g_autofree char *files = g_build_filename(folder, "files", NULL);
	g_autofree char *bytes = g_format_size((guint64)room->bytes);
	g_autofree char *unused = g_format_size((guint64)room->free);
	g_autofree char *log = g_format_size((guint64)room->log);
	int64_t runs = 0;
	char oldest[ID_SIZE];
	char since[TIMESTAMP_SIZE];

	files_bytes = 0;
	nftw(files, add_size, 16, FTW_PHYS);
	g_autofree char *kept = g_format_size((guint64)files_bytes);
	if (!store_runs_count(store, &runs, oldest, NULL) || runs == 0)
		return g_strdup_printf("store %s (%s free in it), log %s, kept files %s; no runs",
			bytes, unused, log, kept);
	return g_strdup_printf("store %s (%s free in it), log %s, kept files %s; %" G_GINT64_FORMAT
			       " run%s since %.10s",
		bytes, unused, log, kept, runs, runs == 1 ? "" : "s",
		timestamp_format(id_time(oldest), since));
}

static void check_sizes(const DoctorSubject *subject, DoctorFinding *finding)
{
	g_autofree char *folder = store_path_data_folder(subject->store_url);
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = open_store(subject, &error);
	DbRoom room;

	if (store == NULL || !store_room(store, &room, &error)) {
		find(finding, DOCTOR_OK, g_strdup("no store to measure"), NULL);
		return;
	}
	char *text = sizes_text(store, &room, folder);
	if (room.log > LARGEST_LOG)
		find(finding, DOCTOR_WARNING, text,
			g_strdup("something keeps the log from beginning anew: end whoever reads "
				 "the store without an end (a sqlite3 shell, a backup)"));
	else
		find(finding, DOCTOR_OK, text, NULL);
}

static void check_local_repository(const char *path, DoctorFinding *finding)
{
	git_repository *repository = NULL;

	git_libgit2_init();
	if (!git_format_is_known(path)) {
		find(finding, DOCTOR_FAILED, g_strdup_printf(GIT_FORMAT_REFUSED, path), NULL);
	} else if (git_repository_open_ext(
			   &repository, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0) {
		find(finding, DOCTOR_OK, g_strdup(path), NULL);
	} else {
		const git_error *reason = git_error_last();

		find(finding, DOCTOR_FAILED,
			g_strdup_printf("cannot open '%s': %s", path,
				reason != NULL ? reason->message : "unknown reason"),
			g_strdup("name the folder that holds '.git', or a bare repository, and let "
				 "the "
				 "user that runs weir read it"));
	}
	git_repository_free(repository);
	git_libgit2_shutdown();
}

static void check_url(const char *url, const char *fault, DoctorFinding *finding)
{
	g_autofree char *scheme = g_uri_parse_scheme(url);

	if (g_str_has_prefix(url, "file://"))
		check_local_repository(url + strlen("file://"), finding);
	else if (scheme == NULL && strchr(url, ':') == NULL)
		check_local_repository(url, finding);
	else if (fault != NULL)
		find(finding, DOCTOR_FAILED, g_strdup_printf("%s: %s", url, fault),
			g_strdup("check the address, the network and the credentials"));
	else
		find(finding, DOCTOR_OK, g_strdup(url), NULL);
}

static void check_repository(const DoctorSubject *subject, DoctorFinding *finding)
{
	g_autoptr(GPtrArray) sources = NULL;
	g_autoptr(Store) store = NULL;

	if (subject->repository != NULL) {
		check_url(subject->repository, NULL, finding);
		return;
	}
	store = open_store(subject, NULL);
	if (store == NULL || !store_sources_list(store, &sources, NULL) || sources->len == 0) {
		find(finding, DOCTOR_WARNING, g_strdup("the store names none yet"),
			g_strdup("'weir serve PATH' follows one"));
		return;
	}
	for (guint i = 0; i < sources->len && finding->verdict == DOCTOR_OK; i++) {
		const StoreSource *source = g_ptr_array_index(sources, i);

		doctor_finding_clear(finding);
		check_url(source->url, source->error, finding);
	}
}

static void check_data_folder(const DoctorSubject *subject, DoctorFinding *finding)
{
	g_autofree char *folder = store_path_data_folder(subject->store_url);

	if (access(folder, R_OK | W_OK | X_OK) == 0)
		find(finding, DOCTOR_OK, g_strdup(folder), NULL);
	else if (errno == ENOENT)
		find(finding, DOCTOR_WARNING, g_strdup_printf("'%s' is not there yet", folder),
			g_strdup("'weir serve' makes it"));
	else if (errno == EROFS)
		find(finding, DOCTOR_FAILED,
			g_strdup_printf("cannot use '%s': %s", folder, g_strerror(errno)),
			g_strdup("mount its disk for writing, or keep the store elsewhere: "
				 "--store"));
	else
		find(finding, DOCTOR_FAILED,
			g_strdup_printf("cannot use '%s': %s", folder, g_strerror(errno)),
			g_strdup_printf(
				"give it to the user that runs weir: chown $USER '%s'", folder));
}

// The latest moment that the store remembers: a clock that shows less was put back.
static int64_t latest_beat(const DoctorSubject *subject)
{
	g_autoptr(Store) store = open_store(subject, NULL);
	g_autoptr(GPtrArray) nodes = NULL;
	int64_t latest = 0;

	if (store == NULL || !store_nodes_list(store, &nodes, NULL))
		return 0;
	for (guint i = 0; i < nodes->len; i++)
		latest = MAX(latest, ((const StoreNode *)g_ptr_array_index(nodes, i))->beat_at);
	return latest;
}

static void check_clock(const DoctorSubject *subject, DoctorFinding *finding)
{
	int64_t now = timestamp_now();
	struct timex state = {0};
	char text[TIMESTAMP_SIZE];

	timestamp_format(now, text);
	if (now < OLDEST_CLOCK_US || now + CLOCK_SLACK_US < latest_beat(subject))
		find(finding, DOCTOR_FAILED,
			g_strdup_printf("it shows %s, which is in the past", text),
			g_strdup("set it, and keep it right with an NTP client (systemd-timesyncd, "
				 "chrony)"));
	else if (adjtimex(&state) == TIME_ERROR)
		find(finding, DOCTOR_WARNING,
			g_strdup_printf("%s, but nothing keeps it right", text),
			g_strdup("run an NTP client (systemd-timesyncd, chrony)"));
	else
		find(finding, DOCTOR_OK, g_strdup(text), NULL);
}

static void check_git(const DoctorSubject *subject, DoctorFinding *finding)
{
	int features = git_libgit2_features();
	int major;
	int minor;
	int patch;

	(void)subject;
	git_libgit2_version(&major, &minor, &patch);
	if ((features & GIT_FEATURE_HTTPS) == 0 || (features & GIT_FEATURE_SSH) == 0)
		find(finding, DOCTOR_WARNING,
			g_strdup_printf("libgit2 %d.%d.%d was built without %s", major, minor,
				patch, (features & GIT_FEATURE_HTTPS) == 0 ? "https" : "ssh"),
			g_strdup("local repositories work; install the distribution's libgit2 for "
				 "others"));
	else
		find(finding, DOCTOR_OK,
			g_strdup_printf("libgit2 %d.%d.%d with https and ssh", major, minor, patch),
			NULL);
}

static void check_disk(const DoctorSubject *subject, DoctorFinding *finding)
{
	g_autofree char *folder = store_path_data_folder(subject->store_url);
	struct statvfs disk;
	int64_t bytes;

	while (!g_file_test(folder, G_FILE_TEST_IS_DIR) && strcmp(folder, "/") != 0) {
		char *parent = g_path_get_dirname(folder);

		g_free(folder);
		folder = parent;
	}
	if (statvfs(folder, &disk) != 0) {
		find(finding, DOCTOR_FAILED,
			g_strdup_printf("cannot look at '%s': %s", folder, g_strerror(errno)),
			NULL);
		return;
	}
	bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	g_autofree char *size = g_format_size((guint64)bytes);
	if (bytes < LEAST_FREE_BYTES)
		find(finding, DOCTOR_WARNING, g_strdup_printf("%s free at '%s'", size, folder),
			g_strdup("free some, or move the store: each table is written whole before "
				 "it takes the place of the old one"));
	else
		find(finding, DOCTOR_OK, g_strdup_printf("%s free at '%s'", size, folder), NULL);
}

static void check_port(const DoctorSubject *subject, DoctorFinding *finding)
{
	g_autoptr(GError) error = NULL;
	ListenSocket listening;

	if (listen_socket_open(&listening, subject->listen, &error)) {
		close(listening.descriptor);
		find(finding, DOCTOR_OK, g_strdup_printf("%s is free", subject->listen), NULL);
	} else if (g_error_matches(error, G_FILE_ERROR, (int)g_file_error_from_errno(EADDRINUSE))) {
		find(finding, DOCTOR_WARNING, g_strdup_printf("%s is in use", subject->listen),
			g_strdup("all is well when that is weir itself; else '--listen' takes "
				 "another "
				 "address"));
	} else {
		find(finding, DOCTOR_FAILED, g_strdup(error->message), NULL);
	}
}

const DoctorCheck doctor_checks[] = {
	{"store", check_store},
	{"sizes", check_sizes},
	{"repository", check_repository},
	{"data folder", check_data_folder},
	{"clock", check_clock},
	{"git", check_git},
	{"disk", check_disk},
	{"port", check_port},
	{NULL, NULL},
};
