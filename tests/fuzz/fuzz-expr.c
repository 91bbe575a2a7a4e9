// Parses any text as a template, evaluates what parses under small limits, and visits what it mentions.
#include "expr/template.h"
#include "expr/value.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char variables[] = "{\"inputs\": {\"a\": 1, \"b\": \"text\", \"c\": [3, 1.5, \"x\"], "
				"\"d\": {\"e\": null}}, \"list\": [1, [2, {\"k\": \"v\"}]],"
				" \"vars\": {\"t\": \"{{ inputs.b }}\", \"self\": \"{{ "
				"render(vars.self) }}\"}, \"day\": \"2024-02-29T10:15:30.5+02:00\","
				" \"parents\": [{\"taskrun\": {\"value\": \"a\"}}], \"taskrun\": "
				"{\"value\": \"1\"}, \"outputs\": {\"a\": {\"1\": {\"v\": 2}}}}";

static int64_t fixed_clock(void *data)
{
	(void)data;
	return INT64_C(1717243506789012);
}

static uint64_t fixed_random(void *data)
{
	(void)data;
	return UINT64_C(0x9e3779b97f4a7c15);
}

static void visit_path(const ExprPath *path, void *data)
{
	(void)data;
	g_assert(path->count > 0 && path->line > 0 && path->column > 0);
}

static void visit_call(const ExprCall *call, void *data)
{
	(void)data;
	g_assert(call->name != NULL);
}

static void evaluate(const ExprTemplate *template_)
{
	static json_t *object;
	static const ExprLimits limits = {.steps = 20000, .depth = 100, .output_bytes = 100000};
	ExprScope scope;
	g_autoptr(GError) error = NULL;
	json_t *value;
	g_autofree char *text = NULL;

	if (object == NULL)
		object = json_loads(variables, 0, NULL);
	scope = expr_scope_over(object);
	scope.clock = fixed_clock;
	scope.random = fixed_random;
	expr_template_paths(template_, visit_path, NULL);
	expr_template_calls(template_, visit_call, NULL);
	(void)expr_template_last_filter(template_);
	value = expr_template_evaluate(template_, &scope, &limits, &error);
	g_assert((value == NULL) == (error != NULL));
	(void)expr_truthy(value);
	text = expr_template_render(template_, &scope, &limits, NULL);
	g_assert((text == NULL) == (value == NULL));
	json_decref(value);
}

// jq is a language of its own, and slow to compile: its programs are not what is tested here.
static bool uses_jq(const char *text, size_t size)
{
	return memmem(text, size, "jq", 2) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ = expr_template_parse((const char *)data, size, faults);
	g_autoptr(ExprTemplate) expression =
		expr_template_parse_expression((const char *)data, size, faults);

	for (guint i = 0; i < faults->len; i++) {
		const ExprFault *fault = faults->pdata[i];

		g_assert(fault->offset <= size && fault->line > 0 && fault->column > 0);
		g_assert(g_utf8_validate(fault->message, -1, NULL));
	}
	if (uses_jq((const char *)data, size))
		return 0;
	if (template_ != NULL)
		evaluate(template_);
	if (expression != NULL)
		evaluate(expression);
	return 0;
}
