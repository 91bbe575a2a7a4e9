#include "tests/api/seed.h"

#include "store/backfill.h"
#include "store/domain.h"
#include "store/drift.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/log.h"
#include "store/node.h"
#include "store/run.h"
#include "store/table.h"
#include "store/task_run.h"
#include "store/timestamp.h"
#include "store/trigger.h"
#include "store/trouble.h"

#include <string.h>

#define COMMIT	   "1111111111111111111111111111111111111111"
#define NEW_COMMIT "2222222222222222222222222222222222222222"

// A text that a row's member may point at.
#define TEXT(text) ((char[]){text})

// Fails the test with the error of a store function; the call names the variable "error".
#define MUST(call)                                                                                 \
	do {                                                                                       \
		g_autoptr(GError) must_error = NULL;                                               \
		GError **error = &must_error;                                                      \
		bool must_done = (call);                                                           \
		g_assert_no_error(must_error);                                                     \
		g_assert_true(must_done);                                                          \
	} while (0)

static void fill_domains(Store *store)
{
	const StoreSource source = {
		.name = TEXT("main"),
		.url = TEXT("/srv/retail.git"),
		.ref = TEXT("refs/heads/main"),
		.commit_wanted = TEXT(NEW_COMMIT),
		.commit_live = TEXT(COMMIT),
		.sync = SYNC_OUT_OF_SYNC,
		.fetched_at = timestamp_now(),
		.synced_at = timestamp_now(),
	};
	const StoreDomain sales = {
		.name = TEXT("sales"),
		.source = TEXT("main"),
		.path = TEXT("domains/sales"),
		.owner = TEXT("ana"),
		.connection = TEXT("default"),
		.dataset = TEXT("sales"),
		.commit_live = TEXT(NEW_COMMIT),
		.commit_wanted = TEXT(NEW_COMMIT),
		.sync = SYNC_SYNCED,
		.health = HEALTH_HEALTHY,
		.synced_at = timestamp_now(),
	};
	const StoreDomain finance = {
		.name = TEXT("finance"),
		.source = TEXT("main"),
		.path = TEXT("domains/finance"),
		.owner = TEXT("ben"),
		.connection = TEXT("default"),
		.dataset = TEXT("finance"),
		.commit_live = TEXT(COMMIT),
		.commit_wanted = TEXT(NEW_COMMIT),
		.sync = SYNC_OUT_OF_SYNC,
		.health = HEALTH_DEGRADED,
		.message = TEXT("1 fault in the commit"),
		.diagnostics = TEXT(
			"[{\"file\":\"domains/finance/sql/a.sql\",\"line\":2,\"column\":1,"
			"\"severity\":\"error\",\"code\":\"unknown-key\",\"message\":\"unknown key "
			"'feeed'\",\"hint\":\"did you mean 'feed'?\"}]"),
	};

	MUST(store_source_put(store, &source, error));
	MUST(store_domain_put(store, &sales, error));
	MUST(store_domain_put(store, &finance, error));
}

typedef struct {
	const char *id;
	const char *kind;
	const char *reads;
	const char *writes;
	const char *definition;
} SeedFlow;

static const SeedFlow seed_flows[] = {
	{"load", "written", NULL, "sales.lines",
		"{\"id\":\"load\",\"namespace\":\"sales\",\"inputs\":[{\"id\":\"key\",\"type\":"
		"\"SECRET\"},"
		"{\"id\":\"day\",\"type\":\"DATE\"}],\"tasks\":[{\"id\":\"first\",\"type\":\"log\"}"
		","
		"{\"id\":\"each\",\"type\":\"parallel\",\"tasks\":[{\"id\":\"a\",\"type\":\"log\"},"
		"{\"id\":\"b\",\"type\":\"log\"}]},{\"id\":\"last\",\"type\":\"log\"}]}"},
	{"orders", "generated", "sales.lines", "sales.orders",
		"{\"id\":\"orders\",\"namespace\":\"sales\",\"tasks\":[{\"id\":\"build\",\"type\":"
		"\"sql.build\",\"sql\":\"SELECT a\\nFROM sales.lines\\n\"}]}"},
	{"totals", "generated", "sales.orders", "sales.totals",
		"{\"id\":\"totals\",\"namespace\":\"sales\",\"tasks\":[{\"id\":\"build\",\"type\":"
		"\"sql.build\"}]}"},
	{"every-day", "set", NULL, NULL,
		"{\"id\":\"every-day\",\"namespace\":\"sales\",\"tasks\":[{\"id\":\"a\",\"type\":"
		"\"log\"}],\"triggers\":[{\"id\":\"w\",\"key\":\"hush\",\"type\":\"webhook\"}]}"},
};

