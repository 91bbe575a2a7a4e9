#include "repo-layout/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static const char *skip_digits(const char *text)
{
	while (g_ascii_isdigit(*text))
		text++;
	return text;
}

// The base of a whole number as the core schema writes them, or 0 when it is none.
static int integer_base(const char *text)
{
	if (text[0] == '0' && text[1] == 'o' && text[2] != '\0')
		return text[2 + strspn(text + 2, "01234567")] == '\0' ? 8 : 0;
	if (text[0] == '0' && text[1] == 'x' && text[2] != '\0')
		return text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0' ? 16 : 0;
	if (*text == '-' || *text == '+')
		text++;
	return *text != '\0' && *skip_digits(text) == '\0' ? 10 : 0;
}

static bool fits_integer(const char *text, int base)
{
	errno = 0;
	strtoll(base == 10 ? text : text + 2, NULL, base);
	return errno == 0;
}

static bool is_real(const char *text)
{
	const char *start;

	if (*text == '-' || *text == '+')
		text++;
	start = text;
	text = skip_digits(text);
	if (*text == '.')
		text = skip_digits(text + 1);
	if (text == start || (text == start + 1 && *start == '.'))
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		if (*text == '-' || *text == '+')
			text++;
		if (!g_ascii_isdigit(*text))
			return false;
		text = skip_digits(text);
	}
	return *text == '\0';
}

YamlKind yaml_scalar_kind(const char *text, size_t length)
{
	static const char *const nulls[] = {"~", "null", "Null", "NULL", NULL};
	static const char *const booleans[] = {
		"true", "True", "TRUE", "false", "False", "FALSE", NULL};
	int base;

	if (length == 0)
		return YAML_NULL;
	switch (*text) {
	case '~':
	case 'n':
	case 'N': return is_one_of(text, nulls) ? YAML_NULL : YAML_STRING;
	case 't':
	case 'T':
	case 'f':
	case 'F': return is_one_of(text, booleans) ? YAML_BOOLEAN : YAML_STRING;
	default: break;
	}
	if (!g_ascii_isdigit(*text) && *text != '-' && *text != '+' && *text != '.')
		return YAML_STRING;
	base = integer_base(text);
	if (base != 0)
		return fits_integer(text, base) ? YAML_INTEGER : YAML_STRING;
	return is_real(text) && isfinite(g_ascii_strtod(text, NULL)) ? YAML_REAL : YAML_STRING;
}

int64_t yaml_scalar_integer(const char *text)
{
	int base = integer_base(text);

	return strtoll(base == 10 ? text : text + 2, NULL, base == 0 ? 10 : base);
}

bool yaml_scalar_boolean(const char *text)
{
	return *text == 't' || *text == 'T';
}
