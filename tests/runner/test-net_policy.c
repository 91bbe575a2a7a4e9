#include "runner/net/net_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

// The kind that an address is refused as; "" when it may be reached.
static const char *refused_as(const NetPolicy *policy, const char *text)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_storage address = {0};
	const char *kind = "";

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		memcpy(&address, &four, sizeof(four));
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		memcpy(&address, &six, sizeof(six));
	else
		g_assert_not_reached();
	net_policy_allows(policy, (const struct sockaddr *)&address, &kind);
	return kind;
}

static void kinds(void)
{
	static const struct {
		const char *address, *kind;
	} cases[] = {
		{"8.8.8.8", ""}, {"0.0.0.0", "an address of this host"}, {"9.255.255.255", ""},
		{"10.0.0.0", "a private address"}, {"10.255.255.255", "a private address"},
		{"11.0.0.0", ""}, {"100.63.255.255", ""}, {"100.64.0.1", "a private address"},
		{"100.128.0.0", ""}, {"127.0.0.1", "a loopback address"},
		{"127.255.0.1", "a loopback address"}, {"169.254.169.254", "a link-local address"},
		{"172.15.255.255", ""}, {"172.16.0.1", "a private address"},
		{"172.31.255.255", "a private address"}, {"172.32.0.0", ""},
		{"192.168.1.1", "a private address"}, {"192.169.0.0", ""},
		{"198.19.0.1", "a private address"}, {"224.0.0.1", "a multicast address"},
		{"255.255.255.255", "a reserved address"}, {"2606:4700::1111", ""},
		{"::", "an address of this host"}, {"::1", "a loopback address"},
		{"fd00::1", "a private address"}, {"fe80::1", "a link-local address"},
		{"febf::1", "a link-local address"}, {"ff02::1", "a multicast address"},
		{"::ffff:127.0.0.1", "a loopback address"}, {"::ffff:8.8.8.8", ""},
		{"::10.0.0.1", "a private address"}, {"64:ff9b::7f00:1", "a loopback address"},
		{"64:ff9b::808:808", ""}, {"2002:7f00:1::", "a loopback address"},
		{"2002:808:808::", ""},
		{"2001:0:1:2:3:4:80ff:fffe", "a loopback address"}, // Teredo of 127.0.0.1
	};
	g_autoptr(NetPolicy) policy = net_policy_new(NULL, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%s", cases[i].address);
		g_assert_cmpstr(refused_as(policy, cases[i].address), ==, cases[i].kind);
	}
}

static void allowed(void)
{
	static const char *const rules[] = {"10.1.0.0/16", "fd00::/8", "127.0.0.1", NULL};
	static const char *const all[] = {"allow", NULL};
	g_autoptr(NetPolicy) policy = net_policy_new(rules, NULL);
	g_autoptr(NetPolicy) everything = net_policy_new(all, NULL);

	g_assert_cmpstr(refused_as(policy, "10.1.255.1"), ==, "");
	g_assert_cmpstr(refused_as(policy, "10.2.0.1"), ==, "a private address");
	g_assert_cmpstr(refused_as(policy, "fd12::1"), ==, "");
	g_assert_cmpstr(refused_as(policy, "fc12::1"), ==, "a private address");
	g_assert_cmpstr(refused_as(policy, "127.0.0.1"), ==, "");
	g_assert_cmpstr(refused_as(policy, "::ffff:127.0.0.1"), ==, "");
	g_assert_cmpstr(refused_as(policy, "127.0.0.2"), ==, "a loopback address");
	g_assert_cmpstr(refused_as(everything, "169.254.169.254"), ==, "");
}

static void hosts(void)
{
	g_autoptr(NetPolicy) policy = net_policy_new(NULL, NULL);
	const char *kind = NULL;

	g_assert_true(net_policy_allows_host(policy, "example.com", NULL));
	g_assert_true(net_policy_allows_host(policy, "1.1.1.1", NULL));
	g_assert_false(net_policy_allows_host(policy, "[::1]", &kind));
	g_assert_cmpstr(kind, ==, "a loopback address");
	g_assert_false(net_policy_allows_host(policy, "[fe80::1%25eth0]", &kind));
	g_assert_cmpstr(kind, ==, "a link-local address");
}

static void wrong_rules(void)
{
	static const char *const wrong[] = {
		"10.0.0.0/33", "10.0.0", "::/129", "deny", "", "1.2.3.4/x"};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		const char *const rules[] = {"10.0.0.0/8", wrong[i], NULL};
		g_autoptr(GError) error = NULL;
		g_autofree char *message = g_strdup_printf(
			"'%s' is neither 'allow' nor a network like 10.1.0.0/16", wrong[i]);

		g_assert_null(net_policy_new(rules, &error));
		g_assert_cmpstr(error->message, ==, message);
	}
}

int main(int count, char **arguments)
{
	g_test_init(&count, &arguments, NULL);
	g_test_add_func("/net_policy/kinds", kinds);
	g_test_add_func("/net_policy/allowed", allowed);
	g_test_add_func("/net_policy/hosts", hosts);
	g_test_add_func("/net_policy/wrong_rules", wrong_rules);
	return g_test_run();
}
