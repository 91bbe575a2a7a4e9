#include "reconciler/cron.h"

#include "repo-layout/time_zone.h"

#include <string.h>

G_DEFINE_QUARK(cron - error - quark, cron_error)

typedef struct {
	const char *name;
	unsigned min, max;
	const char *const *words; // names of the values from min on; NULL when there are none
} FieldRow;

static const char *const month_words[] = {
	"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const weekday_words[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};

enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELD_COUNT };

static const FieldRow fields[FIELD_COUNT] = {
	[SECOND] = {"second", 0, 59, NULL},
	[MINUTE] = {"minute", 0, 59, NULL},
	[HOUR] = {"hour", 0, 23, NULL},
	[DAY] = {"day of month", 1, 31, NULL},
	[MONTH] = {"month", 1, 12, month_words},
	[WEEKDAY] = {"day of week", 0, 7, weekday_words},
};

static const char *const aliases[][2] = {
	{"@hourly", "0 * * * *"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},
	{"@monthly", "0 0 1 * *"},
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
};

// One field while it is read.
typedef struct {
	const FieldRow *row;
	const char *text; // of the whole expression, for columns
	const char *at;
	const char *end; // of the field
	GError **error;
} Reader;

static void set_error(const Reader *reader, CronError code, const char *at, const char *format,
	va_list arguments) G_GNUC_PRINTF(4, 0);

static void set_error(
	const Reader *reader, CronError code, const char *at, const char *format, va_list arguments)
{
	g_autofree char *message = g_strdup_vprintf(format, arguments);

	g_set_error(reader->error, CRON_ERROR, code, "column %ld: %s",
		g_utf8_pointer_to_offset(reader->text, at) + 1, message);
}

static bool fail(const Reader *reader, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);

// It is no cron expression.
static bool fail(const Reader *reader, const char *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_error(reader, CRON_ERROR_SYNTAX, at, format, arguments);
	va_end(arguments);
	return false;
}

