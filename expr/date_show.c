#include "expr/date.h"

#include <string.h>

const char *const expr_month_names[12] = {"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"};
const char *const expr_day_names[7] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

typedef struct {
	const char *name;
	const char *pattern;
} NamedPattern;

static const NamedPattern named_patterns[] = {
	{"iso", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"},
	{"iso_milli", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"},
	{"iso_sec", "yyyy-MM-dd'T'HH:mm:ssXXX"},
	{"sql", "yyyy-MM-dd HH:mm:ss.SSSSSS"},
	{"sql_milli", "yyyy-MM-dd HH:mm:ss.SSS"},
	{"sql_sec", "yyyy-MM-dd HH:mm:ss"},
	{"sql_seq", "yyyy-MM-dd HH:mm:ss"},
	{"iso_date_time", "yyyy-MM-dd'T'HH:mm:ss\001[XXX]['['VV']']"},
	{"iso_zoned_date_time", "yyyy-MM-dd'T'HH:mm:ss\001[XXX]['['VV']']"},
	{"iso_offset_date_time", "yyyy-MM-dd'T'HH:mm:ss\001XXX"},
	{"iso_local_date_time", "yyyy-MM-dd'T'HH:mm:ss\001"},
	{"iso_instant", "yyyy-MM-dd'T'HH:mm:ss\001X"},
	{"iso_date", "yyyy-MM-dd[XXX]"},
	{"iso_local_date", "yyyy-MM-dd"},
	{"iso_offset_date", "yyyy-MM-dd[XXX]"},
	{"iso_time", "HH:mm:ss\001[XXX]"},
	{"iso_local_time", "HH:mm:ss\001"},
	{"iso_offset_time", "HH:mm:ss\001XXX"},
	{"iso_ordinal_date", "yyyy-DDDXXX"},
	{"iso_week_date", "YYYY-'W'ww-eXXX"},
	{"basic_iso_date", "yyyyMMddXX"},
	{"rfc_1123_date_time", "EEE, d MMM yyyy HH:mm:ss \002"},
	{"full", "EEEE, MMMM d, yyyy 'at' h:mm:ss a zzzz"},
	{"long", "MMMM d, yyyy 'at' h:mm:ss a z"},
	{"medium", "MMM d, yyyy, h:mm:ss a"},
	{"short", "M/d/yy, h:mm a"},
};

const char *expr_date_pattern(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(named_patterns); i++) {
		if (g_ascii_strcasecmp(named_patterns[i].name, name) == 0)
			return named_patterns[i].pattern;
	}
	return name;
}

// Appends what a run of `count` equal pattern letters shows.
typedef void (*ShowLetter)(GString *text, GDateTime *date, int count);

static void show_number(GString *text, int64_t number, int width)
{
	g_string_append_printf(text, "%0*" G_GINT64_FORMAT, width, number);
}

static void show_year_of(GString *text, int year, int count)
{
	if (count == 2)
		show_number(text, year % 100, 2);
	else
		show_number(text, year, count);
}

static void show_year(GString *text, GDateTime *date, int count)
{
	show_year_of(text, g_date_time_get_year(date), count);
}

static void show_week_year(GString *text, GDateTime *date, int count)
{
	show_year_of(text, g_date_time_get_week_numbering_year(date), count);
}

// One or two letters: the number; three: a short name; four: the name; five: its initial.
static void show_name(GString *text, const char *name, int number, int count)
{
	if (count <= 2)
		show_number(text, number, count);
	else
		g_string_append_len(text, name,
			count == 3   ? 3
			: count == 4 ? (gssize)strlen(name)
				     : 1);
}

static void show_month(GString *text, GDateTime *date, int count)
{
	int month = g_date_time_get_month(date);

	show_name(text, expr_month_names[month - 1], month, count);
}

static void show_weekday(GString *text, GDateTime *date, int count)
{
	int day = g_date_time_get_day_of_week(date);

	show_name(text, expr_day_names[day - 1], day, MAX(3, count));
}

static void show_weekday_number(GString *text, GDateTime *date, int count)
{
	int day = g_date_time_get_day_of_week(date);

	show_name(text, expr_day_names[day - 1], day, count);
}

static void show_day(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_day_of_month(date), count);
}

static void show_day_of_year(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_day_of_year(date), count);
}

static void show_week(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_week_of_year(date), count);
}

static void show_week_of_month(GString *text, GDateTime *date, int count)
{
	int day = g_date_time_get_day_of_month(date), weekday = g_date_time_get_day_of_week(date);

	show_number(text, (day + 6 - weekday) / 7 + 1, count);
}

