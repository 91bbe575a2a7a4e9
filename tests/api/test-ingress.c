// The ingress without its sockets: routes, keys, deliveries, rates.
#include "api/ingress_flow.h"
#include "api/ingress_rate.h"
#include "api/ingress_request.h"
#include "store/run.h"
#include "store/trigger.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <netinet/in.h>
#include <string.h>

// ---- Rates --------------------------------------------------------------------------------------------------------

static struct sockaddr_in6 address(const char *text)
{
	struct sockaddr_in6 result = {.sin6_family = AF_INET6};

	for (size_t i = 0; i < 16; i++)
		result.sin6_addr.s6_addr[i] = (unsigned char)text[i];
	return result;
}

static unsigned take_all(IngressRate *rate, const struct sockaddr_in6 *from, int64_t at)
{
	unsigned taken = 0;

	while (taken < 1000 && ingress_rate_take(rate, (const void *)from, 1, at))
		taken++;
	return taken;
}

static void test_rates(void)
{
	const struct sockaddr_in6 one = address("\x20\x01\x0d\xb8one.aaaaaaaa");
	const struct sockaddr_in6 neighbour = address("\x20\x01\x0d\xb8one.bbbbbbbb");
	const struct sockaddr_in6 other = address("\x20\x01\x0d\xb8two.aaaaaaaa");
	IngressRate *rate = ingress_rate_new(10);
	const int64_t second = G_USEC_PER_SEC;

	// Two seconds' worth at once, then as much as a second gives; a /64 is one sender.
	g_assert_cmpuint(take_all(rate, &one, 0), ==, 20);
	g_assert_cmpuint(take_all(rate, &neighbour, 0), ==, 0);
	g_assert_cmpuint(take_all(rate, &other, 0), ==, 20);
	g_assert_cmpuint(take_all(rate, &one, second / 2), ==, 5);
	g_assert_cmpuint(take_all(rate, &one, 100 * second), ==, 20);
	// A wrong key costs what is left.
	g_assert_cmpuint(take_all(rate, &one, 101 * second), ==, 10);
	g_assert_false(ingress_rate_take(rate, (const void *)&one, 10, 101 * second + second / 2));
	g_assert_cmpuint(take_all(rate, &one, 101 * second + second / 2), ==, 0);
	// A moment that goes back gives nothing.
	g_assert_cmpuint(take_all(rate, &one, 0), ==, 0);
	ingress_rate_free(rate);
}

// However many ask, memory is bounded.
static void test_many_addresses(void)
{
	IngressRate *rate = ingress_rate_new(10);

	for (uint32_t i = 0; i < 20000; i++) {
		const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = i};

		g_assert_true(ingress_rate_take(rate, (const void *)&from, 1, 0));
	}
	ingress_rate_free(rate);
}

// ---- Routes -------------------------------------------------------------------------------------------------------

static void test_routes(void)
{
	static const struct {
		const char *method, *target;
		int status; // 0: found
	} cases[] = {
		{"POST", "/hooks/flows/a/b/c", 0},
		{"POST", "/hooks/flows/a/b/c?x=1", 0},
		{"PUT", "/hooks/flows/a/b/c", API_BAD_METHOD},
		{"POST", "/hooks/flows/a/b", API_NOT_FOUND},
		{"POST", "/hooks/flows/a/b/c/d", API_NOT_FOUND},
		{"POST", "/hooks/other/a/b/c", API_NOT_FOUND},
		{"POST", "/", API_NOT_FOUND},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(ApiTarget) target = {NULL, NULL};
		g_autoptr(GError) error = NULL;

		g_assert_true(target_parse(&target, cases[i].target, NULL));
		const IngressRoute *route = ingress_route_find(cases[i].method, &target, &error);
		g_test_message("%s %s", cases[i].method, cases[i].target);
		g_assert_cmpint(route == NULL ? error->code : 0, ==, cases[i].status);
	}
}

static void test_delivery_names(void)
{
	static const struct {
		const char *header, *value, *name;
	} cases[] = {
		{"X-GitHub-Delivery", "1-2", "1-2"},
		{"x-gitlab-event-uuid", "u", "u"},
		{"webhook-id", "w", "w"},
		{"X-Other", "x", NULL},
		{"X-GitHub-Delivery", "", NULL},
	};
	g_autofree char *longest = g_strnfill(5000, 'x');
	json_t *large = json_pack("{s:[s]}", "Idempotency-Key", longest);
	g_autofree char *shortened = ingress_request_delivery(large);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *headers = json_pack("{s:[s]}", cases[i].header, cases[i].value);
		g_autofree char *name = ingress_request_delivery(headers);

		g_assert_cmpstr(name, ==, cases[i].name);
		json_decref(headers);
	}
	g_assert_cmpuint(strlen(shortened), ==, 64);
	json_decref(large);
}

// ---- Flows --------------------------------------------------------------------------------------------------------

static char *plain_key(const char *text, void *data, GError **error)
{
	(void)data;
	if (strcmp(text, "{{ broken }}") != 0)
		return g_strdup(text);
	g_set_error(error, API_ERROR, API_INTERNAL, "broken");
	return NULL;
}