static bool refuse(const Reader *reader, const char *at, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

// It is one, of a time that there is not.
static bool refuse(const Reader *reader, const char *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_error(reader, CRON_ERROR_IMPOSSIBLE, at, format, arguments);
	va_end(arguments);
	return false;
}

static bool read_number(Reader *reader, unsigned *number)
{
	const char *start = reader->at;

	*number = 0;
	while (reader->at < reader->end && g_ascii_isdigit(*reader->at)) {
		if (*number < 100000)
			*number = *number * 10 + (unsigned)g_ascii_digit_value(*reader->at);
		reader->at++;
	}
	return reader->at > start;
}

static bool read_word(Reader *reader, unsigned *number)
{
	const char *start = reader->at;
	size_t length = 0;

	while (start + length < reader->end && g_ascii_isalpha(start[length]))
		length++;
	for (unsigned i = 0; reader->row->words != NULL && reader->row->words[i] != NULL; i++) {
		if (length == 3 && g_ascii_strncasecmp(reader->row->words[i], start, 3) == 0) {
			*number = reader->row->min + i;
			reader->at += length;
			return true;
		}
	}
	if (reader->row->words != NULL && length > 1)
		return fail(reader, start, "unknown %s '%.*s'; the names are %s to %s",
			reader->row->name, (int)length, start, reader->row->words[0],
			reader->row->words[reader->row->max - reader->row->min -
					   (reader->row->max == 7)]);
	return fail(reader, start, "'%.*s' is not available in the %s", (int)MAX(length, 1), start,
		reader->row->name);
}

// Reads a number or a name within the bounds of the field.
static bool read_value(Reader *reader, unsigned *value)
{
	const char *start = reader->at;
	const FieldRow *row = reader->row;

	if (reader->at >= reader->end)
		return fail(reader, start, "the %s ends where a value should follow", row->name);
	if (g_ascii_isalpha(*start))
		return read_word(reader, value);
	if (!read_number(reader, value))
		return fail(reader, start, "'%.*s' is not available in the %s",
			(int)(g_utf8_next_char(start) - start), start, row->name);
	if (*value < row->min || *value > row->max)
		return refuse(reader, start, "the %s %.*s is not between %u and %u", row->name,
			(int)(reader->at - start), start, row->min, row->max);
	return true;
}

static bool read_step(Reader *reader, unsigned *step)
{
	const char *start = ++reader->at;
	unsigned most = reader->row->max - reader->row->min + 1;

	if (reader->row->max == 7)
		most = 7;
	if (!read_number(reader, step))
		return fail(reader, start, "a number must follow the '/'");
	if (*step < 1 || *step > most)
		return refuse(reader, start, "the step %.*s of the %s is not between 1 and %u",
			(int)(reader->at - start), start, reader->row->name, most);
	return true;
}

// Reads `*`, `a`, `a-b`, each with or without `/n`, and sets the bits it stands for.
static bool read_item(Reader *reader, uint64_t *bits, bool *wildcard)
{
	const FieldRow *row = reader->row;
	const char *start = reader->at;
	unsigned from = row->min, to = row->max, step = 1;
	bool single = false;

	if (reader->at < reader->end && *reader->at == '*') {
		reader->at++;
		*wildcard = true;
	} else {
		if (!read_value(reader, &from))
			return false;
		single = true;
		to = from;
	}
	if (single && reader->at < reader->end && *reader->at == '-') {
		reader->at++;
		single = false;
		if (!read_value(reader, &to))
			return false;
		// FRI-SUN: a Sunday at the end of a range is the one that ends the week.
		if (row->max == 7 && to == 0 && from > 0)
			to = 7;
		if (to < from)
			return refuse(reader, start, "the range %.*s of the %s goes backwards",
				(int)(reader->at - start), start, row->name);
	}
	if (reader->at < reader->end && *reader->at == '/') {
		if (!read_step(reader, &step))
			return false;
		if (single)
			to = row->max;
	}
	// A step over the whole week counts Sunday once.
	if (row->max == 7 && *wildcard)
		to = 6;
	for (unsigned value = from; value <= to; value += step)
		*bits |= UINT64_C(1) << value;
	return true;
}

static bool read_field(Reader *reader, uint64_t *bits, bool *wildcard)
{
	unsigned items = 0;
	bool starred = false;

	*bits = 0;
	for (;;) {
		if (!read_item(reader, bits, &starred))
			return false;
		items++;
		if (reader->at >= reader->end)
			break;
		if (*reader->at != ',')
			return fail(reader, reader->at, "'%.*s' is not available in the %s",
				(int)(g_utf8_next_char(reader->at) - reader->at), reader->at,
				reader->row->name);
		reader->at++;
	}
	*wildcard = starred && items == 1;
	if (reader->row->max == 7 && (*bits & (UINT64_C(1) << 7)) != 0)
		*bits = (*bits | 1) & 0x7f;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *next_field(const char *at, const char **end)
{
	while (is_blank(*at))
		at++;
	*end = at;
	while (**end != '\0' && !is_blank(**end))
		(*end)++;
	return at;
}

static bool check_count(const char *text, bool with_seconds, GError **error)
{
	Reader reader = {.text = text, .error = error};
	unsigned wanted = with_seconds ? 6 : 5, count = 0;
	const char *names = with_seconds ? "second minute hour day-of-month month day-of-week"
					 : "minute hour day-of-month month day-of-week";
	const char *end = text, *at, *extra = NULL;

	while (*(at = next_field(end, &end)) != '\0') {
		if (++count == wanted + 1)
			extra = at;
	}
	if (count == wanted)
		return true;
	if (count == 0)
		return fail(&reader, text, "the expression is empty: it has %u fields, %s", wanted,
			names);
	if (count == 6 && !with_seconds)
		return fail(&reader, extra,
			"the expression has 6 fields, not 5 (%s); one with seconds needs "
			"withSeconds",
			names);
	return fail(&reader, extra == NULL ? at : extra,
		"the expression has %u field%s, not %u (%s)", count, count == 1 ? "" : "s", wanted,
		names);
}

static bool expand_alias(const char **text, bool *with_seconds, GError **error)
{
	Reader reader = {.text = *text, .error = error};
	const char *end, *start = next_field(*text, &end), *rest;
	size_t length = (size_t)(end - start);

	if (*start != '@')
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
		if (strlen(aliases[i][0]) != length ||
			g_ascii_strncasecmp(aliases[i][0], start, length) != 0)
			continue;
		rest = next_field(end, &end);
		if (*rest != '\0')
			return fail(&reader, rest, "nothing can follow '%s'", aliases[i][0]);
		*text = aliases[i][1];
		*with_seconds = false;
		return true;
	}
	return fail(&reader, start,
		"unknown name '%.*s': use @hourly, @daily, @weekly, @monthly or @yearly",
		(int)length, start);
}

// Whether any month of the expression has any of its days.
static bool has_a_day(const CronExpression *cron)
{
	static const unsigned lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (cron->either_day)
		return true;
	for (unsigned month = 1; month <= 12; month++) {
		if ((cron->months & (1u << month)) != 0 &&
			(cron->days & ((UINT64_C(2) << lengths[month]) - 2)) != 0)
			return true;
	}
	return false;
}

static bool read_fields(const char *text, bool with_seconds, CronExpression *cron, GError **error)
{
	uint64_t bits[FIELD_COUNT] = {[SECOND] = 1};
	bool wildcards[FIELD_COUNT] = {false};
	const char *end = text;

	for (unsigned i = with_seconds ? SECOND : MINUTE; i < FIELD_COUNT; i++) {
		Reader reader = {.row = &fields[i], .text = text, .error = error};

		reader.at = next_field(end, &end);
		reader.end = end;
		if (!read_field(&reader, &bits[i], &wildcards[i]))
			return false;
	}
	*cron = (CronExpression){.seconds = bits[SECOND],
		.minutes = bits[MINUTE],
		.hours = (uint32_t)bits[HOUR],
		.days = (uint32_t)bits[DAY],
		.months = (uint16_t)bits[MONTH],
		.weekdays = (uint8_t)bits[WEEKDAY],
		.either_day = !wildcards[DAY] && !wildcards[WEEKDAY],
		.wall_clock = !wildcards[HOUR] && !wildcards[MINUTE]};
	return true;
}

bool cron_parse(const char *text, bool with_seconds, CronExpression *cron, GError **error)
{
	const char *written = text;

	if (!g_utf8_validate(text, -1, NULL)) {
		g_set_error(error, CRON_ERROR, CRON_ERROR_SYNTAX,
			"column 1: the expression is not valid UTF-8");
		return false;
	}
	if (!expand_alias(&text, &with_seconds, error) || !check_count(text, with_seconds, error) ||
		!read_fields(text, with_seconds, cron, error))
		return false;
	if (has_a_day(cron))
		return true;
	g_set_error(error, CRON_ERROR, CRON_ERROR_IMPOSSIBLE,
		"the expression '%s' never fires: none of its months has any of its days", written);
	return false;
}

static void free_zone(gpointer zone)
{
	g_time_zone_unref(zone);
}

GTimeZone *cron_zone(const char *name)
{
	static GPrivate last = G_PRIVATE_INIT(free_zone);
	GTimeZone *zone = g_private_get(&last);

	if (name == NULL)
		return g_time_zone_new_utc();
	if (zone == NULL || strcmp(g_time_zone_get_identifier(zone), name) != 0) {
		zone = flow_time_zone(name);
		if (zone == NULL)
			return NULL;
		g_private_replace(&last, zone);
	}
	return g_time_zone_ref(zone);
}

char *cron_check(const char *text, bool with_seconds, const char *time_zone)
{
	g_autoptr(GTimeZone) zone = flow_time_zone(time_zone);
	g_autoptr(GError) error = NULL;
	CronExpression cron;

	bool good = cron_parse(text, with_seconds, &cron, &error);
	if (zone != NULL)
		return good ? NULL : g_strdup(error->message);
	return g_strdup_printf("%s%sunknown time zone '%s'", good ? "" : error->message,
		good ? "" : "; ", time_zone);
}
