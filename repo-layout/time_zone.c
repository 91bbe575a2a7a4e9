#include "repo-layout/time_zone.h"

#include "expr/time_zone.h"

GTimeZone *flow_time_zone(const char *name)
{
	return name == NULL ? g_time_zone_new_utc() : time_zone_find(name);
}
