#include "repo-layout/flow.h"

static bool take_number(const char **text, double *ret_number)
{
	const char *start = *text;
	char *end = NULL;

	while (g_ascii_isdigit(**text))
		(*text)++;
	if (**text == '.' || **text == ',') {
		(*text)++;
		while (g_ascii_isdigit(**text))
			(*text)++;
	}
	if (*text == start)
		return false;
	*ret_number = g_ascii_strtod(start, &end);
	return end != start;
}

// Seconds of a unit; 0 when the letter names none here. An M before T is a month, behind it a minute.
static double unit_seconds(char letter, bool time)
{
	switch (g_ascii_toupper(letter)) {
	case 'Y': return time ? 0 : 365 * 86400.0;
	case 'W': return time ? 0 : 7 * 86400.0;
	case 'D': return time ? 0 : 86400.0;
	case 'M': return time ? 60.0 : 30 * 86400.0;
	case 'H': return time ? 3600.0 : 0;
	case 'S': return time ? 1.0 : 0;
	default: return 0;
	}
}

bool duration_parse(const char *text, int64_t *ret_microseconds)
{
	double total = 0;
	bool time = false;
	bool negative = *text == '-';
	unsigned parts = 0;

	if (*text == '-' || *text == '+')
		text++;
	if (g_ascii_toupper(*text++) != 'P')
		return false;
	while (*text != '\0') {
		double number, seconds;

		if (!time && g_ascii_toupper(*text) == 'T') {
			time = true;
			text++;
			continue;
		}
		if (!take_number(&text, &number))
			return false;
		seconds = unit_seconds(*text, time);
		if (seconds <= 0)
			return false;
		text++;
		total += number * seconds;
		parts++;
	}
	if (parts == 0 || total > 9.0e12)
		return false;
	*ret_microseconds = (int64_t)(total * 1e6 + 0.5);
	if (negative)
		*ret_microseconds = -*ret_microseconds;
	return true;
}
