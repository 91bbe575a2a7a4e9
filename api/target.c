#include "api/target.h"

#include "api/problem.h"
#include <string.h>

#define MOST_PARAMETERS 32
#define MOST_SEGMENTS	16

static void parameter_clear(void *data)
{
	TargetParameter *parameter = data;

	g_free(parameter->name);
	g_free(parameter->value);
}

static bool refuse_control(gunichar character, GError **error)
{
	api_error_set(error, API_BAD_REQUEST, "control-character",
		"the target has the control character U+%04X", character);
	return false;
}

static bool check_text(const GString *text, GError **error)
{
	if (memchr(text->str, '\0', text->len) != NULL)
		return refuse_control(0, error);
	if (!g_utf8_validate(text->str, (gssize)text->len, NULL)) {
		api_error_set(error, API_BAD_REQUEST, "invalid-utf8",
			"the target is not UTF-8 once its percent escapes are decoded");
		return false;
	}
	for (const char *at = text->str; *at != '\0'; at = g_utf8_next_char(at)) {
		if (g_unichar_iscntrl(g_utf8_get_char(at)))
			return refuse_control(g_utf8_get_char(at), error);
	}
	return true;
}

static char *decode(const char *text, size_t length, bool plus_is_space, GError **error)
{
	g_autoptr(GString) decoded = g_string_sized_new(length);

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '+' && plus_is_space) {
			g_string_append_c(decoded, ' ');
		} else if (text[i] != '%') {
			g_string_append_c(decoded, text[i]);
		} else if (i + 2 < length && g_ascii_isxdigit(text[i + 1]) &&
			   g_ascii_isxdigit(text[i + 2])) {
			int byte = g_ascii_xdigit_value(text[i + 1]) * 16 +
				   g_ascii_xdigit_value(text[i + 2]);
			g_string_append_c(decoded, (char)byte);
			i += 2;
		} else {
			api_error_set(error, API_BAD_REQUEST, "broken-escape",
				"'%%' is not followed by two hexadecimal digits in '%.*s'",
				(int)length, text);
			return NULL;
		}
	}
	return check_text(decoded, error) ? g_strdup(decoded->str) : NULL;
}

static bool add_segment(ApiTarget *target, const char *text, size_t length, GError **error)
{
	char *segment = decode(text, length, false, error);

	if (segment == NULL)
		return false;
	g_ptr_array_add(target->segments, segment);
	if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0 ||
		strchr(segment, '/') != NULL) {
		api_error_set(error, API_BAD_REQUEST, "path-traversal",
			"the path has the segment '%s'", segment);
		return false;
	}
	if (target->segments->len > MOST_SEGMENTS) {
		api_error_set(error, API_BAD_REQUEST, "path-too-deep",
			"the path has more than %d segments", MOST_SEGMENTS);
		return false;
	}
	return true;
}

static bool add_parameter(ApiTarget *target, const char *text, size_t length, GError **error)
{
	const char *equals = memchr(text, '=', length);
	size_t name_length = equals != NULL ? (size_t)(equals - text) : length;
	size_t value_at = equals != NULL ? name_length + 1 : length;
	TargetParameter parameter = {
		decode(text, name_length, true, error),
		NULL,
	};

	if (parameter.name == NULL)
		return false;
	parameter.value = decode(text + value_at, length - value_at, true, error);
	g_array_append_val(target->parameters, parameter);
	if (parameter.value == NULL)
		return false;
	if (target->parameters->len > MOST_PARAMETERS) {
		api_error_set(error, API_BAD_REQUEST, "too-many-parameters",
			"the query has more than %d parameters", MOST_PARAMETERS);
		return false;
	}
	return true;
}

typedef bool (*PieceAdder)(ApiTarget *target, const char *text, size_t length, GError **error);

// Hands each piece between separators to add.
static bool split(ApiTarget *target, const char *text, size_t length, char separator,
	PieceAdder add, GError **error)
{
	const char *end = text + length;

	for (const char *from = text; from <= end;) {
		const char *to = memchr(from, separator, (size_t)(end - from));

		if (to == NULL)
			to = end;
		if (!add(target, from, (size_t)(to - from), error))
			return false;
		from = to + 1;
	}
	return true;
}

// The path of a target in absolute form ("http://host/path") begins behind the host.
static const char *skip_origin(const char *raw)
{
	if (!g_str_has_prefix(raw, "http://") && !g_str_has_prefix(raw, "https://"))
		return raw;
	const char *host = strstr(raw, "//") + 2;
	return host + strcspn(host, "/?");
}

bool target_parse(ApiTarget *target, const char *raw, GError **error)
{
	const char *path = skip_origin(raw);
	size_t path_length = strcspn(path, "?#");
	const char *query = path[path_length] == '?' ? path + path_length + 1 : "";
	size_t query_length = strcspn(query, "#");

	target->segments = g_ptr_array_new_with_free_func(g_free);
	target->parameters = g_array_new(FALSE, FALSE, sizeof(TargetParameter));
	g_array_set_clear_func(target->parameters, parameter_clear);
	if (strlen(raw) > TARGET_LONGEST) {
		api_error_set(error, API_TOO_LONG, "target-too-long",
			"the target is longer than %d bytes", TARGET_LONGEST);
		return false;
	}
	if (path_length > 0 && path[0] != '/') {
		api_error_set(
			error, API_BAD_REQUEST, "bad-target", "the target does not begin with '/'");
		return false;
	}
	if (path_length > 1 && !split(target, path + 1, path_length - 1, '/', add_segment, error))
		return false;
	return query_length == 0 || split(target, query, query_length, '&', add_parameter, error);
}

void target_clear(ApiTarget *target)
{
	g_clear_pointer(&target->segments, g_ptr_array_unref);
	g_clear_pointer(&target->parameters, g_array_unref);
}

void target_append_escaped(GString *target, const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (g_ascii_isalnum(*at) || strchr("-._~", *at) != NULL)
			g_string_append_c(target, *at);
		else
			g_string_append_printf(target, "%%%02X", (unsigned char)*at);
	}
}
