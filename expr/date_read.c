#include "expr/date.h"
#include "expr/time_zone.h"

#include <string.h>

// What was read of a date so far.
typedef struct {
	int year, month, day, day_of_year;
	int hour, minute, second, microsecond;
	int half; // of the day: 0 AM, 1 PM, -1 unknown
	bool has_time;
	bool has_offset;
	int offset; // seconds east of UTC
	char zone[64]; // an identifier; "" when none was read
} Fields;

// Reads what a run of `count` pattern letters stands for; returns what follows it, or NULL.
typedef const char *(*ReadLetter)(Fields *fields, const char *text, int count);

// Reads between min and max digits.
static const char *read_digits(const char *text, int min, int max, int *number)
{
	int digits = 0;

	*number = 0;
	while (digits < max && g_ascii_isdigit(text[digits]))
		*number = *number * 10 + g_ascii_digit_value(text[digits++]);
	return digits < min ? NULL : text + digits;
}

static const char *read_year(Fields *fields, const char *text, int count)
{
	const char *rest = read_digits(
		text, count == 2 ? 2 : MIN(count, 4), count == 2 ? 2 : 4, &fields->year);

	if (count == 2)
		fields->year += 2000;
	return rest;
}

// Finds which of the names the text starts with, by their first letters when short_form.
static const char *read_name(
	const char *text, const char *const *names, int count, bool short_form, int *number)
{
	for (int i = 0; i < count; i++) {
		size_t length = short_form ? 3 : strlen(names[i]);

		if (g_ascii_strncasecmp(text, names[i], length) == 0) {
			*number = i + 1;
			return text + length;
		}
	}
	return NULL;
}

static const char *read_month(Fields *fields, const char *text, int count)
{
	if (count >= 3)
		return read_name(text, expr_month_names, 12, count == 3, &fields->month);
	return read_digits(text, count, 2, &fields->month);
}

static const char *read_weekday(Fields *fields, const char *text, int count)
{
	int ignored;

	(void)fields;
	return read_name(text, expr_day_names, 7, count <= 3, &ignored);
}

static const char *read_day(Fields *fields, const char *text, int count)
{
	return read_digits(text, count, 2, &fields->day);
}

static const char *read_day_of_year(Fields *fields, const char *text, int count)
{
	return read_digits(text, count, 3, &fields->day_of_year);
}

static const char *read_hour(Fields *fields, const char *text, int count)
{
	fields->has_time = true;
	return read_digits(text, count, 2, &fields->hour);
}

static const char *read_hour_of_half(Fields *fields, const char *text, int count)
{
	const char *rest = read_hour(fields, text, count);

	fields->hour %= 12;
	return rest;
}

static const char *read_half(Fields *fields, const char *text, int count)
{
	(void)count;
	if (g_ascii_strncasecmp(text, "am", 2) != 0 && g_ascii_strncasecmp(text, "pm", 2) != 0)
		return NULL;
	fields->half = g_ascii_tolower(*text) == 'p';
	return text + 2;
}

static const char *read_minute(Fields *fields, const char *text, int count)
{
	return read_digits(text, count, 2, &fields->minute);
}

static const char *read_second(Fields *fields, const char *text, int count)
{
	return read_digits(text, count, 2, &fields->second);
}

// A fraction of `count` digits or more, of which six count.
static const char *read_fraction(Fields *fields, const char *text, int count)
{
	int scale = 100000, digits = 0;

	fields->microsecond = 0;
	for (; digits < MAX(count, 1) && g_ascii_isdigit(text[digits]); digits++) {
		fields->microsecond += g_ascii_digit_value(text[digits]) * scale;
		scale /= 10;
	}
	return digits < count ? NULL : text + digits;
}

