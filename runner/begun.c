#include "runner/begun.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	ENTRIES = 1024, // many times what a node gives out ahead
	KEPT_DAYS = 30,
};

typedef struct {
	char task_run_id[28];
	uint32_t attempt;
} Entry;

typedef struct {
	char magic[16];
	char boot[48];
	Entry entries[ENTRIES];
} Page;

struct BegunLog {
	Page *page;
	char *path;
	atomic_uint next;
};

static const char MAGIC[] = "weir begun 1";

static bool boot_read(char boot[48])
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
		return false;
	g_strlcpy(boot, g_strchomp(text), 48);
	return true;
}

static void remove_old(const char *folder)
{
	g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
	const time_t oldest = time(NULL) - (time_t)KEPT_DAYS * 24 * 60 * 60;
	const char *name;

	while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat status;

		if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
			status.st_mtime < oldest)
			unlink(path);
	}
}

static Page *page_map(const char *path, int flags, int protection)
{
	int file = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	void *page = MAP_FAILED;
	struct stat status;

	// Memory without room on the disk behind it would end the process when it is written.
	if (file >= 0 && ((flags & O_CREAT) == 0 || posix_fallocate(file, 0, sizeof(Page)) == 0) &&
		fstat(file, &status) == 0 && status.st_size >= (off_t)sizeof(Page))
		page = mmap(NULL, sizeof(Page), protection, MAP_SHARED, file, 0);
	if (file >= 0)
		close(file);
	return page == MAP_FAILED ? NULL : page;
}

BegunLog *begun_log_open(const char *folder, const char *node_id)
{
	g_autofree char *path = g_build_filename(folder, node_id, NULL);
	BegunLog *log;
	Page *page;

	if (g_mkdir_with_parents(folder, 0700) < 0)
		return NULL;
	remove_old(folder);
	page = page_map(path, O_RDWR | O_CREAT | O_EXCL, PROT_READ | PROT_WRITE);
	if (page == NULL || !boot_read(page->boot)) {
		if (page != NULL)
			munmap(page, sizeof(Page));
		unlink(path);
		return NULL;
	}
	memcpy(page->magic, MAGIC, sizeof(MAGIC));
	log = g_new0(BegunLog, 1);
	log->page = page;
	log->path = g_steal_pointer(&path);
	return log;
}

void begun_log_add(BegunLog *log, const char *task_run_id, unsigned attempt)
{
	Entry *entry = &log->page->entries[atomic_fetch_add(&log->next, 1) % (unsigned)ENTRIES];

	entry->attempt = attempt;
	g_strlcpy(entry->task_run_id, task_run_id, sizeof(entry->task_run_id));
	// The compiler must not do it later than the task that begins.
	atomic_thread_fence(memory_order_seq_cst);
}

void begun_log_close(BegunLog *log)
{
	if (log == NULL)
		return;
	unlink(log->path);
	munmap(log->page, sizeof(Page));
	g_free(log->path);
	g_free(log);
}

static Begun page_look(const Page *page, const char *task_run_id, unsigned attempt)
{
	char boot[48];

	if (memcmp(page->magic, MAGIC, sizeof(MAGIC)) != 0 || !boot_read(boot) ||
		strncmp(page->boot, boot, sizeof(boot)) != 0)
		return BEGUN_UNKNOWN;
	for (size_t i = 0; i < G_N_ELEMENTS(page->entries); i++)
		if (page->entries[i].attempt == attempt &&
			strncmp(page->entries[i].task_run_id, task_run_id,
				sizeof(page->entries[i].task_run_id)) == 0)
			return BEGUN_YES;
	return BEGUN_NO;
}

Begun begun_look(const char *folder, const char *node_id, const char *task_run_id, unsigned attempt)
{
	g_autofree char *path = g_build_filename(folder, node_id, NULL);
	Page *page;
	Begun begun;

	// The id comes from a row: it names a file of the folder, or nothing.
	if (strchr(node_id, '/') != NULL)
		return BEGUN_UNKNOWN;
	page = page_map(path, O_RDONLY, PROT_READ);
	if (page == NULL)
		return BEGUN_UNKNOWN;
	begun = page_look(page, task_run_id, attempt);
	munmap(page, sizeof(Page));
	return begun;
}
