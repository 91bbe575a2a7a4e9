// Time zones that flows and scripts name, for those who run them.
#pragma once

#include <glib.h>

// As time_zone_find() of expr/time_zone.h; NULL gives UTC.
GTimeZone *flow_time_zone(const char *name);
// Which zone was meant by a name that there is not, "did you mean 'Europe/Berlin'?"; NULL: none is near. To be freed.
char *flow_time_zone_hint(const char *name);
