// Filters over numbers.
#include "expr/eval.h"

#include <math.h>
#include <string.h>

static json_t *fail_number(ExprEval *eval, const json_t *value)
{
	if (json_is_string(value))
		return eval_fail(eval, EXPR_ERROR_VALUE, "'%.100s' is not a number",
			json_string_value(value));
	return eval_fail(eval, EXPR_ERROR_TYPE, "the value is %s, not a number",
		expr_value_described(value));
}

// The number that a text shows, as an integer where it fits one; NULL when it shows none.
static json_t *number_from_text(const char *text, bool integer_only)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(text));
	char *end;
	gint64 integer;
	double real;

	if (g_ascii_string_to_signed(*trimmed == '+' ? trimmed + 1 : trimmed, 10, INT64_MIN,
		    INT64_MAX, &integer, NULL))
		return json_integer(integer);
	if (integer_only || strpbrk(trimmed, "xXnNpP") != NULL)
		return NULL;
	real = g_ascii_strtod(trimmed, &end);
	return end == trimmed || *end != '\0' || !isfinite(real) ? NULL : json_real(real);
}

static json_t *as_integer(ExprEval *eval, const json_t *number)
{
	double real = json_number_value(number);

	if (json_is_integer(number))
		return json_integer(json_integer_value(number));
	if (fabs(real) >= 9.2e18)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the number does not fit an integer");
	return json_integer((json_int_t)real);
}

typedef struct {
	const char *name;
	bool integer;
} NumberType;

static const NumberType number_types[] = {
	{"INT", true},
	{"INTEGER", true},
	{"LONG", true},
	{"BIGINTEGER", true},
	{"FLOAT", false},
	{"DOUBLE", false},
	{"BIGDECIMAL", false},
};

static const NumberType *find_type(ExprEval *eval, const json_t *name)
{
	const char *text = json_string_value(name);

	for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(number_types); i++) {
		if (g_ascii_strcasecmp(number_types[i].name, text) == 0)
			return &number_types[i];
	}
	eval_fail(eval, EXPR_ERROR_VALUE,
		"the type of a number is INT, LONG, FLOAT, DOUBLE, BIGINTEGER or BIGDECIMAL");
	return NULL;
}

static json_t *apply_number(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	const NumberType *type = NULL;
	json_t *number, *result;

	(void)count;
	if (arguments[0] != NULL && (type = find_type(eval, arguments[0])) == NULL)
		return NULL;
	if (json_is_string(input))
		number = number_from_text(json_string_value(input), type != NULL && type->integer);
	else
		number = json_is_number(input) ? json_incref(input) : NULL;
	if (number == NULL)
		return fail_number(eval, input);
	if (type == NULL)
		return number;
	result = type->integer ? as_integer(eval, number) : json_real(json_number_value(number));
	json_decref(number);
	return result;
}

static json_t *apply_abs(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	if (!json_is_number(input))
		return fail_number(eval, input);
	if (json_is_real(input))
		return json_real(fabs(json_real_value(input)));
	if (json_integer_value(input) == INT64_MIN)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the number does not fit an integer");
	return json_integer(ABS(json_integer_value(input)));
}

// ---- rounding ----

static json_t *round_by(ExprEval *eval, json_t *input, double (*round_to)(double))
{
	double rounded;

	if (!json_is_number(input))
		return fail_number(eval, input);
	if (json_is_integer(input))
		return json_incref(input);
	rounded = round_to(json_real_value(input));
	if (fabs(rounded) >= 9.2e18)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the number does not fit an integer");
	return json_integer((json_int_t)rounded);
}

static json_t *apply_round(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_int_t digits;
	double scale;

	(void)count;
	if (!eval_integer(eval, arguments[0], "the number of digits", 0, &digits))
		return NULL;
	if (digits < 0 || digits > 15)
		return eval_fail(
			eval, EXPR_ERROR_VALUE, "the number of digits must be between 0 and 15");
	if (digits == 0)
		return round_by(eval, input, round);
	if (!json_is_number(input))
		return fail_number(eval, input);
	scale = pow(10.0, (double)digits);
	return json_real(round(json_number_value(input) * scale) / scale);
}

static json_t *apply_floor(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	return round_by(eval, input, floor);
}

static json_t *apply_ceil(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	return round_by(eval, input, ceil);
}

// ---- numberFormat ----

// A pattern such as `#,##0.00 €` or `0.#%`, taken apart.
typedef struct {
	GString *prefix, *suffix;
	unsigned min_integer, min_fraction, max_fraction, group;
	double factor; // 100 for a percentage
} NumberPattern;

