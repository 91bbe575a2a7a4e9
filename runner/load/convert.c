#include "runner/load/convert.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	const DbColumn *column;
	const char *text;
	size_t length;
	ConvertScratch *scratch;
	DbValue *value;
} Conversion;

typedef bool (*ConvertFunction)(Conversion *conversion);

void convert_scratch_clear(ConvertScratch *scratch)
{
	if (scratch->buffer != NULL)
		g_string_free(scratch->buffer, TRUE);
	*scratch = (ConvertScratch){0};
}

static GString *scratch_buffer(ConvertScratch *scratch)
{
	if (scratch->buffer == NULL)
		scratch->buffer = g_string_new(NULL);
	return g_string_truncate(scratch->buffer, 0);
}

// Whether all bytes are of the set. The text need not end with a NUL.
static bool is_made_of(const char *text, size_t length, const char *set)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0' || strchr(set, text[i]) == NULL)
			return false;
	return true;
}

static bool to_integer(Conversion *conversion)
{
	const char *p = conversion->text;
	const char *end = p + conversion->length;
	bool negative = p < end && *p == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t value = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	for (; p < end; p++) {
		unsigned digit = (unsigned char)*p - (unsigned)'0';

		if (digit > 9 || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*conversion->value = DB_INTEGER(negative ? (int64_t)(0 - value) : (int64_t)value);
	return true;
}

// A decimal number taken apart.
typedef struct {
	bool negative;
	uint64_t digits; // all significant digits as one number
	unsigned significant; // how many
	unsigned whole; // digits before the point, without leading zeros
	unsigned fraction; // digits after the point, without trailing zeros
	unsigned leading; // zeros right behind the point, of a number below 1
	unsigned trailing; // zeros right before the point
	bool plain; // no exponent: digits and fraction are the value
} Decimal;

enum {
	EXPONENT_MOST = 100000, // nothing is larger, or smaller, for it
};

static void decimal_add(Decimal *decimal, char digit)
{
	if (decimal->significant < 19)
		decimal->digits = decimal->digits * 10 + (uint64_t)(digit - '0');
	decimal->significant++;
}

// The digits before the point. False when there are none.
static bool take_whole(const char **p, const char *end, Decimal *decimal)
{
	const char *begin = *p;

	for (; *p < end && g_ascii_isdigit(**p); (*p)++) {
		if (decimal->whole == 0 && **p == '0')
			continue;
		decimal->trailing = **p == '0' ? decimal->trailing + 1 : 0;
		decimal->whole++;
		decimal_add(decimal, **p);
	}
	return *p > begin;
}

// The point and the digits behind it. False when there are none.
static bool take_fraction(const char **p, const char *end, Decimal *decimal)
{
	const char *begin;
	unsigned zeros = 0; // not yet followed by another digit

	if (*p == end || **p != '.')
		return false;
	for (begin = ++*p; *p < end && g_ascii_isdigit(**p); (*p)++) {
		if (**p == '0') {
			zeros++;
			continue;
		}
		if (decimal->whole == 0 && decimal->fraction == 0)
			decimal->leading = zeros;
		for (; zeros > 0; zeros--, decimal->fraction++)
			decimal_add(decimal, '0');
		decimal_add(decimal, **p);
		decimal->fraction++;
	}
	return *p > begin;
}

// "e3", "E-7".
static bool take_exponent(const char **p, const char *end, int *ret_exponent)
{
	bool negative = false;
	const char *begin;

	*ret_exponent = 0;
	if (**p != 'e' && **p != 'E')
		return false;
	if (++*p < end && (**p == '-' || **p == '+'))
		negative = *(*p)++ == '-';
	for (begin = *p; *p < end && g_ascii_isdigit(**p); (*p)++)
		*ret_exponent = MIN(*ret_exponent * 10 + (**p - '0'), EXPONENT_MOST);
	if (negative)
		*ret_exponent = -*ret_exponent;
	return *p > begin;
}

// Moves the point: only the places of the first and the last digit that is not 0 matter.
static void decimal_shift(Decimal *decimal, int exponent)
{
	int whole = decimal->whole > 0 ? (int)decimal->whole : -(int)decimal->leading;
	int fraction = decimal->fraction > 0 ? (int)decimal->fraction : -(int)decimal->trailing;

	decimal->plain = false;
	if (decimal->whole == 0 && decimal->fraction == 0)
		return;
	decimal->whole = (unsigned)MAX(whole + exponent, 0);
	decimal->fraction = (unsigned)MAX(fraction - exponent, 0);
}

// Sign, digits, point, digits, exponent.
static bool decimal_parse(const char *p, size_t length, Decimal *decimal)
{
	const char *end = p + length;
	bool any;
	int exponent;

	*decimal = (Decimal){.plain = true};
	if (p < end && (*p == '-' || *p == '+'))
		decimal->negative = *p++ == '-';
	any = take_whole(&p, end, decimal);
	any = take_fraction(&p, end, decimal) || any;
	if (!any || p == end)
		return any;
	if (!take_exponent(&p, end, &exponent) || p != end)
		return false;
	decimal_shift(decimal, exponent);
	return true;
}

// Exact for up to 15 digits and 22 places (both fit a double); else through strtod.
static bool to_double(Conversion *conversion, double *ret_value)
{
	static const double POWERS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	Decimal decimal;
	char *end;

	if (decimal_parse(conversion->text, conversion->length, &decimal) && decimal.plain &&
		decimal.significant <= 15 && decimal.fraction < G_N_ELEMENTS(POWERS)) {
		*ret_value = (double)decimal.digits / POWERS[decimal.fraction];
		if (decimal.negative)
			*ret_value = -*ret_value;
		return true;
	}
	if (conversion->length == 0 || conversion->length > 400 ||
		!is_made_of(conversion->text, conversion->length, "0123456789+-.eE"))
		return false;
	g_string_append_len(
		scratch_buffer(conversion->scratch), conversion->text, (gssize)conversion->length);
	*ret_value = g_ascii_strtod(conversion->scratch->buffer->str, &end);
	return *end == '\0' && end != conversion->scratch->buffer->str && isfinite(*ret_value);
}

static bool to_float(Conversion *conversion)
{
	double value;

	if (!to_double(conversion, &value))
		return false;
	*conversion->value = DB_REAL(value);
	return true;
}

static void refuse(Conversion *conversion, const char *reason)
{
	g_strlcpy(conversion->scratch->reason, reason, sizeof(conversion->scratch->reason));
}

static bool to_numeric(Conversion *conversion)
{
	const DbFieldType *type = &conversion->column->type;
	Decimal decimal;

	if (!decimal_parse(conversion->text, conversion->length, &decimal))
		return false;
	if (type->precision > 0 &&
		(decimal.whole > type->precision - type->scale || decimal.fraction > type->scale)) {
		g_autofree char *name = db_field_type_text(type);

		snprintf(conversion->scratch->reason, sizeof(conversion->scratch->reason),
			"'%.*s' does not fit %s", (int)MIN(conversion->length, 40),
			conversion->text, name);
		return false;
	}
	if (decimal.fraction == 0 && to_integer(conversion))
		return true;
	if (!to_float(conversion)) // larger than any engine's
		return false;
	// The digits as they are: the engine keeps as many as it can.
	if (decimal.significant > 15)
		*conversion->value = DB_TEXT_N(conversion->text, conversion->length);
	return true;
}

static bool to_bool(Conversion *conversion)
{
	static const struct {
		const char *text;
		bool value;
	} WORDS[] = {
		{"true", true},
		{"false", false},
		{"1", true},
		{"0", false},
		{"t", true},
		{"f", false},
		{"yes", true},
		{"no", false},
		{"y", true},
		{"n", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
		if (strlen(WORDS[i].text) != conversion->length ||
			g_ascii_strncasecmp(WORDS[i].text, conversion->text, conversion->length) !=
				0)
			continue;
		*conversion->value = DB_BOOLEAN(WORDS[i].value);
		return true;
	}
	return false;
}

static bool to_string(Conversion *conversion)
{
	const DbFieldType *type = &conversion->column->type;

	*conversion->value = DB_TEXT_N(conversion->text, conversion->length);
	if (type->length == 0 || conversion->length <= type->length ||
		(unsigned)g_utf8_strlen(conversion->text, (gssize)conversion->length) <=
			type->length)
		return true;
	snprintf(conversion->scratch->reason, sizeof(conversion->scratch->reason),
		"%ld characters do not fit STRING(%u)",
		g_utf8_strlen(conversion->text, (gssize)conversion->length), type->length);
	return false;
}

static bool to_bytes(Conversion *conversion)
{
	GString *buffer = scratch_buffer(conversion->scratch);
	gsize length = 0;

	if (!is_made_of(conversion->text, conversion->length,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ||
		conversion->length % 4 != 0) {
		refuse(conversion, "not BYTES in base64");
		return false;
	}
	g_string_append_len(buffer, conversion->text, (gssize)conversion->length);
	if (buffer->len > 0)
		g_base64_decode_inplace(buffer->str, &length);
	if (conversion->column->type.length > 0 && length > conversion->column->type.length) {
		snprintf(conversion->scratch->reason, sizeof(conversion->scratch->reason),
			"%zu bytes do not fit BYTES(%u)", length, conversion->column->type.length);
		return false;
	}
	*conversion->value = DB_BLOB(buffer->str, length);
	return true;
}

// ---- Dates and times

typedef struct {
	int year, month, day;
	int hour, minute, second, microsecond;
	int offset; // minutes east of UTC
} Moment;

// At least least and at most most digits.
static bool take_number(const char **p, const char *end, int least, int most, int *ret_number)
{
	int count = 0;

	*ret_number = 0;
	while (*p < end && count < most && g_ascii_isdigit(**p)) {
		*ret_number = *ret_number * 10 + (**p - '0');
		(*p)++;
		count++;
	}
	return count >= least;
}

static bool take_character(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

static bool take_date(const char **p, const char *end, Moment *moment)
{
	return take_number(p, end, 4, 4, &moment->year) && take_character(p, end, '-') &&
	       take_number(p, end, 1, 2, &moment->month) && take_character(p, end, '-') &&
	       take_number(p, end, 1, 2, &moment->day) && moment->year > 0 && moment->day > 0 &&
	       moment->month > 0 &&
	       g_date_valid_dmy(
		       (GDateDay)moment->day, (GDateMonth)moment->month, (GDateYear)moment->year);
}

static bool take_time(const char **p, const char *end, Moment *moment)
{
	const char *fraction;

	if (!take_number(p, end, 1, 2, &moment->hour) || !take_character(p, end, ':') ||
		!take_number(p, end, 2, 2, &moment->minute))
		return false;
	if (take_character(p, end, ':') && !take_number(p, end, 2, 2, &moment->second))
		return false;
	if (take_character(p, end, '.')) {
		fraction = *p;
		if (!take_number(p, end, 1, 6, &moment->microsecond))
			return false;
		for (long digits = *p - fraction; digits < 6; digits++)
			moment->microsecond *= 10;
	}
	return moment->hour < 24 && moment->minute < 60 && moment->second < 60;
}

// Z, UTC, +01, +0100, +01:00, behind blanks.
static bool take_zone(const char **p, const char *end, Moment *moment)
{
	int hours;
	int minutes = 0;
	bool west;

	while (take_character(p, end, ' '))
		;
	if (end - *p == 3 && strncmp(*p, "UTC", 3) == 0)
		*p = end;
	if (*p == end || take_character(p, end, 'Z') || take_character(p, end, 'z'))
		return true;
	west = **p == '-';
	if (!take_character(p, end, '+') && !take_character(p, end, '-'))
		return false;
	if (!take_number(p, end, 2, 2, &hours))
		return false;
	take_character(p, end, ':');
	if (*p < end && !take_number(p, end, 2, 2, &minutes))
		return false;
	moment->offset = (hours * 60 + minutes) * (west ? -1 : 1);
	return hours < 15 && minutes < 60;
}

static void set_text(Conversion *conversion, const char *text, int length)
{
	*conversion->value = DB_TEXT_N(text, (size_t)length);
}

static int format_date(const Moment *moment, char *text, size_t size)
{
	return snprintf(text, size, "%04d-%02d-%02d", moment->year, moment->month, moment->day);
}

static int format_time(const Moment *moment, char *text, size_t size)
{
	int length = snprintf(
		text, size, "%02d:%02d:%02d", moment->hour, moment->minute, moment->second);

	if (moment->microsecond == 0)
		return length;
	length += snprintf(text + length, size - (size_t)length, ".%06d", moment->microsecond);
	while (text[length - 1] == '0')
		length--;
	return length;
}

static bool to_date(Conversion *conversion)
{
	const char *p = conversion->text;
	const char *end = p + conversion->length;
	Moment moment = {0};

	if (!take_date(&p, end, &moment) || p != end)
		return false;
	set_text(conversion, conversion->scratch->text,
		format_date(&moment, conversion->scratch->text, sizeof(conversion->scratch->text)));
	return true;
}

static bool to_time(Conversion *conversion)
{
	const char *p = conversion->text;
	const char *end = p + conversion->length;
	Moment moment = {0};

	if (!take_time(&p, end, &moment) || p != end)
		return false;
	set_text(conversion, conversion->scratch->text,
		format_time(&moment, conversion->scratch->text, sizeof(conversion->scratch->text)));
	return true;
}

static void set_moment(Conversion *conversion, const Moment *moment)
{
	char *text = conversion->scratch->text;
	size_t size = sizeof(conversion->scratch->text);
	int length = format_date(moment, text, size);

	text[length++] = ' ';
	length += format_time(moment, text + length, size - (size_t)length);
	set_text(conversion, text, length);
}

static bool take_moment(const char **p, const char *end, Moment *moment)
{
	if (!take_date(p, end, moment))
		return false;
	if (*p == end)
		return true;
	if (!take_character(p, end, ' ') && !take_character(p, end, 'T') &&
		!take_character(p, end, 't'))
		return false;
	return take_time(p, end, moment);
}

static bool to_datetime(Conversion *conversion)
{
	const char *p = conversion->text;
	const char *end = p + conversion->length;
	Moment moment = {0};

	if (!take_moment(&p, end, &moment) || p != end)
		return false;
	set_moment(conversion, &moment);
	return true;
}

static bool moment_to_utc(Moment *moment)
{
	GDate date;
	int minutes = moment->hour * 60 + moment->minute - moment->offset;

	if (moment->offset == 0)
		return true;
	g_date_clear(&date, 1);
	g_date_set_dmy(
		&date, (GDateDay)moment->day, (GDateMonth)moment->month, (GDateYear)moment->year);
	for (; minutes < 0; minutes += 1440) {
		if (g_date_get_julian(&date) <= 1)
			return false;
		g_date_subtract_days(&date, 1);
	}
	for (; minutes >= 1440; minutes -= 1440)
		g_date_add_days(&date, 1);
	moment->year = g_date_get_year(&date);
	moment->month = (int)g_date_get_month(&date);
	moment->day = g_date_get_day(&date);
	moment->hour = minutes / 60;
	moment->minute = minutes % 60;
	return moment->year <= 9999;
}

static bool to_timestamp(Conversion *conversion)
{
	const char *p = conversion->text;
	const char *end = p + conversion->length;
	Moment moment = {0};

	if (!take_moment(&p, end, &moment) || !take_zone(&p, end, &moment) || p != end ||
		!moment_to_utc(&moment))
		return false;
	set_moment(conversion, &moment);
	return true;
}

static bool to_json(Conversion *conversion)
{
	bool repeated = conversion->column->mode == DB_MODE_REPEATED;
	bool record = !repeated && conversion->column->type.kind == DB_FIELD_RECORD;
	json_t *json = json_loadb(conversion->text, conversion->length,
		JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
	bool good = json != NULL && (!repeated || json_is_array(json)) &&
		    (!record || json_is_object(json));

	json_decref(json);
	if (!good) {
		refuse(conversion, repeated ? "not a JSON array"
				   : record ? "not a JSON object"
					    : "not JSON");
		return false;
	}
	*conversion->value = DB_TEXT_N(conversion->text, conversion->length);
	return true;
}

static const struct {
	ConvertFunction convert;
	const char *article;
} CONVERSIONS[DB_FIELD_COUNT] = {
	[DB_FIELD_UNKNOWN] = {to_string, "a"},
	[DB_FIELD_INT64] = {to_integer, "an"},
	[DB_FIELD_FLOAT64] = {to_float, "a"},
	[DB_FIELD_NUMERIC] = {to_numeric, "a"},
	[DB_FIELD_BIGNUMERIC] = {to_numeric, "a"},
	[DB_FIELD_BOOL] = {to_bool, "a"},
	[DB_FIELD_STRING] = {to_string, "a"},
	[DB_FIELD_BYTES] = {to_bytes, "a"},
	[DB_FIELD_DATE] = {to_date, "a"},
	[DB_FIELD_DATETIME] = {to_datetime, "a"},
	[DB_FIELD_TIME] = {to_time, "a"},
	[DB_FIELD_TIMESTAMP] = {to_timestamp, "a"},
	[DB_FIELD_JSON] = {to_json, "a"},
	[DB_FIELD_GEOGRAPHY] = {to_string, "a"},
	[DB_FIELD_RECORD] = {to_json, "a"},
};

// How much of a text a message shows: no half characters.
static size_t shown_length(const char *text, size_t length)
{
	size_t shown = MIN(length, 60);

	while (shown < length && shown > 0 && (text[shown] & 0xc0) == 0x80)
		shown--;
	return shown;
}

const char *convert_text(const DbColumn *column, const char *text, size_t length,
	ConvertScratch *scratch, DbValue *ret_value)
{
	Conversion conversion = {column, text, length, scratch, ret_value};
	DbFieldKind kind = column->mode == DB_MODE_REPEATED ? DB_FIELD_JSON : column->type.kind;
	size_t shown = shown_length(text, length);

	scratch->reason[0] = '\0';
	if (CONVERSIONS[kind].convert(&conversion))
		return NULL;
	if (scratch->reason[0] != '\0')
		return scratch->reason;
	snprintf(scratch->reason, sizeof(scratch->reason), "'%.*s%s' is not %s %s", (int)shown,
		text, shown < length ? "…" : "", CONVERSIONS[kind].article,
		db_field_kind_name(kind));
	return scratch->reason;
}

static const char *refuse_kind(
	const DbColumn *column, const JsonMember *member, ConvertScratch *scratch)
{
	size_t shown = shown_length(member->text, member->length);

	snprintf(scratch->reason, sizeof(scratch->reason), "%.*s%s is not %s %s", (int)shown,
		member->text, shown < member->length ? "…" : "",
		CONVERSIONS[column->type.kind].article, db_field_kind_name(column->type.kind));
	return scratch->reason;
}

// As it stands in the line: it is known to be JSON.
static const char *convert_json_text(
	const DbColumn *column, const JsonMember *member, ConvertScratch *scratch, DbValue *value)
{
	const char *reason = NULL;

	if (column->mode == DB_MODE_REPEATED && !json_is_array(member->value))
		reason = "not a JSON array";
	else if (column->mode != DB_MODE_REPEATED && column->type.kind == DB_FIELD_RECORD &&
		 !json_is_object(member->value))
		reason = "not a JSON object";
	if (reason != NULL) {
		g_strlcpy(scratch->reason, reason, sizeof(scratch->reason));
		return scratch->reason;
	}
	*value = DB_TEXT_N(member->text, member->length);
	return NULL;
}

// A column of no known type takes what comes.
static const char *convert_untyped(
	const DbColumn *column, const JsonMember *member, ConvertScratch *scratch, DbValue *value)
{
	Conversion conversion = {column, member->text, member->length, scratch, value};

	if (json_is_boolean(member->value))
		*value = DB_BOOLEAN(json_is_true(member->value));
	else if (!json_is_number(member->value))
		*value = DB_TEXT_N(member->text, member->length);
	else if (!to_integer(&conversion) && !to_float(&conversion))
		return refuse_kind(column, member, scratch);
	return NULL;
}

static bool takes_numbers(DbFieldKind kind)
{
	return kind == DB_FIELD_INT64 || kind == DB_FIELD_FLOAT64 || kind == DB_FIELD_NUMERIC ||
	       kind == DB_FIELD_BIGNUMERIC;
}

const char *convert_json(const DbColumn *column, const JsonMember *member, ConvertScratch *scratch,
	DbValue *ret_value)
{
	DbFieldKind kind = column->type.kind;

	if (column->mode == DB_MODE_REPEATED || kind == DB_FIELD_JSON || kind == DB_FIELD_RECORD)
		return convert_json_text(column, member, scratch, ret_value);
	if (json_is_string(member->value))
		return convert_text(column, json_string_value(member->value),
			json_string_length(member->value), scratch, ret_value);
	if (kind == DB_FIELD_UNKNOWN)
		return convert_untyped(column, member, scratch, ret_value);
	if (json_is_number(member->value) && takes_numbers(kind))
		return convert_text(column, member->text, member->length, scratch, ret_value);
	if (!json_is_boolean(member->value) || kind != DB_FIELD_BOOL)
		return refuse_kind(column, member, scratch);
	*ret_value = DB_BOOLEAN(json_is_true(member->value));
	return NULL;
}
