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

// Whether the system has a zone of that name: a regular file that says it is one.
static bool is_installed(const char *name)
{
	const char *folder = g_getenv("TZDIR");
	g_autofree char *path = g_build_filename(folder != NULL ? folder : FOLDER, name, NULL);
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