// Appends the fixed text before or behind the digits; returns what follows it.
static const char *read_affix(
	NumberPattern *pattern, GString *affix, const char *text, const char *stop)
{
	bool quoted = false;

	for (; *text != '\0' && (quoted || strchr(stop, *text) == NULL); text++) {
		if (*text == '\'' && text[1] == '\'')
			g_string_append_c(affix, *++text - 0);
		else if (*text == '\'')
			quoted = !quoted;
		else
			g_string_append_c(affix, *text);
		if (*text == '%' && !quoted)
			pattern->factor = 100.0;
	}
	return text;
}

static const char *read_digits(NumberPattern *pattern, const char *text)
{
	bool fraction = false, grouped = false;

	for (; *text != '\0' && strchr("#0,.", *text) != NULL; text++) {
		if (*text == '.') {
			fraction = true;
		} else if (*text == ',') {
			grouped = !fraction;
			pattern->group = 0;
		} else if (fraction) {
			pattern->max_fraction++;
			pattern->min_fraction += *text == '0';
		} else {
			pattern->min_integer += *text == '0';
			pattern->group += grouped;
		}
	}
	if (!grouped)
		pattern->group = 0;
	return text;
}

static void append_grouped(GString *result, const char *digits, size_t length, unsigned group)
{
	for (size_t i = 0; i < length; i++) {
		if (group > 0 && i > 0 && (length - i) % group == 0)
			g_string_append_c(result, ',');
		g_string_append_c(result, digits[i]);
	}
}

static void append_formatted(GString *result, const NumberPattern *pattern, const json_t *input)
{
	char buffer[512], format[16];
	const char *digits = buffer, *point;
	size_t whole, fraction;

	if (json_is_integer(input) && pattern->factor == 1.0) {
		g_snprintf(
			buffer, sizeof buffer, "%" JSON_INTEGER_FORMAT, json_integer_value(input));
	} else {
		g_snprintf(format, sizeof format, "%%.%uf", pattern->max_fraction);
		g_ascii_formatd(
			buffer, sizeof buffer, format, json_number_value(input) * pattern->factor);
	}
	if (*digits == '-') {
		digits++;
		if (strspn(digits, "0.") != strlen(digits))
			g_string_append_c(result, '-');
	}
	g_string_append(result, pattern->prefix->str);
	point = strchr(digits, '.');
	whole = point == NULL ? strlen(digits) : (size_t)(point - digits);
	fraction = point == NULL ? 0 : strlen(point + 1);
	while (fraction > pattern->min_fraction && point[fraction] == '0')
		fraction--;
	if (whole == 1 && *digits == '0' && pattern->min_integer == 0 && fraction > 0)
		whole = 0;
	g_autoptr(GString) padded = g_string_new(NULL);
	for (size_t i = whole; i < pattern->min_integer; i++)
		g_string_append_c(padded, '0');
	g_string_append_len(padded, digits, (gssize)whole);
	append_grouped(result, padded->str, padded->len, pattern->group);
	if (fraction > 0 || pattern->min_fraction > 0)
		g_string_append_c(result, '.');
	if (fraction > 0)
		g_string_append_len(result, point + 1, (gssize)fraction);
	for (size_t i = fraction; i < pattern->min_fraction; i++)
		g_string_append_c(result, '0');
	g_string_append(result, pattern->suffix->str);
}

static json_t *apply_number_format(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *text = "#,##0.###";
	g_autoptr(GString) prefix = g_string_new(NULL), suffix = g_string_new(NULL),
			   result = g_string_new(NULL);
	NumberPattern pattern = {.prefix = prefix, .suffix = suffix, .factor = 1.0};

	(void)count;
	if (!json_is_number(input))
		return fail_number(eval, input);
	if (arguments[0] != NULL)
		text = eval_text(eval, arguments[0], "the format", &scratch);
	if (text == NULL)
		return NULL;
	text = read_affix(&pattern, prefix, text, "#0,.;");
	text = read_digits(&pattern, text);
	read_affix(&pattern, suffix, text, ";");
	if (pattern.max_fraction > 100 || pattern.min_integer > 100 ||
		prefix->len + suffix->len > 1000)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the format of the number is too long");
	append_formatted(result, &pattern, input);
	return eval_string(eval, result->str, result->len);
}

const ExprCallee filters_number[] = {
	{"number", {"type"}, 0, 1, 0, apply_number},
	{"abs", {NULL}, 0, 0, 0, apply_abs},
	{"round", {"digits"}, 0, 1, 0, apply_round},
	{"floor", {NULL}, 0, 0, 0, apply_floor},
	{"ceil", {NULL}, 0, 0, 0, apply_ceil},
	{"numberFormat", {"format"}, 0, 1, 0, apply_number_format},
	{"numberformat", {"format"}, 0, 1, 0, apply_number_format},
	{.name = NULL},
};
