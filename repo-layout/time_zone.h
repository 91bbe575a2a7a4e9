// Time zones that flows and scripts name, for those who run them.
#pragma once

#include <glib.h>

// As time_zone_find() of expr/time_zone.h; NULL gives UTC.
GTimeZone *flow_time_zone(const char *name);
