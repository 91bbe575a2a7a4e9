#include "repo-layout/input_value.h"

#include "expr/value.h"
#include "repo-layout/yaml_document.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Reads a value as its type says. value is never null. New reference, or NULL with error.
typedef json_t *(*InputRead)(const Input *input, json_t *value, GError **error);

static GQuark input_value_error_quark(void)
{
	return g_quark_from_static_string("weir-input-value-error");
}

static json_t *refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static json_t *refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, input_value_error_quark(), 0, message);
	return NULL;
}

// ---- Checks that several types share

static const char *property_text(const Input *input, const char *key)
{
	return json_string_value(json_object_get(input->properties, key));
}

static bool check_bounds(const Input *input, double number, GError **error)
{
	static const struct {
		const char *key;
		int sign;
		const char *words;
	} bounds[] = {{"min", 1, "less than the least allowed"},
		{"max", -1, "more than the most allowed"}};

	for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
		json_t *bound = json_object_get(input->properties, bounds[i].key);
		double limit = json_is_string(bound)
				       ? g_ascii_strtod(json_string_value(bound), NULL)
				       : json_number_value(bound);

		if (bound == NULL || json_is_null(bound) || (number - limit) * bounds[i].sign >= 0)
			continue;
		g_autofree char *text = expr_value_text(bound);
		refuse(error, "is %s, %s", bounds[i].words, text);
		return false;
	}
	return true;
}

static bool check_validator(const Input *input, const char *text, GError **error)
{
	const char *pattern = property_text(input, "validator");
	g_autoptr(GError) bad = NULL;

	if (pattern == NULL)
		return true;
	g_autofree char *whole = g_strdup_printf("^(?:%s)$", pattern);
	g_autoptr(GRegex) regex = g_regex_new(whole, G_REGEX_DOLLAR_ENDONLY, 0, &bad);
	if (regex == NULL) {
		refuse(error, "has a validator that is no regular expression: %s", bad->message);
		return false;
	}
	if (g_regex_match(regex, text, 0, NULL))
		return true;
	refuse(error, "does not match '%s'", pattern);
	return false;
}

// Texts of dates and times of one kind order as they are written, once in the same form.
static bool check_order(const Input *input, const char *text, GError **error)
{
	const char *after = property_text(input, "after");
	const char *before = property_text(input, "before");

	if (after != NULL && strcmp(text, after) <= 0) {
		refuse(error, "must be after %s", after);
		return false;
	}
	if (before != NULL && strcmp(text, before) >= 0) {
		refuse(error, "must be before %s", before);
		return false;
	}
	return true;
}

// ---- The types

static json_t *read_string(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);

	if (!g_utf8_validate(text, -1, NULL))
		return refuse(error, "is not valid UTF-8");
	return check_validator(input, text, error) ? json_string(text) : NULL;
}

static json_t *read_int(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);
	char *end;
	gint64 number;

	g_strstrip(text);
	errno = 0;
	number = g_ascii_strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || errno != 0)
		return refuse(error, "is no whole number: '%s'", text);
	return check_bounds(input, (double)number, error) ? json_integer(number) : NULL;
}

static json_t *read_float(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);
	char *end;
	double number;

	g_strstrip(text);
	number = g_ascii_strtod(text, &end);
	if (*text == '\0' || *end != '\0' || !isfinite(number))
		return refuse(error, "is no number: '%s'", text);
	return check_bounds(input, number, error) ? json_real(number) : NULL;
}

static json_t *read_boolean(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);

	(void)input;
	if (g_ascii_strcasecmp(text, "true") == 0)
		return json_true();
	if (g_ascii_strcasecmp(text, "false") == 0)
		return json_false();
	return refuse(error, "is neither true nor false: '%s'", text);
}

static json_t *read_date(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	int year, month, day, used = 0;

	if (text == NULL || strlen(text) != 10 ||
		sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10 ||
		year < 1 || month < 1 || month > 12 || day < 1 ||
		!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year)) {
		g_autofree char *shown = expr_value_text(value);
		return refuse(error, "is no date like 2026-01-31: '%s'", shown);
	}
	return check_order(input, text, error) ? json_string(text) : NULL;
}

// The fraction of a second with three, six or no digits.
static void append_fraction(GString *text, int microseconds)
{
	if (microseconds % 1000 != 0)
		g_string_append_printf(text, ".%06d", microseconds);
	else if (microseconds != 0)
		g_string_append_printf(text, ".%03d", microseconds / 1000);
}

// A moment is the same text wherever it was written: in UTC.
static json_t *instant_text(GDateTime *time)
{
	g_autoptr(GDateTime) utc = g_date_time_to_utc(time);
	g_autofree char *seconds = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
	g_autoptr(GString) text = g_string_new(seconds);

	append_fraction(text, g_date_time_get_microsecond(utc));
	g_string_append_c(text, 'Z');
	return json_string(text->str);
}

