// The server over real sockets: what goes over the wire, and what slow or hostile clients cannot do.
#include "api/reader.h"
#include "api/server.h"
#include "db/db.h"
#include "store/store.h"
#include "tests/api/seed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	char *folder;
	char *url;
	Store *store;
	ApiServer *server;
	Seed seed;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	(void)data;
	fixture->folder = g_dir_make_tmp("weir-api-XXXXXX", &error);
	g_assert_no_error(error);
	fixture->url = g_strdup_printf("sqlite:%s/weir.db", fixture->folder);
	fixture->store = store_open(fixture->url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	seed_fill(fixture->store, &fixture->seed);
	const ApiServerOptions options = {.address = "127.0.0.1:0", .store_url = fixture->url};
	fixture->server = api_server_start(&options, &error);
	g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GDir) folder = NULL;
	const char *name;

	(void)data;
	api_server_stop(fixture->server);
	store_close(fixture->store);
	folder = g_dir_open(fixture->folder, 0, NULL);
	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(fixture->folder, name, NULL);

		g_unlink(path);
	}
	g_rmdir(fixture->folder);
	g_free(fixture->folder);
	g_free(fixture->url);
}

static int connect_to(const Fixture *fixture)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(api_server_port(fixture->server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {.tv_sec = 10};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(client, >=, 0);
	g_assert_cmpint(connect(client, (const struct sockaddr *)&address, sizeof address), ==, 0);
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return client;
}

static void send_all(int client, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(client, text, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		length -= (size_t)sent;
	}
}

// Everything up to the end of the connection.
static char *receive_all(int client)
{
	GString *text = g_string_new(NULL);
	char buffer[4096];
	ssize_t got;

	while ((got = recv(client, buffer, sizeof buffer, 0)) > 0)
		g_string_append_len(text, buffer, got);
	close(client);
	return g_string_free(text, FALSE);
}

// Sends a request as it is, and gives all of the answer.
static char *exchange(const Fixture *fixture, const char *request)
{
	int client = connect_to(fixture);

	send_all(client, request, strlen(request));
	return receive_all(client);
}

static char *ask(
	const Fixture *fixture, const char *method, const char *target, const char *headers)
{
	g_autofree char *request =
		g_strdup_printf("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n",
			method, target, headers);

	return exchange(fixture, request);
}

static int status_of(const char *answer)
{
	return g_str_has_prefix(answer, "HTTP/1.1 ") ? atoi(answer + strlen("HTTP/1.1 ")) : 0;
}

// The value of a header, to be freed; NULL when it is not there.
static char *header_of(const char *answer, const char *name)
{
	g_autofree char *pattern = g_strdup_printf("(?im)^%s: (.*?)\\r$", name);
	g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	const char *end = strstr(answer, "\r\n\r\n");
	g_autofree char *head = g_strndup(answer, end != NULL ? (size_t)(end - answer) + 2 : 0);

	return g_regex_match(regex, head, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

static const char *body_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

static void check_header(const char *answer, const char *name, const char *expected)
{
	g_autofree char *value = header_of(answer, name);

	g_assert_cmpstr(value, ==, expected);
}

static void test_get_has_its_headers(Fixture *fixture, gconstpointer data)
{
	g_autofree char *answer = ask(fixture, "GET", "/v1/status", "");

	(void)data;
	g_assert_cmpint(status_of(answer), ==, 200);
	check_header(answer, "Content-Type", "application/json");
	check_header(answer, "X-Content-Type-Options", "nosniff");
	check_header(answer, "Cache-Control", "no-cache");
	check_header(
		answer, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	check_header(answer, "Access-Control-Allow-Origin", NULL);
	g_assert_true(g_str_has_prefix(body_of(answer), "{\"version\":"));
}

static void test_head_has_no_body(Fixture *fixture, gconstpointer data)
{
	g_autofree char *got = ask(fixture, "GET", "/v1/status", "");
	g_autofree char *answer = ask(fixture, "HEAD", "/v1/status", "");
	g_autofree char *length = g_strdup_printf("%zu", strlen(body_of(got)));

	(void)data;
	g_assert_cmpint(status_of(answer), ==, 200);
	g_assert_cmpstr(body_of(answer), ==, "");
	check_header(answer, "Content-Length", length);
}

static void test_what_is_known_is_not_sent_again(Fixture *fixture, gconstpointer data)
{
	g_autofree char *first = ask(fixture, "GET", "/v1/domains", "");
	g_autofree char *etag = header_of(first, "ETag");
	g_autofree char *condition = g_strdup_printf("If-None-Match: %s\r\n", etag);
	g_autofree char *second = ask(fixture, "GET", "/v1/domains", condition);

	(void)data;
	g_assert_cmpint(status_of(second), ==, 304);
	g_assert_cmpstr(body_of(second), ==, "");
	check_header(second, "ETag", etag);
}

static void test_a_change_is_seen(Fixture *fixture, gconstpointer data)
{
	g_autofree char *before = ask(fixture, "GET", "/v1/runs", "");
	char id[27];
	bool seen = false;

	(void)data;
	seed_run(fixture->store, id);
	g_assert_null(strstr(before, id));
	for (int i = 0; i < 100 && !seen; i++) {
		g_autofree char *after = ask(fixture, "GET", "/v1/runs", "");

		seen = strstr(after, id) != NULL;
		g_usleep(10000);
	}
	g_assert_true(seen);
}

static void test_other_methods_are_refused(Fixture *fixture, gconstpointer data)
{
	g_autofree char *post = ask(fixture, "POST", "/v1/status", "Content-Length: 5\r\n");
	g_autofree char *body = ask(fixture, "GET", "/v1/status", "Content-Length: 5\r\n");
	g_autofree char *erase = ask(fixture, "DELETE", "/v1/flows/sales/orders", "");

	(void)data;
	g_assert_cmpint(status_of(post), ==, 405);
	check_header(post, "Allow", "GET, HEAD");
	check_header(post, "Content-Type", "application/problem+json");
	g_assert_cmpint(status_of(body), ==, 400);
	g_assert_cmpint(status_of(erase), ==, 405);
	g_assert_cmpstr(body_of(erase), ==,
		"{\"type\":\"about:blank\",\"title\":\"Method Not "
		"Allowed\",\"status\":405,\"code\":"
		"\"read-only\",\"detail\":\"this API only answers GET and HEAD, not 'DELETE'\"}\n");
}

static void test_names_of_others_are_refused(Fixture *fixture, gconstpointer data)
{
	g_autofree char *other = exchange(fixture,
		"GET /v1/status HTTP/1.1\r\nHost: evil.example:80\r\nConnection: close\r\n\r\n");
	g_autofree char *address = exchange(fixture,
		"GET /v1/status HTTP/1.1\r\nHost: [::1]:8480\r\nConnection: close\r\n\r\n");

	(void)data;
	g_assert_cmpint(status_of(other), ==, 421);
	g_assert_cmpint(status_of(address), ==, 200);
}

static void test_bad_targets_are_refused(Fixture *fixture, gconstpointer data)
{
	g_autofree char *many = g_strnfill(5000, 'a');
	g_autofree char *long_target = g_strconcat("/", many, NULL);
	g_autofree char *too_long = ask(fixture, "GET", long_target, "");
	g_autofree char *traversal = ask(fixture, "GET", "/v1/../../etc/passwd", "");
	g_autofree char *escaped = ask(fixture, "GET", "/v1/domains/%2e%2e", "");
	g_autofree char *nul = ask(fixture, "GET", "/v1/status%00", "");

	(void)data;
	g_assert_cmpint(status_of(too_long), ==, 414);
	g_assert_cmpint(status_of(traversal), ==, 400);
	g_assert_cmpint(status_of(escaped), ==, 400);
	g_assert_cmpint(status_of(nul), ==, 400);
}

// An answer that is a problem of this status and code.
static void assert_problem(const char *answer, int status, const char *code, const char *detail)
{
	g_autofree char *type = header_of(answer, "Content-Type");
	g_autofree char *wanted = g_strdup_printf(
		"\"status\":%d,\"code\":\"%s\",\"detail\":\"%s\"}", status, code, detail);

	g_test_message("%s", answer);
	g_assert_cmpint(status_of(answer), ==, status);
	g_assert_cmpstr(type, ==, "application/problem+json");
	g_assert_nonnull(strstr(answer, wanted));
}

// Heads that are too large, up to far more than is allowed, are refused in our own words.
static void test_large_heads_are_refused(Fixture *fixture, gconstpointer data)
{
	static const struct {
		int target, header, status;
		const char *code, *detail;
	} cases[] = {
		{4097, 0, 414, "target-too-long", "the target is longer than 4096 bytes"},
		{20000, 0, 414, "target-too-long", "the target is longer than 4096 bytes"},
		{28000, 0, 414, "target-too-long", "the target is longer than 4096 bytes"},
		{1, 17000, 431, "headers-too-large",
			"the request line and the headers are longer than 16384 bytes"},
		{1, 28000, 431, "headers-too-large",
			"the request line and the headers are longer than 16384 bytes"},
	};

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *target = g_strnfill((gsize)cases[i].target, 'a');
		g_autofree char *value = g_strnfill((gsize)cases[i].header, 'b');
		g_autofree char *header = g_strdup_printf("X-Large: %s\r\n", value);
		g_autofree char *answer = NULL;

		*target = '/';
		answer = ask(fixture, "GET", target, header);
		assert_problem(answer, cases[i].status, cases[i].code, cases[i].detail);
	}
	// Beyond that libmicrohttpd ends it, and goes on.
	g_autofree char *many = g_strnfill(200000, 'a');
	g_autofree char *header = g_strdup_printf("X-Large: %s\r\n", many);
	g_autofree char *answer = ask(fixture, "GET", "/v1/status", header);
	g_autofree char *after = ask(fixture, "GET", "/v1/status", "");
	g_assert_cmpint(status_of(answer), ==, 431);
	g_assert_cmpint(status_of(after), ==, 200);
}

static void test_bad_heads_are_refused(Fixture *fixture, gconstpointer data)
{
	static const struct {
		const char *request, *code, *detail;
	} cases[] = {
		{"GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n", "bad-host",
			"the request has no header 'Host'"},
		{"GET /v1/status HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nHost: "
		 "localhost\r\n\r\n",
			"bad-host", "the request has more than one header 'Host'"},
		{"GET /v1/ status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
			"bad-target", "the target has a blank in it"},
		{"GET v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
			"bad-target", "the target does not begin with '/'"},
		{"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: "
		 "close\r\nContent-Length: 1\r\n\r\nx",
			"unwanted-body", "this API reads no request body"},
	};

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *answer = exchange(fixture, cases[i].request);

		assert_problem(answer, 400, cases[i].code, cases[i].detail);
	}
	g_autofree char *old = exchange(fixture, "GET /healthz HTTP/1.0\r\n\r\n");
	g_assert_cmpint(status_of(old), ==, 200);
}

// What libmicrohttpd refuses by itself is documented (docs/operate.md): none of it gets an answer, and the server goes on.
static void test_no_http_is_refused(Fixture *fixture, gconstpointer data)
{
	static const struct {
		const char *request;
		int status; // 0: the end of the connection
	} cases[] = {
		{"GARBAGE\r\n\r\n", 0},
		{"GET /v1/status\r\n\r\n", 400},
		{"GET /v1/status HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
		{"GET /v1/status HTTP/1.1\r\nno colon\r\n\r\n", 400},
		{"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400},
	};

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *answer = exchange(fixture, cases[i].request);
		const char *status_line = strstr(answer, "HTTP/1.1 ");

		g_assert_cmpint(
			status_line == NULL ? 0 : status_of(status_line), ==, cases[i].status);
		g_assert_null(strstr(answer, "\"sync\""));
	}
	g_autofree char *after = ask(fixture, "GET", "/v1/status", "");
	g_assert_cmpint(status_of(after), ==, 200);
}

static void test_the_status_page_may_only_run_its_own_script(Fixture *fixture, gconstpointer data)
{
	g_autofree char *answer = ask(fixture, "GET", "/", "");
	g_autofree char *policy = header_of(answer, "Content-Security-Policy");

	(void)data;
	g_assert_cmpint(status_of(answer), ==, 200);
	check_header(answer, "Content-Type", "text/html; charset=utf-8");
	g_assert_true(g_str_has_prefix(policy, "default-src 'none'; style-src 'sha256-"));
	g_assert_null(strstr(policy, "unsafe"));
	g_assert_null(strstr(body_of(answer), "http://"));
	g_assert_null(strstr(body_of(answer), "https://"));
}

static void test_slow_clients_hold_up_nobody(Fixture *fixture, gconstpointer data)
{
	int slow[200];
	int64_t begun;

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(slow); i++) {
		slow[i] = connect_to(fixture);
		send_all(slow[i], "GET /v1/sta", 11);
	}
	begun = g_get_monotonic_time();
	for (int i = 0; i < 20; i++) {
		g_autofree char *answer = ask(fixture, "GET", "/v1/status", "");

		g_assert_cmpint(status_of(answer), ==, 200);
	}
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 5 * G_USEC_PER_SEC);
	for (size_t i = 0; i < G_N_ELEMENTS(slow); i++)
		close(slow[i]);
}

static void test_requests_may_follow_on_one_connection(Fixture *fixture, gconstpointer data)
{
	g_autofree char *answers = exchange(fixture,
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
		"HEAD /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
		"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	g_auto(GStrv) parts = g_strsplit(answers, "HTTP/1.1 200 OK", -1);

	(void)data;
	g_assert_cmpint(g_strv_length(parts), ==, 4);
}

static int follow(const Fixture *fixture, const char *run, const char *headers)
{
	g_autofree char *request =
		g_strdup_printf("GET /v1/runs/%s/logs HTTP/1.1\r\nHost: localhost\r\n"
				"Accept: text/event-stream\r\n%s\r\n",
			run, headers);
	int client = connect_to(fixture);

	send_all(client, request, strlen(request));
	return client;
}

// Reads from the client until text has come, and gives all that was read.
static char *receive_until(int client, const char *text)
{
	GString *got = g_string_new(NULL);
	char buffer[4096];
	ssize_t length;

	while (strstr(got->str, text) == NULL &&
		(length = recv(client, buffer, sizeof buffer, 0)) > 0)
		g_string_append_len(got, buffer, length);
	if (strstr(got->str, text) == NULL)
		g_error("'%s' did not come, but: %s", text, got->str);
	return g_string_free(got, FALSE);
}

static size_t count(const char *text, const char *part)
{
	g_auto(GStrv) parts = g_strsplit(text, part, -1);

	return g_strv_length(parts) - 1;
}

// Sends a head a byte at a time, and gives all that comes back; in seconds how long that took.
static char *drip(const Fixture *fixture, const char *before, double *ret_seconds)
{
	static const char head[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	int client = connect_to(fixture);
	gint64 began = g_get_monotonic_time();
	struct pollfd wait = {client, POLLIN | POLLRDHUP, 0};

	send_all(client, before, strlen(before));
	for (size_t i = 0; poll(&wait, 1, 50) == 0 && i < 400; i++)
		send_all(client, i < strlen(head) ? &head[i] : "x", 1);
	*ret_seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
	return receive_all(client);
}

static void test_a_head_may_take_so_long_only(Fixture *fixture, gconstpointer data)
{
	const ApiServerOptions options = {
		.address = "127.0.0.1:0", .store_url = fixture->url, .head_limit = G_USEC_PER_SEC};
	double seconds = 0;

	(void)data;
	api_server_stop(fixture->server);
	fixture->server = api_server_start(&options, NULL);
	g_assert_nonnull(fixture->server);
	g_autofree char *answer = drip(fixture, "", &seconds);
	g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 408 Request Timeout\r\n"));
	g_assert_nonnull(strstr(answer, "\"detail\":\"the head of a request may take 1 seconds\""));
	g_assert_cmpfloat(seconds, >=, 0.9);
	g_assert_cmpfloat(seconds, <, 10);
	// Streams may go on for longer than a head.
	int client = follow(fixture, fixture->seed.run_running, "");
	struct pollfd wait = {client, POLLRDHUP, 0};
	g_assert_cmpint(poll(&wait, 1, 2500), ==, 0);
	close(client);
}

static void test_a_log_is_followed_to_its_end(Fixture *fixture, gconstpointer data)
{
	int client = follow(fixture, fixture->seed.run_running, "");
	g_autofree char *begin = receive_until(client, "line 49");

	(void)data;
	g_assert_cmpint(status_of(begin), ==, 200);
	check_header(begin, "Content-Type", "text/event-stream");
	seed_log(fixture->store, &fixture->seed.lease, "what came later");
	g_autofree char *later = receive_until(client, "what came later");
	seed_end(fixture->store, &fixture->seed.lease);
	g_autofree char *end = receive_until(client, "event: end");
	close(client);
	g_assert_cmpuint(count(begin, "event: item") + count(later, "event: item"), ==, 51);
	g_assert_cmpuint(count(end, "event: item"), ==, 0);
}

static void test_a_stream_goes_on_where_it_was_cut_off(Fixture *fixture, gconstpointer data)
{
	int client = follow(fixture, fixture->seed.run_running, "");
	g_autofree char *begin = receive_until(client, "line 49");
	g_autoptr(GMatchInfo) match = NULL;
	g_autoptr(GRegex) regex = g_regex_new("id: (\\S+)", 0, 0, NULL);
	int again;

	(void)data;
	close(client);
	g_assert_true(g_regex_match(regex, begin, 0, &match));
	g_autofree char *id = g_match_info_fetch(match, 1);
	g_autofree char *header = g_strdup_printf("Last-Event-ID: %s\r\n", id);
	again = follow(fixture, fixture->seed.run_running, header);
	seed_log(fixture->store, &fixture->seed.lease, "what came later");
	g_autofree char *rest = receive_until(again, "what came later");
	close(again);
	g_assert_cmpuint(count(rest, "event: item"), ==, 1);
}

static void test_a_log_that_is_not_there_is_a_problem(Fixture *fixture, gconstpointer data)
{
	g_autofree char *answer =
		ask(fixture, "GET", "/v1/runs/nothing/logs", "Accept: text/event-stream\r\n");

	(void)data;
	g_assert_cmpint(status_of(answer), ==, 404);
	check_header(answer, "Content-Type", "application/problem+json");
}

static void test_streams_are_few_and_hold_up_nobody(Fixture *fixture, gconstpointer data)
{
	int clients[64];
	g_autofree char *refused = NULL;
	g_autofree char *answer = NULL;

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
		clients[i] = follow(fixture, fixture->seed.run_running, "");
		g_autofree char *begin = receive_until(clients[i], "line 49");
	}
	refused = ask(fixture, "GET", "/v1/events", "Accept: text/event-stream\r\n");
	answer = ask(fixture, "GET", "/v1/status", "");
	g_assert_cmpint(status_of(refused), ==, 503);
	g_assert_cmpint(status_of(answer), ==, 200);
	seed_end(fixture->store, &fixture->seed.lease);
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
		g_autofree char *end = receive_until(clients[i], "event: end");

		close(clients[i]);
	}
}

static void test_a_server_stops_with_streams_open(Fixture *fixture, gconstpointer data)
{
	int client = follow(fixture, fixture->seed.run_running, "");
	g_autofree char *begin = receive_until(client, "line 49");
	g_autofree char *rest = NULL;

	(void)data;
	g_clear_pointer(&fixture->server, api_server_stop);
	rest = receive_all(client);
	g_assert_null(strstr(rest, "event: end"));
}

static void test_a_port_in_use_says_so(Fixture *fixture, gconstpointer data)
{
	g_autofree char *address =
		g_strdup_printf("127.0.0.1:%u", (unsigned)api_server_port(fixture->server));
	const ApiServerOptions options = {.address = address, .store_url = fixture->url};
	g_autoptr(GError) error = NULL;
	g_autofree char *expected =
		g_strdup_printf("cannot listen on '%s': Address already in use; is "
				"another weir running? '--listen' takes another address",
			address);

	(void)data;
	g_assert_null(api_server_start(&options, &error));
	g_assert_cmpstr(error->message, ==, expected);
}

typedef struct {
	const char *address;
	const char *message;
} BadAddress;

static const BadAddress bad_addresses[] = {
	{"8480", "cannot listen on '8480': it has no host and port; an address is like "
		 "'127.0.0.1:8480' or "
		 "'[::1]:8480'"},
	{"127.0.0.1:70000",
		"cannot listen on '127.0.0.1:70000': the port is not a number from 0 to 65535; an "
		"address is like '127.0.0.1:8480' or '[::1]:8480'"},
	{"::1:80", "cannot listen on '::1:80': an IPv6 address needs brackets; an address is like "
		   "'127.0.0.1:8480' or '[::1]:8480'"},
};

static void test_bad_addresses_say_why(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(bad_addresses); i++) {
		const ApiServerOptions options = {
			.address = bad_addresses[i].address, .store_url = fixture->url};
		g_autoptr(GError) error = NULL;

		g_assert_null(api_server_start(&options, &error));
		g_assert_cmpstr(error->message, ==, bad_addresses[i].message);
	}
}

