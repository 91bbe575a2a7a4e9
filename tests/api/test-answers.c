// Every route answers, and every answer is as the OpenAPI document says.
#include "api/api.h"
#include "api/openapi.h"
#include "api/route.h"
#include "store/node.h"
#include "store/timestamp.h"
#include "tests/api/schema_check.h"
#include "tests/api/seed.h"

#include <glib.h>
#include <string.h>

typedef struct {
	Store *store;
	json_t *openapi;
	Seed seed;
	const ApiParts *parts;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	(void)data;
	fixture->store = store_open("", STORE_EPHEMERAL, &error);
	g_assert_no_error(error);
	seed_fill(fixture->store, &fixture->seed);
	fixture->openapi = openapi_document();
	g_assert_nonnull(fixture->openapi);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	json_decref(fixture->openapi);
	store_close(fixture->store);
}

static void get(const Fixture *fixture, const char *target, ApiReply *reply)
{
	const ApiCall call = {"GET", target, fixture->store, fixture->parts};

	api_answer(&call, reply);
}

// The document of a reply with this status.
static json_t *get_document(const Fixture *fixture, const char *target, int status)
{
	g_auto(ApiReply) reply;
	json_t *document;

	get(fixture, target, &reply);
	if ((int)reply.status != status)
		g_test_message("%s: %s", target, reply.body);
	g_assert_cmpint(reply.status, ==, status);
	document = json_loadb(reply.body, reply.length, 0, NULL);
	g_assert_nonnull(document);
	return document;
}

static const char *text_of(const json_t *document, const char *name)
{
	return json_string_value(json_object_get(document, name));
}

static json_t *items_of(const json_t *document)
{
	return json_object_get(document, "items");
}

// What each route is asked; %R is the run that has ended, %A the one that goes on.
static const char *const targets[] = {
	"/v1/status",
	"/v1/sources",
	"/v1/domains",
	"/v1/domains?source=main&deleted=true",
	"/v1/domains/finance",
	"/v1/flows",
	"/v1/flows?namespace=sales&kind=generated&limit=1",
	"/v1/flows/sales/orders",
	"/v1/flows/sales/load?revision=1",
	"/v1/flows/sales/orders/revisions",
	"/v1/flows/sales/load/graph",
	"/v1/runs",
	"/v1/runs?flow=sales.orders&state=SUCCESS&oldest_first=true&since=2020-01-01T00:00:00Z",
	"/v1/runs/%R",
	"/v1/runs/%A",
	"/v1/runs/%R/tasks",
	"/v1/runs/%R/tasks?task=build&state=SUCCESS",
	"/v1/runs/%R/logs",
	"/v1/runs/%R/logs?level=WARN",
	"/v1/runs/%A/logs",
	"/v1/runs/%R/events",
	"/v1/runs/%R/outputs",
	"/v1/runs/%R/rejected",
	"/v1/runs/%R/rejected?task_run=none",
	"/v1/tables",
	"/v1/tables?dataset=sales&domain=sales",
	"/v1/tables/sales/orders",
	"/v1/tables/sales/totals",
	"/v1/tables/sales/orders/lineage",
	"/v1/tables/sales/orders/lineage?depth=9",
	"/v1/tables/sales/orders/checks",
	"/v1/lineage",
	"/v1/drift",
	"/v1/drift?kind=table&domain=sales",
	"/v1/drift?at=2020-01-01T00:00:00Z",
	"/v1/drift/history",
	"/v1/triggers",
	"/v1/backfills",
	"/v1/backfills?flow=sales.orders",
	"/v1/backfills/01JD00000000000000000BACKF",
	"/v1/nodes",
	"/v1/events",
	"/v1/events?from=now&domain=sales&kind=run-ended",
	"/healthz",
	"/readyz",
	"/openapi.json",
	// Answers that are no JSON.
	"/",
	"/metrics",
	"/v1/flows/sales/orders/source",
	"/v1/flows/sales/load/source",
};

// Requests that are refused: status, and the code of the problem.
typedef struct {
	const char *target;
	int status;
	const char *code;
	const char *detail;
	const char *hint;
} Refusal;

