// The log of a server: one line an event on stderr, "time level component message key=value …", whoever it comes from.
// Thread-safe.
#pragma once

#include <glib.h>

// Has every event of GLib's logging written that way, too.
void server_log_start(void);

// Writes an event. Pairs of key and value follow, ended by NULL; a pair whose value is NULL is left out.
void server_log(GLogLevelFlags level, const char *component, const char *message,
	...) G_GNUC_NULL_TERMINATED;

// A line without its newline, for tests. keys and values are ended by NULL, and of the same length.
char *server_log_line(gint64 at, const char *level, const char *component, const char *message,
	const char *const *keys, const char *const *values);
