// A load generator for one path of an HTTP server on this machine: many clients, each asking again as soon as it has its
// answer, all in one epoll loop.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
	double seconds; // from the first request to the last answer
	double p50_ms; // latency
	double p99_ms;
	double worst_ms;
	uint64_t answers;
	uint64_t bytes;
} HttpLoad;

// Has clients ask for path on 127.0.0.1:port until there were requests answers. Aborts on anything but complete answers of
// status 200.
void http_load_run(
	uint16_t port, const char *path, unsigned clients, uint64_t requests, HttpLoad *ret_load);

// Such a load as a piece of work for bench_ratio().
typedef struct {
	uint16_t port;
	const char *path;
	unsigned clients;
	uint64_t requests;
} HttpAsk;

// Returns the seconds that the load took; ask is an HttpAsk.
double http_ask(void *ask);
