// An HTTP server of libmicrohttpd that answers nothing, with the threads and settings of the status API: what the API's
// rate is compared with.
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef struct {
	pid_t process;
	uint16_t port; // on 127.0.0.1
} HttpFloor;

// Starts it as a process of its own, which ends with this one. To be called before this process has threads. Aborts on
// any failure.
void http_floor_start(HttpFloor *floor);
void http_floor_stop(const HttpFloor *floor);
