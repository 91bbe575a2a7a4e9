// How often one address may ask: a bucket each, that fills with time. Thread-safe.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct IngressRate IngressRate;

// rate: requests a second, of which a bucket holds two seconds' worth.
IngressRate *ingress_rate_new(unsigned rate);
void ingress_rate_free(IngressRate *rate);

// Takes cost out of the bucket of an address, at a moment in microseconds that does not go back. False when there is not enough in it.
// What was refused for a wrong key costs more than what was let in, so that guessing is slow.
bool ingress_rate_take(
	IngressRate *rate, const struct sockaddr *address, unsigned cost, int64_t now);
