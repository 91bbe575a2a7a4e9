#include "bench/http_load.h"

#include "bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE   65536
#define BUCKETS	      200000 // of 10 µs
#define BUCKET_SECOND 100000.0

typedef struct {
	int socket;
	size_t received;
	size_t expected; // 0 while the head is not whole
	double asked;
	char answer[ANSWER_SIZE];
} Client;

typedef struct {
	int epoll;
	char *request;
	size_t request_length;
	uint64_t to_ask;
	uint64_t answers;
	uint64_t bytes;
	uint32_t *latency; // counts by bucket
} Load;

static void fail(const char *what)
{
	g_error("load: %s: %s", what, g_strerror(errno));
}

static void ask(Load *load, Client *client)
{
	if (load->to_ask == 0)
		return;
	load->to_ask--;
	client->received = 0;
	client->expected = 0;
	client->asked = bench_seconds();
	if (send(client->socket, load->request, load->request_length, MSG_NOSIGNAL) !=
		(ssize_t)load->request_length)
		fail("send");
}

static void client_open(Load *load, Client *client, uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	int on = 1;

	client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->socket < 0 ||
		connect(client->socket, (const struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->socket, &event) != 0)
		fail("epoll_ctl");
}

// Finds out how long the answer is, once its head is there.
static void read_head(Client *client)
{
	const char *end = memmem(client->answer, client->received, "\r\n\r\n", 4);
	const char *length;

	if (end == NULL)
		return;
	client->answer[client->received] = '\0';
	if (!g_str_has_prefix(client->answer, "HTTP/1.1 200 "))
		g_error("load: %.60s", client->answer);
	length = strcasestr(client->answer, "\r\nContent-Length:");
	client->expected = (size_t)(end - client->answer) + 4 +
			   (length != NULL ? strtoul(length + 17, NULL, 10) : 0);
}

static void note_answer(Load *load, const Client *client)
{
	double seconds = bench_seconds() - client->asked;
	size_t bucket = (size_t)(seconds * BUCKET_SECOND);

	load->latency[MIN(bucket, BUCKETS - 1)]++;
	load->answers++;
	load->bytes += client->received;
}

static void receive(Load *load, Client *client)
{
	ssize_t got = recv(client->socket, client->answer + client->received,
		ANSWER_SIZE - 1 - client->received, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0)
		fail("recv");
	client->received += (size_t)got;
	if (client->expected == 0)
		read_head(client);
	if (client->expected == 0 || client->received < client->expected)
		return;
	note_answer(load, client);
	ask(load, client);
}

static double percentile(const Load *load, double part)
{
	uint64_t rank = (uint64_t)((double)load->answers * part);
	uint64_t seen = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		seen += load->latency[i];
		if (seen > rank)
			return (double)(i + 1) / BUCKET_SECOND * 1e3;
	}
	return (double)BUCKETS / BUCKET_SECOND * 1e3;
}

static void run_loop(Load *load, uint64_t requests)
{
	struct epoll_event events[256];

	while (load->answers < requests) {
		int count = epoll_wait(load->epoll, events, G_N_ELEMENTS(events), 10000);

		if (count == 0)
			g_error("load: no answer for 10 s; %" G_GUINT64_FORMAT
				" of %" G_GUINT64_FORMAT " answered",
				load->answers, requests);
		for (int i = 0; i < count; i++)
			receive(load, events[i].data.ptr);
	}
}

void http_load_run(
	uint16_t port, const char *path, unsigned clients, uint64_t requests, HttpLoad *ret_load)
{
	g_autofree Client *all = g_new0(Client, clients);
	Load load = {.epoll = epoll_create1(EPOLL_CLOEXEC), .to_ask = requests};
	double begun;

	load.request = g_strdup_printf("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	load.request_length = strlen(load.request);
	load.latency = g_new0(uint32_t, BUCKETS);
	for (unsigned i = 0; i < clients; i++)
		client_open(&load, &all[i], port);
	begun = bench_seconds();
	for (unsigned i = 0; i < clients; i++)
		ask(&load, &all[i]);
	run_loop(&load, requests);
	ret_load->seconds = bench_seconds() - begun;
	ret_load->answers = load.answers;
	ret_load->bytes = load.bytes;
	ret_load->p50_ms = percentile(&load, 0.5);
	ret_load->p99_ms = percentile(&load, 0.99);
	ret_load->worst_ms = percentile(&load, 0.999999);
	for (unsigned i = 0; i < clients; i++)
		close(all[i].socket);
	close(load.epoll);
	g_free(load.request);
	g_free(load.latency);
}

double http_ask(void *ask)
{
	const HttpAsk *one = ask;
	HttpLoad load;

	http_load_run(one->port, one->path, one->clients, one->requests, &load);
	return load.seconds;
}