static const Refusal refusals[] = {
	{"/v1/statsu", 404, "unknown-path", "there is no '/v1/statsu'",
		"did you mean '/v1/status'?"},
	{"/nothing/here", 404, "unknown-path", "there is no '/nothing/here'",
		"'/openapi.json' lists the paths"},
	{"/v1/status/", 404, "unknown-path", "there is no '/v1/status/'",
		"did you mean '/v1/status'?"},
	{"/v1/runs?flwo=a.b", 400, "unknown-parameter", "'/v1/runs' has no parameter 'flwo'",
		"did you mean 'flow'?"},
	{"/v1/status?x=1", 400, "unknown-parameter", "'/v1/status' has no parameter 'x'", NULL},
	{"/v1/nodes?nonsense=1", 400, "unknown-parameter",
		"'/v1/nodes' has no parameter 'nonsense'", "its parameters are limit, cursor"},
	{"/v1/domains/sales?domain=x", 400, "unknown-parameter",
		"'/v1/domains/{domain}' has no parameter 'domain'", NULL},
	{"/v1/runs?limit=0", 400, "bad-parameter",
		"the parameter 'limit' is '0', not a number from 1 to 1000", NULL},
	{"/v1/runs?limit=+5", 400, "bad-parameter",
		"the parameter 'limit' is ' 5', not a number from 1 to 1000", NULL},
	{"/v1/runs?limit=5x", 400, "bad-parameter",
		"the parameter 'limit' is '5x', not a number from 1 to 1000", NULL},
	{"/v1/runs?limit=99999999999999999999", 400, "bad-parameter",
		"the parameter 'limit' is '99999999999999999999', not a number from 1 to 1000",
		NULL},
	{"/v1/flows/sales/order_lines/source?revision=0", 400, "bad-parameter",
		"the parameter 'revision' is '0', not a number from 1 to 9223372036854775807",
		NULL},
	{"/v1/runs?limit=5&limit=6", 400, "repeated-parameter",
		"the parameter 'limit' is given twice", NULL},
	{"/v1/runs?state=FAILD", 400, "bad-parameter",
		"the parameter 'state' is 'FAILD', not one of CREATED, QUEUED, RUNNING, PAUSED, "
		"RETRYING, "
		"RESTARTED, KILLING, SUCCESS, WARNING, FAILED, KILLED, CANCELLED, SKIPPED, RETRIED",
		"did you mean 'FAILED'?"},
	{"/v1/runs?since=yesterday", 400, "bad-parameter",
		"the parameter 'since' is 'yesterday', not a time of RFC 3339",
		"write it like 2026-01-31T06:00:00Z"},
	{"/v1/runs?oldest_first=1", 400, "bad-parameter",
		"the parameter 'oldest_first' is '1', not 'true' or 'false'", NULL},
	{"/v1/runs?flow=orders", 400, "bad-flow-name",
		"the flow 'orders' is not named like 'namespace.id'", NULL},
	{"/v1/runs?flow=", 400, "bad-parameter", "the parameter 'flow' is empty", NULL},
	{"/v1/runs?cursor=x", 400, "bad-cursor",
		"the cursor 'x' was not made by this list with these filters",
		"begin again without 'cursor'"},
	{"/v1/runs/nothing", 404, "unknown-run", "there is no run 'nothing'", NULL},
	{"/v1/runs/nothing/rejected", 404, "unknown-run", "there is no run 'nothing'", NULL},
	{"/v1/runs/nothing/logs", 404, "unknown-run", "there is no run 'nothing'", NULL},
	{"/v1/domains/nothing", 404, "unknown-domain", "there is no domain 'nothing'", NULL},
	{"/v1/flows/sales/nothing", 404, "unknown-flow",
		"there is no flow 'nothing' in the namespace 'sales'", NULL},
	{"/v1/flows/sales/orders?revision=7", 404, "unknown-revision",
		"the flow 'sales.orders' has no revision 7", NULL},
	{"/v1/flows/sales/nothing/source", 404, "unknown-flow",
		"there is no flow 'nothing' in the namespace 'sales'", NULL},
	{"/v1/tables/sales/nothing", 404, "unknown-table", "there is no table 'sales.nothing'",
		NULL},
	{"/v1/tables/sales/nothing/lineage", 404, "unknown-table",
		"there is no table 'sales.nothing'", NULL},
	{"/v1/tables/sales/nothing/checks", 404, "unknown-table",
		"there is no table 'sales.nothing'", NULL},
	{"/v1/domains/%2e%2e/secrets", 400, "path-traversal", "the path has the segment '..'",
		NULL},
	{"/../etc/passwd", 400, "path-traversal", "the path has the segment '..'", NULL},
	{"/v1/domains/a%2Fb", 400, "path-traversal", "the path has the segment 'a/b'", NULL},
	{"/v1/domains/%00", 400, "control-character", "the target has the control character U+0000",
		NULL},
	{"/v1/domains/%zz", 400, "broken-escape",
		"'%' is not followed by two hexadecimal digits in '%zz'", NULL},
	{"/v1/domains/%ff", 400, "invalid-utf8",
		"the target is not UTF-8 once its percent escapes are decoded", NULL},
};

