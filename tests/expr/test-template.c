// Templates as their callers use them: faults, references, limits, nested values, and threads.
#include "expr/callee.h"
#include "expr/suggest.h"
#include "expr/template.h"
#include "expr/value.h"
#include "tests/expr/scope.h"

#include <pthread.h>
#include <string.h>

#ifdef WEIR_WITH_JQ
enum { HAS_JQ = true };
#else
enum { HAS_JQ = false };
#endif

static ExprTemplate *parse(const char *text)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	ExprTemplate *template_ = expr_template_parse(text, strlen(text), faults);

	g_assert_cmpuint(faults->len, ==, 0);
	g_assert_nonnull(template_);
	return template_;
}

static void append_path(const ExprPath *path, void *data)
{
	GString *text = data;

	if (text->len > 0)
		g_string_append_c(text, ' ');
	for (size_t i = 0; i < path->count; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? "." : "",
			path->names[i] == NULL ? "*" : path->names[i]);
	g_string_append_printf(
		text, "%s@%u:%u", path->guarded ? "?" : "", path->line, path->column);
}

static void append_call(const ExprCall *call, void *data)
{
	g_string_append_printf(data, "%s(%s)@%u:%u ", call->name,
		call->first == NULL ? "" : call->first, call->line, call->column);
}

