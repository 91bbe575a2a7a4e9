// Inputs of every type: what is taken, what becomes of it, and what is said about what is not.
#include "runner/inputs.h"

#include <string.h>

static const struct {
	const char *name, *inputs, *given,
		*expected; // the inputs as JSON, or the faults a line each
} cases[] = {
	{"string", "[{id: a, type: STRING}]", "{\"a\": \"x\"}", "{\"a\":\"x\"}"},
	{"string-from-number", "[{id: a, type: STRING}]", "{\"a\": 7}", "{\"a\":\"7\"}"},
	{"validator", "[{id: a, type: STRING, validator: '[a-z]+'}]", "{\"a\": \"abc\"}",
		"{\"a\":\"abc\"}"},
	{"validator-of-the-whole", "[{id: a, type: STRING, validator: '[a-z]+'}]",
		"{\"a\": \"abc1\"}", "input 'a' does not match '[a-z]+'\n"},
	{"int", "[{id: a, type: INT}]", "{\"a\": \" 42 \"}", "{\"a\":42}"},
	{"int-bad", "[{id: a, type: INT}]", "{\"a\": \"4.2\"}",
		"input 'a' is no whole number: '4.2'\n"},
	{"int-huge", "[{id: a, type: INT}]", "{\"a\": \"99999999999999999999\"}",
		"input 'a' is no whole number: '99999999999999999999'\n"},
	{"int-bounds", "[{id: a, type: INT, min: 1, max: 3}, {id: b, type: INT, min: 1, max: 3}]",
		"{\"a\": 0, \"b\": 4}",
		"input 'a' is less than the least allowed, 1\ninput 'b' is more than the most "
		"allowed, 3\n"},
	{"float", "[{id: a, type: FLOAT}]", "{\"a\": \"1.5\"}", "{\"a\":1.5}"},
	{"float-bad", "[{id: a, type: FLOAT}]", "{\"a\": \"nan\"}",
		"input 'a' is no number: 'nan'\n"},
	{"boolean", "[{id: a, type: BOOLEAN}]", "{\"a\": \"True\"}", "{\"a\":true}"},
	{"boolean-bad", "[{id: a, type: BOOLEAN}]", "{\"a\": \"yes\"}",
		"input 'a' is neither true nor false: 'yes'\n"},
	{"date", "[{id: a, type: DATE}]", "{\"a\": \"2024-02-29\"}", "{\"a\":\"2024-02-29\"}"},
	{"date-bad", "[{id: a, type: DATE}]", "{\"a\": \"2023-02-29\"}",
		"input 'a' is no date like 2026-01-31: '2023-02-29'\n"},
	{"date-order", "[{id: a, type: DATE, after: '2026-01-01'}]", "{\"a\": \"2026-01-01\"}",
		"input 'a' must be after 2026-01-01\n"},
	{"datetime", "[{id: a, type: DATETIME}]", "{\"a\": \"2026-01-01T10:00:00+02:00\"}",
		"{\"a\":\"2026-01-01T08:00:00Z\"}"},
	{"datetime-fraction", "[{id: a, type: DATETIME}, {id: b, type: DATETIME}]",
		"{\"a\": \"2026-01-01T23:30:00.5-01:00\", \"b\": \"2026-01-01T10:00:00.000250Z\"}",
		"{\"a\":\"2026-01-02T00:30:00.500Z\",\"b\":\"2026-01-01T10:00:00.000250Z\"}"},
	{"time", "[{id: a, type: TIME}]", "{\"a\": \"23:59\"}", "{\"a\":\"23:59:00\"}"},
	{"time-fraction", "[{id: a, type: TIME}]", "{\"a\": \"07:08:09.25\"}",
		"{\"a\":\"07:08:09.250\"}"},
	{"time-fraction-bad", "[{id: a, type: TIME}]", "{\"a\": \"07:08.5\"}",
		"input 'a' is no time of day like 08:30:00: '07:08.5'\n"},
	{"time-order", "[{id: a, type: TIME, after: '09:30'}]", "{\"a\": \"09:30:00\"}",
		"input 'a' must be after 09:30\n"},
	{"time-bad", "[{id: a, type: TIME}]", "{\"a\": \"24:00\"}",
		"input 'a' is no time of day like 08:30:00: '24:00'\n"},
	{"duration", "[{id: a, type: DURATION}]", "{\"a\": \"PT1H\"}", "{\"a\":\"PT1H\"}"},
	{"duration-has-one-text", "[{id: a, type: DURATION}, {id: b, type: DURATION}]",
		"{\"a\": \"P1DT90M\", \"b\": \"PT61.5S\"}",
		"{\"a\":\"PT25H30M\",\"b\":\"PT1M1.5S\"}"},
	{"duration-bad", "[{id: a, type: DURATION}]", "{\"a\": \"1h\"}",
		"input 'a' is no duration like PT1H30M: '1h'\n"},
	{"json", "[{id: a, type: JSON}]", "{\"a\": \"{\\\"k\\\": [1]}\"}", "{\"a\":{\"k\":[1]}}"},
	{"yaml", "[{id: a, type: YAML}]", "{\"a\": \"k: [1, no]\"}", "{\"a\":{\"k\":[1,\"no\"]}}"},
	{"array", "[{id: a, type: ARRAY, itemType: INT}]", "{\"a\": \"[1, 2]\"}", "{\"a\":[1,2]}"},
	{"array-bad-item", "[{id: a, type: ARRAY, itemType: INT}]", "{\"a\": \"[1, \\\"x\\\"]\"}",
		"input 'a' item 2 is no whole number: 'x'\n"},
	{"select", "[{id: a, type: SELECT, values: [x, y]}]", "{\"a\": \"y\"}", "{\"a\":\"y\"}"},
	{"select-bad", "[{id: a, type: SELECT, values: [x, y]}]", "{\"a\": \"z\"}",
		"input 'a' is none of [\"x\",\"y\"]: 'z'\n"},
	{"multiselect", "[{id: a, type: MULTISELECT, values: [x, y]}]", "{\"a\": \"[\\\"y\\\"]\"}",
		"{\"a\":[\"y\"]}"},
	{"uri-bad", "[{id: a, type: URI}]", "{\"a\": \"no uri\"}", "input 'a' is no URI: *"},
	{"email-bad", "[{id: a, type: EMAIL}]", "{\"a\": \"x@y\"}",
		"input 'a' is no e-mail address: 'x@y'\n"},
	{"required", "[{id: a, type: STRING}]", "{}", "input 'a' is required and was not given\n"},
	{"optional", "[{id: a, type: STRING, required: false}]", "{}", "{\"a\":null}"},
	{"default", "[{id: a, type: INT, defaults: 3}]", "{}", "{\"a\":3}"},
	{"prefill-is-no-default", "[{id: a, type: STRING, prefill: x, required: false}]", "{}",
		"{\"a\":null}"},
	{"prefill-and-required", "[{id: a, type: STRING, prefill: x}]", "{}",
		"input 'a' is required and was not given\n"},
	{"default-expression",
		"[{id: a, type: INT, defaults: 3}, {id: b, type: INT, defaults: '{{ inputs.a + 1 "
		"}}'}]",
		"{}", "{\"a\":3,\"b\":4}"},
	{"nested", "[{id: a.b, type: INT}, {id: a.c, type: INT}]",
		"{\"a.b\": 1, \"a\": {\"c\": 2}}", "{\"a\":{\"b\":1,\"c\":2}}"},
	{"unknown", "[{id: a, type: INT, defaults: 1}]", "{\"b\": 1}", "there is no input 'b'\n"},
	{"all-at-once", "[{id: a, type: INT}, {id: b, type: DATE}, {id: c, type: STRING}]",
		"{\"a\": \"x\", \"b\": \"y\"}",
		"input 'a' is no whole number: 'x'\ninput 'b' is no date like 2026-01-31: 'y'\n"
		"input 'c' is required and was not given\n"},
	{"depends-on",
		"[{id: a, type: BOOLEAN}, {id: b, type: STRING, dependsOn: {inputs: [a], "
		"condition: '{{ inputs.a }}'}}]",
		"{\"a\": false}", "{\"a\":false,\"b\":null}"},
	{"depends-on-one-that-takes-no-part",
		"[{id: a, type: BOOLEAN}, {id: b, type: STRING, dependsOn: {inputs: [a], "
		"condition: '{{ inputs.a }}'}}, {id: c, type: STRING, dependsOn: {inputs: [b]}}]",
		"{\"a\": false}", "{\"a\":false,\"b\":null,\"c\":null}"},
	{"depends-on-a-later-one",
		"[{id: a, type: STRING, defaults: '{{ inputs.b }}!', dependsOn: {inputs: [b]}}, "
		"{id: b, type: STRING, defaults: x}]",
		"{}", "{\"b\":\"x\",\"a\":\"x!\"}"},
};

