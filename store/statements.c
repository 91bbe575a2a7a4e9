// The statements, by name. One text for SQLite and PostgreSQL: parameters $n, ON CONFLICT, RETURNING; a parameter that may
// be NULL is cast where it is compared with NULL, so that its type is known.
#include "store/statements.h"

#include "store/drift.h"

#define TRIGGER_COLUMNS                                                                            \
	"namespace, flow, id, type, next_at, last_at, last_run_id, consumed, state, disabled, "    \
	"message, overlaps, changed_at"
#define BACKFILL_COLUMNS                                                                           \
	"id, namespace, flow, trigger_id, from_at, to_at, next_at, concurrency, state, inputs, "   \
	"labels, total, made, left_out, message, ended_at, created_at"
// $1: 0 for schedules, 1 for those that look somewhere.
#define TRIGGER_OF_KIND "(CASE WHEN type IN ('sql', 'http') THEN 1 ELSE 0 END) = $1"
// The run that it made last goes on.
#define TRIGGER_IS_HELD                                                                            \
	"(overlaps = 0 AND last_run_id IS NOT NULL AND EXISTS (SELECT 1 FROM run_active a WHERE "  \
	"a.run_id = trigger_state.last_run_id))"
// A row that may be there already is put, one that cannot be is added.
#define FLOW_INSERT                                                                                \
	"INSERT INTO flow (namespace, id, revision, digest, source_digest, domain, "               \
	"kind, feed, target, connection, path, line, reads, writes, triggers, labels, "            \
	"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "                   \
	"commit_id, applied, changed_at, deleted_at, committed) VALUES ($1, $2, $3, $4, $5, $6, "  \
	"$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, "            \
	"$23, $24, $25, $26)"
#define TABLE_INSERT                                                                               \
	"INSERT INTO dataset_table (name, view, domain, namespace, flow, connection, "             \
	"path, schema_json, schema_digest, allow_breaking, drift_policy, published, "              \
	"published_at, published_revision, row_count, changed_at, deleted_at) VALUES "             \
	"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, -1, $12, 0)"

// Whether run r ended before $1 and nothing keeps it: not one of the newest $2 of its flow, not the flow's last good one, and
// not the child of a run that goes on.
#define IS_FORGETTABLE                                                                             \
	"CASE WHEN r.ended_at > 0 AND r.ended_at < $1 AND ($2 <= 0 OR EXISTS (SELECT 1 FROM run "  \
	"n WHERE n.namespace = r.namespace AND n.flow = r.flow AND n.id > r.id ORDER BY n.id "     \
	"LIMIT 1 OFFSET $2 - 1)) AND NOT EXISTS (SELECT 1 FROM run_tally t WHERE t.namespace = "   \
	"r.namespace AND t.flow = r.flow AND t.state IN ('SUCCESS', 'WARNING') AND t.last_run_id " \
	"= r.id) AND NOT EXISTS (SELECT 1 FROM run_active a WHERE a.run_id = r.parent_run_id) "    \
	"THEN 1 ELSE 0 END"

