// One exchange with a server, by libcurl: connects only where the policy allows, ends at once when the task is cancelled, is
// bounded in time and size. What is exchanged is set by the caller on the handle.
#pragma once

#include "runner/net/net_curl.h"
#include "runner/net/net_policy.h"
#include "runner/task_type.h"

enum { NET_HEAD_BYTES = 400 };

typedef struct NetTransfer {
	const NetCurl *curl;
	CURL *easy;
	// For the caller to set. Times in microseconds; 0: none.
	int64_t connect_timeout; // until connected, TLS and all
	int64_t idle_timeout; // between two bytes of either direction
	int64_t total_timeout;
	uint64_t limit; // of the answer, in bytes
	int file; // where the answer goes; -1: into body
	// What came.
	GString *body;
	GString *head; // its first NET_HEAD_BYTES
	uint64_t received;
	// Of the inside.
	TaskContext *context;
	const NetPolicy *policy;
	CURLM *multi;
	bool connected;
	int64_t moved; // when a byte was last seen, monotonic
	curl_off_t bytes; // seen by then
	char *refused; // an address that was not connected to, and why
	char *write_fault;
	bool too_large;
	char reason[CURL_ERROR_SIZE];
} NetTransfer;

// Borrows the context. NULL with error. One thread.
NetTransfer *net_transfer_new(TaskContext *context, GError **error);
void net_transfer_free(NetTransfer *transfer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetTransfer, net_transfer_free)

// Makes the handle ready for an exchange: options as at the start, the answer forgotten (a file is emptied). Connections are
// kept.
bool net_transfer_prepare(NetTransfer *transfer, GError **error);
// Does it. False with an error that begins with what ("GET 'https://…'") and says why and what to do.
bool net_transfer_run(NetTransfer *transfer, const char *what, GError **error);
// Waits; false with TASK_ERROR_CANCELLED when the task is cancelled meanwhile.
bool net_wait(TaskContext *context, int64_t microseconds, GError **error);

// Trust in certificates of TLS. Each may be NULL; texts are PEM.
typedef struct {
	char *authority; // in place of the system's
	char *certificate, *key; // to show to the server
	bool unverified; // any certificate will do
} NetTls;

void net_tls_clear(NetTls *tls);
// Reads {ca, certificate, key}: each a PEM text, or a file as task_context_open_path() takes it. tls: rendered, may be NULL.
bool net_tls_read(TaskContext *context, const json_t *tls, NetTls *ret, GError **error);
void net_tls_set(NetTransfer *transfer, const NetTls *tls, bool with_own_certificate);