static json_t *read_datetime(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = text == NULL ? NULL : g_date_time_new_from_iso8601(text, utc);

	if (time == NULL) {
		g_autofree char *shown = expr_value_text(value);
		return refuse(error, "is no date and time like 2026-01-31T08:00:00Z: '%s'", shown);
	}
	for (int i = 0; i < 2; i++) {
		const char *bound = property_text(input, i == 0 ? "after" : "before");
		g_autoptr(GDateTime) limit =
			bound == NULL ? NULL : g_date_time_new_from_iso8601(bound, utc);
		int order = limit == NULL ? 0 : g_date_time_compare(time, limit);

		if (limit != NULL && (i == 0 ? order <= 0 : order >= 0))
			return refuse(error, "must be %s %s", i == 0 ? "after" : "before", bound);
	}
	return instant_text(time);
}

// Reads HH:MM[:SS[.fraction]] into the form that all have, so that they order as texts.
static bool time_read(const char *text, GString *ret_time)
{
	int hour = 0, minute = 0, second = 0, used = 0;
	int fields = text == NULL ? 0
				  : sscanf(text, "%2d:%2d%n:%2d%n", &hour, &minute, &used, &second,
					    &used);
	const char *rest = fields < 2 ? "?" : text + used;
	size_t digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
	char fraction[] = "000000";

	if (*rest == '.' && fields == 3 && digits > 0 && digits <= 9) {
		memcpy(fraction, rest + 1, MIN(digits, strlen(fraction)));
		rest += 1 + digits;
	}
	if (*rest != '\0' || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
		second > 59)
		return false;
	g_string_printf(ret_time, "%02d:%02d:%02d", hour, minute, second);
	append_fraction(ret_time, atoi(fraction));
	return true;
}

static json_t *read_time(const Input *input, json_t *value, GError **error)
{
	static const struct {
		const char *key;
		int sign;
	} bounds[] = {{"after", 1}, {"before", -1}};
	g_autoptr(GString) time = g_string_new(NULL), limit = g_string_new(NULL);

	if (!time_read(json_string_value(value), time)) {
		g_autofree char *shown = expr_value_text(value);
		return refuse(error, "is no time of day like 08:30:00: '%s'", shown);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
		const char *bound = property_text(input, bounds[i].key);
		int order = bound != NULL && time_read(bound, limit) ? strcmp(time->str, limit->str)
								     : bounds[i].sign;

		if (order * bounds[i].sign <= 0)
			return refuse(error, "must be %s %s", bounds[i].key, bound);
	}
	return json_string(time->str);
}

// One text for each length: hours, minutes and seconds, each where it is not 0.
static json_t *duration_json(int64_t duration)
{
	g_autoptr(GString) text = g_string_new(duration < 0 ? "-PT" : "PT");
	uint64_t rest = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
	uint64_t seconds = rest / G_USEC_PER_SEC;
	unsigned fraction = (unsigned)(rest % G_USEC_PER_SEC);

	if (seconds >= 3600)
		g_string_append_printf(text, "%" G_GUINT64_FORMAT "H", seconds / 3600);
	if (seconds / 60 % 60 > 0)
		g_string_append_printf(text, "%uM", (unsigned)(seconds / 60 % 60));
	if (fraction > 0) {
		g_string_append_printf(text, "%u.%06u", (unsigned)(seconds % 60), fraction);
		while (text->str[text->len - 1] == '0')
			g_string_truncate(text, text->len - 1);
		g_string_append_c(text, 'S');
	} else if (seconds % 60 > 0 || seconds == 0) {
		g_string_append_printf(text, "%uS", (unsigned)(seconds % 60));
	}
	return json_string(text->str);
}

static json_t *read_duration(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	int64_t duration, limit;

	if (text == NULL || !duration_parse(text, &duration)) {
		g_autofree char *shown = expr_value_text(value);
		return refuse(error, "is no duration like PT1H30M: '%s'", shown);
	}
	if (property_text(input, "min") != NULL &&
		duration_parse(property_text(input, "min"), &limit) && duration < limit)
		return refuse(
			error, "is less than the least allowed, %s", property_text(input, "min"));
	if (property_text(input, "max") != NULL &&
		duration_parse(property_text(input, "max"), &limit) && duration > limit)
		return refuse(
			error, "is more than the most allowed, %s", property_text(input, "max"));
	return duration_json(duration);
}