static void show_quarter(GString *text, GDateTime *date, int count)
{
	static const char *const names[] = {
		"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
	int quarter = (g_date_time_get_month(date) - 1) / 3 + 1;

	if (count <= 2)
		show_number(text, quarter, count);
	else if (count == 3)
		g_string_append_printf(text, "Q%d", quarter);
	else
		g_string_append(text, names[quarter - 1]);
}

static void show_era(GString *text, GDateTime *date, int count)
{
	(void)date;
	g_string_append(text, count == 4 ? "Anno Domini" : count == 5 ? "A" : "AD");
}

static void show_half(GString *text, GDateTime *date, int count)
{
	(void)count;
	g_string_append(text, g_date_time_get_hour(date) < 12 ? "AM" : "PM");
}

static void show_hour(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_hour(date), count);
}

static void show_hour_1_24(GString *text, GDateTime *date, int count)
{
	int hour = g_date_time_get_hour(date);

	show_number(text, hour == 0 ? 24 : hour, count);
}

static void show_hour_0_11(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_hour(date) % 12, count);
}

static void show_hour_1_12(GString *text, GDateTime *date, int count)
{
	show_number(text, (g_date_time_get_hour(date) + 11) % 12 + 1, count);
}

static void show_minute(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_minute(date), count);
}

static void show_second(GString *text, GDateTime *date, int count)
{
	show_number(text, g_date_time_get_second(date), count);
}

static void show_fraction(GString *text, GDateTime *date, int count)
{
	char digits[16];

	g_snprintf(digits, sizeof digits, "%06d000", g_date_time_get_microsecond(date));
	g_string_append_len(text, digits, MIN(count, 9));
}

static int64_t microsecond_of_day(GDateTime *date)
{
	return ((int64_t)g_date_time_get_hour(date) * 3600 +
		       (int64_t)g_date_time_get_minute(date) * 60 + g_date_time_get_second(date)) *
		       G_USEC_PER_SEC +
	       g_date_time_get_microsecond(date);
}

static void show_nanosecond(GString *text, GDateTime *date, int count)
{
	show_number(text, (int64_t)g_date_time_get_microsecond(date) * 1000, count);
}

static void show_nanosecond_of_day(GString *text, GDateTime *date, int count)
{
	show_number(text, microsecond_of_day(date) * 1000, count);
}

static void show_millisecond_of_day(GString *text, GDateTime *date, int count)
{
	show_number(text, microsecond_of_day(date) / 1000, count);
}

// ---- zones ----

static void append_offset(GString *text, GDateTime *date, bool colon, bool minutes)
{
	int64_t seconds = g_date_time_get_utc_offset(date) / G_USEC_PER_SEC;
	int64_t distance = ABS(seconds);

	g_string_append_printf(text, "%c%02d", seconds < 0 ? '-' : '+', (int)(distance / 3600));
	if (minutes || distance % 3600 != 0)
		g_string_append_printf(text, "%s%02d", colon ? ":" : "", (int)(distance / 60 % 60));
}

// X: +02 (or +0530), XX: +0200, XXX: +02:00; Z for no offset.
static void show_offset_or_z(GString *text, GDateTime *date, int count)
{
	if (g_date_time_get_utc_offset(date) == 0)
		g_string_append_c(text, 'Z');
	else
		append_offset(text, date, count == 3 || count == 5, count > 1);
}

static void show_offset(GString *text, GDateTime *date, int count)
{
	append_offset(text, date, count == 3 || count == 5, count > 1);
}

static void show_localized_offset(GString *text, GDateTime *date, int count)
{
	int64_t seconds = g_date_time_get_utc_offset(date) / G_USEC_PER_SEC,
		distance = ABS(seconds);

	g_string_append(text, "GMT");
	if (count >= 4 && seconds != 0) {
		append_offset(text, date, true, true);
	} else if (seconds != 0) {
		g_string_append_printf(
			text, "%c%d", seconds < 0 ? '-' : '+', (int)(distance / 3600));
		if (distance % 3600 != 0)
			g_string_append_printf(text, ":%02d", (int)(distance / 60 % 60));
	}
}

// Z: +0200, ZZZZ: GMT+02:00, ZZZZZ: +02:00 or Z.
static void show_rfc_offset(GString *text, GDateTime *date, int count)
{
	if (count <= 3)
		append_offset(text, date, false, true);
	else if (count == 4)
		show_localized_offset(text, date, 4);
	else
		show_offset_or_z(text, date, 5);
}

