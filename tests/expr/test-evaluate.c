// What expressions and templates evaluate to: text in, text or whole error out.
#include "expr/template.h"
#include "tests/expr/scope.h"

#include <string.h>

static void test_text(void)
{
	static const RenderCase cases[] = {
		{"", "", NULL},
		{"plain text", "plain text", NULL},
		{"a lone }} is text, and so are { and }, %} and #}",
			"a lone }} is text, and so are { and }, %} and #}", NULL},
		{"{{ 'a' }}}}", "a}}", NULL},
		{"a{# comment {{ inputs.nothing }} #}b", "ab", NULL},
		{"${{ inputs.name }}", "$Ada", NULL},
		{"{{inputs.name}}", "Ada", NULL},
		{"x {{- ' y ' -}} z", "x y z", NULL},
		{"x \n{#- c -#}\n z", "xz", NULL},
		{"{{ inputs.name }}\n", "Ada\n", NULL},
		{"{{ '{{' }} {{ \"}}\" }}", "{{ }}", NULL},
		{"{% raw %}{{ x }} {% if %}{% endraw %}!", "{{ x }} {% if %}!", NULL},
		{"{% verbatim %}{{ x }}{% endverbatim %}", "{{ x }}", NULL},
		{"a {%- raw -%} {{ x }} {%- endraw -%} b", "a{{ x }}b", NULL},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_literals(void)
{
	static const RenderCase cases[] = {
		{"{{ 1 }} {{ 1.50 }} {{ 2.0 }} {{ 12L }}", "1 1.5 2.0 12", NULL},
		{"{{ true }} {{ false }} [{{ null }}] [{{ none }}]", "true false [] []", NULL},
		{"{{ 'it\\'s' }} {{ \"say \\\"hi\\\"\" }} {{ 'a\\\\b' }}", "it's say \"hi\" a\\b",
			NULL},
		{"{{ 'a\\nb\\d' }}", "a\\nb\\d", NULL},
		{"{{ [1, 'two', [3.5, null], true] }}", "[1,\"two\",[3.5,null],true]", NULL},
		{"{{ {'a': 1, b: {'c': []}} }}", "{\"a\":1,\"b\":{\"c\":[]}}", NULL},
		{"{{ {'a': {'b': 1}} }}", "{\"a\":{\"b\":1}}", NULL},
		{"{{ [] }}{{ {} }}", "[]{}", NULL},
		{"{{ ['quote \" back \\\\ line\n'] }}", "[\"quote \\\" back \\\\ line\\n\"]", NULL},
		{"{{ inputs.rate }} {{ [inputs.rate] }}", "0.1 [0.1]", NULL},
		{"{{ \"sum #{1 + 2} of #{inputs.name ~ '}'}\" }}", "sum 3 of Ada}", NULL},
		{"{{ 'no #{1}' }}", "no #{1}", NULL},
		{"{{ 99999999999999999999 }}", NULL,
			"1:4: the number '99999999999999999999' is too large"},
		{"{{ 'open }}", NULL, "1:4: the string has no closing '"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_paths(void)
{
	static const RenderCase cases[] = {
		{"{{ inputs.name }} {{ flow.id }}.{{ flow['namespace'] }}", "Ada orders.sales",
			NULL},
		{"{{ outputs['my-task'].value }} {{ outputs.load['rows'] }}", "x 120", NULL},
		{"{{ inputs.nested.a['b'][1].c }} {{ inputs.nested.a.b.0 }}", "deep 1", NULL},
		{"{{ outputs.each[parents[0].taskrun.value][taskrun.value].value }}", "a1", NULL},
		{"{{ list[0] }}{{ list[-1] }}{{ [7, 8][1] }}{{ {'a': 9}.a }}", "3289", NULL},
		{"{{ (inputs.tags | sort)[0] }}", "a", NULL},
		{"{{ currentEachOutput(outputs.each).value }}", "a1", NULL},
		{"{{ input.name }}", NULL,
			"1:4: undefined variable 'input'; did you mean 'inputs'?"},
		{"{{ inputs.nmae }}", NULL,
			"1:4: undefined variable 'inputs.nmae'; did you mean 'inputs.name'?"},
		{"{{ outputs.laod.rows }}", NULL,
			"1:4: undefined variable 'outputs.laod'; did you mean 'outputs.load'?"},
		{"{{ outputs.my-task.value }}", NULL, "1:4: undefined variable 'outputs.my'"},
		{"{{ flow.id-taskk.value }}", NULL,
			"1:12: undefined variable 'taskk'; a name with a hyphen is written in "
			"brackets: outputs['my-task']"},
		{"{{ outputs['my-tusk'].value }}", NULL,
			"1:4: undefined variable 'outputs['my-tusk']'; did you mean "
			"'outputs['my-task']'?"},
		{"{{ list[7] }}", NULL, "1:4: undefined variable 'list[7]': 'list' is a list of 3"},
		{"{{ inputs.none.x }}", NULL,
			"1:4: undefined variable 'inputs.none.x': 'inputs.none' is null"},
		{"{{ inputs.name.first }}", NULL,
			"1:4: undefined variable 'inputs.name.first': 'inputs.name' is a string"},
		{"a\n  é{{ nope }}", NULL, "2:7: undefined variable 'nope'"},
		{"{{ list[[1]] }}", NULL, "1:4: a subscript is a string or an integer, not a list"},
		{"{{ inputs.name.length() }}", NULL,
			"1:16: 'length' cannot be called: values have no methods; use a filter: "
			"value | length"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_operators(void)
{
	static const RenderCase cases[] = {
		{"{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 / 2 }} {{ 7.0 / 2 }} {{ 7 % 4 }} {{ -7 % 4 }}",
			"5 3 3.5 3 -3", NULL},
		{"{{ (1 + 2) * 3 }} {{ -3 | abs }} {{ +2 }} {{ - -2 }} {{ 2-1 }}", "9 3 2 2 1",
			NULL},
		{"{{ 'a' + 1 }} {{ 1 + 'a' }} {{ 'a' ~ null ~ 2 ~ true }} {{ [1] + [2] + 3 }} {{ "
		 "[1, 2, 1] - 1 }}",
			"a1 1a a2true [1,2,3] [2]", NULL},
		{"{{ 1 == 1.0 }} {{ '1' == 1 }} {{ 1 != 2 }} {{ [1, {'a': 2}] == [1, {'a': 2.0}] "
		 "}} {{ 'a' equals 'a' }}",
			"true false true true true", NULL},
		{"{{ 1 < 2 }} {{ 2 <= 2 }} {{ 'a' < 'b' }} {{ 1.5 > 1 }} {{ null > 1 }} {{ 3 >= 4 "
		 "}}",
			"true true true true false false", NULL},
		{"{{ true and 0 }} {{ '' or 'x' }} {{ not true }} {{ not 1 == 2 }} {{ not "
		 "inputs.none is defined }}",
			"false true false true true", NULL},
		{"{{ false and nope }} {{ true or nope }}", "false true", NULL},
		{"{{ 2 in [1, 2] }} {{ '2' in [1, 2] }} {{ 'b' not in inputs.tags }} {{ 'ell' in "
		 "'hello' }} {{ 'k' in {'k': 1} }}",
			"true true false true true", NULL},
		{"{{ inputs.tags contains 'a' }} {{ 'abc' contains 'bc' }} {{ [1, 2, 3] contains "
		 "[3, 1] }} {{ {'k': 1} contains 'v' }}",
			"true true true false", NULL},
		{"{{ 1 is even }} {{ 2 is not odd }} {{ inputs.none is null }} {{ '  ' is empty }} "
		 "{{ [] is empty }} {{ 'x' is empty }}",
			"false true true true true false", NULL},
		{"{{ list is iterable }} {{ inputs is map }} {{ '[1]' is json }} {{ 'x' is json }} "
		 "{{ 'x' is string }}",
			"true true true false true", NULL},
		{"{{ nope is defined }} {{ inputs.nope.more is not defined }} {{ inputs.none is "
		 "defined }} {{ inputs.name is defined }}",
			"false true false true", NULL},
		{"{{ inputs.flag ? 'yes' : 'no' }} {{ 0 ? 1 : inputs.empty ? 2 : 3 }} {{ "
		 "inputs.off ? 'set' : 'unset' }}",
			"yes 3 set", NULL},
		{"{{ nope ?? 'd' }} {{ outputs.nope.value ?? inputs.none ?? 'e' }} {{ inputs.none "
		 "??? 'f' }}.{{ inputs.name ?? nope }}",
			"d e .Ada", NULL},
		{"{{ inputs.name ~ '-' ~ inputs.count | upper }} {{ nope ?? 'x' | upper }}",
			"ADA-7 X", NULL},
		{"{{ 1..4 }} {{ 2 > 1 and 'x' in 'xy' ? 1 + 1 : 0 }}", "[1,2,3,4] 2", NULL},
		{"{{ 1 / 0 }}", NULL, "1:6: division by zero"},
		{"{{ big + 1 }}", NULL, "1:8: the result of '+' does not fit an integer"},
		{"{{ 'a' * 2 }}", NULL,
			"1:8: '*' cannot be used between a string and an integer; turn the string "
			"into a number with '| number'"},
		{"{{ inputs.nested < 2 }}", NULL,
			"1:18: '<' cannot be used between a map and an integer"},
		{"{{ nope is empty }}", NULL, "1:4: undefined variable 'nope'"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_tags(void)
{
	static const RenderCase cases[] = {
		{"{% if inputs.flag %}yes{% else %}no{% endif %}", "yes", NULL},
		{"{% if 0 %}a{% elseif inputs.count > 5 %}b{% else %}c{% endif %}", "b", NULL},
		{"{% if 0 %}a{% elif 0 %}b{% else %}c{% endif %}", "c", NULL},
		{"{% for t in inputs.tags %}{{ loop.index }}{{ t }}{% if not loop.last %},{% endif "
		 "%}{% endfor %}",
			"0b,1a,2c,3a", NULL},
		{"{% for t in [] %}x{% else %}none{% endfor %}{% for t in inputs.none %}x{% endfor "
		 "%}",
			"none", NULL},
		{"{% for e in {'a': 1, 'b': 2} %}{{ e.key }}={{ e.value }};{% endfor %}",
			"a=1;b=2;", NULL},
		{"{% for k, v in {'a': 1} %}{{ k }}{{ v }}{% endfor %}{% for i, v in ['x'] %}{{ i "
		 "}}{{ v }}{% endfor %}",
			"a10x", NULL},
		{"{% for i in 1..2 %}{% for j in 1..2 %}{{ i }}{{ j }}/{{ loop.revindex }} {% "
		 "endfor %}{{ loop.first }} {% endfor %}",
			"11/1 12/0 true 21/1 22/0 false ", NULL},
		{"{% set a = 1 %}{% set a = a + 1 %}{{ a }}", "2", NULL},
		{"{% set total = 0 %}{% for i in list %}{% set total = total + i %}{% endfor %}{{ "
		 "total }}",
			"6", NULL},
		{"{% for i in list %}{% set inner = i %}{% endfor %}{{ inner ?? 'gone' }}", "gone",
			NULL},
		{"{% set body %}<{{ inputs.name }}>{% endset %}{{ body }}", "<Ada>", NULL},
		{"{%- set x = 'a' -%}  {{ x }}  {%- if true -%}  b  {%- endif %} c", "ab c", NULL},
		{"{% macro field(name, kind='text') %}[{{ name }}:{{ kind }}]{% endmacro %}{{ "
		 "field('a') }}{{ field(kind='n', name='b') }}",
			"[a:text][b:n]", NULL},
		{"{% block head %}H{% endblock %}-{{ block('head') }}", "H-H", NULL},
		{"{% filter upper | trim %} abc {{ inputs.name }} {% endfilter %}", "ABC ADA",
			NULL},
		{"{% if x", NULL, "1:1: the tag 'if' is not closed by 'endif'"},
		{"{% if true %}a", NULL, "1:1: the tag 'if' is not closed by 'endif'"},
		{"{% for a of list %}{% endfor %}", NULL, "1:10: expected 'in', found 'of'"},
		{"{% endfor %}", NULL, "1:4: 'endfor' stands without its 'for'"},
		{"{% fi true %}", NULL, "1:4: unknown tag 'fi'; did you mean 'if'?"},
		{"{% eslse %}", NULL, "1:4: unknown tag 'eslse'; did you mean 'else'?"},
		{"{% include 'x' %}", NULL,
			"1:1: the tag 'include' is not available: a template stands alone"},
		{"{% for c in 'abc' %}{% endfor %}", NULL,
			"1:13: 'for' goes over a list or a map, not a string"},
		{"{% raw %}x", NULL, "1:1: the tag 'raw' is not closed by 'endraw'"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_faults(void)
{
	static const RenderCase cases[] = {
		{"{{ }}", NULL, "1:1: there is no expression between '{{' and '}}'"},
		{"a {{ b", NULL, "1:3: '{{' is not closed by '}}'"},
		{"a {{", NULL,
			"1:3: '{{' is not closed by '}}'; a literal '{{' is written {{ '{{' }} or "
			"stands in {% raw %}"},
		{"{{ a b }}", NULL, "1:6: expected an operator or '}}', found 'b'"},
		{"{{ a && b }}", NULL, "1:6: expected an operator or '}}', found '&'; write 'and'"},
		{"{{ a || b }}", NULL, "1:7: expected the name of a filter, found '|'; write 'or'"},
		{"{{ !a }}", NULL, "1:4: expected a value, found '!'; write 'not'"},
		{"{{ a ? b }}", NULL,
			"1:10: expected ':' behind the first choice of '?', found '}}'"},
		{"{{ [1, 2 }}", NULL, "1:10: expected ',' or ']', found '}}'"},
		{"{{ {'a' 1} }}", NULL, "1:9: expected ':' behind the key, found '1'"},
		{"{{ (1 }}", NULL, "1:7: expected ')', found '}}'"},
		{"{{ a. }}", NULL, "1:7: expected a name behind '.', found '}}'"},
		{"{{ x | uper }}", NULL, "1:8: unknown filter 'uper'; did you mean 'upper'?"},
		{"{{ x | qqq }}", NULL, "1:8: unknown filter 'qqq'"},
		{"{{ fromJsn('1') }}", NULL,
			"1:4: unknown function 'fromJsn'; did you mean 'fromJson'?"},
		{"{{ x is evn }}", NULL, "1:9: unknown test 'evn'; did you mean 'even'?"},
		{"{{ x | upper(1) }}", NULL, "1:8: filter 'upper' takes no arguments, not 1"},
		{"{{ x | chunk }}", NULL, "1:8: filter 'chunk' takes 1 argument, not 0"},
		{"{{ x | replace({}, true, 3) }}", NULL,
			"1:8: filter 'replace' takes 1 to 2 arguments, not 3"},
		{"{{ max() }}", NULL, "1:4: function 'max' takes at least 1 argument, not 0"},
		{"{{ x | chunk(sise=2) }}", NULL,
			"1:14: filter 'chunk' has no parameter 'sise'; did you mean 'size'?"},
		{"{{ x | replace(regexp=true) }}", NULL,
			"1:8: filter 'replace' needs the parameter 'replace_pairs'"},
		{"{{ x | replace({}, replace_pairs={}) }}", NULL,
			"1:20: the parameter 'replace_pairs' of filter 'replace' is given twice"},
		{"{{ x | replace(regexp=true, {}) }}", NULL,
			"1:29: an argument without a name stands behind a named one"},
		{"{# open", NULL, "1:1: '{#' is not closed by '#}'"},
		{"\xff{{ a }}", NULL, "1:1: the text is not valid UTF-8"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_render_function(void)
{
	static const RenderCase cases[] = {
		{"{{ render(vars.greeting) }}", "Hello Ada", NULL},
		{"{{ render(vars.twice) }} {{ renderOnce(vars.twice) }} {{ render(vars.twice, "
		 "recursive=false) }}",
			"Hello Ada! Hello {{ inputs.name }}! Hello {{ inputs.name }}!", NULL},
		{"{{ vars.greeting }}", "Hello {{ inputs.name }}", NULL},
		{"{{ render({'a': '{{ inputs.count }}', 'b': [vars.plain]}) }}",
			"{\"a\":\"7\",\"b\":[\"p\"]}", NULL},
		{"{{ render(vars.loop) }}", "{{ vars.loop }}", NULL},
		{"{{ render('{{ nope }}') ?? 'caught' }}", "caught", NULL},
		{"{{ render('{{ nope }}') }}", NULL,
			"1:4: in the text to render: 1:4: undefined variable 'nope'"},
		{"{{ render('{{ 1 +') }}", NULL,
			"1:4: in the text to render: 1:7: expected a value, found the end of the "
			"text"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_host(void)
{
	static const RenderCase cases[] = {
		{"{{ secret('TOKEN') }} {{ secret('TOKEN', namespace='-ns') }}", "s3cret s3cret-ns",
			NULL},
		{"{{ secret('OTHER') }}", NULL, "1:4: secret: there is no secret 'OTHER'"},
		{"{{ kv('x') }}", NULL, "1:4: function 'kv' is not available here"},
		{"{{ uuid() }}", "01234567-89ab-4def-8123-456789abcdf0", NULL},
		{"{{ randomInt(1, 10) >= 1 }} {{ randomInt(5, 6) }} {{ id() | length }}",
			"true 5 22", NULL},
		{"{{ nanoId() | length }} {{ nanoId(3, 'a') }}", "21 aaa", NULL},
		{"{{ nanoId(0) }}", NULL, "1:4: the length must be between 1 and 1000"},
		{"{{ nanoId(alphabet='') }}", NULL,
			"1:4: the alphabet is a string of ASCII characters"},
		{"{{ randomInt(5, 5) }}", NULL,
			"1:4: the upper bound must be greater than the lower one"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static json_t *evaluate(const char *text)
{
	ExprScope scope = test_scope_new();
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ = expr_template_parse(text, strlen(text), faults);
	g_autoptr(GError) error = NULL;
	json_t *value;

	g_assert_nonnull(template_);
	value = expr_template_evaluate(template_, &scope, NULL, &error);
	g_assert_no_error(error);
	test_scope_free(&scope);
	return value;
}

static void test_types(void)
{
	static const struct {
		const char *text;
		const char *json;
	} cases[] = {
		{"{{ inputs.count }}", "7"},
		{" {{ inputs.count }}\n", "7"},
		{"{{ inputs.name }}\n", "\"Ada\\n\""},
		{"{{ inputs.tags }}", "[\"b\", \"a\", \"c\", \"a\"]"},
		{"{# c #}{{ inputs.none }}", "null"},
		{"{{ inputs.count }}{{ inputs.count }}", "\"77\""},
		{"n={{ inputs.count }}", "\"n=7\""},
		{"{% if true %}{{ 1 }}{% endif %}", "\"1\""},
		{"plain", "\"plain\""},
		{"7", "\"7\""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *value = evaluate(cases[i].text),
		       *wanted = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);

		g_test_message("%s", cases[i].text);
		g_assert_true(json_equal(value, wanted));
		json_decref(value);
		json_decref(wanted);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text", test_text);
	g_test_add_func("/literals", test_literals);
	g_test_add_func("/paths", test_paths);
	g_test_add_func("/operators", test_operators);
	g_test_add_func("/tags", test_tags);
	g_test_add_func("/faults", test_faults);
	g_test_add_func("/render-function", test_render_function);
	g_test_add_func("/host", test_host);
	g_test_add_func("/types", test_types);
	return g_test_run();
}