static char *fill_in(const Fixture *fixture, const char *target)
{
	g_auto(GStrv) ended = g_strsplit(target, "%R", -1);
	g_autofree char *half = g_strjoinv(fixture->seed.run_ended, ended);
	g_auto(GStrv) running = g_strsplit(half, "%A", -1);

	return g_strjoinv(fixture->seed.run_running, running);
}

static const ApiRoute *route_of(const char *raw)
{
	g_auto(ApiTarget) target = {NULL, NULL};

	g_assert_true(target_parse(&target, raw, NULL));
	return route_match(&target);
}

static const json_t *response_schema(
	const Fixture *fixture, const ApiRoute *route, const char *status, const char *type)
{
	const json_t *paths = json_object_get(fixture->openapi, "paths");
	const json_t *operation = json_object_get(json_object_get(paths, route->path), "get");
	const json_t *response = json_object_get(json_object_get(operation, "responses"), status);

	return json_object_get(
		json_object_get(json_object_get(response, "content"), type), "schema");
}

static void check_answer(const Fixture *fixture, const char *target)
{
	const ApiRoute *route = route_of(target);
	g_auto(ApiReply) reply;
	const json_t *schema;
	json_t *document;

	get(fixture, target, &reply);
	if (reply.status != API_OK)
		g_test_message("%s: %s", target, reply.body);
	g_assert_cmpint(reply.status, ==, API_OK);
	g_assert_cmpstr(reply.etag, !=, "");
	schema = response_schema(fixture, route, "200", reply.content_type);
	if (schema == NULL)
		g_error("%s: the document has no answer of type '%s'", target, reply.content_type);
	if (route->form == ROUTE_TEXT)
		return;
	document = json_loadb(reply.body, reply.length, 0, NULL);
	g_autofree char *fault = schema_fault(fixture->openapi, schema, document);
	if (fault != NULL)
		g_error("%s%s\n%s", target, fault, reply.body);
	json_decref(document);
}

static void test_every_answer_is_as_documented(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
		g_autofree char *target = fill_in(fixture, targets[i]);

		check_answer(fixture, target);
	}
}

static void test_every_route_is_asked(void)
{
	g_autoptr(GHashTable) asked = g_hash_table_new(NULL, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
		g_auto(GStrv) parts = g_strsplit(targets[i], "%", -1);
		g_autofree char *plain = g_strjoinv("", parts);

		g_hash_table_add(asked, (void *)(uintptr_t)route_of(plain));
	}
	for (const ApiRoute *route = api_routes; route->path != NULL; route++) {
		if (!g_hash_table_contains(asked, route))
			g_error("no test asks for '%s'", route->path);
	}
}