static void show_zone_name(GString *text, GDateTime *date, int count)
{
	(void)count;
	g_string_append(text, g_date_time_get_timezone_abbreviation(date));
}

static void show_zone_id(GString *text, GDateTime *date, int count)
{
	(void)count;
	g_string_append(text, g_time_zone_get_identifier(g_date_time_get_timezone(date)));
}

typedef struct {
	char letter;
	unsigned char most; // letters in a row
	ShowLetter show;
} LetterRow;

static const LetterRow letters[] = {
	{'y', 9, show_year},
	{'u', 9, show_year},
	{'Y', 9, show_week_year},
	{'M', 5, show_month},
	{'L', 5, show_month},
	{'d', 2, show_day},
	{'D', 3, show_day_of_year},
	{'E', 5, show_weekday},
	{'e', 5, show_weekday_number},
	{'c', 5, show_weekday_number},
	{'w', 2, show_week},
	{'W', 1, show_week_of_month},
	{'Q', 5, show_quarter},
	{'q', 5, show_quarter},
	{'G', 5, show_era},
	{'a', 1, show_half},
	{'H', 2, show_hour},
	{'k', 2, show_hour_1_24},
	{'K', 2, show_hour_0_11},
	{'h', 2, show_hour_1_12},
	{'m', 2, show_minute},
	{'s', 2, show_second},
	{'S', 9, show_fraction},
	{'n', 18, show_nanosecond},
	{'N', 18, show_nanosecond_of_day},
	{'A', 18, show_millisecond_of_day},
	{'X', 5, show_offset_or_z},
	{'x', 5, show_offset},
	{'O', 4, show_localized_offset},
	{'Z', 5, show_rfc_offset},
	{'z', 4, show_zone_name},
	{'v', 4, show_zone_name},
	{'V', 2, show_zone_id},
};

static const LetterRow *find_letter(char letter)
{
	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		if (letters[i].letter == letter)
			return &letters[i];
	}
	return NULL;
}

static void append_needed_fraction(GString *text, GDateTime *date)
{
	char digits[16];
	size_t length = 6;

	g_snprintf(digits, sizeof digits, "%06d", g_date_time_get_microsecond(date));
	while (length > 0 && digits[length - 1] == '0')
		length--;
	if (length > 0)
		g_string_append_printf(text, ".%.*s", (int)length, digits);
}

// Shows a run of letters. False after eval_fail().
static bool show_letters(ExprEval *eval, GString *text, GDateTime *date, char letter, int count)
{
	const LetterRow *row = find_letter(letter);

	if (row == NULL) {
		eval_fail(eval, EXPR_ERROR_VALUE,
			"the letter '%c' has no meaning in a date format; quote it: '%c'", letter,
			letter);
		return false;
	}
	if (count > row->most) {
		eval_fail(eval, EXPR_ERROR_VALUE,
			"a date format has at most %d letters '%c' in a row", row->most, letter);
		return false;
	}
	row->show(text, date, count);
	return true;
}

// Appends quoted text whose opening quote is at pattern; returns what follows it.
static const char *append_quoted(GString *text, const char *pattern)
{
	if (pattern[1] == '\'') {
		g_string_append_c(text, '\'');
		return pattern + 2;
	}
	for (pattern++; *pattern != '\0' && (*pattern != '\'' || pattern[1] == '\''); pattern++) {
		pattern += *pattern == '\'';
		g_string_append_c(text, *pattern);
	}
	return *pattern == '\0' ? pattern : pattern + 1;
}

json_t *expr_date_show(ExprEval *eval, GDateTime *date, const char *pattern)
{
	g_autoptr(GString) text = g_string_new(NULL);

	pattern = expr_date_pattern(pattern);
	while (*pattern != '\0' && text->len < 10000) {
		int count = 1;

		if (*pattern == '\'') {
			pattern = append_quoted(text, pattern);
			continue;
		}
		if (g_ascii_isalpha(*pattern)) {
			while (pattern[count] == *pattern)
				count++;
			if (!show_letters(eval, text, date, *pattern, count))
				return NULL;
		} else if (*pattern == PATTERN_FRACTION) {
			append_needed_fraction(text, date);
		} else if (*pattern == '\002') {
			if (g_date_time_get_utc_offset(date) == 0)
				g_string_append(text, "GMT");
			else
				append_offset(text, date, false, true);
		} else if (*pattern != '[' && *pattern != ']') {
			g_string_append_c(text, *pattern);
		}
		pattern += count;
	}
	return eval_string(eval, text->str, text->len);
}