// What the store of a reader is refused is refused by the database, too: it is open to be read, and no more.
static void test_readers_cannot_write(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ApiReader) reader = api_reader_new(fixture->url, NULL, &error);
	Store *store = api_reader_store(reader);

	(void)data;
	g_assert_no_error(error);
	g_assert_false(store_setting_put(store, "a", "b", &error));
	g_assert_error(error, DB_ERROR, DB_ERROR_READ_ONLY);
	g_clear_error(&error);
	g_assert_null(store_transaction_begin(store, &error));
	g_assert_error(error, DB_ERROR, DB_ERROR_READ_ONLY);
}

// How many descriptors of this process on the file may write to it.
static guint count_writers(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
	guint count = 0;
	const char *name;

	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *link = g_build_filename("/proc/self/fd", name, NULL);
		g_autofree char *target = g_file_read_link(link, NULL);
		int flags = fcntl((int)g_ascii_strtoll(name, NULL, 10), F_GETFL);

		count += g_strcmp0(target, path) == 0 && (flags & O_ACCMODE) != O_RDONLY;
	}
	return count;
}

// A whole server, once it has answered and follows events, has no descriptor with which its store could be written to.
static void test_the_server_cannot_write(Fixture *fixture, gconstpointer data)
{
	g_autofree char *path = g_build_filename(fixture->folder, "weir.db", NULL);
	const ApiServerOptions options = {.address = "127.0.0.1:0", .store_url = fixture->url};

	(void)data;
	g_assert_cmpuint(count_writers(path), >, 0);
	api_server_stop(fixture->server);
	store_close(fixture->store);
	g_assert_cmpuint(count_writers(path), ==, 0);
	fixture->server = api_server_start(&options, NULL);
	g_assert_nonnull(fixture->server);
	int client = follow(fixture, fixture->seed.run_running, "");
	g_autofree char *begin = receive_until(client, "line 49");
	g_autofree char *answer = ask(fixture, "GET", "/v1/status", "");
	g_assert_cmpint(status_of(answer), ==, 200);
	g_assert_cmpuint(count_writers(path), ==, 0);
	close(client);
	fixture->store = store_open(fixture->url, STORE_READ_WRITE, NULL);
}