static void test_references(void)
{
	static const char *const cases[][2] = {
		{"plain", ""},
		{"{{ inputs.day }} {{ outputs['a-b'].c[0] }}",
			"inputs.day@1:4 outputs.a-b.c.*@1:21"},
		{"{{ outputs.each[taskrun.value].x }}", "outputs.each.*.x@1:4 taskrun.value@1:17"},
		{"{{ a.b ?? c }} {{ d is defined }} {{ e | default(f) }}",
			"a.b?@1:4 c@1:11 d?@1:19 e?@1:38 f@1:50"},
		{"{% if a is defined and a.b %}{{ a.c }}{% else %}{{ d }}{% endif %}",
			"a?@1:7 a.b?@1:24 a.c?@1:33 d?@1:52"},
		{"{{ a is defined ? a.b : 1 }}\n{{ x }}", "a?@1:4 a.b?@1:19 x@2:4"},
		{"{% for t in list %}{{ t.x }}{{ loop.index }}{% endfor %}{{ t }}",
			"list@1:13 t@1:60"},
		{"{% set v = w %}{{ v }}{% macro m(p, q=r) %}{{ p }}{{ s }}{% endmacro %}{{ m(z) "
		 "}}",
			"w@1:12 z@1:77 r@1:39 s@1:54"},
		{"{{ \"#{g.h}\" }}{{ (i.j | upper).k }}{{ [l, {'m': n}] }}",
			"g.h@1:7 i.j@1:19 l@1:40 n@1:49"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(ExprTemplate) template_ = parse(cases[i][0]);
		g_autoptr(GString) text = g_string_new(NULL);

		expr_template_paths(template_, append_path, text);
		g_assert_cmpstr(text->str, ==, cases[i][1]);
	}
}

static void test_calls(void)
{
	g_autoptr(ExprTemplate) template_ =
		parse("{{ secret('A') ~ secret(b) }}\n{% if now() %}{{ kv('k') }}{% endif %}");
	g_autoptr(GString) text = g_string_new(NULL);

	expr_template_calls(template_, append_call, text);
	g_assert_cmpstr(text->str, ==, "secret(A)@1:4 secret()@1:18 now()@2:7 kv(k)@2:18 ");
}

static void test_last_filter(void)
{
	static const char *const cases[][2] = {
		{"{{ a | identifier }}", "identifier"},
		{"{{ a | upper | raw }}", "raw"},
		{"{{ (a | raw) | upper }}", "upper"},
		{"{{ a }}", NULL},
		{"x{{ a | raw }}", NULL},
		{"plain", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(ExprTemplate) template_ = parse(cases[i][0]);

		g_assert_cmpstr(expr_template_last_filter(template_), ==, cases[i][1]);
	}
}

// All faults of a text are found in one go, in text order.
static void test_faults(void)
{
	static const char text[] =
		"{{ a | uper }} é {{ }} {{ nope( }}\n{% if b | %}{{ c d }}{% endif %}{{ zzz() }}";
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(GString) found = g_string_new(NULL);

	g_assert_null(expr_template_parse(text, strlen(text), faults));
	for (guint i = 0; i < faults->len; i++) {
		const ExprFault *fault = faults->pdata[i];

		g_string_append_printf(found, "%zu %u:%u %s (%s)\n", fault->offset, fault->line,
			fault->column, fault->message, fault->hint == NULL ? "-" : fault->hint);
	}
	g_assert_cmpstr(found->str, ==,
		"7 1:8 unknown filter 'uper' (did you mean 'upper'?)\n"
		"18 1:18 there is no expression between '{{' and '}}' (-)\n"
		"33 1:33 expected a value, found '}}' (-)\n"
		"46 2:11 expected the name of a filter, found '%}' (-)\n"
		"53 2:18 expected an operator or '}}', found 'd' (-)\n"
		"71 2:36 unknown function 'zzz' (-)\n");
}

static void test_expression(void)
{
	static const char *const faulty[][2] = {
		{"", "1:1: there is no expression"},
		{"a }}", "1:3: expected an operator or the end of the expression, found '}}'"},
		{"a |", "1:4: expected the name of a filter, found the end of the text"},
	};
	static const char text[] = " inputs.count + 1 ";
	ExprScope scope = test_scope_new();
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ =
		expr_template_parse_expression(text, strlen(text), faults);
	json_t *value;

	g_assert_nonnull(template_);
	value = expr_template_evaluate(template_, &scope, NULL, NULL);
	g_assert_cmpint(json_integer_value(value), ==, 8);
	json_decref(value);
	for (size_t i = 0; i < G_N_ELEMENTS(faulty); i++) {
		g_autofree char *shown = NULL;
		const ExprFault *fault;

		g_assert_null(
			expr_template_parse_expression(faulty[i][0], strlen(faulty[i][0]), faults));
		fault = faults->pdata[faults->len - 1];
		shown = g_strdup_printf("%u:%u: %s", fault->line, fault->column, fault->message);
		g_assert_cmpstr(shown, ==, faulty[i][1]);
	}
	test_scope_free(&scope);
}

static void test_plain(void)
{
	g_autoptr(ExprTemplate) plain = parse("no expression { here }}"), other = parse("{{ 1 }}");

	g_assert_true(expr_template_is_plain(plain));
	g_assert_false(expr_template_is_plain(other));
	g_assert_cmpstr(expr_template_text(other), ==, "{{ 1 }}");
}

// ---- limits ----

typedef struct {
	const char *text;
	ExprLimits limits;
	const char *error;
} LimitCase;

static void test_limits(void)
{
	static const LimitCase cases[] = {
		{"{% for i in 1..1000 %}{% for j in 1..1000 %}{{ i * j }}{% endfor %}{% endfor %}",
			{.steps = 10000}, "1:50: the expression takes more than 10000 steps"},
		{"{% set s = 'abcdefgh' %}{% for i in 1..60 %}{% set s = s ~ s %}{% endfor %}",
			{.output_bytes = 1000}, "1:58: the text is longer than 1000 bytes"},
		{"{% for i in 1..100 %}0123456789{% endfor %}", {.output_bytes = 500},
			"1:22: the text is longer than 500 bytes"},
		{"{% set a = [1] %}{% for i in 1..60 %}{% set a = [a, a] %}{% endfor %}{{ a }}",
			{.steps = 100000}, "1:38: the expression takes more than 100000 steps"},
		{"{% set a = [1] %}{% for i in 1..5000 %}{% set a = [a] %}{% endfor %}",
			{.steps = 0}, "1:40: the value is nested deeper than 1000 levels"},
		{"{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", {.depth = 50},
			"1:24: the expression is nested deeper than 50 levels"},
		{"{{ ((((1)))) + render('{{ ((1 + (2 + (3 + (4))))) }}') }}", {.depth = 6},
			"1:16: in the text to render: 1:11: the expression is nested deeper than 6 "
			"levels"},
		{"{{ 'a' | indent(10000, prefix='0123456789') | length }}{{ '\n' | indent(10000, "
		 "prefix='0123456789') }}",
			{.output_bytes = 5000}, "2:5: the text is longer than 5000 bytes"},
		{"{{ inputs.tags | join('0123456789') }}", {.output_bytes = 20},
			"1:18: the text is longer than 20 bytes"},
		{"{{ 'aaaaaaaaaa' | replace({'a': '0123456789'}) }}", {.output_bytes = 50},
			"1:19: the text is longer than 50 bytes"},
		{"{{ 'aaaaaaaaaa' | regexReplace('a', '0123456789') }}", {.output_bytes = 50},
			"1:19: the text is longer than 50 bytes"},
	};
	ExprScope scope = test_scope_new();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(ExprTemplate) template_ = parse(cases[i].text);
		g_autoptr(GError) error = NULL;

		g_assert_null(expr_template_render(template_, &scope, &cases[i].limits, &error));
		g_assert_error(error, EXPR_ERROR, EXPR_ERROR_LIMIT);
		if (strcmp(error->message, cases[i].error) == 0)
			continue;
		g_test_message("%s\n  gives %s\n  wants %s", cases[i].text, error->message,
			cases[i].error);
		g_test_fail();
	}
	test_scope_free(&scope);
}

static void test_deep_text(void)
{
	static const char *const pieces[][3] = {
		{"{{ ", "(", "the expression is nested deeper than 200 levels"},
		{"{{ ", "[", "the expression is nested deeper than 200 levels"},
		{"{{ ", "not ", "the expression is nested deeper than 200 levels"},
		{"{{ ", "1 ? ", "the expression is nested deeper than 200 levels"},
		{"{{ ", "1 ? 2 : ", "the expression is nested deeper than 200 levels"},
		{"{{ 1", " + 1", "the expression is nested deeper than 1000 levels"},
		{"{{ a", "|trim", "the expression is nested deeper than 1000 levels"},
		{"", "{% if 1 %}", "the tags are nested deeper than 200 levels"},
		{"{{ ", "\"#{", "the expression is nested deeper than 200 levels"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) text = g_string_new(pieces[i][0]);
		g_autoptr(GPtrArray) faults = expr_fault_list_new();
		const ExprFault *fault;
		bool found = false;

		for (int j = 0; j < 20000; j++)
			g_string_append(text, pieces[i][1]);
		g_string_append(text, " }}");
		g_assert_null(expr_template_parse(text->str, text->len, faults));
		for (guint j = 0; j < faults->len; j++) {
			fault = faults->pdata[j];
			found = found || strcmp(fault->message, pieces[i][2]) == 0;
		}
		g_test_message("%s", pieces[i][1]);
		g_assert_true(found);
	}
}

// ---- values with templates inside ----

static void test_nested_values(void)
{
	static const char *const cases[][3] = {
		{"{\"a\": \"{{ inputs.count }}\", \"b\": [1, \"x{{ inputs.name }}\"], \"{{ "
		 "inputs.name }}\": null}",
			"{\"a\":7,\"b\":[1,\"xAda\"],\"Ada\":null}", NULL},
		{"\"{{ inputs.tags }}\"", "[\"b\",\"a\",\"c\",\"a\"]", NULL},
		{"{\"headers\": {\"X-Day\": \"{{ inputs.dya }}\"}}", NULL,
			"in 'headers.X-Day': 1:4: undefined variable 'inputs.dya'; did you mean "
			"'inputs.day'?"},
		{"[0, [\"{{ 1 +\"]]", NULL,
			"in '[1][0]': 1:7: expected a value, found the end of the text"},
		{"\"{{ nope }}\"", NULL, "1:4: undefined variable 'nope'"},
	};
	ExprScope scope = test_scope_new();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *value = json_loads(cases[i][0], JSON_DECODE_ANY, NULL);
		g_autoptr(GError) error = NULL;
		json_t *result = expr_value_evaluate(value, &scope, NULL, &error);
		g_autofree char *text = result == NULL ? NULL : expr_value_text(result);

		g_assert_cmpstr(text, ==, cases[i][1]);
		g_assert_cmpstr(error == NULL ? NULL : error->message, ==, cases[i][2]);
		json_decref(result);
		json_decref(value);
	}
	test_scope_free(&scope);
}

