// Time zones by name, where names come from users' files.
#pragma once

#include <glib.h>

// The zone of an IANA name ("Europe/Berlin"), of "UTC", "GMT" or "Z", or of an offset ("+01:00"). NULL when there is none.
// Unlike g_time_zone_new_identifier(), which opens whatever file a name leads to, it takes only regular zone files below the
// system's own folder. Thread-safe. GLib keeps zones while somebody holds them: looking up a zone that nobody holds reads its
// file again.
GTimeZone *time_zone_find(const char *name);

// The names of the zones that the system has; empty where it has no list of them (tzdata.zi). To be freed with g_strfreev().
char **time_zone_names(void);