// +02, +0200, +02:00, +02:00:00, Z.
static const char *read_offset(Fields *fields, const char *text, int count)
{
	int sign = *text == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;
	const char *rest;

	(void)count;
	fields->has_offset = true;
	if (*text == 'Z' || *text == 'z')
		return text + 1;
	if (*text != '+' && *text != '-')
		return NULL;
	text = read_digits(text + 1, 2, 2, &hours);
	if (text == NULL)
		return NULL;
	rest = read_digits(text + (*text == ':'), 2, 2, &minutes);
	text = rest == NULL ? text : rest;
	if (rest != NULL && *rest == ':' && (rest = read_digits(rest + 1, 2, 2, &seconds)) != NULL)
		text = rest;
	fields->offset = sign * (hours * 3600 + minutes * 60 + seconds);
	return hours > 23 || minutes > 59 ? NULL : text;
}

static const char *read_zone(Fields *fields, const char *text, int count)
{
	size_t length = 0;

	if (*text == '+' || *text == '-')
		return read_offset(fields, text, count);
	while (text[length] != '\0' &&
		(g_ascii_isalnum(text[length]) || strchr("/_+-:", text[length]) != NULL))
		length++;
	if (length == 0 || length >= sizeof fields->zone)
		return NULL;
	memcpy(fields->zone, text, length);
	fields->zone[length] = '\0';
	return text + length;
}

static const char *read_rfc_zone(Fields *fields, const char *text, int count)
{
	return g_ascii_isalpha(*text) && *text != 'Z' ? read_zone(fields, text, count)
						      : read_offset(fields, text, count);
}

typedef struct {
	char letter;
	ReadLetter read;
} LetterRow;

static const LetterRow letters[] = {
	{'y', read_year},
	{'u', read_year},
	{'M', read_month},
	{'L', read_month},
	{'d', read_day},
	{'D', read_day_of_year},
	{'E', read_weekday},
	{'H', read_hour},
	{'k', read_hour},
	{'h', read_hour_of_half},
	{'K', read_hour_of_half},
	{'a', read_half},
	{'m', read_minute},
	{'s', read_second},
	{'S', read_fraction},
	{'n', read_fraction},
	{'X', read_offset},
	{'x', read_offset},
	{'Z', read_rfc_zone},
	{'O', read_rfc_zone},
	{'z', read_zone},
	{'V', read_zone},
	{'\002', read_rfc_zone},
};

static ReadLetter find_letter(char letter)
{
	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		if (letters[i].letter == letter)
			return letters[i].read;
	}
	return NULL;
}

// The next run of letters follows without a separator, so that this one takes exactly its own digits.
static bool next_is_digits(const char *pattern)
{
	return g_ascii_isalpha(*pattern) && strchr("yuMLdDHkhKmsSn", *pattern) != NULL;
}

static const char *read_by_pattern(Fields *fields, const char *text, const char *pattern);

// Reads exactly count digits, cut out of a longer row of them.
static const char *read_exactly(Fields *fields, ReadLetter read, const char *text, int count)
{
	g_autofree char *digits = g_strndup(text, (gsize)count);
	const char *rest = read(fields, digits, count);

	return rest != digits + count ? NULL : text + count;
}

// Reads an optional part `[…]`, with the pattern behind its `[`; sets *after to the pattern behind its `]`.
static const char *read_optional(
	Fields *fields, const char *text, const char *pattern, const char **after)
{
	Fields before = *fields;
	unsigned depth = 1;
	bool quoted = false;
	const char *end = pattern;
	g_autofree char *part = NULL;
	const char *rest;

	for (; *end != '\0' && depth > 0; end++) {
		quoted ^= *end == '\'';
		depth += !quoted && *end == '[';
		depth -= !quoted && *end == ']';
	}
	part = g_strndup(pattern, (gsize)(end - pattern) - (depth == 0));
	*after = end;
	rest = read_by_pattern(fields, text, part);
	if (rest == NULL)
		*fields = before;
	return rest == NULL ? text : rest;
}

static const char *read_run(Fields *fields, const char *text, const char *pattern, int count)
{
	ReadLetter read = find_letter(*pattern);

	if (read == NULL)
		return NULL;
	if (next_is_digits(pattern + count) && next_is_digits(pattern) && count != 3 &&
		read != read_half)
		return read_exactly(fields, read, text, count);
	return read(fields, text, count);
}

