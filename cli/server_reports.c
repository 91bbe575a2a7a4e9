#include "cli/server_reports.h"

#include "cli/memory.h"
#include "cli/server_health.h"
#include "cli/server_log.h"

enum {
	LARGE_WALK = 100, // changes
};

static void log_number(char *text, size_t size, guint number)
{
	g_snprintf(text, size, "%u", number);
}

void report_walk(const ReconcileOutcome *outcome, const GError *error, void *data)
{
	char created[16], updated[16], deleted[16], cosmetic[16], broken[16], held[16], took[32];
	int64_t total = outcome->fetch_us + outcome->load_us + outcome->plan_us + outcome->apply_us;
	bool whole = outcome->result != RECONCILE_PARTIAL;

	// What the store was told is told by it; the rest comes here again and again.
	bool news = server_health_report(data, PART_RECONCILER, outcome->trouble);
	if (error != NULL && outcome->unrecorded && !news)
		return;
	if (outcome->follows != NULL)
		server_log(G_LOG_LEVEL_INFO, "reconciler", outcome->follows, NULL);
	if (error != NULL) {
		server_log(G_LOG_LEVEL_WARNING, "reconciler", "cannot reconcile", "error",
			error->message, "commit", *outcome->commit != '\0' ? outcome->commit : NULL,
			NULL);
		return;
	}
	if (outcome->notice != NULL)
		server_log(G_LOG_LEVEL_WARNING, "reconciler", outcome->notice, NULL);
	if (outcome->drift_began + outcome->drift_resolved > 0) {
		log_number(created, sizeof(created), outcome->drift_began);
		log_number(deleted, sizeof(deleted), outcome->drift_resolved);
		server_log(G_LOG_LEVEL_WARNING, "drift", "drift changed", "began", created,
			"resolved", deleted, NULL);
	}
	if (outcome->result == RECONCILE_WAITING)
		server_log(G_LOG_LEVEL_INFO, "reconciler",
			"the repository has no commit to follow: waiting for a push", NULL);
	if (outcome->result == RECONCILE_WAITING || outcome->result == RECONCILE_UNCHANGED)
		return;
	log_number(created, sizeof(created), outcome->created);
	log_number(updated, sizeof(updated), outcome->updated);
	log_number(deleted, sizeof(deleted), outcome->deleted);
	log_number(cosmetic, sizeof(cosmetic), outcome->cosmetic);
	log_number(broken, sizeof(broken), outcome->domains_broken);
	log_number(held, sizeof(held), outcome->domains_held);
	g_snprintf(took, sizeof(took), "%.1f", (double)total / 1000);
	server_log(whole ? G_LOG_LEVEL_INFO : G_LOG_LEVEL_WARNING, "reconciler",
		reconcile_result_name(outcome->result), "commit", outcome->commit, "created",
		created, "updated", updated, "deleted", deleted, "cosmetic", cosmetic, "broken",
		broken, "held", held, "force_pushed", outcome->rewound ? "true" : NULL, "ms", took,
		NULL);
	// A large walk works on far more memory than is kept of it.
	if (outcome->created + outcome->updated + outcome->deleted > LARGE_WALK)
		memory_give_back();
}

// Logs a failure, and its end, once.
static void tell_news(ServerHealth *health, ServerPart part, const char *component,
	const char *failure, const GError *error)
{
	if (!server_health_report(health, part, error))
		return;
	if (error != NULL)
		server_log(G_LOG_LEVEL_WARNING, component, failure, "error", error->message, NULL);
	else
		server_log(G_LOG_LEVEL_INFO, component, "works again", NULL);
}

void report_runner(const GError *error, void *data)
{
	tell_news(data, PART_RUNNER, "runner", "cannot write to the store; trying until it can",
		error);
}

void report_triggers(guint runs, const GError *error, void *data)
{
	char count[16];

	tell_news(data, PART_SCHEDULER, "scheduler", "cannot evaluate triggers", error);
	if (runs == 0)
		return;
	log_number(count, sizeof(count), runs);
	server_log(G_LOG_LEVEL_INFO, "scheduler", "runs created", "runs", count, NULL);
}

void report_maintenance(const StoreRetention *retention, const GError *error, void *data)
{
	char counts[RETENTION_KINDS][24];
	const char *shown[RETENTION_KINDS];
	int64_t all = 0;

	tell_news(data, PART_MAINTENANCE, "maintenance", "cannot keep house", error);
	if (error != NULL)
		return;
	for (RetentionKind kind = 0; kind < RETENTION_KINDS; kind++) {
		int64_t forgotten = store_retention_forgotten(retention, kind);

		g_snprintf(counts[kind], sizeof(counts[kind]), "%" G_GINT64_FORMAT, forgotten);
		shown[kind] = forgotten > 0 ? counts[kind] : NULL;
		all += forgotten;
	}
	if (all > 0)
		server_log(G_LOG_LEVEL_INFO, "maintenance", "forgot what had grown old", "runs",
			shown[RETENTION_RUNS], "logs", shown[RETENTION_LOGS], "events",
			shown[RETENTION_EVENTS], "publications", shown[RETENTION_PUBLICATIONS],
			"drift", shown[RETENTION_DRIFT], "plans", shown[RETENTION_PLANS],
			"revisions", shown[RETENTION_REVISIONS], "scripts",
			shown[RETENTION_SCRIPTS], "cache", shown[RETENTION_CACHE], "bytes",
			shown[RETENTION_ROOM], NULL);
}
