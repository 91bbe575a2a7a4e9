#include "expr/time_zone.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 64 };

static const char FOLDER[] = "/usr/share/zoneinfo";

// Letters, digits and what IANA names have besides; no dot, so that no name leads out of the folder.
static bool is_well_formed(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+-_/:";
	size_t length = strlen(name);

	return length > 0 && length <= LONGEST && *name != '/' && *name != ':' &&
	       strspn(name, allowed) == length;
}

static bool is_offset(const char *name)
{
	return *name == '+' || *name == '-' || g_ascii_isdigit(*name);
}

static char *path_of(const char *name)
{
	const char *folder = g_getenv("TZDIR");

	return g_build_filename(folder != NULL ? folder : FOLDER, name, NULL);
}

// Whether the system has a zone of that name: a regular file that says it is one.
static bool is_installed(const char *name)
{
	g_autofree char *path = path_of(name);
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	char magic[4];
	bool is_zone;

	if (file < 0)
		return false;
	is_zone = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
		  read(file, magic, sizeof(magic)) == sizeof(magic) &&
		  memcmp(magic, "TZif", sizeof(magic)) == 0;
	close(file);
	return is_zone;
}

GTimeZone *time_zone_find(const char *name)
{
	if (!is_well_formed(name))
		return NULL;
	if (strcmp(name, "UTC") == 0 || strcmp(name, "GMT") == 0 || strcmp(name, "Z") == 0)
		return g_time_zone_new_utc();
	if (!is_offset(name) && !is_installed(name))
		return NULL;
	return g_time_zone_new_identifier(name);
}

// Lines of the list are "Z NAME …" for a zone and "L TARGET NAME" for another name of one.
char **time_zone_names(void)
{
	g_autofree char *path = path_of("tzdata.zi");
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	if (g_file_get_contents(path, &text, NULL, NULL))
		lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; line != NULL && *line != NULL; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 4);
		guint count = g_strv_length(words);

		if (count > 1 && strcmp(words[0], "Z") == 0)
			g_strv_builder_add(names, words[1]);
		else if (count > 2 && strcmp(words[0], "L") == 0)
			g_strv_builder_add(names, words[2]);
	}
	return g_strv_builder_end(names);
}