static const char *read_literal(const char *text, const char **pattern)
{
	const char *from = *pattern;

	if (from[1] == '\'') {
		*pattern = from + 2;
		return *text == '\'' ? text + 1 : NULL;
	}
	for (from++; *from != '\0' && *from != '\''; from++, text++) {
		if (*text != *from)
			return NULL;
	}
	*pattern = *from == '\0' ? from : from + 1;
	return text;
}

static const char *read_by_pattern(Fields *fields, const char *text, const char *pattern)
{
	while (*pattern != '\0' && text != NULL) {
		int count = 1;

		if (*pattern == '\'') {
			text = read_literal(text, &pattern);
			continue;
		}
		if (*pattern == '[') {
			text = read_optional(fields, text, pattern + 1, &pattern);
			continue;
		}
		if (g_ascii_isalpha(*pattern) || *pattern == '\002') {
			while (pattern[count] == *pattern)
				count++;
			text = read_run(fields, text, pattern, count);
		} else if (*pattern == PATTERN_FRACTION) {
			text = *text == '.' ? read_fraction(fields, text + 1,
						      (int)strspn(text + 1, "0123456789"))
					    : text;
		} else {
			text = *text == *pattern ? text + 1 : NULL;
		}
		pattern += count;
	}
	return text;
}

// ---- zones and instants ----

static void free_zones(gpointer zones)
{
	g_hash_table_unref(zones);
}

static void free_zone(gpointer zone)
{
	g_time_zone_unref(zone);
}

// GLib reads a zone's file anew when nobody holds the zone any more, which takes the better part of a millisecond. So
// each thread holds those it has used.
static GTimeZone *zone_by_name(const char *name)
{
	enum { MOST_ZONES = 64 };
	static GPrivate key = G_PRIVATE_INIT(free_zones);
	GHashTable *zones = g_private_get(&key);
	GTimeZone *zone;

	if (zones == NULL) {
		zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_zone);
		g_private_set(&key, zones);
	}
	zone = g_hash_table_lookup(zones, name);
	if (zone != NULL)
		return g_time_zone_ref(zone);
	zone = time_zone_find(name);
	if (zone == NULL)
		return NULL;
	if (g_hash_table_size(zones) >= MOST_ZONES)
		g_hash_table_remove_all(zones);
	g_hash_table_insert(zones, g_strdup(name), g_time_zone_ref(zone));
	return zone;
}

GTimeZone *expr_date_zone(ExprEval *eval, const json_t *name)
{
	const char *text = name == NULL || json_is_null(name) ? eval->scope->time_zone
							      : json_string_value(name);
	GTimeZone *zone;

	if (name != NULL && !json_is_null(name) && text == NULL) {
		eval_fail(eval, EXPR_ERROR_TYPE, "the time zone is %s, not a string",
			expr_value_described(name));
		return NULL;
	}
	if (text == NULL || strcmp(text, "GMT") == 0)
		text = "UTC";
	zone = zone_by_name(text);
	if (zone == NULL)
		eval_fail(eval, EXPR_ERROR_VALUE, "unknown time zone '%s'", text);
	return zone;
}

static GDateTime *date_from_day_of_year(GTimeZone *zone, const Fields *fields)
{
	g_autoptr(GDateTime) first = g_date_time_new(
		zone, fields->year, 1, 1, fields->hour, fields->minute, fields->second);
	GDateTime *date =
		first == NULL ? NULL : g_date_time_add_days(first, fields->day_of_year - 1);

	if (date != NULL && g_date_time_get_year(date) != fields->year)
		g_clear_pointer(&date, g_date_time_unref);
	return date;
}

