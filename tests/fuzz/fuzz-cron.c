// Parses any text as a cron expression, and holds the instants at which it fires against each other. The first byte chooses
// the zone and whether there are seconds, the next four the moment to start from.
#include "reconciler/cron.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = {"UTC", "Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Pacific/Apia", "Africa/Monrovia"};
	g_autofree char *text = NULL;
	g_autoptr(GTimeZone) zone = NULL;
	g_autoptr(GError) error = NULL;
	CronExpression cron;
	uint32_t start;
	int64_t at, back;

	if (size < 5)
		return 0;
	memcpy(&start, data + 1, sizeof start);
	text = g_strndup((const char *)data + 5, size - 5);
	if (!cron_parse(text, (data[0] & 1) != 0, &cron, &error)) {
		g_assert(error != NULL && g_utf8_validate(error->message, -1, NULL));
		return 0;
	}
	zone = g_time_zone_new_identifier(zones[(data[0] >> 1) % G_N_ELEMENTS(zones)]);
	at = (int64_t)start * G_USEC_PER_SEC;
	for (int i = 0; i < 5; i++) {
		int64_t from = at;

		g_assert(cron_next(&cron, zone, from, &at));
		g_assert(at > from);
		g_assert(cron_previous(&cron, zone, at + 1, &back));
		g_assert(back == at);
		g_assert(!cron_previous(&cron, zone, at, &back) || back <= from);
	}
	return 0;
}
