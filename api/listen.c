#include "api/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

static bool refuse(const char *address, const char *reason, GError **error)
{
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"cannot listen on '%s': %s; an address is like '127.0.0.1:8480' or '[::1]:8480'",
		address, reason);
	return false;
}

// Splits "host:port" at the last colon, without the brackets of an IPv6 address.
static bool split_address(const char *address, char **ret_host, char **ret_port, GError **error)
{
	const char *colon = strrchr(address, ':');
	size_t length;

	if (colon == NULL || colon == address)
		return refuse(address, "it has no host and port", error);
	length = (size_t)(colon - address);
	if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0' ||
		strlen(colon + 1) > 5 || g_ascii_strtoull(colon + 1, NULL, 10) > UINT16_MAX)
		return refuse(address, "the port is not a number from 0 to 65535", error);
	if (address[0] == '[' && address[length - 1] == ']')
		*ret_host = g_strndup(address + 1, length - 2);
	else if (memchr(address, ':', length) != NULL)
		return refuse(address, "an IPv6 address needs brackets", error);
	else
		*ret_host = g_strndup(address, length);
	*ret_port = g_strdup(colon + 1);
	return true;
}

static bool is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static uint16_t bound_port(int descriptor)
{
	struct sockaddr_in6 address = {0};
	socklen_t length = sizeof address;

	// The port is at the same place in both families.
	if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0)
		return 0;
	return ntohs(address.sin6_port);
}

static bool open_resolved(ListenSocket *listening, const struct addrinfo *address)
{
	int on = 1;
	int descriptor = socket(address->ai_family,
		address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);

	if (descriptor < 0)
		return false;
	if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
		bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
		listen(descriptor, BACKLOG) == 0) {
		listening->descriptor = descriptor;
		listening->port = bound_port(descriptor);
		listening->is_loopback = is_loopback(address->ai_addr);
		return true;
	}
	int reason = errno;
	close(descriptor);
	errno = reason;
	return false;
}

static const char *cure_of(int reason)
{
	switch (reason) {
	case EADDRINUSE: return "; is another weir running? '--listen' takes another address";
	case EADDRNOTAVAIL: return "; no network of this machine has it: 'ip address' lists them";
	case EACCES: return "; ports below 1024 are root's: take a higher one";
	default: return "";
	}
}

bool listen_socket_open(ListenSocket *listening, const char *address, GError **error)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	g_autofree char *host = NULL;
	g_autofree char *port = NULL;
	int failure;
	int reason;
	bool done;

	if (!split_address(address, &host, &port, error))
		return false;
	failure = getaddrinfo(host, port, &hints, &found);
	if (failure != 0)
		return refuse(address, gai_strerror(failure), error);
	done = open_resolved(listening, found);
	reason = errno;
	freeaddrinfo(found);
	if (done)
		return true;
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(reason),
		"cannot listen on '%s': %s%s", address, g_strerror(reason), cure_of(reason));
	return false;
}
