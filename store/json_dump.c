#include "store/json_dump.h"

#include <float.h>
#include <glib.h>
#include <math.h>
#include <string.h>

enum {
	DIGITS_SURE = 15, // any real of so many is the shortest text of its double
};

typedef struct {
	GString *text;
	bool in_string;
} Dump;

// Jansson writes a real in one piece, with up to 17 digits and no zeros behind them.
static bool is_long_real(const char *piece, size_t length)
{
	return length > DIGITS_SURE && (*piece == '-' || g_ascii_isdigit(*piece)) &&
	       (memchr(piece, '.', length) != NULL || memchr(piece, 'e', length) != NULL);
}

// As Jansson writes exponents: "e-7", "e22".
static void append_digits(GString *text, const char *digits)
{
	const char *exponent = strchr(digits, 'e');

	if (exponent == NULL) {
		g_string_append(text, digits);
		if (strchr(digits, '.') == NULL)
			g_string_append(text, ".0");
		return;
	}
	exponent++;
	g_string_append_len(text, digits, exponent - digits);
	if (*exponent == '-')
		g_string_append_c(text, '-');
	g_string_append(text, exponent + strspn(exponent, "+-0"));
}

static void append_real(GString *text, const char *piece, size_t length)
{
	g_autofree char *exact = g_strndup(piece, length);
	double real = g_ascii_strtod(exact, NULL);
	gsize start = text->len;

	for (int precision = fabs(real) < DBL_MIN ? 1 : DIGITS_SURE; precision < 17; precision++) {
		char digits[G_ASCII_DTOSTR_BUF_SIZE];
		char format[8];

		g_snprintf(format, sizeof(format), "%%.%dg", precision);
		g_ascii_formatd(digits, sizeof(digits), format, real);
		if (g_ascii_strtod(digits, NULL) != real)
			continue;
		append_digits(text, digits);
		if (text->len - start <= length)
			return;
		g_string_truncate(text, start); // an exponent where none was needed
		break;
	}
	g_string_append_len(text, piece, (gssize)length);
}

// A quote that stands alone begins or ends a string: inside of one it comes with its backslash.
static int dump_piece(const char *piece, size_t length, void *data)
{
	Dump *dump = data;

	if (length == 1 && *piece == '"')
		dump->in_string = !dump->in_string;
	if (!dump->in_string && is_long_real(piece, length))
		append_real(dump->text, piece, length);
	else
		g_string_append_len(dump->text, piece, (gssize)length);
	return 0;
}

char *json_dump_text(const json_t *value, size_t flags)
{
	Dump dump = {.text = g_string_new(NULL)};
	bool written = json_dump_callback(value, dump_piece, &dump, flags) == 0;

	return g_string_free(dump.text, !written);
}

bool json_dump_stream(const json_t *value, FILE *stream, size_t flags)
{
	g_autofree char *text = json_dump_text(value, flags);

	return text != NULL && fputs(text, stream) >= 0;
}
