#include "tests/expr/scope.h"
#include "expr/template.h"

#include <string.h>

static const char variables[] =
	"{\"flow\": {\"id\": \"orders\", \"namespace\": \"sales\", \"revision\": 3},"
	" \"inputs\": {\"name\": \"Ada\", \"count\": 7, \"rate\": 0.1, \"flag\": true, \"off\": "
	"\"false\", \"none\": null,"
	"  \"empty\": \"\", \"day\": \"2024-02-29\", \"tags\": [\"b\", \"a\", \"c\", \"a\"], "
	"\"nested\": {\"a\": {\"b\": [1, {\"c\": \"deep\"}]}}},"
	" \"outputs\": {\"load\": {\"rows\": 120, \"uri\": \"file:///tmp/a.csv\"}, \"my-task\": "
	"{\"value\": \"x\"},"
	"  \"each\": {\"a\": {\"1\": {\"value\": \"a1\"}}, \"b\": {\"1\": {\"value\": \"b1\"}}}, "
	"\"json\": {\"value\": \"{\\\"k\\\": [1, 2.50]}\"}},"
	" \"vars\": {\"greeting\": \"Hello {{ inputs.name }}\", \"twice\": \"{{ vars.greeting "
	"}}!\", \"loop\": \"{{ vars.loop }}\", \"plain\": \"p\"},"
	" \"taskrun\": {\"id\": \"tr1\", \"value\": \"1\", \"startDate\": "
	"\"2024-05-01T10:15:30.123Z\", \"attemptsCount\": 0},"
	" \"parents\": [{\"taskrun\": {\"value\": \"a\"}}],"
	" \"trigger\": {\"date\": \"2024-03-31T00:30:00Z\"},"
	" \"list\": [3, 1, 2], \"big\": 9223372036854775807, \"text\": \"a,b,,c,,\", \"unicode\": "
	"\"Grüße, Ärger\"}";

typedef struct {
	json_t *variables;
	uint64_t counter;
} TestScope;

static json_t *lookup(void *data, const char *const *names, size_t count, size_t *used)
{
	TestScope *test = data;
	json_t *value = json_object_get(test->variables, names[0]);

	*used = 1;
	// Outputs are looked up a task at a time, as the runner does.
	if (strcmp(names[0], "outputs") == 0 && count > 1) {
		*used = 2;
		value = json_object_get(value, names[1]);
	}
	return json_incref(value);
}

static void candidates(void *data, const char *const *names, size_t count, GPtrArray *found)
{
	TestScope *test = data;
	json_t *within = count == 1 ? test->variables : json_object_get(test->variables, names[0]),
	       *value;
	const char *key;

	json_object_foreach(within, key, value) g_ptr_array_add(found, g_strdup(key));
}

static int64_t fixed_clock(void *data)
{
	(void)data;
	return INT64_C(1717243506789012); // 2024-06-01T12:05:06.789012Z
}

static uint64_t counting(void *data)
{
	TestScope *test = data;

	return UINT64_C(0x0123456789abcdef) + test->counter++;
}

static json_t *secret(void *data, json_t *const *arguments, size_t count, GError **error)
{
	(void)data;
	g_assert_cmpuint(count, ==, 3);
	if (strcmp(json_string_value(arguments[0]), "TOKEN") == 0)
		return json_sprintf(
			"s3cret%s", arguments[1] == NULL ? "" : json_string_value(arguments[1]));
	g_set_error(error, EXPR_ERROR, EXPR_ERROR_HOST, "there is no secret '%s'",
		json_string_value(arguments[0]));
	return NULL;
}

static const ExprHostFunction functions[] = {
	{"secret", secret},
	{NULL, NULL},
};

ExprScope test_scope_new(void)
{
	TestScope *test = g_new0(TestScope, 1);
	json_error_t error;

	test->variables = json_loads(variables, 0, &error);
	g_assert_nonnull(test->variables);
	return (ExprScope){.variable = lookup,
		.candidates = candidates,
		.clock = fixed_clock,
		.random = counting,
		.functions = functions,
		.data = test};
}

void test_scope_free(ExprScope *scope)
{
	TestScope *test = scope->data;

	json_decref(test->variables);
	g_free(test);
}

static char *render(const ExprScope *scope, const char *text, GError **error)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ = expr_template_parse(text, strlen(text), faults);

	if (template_ == NULL) {
		const ExprFault *fault = faults->pdata[0];

		g_set_error(error, EXPR_ERROR, EXPR_ERROR_SYNTAX, "%u:%u: %s%s%s", fault->line,
			fault->column, fault->message, fault->hint == NULL ? "" : "; ",
			fault->hint == NULL ? "" : fault->hint);
		return NULL;
	}
	return expr_template_render(template_, scope, NULL, error);
}

void check_render_cases(const RenderCase *cases)
{
	ExprScope scope = test_scope_new();

	for (const RenderCase *row = cases; row->text != NULL; row++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *result = render(&scope, row->text, &error);

		if (g_strcmp0(result, row->result) == 0 &&
			g_strcmp0(error == NULL ? NULL : error->message, row->error) == 0)
			continue;
		g_test_message("%s\n  gives %s\n  error %s\n  wants %s\n  error %s", row->text,
			result, error == NULL ? NULL : error->message, row->result, row->error);
		g_test_fail();
	}
	test_scope_free(&scope);
}