static bool plain_start(const IngressTrigger *trigger, json_t *values, IngressStart *ret_start,
	void *data, GError **error)
{
	(void)trigger, (void)values, (void)data, (void)error;
	*ret_start = (IngressStart){.holds = true, .inputs = g_strdup("{\"a\":1}")};
	return true;
}

static void put_flow(Store *store, const char *triggers)
{
	int64_t applied;
	const StoreFlowPut put = {
		.flow = {.namespace = TEXT("n"),
			.id = TEXT("f"),
			.digest = TEXT(triggers),
			.domain = TEXT("n"),
			.kind = TEXT("written"),
			.path = TEXT("x"),
			.triggers = TEXT(triggers)},
		.definition = "{}",
	};

	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, NULL);
	g_assert_true(store_apply_begin(store, &applied, NULL));
	g_assert_true(store_flow_put(store, &put, applied, NULL, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
}

// Delivers to /hooks/flows/n/f/KEY and looks at the status; the run where one was made.
static void deliver(Store *store, const char *key, const char *delivery, const char *content,
	int expected, char **ret_run, bool *ret_created)
{
	const IngressRules rules = {.key = plain_key, .start = plain_start};
	g_autofree char *path = g_strdup_printf("/hooks/flows/n/f/%s?p=1", key);
	g_auto(ApiTarget) target = {NULL, NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) body = g_string_new(content);
	json_t *headers = json_object();
	IngressReply reply = {0};

	g_assert_true(target_parse(&target, path, NULL));
	IngressCall call = {.store = store,
		.rules = &rules,
		.target = &target,
		.headers = headers,
		.delivery = delivery};
	bool done =
		ingress_flow_admit(&call, &error) && ingress_flow_take(&call, body, &reply, &error);
	*ret_run = g_strdup(json_string_value(json_object_get(reply.body, "run")));
	*ret_created = json_is_true(json_object_get(reply.body, "created"));
	ingress_flow_free(call.admitted);
	json_decref(headers);
	json_decref(reply.body);
	g_assert_cmpint(done ? (int)reply.status : error->code, ==, expected);
}

static void assert_delivery(Store *store, const char *key, int expected)
{
	g_autofree char *run = NULL;
	bool created;

	deliver(store, key, NULL, "x", expected, &run, &created);
	g_assert_cmpint(created, ==, expected == 202);
}

static void test_keys(void)
{
	g_autoptr(Store) store = ephemeral_store_open();

	assert_delivery(store, "k", API_NOT_FOUND);
	put_flow(store, "[{\"id\":\"s\",\"type\":\"schedule\",\"key\":\"k\"}]");
	assert_delivery(store, "k", API_NOT_FOUND);
	put_flow(store,
		"[{\"id\":\"a\",\"type\":\"webhook\",\"key\":\"{{ broken }}\"},{\"id\":\"b\","
		"\"type\":\"webhook\",\"key\":\"k\"},{\"id\":\"c\",\"type\":\"webhook\",\"key\":"
		"\"\"},{\"id\":\"d\",\"type\":\"webhook\",\"key\":\"off\",\"disabled\":true}]");
	assert_delivery(store, "k", 202);
	assert_delivery(store, "K", API_NOT_FOUND);
	assert_delivery(store, "kk", API_NOT_FOUND);
	assert_delivery(store, "%20k", API_NOT_FOUND);
	assert_delivery(store, "off", API_CONFLICT);
}

static void test_deliveries(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;
	g_autofree char *third = NULL;
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(StoreTrigger) row = NULL;
	bool created;

	put_flow(store, "[{\"id\":\"b\",\"type\":\"webhook\",\"key\":\"k\"}]");
	deliver(store, "k", "d1", "{\"x\":[1]}", 202, &first, &created);
	g_assert_true(created);
	deliver(store, "k", "d1", "{}", 202, &second, &created);
	g_assert_false(created);
	g_assert_cmpstr(first, ==, second);
	deliver(store, "k", NULL, "{}", 202, &third, &created);
	g_assert_true(created);
	g_assert_true(store_run_get(store, first, &run, NULL));
	g_assert_cmpstr(run->trigger, ==,
		"{\"id\":\"b\",\"type\":\"webhook\",\"headers\":{},\"parameters\":{\"p\":[\"1\"]},"
		"\"body\":{"
		"\"x\":[1]}}");
	g_assert_cmpstr(run->inputs, ==, "{\"a\":1}");
	g_assert_true(store_trigger_get(store, "n", "f", "b", &row, NULL));
	g_assert_cmpstr(row->last_run_id, ==, third);
	// A trigger that was stopped says so, to who has the key.
	row->disabled = true;
	g_assert_true(store_trigger_put(store, row, NULL));
	assert_delivery(store, "k", API_CONFLICT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ingress/rates", test_rates);
	g_test_add_func("/ingress/many-addresses", test_many_addresses);
	g_test_add_func("/ingress/routes", test_routes);
	g_test_add_func("/ingress/delivery-names", test_delivery_names);
	g_test_add_func("/ingress/keys", test_keys);
	g_test_add_func("/ingress/deliveries", test_deliveries);
	return g_test_run();
}
