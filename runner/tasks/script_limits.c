#include "runner/tasks/script_limits.h"

#include "store/json_dump.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static bool number_parse(const char *text, uint64_t *ret_value, const char **ret_rest)
{
	char *end;

	errno = 0;
	*ret_value = g_ascii_strtoull(text, &end, 10);
	while (*end == ' ')
		end++;
	*ret_rest = end;
	return errno == 0 && g_ascii_isdigit(*text) && *ret_value > 0;
}

static bool count_parse(const char *text, uint64_t *ret_value)
{
	const char *rest;

	return number_parse(text, ret_value, &rest) && *rest == '\0';
}

static bool size_parse(const char *text, uint64_t *ret_value)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {{"", 1}, {"B", 1}, {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
		{"TB", 1000000000000}, {"K", 1ULL << 10}, {"M", 1ULL << 20}, {"G", 1ULL << 30},
		{"T", 1ULL << 40}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30},
		{"TiB", 1ULL << 40}};
	const char *rest;

	if (!number_parse(text, ret_value, &rest))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		if (g_ascii_strcasecmp(rest, units[i].name) == 0)
			return !__builtin_mul_overflow(*ret_value, units[i].bytes, ret_value);
	}
	return false;
}

// Whole seconds, at least one.
static bool time_parse(const char *text, uint64_t *ret_value)
{
	int64_t duration;

	if (count_parse(text, ret_value))
		return true;
	if (!duration_parse(text, &duration) || duration <= 0)
		return false;
	*ret_value = (uint64_t)((duration + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
	return true;
}

static const struct {
	const char *key;
	int resource;
	bool (*parse)(const char *text, uint64_t *ret_value);
	const char *form;
} known[] = {
	{"memory", RLIMIT_AS, size_parse, "size like 512MB"},
	{"cpu", RLIMIT_CPU, time_parse, "number of seconds or duration like PT10M"},
	{"files", RLIMIT_NOFILE, count_parse, "number"},
	{"fileSize", RLIMIT_FSIZE, size_parse, "size like 512MB"},
	{"processes", RLIMIT_NPROC, count_parse, "number"},
};

static bool limit_read(
	const json_t *value, size_t i, ProcessLimit limits[], size_t *count, GError **error)
{
	ProcessLimit limit = {known[i].resource, 0};
	g_autofree char *other = json_is_string(value)
					 ? NULL
					 : json_dump_text(value, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *text = other != NULL ? other : json_string_value(value);

	if (!known[i].parse(text, &limit.value)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'limits.%s' is no %s: '%s'", known[i].key, known[i].form, text);
		return false;
	}
	limits[(*count)++] = limit;
	return true;
}

bool script_limits_read(
	TaskContext *context, ProcessLimit limits[SCRIPT_LIMITS], size_t *ret_count, GError **error)
{
	json_t *given = NULL;
	bool ok = task_context_json(context, "limits", &given, error);

	limits[0] = (ProcessLimit){RLIMIT_CORE, 0};
	*ret_count = 1;
	for (size_t i = 0; ok && i < G_N_ELEMENTS(known); i++) {
		const json_t *value = json_object_get(given, known[i].key);

		if (value != NULL && !json_is_null(value))
			ok = limit_read(value, i, limits, ret_count, error);
	}
	json_decref(given);
	return ok;
}
