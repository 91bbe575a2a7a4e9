#include "api/schemas.h"

#include "api/route.h"

const char *const word_sync[] = {"Unknown", "Synced", "OutOfSync", NULL};
const char *const word_health[] = {
	"Unknown", "Healthy", "Progressing", "Suspended", "Missing", "Degraded", NULL};
const char *const word_run_state[] = {"CREATED", "QUEUED", "RUNNING", "PAUSED", "RETRYING",
	"RESTARTED", "KILLING", "SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "SKIPPED",
	"RETRIED", NULL};
const char *const word_log_level[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", NULL};
const char *const word_flow_kind[] = {"written", "generated", "set", NULL};
const char *const word_table_kind[] = {"table", "view", NULL};
const char *const word_drift_kind[] = {"flow", "table", "view", "orphan", "stale", "source", NULL};
static const char *const word_severity[] = {"error", "warning", "info", NULL};
static const char *const word_check_severity[] = {"error", "warn", NULL};
static const char *const word_check_result[] = {"passed", "warned", "failed", "skipped", NULL};
static const char *const word_part[] = {"ok", "failed", NULL};
static const char *const word_trouble[] = {"misconfigured", "missing", "locked", "unreachable",
	"refused", "unreadable", "damaged", NULL};

// clang-format off
static const ApiField part_fields[] = {
	FIELD("name", API_STRING, 0, "What was looked at"),
	FIELD_ENUM("status", 0, "How it is", word_part),
	FIELD("message", API_STRING, API_NULLABLE, "Why it cannot do its work"),
	FIELD("hint", API_STRING, API_NULLABLE, "A cure, where one is known"),
	FIELD("since", API_TIME, API_NULLABLE, "When that began"),
	FIELD_END,
};
static const ApiSchema schema_part = {"Part", "A part of the server that must work", part_fields};

static const ApiField problem_fields[] = {
	FIELD("type", API_STRING, 0, "Always 'about:blank': 'code' tells problems apart"),
	FIELD("title", API_STRING, 0, "The phrase of the status"),
	FIELD("status", API_INTEGER, 0, "The HTTP status"),
	FIELD("code", API_STRING, 0, "A stable name, like 'unknown-parameter'"),
	FIELD("detail", API_STRING, 0, "What was wrong"),
	FIELD("hint", API_STRING, API_OPTIONAL, "A cure, where one is known"),
	FIELD_OF("parts", API_OBJECTS, API_OPTIONAL, "Of /readyz: what was looked at", &schema_part),
	FIELD_END,
};
const ApiSchema problem_schema = {"Problem", "What went wrong with a request (RFC 9457)", problem_fields};

static const ApiField diagnostic_fields[] = {
	FIELD("file", API_STRING, API_NULLABLE, "The file, from the root of the repository"),
	FIELD("line", API_INTEGER, 0, "From 1; 0 when it is about the whole file"),
	FIELD("column", API_INTEGER, 0, "From 1, in characters"),
	FIELD_ENUM("severity", 0, "How bad it is", word_severity),
	FIELD("code", API_STRING, 0, "A stable name, like 'unknown-key'"),
	FIELD("message", API_STRING, 0, "What is wrong"),
	FIELD("hint", API_STRING, API_NULLABLE, "A cure, where one is known"),
	FIELD_END,
};
static const ApiSchema schema_diagnostic = {"Diagnostic", "A fault in a file of the repository", diagnostic_fields};

static const ApiField attention_fields[] = {
	FIELD("domain", API_STRING, 0, "Its name"),
	FIELD_ENUM("sync", 0, "Whether what is live is what is committed", word_sync),
	FIELD_ENUM("health", 0, "How it fares", word_health),
	FIELD("message", API_STRING, API_NULLABLE, "Why"),
	FIELD("faults", API_INTEGER, 0, "How many diagnostics of severity 'error' it has"),
	FIELD_END,
};
static const ApiSchema schema_attention = {"Attention", "A domain that is not Synced or not well", attention_fields};

static const ApiField trouble_fields[] = {
	FIELD("connection", API_STRING, 0, "The connection's name"),
	FIELD("dataset", API_STRING, API_NULLABLE, "The dataset that cannot be used; null: none of the connection can"),
	FIELD_ENUM("kind", 0, "What keeps weir from it", word_trouble),
	FIELD("message", API_STRING, 0, "What the database said to who tried last"),
	FIELD("hint", API_STRING, API_NULLABLE, "The cure"),
	FIELD("since", API_TIME, 0, "When that began"),
	FIELD_END,
};
static const ApiSchema schema_trouble = {"Trouble", "A database that cannot be used at the moment", trouble_fields};

static const ApiField status_fields[] = {
	FIELD("version", API_STRING, 0, "Of weir"),
	FIELD_ENUM("sync", 0, "Synced when everything committed is live, in every domain; Unknown while the reconciler cannot tell", word_sync),
	FIELD_ENUM("health", 0, "The worst health of all domains; Degraded while a part of the server or a node fails", word_health),
	FIELD("commit", API_STRING, API_NULLABLE, "The commit that is live; null when there is none, or several sources"),
	FIELD("target_commit", API_STRING, API_NULLABLE, "The commit that shall be live"),
	FIELD("synced", API_TIME, API_NULLABLE, "When 'commit' became live"),
	FIELD("error", API_STRING, API_NULLABLE, "Why a part of the server cannot do its work, a node is silent, or the last look at a source failed"),
	FIELD("hint", API_STRING, API_NULLABLE, "A cure, where one is known"),
	FIELD_OF("parts", API_OBJECTS, 0, "How the parts of the server do; none when no server runs", &schema_part),
	FIELD_OF("diagnostics", API_OBJECTS, 0, "Faults that belong to no domain", &schema_diagnostic),
	FIELD("domains", API_INTEGER, 0, "How many there are"),
	FIELD("domains_by_sync", API_COUNTS, 0, "The same by sync status"),
	FIELD("domains_by_health", API_COUNTS, 0, "The same by health"),
	FIELD_OF("attention", API_OBJECTS, 0, "Domains to look at: at most 20, by name", &schema_attention),
	FIELD("flows", API_INTEGER, 0, "Live flows"),
	FIELD("tables", API_INTEGER, 0, "Tables and views that a commit names"),
	FIELD("runs", API_COUNTS, 0, "Runs by state: all under way, and all that ever ended"),
	FIELD("drift", API_COUNTS, 0, "Open drift by kind"),
	FIELD_OF("troubles", API_OBJECTS, 0, "Databases that cannot be used, until they can be", &schema_trouble),
	FIELD_END,
};
const ApiSchema schema_status = {"Status", "How everything stands", status_fields};

static const ApiField source_fields[] = {
	FIELD("name", API_STRING, 0, "Its name"),
	FIELD("url", API_STRING, 0, "Of the repository, without a password"),
	FIELD("ref", API_STRING, 0, "The branch or tag"),
	FIELD_ENUM("sync", 0, "Whether 'commit' is 'target_commit', live in every domain", word_sync),
	FIELD("commit", API_STRING, API_NULLABLE, "The commit that is live"),
	FIELD("target_commit", API_STRING, API_NULLABLE, "The commit that shall be live"),
	FIELD("error", API_STRING, API_NULLABLE, "Why the last look at it failed"),
	FIELD_OF("diagnostics", API_OBJECTS, 0, "Faults that belong to no domain", &schema_diagnostic),
	FIELD("pin", API_MAP, API_NULLABLE, "The commit it is pinned to, and why"),
	FIELD("fetched", API_TIME, API_NULLABLE, "The last fetch that worked"),
	FIELD("synced", API_TIME, API_NULLABLE, "When 'commit' became live"),
	FIELD_END,
};
const ApiSchema schema_source = {"Source", "A branch of a repository that is followed", source_fields};

static const ApiField domain_fields[] = {
	FIELD("name", API_STRING, 0, "Its name; also the namespace of its flows"),
	FIELD("source", API_STRING, API_NULLABLE, "The source it comes from"),
	FIELD("path", API_STRING, API_NULLABLE, "Its folder"),
	FIELD("owner", API_STRING, API_NULLABLE, "Who owns it"),
	FIELD("contact", API_STRING, API_NULLABLE, "How to reach them"),
	FIELD("description", API_STRING, API_NULLABLE, "What it is"),
	FIELD("connection", API_STRING, API_NULLABLE, "Where its scripts run when they do not say"),
	FIELD("dataset", API_STRING, API_NULLABLE, "Where its tables are when they do not say"),
	FIELD_ENUM("sync", 0, "Whether what is live is what is committed", word_sync),
	FIELD_ENUM("health", 0, "How it fares", word_health),
	FIELD("message", API_STRING, API_NULLABLE, "Why it is not Synced or not Healthy"),
	FIELD("suspended", API_BOOLEAN, 0, "Whether changes are held back"),
	FIELD("commit", API_STRING, API_NULLABLE, "The commit that is live"),
	FIELD("target_commit", API_STRING, API_NULLABLE, "The commit that shall be live"),
	FIELD_OF("diagnostics", API_OBJECTS, 0, "The faults of 'target_commit'", &schema_diagnostic),
	FIELD("synced", API_TIME, API_NULLABLE, "When 'commit' became live"),
	FIELD("deleted", API_TIME, API_NULLABLE, "When its folder went"),
	FIELD_OF("troubles", API_OBJECTS, API_OPTIONAL, "Of one domain: its databases that cannot be used, until they can be", &schema_trouble),
	FIELD_END,
};
const ApiSchema schema_domain = {"Domain", "A folder with an owner", domain_fields};

#define FLOW_FIELDS                                                                                                    \
	FIELD("namespace", API_STRING, 0, "The domain's name"),                                                        \
	FIELD("id", API_STRING, 0, "Its name in the namespace"),                                                       \
	FIELD("revision", API_INTEGER, 0, "The current one, from 1: it grows when the meaning changes"),               \
	FIELD_ENUM("kind", 0, "Written by hand, generated from a script, or one of a set", word_flow_kind),            \
	FIELD("domain", API_STRING, API_NULLABLE, "The domain it belongs to"),                                         \
	FIELD("path", API_STRING, API_NULLABLE, "The file that defines it"),                                           \
	FIELD("line", API_INTEGER, 0, "Where it begins there"),                                                        \
	FIELD("feed", API_STRING, API_NULLABLE, "The feed type of its script"),                                        \
	FIELD("table", API_STRING, API_NULLABLE, "The table that its script makes"),                                   \
	FIELD("connection", API_STRING, API_NULLABLE, "Where its script runs"),                                        \
	FIELD("reads", API_STRINGS, 0, "The tables it reads"),                                                         \
	FIELD("writes", API_STRINGS, 0, "The tables it writes"),                                                       \
	FIELD("opaque", API_BOOLEAN, 0, "Whether some of its SQL cannot be seen into"),                                \
	FIELD("disabled", API_BOOLEAN, 0, "Whether it never runs by itself"),                                          \
	FIELD("labels", API_MAP, 0, "Its labels"),                                                                     \
	FIELD("commit", API_STRING, API_NULLABLE, "The commit that made the revision live"),                           \
	FIELD("changed", API_TIME, API_NULLABLE, "When its row changed last"),                                         \
	FIELD("deleted", API_TIME, API_NULLABLE, "When it was pruned")

static const ApiField flow_fields[] = {
	FLOW_FIELDS,
	FIELD_END,
};
const ApiSchema schema_flow = {"Flow", "A flow", flow_fields};

static const ApiField flow_detail_fields[] = {
	FLOW_FIELDS,
	FIELD("triggers", API_ANY, 0, "Its triggers, as in the definition"),
	FIELD("concurrency", API_INTEGER, API_NULLABLE, "How many of its runs may be RUNNING at once; null: no limit"),
	FIELD("definition", API_MAP, API_NULLABLE, "The flow itself, with weir's names for everything"),
	FIELD_END,
};
const ApiSchema schema_flow_detail = {"FlowDetail", "A flow with its definition", flow_detail_fields};

static const ApiField revision_fields[] = {
	FIELD("revision", API_INTEGER, 0, "From 1"),
	FIELD("digest", API_STRING, API_NULLABLE, "Of its meaning"),
	FIELD("commit", API_STRING, API_NULLABLE, "The commit that made it live"),
	FIELD("created", API_TIME, API_NULLABLE, "When"),
	FIELD_END,
};
const ApiSchema schema_revision = {"Revision", "An immutable version of a flow", revision_fields};

static const ApiField graph_node_fields[] = {
	FIELD("id", API_STRING, 0, "The task's id"),
	FIELD("type", API_STRING, 0, "Its type"),
	FIELD("parent", API_STRING, API_NULLABLE, "The task it is in"),
	FIELD("branch", API_STRING, 0, "The list it stands in: 'tasks', 'errors', 'finally', 'then', a case …"),
	FIELD_END,
};
static const ApiSchema schema_graph_node = {"GraphNode", "A task of a flow", graph_node_fields};
static const ApiField graph_edge_fields[] = {
	FIELD("from", API_STRING, 0, "The task that ends first"),
	FIELD("to", API_STRING, 0, "The task that waits for it"),
	FIELD_END,
};
static const ApiSchema schema_graph_edge = {"GraphEdge", "One task waits for another", graph_edge_fields};
static const ApiField flow_graph_fields[] = {
	FIELD_OF("nodes", API_OBJECTS, 0, "Its tasks, outermost first", &schema_graph_node),
	FIELD_OF("edges", API_OBJECTS, 0, "Which task waits for which", &schema_graph_edge),
	FIELD_END,
};
const ApiSchema schema_flow_graph = {"FlowGraph", "The tasks of a flow and their order", flow_graph_fields};

#define RUN_FIELDS                                                                                                     \
	FIELD("id", API_STRING, 0, "Sortable: later runs have greater ids"),                                           \
	FIELD("namespace", API_STRING, 0, "The flow's namespace"),                                                     \
	FIELD("flow", API_STRING, 0, "The flow's id"),                                                                 \
	FIELD("revision", API_INTEGER, 0, "The flow's revision"),                                                      \
	FIELD_ENUM("state", 0, "How it stands", word_run_state),                                                       \
	FIELD("trigger", API_STRING, 0, "What made it: 'manual', 'schedule', 'tables', 'build' …"),                    \
	FIELD("attempt", API_INTEGER, 0, "1; more after restarts"),                                                    \
	FIELD("labels", API_MAP, 0, "Its labels"),                                                                     \
	FIELD("message", API_STRING, API_NULLABLE, "Why it ended as it did"),                                          \
	FIELD("parent", API_STRING, API_NULLABLE, "The run that it is a sub-flow of"),                                 \
	FIELD("origin", API_STRING, API_NULLABLE, "The run that it is a replay or retry of"),                          \
	FIELD("created", API_TIME, API_NULLABLE, "When it was made"),                                                  \
	FIELD("started", API_TIME, API_NULLABLE, "When it was first taken up"),                                        \
	FIELD("ended", API_TIME, API_NULLABLE, "When it ended"),                                                       \
	FIELD("duration_ms", API_INTEGER, API_NULLABLE, "From started to ended; null while it is not ended")

static const ApiField state_change_fields[] = {
	FIELD_ENUM("state", 0, "The state it took", word_run_state),
	FIELD("at", API_TIME, 0, "When"),
	FIELD_END,
};
const ApiSchema schema_state_change = {"StateChange", "A state that a run took", state_change_fields};

static const ApiField run_fields[] = {
	RUN_FIELDS,
	FIELD_END,
};
const ApiSchema schema_run = {"Run", "One execution of a flow", run_fields};

static const ApiField run_detail_fields[] = {
	RUN_FIELDS,
	FIELD("inputs", API_MAP, 0, "Its inputs; secret ones are masked"),
	FIELD("outputs", API_MAP, 0, "Its outputs"),
	FIELD("trigger_detail", API_MAP, API_NULLABLE, "What the trigger told; null for runs by hand"),
	FIELD_OF("states", API_OBJECTS, 0, "Every state it had, oldest first", &schema_state_change),
	FIELD("tasks", API_COUNTS, 0, "Its task runs by state"),
	FIELD_END,
};
const ApiSchema schema_run_detail = {"RunDetail", "One execution of a flow, with everything about it", run_detail_fields};

static const ApiField attempt_fields[] = {
	FIELD("number", API_INTEGER, 0, "From 1"),
	FIELD_ENUM("state", 0, "How it stands, or ended", word_run_state),
	FIELD("started", API_TIME, API_NULLABLE, "When it began"),
	FIELD("ended", API_TIME, API_NULLABLE, "When it ended"),
	FIELD("message", API_STRING, API_NULLABLE, "Why it ended as it did"),
	FIELD_END,
};
static const ApiSchema schema_attempt = {"Attempt", "One attempt at a task", attempt_fields};

static const ApiField task_run_fields[] = {
	FIELD("id", API_STRING, 0, "Sortable, like a run's"),
	FIELD("task", API_STRING, 0, "The task's id"),
	FIELD("parent", API_STRING, API_NULLABLE, "The task run of the container it is in"),
	FIELD("value", API_STRING, API_NULLABLE, "The value of the loop"),
	FIELD("iteration", API_INTEGER, API_NULLABLE, "Of the loop, from 0"),
	FIELD_ENUM("state", 0, "How it stands", word_run_state),
	FIELD("message", API_STRING, API_NULLABLE, "Why it ended as it did"),
	FIELD("outputs", API_MAP, 0, "Its outputs"),
	FIELD("child_run", API_STRING, API_NULLABLE, "The run of its sub-flow"),
	FIELD_OF("attempts", API_OBJECTS, 0, "Oldest first, the current one too", &schema_attempt),
	FIELD("created", API_TIME, API_NULLABLE, "When it was made"),
	FIELD("started", API_TIME, API_NULLABLE, "When the current attempt began"),
	FIELD("ended", API_TIME, API_NULLABLE, "When it ended"),
	FIELD_END,
};
const ApiSchema schema_task_run = {"TaskRun", "One task of a run, each time it runs", task_run_fields};

static const ApiField log_line_fields[] = {
	FIELD("at", API_TIME, 0, "When"),
	FIELD_ENUM("level", 0, "How grave", word_log_level),
	FIELD("task_run", API_STRING, API_NULLABLE, "The task run; null for the run itself"),
	FIELD("attempt", API_INTEGER, 0, "The attempt, from 1"),
	FIELD("text", API_STRING, 0, "The line"),
	FIELD("left_out", API_INTEGER, 0, "When more than 0: the line stands for so many bytes that were not kept"),
	FIELD_END,
};
const ApiSchema schema_log_line = {"LogLine", "A line of a run's log", log_line_fields};

static const ApiField outputs_fields[] = {
	FIELD("outputs", API_MAP, 0, "Of the flow"),
	FIELD("tasks", API_MAP, 0, "Of each task that has some, by its id; of loops by value"),
	FIELD_END,
};
const ApiSchema schema_outputs = {"Outputs", "What a run gave", outputs_fields};

#define TABLE_FIELDS                                                                                                   \
	FIELD("dataset", API_STRING, 0, "The dataset"),                                                                \
	FIELD("name", API_STRING, 0, "The name in the dataset"),                                                       \
	FIELD_ENUM("kind", 0, "A table or a view", word_table_kind),                                                   \
	FIELD("domain", API_STRING, API_NULLABLE, "The domain; null when no commit names it"),                         \
	FIELD("flow", API_STRING, API_NULLABLE, "The flow that makes it: 'namespace.id'"),                             \
	FIELD("connection", API_STRING, API_NULLABLE, "Where it is"),                                                  \
	FIELD("path", API_STRING, API_NULLABLE, "The file of its schema or its script"),                               \
	FIELD("published", API_TIME, API_NULLABLE, "When it was last published"),                                      \
	FIELD("rows", API_INTEGER, API_NULLABLE, "How many it had then"),                                              \
	FIELD("run", API_STRING, API_NULLABLE, "The run that published it"),                                           \
	FIELD("revision", API_INTEGER, API_NULLABLE, "The flow's revision that published it"),                         \
	FIELD("deleted", API_TIME, API_NULLABLE, "Since when no commit names it")

static const ApiField table_fields[] = {
	TABLE_FIELDS,
	FIELD_END,
};
const ApiSchema schema_table = {"Table", "A table or view", table_fields};

static const ApiField publication_fields[] = {
	FIELD("at", API_TIME, 0, "When"),
	FIELD("run", API_STRING, API_NULLABLE, "The run"),
	FIELD("flow", API_STRING, API_NULLABLE, "The flow: 'namespace.id'"),
	FIELD("revision", API_INTEGER, API_NULLABLE, "The flow's revision"),
	FIELD("rows", API_INTEGER, API_NULLABLE, "Rows afterwards"),
	FIELD("rows_changed", API_INTEGER, API_NULLABLE, "Rows added, updated and removed"),
	FIELD_END,
};
static const ApiSchema schema_publication = {"Publication", "A time a table was published", publication_fields};

static const ApiField table_detail_fields[] = {
	TABLE_FIELDS,
	FIELD("schema", API_ANY, 0, "The declared schema; null when there is none"),
	FIELD_OF("publications", API_OBJECTS, 0, "The latest 20, newest first", &schema_publication),
	FIELD_END,
};
const ApiSchema schema_table_detail = {"TableDetail", "A table or view, with its schema", table_detail_fields};

static const ApiField lineage_item_fields[] = {
	FIELD("table", API_STRING, API_NULLABLE, "The table; null for a flow that makes none"),
	FIELD("flow", API_STRING, API_NULLABLE, "Upstream the flow that makes it, downstream the flow that reads"),
	FIELD("domain", API_STRING, API_NULLABLE, "The domain of the flow"),
	FIELD("depth", API_INTEGER, 0, "1: next to the table asked for"),
	FIELD_END,
};
static const ApiSchema schema_lineage_item = {"LineageItem", "A neighbour of a table", lineage_item_fields};
static const ApiField lineage_fields[] = {
	FIELD("table", API_STRING, 0, "The table asked for"),
	FIELD_OF("upstream", API_OBJECTS, 0, "What it is made from, nearest first", &schema_lineage_item),
	FIELD_OF("downstream", API_OBJECTS, 0, "What is made from it, nearest first", &schema_lineage_item),
	FIELD("truncated", API_BOOLEAN, 0, "Whether there is more than 1,000 of either"),
	FIELD_END,
};
const ApiSchema schema_lineage = {"Lineage", "What a table is made from, and what is made from it", lineage_fields};

static const ApiField check_fields[] = {
	FIELD("name", API_STRING, 0, "What is checked, like 'not_null(order_id)'"),
	FIELD("kind", API_STRING, 0, "The kind of check"),
	FIELD_ENUM("severity", 0, "Whether a failure stops the run", word_check_severity),
	FIELD_ENUM("result", 0, "How it went", word_check_result),
	FIELD("failures", API_INTEGER, API_NULLABLE, "Rows that broke it"),
	FIELD("message", API_STRING, API_NULLABLE, "What is wrong"),
	FIELD("sample", API_ANY, 0, "Some of the failing rows; null when there are none or none are kept"),
	FIELD("run", API_STRING, 0, "The run"),
	FIELD("at", API_TIME, 0, "When"),
	FIELD_END,
};
const ApiSchema schema_check = {"Check", "A result of the last checks of a table", check_fields};

static const ApiField rejected_row_fields[] = {
	FIELD("task_run", API_STRING, 0, "The task run that kept it aside"),
	FIELD("number", API_INTEGER, 0, "Within the task run, from 1"),
	FIELD("file", API_STRING, API_NULLABLE, "The file that was loaded"),
	FIELD("line", API_INTEGER, API_NULLABLE, "Where it begins in the file"),
	FIELD("column", API_STRING, API_NULLABLE, "The column whose value is wrong"),
	FIELD("reason", API_STRING, 0, "What is wrong"),
	FIELD("text", API_STRING, API_NULLABLE, "The row as it came"),
	FIELD_END,
};
const ApiSchema schema_rejected_row = {"RejectedRow", "A row of a file that was not loaded", rejected_row_fields};

static const ApiField flow_edges_fields[] = {
	FIELD("flow", API_STRING, 0, "The flow: 'namespace.id'"),
	FIELD("domain", API_STRING, API_NULLABLE, "Its domain"),
	FIELD("reads", API_STRINGS, 0, "The tables it reads"),
	FIELD("writes", API_STRINGS, 0, "The tables it writes"),
	FIELD("opaque", API_BOOLEAN, 0, "Whether there may be more, in SQL that cannot be seen into"),
	FIELD_END,
};
const ApiSchema schema_flow_edges = {"FlowEdges", "What one flow reads and writes", flow_edges_fields};

static const ApiField drift_fields[] = {
	FIELD("number", API_INTEGER, 0, "Grows with each that begins"),
	FIELD_ENUM("kind", 0, "What is not as committed", word_drift_kind),
	FIELD("resource", API_STRING, 0, "The flow or table"),
	FIELD("domain", API_STRING, API_NULLABLE, "Its domain"),
	FIELD("summary", API_STRING, API_NULLABLE, "The difference in a few words"),
	FIELD("diff", API_STRING, API_NULLABLE, "Lines with '-' are committed, lines with '+' are live"),
	FIELD("cause", API_STRING, API_NULLABLE, "Where known"),
	FIELD("onset", API_TIME, 0, "When it was first seen"),
	FIELD("seen", API_TIME, API_NULLABLE, "When it was last seen to change"),
	FIELD("resolved", API_TIME, API_NULLABLE, "When it ended; null while it is open"),
	FIELD("resolution", API_STRING, API_NULLABLE, "How it ended: reverted, removed, committed, rebuilt, synced"),
	FIELD_END,
};
const ApiSchema schema_drift = {"Drift", "Something live that is not as committed", drift_fields};

static const ApiField trigger_fields[] = {
	FIELD("namespace", API_STRING, 0, "The flow's namespace"),
	FIELD("flow", API_STRING, 0, "The flow's id"),
	FIELD("id", API_STRING, 0, "The trigger's id"),
	FIELD("type", API_STRING, API_NULLABLE, "Its type"),
	FIELD("disabled", API_BOOLEAN, 0, "Whether it was turned off by command"),
	FIELD("next", API_TIME, API_NULLABLE, "When it fires next, where that is known"),
	FIELD("last", API_TIME, API_NULLABLE, "The planned moment of its last fire"),
	FIELD("last_run", API_STRING, API_NULLABLE, "The run it made last"),
	FIELD("message", API_STRING, API_NULLABLE, "Why it cannot be evaluated"),
	FIELD_END,
};
const ApiSchema schema_trigger = {"Trigger", "What makes runs of a flow", trigger_fields};

static const char *const word_backfill_state[] = {
	"RUNNING", "PAUSED", "CANCELLED", "FAILED", "DONE", NULL};

#define BACKFILL_FIELDS \
	FIELD("id", API_STRING, 0, "Its id"), \
	FIELD("namespace", API_STRING, 0, "The flow's namespace"), \
	FIELD("flow", API_STRING, 0, "The flow's id"), \
	FIELD("trigger", API_STRING, 0, "The schedule's id"), \
	FIELD_ENUM("state", 0, "How it stands; DONE: all its runs were made and have ended", word_backfill_state), \
	FIELD("from", API_TIME, 0, "The beginning of the range"), \
	FIELD("to", API_TIME, 0, "Its end; both are in it"), \
	FIELD("next", API_TIME, API_NULLABLE, "The due time that comes next; null when none is left"), \
	FIELD("concurrency", API_INTEGER, 0, "How many of its runs there are at once; 0: no limit"), \
	FIELD("total", API_INTEGER, 0, "Due times in the range"), \
	FIELD("made", API_INTEGER, 0, "Runs made"), \
	FIELD("left_out", API_INTEGER, 0, "Due times without a run: 'when' or a condition did not hold"), \
	FIELD("message", API_STRING, API_NULLABLE, "Why it makes no runs"), \
	FIELD("created", API_TIME, 0, "When it was asked for"), \
	FIELD("ended", API_TIME, API_NULLABLE, "When it was through, or cancelled")

static const ApiField backfill_fields[] = {
	BACKFILL_FIELDS,
	FIELD_END,
};
const ApiSchema schema_backfill = {"Backfill", "Runs of a schedule for due times that lie in the past", backfill_fields};

static const ApiField backfill_detail_fields[] = {
	BACKFILL_FIELDS,
	FIELD("inputs", API_MAP, 0, "The inputs it gives over those of the schedule; secret ones are masked"),
	FIELD("labels", API_MAP, 0, "The labels likewise"),
	FIELD("runs", API_COUNTS, 0, "Its runs by state"),
	FIELD_END,
};
const ApiSchema schema_backfill_detail = {"BackfillDetail", "A backfill, and what became of its runs", backfill_detail_fields};

static const ApiField event_fields[] = {
	FIELD("sequence", API_INTEGER, 0, "Grows with each"),
	FIELD("at", API_TIME, 0, "When"),
	FIELD("kind", API_STRING, 0, "What: 'synced', 'run-ended', 'drift-detected' …"),
	FIELD("domain", API_STRING, API_NULLABLE, "The domain it is about"),
	FIELD("subject", API_STRING, API_NULLABLE, "What it is about in there"),
	FIELD("run", API_STRING, API_NULLABLE, "The run it is about"),
	FIELD("data", API_MAP, API_NULLABLE, "More, by kind"),
	FIELD_END,
};
const ApiSchema schema_event = {"Event", "Something that happened", event_fields};

static const ApiField node_fields[] = {
	FIELD("id", API_STRING, 0, "Its id"),
	FIELD("name", API_STRING, API_NULLABLE, "Host and process"),
	FIELD("version", API_STRING, API_NULLABLE, "Of weir there"),
	FIELD("roles", API_STRINGS, 0, "What it does"),
	FIELD("slots", API_INTEGER, 0, "How many tasks it runs at once"),
	FIELD("busy", API_INTEGER, 0, "How many of them are in use"),
	FIELD("alive", API_BOOLEAN, 0, "Whether it beats as promised"),
	FIELD("started", API_TIME, API_NULLABLE, "When it began"),
	FIELD("beat", API_TIME, API_NULLABLE, "Its last beat"),
	FIELD_END,
};
const ApiSchema schema_node = {"Node", "A process that runs tasks", node_fields};

static const ApiField health_fields[] = {
	FIELD_ENUM("status", 0, "'ok' when every part is", word_part),
	FIELD_OF("parts", API_OBJECTS, 0, "What was looked at", &schema_part),
	FIELD_END,
};
const ApiSchema schema_health = {"Health", "Whether the server can answer", health_fields};
// clang-format on