static void check_refusal(const Fixture *fixture, const Refusal *refusal)
{
	json_t *problem = get_document(fixture, refusal->target, refusal->status);
	const json_t *components = json_object_get(fixture->openapi, "components");
	const json_t *schema = json_object_get(json_object_get(components, "schemas"), "Problem");
	g_autofree char *fault = schema_fault(fixture->openapi, schema, problem);

	g_assert_cmpstr(fault, ==, NULL);
	g_assert_cmpstr(text_of(problem, "code"), ==, refusal->code);
	g_assert_cmpstr(text_of(problem, "detail"), ==, refusal->detail);
	g_assert_cmpstr(text_of(problem, "hint"), ==, refusal->hint);
	g_assert_cmpint(
		json_integer_value(json_object_get(problem, "status")), ==, refusal->status);
	json_decref(problem);
}

static void test_refusals_say_why(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++)
		check_refusal(fixture, &refusals[i]);
}

static void test_long_targets_are_refused(Fixture *fixture, gconstpointer data)
{
	g_autofree char *many = g_strnfill(TARGET_LONGEST, 'a');
	g_autofree char *target = g_strconcat("/v1/domains/", many, NULL);
	json_t *problem = get_document(fixture, target, API_TOO_LONG);

	(void)data;
	g_assert_cmpstr(text_of(problem, "detail"), ==, "the target is longer than 4096 bytes");
	json_decref(problem);
}

static void test_no_route_writes(Fixture *fixture, gconstpointer data)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};

	(void)data;
	for (const ApiRoute *route = api_routes; route->path != NULL; route++) {
		for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
			const ApiCall call = {methods[i], route->path, fixture->store, NULL};
			g_auto(ApiReply) reply;

			api_answer(&call, &reply);
			g_assert_cmpint(reply.status, ==, API_BAD_METHOD);
		}
	}
}

static void test_status_tells_what_is_wrong(Fixture *fixture, gconstpointer data)
{
	json_t *status = get_document(fixture, "/v1/status", 200);
	const json_t *attention = json_array_get(json_object_get(status, "attention"), 0);

	(void)data;
	g_assert_cmpstr(text_of(status, "sync"), ==, "OutOfSync");
	g_assert_cmpstr(text_of(status, "health"), ==, "Degraded");
	g_assert_cmpstr(text_of(status, "commit"), ==, "1111111111111111111111111111111111111111");
	g_assert_cmpstr(
		text_of(status, "target_commit"), ==, "2222222222222222222222222222222222222222");
	g_assert_cmpint(json_integer_value(json_object_get(status, "flows")), ==, 4);
	g_assert_cmpint(json_integer_value(json_object_get(status, "tables")), ==, 3);
	g_assert_cmpint(json_integer_value(json_object_get(status, "domains")), ==, 2);
	g_assert_cmpuint(json_array_size(json_object_get(status, "attention")), ==, 1);
	g_assert_cmpstr(text_of(attention, "domain"), ==, "finance");
	g_assert_cmpint(json_integer_value(json_object_get(attention, "faults")), ==, 1);
	json_decref(status);
}

static void test_secret_inputs_are_masked(Fixture *fixture, gconstpointer data)
{
	g_autofree char *target = fill_in(fixture, "/v1/runs/%A");
	g_auto(ApiReply) reply;

	(void)data;
	get(fixture, target, &reply);
	g_assert_null(strstr(reply.body, "hunter2"));
	g_assert_nonnull(
		strstr(reply.body, "\"inputs\":{\"key\":\"******\",\"day\":\"2026-01-01\"}"));
}

// All items of a list, page by page, with add() called between pages.
static json_t *walk(const Fixture *fixture, const char *path, unsigned limit, void (*add)(Store *))
{
	json_t *all = json_array();
	g_autofree char *cursor = NULL;

	do {
		const char *joint = strchr(path, '?') != NULL ? "&" : "?";
		g_autofree char *target =
			cursor == NULL ? g_strdup_printf("%s%slimit=%u", path, joint, limit)
				       : g_strdup_printf("%s%slimit=%u&cursor=%s", path, joint,
						 limit, cursor);
		json_t *page = get_document(fixture, target, 200);

		g_assert_cmpuint(json_array_size(items_of(page)), <=, limit);
		json_array_extend(all, items_of(page));
		g_free(cursor);
		cursor = g_strdup(text_of(page, "next"));
		json_decref(page);
		if (add != NULL)
			add(fixture->store);
	} while (cursor != NULL && json_array_size(all) < 1000);
	return all;
}

