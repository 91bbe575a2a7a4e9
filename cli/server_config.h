// What a server is told: the file given with --config, checked against a table of keys like a repository's files.
#pragma once

#include "reconciler/reconcile.h"
#include "repo-layout/key_pages.h"
#include "repo-layout/key_table.h"
#include "runner/runner.h"
#include "store/retention.h"

typedef enum {
	ROLE_RECONCILER = 1 << 0,
	ROLE_SCHEDULER = 1 << 1,
	ROLE_RUNNER = 1 << 2,
	ROLE_API = 1 << 3,
	ROLE_INGRESS = 1 << 4, // only where it is configured
	ROLE_ALL = (1 << 5) - 1,
} ServerRole;

typedef struct {
	json_t *settings; // the file, checked; the texts below may point into it
	SourceOptions source; // url NULL: not given; where mirrors go is not known here
	int64_t poll_interval; // microseconds; 0: the default
	int64_t drift_interval;
	PlanPolicy policy;
	LayoutLimits limits;
	const char *environment;
	const char *store; // NULL: not given
	const char *listen; // NULL: not given
	const char **hosts; // ended by NULL; NULL: none
	const char *ingress; // its address; NULL: there is none
	uint64_t ingress_body_bytes; // 0: the default; likewise
	unsigned ingress_rate;
	int64_t body_limit; // microseconds that the body of a call may take; 0: the default
	int64_t head_limit; // microseconds that the head of a request may take; 0: the default
	unsigned roles;
	unsigned slots;
	RunnerPool *pools;
	size_t pool_count;
	StoreRetentionPolicy retention;
	int64_t retention_interval; // microseconds
	const char **private_addresses; // that tasks may connect to, ended by NULL; NULL: none
	int nice; // of the runner's workers
	int64_t grace; // microseconds that tasks under way get at the end
} ServerConfig;

extern const KeyTable keys_server;
extern const KeyPage server_page;

// Reads the file; path NULL gives the defaults. Faults are reported as diagnostics, of which text (may be NULL) gets the
// lines. NULL with an error when the file cannot be used.
ServerConfig *server_config_read(const char *path, GError **error);
void server_config_free(ServerConfig *config);

// "reconciler,runner" -> roles. False with an error that names the wrong one.
bool server_roles_parse(const char *text, unsigned *ret_roles, GError **error);
// Whether what the roles need is configured.
bool server_roles_check(const ServerConfig *config, unsigned roles, GError **error);
// The names of roles, joined by commas. The caller frees it.
char *server_roles_text(unsigned roles);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerConfig, server_config_free)