#define ADD(name, function) g_test_add("/server/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("get-has-its-headers", test_get_has_its_headers);
	ADD("head-has-no-body", test_head_has_no_body);
	ADD("what-is-known-is-not-sent-again", test_what_is_known_is_not_sent_again);
	ADD("a-change-is-seen", test_a_change_is_seen);
	ADD("other-methods-are-refused", test_other_methods_are_refused);
	ADD("names-of-others-are-refused", test_names_of_others_are_refused);
	ADD("bad-targets-are-refused", test_bad_targets_are_refused);
	ADD("large-heads-are-refused", test_large_heads_are_refused);
	ADD("bad-heads-are-refused", test_bad_heads_are_refused);
	ADD("no-http-is-refused", test_no_http_is_refused);
	ADD("the-status-page-may-only-run-its-own-script",
		test_the_status_page_may_only_run_its_own_script);
	ADD("slow-clients-hold-up-nobody", test_slow_clients_hold_up_nobody);
	ADD("a-head-may-take-so-long-only", test_a_head_may_take_so_long_only);
	ADD("requests-may-follow-on-one-connection", test_requests_may_follow_on_one_connection);
	ADD("a-log-is-followed-to-its-end", test_a_log_is_followed_to_its_end);
	ADD("a-stream-goes-on-where-it-was-cut-off", test_a_stream_goes_on_where_it_was_cut_off);
	ADD("a-log-that-is-not-there-is-a-problem", test_a_log_that_is_not_there_is_a_problem);
	ADD("streams-are-few-and-hold-up-nobody", test_streams_are_few_and_hold_up_nobody);
	ADD("a-server-stops-with-streams-open", test_a_server_stops_with_streams_open);
	ADD("readers-cannot-write", test_readers_cannot_write);
	ADD("the-server-cannot-write", test_the_server_cannot_write);
	ADD("a-port-in-use-says-so", test_a_port_in_use_says_so);
	ADD("bad-addresses-say-why", test_bad_addresses_say_why);
	return g_test_run();
}
