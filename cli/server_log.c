#include "cli/server_log.h"

#include "store/timestamp.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_PAIRS = 24,
};

static const char *level_name(GLogLevelFlags level)
{
	if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
		return "error";
	if ((level & G_LOG_LEVEL_WARNING) != 0)
		return "warning";
	return (level & G_LOG_LEVEL_DEBUG) != 0 ? "debug" : "info";
}

// A text that stays on its line: control bytes and quotes are escaped.
static void append_escaped(GString *line, const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			g_string_append_printf(line, "\\%c", *at);
		else if (*at == '\n')
			g_string_append(line, "\\n");
		else if ((unsigned char)*at < ' ' || *at == 0x7f)
			g_string_append_printf(line, "\\x%02x", (unsigned char)*at);
		else
			g_string_append_c(line, *at);
	}
}

static void append_value(GString *line, const char *value)
{
	bool plain = *value != '\0';

	for (const char *at = value; *at != '\0'; at++)
		plain = plain && (unsigned char)*at > ' ' && strchr("\"=\\\x7f", *at) == NULL;
	if (plain) {
		g_string_append(line, value);
		return;
	}
	g_string_append_c(line, '"');
	append_escaped(line, value);
	g_string_append_c(line, '"');
}

static void append_message(GString *line, const char *message)
{
	for (const char *at = message; *at != '\0'; at++)
		g_string_append_c(line, (unsigned char)*at < ' ' || *at == 0x7f ? ' ' : *at);
}

char *server_log_line(gint64 at, const char *level, const char *component, const char *message,
	const char *const *keys, const char *const *values)
{
	char time[TIMESTAMP_SIZE];
	GString *line = g_string_new(timestamp_format(at, time));

	g_string_append_printf(line, " %s %s ", level, component);
	append_message(line, message);
	for (gsize i = 0; keys[i] != NULL; i++) {
		g_string_append_printf(line, " %s=", keys[i]);
		append_value(line, values[i]);
	}
	return g_string_free(line, FALSE);
}

static void write_line(const char *level, const char *component, const char *message,
	const char *const *keys, const char *const *values)
{
	g_autofree char *line =
		server_log_line(timestamp_now(), level, component, message, keys, values);
	g_autofree char *whole = g_strconcat(line, "\n", NULL);

	// One call, so that lines of different threads do not mix; a log that cannot be written has nobody to tell.
	if (write(STDERR_FILENO, whole, strlen(whole)) < 0)
		return;
}

void server_log(GLogLevelFlags level, const char *component, const char *message, ...)
{
	const char *keys[MAX_PAIRS + 1], *values[MAX_PAIRS + 1];
	gsize count = 0;
	va_list arguments;

	va_start(arguments, message);
	for (const char *key = va_arg(arguments, const char *); key != NULL && count < MAX_PAIRS;
		key = va_arg(arguments, const char *)) {
		const char *value = va_arg(arguments, const char *);

		if (value == NULL)
			continue;
		keys[count] = key;
		values[count++] = value;
	}
	va_end(arguments);
	keys[count] = values[count] = NULL;
	write_line(level_name(level), component, message, keys, values);
}

// ---- GLib's own events --------------------------------------------------------------------------------------------

static bool is_internal(const char *key)
{
	static const char *const internal[] = {
		"MESSAGE", "PRIORITY", "GLIB_DOMAIN", "CODE_FILE", "CODE_LINE", "CODE_FUNC", NULL};

	return g_strv_contains(internal, key);
}

static const char *find_field(
	const GLogField *fields, gsize count, const char *key, const char *otherwise)
{
	for (gsize i = 0; i < count; i++) {
		if (strcmp(fields[i].key, key) == 0 && fields[i].length < 0)
			return fields[i].value;
	}
	return otherwise;
}

static GLogWriterOutput write_event(
	GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	const char *component = find_field(fields, count, "GLIB_DOMAIN", "weir");

	(void)data;
	if (g_log_writer_default_would_drop(level, component))
		return G_LOG_WRITER_HANDLED;
	for (gsize i = 0; i < count; i++) {
		if (is_internal(fields[i].key) || fields[i].length >= 0 || fields[i].value == NULL)
			continue;
		g_ptr_array_add(keys, g_ascii_strdown(fields[i].key, -1));
		g_ptr_array_add(values, (void *)(guintptr)fields[i].value);
	}
	g_ptr_array_add(keys, NULL);
	g_ptr_array_add(values, NULL);
	if (g_str_has_prefix(component, "weir-"))
		component += strlen("weir-");
	write_line(level_name(level), component, find_field(fields, count, "MESSAGE", ""),
		(const char *const *)keys->pdata, (const char *const *)values->pdata);
	return G_LOG_WRITER_HANDLED;
}

void server_log_start(void)
{
	g_log_set_writer_func(write_event, NULL, NULL);
}