static void fill_flow(Store *store, const SeedFlow *seed)
{
	g_autofree char *id = g_strdup(seed->id);
	g_autofree char *kind = g_strdup(seed->kind);
	g_autofree char *reads = g_strdup(seed->reads);
	g_autofree char *writes = g_strdup(seed->writes);
	const StoreFlowPut put = {
		.flow = {.namespace = TEXT("sales"),
			.id = id,
			.digest = id,
			.domain = TEXT("sales"),
			.kind = kind,
			.path = TEXT("domains/sales/sql/x.sql"),
			.line = 1,
			.reads = reads,
			.writes = writes,
			.target = writes,
			.commit = TEXT(COMMIT)},
		.definition = seed->definition,
		// Of a script only what it means is kept.
		.source = strcmp(seed->kind, "written") == 0 ? "# by hand\nid: load\n" : NULL,
	};
	int64_t applied;

	MUST(store_apply_begin(store, &applied, error));
	MUST(store_flow_put(store, &put, applied, NULL, error));
}

static void fill_trouble(Store *store)
{
	const StoreTrouble trouble = {.connection = TEXT("default"),
		.dataset = TEXT("sales"),
		.kind = TEXT("locked"),
		.message = TEXT("database '/x' is locked"),
		.hint = TEXT("end who holds it")};

	MUST(store_trouble_put(store, &trouble, error));
}

static void fill_table(Store *store, const char *name, const char *flow)
{
	g_autofree char *own_name = g_strdup(name);
	g_autofree char *own_flow = g_strdup(flow);
	const StoreTable table = {
		.name = own_name,
		.domain = TEXT("sales"),
		.namespace = TEXT("sales"),
		.flow = own_flow,
		.connection = TEXT("default"),
		.schema = TEXT(
			"[{\"name\":\"order_id\",\"type\":\"INTEGER\",\"mode\":\"REQUIRED\"}]"),
	};

	MUST(store_table_put(store, &table, error));
}

void seed_run(Store *store, char *id)
{
	char made[ID_SIZE];
	const StoreRunNew new_run = {
		.namespace = "sales",
		.flow = "orders",
		.labels = "{\"team\":\"a\"}",
		.trigger = "{\"id\":\"tables\"}",
		.trigger_type = "tables",
	};

	MUST(store_run_create(store, &new_run, made, NULL, error));
	if (id != NULL)
		memcpy(id, made, sizeof made);
}

static void add_lines(StoreLog *log, StoreLogTask *task, int from)
{
	for (int i = from; i < from + 25; i++) {
		g_autofree char *text = g_strdup_printf("line %d", i);

		store_log_append(log, task, i % 5 == 0 ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
			timestamp_now(), text, strlen(text));
	}
}

static void write_log(Store *store, const StoreLease *lease, const char *task_run_id)
{
	g_autoptr(GError) open_error = NULL;
	g_autoptr(StoreLog) log = store_log_open(store, lease->run_id, 0, &open_error);
	StoreLogTask task = {0};

	g_assert_no_error(open_error);
	store_log_task_init(&task, task_run_id, 1);
	for (int chunk = 0; chunk < 2; chunk++) {
		add_lines(log, &task, chunk * 25);
		MUST(store_log_flush(log, lease, error));
		store_log_flushed(log);
	}
}

static void write_results(Store *store, StoreLease *lease, char *task_run_id)
{
	const StoreTaskRun task = {
		.run_id = lease->run_id,
		.id = task_run_id,
		.task_id = TEXT("build"),
		.iteration = -1,
		.state = RUN_SUCCESS,
		.attempt = 1,
		.created_at = timestamp_now(),
		.started_at = timestamp_now(),
		.ended_at = timestamp_now(),
		.outputs = TEXT("{\"rows\":3}"),
	};
	const StoreCheck check = {
		.run_id = lease->run_id,
		.task_run_id = task_run_id,
		.number = 1,
		.table = TEXT("sales.orders"),
		.name = TEXT("not_null(order_id)"),
		.kind = TEXT("not_null"),
		.severity = TEXT("error"),
		.result = TEXT("failed"),
		.failures = 2,
		.message = TEXT("2 rows"),
		.sample = TEXT("[{\"order_id\":null}]"),
		.at = timestamp_now(),
	};
	const StoreRejectedRow rejected = {
		.run_id = lease->run_id,
		.task_run_id = task_run_id,
		.number = 1,
		.file = TEXT("orders.csv"),
		.line = 7,
		.column = TEXT("amount"),
		.reason = TEXT("'x' is not an INT64"),
		.text = TEXT("1,x"),
	};
	const StorePublish publish = {
		.name = TEXT("sales.orders"),
		.namespace = TEXT("sales"),
		.flow = TEXT("orders"),
		.revision = 1,
		.run_id = lease->run_id,
		.task_run_id = task_run_id,
		.fingerprint = TEXT("f"),
		.rows = 3,
		.rows_changed = 3,
		.at = timestamp_now(),
	};

	MUST(store_task_run_put(store, lease, &task, error));
	MUST(store_check_put(store, &check, error));
	MUST(store_rejected_row_put(store, &rejected, error));
	MUST(store_publish_add(store, &publish, NULL, error));
}