static json_t *read_json(const Input *input, json_t *value, GError **error)
{
	json_error_t where;
	json_t *parsed;

	(void)input;
	if (!json_is_string(value))
		return json_incref(value);
	parsed = json_loads(
		json_string_value(value), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
	if (parsed == NULL)
		return refuse(
			error, "is no JSON: %s at %d:%d", where.text, where.line, where.column);
	return parsed;
}

static json_t *read_yaml(const Input *input, json_t *value, GError **error)
{
	g_autoptr(YamlDocument) document = NULL;

	(void)input;
	if (!json_is_string(value))
		return json_incref(value);
	document = yaml_document_parse("input", json_string_value(value), json_string_length(value),
		1, 1, &yaml_limits_default, NULL);
	if (document == NULL)
		return refuse(error, "is no YAML");
	return yaml_to_json(yaml_document_root(document));
}

static InputRead type_find(const char *name);

static json_t *read_array(const Input *input, json_t *value, GError **error)
{
	const char *item_type = property_text(input, "itemType");
	g_autofree char *type = g_ascii_strup(item_type != NULL ? item_type : "STRING", -1);
	Input item_input = {.id = input->id, .type = type, .properties = NULL};
	InputRead read = type_find(type);
	json_t *list = read_json(input, value, error);
	json_t *typed, *item;
	size_t i;

	if (list == NULL)
		return NULL;
	if (!json_is_array(list) || read == NULL) {
		json_decref(list);
		return refuse(error, read == NULL ? "has an unknown itemType" : "is no list");
	}
	item_input.properties = json_object();
	typed = json_array();
	json_array_foreach(list, i, item)
	{
		g_autoptr(GError) bad = NULL;
		json_t *converted = read(&item_input, item, &bad);

		if (converted == NULL) {
			refuse(error, "item %zu %s", i + 1, bad->message);
			json_decref(typed);
			typed = NULL;
			break;
		}
		json_array_append_new(typed, converted);
	}
	json_decref(item_input.properties);
	json_decref(list);
	return typed;
}

static bool allows(const Input *input, const char *text)
{
	json_t *values = json_object_get(input->properties, "values");
	json_t *value;
	size_t i;

	if (json_is_true(json_object_get(input->properties, "allowCustomValue")))
		return true;
	json_array_foreach(values, i, value)
	{
		g_autofree char *allowed = expr_value_text(value);

		if (strcmp(allowed, text) == 0)
			return true;
	}
	return values == NULL;
}

static json_t *refuse_choice(const Input *input, const char *text, GError **error)
{
	json_t *values = json_object_get(input->properties, "values");
	g_autofree char *list = json_dumps(values, JSON_COMPACT);

	return refuse(error, "is none of %s: '%s'", list != NULL ? list : "[]", text);
}

static json_t *read_select(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);

	return allows(input, text) ? json_string(text) : refuse_choice(input, text, error);
}

static json_t *read_multiselect(const Input *input, json_t *value, GError **error)
{
	json_t *list = read_json(input, value, error);
	json_t *item;
	size_t i;

	if (list == NULL)
		return NULL;
	if (!json_is_array(list)) {
		json_decref(list);
		return refuse(error, "is no list");
	}
	json_array_foreach(list, i, item)
	{
		g_autofree char *text = expr_value_text(item);

		if (!allows(input, text)) {
			json_decref(list);
			return refuse_choice(input, text, error);
		}
	}
	return list;
}

static json_t *read_uri(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	g_autoptr(GError) bad = NULL;

	(void)input;
	if (text == NULL || !g_uri_is_valid(text, G_URI_FLAGS_NONE, &bad))
		return refuse(error, "is no URI: %s", bad != NULL ? bad->message : "not a text");
	return json_string(text);
}

static json_t *read_email(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);

	(void)input;
	if (text == NULL || !g_regex_match_simple("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", text, 0, 0)) {
		g_autofree char *shown = expr_value_text(value);
		return refuse(error, "is no e-mail address: '%s'", shown);
	}
	return json_string(text);
}

static const struct {
	const char *type;
	InputRead read;
} types[] = {
	{"STRING", read_string},
	{"SECRET", read_string},
	{"INT", read_int},
	{"FLOAT", read_float},
	{"BOOLEAN", read_boolean},
	{"BOOL", read_boolean},
	{"DATE", read_date},
	{"DATETIME", read_datetime},
	{"TIME", read_time},
	{"DURATION", read_duration},
	{"JSON", read_json},
	{"YAML", read_yaml},
	{"ARRAY", read_array},
	{"SELECT", read_select},
	{"ENUM", read_select},
	{"MULTISELECT", read_multiselect},
	{"FILE", read_string},
	{"URI", read_uri},
	{"EMAIL", read_email},
};

static InputRead type_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_ascii_strcasecmp(types[i].type, name) == 0)
			return types[i].read;
	}
	return NULL;
}

json_t *input_value_read(const Input *input, json_t *value, GError **error)
{
	InputRead read = type_find(input->type);

	if (read == NULL)
		return refuse(error, "has the unknown type '%s'", input->type);
	return read(input, value, error);
}
