// The ingress listener: what comes from outside and starts work. A listener of its own, apart from the status API, which cannot
// write. A request is let in (or refused) before its body is read, is bounded in size and rate, and is answered 202 once what it
// starts is durable, before any of it is done.
#pragma once

#include "api/ingress_flow.h"

#include <stdint.h>

typedef struct Ingress Ingress;

typedef struct {
	const char *address; // "127.0.0.1:8481"; port 0 takes a free one
	Store *store; // borrowed; used by several threads
	const IngressRules *rules; // borrowed
	uint64_t body_bytes; // of one request; 0 takes 1 MiB
	int64_t head_limit; // microseconds that the head of a request may take; 0 takes 30 s
	int64_t body_limit; // microseconds that its body may take in all; 0 takes 60 s
	unsigned rate; // requests a second of one address; 0 takes 50
} IngressOptions;

// Listens and answers until ingress_stop(). NULL with an error that says what is wrong with the address.
Ingress *ingress_start(const IngressOptions *options, GError **error);
uint16_t ingress_port(const Ingress *ingress);
// Ends open connections, and frees. NULL is ignored.
void ingress_stop(Ingress *ingress);
