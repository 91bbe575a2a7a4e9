#include "repo-layout/time_zone.h"

#include "expr/time_zone.h"
#include "repo-layout/diagnostic.h"

GTimeZone *flow_time_zone(const char *name)
{
	return name == NULL ? g_time_zone_new_utc() : time_zone_find(name);
}

char *flow_time_zone_hint(const char *name)
{
	g_auto(GStrv) names = time_zone_names();

	return nearest_word_hint(name, (const char *const *)names);
}