static void test_case(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	g_autofree char *yaml = g_strdup_printf(
		"id: f\nnamespace: t\ninputs: %s\ntasks: [{id: x, type: log, message: x}]\n",
		cases[i].inputs);
	g_autoptr(Flow) flow = flow_parse("f.yaml", yaml, strlen(yaml), "t", NULL);
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	json_t *given = json_loads(cases[i].given, 0, NULL);
	InputsRequest request = {.inputs = flow->inputs, .given = given, .strict = true};
	json_t *values;
	GString *got = g_string_new(NULL);

	g_assert_nonnull(given);
	values = inputs_resolve(&request, NULL, faults);
	if (values != NULL) {
		g_autofree char *text = json_dumps(values, JSON_COMPACT);

		g_string_append(got, text);
	}
	for (guint j = 0; j < faults->len; j++)
		g_string_append_printf(got, "%s\n", (const char *)faults->pdata[j]);
	if (strchr(cases[i].expected, '*') != NULL)
		g_assert_true(g_pattern_match_simple(cases[i].expected, got->str));
	else
		g_assert_cmpstr(got->str, ==, cases[i].expected);
	// What can be said without a scope is said before there is a run, in the same words.
	g_autoptr(GPtrArray) early = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(inputs_check_given(&request, early) == (faults->len == 0));
	g_assert_cmpuint(early->len, ==, faults->len);
	for (guint j = 0; j < faults->len; j++)
		g_assert_cmpstr(early->pdata[j], ==, faults->pdata[j]);
	g_string_free(got, TRUE);
	json_decref(values);
	json_decref(given);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/inputs/%s", cases[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
	}
	return g_test_run();
}