static const char *const statements[STATEMENTS] = {
	// The store itself
	[STATEMENT_COUNTER_ADD] = "UPDATE counter SET value = value + $2 WHERE name = $1",
	[STATEMENT_FLOWS_RECOUNT] =
		"UPDATE counter SET value = (SELECT count(*) FROM flow WHERE deleted_at = 0 AND "
		"(kind = 'generated') = (counter.name = 'flows-generated')) WHERE name IN "
		"('flows-written', 'flows-generated') AND value <> (SELECT count(*) FROM flow "
		"WHERE "
		"deleted_at = 0 AND (kind = 'generated') = (counter.name = 'flows-generated'))",
	[STATEMENT_COUNTER_GET] = "SELECT value FROM counter WHERE name = $1",
	[STATEMENT_SETTING_PUT] =
		"INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE "
		"SET value = excluded.value",
	[STATEMENT_SETTING_GET] = "SELECT value FROM setting WHERE name = $1",
	[STATEMENT_SETTING_DELETE] = "DELETE FROM setting WHERE name = $1",

	// Sources and domains
	[STATEMENT_SOURCE_PUT] =
		"INSERT INTO source (name, url, ref, commit_wanted, commit_live, layout_digest, "
		"sync, error, diagnostics, settings, pin, fetched_at, synced_at, changed_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON "
		"CONFLICT (name) DO UPDATE SET url = excluded.url, ref = excluded.ref, "
		"commit_wanted = excluded.commit_wanted, commit_live = excluded.commit_live, "
		"layout_digest = excluded.layout_digest, sync = excluded.sync, error = "
		"excluded.error, diagnostics = excluded.diagnostics, settings = "
		"excluded.settings, pin = excluded.pin, fetched_at = excluded.fetched_at, "
		"synced_at = excluded.synced_at, changed_at = excluded.changed_at",
	[STATEMENT_SOURCE_GET] =
		"SELECT name, url, ref, commit_wanted, commit_live, layout_digest, sync, error, "
		"diagnostics, settings, pin, fetched_at, synced_at, changed_at FROM source "
		"WHERE name = $1",
	[STATEMENT_SOURCES_LIST] =
		"SELECT name, url, ref, commit_wanted, commit_live, layout_digest, sync, error, "
		"diagnostics, settings, pin, fetched_at, synced_at, changed_at FROM source "
		"ORDER BY name",
	[STATEMENT_DOMAIN_PUT] =
		"INSERT INTO domain (name, source, path, owner, contact, description, "
		"connection, dataset, tree, digest, scripts_tree, commit_live, commit_wanted, "
		"sync, health, message, diagnostics, settings, suspended, synced_at, "
		"changed_at, deleted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
		"$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) ON CONFLICT (name) DO "
		"UPDATE SET unsettled = 1, source = excluded.source, path = excluded.path, owner = "
		"excluded.owner, contact = excluded.contact, description = "
		"excluded.description, connection = excluded.connection, dataset = "
		"excluded.dataset, tree = excluded.tree, digest = excluded.digest, scripts_tree "
		"= excluded.scripts_tree, commit_live = excluded.commit_live, commit_wanted = "
		"excluded.commit_wanted, sync = excluded.sync, health = excluded.health, "
		"message = excluded.message, diagnostics = excluded.diagnostics, settings = "
		"excluded.settings, suspended = excluded.suspended, synced_at = "
		"excluded.synced_at, changed_at = excluded.changed_at, deleted_at = "
		"excluded.deleted_at",
	[STATEMENT_DOMAIN_GET] =
		"SELECT name, source, path, owner, contact, description, connection, dataset, "
		"tree, digest, scripts_tree, commit_live, commit_wanted, sync, health, message, "
		"diagnostics, settings, suspended, synced_at, changed_at, deleted_at FROM "
		"domain WHERE name = $1",
	[STATEMENT_DOMAINS_LIST] =
		"SELECT name, source, path, owner, contact, description, connection, dataset, "
		"tree, digest, scripts_tree, commit_live, commit_wanted, sync, health, message, "
		"diagnostics, settings, suspended, synced_at, changed_at, deleted_at FROM "
		"domain WHERE name > $1 AND (CAST($2 AS TEXT) IS NULL OR source = $2) AND ($3 = "
		"1 OR deleted_at = 0) ORDER BY name LIMIT $4",
	[STATEMENT_DOMAINS_COUNT] =
		"SELECT sync, health, count(*) FROM domain WHERE deleted_at = 0 GROUP BY sync, "
		"health",
	[STATEMENT_DOMAINS_FAILING] =
		"SELECT f.domain, count(*), min(f.namespace || '.' || f.id) FROM run_tally t JOIN "
		"flow f ON f.namespace = t.namespace AND f.id = t.flow WHERE t.state = 'FAILED' "
		"AND f.deleted_at = 0 AND f.disabled = 0 AND NOT EXISTS (SELECT 1 FROM run_tally g "
		"WHERE g.namespace = t.namespace AND g.flow = t.flow AND g.state IN ('SUCCESS', "
		"'WARNING') AND g.last_ended_at >= t.last_ended_at) GROUP BY f.domain ORDER BY "
		"f.domain",
	// What was never built though nothing is going to, and what is not there any more.
	[STATEMENT_DOMAINS_MISSING] =
		"SELECT domain, count(*), min(name) FROM (SELECT t.domain AS domain, t.name AS "
		"name FROM domain d JOIN flow f ON f.namespace = d.name JOIN dataset_table t ON "
		"t.name = f.target WHERE d.unsettled = 1 AND t.published = 0 AND t.deleted_at = 0 "
		"AND f.deleted_at = 0 AND f.kind = 'generated' AND t.namespace = f.namespace AND "
		"t.flow = f.id AND f.disabled = 0 AND f.build_due = 0 AND NOT EXISTS (SELECT 1 "
		"FROM run_active a WHERE a.namespace = f.namespace AND "
		"a.flow = f.id) UNION ALL SELECT d.domain, d.resource FROM drift d WHERE "
		"d.resolved_at = 0 AND d.cause = '" STORE_DRIFT_REMOVED
		"' AND d.domain IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dataset_table t JOIN "
		"flow f ON f.namespace = t.namespace AND f.id = t.flow WHERE t.name = d.resource "
		"AND (f.build_due = 1 OR EXISTS (SELECT 1 FROM run_active a WHERE a.namespace = "
		"f.namespace AND a.flow = f.id)))) AS missing GROUP BY domain ORDER BY domain",
	// Whether runs of the newest revision of a script are due or going on, while its table is of an older one. How many does not
	// matter: the message of the domain would change with every one of them.
	[STATEMENT_DOMAINS_BUILDING] =
		"SELECT domain, 1, '' FROM (SELECT d.name AS domain FROM domain d WHERE "
		"d.unsettled = 1 AND EXISTS (SELECT 1 FROM flow f WHERE f.namespace = d.name AND "
		"f.build_due = 1 AND f.disabled = 0) UNION SELECT f.domain FROM run_active a JOIN "
		"run r ON r.id = "
		"a.run_id JOIN flow f ON f.namespace = a.namespace AND f.id = a.flow WHERE f.kind "
		"= 'generated' AND f.deleted_at = 0 AND r.revision = f.revision AND NOT EXISTS "
		"(SELECT 1 FROM dataset_table t WHERE t.name = f.target AND t.published_revision = "
		"f.revision AND t.published > 0)) AS building ORDER BY domain",
	[STATEMENT_DOMAINS_DISABLED] =
		"SELECT domain, count(*), min(namespace || '.' || id) FROM flow WHERE disabled = 1 "
		"AND deleted_at = 0 GROUP BY domain ORDER BY domain",
	// What is disabled comes to be looked at by an apply, too.
	[STATEMENT_DOMAINS_SETTLING] =
		"SELECT d.name, 1, '' FROM domain d WHERE d.unsettled = 1 AND NOT EXISTS (SELECT 1 "
		"FROM flow f WHERE f.namespace = d.name AND f.disabled = 0 AND f.build_due = 1) "
		"AND NOT EXISTS (SELECT 1 FROM flow f JOIN dataset_table t ON t.name = f.target "
		"WHERE f.namespace = d.name AND f.kind = 'generated' AND f.disabled = 0 AND "
		"f.deleted_at = 0 AND t.published = 0 AND t.deleted_at = 0) ORDER BY d.name",
	[STATEMENT_DOMAIN_SETTLE] =
		"UPDATE domain SET unsettled = 0 WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM "
		"flow f WHERE f.namespace = $1 AND f.disabled = 0 AND f.build_due = 1) AND NOT "
		"EXISTS (SELECT 1 FROM flow f JOIN dataset_table t ON t.name = f.target WHERE "
		"f.namespace = $1 AND f.kind = 'generated' AND f.disabled = 0 AND f.deleted_at = 0 "
		"AND t.published = 0 AND t.deleted_at = 0)",
	[STATEMENT_DOMAIN_SET_HEALTH] =
		"UPDATE domain SET health = $2, message = $3, changed_at = $4 WHERE name = $1",

	[STATEMENT_VARIABLES_GET] =
		"SELECT (SELECT value FROM setting WHERE name = 'variables'), (SELECT d.settings "
		"FROM flow f JOIN domain d ON d.name = f.domain WHERE f.namespace = $1 AND f.id = "
		"$2)",

	// Flows and revisions
	[STATEMENT_LIVE_EMPTY] = "SELECT NOT EXISTS (SELECT 1 FROM flow) AND NOT EXISTS (SELECT 1 "
				 "FROM dataset_table) AND NOT EXISTS (SELECT 1 FROM revision)",
	[STATEMENT_FLOW_BEFORE] =
		"SELECT revision, digest, deleted_at, build_due, reads, concurrency_limit, kind, "
		"committed IS NOT NULL FROM flow WHERE namespace = $1 AND id = $2",
	[STATEMENT_FLOW_ADD] = FLOW_INSERT,
	[STATEMENT_FLOW_PUT] = FLOW_INSERT
	" ON CONFLICT (namespace, id) DO UPDATE SET revision = excluded.revision, digest "
	"= excluded.digest, source_digest = excluded.source_digest, domain = "
	"excluded.domain, kind = excluded.kind, feed = excluded.feed, target = "
	"excluded.target, connection = excluded.connection, path = excluded.path, line "
	"= excluded.line, reads = excluded.reads, writes = excluded.writes, triggers = "
	"excluded.triggers, labels = excluded.labels, concurrency_limit = "
	"excluded.concurrency_limit, concurrency_behavior = "
	"excluded.concurrency_behavior, opaque = excluded.opaque, disabled = "
	"excluded.disabled, build_due = excluded.build_due, commit_id = "
	"excluded.commit_id, applied = excluded.applied, changed_at = "
	"excluded.changed_at, deleted_at = excluded.deleted_at, committed = "
	"excluded.committed",
	[STATEMENT_FLOW_DELETE] =
		"UPDATE flow SET applied = $3, changed_at = $4, deleted_at = $4, build_due = 0, "
		"committed = NULL WHERE namespace = $1 AND id = $2",
	[STATEMENT_FLOW_GET] =
		"SELECT namespace, id, revision, digest, source_digest, domain, kind, feed, "
		"target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "
		"commit_id, applied, changed_at, deleted_at, NULL FROM flow WHERE namespace = $1 "
		"AND "
		"id = $2",
	[STATEMENT_FLOW_LIMITS] =
		"SELECT revision, concurrency_limit, concurrency_behavior FROM flow WHERE "
		"namespace = $1 AND id = $2 AND deleted_at = 0",
	[STATEMENT_FLOW_READS] = "SELECT reads FROM flow WHERE namespace = $1 AND id = $2",
	[STATEMENT_FLOW_BUILD_STARTED] =
		"UPDATE flow SET build_due = 0 WHERE namespace = $1 AND id = $2 AND build_due = 1",
	[STATEMENT_FLOWS_LIST] =
		"SELECT namespace, id, revision, digest, source_digest, domain, kind, feed, "
		"target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "
		"commit_id, applied, changed_at, deleted_at, NULL FROM flow WHERE (namespace, id) "
		"> "
		"($1, $2) AND (CAST($3 AS TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS "
		"TEXT) IS NULL OR domain = $4) AND (CAST($5 AS TEXT) IS NULL OR kind = $5) AND "
		"($6 = 1 OR deleted_at = 0) ORDER BY namespace, id LIMIT $7",
	[STATEMENT_FLOWS_LIST_COMMITTED] =
		"SELECT namespace, id, revision, digest, source_digest, domain, kind, feed, "
		"target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "
		"commit_id, applied, changed_at, deleted_at, committed FROM flow WHERE "
		"(namespace, id) > ($1, $2) AND (deleted_at = 0 OR committed IS NOT NULL) ORDER BY "
		"namespace, id LIMIT $3",
	[STATEMENT_FLOWS_LIST_NAMESPACE] =
		"SELECT namespace, id, revision, digest, source_digest, domain, kind, feed, "
		"target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "
		"commit_id, applied, changed_at, deleted_at, NULL FROM flow WHERE namespace = $3 "
		"AND "
		"id > $2 AND $1 <= $3 AND (CAST($4 AS TEXT) IS NULL OR domain = $4) AND "
		"(CAST($5 AS TEXT) IS NULL OR kind = $5) AND ($6 = 1 OR deleted_at = 0) ORDER "
		"BY id LIMIT $7",
	[STATEMENT_FLOWS_LIST_APPLIED] =
		"SELECT namespace, id, revision, digest, source_digest, domain, kind, feed, "
		"target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "
		"commit_id, applied, changed_at, deleted_at, NULL FROM flow WHERE applied > $1 AND "
		"applied <= coalesce((SELECT applied FROM flow WHERE applied > $1 ORDER BY "
		"applied LIMIT 1 OFFSET $2), 9223372036854775807) ORDER BY applied, namespace, "
		"id",
	[STATEMENT_FLOWS_LIST_BUILD_DUE] =
		"SELECT namespace, id, revision, digest, source_digest, domain, kind, feed, "
		"target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, "
		"commit_id, applied, changed_at, deleted_at, NULL FROM flow WHERE build_due = 1 "
		"ORDER "
		"BY namespace, id",
	[STATEMENT_REVISION_ADD] =
		"INSERT INTO revision (namespace, flow, revision, digest, definition, source, "
		"scripts_tree, commit_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
		"$9)",
	[STATEMENT_REVISION_GET] =
		"SELECT namespace, flow, revision, digest, definition, source, scripts_tree, "
		"commit_id, created_at FROM revision WHERE namespace = $1 AND flow = $2 AND "
		"revision = CASE WHEN $3 > 0 THEN $3 ELSE (SELECT revision FROM flow WHERE "
		"namespace = $1 AND id = $2) END",
	[STATEMENT_REVISIONS_LIST] =
		"SELECT namespace, flow, revision, digest, NULL, NULL, scripts_tree, commit_id, "
		"created_at FROM revision WHERE namespace = $1 AND flow = $2 AND revision < $3 "
		"ORDER BY revision DESC LIMIT $4",
	[STATEMENT_REVISION_LAST] =
		"SELECT revision, digest = $3, definition = $4 FROM revision WHERE namespace = $1 "
		"AND flow = $2 ORDER BY revision DESC LIMIT 1",
	[STATEMENT_REVISION_MEND] =
		"UPDATE revision SET digest = $4, definition = $5, source = $6, scripts_tree = $7 "
		"WHERE namespace = $1 AND flow = $2 AND revision = $3",
	[STATEMENT_FLOWS_LOST] =
		"SELECT namespace, flow, revision, digest, definition, source, scripts_tree, "
		"commit_id, created_at FROM revision r WHERE NOT EXISTS (SELECT 1 FROM flow f "
		"WHERE f.namespace = r.namespace AND f.id = r.flow) AND NOT EXISTS (SELECT 1 FROM "
		"revision n WHERE n.namespace = r.namespace AND n.flow = r.flow AND n.revision > "
		"r.revision) ORDER BY namespace, flow",
	[STATEMENT_READ_PUT] =
		"INSERT INTO table_read (name, namespace, flow) VALUES ($1, $2, $3) ON CONFLICT "
		"(name, namespace, flow) DO NOTHING",
	[STATEMENT_READ_DELETE] =
		"DELETE FROM table_read WHERE name = $1 AND namespace = $2 AND flow = $3",

	// Tables
	[STATEMENT_TABLES_COUNT] =
		"SELECT count(*) FROM dataset_table WHERE domain IS NOT NULL AND deleted_at = 0",

	[STATEMENT_TABLE_ADD] = TABLE_INSERT,
	[STATEMENT_TABLE_PUT] = TABLE_INSERT
	" ON CONFLICT (name) DO UPDATE SET view = excluded.view, domain = "
	"excluded.domain, namespace = excluded.namespace, flow = excluded.flow, "
	"connection = excluded.connection, path = excluded.path, schema_json = "
	"excluded.schema_json, schema_digest = excluded.schema_digest, allow_breaking = "
	"excluded.allow_breaking, drift_policy = excluded.drift_policy, changed_at = "
	"excluded.changed_at, deleted_at = 0",
	[STATEMENT_TABLE_DELETE] =
		"UPDATE dataset_table SET deleted_at = $2, changed_at = $2 WHERE name = $1 AND "
		"deleted_at = 0",
	[STATEMENT_TABLE_GET] =
		"SELECT name, view, domain, namespace, flow, connection, path, schema_json, "
		"schema_digest, allow_breaking, drift_policy, published, published_at, "
		"published_run, published_task_run, published_revision, published_fingerprint, "
		"row_count, changed_at, deleted_at FROM dataset_table WHERE name = $1",
	[STATEMENT_TABLES_LIST] =
		"SELECT name, view, domain, namespace, flow, connection, path, schema_json, "
		"schema_digest, allow_breaking, drift_policy, published, published_at, "
		"published_run, published_task_run, published_revision, published_fingerprint, "
		"row_count, changed_at, deleted_at FROM dataset_table WHERE name > $1 AND "
		"(CAST($2 AS TEXT) IS NULL OR domain = $2) AND name > $3 AND name < $4 AND ($5 "
		"= 1 OR deleted_at = 0) ORDER BY name LIMIT $6",
	[STATEMENT_TABLE_READERS] =
		"SELECT namespace, flow FROM table_read WHERE name = $1 ORDER BY namespace, flow",
	[STATEMENT_TABLE_PUBLISHED] =
		"INSERT INTO dataset_table (name, view, allow_breaking, published, "
		"published_at, published_run, published_task_run, published_revision, "
		"published_fingerprint, row_count, changed_at, deleted_at) VALUES ($1, 0, 0, "
		"$2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (name) DO UPDATE SET published "
		"= excluded.published, published_at = excluded.published_at, published_run = "
		"excluded.published_run, published_task_run = excluded.published_task_run, "
		"published_revision = excluded.published_revision, published_fingerprint = "
		"excluded.published_fingerprint, row_count = excluded.row_count, changed_at = "
		"excluded.changed_at",
	[STATEMENT_FLOW_INPUT] =
		"SELECT t.published, f.namespace, f.id, coalesce(f.build_due, 0), CASE WHEN "
		"EXISTS (SELECT 1 FROM run_active a WHERE a.namespace = f.namespace AND a.flow "
		"= f.id) THEN 1 ELSE 0 END FROM dataset_table t LEFT JOIN flow f ON f.namespace "
		"= t.namespace AND f.id = t.flow AND f.deleted_at = 0 WHERE t.name = $1",
	[STATEMENT_PUBLISH_OF_TASK_RUN] =
		"SELECT sequence FROM table_publish WHERE name = $1 AND task_run_id = $2",
	[STATEMENT_PUBLISH_ADD] =
		"INSERT INTO table_publish (sequence, name, namespace, flow, revision, run_id, "
		"task_run_id, fingerprint, row_count, rows_changed, at) VALUES ($1, $2, $3, $4, "
		"$5, $6, $7, $8, $9, $10, $11)",
	[STATEMENT_PUBLISHES_AFTER] =
		"SELECT sequence, name, namespace, flow, revision, run_id, task_run_id, "
		"fingerprint, row_count, rows_changed, at FROM table_publish WHERE sequence > "
		"$1 ORDER BY sequence LIMIT $2",
	[STATEMENT_PUBLISHES_LIST] =
		"SELECT sequence, name, namespace, flow, revision, run_id, task_run_id, "
		"fingerprint, row_count, rows_changed, at FROM table_publish WHERE name = $1 "
		"AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
	[STATEMENT_CHECK_PUT] =
		"INSERT INTO check_result (run_id, task_run_id, number, table_name, name, kind, "
		"severity, result, failures, message, sample, at) VALUES ($1, $2, $3, $4, $5, "
		"$6, $7, $8, $9, $10, $11, $12) ON CONFLICT (run_id, task_run_id, number) DO "
		"UPDATE SET table_name = excluded.table_name, name = excluded.name, kind = "
		"excluded.kind, severity = excluded.severity, result = excluded.result, "
		"failures = excluded.failures, message = excluded.message, sample = "
		"excluded.sample, at = excluded.at",
	[STATEMENT_CHECKS_OF_RUN] =
		"SELECT run_id, task_run_id, number, table_name, name, kind, severity, result, "
		"failures, message, sample, at FROM check_result WHERE run_id = $1 ORDER BY "
		"task_run_id, number",
	[STATEMENT_CHECKS_OF_TABLE] =
		"SELECT run_id, task_run_id, number, table_name, name, kind, severity, result, "
		"failures, message, sample, at FROM check_result WHERE table_name = $1 AND "
		"task_run_id = (SELECT max(task_run_id) FROM check_result WHERE table_name = "
		"$1) ORDER BY number",
	[STATEMENT_REJECTED_PUT] =
		"INSERT INTO rejected_row (run_id, task_run_id, number, file, line, "
		"column_name, reason, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON "
		"CONFLICT (run_id, task_run_id, number) DO UPDATE SET file = excluded.file, "
		"line = excluded.line, column_name = excluded.column_name, reason = "
		"excluded.reason, content = excluded.content",
	[STATEMENT_REJECTED_LIST] =
		"SELECT run_id, task_run_id, number, file, line, column_name, reason, content "
		"FROM rejected_row WHERE run_id = $1 AND (task_run_id, number) > ($2, $3) AND "
		"(CAST($4 AS TEXT) IS NULL OR task_run_id = $4) ORDER BY task_run_id, number "
		"LIMIT $5",

	// Connections and scripts
	[STATEMENT_CONNECTION_PUT] =
		"INSERT INTO connection (name, driver, url, properties) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (name) DO UPDATE SET driver = excluded.driver, url = excluded.url, "
		"properties = excluded.properties",
	[STATEMENT_CONNECTION_DELETE] = "DELETE FROM connection WHERE name = $1",
	[STATEMENT_CONNECTION_GET] =
		"SELECT name, driver, url, properties FROM connection WHERE name = $1",
	[STATEMENT_CONNECTIONS_LIST] =
		"SELECT name, driver, url, properties FROM connection ORDER BY name",
	[STATEMENT_TROUBLE_PUT] =
		"INSERT INTO trouble (connection, dataset, domain, kind, message, hint, looked, "
		"since, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT "
		"(connection, dataset) DO UPDATE SET domain = excluded.domain, since = CASE WHEN "
		"trouble.kind = excluded.kind THEN trouble.since ELSE excluded.since END, kind = "
		"excluded.kind, message = excluded.message, hint = excluded.hint, looked = "
		"excluded.looked, changed_at = excluded.changed_at",
	[STATEMENT_TROUBLE_DELETE] = "DELETE FROM trouble WHERE connection = $1 AND dataset = $2",
	[STATEMENT_TROUBLES_LIST] =
		"SELECT connection, dataset, domain, kind, message, hint, looked, since, "
		"changed_at FROM trouble ORDER BY connection, dataset",
	[STATEMENT_SCRIPT_FILE_PUT] =
		"INSERT INTO script_file (blob, content) VALUES ($1, $2) ON CONFLICT (blob) DO "
		"NOTHING",
	[STATEMENT_SCRIPT_FILE_GET] = "SELECT content FROM script_file WHERE blob = $1",
	[STATEMENT_SCRIPT_FILE_EXISTS] = "SELECT 1 FROM script_file WHERE blob = $1",
	[STATEMENT_SCRIPT_ENTRY_PUT] =
		"INSERT INTO script_entry (tree, path, blob, executable) VALUES ($1, $2, $3, "
		"$4) ON CONFLICT (tree, path) DO NOTHING",
	[STATEMENT_SCRIPT_TREE_EXISTS] = "SELECT 1 FROM script_entry WHERE tree = $1 LIMIT 1",
	[STATEMENT_SCRIPT_TREE_LIST] =
		"SELECT path, blob, executable FROM script_entry WHERE tree = $1 ORDER BY path",

	// Runs
	[STATEMENT_RUN_ADD] =
		"INSERT INTO run (id, namespace, flow, revision, state, priority, inputs, "
		"labels, variables, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, data, attempt, created_at, due_at, "
		"started_at, ended_at, changes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
		"$10, $11, $12, $13, $14, $15, $16, $17, 1, $18, $19, 0, $20, $21)",
	[STATEMENT_RUN_GET] =
		"SELECT id, namespace, flow, revision, state, priority, inputs, outputs, "
		"labels, variables, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, data, attempt, created_at, due_at, "
		"started_at, ended_at, changes FROM run WHERE id = $1",
	[STATEMENT_RUN_OF_KEY] = "SELECT id FROM run WHERE unique_key = $1",
	[STATEMENT_RUN_FLOW] = "SELECT namespace, flow, started_at FROM run WHERE id = $1",
	[STATEMENT_RUN_PUT] =
		"UPDATE run SET changes = CASE WHEN state = $2 THEN changes ELSE changes || $3 "
		"END, state = $2, outputs = coalesce($4, outputs), labels = coalesce($5, "
		"labels), message = coalesce($6, message), data = coalesce($7, data), due_at = "
		"$8, ended_at = $9 WHERE id = $1",
	[STATEMENT_RUN_SET_STATE] =
		"UPDATE run SET changes = CASE WHEN state = $2 THEN changes ELSE changes || $3 "
		"END, state = $2, started_at = CASE WHEN started_at = 0 THEN $4 ELSE started_at "
		"END WHERE id = $1",
	[STATEMENT_RUN_LABELS] =
		"SELECT r.labels, a.label_changes FROM run r LEFT JOIN run_active a ON a.run_id = "
		"r.id WHERE r.id = $1",
	[STATEMENT_RUN_SET_LABELS] = "UPDATE run SET labels = $2 WHERE id = $1",
	[STATEMENT_RUN_REOPEN] =
		"UPDATE run SET state = 'RESTARTED', ended_at = 0, due_at = 0, message = NULL, "
		"attempt = attempt + 1, revision = CASE WHEN $2 > 0 THEN $2 ELSE revision END, "
		"changes = changes || $3 WHERE id = $1 AND ended_at > 0",
	[STATEMENT_RUN_IS_RESTARTED] =
		"SELECT 1 FROM run_active WHERE run_id = $1 AND state = 'RESTARTED' AND phase <> 3",
	[STATEMENT_RUN_IS_NEW] =
		"SELECT 1 FROM run_active WHERE run_id = $1 AND state = 'CREATED' AND phase <> 3",
	[STATEMENT_RUNS_LIST] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE id < $1 AND (CAST($3 AS TEXT) IS NULL OR "
		"namespace = $3) AND (CAST($4 AS TEXT) IS NULL OR flow = $4) AND (CAST($5 AS "
		"TEXT) IS NULL OR state = $5) AND (CAST($6 AS TEXT) IS NULL OR trigger_type = "
		"$6) AND (CAST($7 AS TEXT) IS NULL OR parent_run_id = $7) AND created_at >= $8 "
		"AND created_at < $9 AND id >= $10 AND id < $11 ORDER BY id DESC LIMIT $2",
	[STATEMENT_RUNS_LIST_UP] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE id > $1 AND (CAST($3 AS TEXT) IS NULL OR "
		"namespace = $3) AND (CAST($4 AS TEXT) IS NULL OR flow = $4) AND (CAST($5 AS "
		"TEXT) IS NULL OR state = $5) AND (CAST($6 AS TEXT) IS NULL OR trigger_type = "
		"$6) AND (CAST($7 AS TEXT) IS NULL OR parent_run_id = $7) AND created_at >= $8 "
		"AND created_at < $9 AND id >= $10 AND id < $11 ORDER BY id LIMIT $2",
	[STATEMENT_RUNS_OF_FLOW] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE namespace = $3 AND flow = $4 AND id < $1 "
		"AND (CAST($3 AS TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS TEXT) IS NULL "
		"OR flow = $4) AND (CAST($5 AS TEXT) IS NULL OR state = $5) AND (CAST($6 AS "
		"TEXT) IS NULL OR trigger_type = $6) AND (CAST($7 AS TEXT) IS NULL OR "
		"parent_run_id = $7) AND created_at >= $8 AND created_at < $9 AND id >= $10 AND "
		"id < $11 ORDER BY id DESC LIMIT $2",
	[STATEMENT_RUNS_OF_FLOW_UP] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE namespace = $3 AND flow = $4 AND id > $1 "
		"AND (CAST($3 AS TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS TEXT) IS NULL "
		"OR flow = $4) AND (CAST($5 AS TEXT) IS NULL OR state = $5) AND (CAST($6 AS "
		"TEXT) IS NULL OR trigger_type = $6) AND (CAST($7 AS TEXT) IS NULL OR "
		"parent_run_id = $7) AND created_at >= $8 AND created_at < $9 AND id >= $10 AND "
		"id < $11 ORDER BY id LIMIT $2",
	[STATEMENT_RUNS_OF_NAMESPACE] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE namespace = $3 AND id < $1 AND (CAST($3 AS "
		"TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS TEXT) IS NULL OR flow = $4) "
		"AND (CAST($5 AS TEXT) IS NULL OR state = $5) AND (CAST($6 AS TEXT) IS NULL OR "
		"trigger_type = $6) AND (CAST($7 AS TEXT) IS NULL OR parent_run_id = $7) AND "
		"created_at >= $8 AND created_at < $9 AND id >= $10 AND id < $11 ORDER BY id "
		"DESC LIMIT $2",
	[STATEMENT_RUNS_OF_NAMESPACE_UP] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE namespace = $3 AND id > $1 AND (CAST($3 AS "
		"TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS TEXT) IS NULL OR flow = $4) "
		"AND (CAST($5 AS TEXT) IS NULL OR state = $5) AND (CAST($6 AS TEXT) IS NULL OR "
		"trigger_type = $6) AND (CAST($7 AS TEXT) IS NULL OR parent_run_id = $7) AND "
		"created_at >= $8 AND created_at < $9 AND id >= $10 AND id < $11 ORDER BY id "
		"LIMIT $2",
	[STATEMENT_RUNS_OF_STATE] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE state = $5 AND id < $1 AND (CAST($3 AS "
		"TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS TEXT) IS NULL OR flow = $4) "
		"AND (CAST($5 AS TEXT) IS NULL OR state = $5) AND (CAST($6 AS TEXT) IS NULL OR "
		"trigger_type = $6) AND (CAST($7 AS TEXT) IS NULL OR parent_run_id = $7) AND "
		"created_at >= $8 AND created_at < $9 AND id >= $10 AND id < $11 ORDER BY id "
		"DESC LIMIT $2",
	[STATEMENT_RUNS_OF_STATE_UP] =
		"SELECT id, namespace, flow, revision, state, priority, NULL, NULL, labels, "
		"NULL, trigger_data, trigger_type, unique_key, parent_run_id, "
		"parent_task_run_id, origin_run_id, message, NULL, attempt, created_at, due_at, "
		"started_at, ended_at FROM run WHERE state = $5 AND id > $1 AND (CAST($3 AS "
		"TEXT) IS NULL OR namespace = $3) AND (CAST($4 AS TEXT) IS NULL OR flow = $4) "
		"AND (CAST($5 AS TEXT) IS NULL OR state = $5) AND (CAST($6 AS TEXT) IS NULL OR "
		"trigger_type = $6) AND (CAST($7 AS TEXT) IS NULL OR parent_run_id = $7) AND "
		"created_at >= $8 AND created_at < $9 AND id >= $10 AND id < $11 ORDER BY id "
		"LIMIT $2",
	[STATEMENT_FLOW_IS_ACTIVE] =
		"SELECT CASE WHEN EXISTS (SELECT 1 FROM run_active WHERE namespace = $1 AND "
		"flow = $2) THEN 1 ELSE 0 END",
	[STATEMENT_RUNS_COUNT] = "SELECT count(*), min(id) FROM run",
	[STATEMENT_RUNS_COUNT_ACTIVE] = "SELECT state, count(*) FROM run_active GROUP BY state",
	[STATEMENT_RUNS_COUNT_ENDED] = "SELECT state, sum(runs) FROM run_tally GROUP BY state",
	[STATEMENT_RUN_DELETE] = "DELETE FROM run WHERE id = $1 AND ended_at > 0",
	[STATEMENT_TALLY_ADD] =
		"INSERT INTO run_tally (namespace, flow, state, runs, duration, last_run_id, "
		"last_ended_at) VALUES ($1, $2, $3, 1, $4, $5, $6) ON CONFLICT (namespace, "
		"flow, state) DO UPDATE SET runs = run_tally.runs + 1, duration = "
		"run_tally.duration + excluded.duration, last_run_id = excluded.last_run_id, "
		"last_ended_at = excluded.last_ended_at",
	[STATEMENT_TALLIES_LIST] =
		"SELECT namespace, flow, state, runs, duration, last_run_id, last_ended_at FROM "
		"run_tally WHERE (CAST($1 AS TEXT) IS NULL OR namespace = $1) AND (CAST($2 AS "
		"TEXT) IS NULL OR flow = $2) ORDER BY namespace, flow, state",

	// The line of active runs. Phases: 0 ready, 1 waiting, 2 queued, 3 leased, 4 paused
	[STATEMENT_LINE_ADD] =
		"INSERT INTO run_active (run_id, namespace, flow, state, priority, phase, "
		"place, slot, concurrency_limit, token, requests) VALUES ($1, $2, $3, $4, $5, "
		"$6, $7, 0, $8, 0, 0)",
	[STATEMENT_LINE_GET] =
		"SELECT namespace, flow, priority, requests, label_changes FROM run_active WHERE "
		"run_id = $1",
	[STATEMENT_LINE_REMOVE] = "DELETE FROM run_active WHERE run_id = $1",
	[STATEMENT_LINE_ANYONE] =
		"SELECT CASE WHEN EXISTS (SELECT 1 FROM run_active WHERE phase = 0) OR EXISTS "
		"(SELECT 1 FROM run_active WHERE phase = 1 AND place <= $1) THEN 1 ELSE 0 END",
	[STATEMENT_LINE_WAKE] =
		"UPDATE run_active SET phase = 0, place = -priority WHERE phase = 1 AND place "
		"<= $1",
	[STATEMENT_LINE_HEAD] =
		"SELECT run_id, namespace, flow, state, concurrency_limit, requests, slot FROM "
		"run_active WHERE phase = 0 ORDER BY place, run_id LIMIT 1",
	[STATEMENT_LINE_HEAD_ONE] =
		"SELECT run_id, namespace, flow, state, concurrency_limit, requests, slot FROM "
		"run_active WHERE run_id = $1 AND phase = 0",
	[STATEMENT_LINE_QUEUE] = "UPDATE run_active SET phase = 2, state = $2 WHERE run_id = $1",
	[STATEMENT_LINE_LEASE] =
		"UPDATE run_active SET phase = 3, place = 0, slot = 1, state = $2, node = $3, "
		"token = $4 WHERE run_id = $1",
	[STATEMENT_LINE_RELEASE] =
		"UPDATE run_active SET state = $2, phase = $3, place = $4, slot = $5, node = "
		"NULL WHERE run_id = $1",
	[STATEMENT_LINE_SET_STATE] =
		"UPDATE run_active SET state = $2 WHERE run_id = $1 AND state <> $2",
	[STATEMENT_LINE_SET_LIMIT] =
		"UPDATE run_active SET concurrency_limit = $3 WHERE namespace = $1 AND flow = $2",
	[STATEMENT_LINE_LET_IN] =
		"UPDATE run_active SET phase = 0 WHERE run_id IN (SELECT run_id FROM run_active "
		"WHERE namespace = $1 AND flow = $2 AND slot = 0 AND phase = 2 ORDER BY place, "
		"run_id LIMIT $3)",
	[STATEMENT_LINE_COUNT_SLOTS] =
		"SELECT count(*) FROM run_active WHERE namespace = $1 AND flow = $2 AND slot = 1",
	[STATEMENT_LINE_COUNT_NOT_PAUSED] =
		"SELECT count(*) FROM run_active WHERE namespace = $1 AND flow = $2 AND phase <> 4 "
		"AND run_id <> $3",
	[STATEMENT_LINE_QUEUED_LIMIT] =
		"SELECT concurrency_limit FROM run_active WHERE namespace = $1 AND flow = $2 "
		"AND slot = 0 AND phase = 2 ORDER BY place, run_id LIMIT 1",
	[STATEMENT_LINE_NEXT_DUE] =
		"SELECT place FROM run_active WHERE phase = 1 ORDER BY place LIMIT 1",
	[STATEMENT_LEASE_CHECK] =
		"SELECT 1 FROM run_active WHERE run_id = $1 AND token = $2 AND phase = 3",
	[STATEMENT_LEASES_EXPIRE] =
		"UPDATE run_active SET phase = 0, place = -priority, node = NULL WHERE phase = "
		"3 AND node NOT IN (SELECT id FROM node WHERE expires_at > $1)",
	[STATEMENT_LEASES_OF_NODE_END] =
		"UPDATE run_active SET phase = 0, place = -priority, node = NULL WHERE node = "
		"$1 AND phase = 3",
	[STATEMENT_REQUEST_KILL] =
		"UPDATE run_active SET requests = requests | 1, phase = CASE WHEN phase IN (1, "
		"2, 4) THEN 0 ELSE phase END, place = CASE WHEN phase IN (1, 2, 4) THEN "
		"-priority ELSE place END WHERE run_id = $1",
	[STATEMENT_REQUEST_RESUME] =
		"UPDATE run_active SET requests = requests | 2, resume_inputs = $2, phase = "
		"CASE WHEN phase IN (1, 2, 4) THEN 0 ELSE phase END, place = CASE WHEN phase IN "
		"(1, 2, 4) THEN -priority ELSE place END WHERE run_id = $1 AND state = 'PAUSED'",
	[STATEMENT_REQUEST_PAUSE] =
		"UPDATE run_active SET requests = requests | 4 WHERE run_id = $1 AND state <> "
		"'PAUSED'",
	[STATEMENT_REQUEST_LABELS] =
		"UPDATE run_active SET requests = requests | 8, label_changes = $2 WHERE run_id = "
		"$1",
	[STATEMENT_REQUESTS_DONE] =
		"UPDATE run_active SET requests = requests & $2, resume_inputs = CASE WHEN $3 = "
		"1 THEN NULL ELSE resume_inputs END, label_changes = CASE WHEN $4 = 1 THEN NULL "
		"ELSE label_changes END WHERE run_id = $1",
	[STATEMENT_REQUESTS_OF_NODE] =
		"SELECT run_id, requests, resume_inputs, label_changes FROM run_active WHERE node "
		"= $1 AND requests <> 0 ORDER BY run_id",
	[STATEMENT_REQUESTS_OF_RUN] =
		"SELECT run_id, requests, resume_inputs, label_changes FROM run_active WHERE "
		"run_id = $1 AND requests <> 0",

	// Task runs
	[STATEMENT_TASK_RUN_PUT] =
		"INSERT INTO task_run (run_id, id, task_id, parent_id, value, iteration, state, "
		"attempt, created_at, started_at, ended_at, due_at, outputs, message, "
		"child_run_id, data, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
		"$11, $12, $13, $14, $15, $16, $17) ON CONFLICT (run_id, id) DO UPDATE SET "
		"task_id = excluded.task_id, parent_id = excluded.parent_id, value = "
		"excluded.value, iteration = excluded.iteration, state = excluded.state, "
		"attempt = excluded.attempt, created_at = excluded.created_at, started_at = "
		"excluded.started_at, ended_at = excluded.ended_at, due_at = excluded.due_at, "
		"outputs = excluded.outputs, message = excluded.message, child_run_id = "
		"excluded.child_run_id, data = excluded.data, attempts = excluded.attempts "
		"WHERE task_run.ended_at = 0",
	[STATEMENT_TASK_RUN_GET] =
		"SELECT run_id, id, task_id, parent_id, value, iteration, state, attempt, "
		"created_at, started_at, ended_at, due_at, outputs, message, child_run_id, "
		"data, attempts FROM task_run WHERE run_id = $1 AND id = $2",
	[STATEMENT_TASK_RUN_REOPEN] =
		"UPDATE task_run SET state = $3, attempts = $4, started_at = 0, ended_at = 0, "
		"due_at = 0, message = NULL, outputs = CASE WHEN CAST($5 AS TEXT) IS NULL THEN "
		"outputs ELSE NULL END, data = coalesce($5, data) WHERE run_id = $1 AND id = $2",
	[STATEMENT_TASK_RUN_DELETE] = "DELETE FROM task_run WHERE run_id = $1 AND id = $2",
	[STATEMENT_TASK_RUNS_VISIT] =
		"SELECT run_id, id, task_id, parent_id, value, iteration, state, attempt, "
		"created_at, started_at, ended_at, due_at, outputs, message, child_run_id, "
		"data, attempts FROM task_run WHERE run_id = $1 ORDER BY id",
	[STATEMENT_TASK_RUNS_LIST] =
		"SELECT run_id, id, task_id, parent_id, value, iteration, state, attempt, "
		"created_at, started_at, ended_at, due_at, CASE WHEN $6 = 1 THEN NULL ELSE "
		"outputs END, message, child_run_id, data, attempts FROM task_run WHERE run_id "
		"= $1 AND id > $2 AND (CAST($3 AS TEXT) IS NULL OR task_id = $3) AND (CAST($4 "
		"AS TEXT) IS NULL OR parent_id = $4) AND (CAST($5 AS TEXT) IS NULL OR state = "
		"$5) ORDER BY id LIMIT $7",
	[STATEMENT_TASK_RUNS_COUNT] =
		"SELECT state, count(*) FROM task_run WHERE run_id = $1 GROUP BY state",

	// Logs
	[STATEMENT_LOG_ADD] =
		"INSERT INTO log_chunk (run_id, number, task_run_id, lines, bytes, level, "
		"codec, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[STATEMENT_LOG_LAST] =
		"SELECT number FROM log_chunk WHERE run_id = $1 ORDER BY number DESC LIMIT 1",
	[STATEMENT_LOG_READ] =
		"SELECT number, codec, bytes, data FROM log_chunk WHERE run_id = $1 AND number "
		"> $2 AND level >= $3 AND (CAST($4 AS TEXT) IS NULL OR task_run_id IS NULL OR "
		"task_run_id = $4) ORDER BY number",
	[STATEMENT_LOG_SIZE] =
		"SELECT coalesce(sum(bytes), 0), coalesce(sum(lines), 0) FROM log_chunk WHERE "
		"run_id = $1",

	// Triggers and nodes
	[STATEMENT_TRIGGER_PUT] =
		"INSERT INTO trigger_state (" TRIGGER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, "
		"$7, $8, $9, $10, $11, $12, $13) ON CONFLICT (namespace, flow, id) DO UPDATE SET "
		"type = excluded.type, next_at = excluded.next_at, last_at = excluded.last_at, "
		"last_run_id = excluded.last_run_id, consumed = excluded.consumed, state = "
		"excluded.state, disabled = excluded.disabled, message = excluded.message, "
		"overlaps = excluded.overlaps, changed_at = excluded.changed_at",
	[STATEMENT_TRIGGER_GET] = "SELECT " TRIGGER_COLUMNS " FROM trigger_state WHERE namespace = "
				  "$1 AND flow = $2 AND id = $3",
	[STATEMENT_TRIGGER_DELETE] =
		"DELETE FROM trigger_state WHERE namespace = $1 AND flow = $2 AND id = $3",
	[STATEMENT_TRIGGER_KEYS_FORGET] =
		"UPDATE run SET unique_key = NULL WHERE unique_key > $1 AND unique_key < $2",
	[STATEMENT_TRIGGER_NEXT] =
		"SELECT next_at FROM trigger_state WHERE next_at > 0 AND " TRIGGER_OF_KIND
		" AND NOT " TRIGGER_IS_HELD " ORDER BY next_at LIMIT 1",
	[STATEMENT_TRIGGER_HELD] =
		"SELECT 1 FROM trigger_state WHERE next_at > 0 AND next_at <= $2 "
		"AND " TRIGGER_OF_KIND " AND " TRIGGER_IS_HELD " LIMIT 1",
	[STATEMENT_TRIGGERS_DUE] =
		"SELECT " TRIGGER_COLUMNS
		" FROM trigger_state WHERE next_at > 0 AND next_at <= $2 AND " TRIGGER_OF_KIND
		" AND NOT " TRIGGER_IS_HELD " ORDER BY next_at, namespace, flow, id LIMIT $3",
	[STATEMENT_TRIGGERS_LIST] =
		"SELECT " TRIGGER_COLUMNS " FROM trigger_state WHERE (namespace, flow, id) > "
		"($1, $2, $3) ORDER BY namespace, flow, id LIMIT $4",
	[STATEMENT_TRIGGERS_OF_NAMESPACE] =
		"SELECT " TRIGGER_COLUMNS " FROM trigger_state WHERE namespace = $1 AND (flow, "
		"id) > ($2, $3) ORDER BY namespace, flow, id LIMIT $4",
	[STATEMENT_TRIGGERS_OF_FLOW] =
		"SELECT " TRIGGER_COLUMNS " FROM trigger_state WHERE namespace = $1 AND flow = $2 "
		"AND id > $3 ORDER BY namespace, flow, id LIMIT $4",

	// Backfills. States: 0 running
	[STATEMENT_BACKFILL_ADD] =
		"INSERT INTO backfill (" BACKFILL_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, "
		"$8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
	[STATEMENT_BACKFILL_GET] = "SELECT " BACKFILL_COLUMNS " FROM backfill WHERE id = $1",
	[STATEMENT_BACKFILL_NOTE] =
		"UPDATE backfill SET next_at = $2, state = $3, total = $4, made = $5, left_out = "
		"$6, message = $7, ended_at = $8 WHERE id = $1 AND state = 0",
	[STATEMENT_BACKFILL_SET] =
		"UPDATE backfill SET state = $2, message = NULL, ended_at = $5 WHERE id = $1 AND "
		"state IN ($3, $4)",
	[STATEMENT_BACKFILL_RUN_ADD] =
		"INSERT INTO backfill_run (backfill_id, at, run_id) VALUES ($1, $2, $3)",
	[STATEMENT_BACKFILL_RUN_REPLACE] = "UPDATE backfill_run SET run_id = $2 WHERE run_id = $1",
	[STATEMENT_BACKFILL_COUNT] =
		"SELECT s.state, count(*) FROM (SELECT (SELECT r.state FROM run r WHERE r.id = "
		"b.run_id) AS state FROM backfill_run b WHERE b.backfill_id = $1) AS s WHERE "
		"s.state IS NOT NULL GROUP BY s.state",
	[STATEMENT_BACKFILL_COUNT_ACTIVE] =
		"SELECT count(*) FROM run_active a JOIN backfill_run b ON b.run_id = a.run_id "
		"WHERE a.namespace = $1 AND a.flow = $2 AND b.backfill_id = $3",
	[STATEMENT_BACKFILL_LIST_ACTIVE] =
		"SELECT a.run_id FROM run_active a JOIN backfill_run b ON b.run_id = a.run_id "
		"WHERE a.namespace = $1 AND a.flow = $2 AND b.backfill_id = $3 ORDER BY b.at",
	[STATEMENT_BACKFILLS_RUNNING] =
		"SELECT " BACKFILL_COLUMNS " FROM backfill WHERE state = 0 ORDER BY id",
	[STATEMENT_BACKFILLS_LIST] =
		"SELECT " BACKFILL_COLUMNS " FROM backfill WHERE id < $1 AND (CAST($2 AS TEXT) IS "
		"NULL OR namespace = $2) AND (CAST($3 AS TEXT) IS NULL OR flow = $3) ORDER BY id "
		"DESC LIMIT $4",
	[STATEMENT_BACKFILL_RUNS_FORGET] =
		"DELETE FROM backfill_run WHERE (backfill_id, at) IN (SELECT b.backfill_id, b.at "
		"FROM backfill f JOIN backfill_run b ON b.backfill_id = f.id WHERE f.ended_at > 0 "
		"AND f.ended_at < $1 ORDER BY b.backfill_id, b.at LIMIT $2)",
	[STATEMENT_BACKFILLS_FORGET] =
		"DELETE FROM backfill WHERE id IN (SELECT id FROM backfill WHERE ended_at > 0 AND "
		"ended_at < $1 ORDER BY id LIMIT $2)",
	[STATEMENT_NODE_PUT] =
		"INSERT INTO node (id, name, version, roles, slots, busy, started_at, beat_at, "
		"expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO "
		"UPDATE SET name = excluded.name, version = excluded.version, roles = "
		"excluded.roles, slots = excluded.slots, busy = excluded.busy, started_at = "
		"excluded.started_at, beat_at = excluded.beat_at, expires_at = "
		"excluded.expires_at",
	[STATEMENT_NODE_BEAT] =
		"UPDATE node SET busy = $2, beat_at = $3, expires_at = $4 WHERE id = $1",
	[STATEMENT_NODE_LIVES] = "SELECT 1 FROM node WHERE id = $1 AND expires_at > $2",
	[STATEMENT_NODE_DELETE] = "DELETE FROM node WHERE id = $1",
	[STATEMENT_NODES_EXPIRED] =
		"SELECT CASE WHEN EXISTS (SELECT 1 FROM node WHERE expires_at <= $1) OR EXISTS "
		"(SELECT 1 FROM run_active WHERE phase = 3 AND node NOT IN (SELECT id FROM "
		"node)) THEN 1 ELSE 0 END",
	[STATEMENT_NODES_DELETE_EXPIRED] = "DELETE FROM node WHERE expires_at <= $1",
	[STATEMENT_NODES_LIST] =
		"SELECT id, name, version, roles, slots, busy, started_at, beat_at, expires_at "
		"FROM node ORDER BY id",

	// What was seen
	[STATEMENT_DRIFT_ADD] =
		"INSERT INTO drift (kind, resource, domain, summary, diff, cause, onset, "
		"seen_at, resolved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
	[STATEMENT_DRIFT_UPDATE] =
		"UPDATE drift SET summary = $3, diff = $4, cause = $5, seen_at = $6 WHERE kind "
		"= $1 AND resource = $2 AND resolved_at = 0",
	[STATEMENT_DRIFT_RESOLVE] =
		"UPDATE drift SET resolution = $3, resolved_at = $4, seen_at = $4 WHERE kind = "
		"$1 AND resource = $2 AND resolved_at = 0",
	[STATEMENT_DRIFTS_OPEN] =
		"SELECT number, kind, resource, domain, summary, diff, cause, onset, seen_at, "
		"resolved_at, resolution FROM drift WHERE resolved_at = 0 AND number > $1 AND "
		"(CAST($2 AS TEXT) IS NULL OR domain = $2) AND (CAST($3 AS TEXT) IS NULL OR "
		"kind = $3) AND (CAST($4 AS TEXT) IS NULL OR resource = $4) AND $6 = 0 ORDER BY "
		"number LIMIT $5",
	[STATEMENT_DRIFTS_AT] =
		"SELECT number, kind, resource, domain, summary, diff, cause, onset, seen_at, "
		"resolved_at, resolution FROM drift WHERE onset <= $6 AND (resolved_at = 0 OR "
		"resolved_at > $6) AND number > $1 AND (CAST($2 AS TEXT) IS NULL OR domain = "
		"$2) AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 AS TEXT) IS NULL "
		"OR resource = $4) ORDER BY number LIMIT $5",
	[STATEMENT_DRIFTS_HISTORY] =
		"SELECT number, kind, resource, domain, summary, diff, cause, onset, seen_at, "
		"resolved_at, resolution FROM drift WHERE number < $1 AND (CAST($2 AS TEXT) IS "
		"NULL OR domain = $2) AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 "
		"AS TEXT) IS NULL OR resource = $4) AND ($6 = 0 OR (onset <= $6 AND "
		"(resolved_at = 0 OR resolved_at > $6))) ORDER BY number DESC LIMIT $5",
	[STATEMENT_DRIFTS_COUNT] =
		"SELECT kind, coalesce(domain, ''), count(*) FROM drift WHERE resolved_at = 0 "
		"GROUP BY kind, coalesce(domain, '') ORDER BY kind, coalesce(domain, '')",
	[STATEMENT_PLAN_PUT] =
		"INSERT INTO plan (digest, commit_id, json, result, message, created_at, "
		"ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO UPDATE "
		"SET commit_id = excluded.commit_id, json = excluded.json, result = "
		"excluded.result, message = excluded.message, created_at = excluded.created_at, "
		"ended_at = excluded.ended_at",
	[STATEMENT_PLAN_GET] =
		"SELECT digest, commit_id, json, result, message, created_at, ended_at FROM "
		"plan WHERE digest = $1",
	[STATEMENT_PLANS_LIST] =
		"SELECT digest, commit_id, NULL, result, message, created_at, ended_at FROM "
		"plan WHERE (created_at, digest) < ($1, $2) ORDER BY created_at DESC, digest "
		"DESC LIMIT $3",
	[STATEMENT_EVENT_ADD] =
		"INSERT INTO event (at, kind, domain, subject, run_id, data) VALUES ($1, $2, "
		"$3, $4, $5, $6)",
	[STATEMENT_EVENTS_AFTER] =
		"SELECT sequence, at, kind, domain, subject, run_id, data FROM event WHERE "
		"sequence > $1 ORDER BY sequence LIMIT $2",
	[STATEMENT_EVENT_SEQUENCE] = "SELECT sequence FROM event ORDER BY sequence DESC LIMIT 1",
	[STATEMENT_EVENTS_LIST] =
		"SELECT sequence, at, kind, domain, subject, run_id, data FROM event WHERE "
		"sequence < $1 AND (CAST($2 AS TEXT) IS NULL OR domain = $2) ORDER BY sequence "
		"DESC LIMIT $3",

	// What was worked out
	[STATEMENT_CACHE_GET] = "SELECT bytes FROM layout_cache WHERE kind = $1 AND key = $2",
	[STATEMENT_CACHE_PUT] =
		"INSERT INTO layout_cache (kind, key, bytes) VALUES ($1, $2, $3) ON CONFLICT "
		"(kind, key) DO UPDATE SET bytes = excluded.bytes",
	[STATEMENT_CACHE_VISIT] =
		"SELECT key, bytes FROM layout_cache WHERE kind = $1 ORDER BY number",

	// One at a time
	[STATEMENT_DUTY_TAKE] =
		"INSERT INTO duty (name, holder, expires_at) VALUES ($1, $2, $3) ON CONFLICT "
		"(name) DO UPDATE SET holder = excluded.holder, expires_at = "
		"excluded.expires_at WHERE duty.holder = excluded.holder OR duty.expires_at <= $4",
	[STATEMENT_DUTY_GIVE] = "DELETE FROM duty WHERE name = $1 AND holder = $2",

	// Files that runs name
	[STATEMENT_RUN_FILE_ADD] =
		"INSERT INTO run_file (run_id, folder) VALUES ($1, $2) ON CONFLICT (run_id, "
		"folder) DO NOTHING",
	[STATEMENT_RUN_FILES_OF_RUN] =
		"SELECT folder FROM run_file WHERE run_id = $1 ORDER BY folder",
	[STATEMENT_RUN_FILES_DELETE] = "DELETE FROM run_file WHERE run_id = $1",
	[STATEMENT_RUN_FILE_IS_USED] =
		"SELECT CASE WHEN EXISTS (SELECT 1 FROM run WHERE id = $1) OR EXISTS (SELECT 1 "
		"FROM run_file WHERE folder = $1) THEN 1 ELSE 0 END",

	// Growing old
	[STATEMENT_OLD_RUNS] = "SELECT r.id, " IS_FORGETTABLE
			       " FROM run r WHERE r.id > $3 AND r.id < $4 ORDER BY r.id LIMIT $5",
	[STATEMENT_OLD_RUN] = "SELECT " IS_FORGETTABLE " FROM run r WHERE r.id = $3",
	[STATEMENT_TRASH_ADD] =
		"INSERT INTO run_trash (run_id, folders) VALUES ($1, $2) ON CONFLICT (run_id) DO "
		"NOTHING",
	[STATEMENT_TRASH_LIST] = "SELECT run_id, folders FROM run_trash ORDER BY run_id LIMIT $1",
	[STATEMENT_TRASH_DELETE] = "DELETE FROM run_trash WHERE run_id = $1",
	[STATEMENT_TASK_RUNS_FORGET] =
		"DELETE FROM task_run WHERE run_id = $1 AND id IN (SELECT id FROM task_run WHERE "
		"run_id = $1 ORDER BY id LIMIT $2)",
	[STATEMENT_LOG_FORGET] =
		"DELETE FROM log_chunk WHERE run_id = $1 AND number IN (SELECT number FROM "
		"log_chunk WHERE run_id = $1 ORDER BY number LIMIT $2)",
	[STATEMENT_CHECKS_FORGET] =
		"DELETE FROM check_result WHERE run_id = $1 AND (task_run_id, number) IN (SELECT "
		"task_run_id, number FROM check_result WHERE run_id = $1 ORDER BY task_run_id, "
		"number LIMIT $2)",
	[STATEMENT_REJECTED_FORGET] =
		"DELETE FROM rejected_row WHERE run_id = $1 AND (task_run_id, number) IN (SELECT "
		"task_run_id, number FROM rejected_row WHERE run_id = $1 ORDER BY task_run_id, "
		"number LIMIT $2)",
	[STATEMENT_NEXT_LOG] =
		"SELECT run_id FROM log_chunk WHERE run_id > $1 AND run_id < $2 ORDER BY run_id "
		"LIMIT 1",
	[STATEMENT_EVENTS_WINDOW] =
		"SELECT max(w.sequence), min(w.at) FROM (SELECT sequence, at FROM event WHERE "
		"sequence > $1 ORDER BY sequence LIMIT $2) AS w",
	// The newest stays: its sequence is what the next one is counted from.
	[STATEMENT_EVENTS_FORGET] =
		"DELETE FROM event WHERE sequence > $1 AND sequence <= $2 AND at < $3 AND "
		"sequence < (SELECT max(sequence) FROM event)",
	[STATEMENT_PUBLISHES_WINDOW] =
		"SELECT max(w.sequence), min(w.at) FROM (SELECT sequence, at FROM table_publish "
		"WHERE sequence > $1 ORDER BY sequence LIMIT $2) AS w",
	[STATEMENT_PUBLISHES_FORGET] =
		"DELETE FROM table_publish WHERE sequence > $1 AND sequence <= $2 AND at < $3 AND "
		"($4 <= 0 OR EXISTS (SELECT 1 FROM table_publish n WHERE n.name = "
		"table_publish.name AND n.sequence > table_publish.sequence ORDER BY n.sequence "
		"LIMIT 1 OFFSET $4 - 1))",
	[STATEMENT_DRIFTS_WINDOW] =
		"SELECT max(w.number), min(w.onset) FROM (SELECT number, onset FROM drift WHERE "
		"number > $1 ORDER BY number LIMIT $2) AS w",
	[STATEMENT_DRIFTS_FORGET] =
		"DELETE FROM drift WHERE number > $1 AND number <= $2 AND resolved_at > 0 AND "
		"resolved_at < $3",
	[STATEMENT_PLANS_FORGET] =
		"DELETE FROM plan WHERE digest IN (SELECT digest FROM plan WHERE created_at < $1 "
		"AND digest NOT IN (SELECT digest FROM plan ORDER BY created_at DESC, digest DESC "
		"LIMIT $2) ORDER BY created_at, digest LIMIT $3)",
	[STATEMENT_REVISIONS_WINDOW] =
		"SELECT max(w.number), min(w.created_at) FROM (SELECT number, created_at FROM "
		"revision WHERE number > $1 ORDER BY number LIMIT $2) AS w",
	[STATEMENT_OLD_REVISIONS] =
		"SELECT number, namespace, flow, revision FROM revision WHERE number > $1 AND "
		"number <= $2 AND created_at < $3 AND NOT EXISTS (SELECT 1 FROM flow f WHERE "
		"f.namespace = revision.namespace AND f.id = revision.flow AND f.revision - $4 "
		"< revision.revision) ORDER BY number",
	[STATEMENT_REVISIONS_USED] =
		"SELECT DISTINCT revision FROM run WHERE namespace = $1 AND flow = $2",
	[STATEMENT_REVISION_FORGET] =
		"DELETE FROM revision WHERE number = $1 AND NOT EXISTS (SELECT 1 FROM flow f WHERE "
		"f.namespace = revision.namespace AND f.id = revision.flow AND f.revision = "
		"revision.revision)",
	[STATEMENT_NEXT_SCRIPT_TREE] =
		"SELECT tree FROM script_entry WHERE tree > $1 ORDER BY tree LIMIT 1",
	[STATEMENT_SCRIPT_TREE_IS_USED] =
		"SELECT CASE WHEN EXISTS (SELECT 1 FROM domain WHERE scripts_tree = $1) OR EXISTS "
		"(SELECT 1 FROM revision WHERE scripts_tree = $1) THEN 1 ELSE 0 END",
	[STATEMENT_SCRIPT_TREE_FORGET] = "DELETE FROM script_entry WHERE tree = $1",
	[STATEMENT_SCRIPT_FILE_FORGET] =
		"DELETE FROM script_file WHERE blob = $1 AND NOT EXISTS (SELECT 1 FROM "
		"script_entry WHERE blob = $1)",
	[STATEMENT_CACHE_NEWEST] = "SELECT number FROM layout_cache ORDER BY number DESC LIMIT 1",
	[STATEMENT_CACHE_FORGET] =
		"DELETE FROM layout_cache WHERE number IN (SELECT number FROM layout_cache WHERE "
		"number <= $1 ORDER BY number LIMIT $2)",
};

const char *statement_sql(StatementId id)
{
	return statements[id];
}
