// What each filter and function gives, and how it complains.
#include "tests/expr/scope.h"

static void test_strings(void)
{
	static const RenderCase cases[] = {
		{"{{ 'LOUD Ä' | lower }} {{ 'quiet ü' | upper }} {{ 'article TITLE of élan' | "
		 "title }} {{ 'hello World' | capitalize }}",
			"loud ä QUIET Ü Article TITLE Of Élan Hello World", NULL},
		{"[{{ '  padded \n' | trim }}] {{ 'this is a long sentence.' | abbreviate(7) }} {{ "
		 "'short' | abbreviate(7) }} {{ 'abcdef' | abbreviate(2) }}",
			"[padded] this... short ab", NULL},
		{"{{ 'I like %this% and %that%.' | replace({'%this%': 'foo', '%that%': 1}) }}",
			"I like foo and 1.", NULL},
		{"{{ 'a1b22' | replace({'[0-9]+': '<$0>'}, regexp=true) }} {{ 'a.b' | replace('.', "
		 "'-') }}",
			"a<1>b<22> a-b", NULL},
		{"{{ text | split(',') }} {{ 'a, b;c' | split('[,;] *') }} {{ 'a.b' | split('.') "
		 "}} {{ 'a,b,c' | split(',', 2) }}",
			"[\"a\",\"b\",\"\",\"c\"] [\"a\",\"b\",\"c\"] [\"a\",\"b\"] "
			"[\"a\",\"b,c\"]",
			NULL},
		{"{{ 'a.b.c' | substringBefore('.') }} {{ 'a.b.c' | substringAfter('.') }} {{ "
		 "'a.b.c' | substringBeforeLast('.') }} {{ 'a.b.c' | substringAfterLast('.') }}",
			"a b.c a.b c", NULL},
		{"[{{ 'abc' | substringBefore('.') }}][{{ 'abc' | substringAfter('.') }}][{{ 'abc' "
		 "| substringBeforeLast('.') }}][{{ 'abc' | substringAfterLast('.') }}]",
			"[abc][][abc][]", NULL},
		{"{{ 'abc' | startsWith('ab') }} {{ 'abc' | endsWith('bc') }} {{ 'abc' | "
		 "startsWith('b') }}",
			"true true false", NULL},
		{"{{ unicode | slugify }} {{ '  Hello,  World! ' | slugify }}",
			"grue-arger hello-world", NULL},
		{"{{ 'a\nb' | indent(2) }}|{{ 'a\nb' | nindent(1, prefix='>') }}",
			"a\n  b|\n>a\n>b", NULL},
		{"{{ \"it's\" | escapeChar('single') }} {{ 'a\"b' | escapeChar('double') }} {{ "
		 "\"it's\" | escapeChar(type='shell') }}",
			"it\\'s a\\\"b it'\\''s", NULL},
		{"{{ '<a href=\"x\">&</a>' | escape }} {{ 'a b/c' | escape('url_param') }} {{ "
		 "'a\"b' | escape('js') }}",
			"&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt; a%20b%2Fc a\\\"b", NULL},
		{"{{ 5 | string }} {{ [1] | string }} {{ 'a\r\nb' | nl2br }} {{ 'x' | raw }} {{ "
		 "'order_id' | identifier }}",
			"5 [1] a<br/>b x order_id", NULL},
		{"{{ nope | default('d') }} {{ inputs.empty | default('e') }} {{ [] | default(1) "
		 "}} {{ 'v' | default('w') }} {{ outputs.nope.x | default('n') }}",
			"d e 1 v n", NULL},
		{"[{{ null | upper }}][{{ inputs.none | split(',') }}]", "[][]", NULL},
		{"{{ [1] | upper }}", NULL, "1:10: the value is a list, not a string"},
		{"{{ 'x' | escapeChar('x') }}", NULL,
			"1:10: the type is 'single', 'double' or 'shell', not 'x'"},
		{"{{ 'x' | escape('x') }}", NULL, "1:10: unknown escape strategy 'x'"},
		{"{{ 'x' | abbreviate(-1) }}", NULL, "1:10: the length cannot be negative"},
		{"{{ 'x' | abbreviate('y') }}", NULL,
			"1:10: the length is a string, not an integer"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_encodings(void)
{
	static const RenderCase cases[] = {
		{"{{ 'test' | base64encode }} {{ 'dGVzdA==' | base64decode }} {{ 'dGVzdA' | "
		 "base64decode }} {{ 'YWI=' | base64decode }}",
			"dGVzdA== test test ab", NULL},
		{"{{ 'a b&c/ü~*' | urlencode }} {{ 'a+b%26c%C3%BC' | urldecode }}",
			"a+b%26c%2F%C3%BC%7E* a b&cü", NULL},
		{"{{ 'test' | md5 }} {{ 'test' | sha1 }}",
			"098f6bcd4621d373cade4e832627b4f6 a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
			NULL},
		{"{{ 'test' | sha256 }}",
			"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", NULL},
		{"{{ 'test' | sha512 | slice(0, 16) }}", "ee26b0dd4af7e749", NULL},
		{"{{ 'order-12345-done' | regexExtract('\\d+') }} {{ 'ab12' | "
		 "regexExtract('([a-z]+)(\\d+)', group=2) }} [{{ 'x' | regexExtract('y') }}]",
			"12345 12 []", NULL},
		{"{{ 'ab' | regexMatch('^a') }} {{ 'a1b2' | regexReplace('([a-z])(\\d)', '$2$1') "
		 "}}",
			"true 1a2b", NULL},
		{"{{ '***' | base64decode }}", NULL, "1:12: the text is not base64"},
		{"{{ '/w==' | base64decode }}", NULL, "1:13: the text is not valid UTF-8"},
		{"{{ '%4' | urldecode }}", NULL, "1:11: '%' stands without two hexadecimal digits"},
		{"{{ 'x' | regexExtract('(') }}", NULL,
			"1:10: the regular expression '(' does not compile at char 1: missing "
			"terminating )"},
		{"{{ 'x' | regexExtract('x', 1) }}", NULL,
			"1:10: the regular expression has no group 1"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_numbers(void)
{
	static const RenderCase cases[] = {
		{"{{ -7 | abs }} {{ -1.5 | abs }} {{ '12.3' | number }} {{ ' 42 ' | number }} {{ "
		 "'42' | number('FLOAT') }} {{ '1e3' | number }} {{ 3.9 | number('INT') }}",
			"7 1.5 12.3 42 42.0 1000.0 3", NULL},
		{"{{ 2.567 | round(2) }} {{ 2.5 | round }} {{ 2.7 | floor }} {{ 2.1 | ceil }}",
			"2.57 3 2 3", NULL},
		{"{{ 3.141592653 | numberFormat('#.##') }} {{ 1234567.891 | "
		 "numberFormat('#,##0.00') }} {{ 0.256 | numberFormat('0.0%') }}",
			"3.14 1,234,567.89 25.6%", NULL},
		{"{{ 5 | numberFormat('000') }} {{ 0.5 | numberFormat('#.0') }} {{ -1234.5 | "
		 "numberFormat('$#,##0.00') }} {{ 12 | numberFormat }} {{ 7 | numberFormat(\"0 "
		 "'x'\") }}",
			"005 .5 -$1,234.50 12 7 x", NULL},
		{"{{ max(5, 10, 15) }} {{ min([3, 1.5]) }} {{ max('a', 'b') }} {{ range(0, 3) }} "
		 "{{ range(6, 0, -2) }} {{ range('a', 'd') }} {{ range(1, 0) }}",
			"15 1.5 b [0,1,2,3] [6,4,2,0] [\"a\",\"b\",\"c\",\"d\"] []", NULL},
		{"{{ 'x' | number }}", NULL, "1:10: 'x' is not a number"},
		{"{{ '1.5' | number('INT') }}", NULL, "1:12: '1.5' is not a number"},
		{"{{ 1 | number('x') }}", NULL,
			"1:8: the type of a number is INT, LONG, FLOAT, DOUBLE, BIGINTEGER or "
			"BIGDECIMAL"},
		{"{{ 'x' | abs }}", NULL, "1:10: 'x' is not a number"},
		{"{{ range(1, 3, 0) }}", NULL, "1:4: the step of a range cannot be 0"},
		{"{{ range(0, 99999999999) }}", NULL,
			"1:4: the expression takes more than 10000000 steps"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_collections(void)
{
	static const RenderCase cases[] = {
		{"{{ list | first }}{{ list | last }}{{ 'Übel' | first }}{{ 'Übel' | last }} [{{ "
		 "[] | first }}] {{ {'a': 5} | first }}",
			"32Ül [] 5", NULL},
		{"{{ list | length }} {{ 'Übel' | length }} {{ {'a': 1} | length }} {{ null | "
		 "length }}",
			"3 4 1 0", NULL},
		{"{{ inputs.tags | join(', ') }} {{ [1, null, [2]] | join }}", "b, a, c, a 1[2]",
			NULL},
		{"{{ [1, 2, 3, 4] | slice(1, 3) }} {{ 'abcdef' | slice(2) }} {{ [1, 2] | slice(0, "
		 "9) }} {{ 'Übel' | slice(fromIndex=0, toIndex=1) }}",
			"[2,3] cdef [1,2] Ü", NULL},
		{"{{ list | sort }} {{ list | rsort }} {{ inputs.tags | sort | reverse }} {{ 'abc' "
		 "| reverse }} {{ [2, 1.5] | sort }}",
			"[1,2,3] [3,2,1] [\"c\",\"b\",\"a\",\"a\"] cba [1.5,2]", NULL},
		{"{{ inputs.tags | distinct }} {{ [1, 2, 3, 4, 5] | chunk(2) }} {{ [1, [2, [3]], "
		 "4] | flatten }}",
			"[\"b\",\"a\",\"c\"] [[1,2],[3,4],[5]] [1,2,[3],4]", NULL},
		{"{{ {'x': 1, 'y': 2} | keys }} {{ ['p', 'q'] | keys }} {{ {'x': 1, 'y': 2} | "
		 "values }}",
			"[\"x\",\"y\"] [0,1] [1,2]", NULL},
		{"{{ {'a': 1, 'b': 2} | merge({'b': 3, 'c': 4}) }} {{ [1] | merge([2]) }}",
			"{\"a\":1,\"b\":3,\"c\":4} [1,2]", NULL},
		{"{{ [1, 'a'] | sort }}", NULL,
			"1:15: '<' cannot be used between an integer and a string; turn the string "
			"into a number with '| number'"},
		{"{{ 5 | first }}", NULL,
			"1:8: 'first' takes a list, a map or a string, not an integer"},
		{"{{ [1] | chunk(0) }}", NULL, "1:10: the size of a chunk must be at least 1"},
		{"{{ [1] | merge({}) }}", NULL,
			"1:10: 'merge' takes two maps or two lists, not a list and a map"},
		{"{{ 'x' | keys }}", NULL, "1:10: 'keys' takes a map or a list, not a string"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_yaml(void)
{
	static const RenderCase cases[] = {
		{"{{ {'a': 1, 'b': ['x', {'c d': 'no', 'e': []}], 'f': {'g': null}} | yaml }}",
			"a: 1\nb:\n  - x\n  -\n    c d: \"no\"\n    e: []\nf:\n  g: null\n", NULL},
		{"{{ 'plain text' | yaml }}{{ 'a: b' | yaml }}{{ '12' | yaml }}{{ 1.5 | yaml }}{{ "
		 "'' | yaml }}{{ 'a:b' | yaml }}",
			"plain text\n\"a: b\"\n\"12\"\n1.5\n\"\"\na:b\n", NULL},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_json(void)
{
	static const RenderCase cases[] = {
		{"{{ 'foo' | toJson }} {{ null | toJson }} {{ {'a': [1.5]} | json }} {{ true | "
		 "toJson }}",
			"\"foo\" null {\"a\":[1.5]} true", NULL},
		{"{{ fromJson(outputs.json.value).k[1] }} {{ '[1]' | fromJson | first }} {{ "
		 "fromJson('7') + 1 }}",
			"2.5 1 8", NULL},
		{"{{ fromJson('{') }}", NULL,
			"1:4: the text is not JSON: line 1, column 1: string or '}' expected near "
			"end of file"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_ion(void)
{
	static const RenderCase cases[] = {
		{"{{ {'a': 1.5, 'b c': [null, 'x', 2], 'true': false} | toIon }} {{ null | toIon "
		 "}}",
			"{a:1.5e0,'b c':[null,\"x\",2],'true':false} null", NULL},
		{"{{ {\"it's\": 1.5} | toIon }}", "{'it\\'s':1.5e0}", NULL},
		{"{{ fromIon('{a: 1, \"b\": [x, 1.5d0, 2e1, -0x1F, 0b11, 1_000,], }') }}",
			"{\"a\":1,\"b\":[\"x\",1.5,20.0,-31,3,1000]}", NULL},
		{"{{ fromIon('{t: 2024-01-01T00:00:00.5Z, d: 2024T, n: null.int, m: day::note::7, "
		 "s: (a b), e: {}}') }}",
			"{\"t\":\"2024-01-01T00:00:00.5Z\",\"d\":\"2024T\",\"n\":null,\"m\":7,"
			"\"s\":["
			"\"a\",\"b\"],\"e\":{}}",
			NULL},
		{"{{ fromIon('$ion_1_0 {a:1} /* x */ {a:2} // y', allRows=true) }} {{ "
		 "fromIon('{a:1}{a:2}').a }} {{ fromIon('') is null }}",
			"[{\"a\":1},{\"a\":2}] 1 true", NULL},
		{"{{ fromIon({'a': [1, 'b\"c', {'d': 2.5}]} | toIon) }}",
			"{\"a\":[1,\"b\\\"c\",{\"d\":2.5}]}", NULL},
		{"{{ fromIon(\"{{ aGk= }} '''a''' '''b'''\", allRows=true) }}", "[\"aGk=\",\"ab\"]",
			NULL},
		{"{{ fromIon('{a 1}') }}", NULL,
			"1:4: the text is not Ion: line 1: a name and ':' are expected in the "
			"struct"},
		{"{{ fromIon('[1, 2') }}", NULL,
			"1:4: the text is not Ion: line 1: a value is expected"},
		{"{{ fromIon('\"x') }}", NULL,
			"1:4: the text is not Ion: line 1: a text has no end"},
		{"{{ fromIon('\"\\u00e9 \\ud83d\\ude00 \\x41 \\U0001F600\"') }}", "é 😀 A 😀", NULL},
		{"{{ fromIon('\"\\ud800\\u') }}", NULL,
			"1:4: the text is not Ion: line 1: a character's number is cut short"},
		{"{{ fromIon('\"\\ud800\"') }}", NULL,
			"1:4: the text is not Ion: line 1: there is no such character"},
		{"{{ fromIon(\"{\\\"\\\\\") }}", NULL,
			"1:4: the text is not Ion: line 1: a text has no end"},
		{"{{ fromIon('\"\\z\"') }}", NULL,
			"1:4: the text is not Ion: line 1: an unknown escape"},
		{"{{ fromIon('12z') }}", NULL,
			"1:4: the text is not Ion: line 1: a number or name cannot be read"},
		{"{{ fromIon([]) }}", NULL, "1:4: the value is a list, not a string"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_class_names(void)
{
	static const RenderCase cases[] = {
		{"{{ 'a' | className }} {{ 7 | className }} {{ 3000000000 | className }} {{ '1.5' "
		 "| "
		 "number | className }} {{ true | className }}",
			"java.lang.String java.lang.Integer java.lang.Long java.lang.Float "
			"java.lang.Boolean",
			NULL},
		{"{{ [1] | className }} {{ {} | className }}",
			"java.util.ArrayList java.util.LinkedHashMap", NULL},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

#ifdef WEIR_WITH_JQ
static void test_jq(void)
{
	static const RenderCase cases[] = {
		{"{{ [1, 2, 3] | jq('.') }} {{ [1, 2, 3] | jq('.[0]') | first }} {{ [1, 2, 3] | "
		 "jq('.[] | . * 1.5') }}",
			"[[1,2,3]] 1 [1.5,3,4.5]", NULL},
		{"{{ inputs | jq('.nested.a.b[1].c') }} {{ {'b': 1, 'a': null} | jq('keys, .a') }} "
		 "{{ 1 | jq('empty') }}",
			"[\"deep\"] [[\"a\",\"b\"],null] []", NULL},
		{"{{ {} | jq('def f: 1; f') }} {{ null | jq('env, $ENV') }} {{ 1 | jq('') }}",
			"[1] [{},{}] [1]", NULL},
		{"{{ outputs.json.value | jq('.k[1]') }} {{ '\"a\"' | jq('.') }}", "[2.5] [\"a\"]",
			NULL},
		{"{{ '\"a\"' | jq('.b') }}", NULL,
			"1:12: jq: Cannot index string with string \"b\""},
		{"{{ 'no json' | jq('.') }}", NULL,
			"1:16: the text is not JSON: line 1, column 2: invalid token near 'no'"},
		{"{{ 1 | jq('.[') }}", NULL,
			"1:8: the jq program '.[' does not compile: jq: error: syntax error, "
			"unexpected $end (Unix shell quoting issues?) at <top-level>, line 1:"},
		{"{{ 'a' | jq(1) }}", NULL, "1:10: the jq program is an integer, not a string"},
		{"{{ 1 | jq('halt') }}", NULL, "1:8: jq: halt is not available"},
		{"{{ 1 | jq('import \"x\" as x; 1') }}", NULL,
			"1:8: the jq program 'import \"x\" as x; 1' does not compile: jq: error: "
			"syntax error, unexpected import (Unix shell quoting issues?) at "
			"<top-level>, line 1:"},
		{"{{ null | jq('def f: f; f') }}", NULL,
			"1:11: the jq program takes longer than 5 seconds"},
		{"{{ null | jq('1') }}", "[1]", NULL},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}
#else
static void test_jq(void)
{
	static const RenderCase cases[] = {
		{"{{ 'a' | jq('.b') }}", NULL,
			"1:10: the filter 'jq' is not available: weir was built without jq"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}
#endif

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/strings", test_strings);
	g_test_add_func("/encodings", test_encodings);
	g_test_add_func("/numbers", test_numbers);
	g_test_add_func("/collections", test_collections);
	g_test_add_func("/yaml", test_yaml);
	g_test_add_func("/json", test_json);
	g_test_add_func("/ion", test_ion);
	g_test_add_func("/class-names", test_class_names);
	g_test_add_func("/jq", test_jq);
	return g_test_run();
}