static void test_truth(void)
{
	static const struct {
		const char *json;
		bool holds;
	} cases[] = {
		{"null", false},
		{"false", false},
		{"true", true},
		{"0", false},
		{"0.0", false},
		{"-1", true},
		{"\"\"", false},
		{"\" \"", false},
		{"\"false\"", false},
		{"\" false\\n\"", false},
		{"\"0\"", false},
		{"\"-0\"", false},
		{"\"False\"", true},
		{"\"00\"", true},
		{"\"x\"", true},
		{"[]", true},
		{"{}", true},
	};

	g_assert_false(expr_truthy(NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);

		g_test_message("%s", cases[i].json);
		g_assert_true(expr_truthy(value) == cases[i].holds);
		json_decref(value);
	}
}

static void test_floats(void)
{
	static const struct {
		double real;
		const char *text;
	} cases[] = {
		{0.1, "0.1"},
		{1.0, "1.0"},
		{-2.5, "-2.5"},
		{1.0 / 3.0, "0.3333333333333333"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1e21, "1e+21"},
		{123456789012345.0, "123456789012345.0"},
		{5e-324, "5e-324"},
		{-0.0, "-0.0"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *value = json_real(cases[i].real);
		g_autofree char *text = expr_value_text(value);

		g_assert_cmpstr(text, ==, cases[i].text);
		json_decref(value);
	}
}

static void test_suggestions(void)
{
	static const char *const names[] = {"extract", "transform", "load", "a", NULL};
	static const char *const cases[][2] = {
		{"extrct", "extract"},
		{"EXTRACT", "extract"},
		{"laod", "load"},
		{"lod", "load"},
		{"xyz", NULL},
		{"b", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		ExprSuggestion suggestion = {.unknown = cases[i][0]};

		for (const char *const *name = names; *name != NULL; name++)
			expr_suggestion_consider(&suggestion, *name);
		g_assert_cmpstr(suggestion.best, ==, cases[i][1]);
	}
}

// ---- documentation ----

// Each filter, function and test stands in docs/expressions.md.
static void test_documented(void)
{
	const ExprCalleeKind *const kinds[] = {&expr_filters, &expr_functions, &expr_tests};
	g_autofree char *path = g_build_filename(WEIR_SOURCE_DIR, "docs", "expressions.md", NULL);
	g_autofree char *page = NULL;

	g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		for (const ExprCallee *const *table = kinds[i]->tables; *table != NULL; table++) {
			for (const ExprCallee *row = *table; row->name != NULL; row++) {
				g_autofree char *bare = g_strdup_printf("`%s`", row->name);
				g_autofree char *called = g_strdup_printf("`%s(", row->name);

				if (strstr(page, bare) != NULL || strstr(page, called) != NULL)
					continue;
				g_test_message("%s '%s' is not in docs/expressions.md",
					kinds[i]->kind, row->name);
				g_test_fail();
			}
		}
	}
}

// ---- threads ----

typedef struct {
	const ExprTemplate *template_;
	const ExprTemplate *jq;
} Shared;

static void *render_often(void *data)
{
	const Shared *shared = data;
	ExprScope scope = test_scope_new();

	for (int i = 0; i < 200; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *text =
			expr_template_render(shared->template_, &scope, NULL, &error);
		g_autofree char *list = expr_template_render(shared->jq, &scope, NULL, NULL);

		g_assert_no_error(error);
		g_assert_cmpstr(list, ==, HAS_JQ ? "8" : NULL);
		g_assert_cmpstr(text, ==, "Ada [1,{\"k\":\"v\"}] 2024-06-01 14:05 b;a;c;a; 2.5 d");
	}
	test_scope_free(&scope);
	return NULL;
}

// One template, many threads: nothing of it changes while it is evaluated.
static void test_threads(void)
{
	g_autoptr(ExprTemplate) template_ =
		parse("{{ inputs.name }} {{ [1, {'k': 'v'}] }} {{ now() | date('yyyy-MM-dd HH:mm', "
		      "timeZone='Europe/Paris') }} "
		      "{% for t in inputs.tags %}{{ t }};{% endfor %} {{ "
		      "fromJson(outputs.json.value).k[1] }} {{ nope ?? 'd' }}");
	g_autoptr(ExprTemplate) jq = parse("{{ inputs | jq('.count + 1') | first }}");
	Shared shared = {template_, jq};
	pthread_t threads[4];

	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, render_often, &shared), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/references", test_references);
	g_test_add_func("/calls", test_calls);
	g_test_add_func("/last-filter", test_last_filter);
	g_test_add_func("/faults", test_faults);
	g_test_add_func("/expression", test_expression);
	g_test_add_func("/plain", test_plain);
	g_test_add_func("/limits", test_limits);
	g_test_add_func("/deep-text", test_deep_text);
	g_test_add_func("/nested-values", test_nested_values);
	g_test_add_func("/truth", test_truth);
	g_test_add_func("/floats", test_floats);
	g_test_add_func("/suggestions", test_suggestions);
	g_test_add_func("/documented", test_documented);
	g_test_add_func("/threads", test_threads);
	return g_test_run();
}
