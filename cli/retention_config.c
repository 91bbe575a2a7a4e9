// The key `retention` of a server's configuration.
#include "cli/retention_config.h"

#include "repo-layout/flow.h"
#include "repo-layout/keys.h"

// The names of kinds (retention_kind_name) are keys.
// clang-format off
static const KeyRow rows[] = {
	K("interval", KEY_DURATION, 0, "how often to look for what has grown old (default PT10M)"),
	K("newest", KEY_INTEGER, 0, "runs and revisions of each flow, and publications of each table, that stay however old (default 10)"),
	K("runs", KEY_DURATION, 0, "ended runs, with their tasks, logs, check results, rejected rows and files (default P90D)"),
	K("logs", KEY_DURATION, 0, "logs of runs that are still kept (default P30D)"),
	K("events", KEY_DURATION, 0, "what happened, as /v1/events tells it (default P30D)"),
	K("publications", KEY_DURATION, 0, "when tables were published (default P90D)"),
	K("drift", KEY_DURATION, 0, "drift that is resolved (default P365D)"),
	K("plans", KEY_DURATION, 0, "plans of what commits changed (default P90D)"),
	K("backfills", KEY_DURATION, 0, "ended backfills; their runs are runs like others (default P90D)"),
	K("revisions", KEY_DURATION, 0, "revisions of flows that are not live and that no kept run was made from, with the files of scripts/ that only they saw (default P365D)"),
	K_END,
};
// clang-format on
const KeyTable keys_retention = {
	"retention", "How old a thing is when it is forgotten", rows, NULL};

#define DEFAULT_INTERVAL (10 * 60 * G_USEC_PER_SEC)

static bool read_age(const json_t *object, const char *key, int64_t *age, GError **error)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL || (duration_parse(text, age) && *age >= 0))
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"'retention.%s' is '%s'; it must not be negative", key, text);
	return false;
}

bool retention_config_read(const json_t *object, StoreRetentionPolicy *ret_policy,
	int64_t *ret_interval, GError **error)
{
	const json_t *newest = json_object_get(object, "newest");

	*ret_policy = store_retention_default;
	*ret_interval = DEFAULT_INTERVAL;
	for (RetentionKind kind = 0; kind <= RETENTION_REVISIONS; kind++) {
		if (!read_age(object, retention_kind_name(kind), &ret_policy->age[kind], error))
			return false;
	}
	if (!read_age(object, "interval", ret_interval, error))
		return false;
	if (newest != NULL && (json_integer_value(newest) < 0 ||
				      json_integer_value(newest) > RETENTION_NEWEST_MOST)) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"'retention.newest' is %" JSON_INTEGER_FORMAT "; it goes from 0 to %d",
			json_integer_value(newest), RETENTION_NEWEST_MOST);
		return false;
	}
	if (newest != NULL)
		ret_policy->newest = (unsigned)json_integer_value(newest);
	return true;
}
