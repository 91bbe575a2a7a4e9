#include "runner/net/net_policy.h"

#include "runner/task_type.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

typedef struct {
	guint8 bytes[16]; // IPv4 as ::ffff:a.b.c.d
	unsigned bits;
} Network;

struct NetPolicy {
	bool everything;
	GArray *allowed; // Network
};

typedef struct {
	const char *network;
	const char *kind;
} Special;

// The registries of special-purpose addresses (IANA): what is not to be reached over the Internet.
static const Special specials[] = {
	{"0.0.0.0/8", "an address of this host"},
	{"10.0.0.0/8", "a private address"},
	{"100.64.0.0/10", "a private address"},
	{"127.0.0.0/8", "a loopback address"},
	{"169.254.0.0/16", "a link-local address"},
	{"172.16.0.0/12", "a private address"},
	{"192.0.0.0/24", "a private address"},
	{"192.168.0.0/16", "a private address"},
	{"198.18.0.0/15", "a private address"},
	{"224.0.0.0/4", "a multicast address"},
	{"240.0.0.0/4", "a reserved address"},
	{"::/128", "an address of this host"},
	{"::1/128", "a loopback address"},
	{"fc00::/7", "a private address"},
	{"fe80::/10", "a link-local address"},
	{"fec0::/10", "a private address"},
	{"ff00::/8", "a multicast address"},
};

// IPv6 networks that stand for IPv4 addresses, and where in them the IPv4 address is.
static const struct {
	const char *network;
	unsigned offset;
	guint8 flip; // Teredo writes the address inverted
} carriers[] = {
	{"::/96", 12, 0}, // "IPv4-compatible"
	{"64:ff9b::/96", 12, 0}, // NAT64
	{"64:ff9b:1::/48", 12, 0}, // NAT64 of one's own
	{"2002::/16", 2, 0}, // 6to4
	{"2001::/32", 12, 0xff}, // Teredo
};

static void mapped(const void *ipv4, guint8 bytes[16])
{
	memset(bytes, 0, 10);
	memset(bytes + 10, 0xff, 2);
	memcpy(bytes + 12, ipv4, 4);
}

static bool is_mapped(const guint8 bytes[16])
{
	static const guint8 prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static bool network_parse(const char *text, Network *ret)
{
	const char *slash = strchr(text, '/');
	g_autofree char *address =
		slash == NULL ? g_strdup(text) : g_strndup(text, (gsize)(slash - text));
	guint8 ipv4[4];
	unsigned most = 128;
	guint64 bits;

	if (inet_pton(AF_INET, address, ipv4) == 1) {
		mapped(ipv4, ret->bytes);
		most = 32;
	} else if (inet_pton(AF_INET6, address, ret->bytes) != 1) {
		return false;
	}
	bits = most;
	if (slash != NULL && !g_ascii_string_to_unsigned(slash + 1, 10, 0, most, &bits, NULL))
		return false;
	ret->bits = (unsigned)bits + (128 - most);
	return true;
}

static bool network_has(const Network *network, const guint8 bytes[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	guint8 mask = (guint8)(0xff00 >> rest);

	return memcmp(network->bytes, bytes, whole) == 0 &&
	       (rest == 0 || ((network->bytes[whole] ^ bytes[whole]) & mask) == 0);
}

NetPolicy *net_policy_new(const char *const *rules, GError **error)
{
	g_autoptr(NetPolicy) policy = g_new0(NetPolicy, 1);

	policy->allowed = g_array_new(FALSE, FALSE, sizeof(Network));
	for (; rules != NULL && *rules != NULL; rules++) {
		Network network;

		if (strcmp(*rules, "allow") == 0) {
			policy->everything = true;
		} else if (network_parse(*rules, &network)) {
			g_array_append_val(policy->allowed, network);
		} else {
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"'%s' is neither 'allow' nor a network like 10.1.0.0/16", *rules);
			return NULL;
		}
	}
	return g_steal_pointer(&policy);
}

void net_policy_free(NetPolicy *policy)
{
	if (policy == NULL)
		return;
	g_array_unref(policy->allowed);
	g_free(policy);
}

static const char *special_kind(const guint8 bytes[16])
{
	Network network;

	for (size_t i = 0; i < G_N_ELEMENTS(specials); i++) {
		if (network_parse(specials[i].network, &network) && network_has(&network, bytes))
			return specials[i].kind;
	}
	for (size_t i = 0; !is_mapped(bytes) && i < G_N_ELEMENTS(carriers); i++) {
		guint8 inner[16], ipv4[4];

		if (!network_parse(carriers[i].network, &network) || !network_has(&network, bytes))
			continue;
		for (unsigned j = 0; j < 4; j++)
			ipv4[j] = bytes[carriers[i].offset + j] ^ carriers[i].flip;
		mapped(ipv4, inner);
		return special_kind(inner);
	}
	return NULL;
}

static bool allows(const NetPolicy *policy, const guint8 bytes[16], const char **ret_kind)
{
	const char *kind = special_kind(bytes);

	if (kind == NULL || policy->everything)
		return true;
	for (guint i = 0; i < policy->allowed->len; i++) {
		if (network_has(&g_array_index(policy->allowed, Network, i), bytes))
			return true;
	}
	if (ret_kind != NULL)
		*ret_kind = kind;
	return false;
}

// False: of another family.
static bool address_bytes(const struct sockaddr *address, guint8 bytes[16])
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		mapped(&in.sin_addr, bytes);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, address, sizeof(in));
		memcpy(bytes, &in.sin6_addr, 16);
		return true;
	}
	return false;
}

bool net_policy_allows(
	const NetPolicy *policy, const struct sockaddr *address, const char **ret_kind)
{
	guint8 bytes[16];

	if (address_bytes(address, bytes))
		return allows(policy, bytes, ret_kind);
	if (ret_kind != NULL)
		*ret_kind = "no Internet address";
	return false;
}

bool net_policy_allows_host(const NetPolicy *policy, const char *host, const char **ret_kind)
{
	g_autofree char *bare =
		*host == '[' ? g_strndup(host + 1, strcspn(host + 1, "%]")) : g_strdup(host);
	Network network;

	return strchr(bare, '/') != NULL || !network_parse(bare, &network) ||
	       allows(policy, network.bytes, ret_kind);
}

char *net_address_text(const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "?";
	guint8 bytes[16];

	if (address_bytes(address, bytes) && is_mapped(bytes))
		inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
	else if (address_bytes(address, bytes))
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
	return g_strdup(text);
}
