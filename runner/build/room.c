#include "runner/build/room.h"

#include <sys/statvfs.h>
#include <unistd.h>

enum {
	FULL_FRACTION = 100, // less free than that part of the disk is called full
};

// Where SQLite puts what it stages: the first of these that is a folder it can write.
static char *temporary_folder(void)
{
	const char *const places[] = {
		g_getenv("SQLITE_TMPDIR"), g_getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp"};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		if (places[i] != NULL && g_file_test(places[i], G_FILE_TEST_IS_DIR) &&
			access(places[i], W_OK | X_OK) == 0)
			return g_strdup(places[i]);
	return g_strdup(".");
}

// "12.3 kB", with a plain blank.
static char *size_text(guint64 bytes)
{
	g_autofree char *text = g_format_size(bytes);
	g_auto(GStrv) parts = g_strsplit(text, "\u00a0", -1);

	return g_strjoinv(" ", parts);
}

// "12.3 kB of 8.4 MB free", and what else may be the cause when that is not what is missing.
static char *room_text(const char *folder)
{
	struct statvfs disk;
	guint64 free_bytes, all_bytes;

	if (folder == NULL || statvfs(folder, &disk) < 0)
		return g_strdup("the disk is full, or a quota is reached");
	if (disk.f_files > 0 && disk.f_favail == 0)
		return g_strdup("no file more can be made on the disk: it has no inode left");
	free_bytes = (guint64)disk.f_bavail * disk.f_frsize;
	all_bytes = (guint64)disk.f_blocks * disk.f_frsize;
	g_autofree char *left = size_text(free_bytes);
	g_autofree char *all = size_text(all_bytes);

	return g_strdup_printf("%s of %s free%s", left, all,
		free_bytes > all_bytes / FULL_FRACTION
			? ": a quota or a limit on the size of files is reached"
			: "");
}

// "there is no more room in …": of the disk, or of the temporary folder when url is NULL.
static char *lack_text(const char *url)
{
	g_autofree char *folder = url == NULL ? temporary_folder() : db_folder(url);
	g_autofree char *room = room_text(folder);

	return g_strdup_printf("there is no more room in '%s'%s (%s)",
		folder != NULL ? folder : url, url == NULL ? " for temporary files" : "", room);
}

static const char *cure_text(const char *url)
{
	return url == NULL ? "make room there, or have SQLITE_TMPDIR name a folder with more, and "
			     "run it again"
			   : "make room there and run it again";
}

void room_explain(const Build *build, GError **error)
{
	const char *url = build->publishing ? build->request->url : NULL;
	g_autofree char *lack = NULL;

	if (!g_error_matches(*error, DB_ERROR, DB_ERROR_FULL))
		return;
	lack = lack_text(url);
	g_clear_error(error);
	g_set_error(error, DB_ERROR, DB_ERROR_FULL, "cannot %s '%s.%s': %s;%s %s",
		build->publishing ? "publish" : "stage the rows of", build->dataset, build->name,
		lack, build->publishing ? " the table is as it was;" : "", cure_text(url));
}

void room_explain_query(const char *url, GError **error)
{
	g_autofree char *lack = lack_text(url);

	g_clear_error(error);
	g_set_error(error, DB_ERROR, DB_ERROR_FULL, "%s; %s", lack, cure_text(url));
}

void room_give_back(const Build *build)
{
	db_log_cut(build->request->url, build->dataset);
}