static void add_run(Store *store)
{
	seed_run(store, NULL);
}

static void test_pages_are_stable_under_inserts(Fixture *fixture, gconstpointer data)
{
	json_t *before;
	json_t *walked;

	(void)data;
	for (int i = 0; i < 20; i++)
		seed_run(fixture->store, NULL);
	before = get_document(fixture, "/v1/runs?limit=1000", 200);
	walked = walk(fixture, "/v1/runs", 3, add_run);
	g_assert_cmpuint(json_array_size(walked), ==, 22);
	g_assert_true(json_equal(walked, items_of(before)));
	json_decref(before);
	json_decref(walked);
}

static void test_a_cursor_fits_its_own_list_only(Fixture *fixture, gconstpointer data)
{
	json_t *page = get_document(fixture, "/v1/runs?limit=1", 200);
	g_autofree char *other = g_strdup_printf("/v1/flows?cursor=%s", text_of(page, "next"));
	g_autofree char *filtered =
		g_strdup_printf("/v1/runs?state=SUCCESS&cursor=%s", text_of(page, "next"));
	g_autofree char *tampered =
		g_strdup_printf("/v1/runs?cursor=%.8s!!", text_of(page, "next"));
	g_autofree char *longer =
		g_strdup_printf("/v1/runs?limit=9&cursor=%s", text_of(page, "next"));

	(void)data;
	json_decref(get_document(fixture, other, 400));
	json_decref(get_document(fixture, filtered, 400));
	json_decref(get_document(fixture, tampered, 400));
	json_decref(get_document(fixture, longer, 200));
	json_decref(page);
}

static void test_logs_go_on_where_they_ended(Fixture *fixture, gconstpointer data)
{
	g_autofree char *path = fill_in(fixture, "/v1/runs/%R/logs");
	g_autofree char *warnings = g_strconcat(path, "?level=WARN", NULL);

	(void)data;
	for (unsigned limit = 1; limit < 60; limit += 4) {
		json_t *lines = walk(fixture, path, limit, NULL);
		json_t *grave = walk(fixture, warnings, limit, NULL);

		g_assert_cmpuint(json_array_size(lines), ==, 50);
		for (size_t i = 0; i < 50; i++) {
			g_autofree char *expected = g_strdup_printf("line %zu", i);

			g_assert_cmpstr(text_of(json_array_get(lines, i), "text"), ==, expected);
		}
		g_assert_cmpuint(json_array_size(grave), ==, 10);
		g_assert_cmpstr(text_of(json_array_get(grave, 9), "text"), ==, "line 45");
		json_decref(lines);
		json_decref(grave);
	}
}

static void test_the_log_of_a_run_that_goes_on_has_no_end(Fixture *fixture, gconstpointer data)
{
	g_autofree char *path = fill_in(fixture, "/v1/runs/%A/logs?limit=1000");
	json_t *page = get_document(fixture, path, 200);
	g_autofree char *again = g_strdup_printf("%s&cursor=%s", path, text_of(page, "next"));
	json_t *rest = get_document(fixture, again, 200);

	(void)data;
	g_assert_cmpuint(json_array_size(items_of(page)), ==, 50);
	g_assert_cmpuint(json_array_size(items_of(rest)), ==, 0);
	g_assert_nonnull(text_of(rest, "next"));
	json_decref(page);
	json_decref(rest);
}

static void test_lineage_goes_both_ways(Fixture *fixture, gconstpointer data)
{
	json_t *lineage = get_document(fixture, "/v1/tables/sales/lines/lineage?depth=5", 200);
	const json_t *down = json_object_get(lineage, "downstream");

	(void)data;
	g_assert_cmpuint(json_array_size(json_object_get(lineage, "upstream")), ==, 0);
	g_assert_cmpuint(json_array_size(down), ==, 2);
	g_assert_cmpstr(text_of(json_array_get(down, 0), "flow"), ==, "sales.orders");
	g_assert_cmpstr(text_of(json_array_get(down, 1), "table"), ==, "sales.totals");
	json_decref(lineage);
}

