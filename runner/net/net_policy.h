// Which addresses tasks may connect to. Those of the machine itself and of private networks are refused, unless the server's
// configuration allows them: a flow must not reach what only the server can. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

typedef struct NetPolicy NetPolicy;

// rules: "allow" (every address), or networks like 10.1.0.0/16 and single addresses, ended by NULL; NULL: none. NULL with a
// TASK_ERROR_PROPERTY that names the rule that is neither.
NetPolicy *net_policy_new(const char *const *rules, GError **error);
void net_policy_free(NetPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetPolicy, net_policy_free)

// Whether an address may be connected to; ret_kind (may be NULL) receives what it is when not: "a private address".
// Addresses of other families than IPv4 and IPv6 may not. Thread-safe.
bool net_policy_allows(
	const NetPolicy *policy, const struct sockaddr *address, const char **ret_kind);
// The same of a host given as a literal ("127.0.0.1", "[::1]"); true for names.
bool net_policy_allows_host(const NetPolicy *policy, const char *host, const char **ret_kind);
// The address as text, without its port. The caller frees it.
char *net_address_text(const struct sockaddr *address);
