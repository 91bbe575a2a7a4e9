// Duties: what one node at a time does for all of them. A duty is taken for a while and kept by taking it again before that
// is over; a node that dies loses it by itself.
#pragma once

#include "store/store.h"

// Takes the duty until expires_at, or keeps it. *ret_taken is false while another holder has it.
bool store_duty_take(Store *store, const char *name, const char *holder, int64_t expires_at,
	bool *ret_taken, GError **error);
// Gives it up, if holder has it.
bool store_duty_give(Store *store, const char *name, const char *holder, GError **error);
