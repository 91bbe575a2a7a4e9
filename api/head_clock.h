// Cuts off clients that take too long for the head of a request, or for its body. libmicrohttpd knows only how long a connection
// may be silent: one that sends a byte now and then could hold its place for ever. The clock runs from the beginning of a connection,
// or the end of the last answer on it, until a head is there, and then for the body, where one is waited for; streams are not its
// business.
#pragma once

#include <glib.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HeadClock HeadClock;

// Both in microseconds; 0 takes 30 s for a head and 60 s for a body. NULL with an error when no thread can be had.
HeadClock *head_clock_new(int64_t head_limit, int64_t body_limit, GError **error);
// After the daemons that call it have stopped. Accepts NULL.
void head_clock_free(HeadClock *clock);

// For MHD_OPTION_NOTIFY_CONNECTION, with the clock as its data.
void head_clock_connection(void *clock, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode what);
// What was waited for is there; the body is waited for; an answer has ended. Any thread of the daemon. stop is false when the
// client was cut off before.
bool head_clock_stop(struct MHD_Connection *connection);
void head_clock_body(struct MHD_Connection *connection);
void head_clock_start(struct MHD_Connection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeadClock, head_clock_free)