static void check_text(const Fixture *fixture, const char *target, const char *expected)
{
	g_auto(ApiReply) reply = {0};

	get(fixture, target, &reply);
	g_assert_cmpint(reply.status, ==, 200);
	g_autofree char *text = g_strndup(reply.body, reply.length);
	g_assert_cmpstr(text, ==, expected);
}

static void test_every_flow_has_a_source(Fixture *fixture, gconstpointer data)
{
	(void)data;
	check_text(fixture, "/v1/flows/sales/load/source", "# by hand\nid: load\n");
	check_text(fixture, "/v1/flows/sales/orders/source", "SELECT a\nFROM sales.lines\n");
	check_text(fixture, "/v1/flows/sales/every-day/source",
		"{\n  \"id\": \"every-day\",\n  \"namespace\": \"sales\",\n  \"tasks\": [\n    {\n"
		"      \"id\": \"a\",\n      \"type\": \"log\"\n    }\n  ],\n  \"triggers\": [\n"
		"    {\n      \"id\": \"w\",\n      \"key\": \"******\",\n      \"type\": "
		"\"webhook\"\n    }\n  ]\n}\n");
}

static void test_graph_follows_the_containers(Fixture *fixture, gconstpointer data)
{
	json_t *graph = get_document(fixture, "/v1/flows/sales/load/graph", 200);
	char *edges = json_dumps(json_object_get(graph, "edges"), JSON_COMPACT);

	(void)data;
	g_assert_cmpstr(edges, ==,
		"[{\"from\":\"first\",\"to\":\"each\"},{\"from\":\"each\",\"to\":\"last\"}]");
	g_assert_cmpuint(json_array_size(json_object_get(graph, "nodes")), ==, 5);
	free(edges);
	json_decref(graph);
}

static void test_etags(void)
{
	g_assert_true(api_etag_matches("\"a\"", "\"a\""));
	g_assert_true(api_etag_matches("\"b\", W/\"a\"", "\"a\""));
	g_assert_true(api_etag_matches("*", "\"a\""));
	g_assert_false(api_etag_matches("\"b\"", "\"a\""));
	g_assert_false(api_etag_matches(NULL, "\"a\""));
	g_assert_false(api_etag_matches("*", ""));
}

#define ADD(name, function) g_test_add("/answers/" name, Fixture, NULL, set_up, function, tear_down)

// A server of three parts, one of which fails.
static void list_parts(void *data, void (*visit)(const ApiPart *part, void *data), void *visit_data)
{
	const char *failing = data;
	static const char *const names[] = {"reconciler", "scheduler", "runner"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		bool fails = g_strcmp0(failing, names[i]) == 0;

		visit(&(ApiPart){.name = names[i],
			      .message = fails ? "the disk is full" : NULL,
			      .cure = fails ? "free some" : NULL,
			      .since = fails ? INT64_C(1732180000000000) : 0},
			visit_data);
	}
}

static void with_failing(Fixture *fixture, ApiParts *parts, const char *failing)
{
	*parts = (ApiParts){list_parts, (void *)(uintptr_t)failing};
	fixture->parts = parts;
}

static void test_status_tells_which_part_fails(Fixture *fixture, gconstpointer data)
{
	ApiParts parts;

	(void)data;
	with_failing(fixture, &parts, "runner");
	json_t *status = get_document(fixture, "/v1/status", 200);
	g_assert_cmpstr(text_of(status, "error"), ==, "runner: the disk is full");
	g_assert_cmpstr(text_of(status, "hint"), ==, "free some");
	g_assert_cmpstr(text_of(status, "sync"), ==, "OutOfSync");
	g_assert_cmpstr(text_of(status, "health"), ==, "Degraded");
	const json_t *runner = json_array_get(json_object_get(status, "parts"), 2);
	g_assert_cmpstr(text_of(runner, "status"), ==, "failed");
	g_assert_cmpstr(text_of(runner, "since"), ==, "2024-11-21T09:06:40.000Z");
	json_decref(status);
	// Who follows the repository cannot: what it would have found is not known.
	with_failing(fixture, &parts, "reconciler");
	status = get_document(fixture, "/v1/status", 200);
	g_assert_cmpstr(text_of(status, "error"), ==, "reconciler: the disk is full");
	g_assert_cmpstr(text_of(status, "sync"), ==, "Unknown");
	json_decref(status);
}

