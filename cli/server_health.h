// How the parts of a server do, as they report it: for its own status API, and by way of the lock's file for commands. The store
// cannot tell, since what fails most is writing to it. Thread-safe.
#pragma once

#include "api/parts.h"
#include "cli/server_lock.h"

#include <stdbool.h>

typedef enum {
	PART_RECONCILER,
	PART_SCHEDULER,
	PART_RUNNER,
	PART_MAINTENANCE,
	SERVER_PARTS,
} ServerPart;

typedef struct ServerHealth ServerHealth;

// lock is borrowed: what is reported is noted in it.
ServerHealth *server_health_new(ServerLock *lock);
// What the server that holds the store of url has noted; NULL when none holds it. Nothing is to be reported to it.
ServerHealth *server_health_read(const char *url);
void server_health_free(ServerHealth *health);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerHealth, server_health_free)

// The part belongs to this server, and does not work before server_health_add() says so.
void server_health_expect(ServerHealth *health, ServerPart part);
void server_health_add(ServerHealth *health, ServerPart part);
void server_health_remove(ServerHealth *health, ServerPart part);
// The part cannot do its work, or (error NULL) can. True when that is news.
bool server_health_report(ServerHealth *health, ServerPart part, const GError *error);

// For the API; lives as long as health.
const ApiParts *server_health_parts(ServerHealth *health);

// What cures a failed write to the store; NULL: nothing that is known. Lives as long as the program.
const char *server_health_cure(const GError *error);