// Puts the fields together, or NULL when they make no date. zone is for those that name none.
static GDateTime *date_from_fields(const Fields *fields, GTimeZone *zone)
{
	g_autoptr(GTimeZone) own = NULL;
	g_autoptr(GDateTime) date = NULL;
	Fields whole = *fields;

	if (whole.half == 1)
		whole.hour += 12;
	if (whole.hour == 24)
		whole.hour = 0;
	if (whole.zone[0] != '\0')
		own = time_zone_find(whole.zone);
	else if (whole.has_offset)
		own = g_time_zone_new_offset(whole.offset);
	if (whole.zone[0] != '\0' && own == NULL)
		return NULL;
	if (own != NULL)
		zone = own;
	if (whole.day_of_year > 0)
		date = date_from_day_of_year(zone, &whole);
	else
		date = g_date_time_new(zone, whole.year, whole.month, whole.day, whole.hour,
			whole.minute, whole.second);
	return date == NULL ? NULL : g_date_time_add(date, whole.microsecond);
}

static GDateTime *date_from_number(int64_t number, GTimeZone *zone)
{
	g_autoptr(GDateTime) epoch = g_date_time_new_from_unix_utc(0);
	g_autoptr(GDateTime) date = NULL;
	uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	int64_t microseconds = number;

	if (size < UINT64_C(100000000000))
		microseconds = number * G_USEC_PER_SEC;
	else if (size < UINT64_C(100000000000000))
		microseconds = number * 1000;
	else if (size >= UINT64_C(100000000000000000))
		microseconds = number / 1000;
	date = g_date_time_add(epoch, microseconds);
	return date == NULL ? NULL : g_date_time_to_timezone(date, zone);
}

// The forms that are read without a pattern.
static const char *const known_forms[] = {
	"yyyy-MM-dd['T'HH:mm[:ss\001][X]]",
	"yyyy-MM-dd[ HH:mm[:ss\001][X]]",
	"yyyy-MM-dd[ HH:mm[:ss\001][ X]]",
	"yyyyMMdd'T'HHmmss\001[X]",
	"yyyyMMdd",
};

static GDateTime *read_text(const char *text, const char *pattern, GTimeZone *zone)
{
	Fields fields = {.year = 1970, .month = 1, .day = 1, .half = -1};
	const char *rest = read_by_pattern(&fields, text, pattern);

	return rest == NULL || *rest != '\0' ? NULL : date_from_fields(&fields, zone);
}

// An identifier in brackets is part of the first form; in a pattern brackets are optional parts.
static GDateTime *read_known_form(const char *text, GTimeZone *zone)
{
	const char *bracket = strchr(text, '[');
	bool identified = bracket != NULL && g_str_has_suffix(bracket, "]");
	g_autofree char *bare =
		identified ? g_strndup(text, (gsize)(bracket - text)) : g_strdup(text);
	GDateTime *date = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(known_forms) && date == NULL; i++)
		date = read_text(bare, known_forms[i], zone);
	return date;
}

GDateTime *expr_date_read(ExprEval *eval, const json_t *value, const char *pattern, GTimeZone *zone)
{
	const char *text = json_is_string(value) ? json_string_value(value) : NULL;
	GDateTime *date = NULL;

	if (json_is_integer(value))
		date = date_from_number(json_integer_value(value), zone);
	else if (json_is_real(value) && json_real_value(value) > -9e18 &&
		 json_real_value(value) < 9e18)
		date = date_from_number((int64_t)json_real_value(value), zone);
	else if (text == NULL && !json_is_real(value))
		eval_fail(eval, EXPR_ERROR_TYPE, "the date is %s, not a string or a number",
			expr_value_described(value));
	else if (pattern != NULL)
		date = read_text(text, expr_date_pattern(pattern), zone);
	else
		date = read_known_form(text, zone);
	if (date == NULL && text != NULL && pattern != NULL)
		eval_fail(eval, EXPR_ERROR_VALUE, "'%.100s' is no date in the format '%.100s'",
			text, pattern);
	else if (date == NULL)
		eval_fail(eval, EXPR_ERROR_VALUE,
			"'%.100s' is no date; tell its format with existingFormat=",
			text == NULL ? "the number" : text);
	return date;
}