static void test_readiness_is_of_all_parts(Fixture *fixture, gconstpointer data)
{
	g_auto(ApiReply) reply;
	ApiParts parts;

	(void)data;
	with_failing(fixture, &parts, "nobody");
	json_decref(get_document(fixture, "/readyz", 200));
	with_failing(fixture, &parts, "scheduler");
	get(fixture, "/readyz", &reply);
	g_assert_cmpstr(reply.content_type, ==, "application/problem+json");
	json_t *problem = json_loadb(reply.body, reply.length, 0, NULL);
	g_assert_cmpint(json_integer_value(json_object_get(problem, "status")), ==, 503);
	g_assert_cmpstr(text_of(problem, "code"), ==, "not-ready");
	g_assert_cmpstr(text_of(problem, "detail"), ==, "scheduler: the disk is full");
	g_assert_cmpstr(text_of(problem, "hint"), ==, "free some");
	g_assert_cmpuint(json_array_size(json_object_get(problem, "parts")), ==, 4);
	json_decref(problem);
	json_decref(get_document(fixture, "/healthz", 200));
}

static void test_silent_nodes_are_told(Fixture *fixture, gconstpointer data)
{
	char *id = (char *)(uintptr_t) "01JD6ZJF81MCDHT8VR1XXFM9WN";
	json_t *status = get_document(fixture, "/v1/status", 200);

	(void)data;
	g_assert_true(json_is_null(json_object_get(status, "hint")));
	json_decref(status);
	g_assert_true(store_node_put(fixture->store,
		&(StoreNode){.id = id,
			.name = (char *)(uintptr_t) "depot/7",
			.version = (char *)(uintptr_t) "0.1",
			.roles = (char *)(uintptr_t) "reconciler,runner",
			.expires_at = timestamp_now() - 1},
		NULL));
	status = get_document(fixture, "/v1/status", 200);
	g_assert_true(g_str_has_prefix(
		text_of(status, "error"), "node depot/7: has been silent since 20"));
	g_assert_true(g_str_has_suffix(text_of(status, "error"), "; its roles: reconciler,runner"));
	g_assert_cmpstr(text_of(status, "hint"), ==,
		"start it again, or see in its log why it cannot write to the store");
	g_assert_cmpstr(text_of(status, "sync"), ==, "Unknown");
	json_decref(status);
	// Another node's silence does not make this server unready.
	json_decref(get_document(fixture, "/readyz", 200));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("every-answer-is-as-documented", test_every_answer_is_as_documented);
	g_test_add_func("/answers/every-route-is-asked", test_every_route_is_asked);
	ADD("refusals-say-why", test_refusals_say_why);
	ADD("long-targets-are-refused", test_long_targets_are_refused);
	ADD("no-route-writes", test_no_route_writes);
	ADD("status-tells-what-is-wrong", test_status_tells_what_is_wrong);
	ADD("status-tells-which-part-fails", test_status_tells_which_part_fails);
	ADD("readiness-is-of-all-parts", test_readiness_is_of_all_parts);
	ADD("silent-nodes-are-told", test_silent_nodes_are_told);
	ADD("secret-inputs-are-masked", test_secret_inputs_are_masked);
	ADD("pages-are-stable-under-inserts", test_pages_are_stable_under_inserts);
	ADD("a-cursor-fits-its-own-list-only", test_a_cursor_fits_its_own_list_only);
	ADD("logs-go-on-where-they-ended", test_logs_go_on_where_they_ended);
	ADD("the-log-of-a-run-that-goes-on-has-no-end",
		test_the_log_of_a_run_that_goes_on_has_no_end);
	ADD("lineage-goes-both-ways", test_lineage_goes_both_ways);
	ADD("every-flow-has-a-source", test_every_flow_has_a_source);
	ADD("graph-follows-the-containers", test_graph_follows_the_containers);
	g_test_add_func("/answers/etags", test_etags);
	return g_test_run();
}
