// What of a flow's row steers the scheduler and the runner, as a text: so that a row that somebody edits is told from what the
// last apply wrote. What most flows have is left out of the text that is kept: a store of 10,000 scripts would be a
// quarter larger with it.
#include "store/flow.h"
#include "store/internal.h"

#include <string.h>

// In the order of the text. usual: what most generated flows have, %n is the namespace and %i the id; NULL: nothing. The step of the
// store that brought the text has the same (store/migrations.c).
static const struct {
	const char *name;
	Field field;
	const char *usual;
} columns[] = {
	{"revision", INT64_FIELD(StoreFlow, revision), "1"},
	{"domain", TEXT_FIELD(StoreFlow, domain), "%n"},
	{"kind", TEXT_FIELD(StoreFlow, kind), "generated"},
	{"feed", TEXT_FIELD(StoreFlow, feed), "WRITE_TRUNCATE"},
	{"target", TEXT_FIELD(StoreFlow, target), "%n.%i"},
	{"connection", TEXT_FIELD(StoreFlow, connection), "default"},
	{"path", TEXT_FIELD(StoreFlow, path), "domains/%n/sql/%i.sql"},
	{"line", INT64_FIELD(StoreFlow, line), "1"},
	{"reads", TEXT_FIELD(StoreFlow, reads), NULL},
	{"writes", TEXT_FIELD(StoreFlow, writes), "%n.%i"},
	{"triggers", TEXT_FIELD(StoreFlow, triggers), NULL},
	{"labels", TEXT_FIELD(StoreFlow, labels), "{\"system.generated\":\"true\"}"},
	{"concurrency_limit", INT64_FIELD(StoreFlow, concurrency_limit), "1"},
	{"concurrency_behavior", TEXT_FIELD(StoreFlow, concurrency_behavior), "QUEUE"},
	{"opaque", BOOL_FIELD(StoreFlow, opaque), NULL},
	{"disabled", BOOL_FIELD(StoreFlow, disabled), NULL},
};

enum { DIGITS = 24 }; // of any number, with its sign and a NUL

// NULL for 0, which is no line.
static const char *number_text(int64_t number, char buffer[DIGITS])
{
	if (number == 0)
		return NULL;
	if (number == 1)
		return "1";
	g_snprintf(buffer, DIGITS, "%" G_GINT64_FORMAT, number);
	return buffer;
}

static const char *value_of(const StoreFlow *flow, size_t column, char buffer[DIGITS])
{
	const Field *field = &columns[column].field;
	const char *at = (const char *)flow + field->offset;

	if (field->type == FIELD_TEXT)
		return *(char *const *)(const void *)at;
	return number_text(
		field->type == FIELD_BOOL ? *(const bool *)at : *(const int64_t *)(const void *)at,
		buffer);
}

static const char *part_of(const StoreFlow *flow, char letter)
{
	return letter == 'n' ? flow->namespace : flow->id;
}

static bool is_usual(const StoreFlow *flow, const char *usual, const char *value)
{
	if (usual == NULL || value == NULL)
		return usual == value;
	while (*usual != '\0') {
		if (*usual == '%') {
			const char *part = part_of(flow, usual[1]);
			size_t length = strlen(part);

			if (strncmp(value, part, length) != 0)
				return false;
			value += length;
			usual += 2;
		} else if (*usual++ != *value++) {
			return false;
		}
	}
	return *value == '\0';
}

static char *usual_value(const StoreFlow *flow, const char *usual)
{
	GString *text = g_string_new(NULL);

	for (; *usual != '\0'; usual++) {
		if (*usual == '%')
			g_string_append(text, part_of(flow, *++usual));
		else
			g_string_append_c(text, *usual);
	}
	return g_string_free(text, FALSE);
}

// A line for each line of the value.
static void append_lines(GString *text, const char *name, const char *value)
{
	while (value != NULL) {
		const char *end = strchr(value, '\n');

		g_string_append(text, name);
		g_string_append(text, ": ");
		g_string_append_len(text, value, end == NULL ? -1 : end - value);
		g_string_append_c(text, '\n');
		value = end == NULL ? NULL : end + 1;
	}
}

char *store_flow_text(const StoreFlow *flow)
{
	GString *text = g_string_sized_new(512);
	char buffer[DIGITS];

	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
		append_lines(text, columns[i].name, value_of(flow, i, buffer));
	return g_string_free(text, FALSE);
}

void flow_kept_text(const StoreFlow *flow, GString *text)
{
	char buffer[DIGITS];

	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		const char *value = value_of(flow, i, buffer);

		if (is_usual(flow, columns[i].usual, value))
			continue;
		if (value == NULL)
			g_string_append_printf(text, "%s:\n", columns[i].name);
		else
			append_lines(text, columns[i].name, value);
	}
}

bool store_flow_is_as_committed(const StoreFlow *flow)
{
	g_autoptr(GString) now = g_string_sized_new(128);

	flow_kept_text(flow, now);
	return g_strcmp0(now->str, flow->committed) == 0;
}

// Moves *at behind the lines of a column, and appends those that say something; false where it has none.
static bool take_lines(GString *text, const char *name, const char **at)
{
	const size_t length = strlen(name);
	bool any = false;

	while (strncmp(*at, name, length) == 0 && (*at)[length] == ':') {
		const char *end = strchr(*at, '\n');

		if (end == NULL)
			end = *at + strlen(*at);
		if (end > *at + length + 1) {
			g_string_append_len(text, *at, end - *at);
			g_string_append_c(text, '\n');
		}
		*at = *end == '\0' ? end : end + 1;
		any = true;
	}
	return any;
}

char *store_flow_committed_text(const StoreFlow *flow)
{
	const char *at = flow->committed;
	GString *text;

	if (at == NULL)
		return NULL;
	text = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		if (take_lines(text, columns[i].name, &at) || columns[i].usual == NULL)
			continue;
		g_autofree char *value = usual_value(flow, columns[i].usual);

		append_lines(text, columns[i].name, value);
	}
	g_string_append(text, at); // what is no line of ours: somebody wrote it
	return g_string_free(text, FALSE);
}
