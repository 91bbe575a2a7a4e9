// Listening sockets.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	int descriptor;
	uint16_t port;
	bool is_loopback;
} ListenSocket;

// Binds "host:port" or "[v6]:port" and listens; port 0 takes a free one. The error says what is wrong with the address, or
// who is likely to have it. The caller closes the descriptor.
bool listen_socket_open(ListenSocket *listening, const char *address, GError **error);