static void end_run(Store *store, const char *node, const char *run_id)
{
	char task_run_id[ID_SIZE];
	StoreLease lease;
	bool claimed;
	const StoreRunChange change = {.state = RUN_SUCCESS, .outputs = "{\"total\":3}"};

	MUST(store_run_claim_one(store, node, run_id, &lease, &claimed, error));
	g_assert_true(claimed);
	id_make(task_run_id);
	write_results(store, &lease, task_run_id);
	write_log(store, &lease, task_run_id);
	MUST(store_run_end(store, &lease, &change, error));
}

void seed_log(Store *store, const StoreLease *lease, const char *line)
{
	g_autoptr(GError) open_error = NULL;
	g_autoptr(StoreLog) log = store_log_open(store, lease->run_id, 0, &open_error);
	StoreLogTask task = {0};

	g_assert_no_error(open_error);
	store_log_task_init(&task, NULL, 1);
	store_log_append(log, &task, LOG_LEVEL_INFO, timestamp_now(), line, strlen(line));
	MUST(store_log_flush(log, lease, error));
	store_log_flushed(log);
}

void seed_end(Store *store, const StoreLease *lease)
{
	const StoreRunChange change = {.state = RUN_SUCCESS};

	MUST(store_run_end(store, lease, &change, error));
}

static void fill_runs(Store *store, Seed *seed)
{
	char node_id[ID_SIZE];
	const StoreNode node = {
		.id = id_make(node_id),
		.name = TEXT("host:1"),
		.version = TEXT("0.1.0"),
		.roles = TEXT("reconciler,runner"),
		.slots = 4,
		.busy = 1,
		.started_at = timestamp_now(),
		.expires_at = timestamp_now() + 60 * G_USEC_PER_SEC,
	};
	const StoreRunNew manual = {
		.namespace = "sales",
		.flow = "load",
		.inputs = "{\"key\":\"hunter2\",\"day\":\"2026-01-01\"}",
	};
	bool claimed;

	MUST(store_node_put(store, &node, error));
	seed_run(store, seed->run_ended);
	end_run(store, node_id, seed->run_ended);
	MUST(store_run_create(store, &manual, seed->run_running, NULL, error));
	MUST(store_run_claim_one(store, node_id, seed->run_running, &seed->lease, &claimed, error));
	g_assert_true(claimed);
	write_log(store, &seed->lease, NULL);
}

static void fill_drift(Store *store)
{
	const StoreDrift open = {
		.kind = TEXT("table"),
		.resource = TEXT("sales.orders"),
		.domain = TEXT("sales"),
		.summary = TEXT("column 'note' was added"),
		.diff = TEXT("+ note TEXT"),
		.onset = timestamp_now(),
	};
	const StoreDrift past = {
		.kind = TEXT("view"),
		.resource = TEXT("sales.totals"),
		.domain = TEXT("sales"),
		.summary = TEXT("the view is another"),
		.onset = timestamp_now(),
	};
	const StoreTrigger trigger = {
		.namespace = TEXT("sales"),
		.flow = TEXT("orders"),
		.id = TEXT("tables"),
		.type = TEXT("tables"),
	};

	const StoreBackfill backfill = {
		.id = TEXT("01JD00000000000000000BACKF"),
		.namespace = TEXT("sales"),
		.flow = TEXT("orders"),
		.trigger_id = TEXT("nightly"),
		.from_at = 1,
		.to_at = timestamp_now(),
		.labels = TEXT("{\"team\":\"blue\"}"),
		.concurrency = 1,
		.total = 7,
	};

	MUST(store_backfill_create(store, &backfill, error));
	MUST(store_drift_begin(store, &open, NULL, error));
	MUST(store_drift_begin(store, &past, NULL, error));
	MUST(store_drift_resolve(
		store, "view", "sales.totals", "reverted", timestamp_now(), NULL, error));
	MUST(store_trigger_put(store, &trigger, error));
}

void seed_fill(Store *store, Seed *seed)
{
	fill_domains(store);
	for (size_t i = 0; i < G_N_ELEMENTS(seed_flows); i++)
		fill_flow(store, &seed_flows[i]);
	fill_table(store, "sales.lines", "load");
	fill_table(store, "sales.orders", "orders");
	fill_table(store, "sales.totals", "totals");
	fill_runs(store, seed);
	fill_drift(store);
	fill_trouble(store);
}
