#include "store/timestamp.h"

#include <glib.h>
#include <time.h>

#define DAY_SECONDS INT64_C(86400)
#define SECOND	    INT64_C(1000000)
// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z
#define FIRST_MOMENT (INT64_C(-62135596800) * SECOND)
#define LAST_MOMENT  (INT64_C(253402300799) * SECOND + SECOND - 1)

static int64_t (*test_clock)(void *data);
static void *test_clock_data;

int64_t timestamp_now(void)
{
	struct timespec now;

	if (test_clock != NULL)
		return test_clock(test_clock_data);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

void timestamp_set_clock(int64_t (*clock)(void *data), void *data)
{
	test_clock_data = data;
	test_clock = clock;
}

typedef struct {
	int64_t year;
	int month, day, hour, minute, second;
	int micro;
} Fields;

// Days from 1970-01-01 of a date of the Gregorian calendar. Years begin in March here, so that a leap day is the
// year's last.
static int64_t days_from_date(int64_t year, int month, int day)
{
	const int64_t shifted = month > 2 ? year : year - 1;
	const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	const int64_t year_of_era = shifted - era * 400;
	const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	const int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, Fields *fields)
{
	const int64_t shifted = days + 719468;
	const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	const int64_t day_of_era = shifted - era * 146097;
	const int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	const int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t march_month = (5 * day_of_year + 2) / 153;

	fields->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
	fields->month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	fields->year = year_of_era + era * 400 + (fields->month <= 2);
}

static void split(int64_t at, Fields *fields)
{
	int64_t seconds;
	int64_t days;

	at = CLAMP(at, FIRST_MOMENT, LAST_MOMENT);
	seconds = at / SECOND - (at % SECOND < 0);
	fields->micro = (int)(at - seconds * SECOND);
	days = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
	seconds -= days * DAY_SECONDS;
	date_from_days(days, fields);
	fields->hour = (int)(seconds / 3600);
	fields->minute = (int)(seconds / 60 % 60);
	fields->second = (int)(seconds % 60);
}

static char *format(int64_t at, char text[TIMESTAMP_SIZE], int divisor, int digits)
{
	Fields fields;

	split(at, &fields);
	g_snprintf(text, TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%0*dZ", (int)fields.year,
		fields.month, fields.day, fields.hour, fields.minute, fields.second, digits,
		fields.micro / divisor);
	return text;
}

char *timestamp_format(int64_t at, char text[TIMESTAMP_SIZE])
{
	return format(at, text, 1000, 3);
}

char *timestamp_format_precise(int64_t at, char text[TIMESTAMP_SIZE])
{
	return format(at, text, 1, 6);
}

char *timestamp_dup(int64_t at)
{
	char text[TIMESTAMP_SIZE];

	return at == 0 ? NULL : g_strdup(timestamp_format(at, text));
}

// Reads exactly `digits` digits.
static bool read_number(const char **text, int digits, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		if (!g_ascii_isdigit((*text)[i]))
			return false;
		number = number * 10 + ((*text)[i] - '0');
	}
	*text += digits;
	*ret_number = number;
	return true;
}

static bool read_char(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

static bool read_date(const char **text, Fields *fields)
{
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year;
	bool leap;

	if (!read_number(text, 4, &year) || !read_char(text, '-') ||
		!read_number(text, 2, &fields->month) || !read_char(text, '-') ||
		!read_number(text, 2, &fields->day))
		return false;
	fields->year = year;
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return year >= 1 && fields->month >= 1 && fields->month <= 12 && fields->day >= 1 &&
	       fields->day <= month_days[fields->month - 1] + (fields->month == 2 && leap);
}

static bool read_fraction(const char **text, int *ret_micro)
{
	int digits = 0;
	int micro = 0;

	for (; g_ascii_isdigit(**text); (*text)++, digits++) {
		if (digits < 6)
			micro = micro * 10 + (**text - '0');
	}
	for (int i = digits; i < 6; i++)
		micro *= 10;
	*ret_micro = micro;
	return digits >= 1 && digits <= 9;
}

static bool read_time(const char **text, Fields *fields)
{
	if (!read_number(text, 2, &fields->hour) || !read_char(text, ':') ||
		!read_number(text, 2, &fields->minute))
		return false;
	if (read_char(text, ':') && !read_number(text, 2, &fields->second))
		return false;
	if (read_char(text, '.') && !read_fraction(text, &fields->micro))
		return false;
	return fields->hour <= 23 && fields->minute <= 59 && fields->second <= 59;
}

// Seconds east of UTC.
static bool read_offset(const char **text, int *ret_offset)
{
	const char sign = **text;
	int hours;
	int minutes;

	*ret_offset = 0;
	if (sign == 'Z' || sign == 'z') {
		(*text)++;
		return true;
	}
	if (sign != '+' && sign != '-')
		return false;
	(*text)++;
	if (!read_number(text, 2, &hours))
		return false;
	read_char(text, ':');
	if (!read_number(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_offset = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

bool timestamp_parse(const char *text, int64_t *ret_at)
{
	Fields fields = {0};
	int offset = 0;
	int64_t seconds;

	if (!read_date(&text, &fields))
		return false;
	if (*text != '\0') {
		if (*text != 'T' && *text != 't' && *text != ' ')
			return false;
		text++;
		if (!read_time(&text, &fields) || !read_offset(&text, &offset) || *text != '\0')
			return false;
	}
	seconds = days_from_date(fields.year, fields.month, fields.day) * DAY_SECONDS +
		  fields.hour * INT64_C(3600) + fields.minute * INT64_C(60) + fields.second -
		  offset;
	*ret_at = seconds * SECOND + fields.micro;
	return true;
}
