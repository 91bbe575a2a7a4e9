// What triggers ask, as tables of cases: conditions, windows of time, preconditions over several flows.
#include "repo-layout/trigger_window.h"

#include <string.h>

static int64_t moment(const char *text)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, NULL);

	g_assert_nonnull(date);
	return g_date_time_to_unix(date) * G_USEC_PER_SEC;
}

static json_t *parse(const char *text)
{
	json_error_t error;
	g_autofree char *quoted = g_strdup(text);
	json_t *value;

	g_strdelimit(quoted, "'", '"');
	value = json_loads(quoted, 0, &error);
	if (value == NULL)
		g_error("%s: %s", error.text, quoted);
	return value;
}

// ---- Times of the day ---------------------------------------------------------------------------------------------

static void test_times_of_the_day(void)
{
	static const struct {
		const char *text;
		bool good;
		int64_t time, offset; // seconds
	} cases[] = {
		{"09:00", true, 32400, 0},
		{"00:00:00Z", true, 0, 0},
		{"23:59:59+01:00", true, 86399, 3600},
		{"06:30:15-0530", true, 23415, -19800},
		{"06:30+02", true, 23400, 7200},
		{"12:00:00.25", true, 43200, 0},
		{"24:00", false, 0, 0},
		{"9:00", false, 0, 0},
		{"09:60", false, 0, 0},
		{"09:00:61", false, 0, 0},
		{"09:00:00.", false, 0, 0},
		{"09:00 ", false, 0, 0},
		{"09:00+1:00", false, 0, 0},
		{"09:00+19:00", false, 0, 0},
		{"", false, 0, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int64_t time = -1, offset = -1;
		bool good = trigger_time_of_day(cases[i].text, &time, &offset);

		g_test_message("%s", cases[i].text);
		g_assert_cmpint(good, ==, cases[i].good);
		if (!good)
			continue;
		g_assert_cmpint(time / G_USEC_PER_SEC, ==, cases[i].time);
		g_assert_cmpint(offset / G_USEC_PER_SEC, ==, cases[i].offset);
	}
}

// ---- Windows ------------------------------------------------------------------------------------------------------

static void test_windows(void)
{
	static const struct {
		const char *window, *at, *begin, *end; // begin NULL: outside
	} cases[] = {
		{"{}", "2026-11-21T10:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"},
		{"{}", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"},
		{"{'type':'DURATION_WINDOW','window':'PT1H'}", "2026-11-21T10:59:59Z",
			"2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"},
		{"{'window':'PT6H'}", "2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z",
			"2026-11-21T18:00:00Z"},
		{"{'window':'P1D','windowAdvance':'PT4H'}", "2026-11-21T03:00:00Z",
			"2026-11-20T04:00:00Z", "2026-11-21T04:00:00Z"},
		{"{'window':'P1D','windowAdvance':'PT4H'}", "2026-11-21T04:00:00Z",
			"2026-11-21T04:00:00Z", "2026-11-22T04:00:00Z"},
		{"{'window':'P1D','windowAdvance':'-PT2H'}", "2026-11-21T23:00:00Z",
			"2026-11-21T22:00:00Z", "2026-11-22T22:00:00Z"},
		{"{'window':'P1D'}", "1969-12-31T10:00:00Z", "1969-12-31T00:00:00Z",
			"1970-01-01T00:00:00Z"},
		{"{'type':'DAILY_TIME_DEADLINE','deadline':'09:00:00'}", "2026-11-21T08:59:59Z",
			"2026-11-21T00:00:00Z", "2026-11-21T09:00:00Z"},
		{"{'type':'DAILY_TIME_DEADLINE','deadline':'09:00:00'}", "2026-11-21T09:00:00Z",
			NULL, NULL},
		{"{'type':'DAILY_TIME_DEADLINE','deadline':'09:00:00+01:00'}",
			"2026-11-20T23:30:00Z", "2026-11-20T23:00:00Z", "2026-11-21T08:00:00Z"},
		{"{'type':'DAILY_TIME_DEADLINE','deadline':'09:00:00+01:00'}",
			"2026-11-21T08:00:00Z", NULL, NULL},
		{"{'type':'DAILY_TIME_WINDOW','startTime':'06:00:00','endTime':'09:00:00'}",
			"2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z", "2026-11-21T09:00:00Z"},
		{"{'type':'DAILY_TIME_WINDOW','startTime':'06:00:00','endTime':'09:00:00'}",
			"2026-11-21T05:59:59Z", NULL, NULL},
		{"{'type':'DAILY_TIME_WINDOW','startTime':'06:00:00','endTime':'09:00:00'}",
			"2026-11-21T09:00:00Z", NULL, NULL},
		// Over midnight.
		{"{'type':'DAILY_TIME_WINDOW','startTime':'22:00:00','endTime':'02:00:00'}",
			"2026-11-21T01:00:00Z", "2026-11-20T22:00:00Z", "2026-11-21T02:00:00Z"},
		{"{'type':'DAILY_TIME_WINDOW','startTime':'22:00:00','endTime':'02:00:00'}",
			"2026-11-21T03:00:00Z", NULL, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		json_t *window = parse(cases[i].window);
		TriggerWindow got;
		bool inside;

		g_test_message("%s at %s", cases[i].window, cases[i].at);
		trigger_window_at(window, moment(cases[i].at), &got, &inside, &error);
		g_assert_no_error(error);
		g_assert_cmpint(inside, ==, cases[i].begin != NULL);
		if (inside) {
			g_assert_cmpint(got.begin, ==, moment(cases[i].begin));
			g_assert_cmpint(got.end, ==, moment(cases[i].end));
		}
		json_decref(window);
	}
}

static void test_wrong_windows(void)
{
	static const struct {
		const char *window, *message;
	} cases[] = {
		{"{'type':'HOURLY'}",
			"'type' is 'HOURLY'; it is written like DURATION_WINDOW, SLIDING_WINDOW, "
			"DAILY_TIME_DEADLINE or DAILY_TIME_WINDOW"},
		{"{'window':'1 hour'}", "'window' is '1 hour'; it is written like PT1H"},
		{"{'window':'PT0S'}", "'window' is 'PT0S'; it is written like PT1H"},
		{"{'type':'DAILY_TIME_DEADLINE'}",
			"'deadline' is ''; it is written like 09:00:00+01:00"},
		{"{'type':'DAILY_TIME_WINDOW','startTime':'06:00','endTime':'25:00'}",
			"'endTime' is '25:00'; it is written like 09:00:00+01:00"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		json_t *window = parse(cases[i].window);
		TriggerWindow got;
		bool inside;

		g_assert_false(trigger_window_at(window, 0, &got, &inside, &error));
		g_assert_cmpstr(error->message, ==, cases[i].message);
		json_decref(window);
	}
}

// ---- Conditions ---------------------------------------------------------------------------------------------------

#define RUN                                                                                        \
	"{'id':'R','namespace':'shop.eu','flowId':'load','state':'WARNING','attempt':1,"           \
	"'labels':{'env':'prod','n':'3'},'outputs':{'rows':7}}"

// At Saturday, 2026-11-21T10:00:00Z.
static void test_conditions(void)
{
	static const struct {
		const char *condition;
		bool holds;
	} cases[] = {
		{"{'type':'day-week','dayOfWeek':'SATURDAY'}", true},
		{"{'type':'day-week','dayOfWeek':'MONDAY'}", false},
		{"{'type':'day-week','dayOfWeek':'SUNDAY','date':'{{ trigger.date }}'}", true},
		{"{'type':'weekend'}", true},
		{"{'type':'weekend','date':'2026-11-20'}", false},
		{"{'type':'day-week-in-month','dayOfWeek':'SATURDAY','dayInMonth':'THIRD'}", true},
		{"{'type':'day-week-in-month','dayOfWeek':'SATURDAY','dayInMonth':'LAST'}", false},
		{"{'type':'day-week-in-month','dayOfWeek':'SATURDAY','dayInMonth':'LAST','date':"
		 "'2026-11-28'}",
			true},
		{"{'type':'date-time-between','after':'2026-11-21T09:59:59Z'}", true},
		{"{'type':'date-time-between','after':'2026-11-21T10:00:00Z'}", false},
		{"{'type':'date-time-between','before':'2026-11-21T12:00:00+02:00'}", false},
		{"{'type':'date-time-between','after':'2026-01-01T00:00:00Z','before':"
		 "'2027-01-01T00:00:00Z'}",
			true},
		{"{'type':'time-between','after':'09:00:00','before':'11:00:00'}", true},
		{"{'type':'time-between','after':'10:00:00','before':'11:00:00'}", false},
		{"{'type':'time-between','after':'10:30:00+01:00'}", true},
		{"{'type':'execution-flow','namespace':'shop.eu','flowId':'load'}", true},
		{"{'type':'execution-flow','namespace':'shop.eu','flowId':'other'}", false},
		{"{'type':'execution-namespace','namespace':'shop.eu'}", true},
		{"{'type':'execution-namespace','namespace':'shop'}", false},
		{"{'type':'execution-namespace','namespace':'shop.','prefix':true}", true},
		{"{'type':'execution-namespace','namespace':'.eu','comparison':'SUFFIX'}", true},
		{"{'type':'execution-status','in':['SUCCESS','WARNING']}", true},
		{"{'type':'execution-status','notIn':['WARNING']}", false},
		{"{'type':'execution-labels','labels':{'env':'prod','n':3}}", true},
		{"{'type':'execution-labels','labels':{'env':'dev'}}", false},
		{"{'type':'execution-labels','labels':[{'key':'env','value':'prod'}]}", true},
		{"{'type':'execution-outputs','expression':'{{ outputs.rows == 7 }}'}", true},
		{"{'type':'expression','expression':'{{ trigger.date is null }}'}", false},
		{"{'type':'has-retry-attempt'}", false},
		{"{'type':'not','conditions':[{'type':'weekend'}]}", false},
		{"{'type':'not','conditions':[{'type':'has-retry-attempt'}]}", true},
		{"{'type':'or','conditions':[{'type':'has-retry-attempt'},{'type':'weekend'}]}",
			true},
		{"{'type':'or','conditions':[]}", false},
	};
	json_t *run = parse(RUN);
	json_t *variables = json_pack("{s:{s:s}, s:{s:i}}", "trigger", "date",
		"2026-11-22T00:00:00Z", "outputs", "rows", 7);
	const TriggerScope scope = {.variables = variables,
		.now = moment("2026-11-21T10:00:00Z"),
		.date = moment("2026-11-21T10:00:00Z"),
		.run = run};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		json_t *condition = parse(cases[i].condition);
		bool holds;

		g_test_message("%s", cases[i].condition);
		trigger_condition_holds(condition, &scope, &holds, &error);
		g_assert_no_error(error);
		g_assert_cmpint(holds, ==, cases[i].holds);
		json_decref(condition);
	}
	json_decref(variables);
	json_decref(run);
}

static void test_conditions_that_cannot_be_told(void)
{
	static const struct {
		const char *trigger, *message;
	} cases[] = {
		{"{'conditions':[{'type':'day-week','dayOfWeek':'SOMEDAY'}]}",
			"in condition 1: 'SOMEDAY' is no day of the week"},
		{"{'conditions':[{'type':'weekend'},{'type':'weekend','date':'soon'}]}",
			"in condition 2: 'soon' is no date"},
		{"{'when':'{{ nothing }}'}", "in 'when': 1:4: undefined variable 'nothing'"},
		{"{'when':'{{ secret(\\'x\\') }}'}", NULL},
		{"{'inputs':{'a':{'b':'{{ nothing }}'}}}", NULL},
		{"{'conditions':[{'type':'public-holiday'}]}", NULL},
	};
	json_t *variables = json_object();
	const TriggerScope scope = {.variables = variables, .date = moment("2026-11-21T10:00:00Z")};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_auto(TriggerStart) start = {0};
		json_t *trigger;

		if (strstr(cases[i].trigger, "secret") != NULL)
			trigger = json_pack("{s:s}", "when", "{{ secret('x') }}");
		else
			trigger = parse(cases[i].trigger);
		g_test_message("%s", cases[i].trigger);
		g_assert_false(trigger_rule_start(trigger, &scope, &start, &error));
		g_assert_nonnull(error);
		g_test_message("%s", error->message);
		if (cases[i].message != NULL)
			g_assert_true(g_str_has_prefix(error->message, cases[i].message));
		g_assert_null(start.inputs);
		json_decref(trigger);
	}
	json_decref(variables);
}

static void test_start(void)
{
	json_t *trigger =
		parse("{'when':'{{ trigger.n > 1 }}','inputs':{'day':'{{ trigger.date }}',"
		      "'n':'{{ trigger.n }}','deep':['{{ vars.a }}','{{ vars.b "
		      "}}']},'labels':{'from':'x'}}");
	json_t *values = json_pack("{s:s, s:i}", "date", "2026-11-21", "n", 2);
	json_t *shared = json_pack("{s:s, s:s}", "a", "the domain's", "b", "B");
	const TriggerOwner owner = {"shop", "f", 3, "{\"variables\":{\"a\":\"A\"}}", shared};
	json_t *variables = trigger_variables(&owner, values);
	const TriggerScope scope = {.variables = variables};
	g_autoptr(GError) error = NULL;
	g_auto(TriggerStart) start = {0};

	trigger_rule_start(trigger, &scope, &start, &error);
	g_assert_no_error(error);
	g_assert_true(start.holds);
	g_assert_cmpstr(
		start.inputs, ==, "{\"day\":\"2026-11-21\",\"n\":2,\"deep\":[\"A\",\"B\"]}");
	g_assert_cmpstr(start.labels, ==, "{\"from\":\"x\"}");
	json_decref(variables);
	json_decref(shared);
	json_decref(values);
	json_decref(trigger);
}

// ---- Preconditions ------------------------------------------------------------------------------------------------

typedef struct {
	const char *at; // on 2026-11-21, or a whole moment
	const char *flow; // "a": of the namespace n
	const char *state;
	const char *fires; // ids of the runs, joined by blanks; NULL: it does not
} Step;

typedef struct {
	const char *trigger;
	Step steps[8];
} Story;

#define FLOWS                                                                                      \
	"'flows':[{'namespace':'n','flowId':'a','states':['SUCCESS']},{'namespace':'n','flowId':'" \
	"b'}]"

static void run_story(const Story *story)
{
	json_t *trigger = parse(story->trigger);
	json_t *state = json_object();
	g_autofree char *fault = trigger_preconditions_fault(trigger);

	g_assert_null(fault);
	g_assert_true(trigger_has_preconditions(trigger));
	for (const Step *step = story->steps; step->at != NULL; step++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *at = strlen(step->at) > 8
					      ? g_strdup(step->at)
					      : g_strdup_printf("2026-11-21T%sZ", step->at);
		g_autofree char *id =
			g_strdup_printf("%s%d", step->flow, (int)(step - story->steps));
		json_t *run = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "id", id, "namespace", "n",
			"flowId", step->flow, "state", step->state, "labels", "env", "prod");
		const TriggerScope scope = {.variables = run, .run = run};
		TriggerStep got;

		trigger_preconditions_step(trigger, &scope, moment(at), state, &got, &error);
		g_assert_no_error(error);
		g_test_message("%s: step %d: %s", story->trigger, (int)(step - story->steps), id);
		g_assert_cmpint(got.fires, ==, step->fires != NULL);
		if (got.fires) {
			g_autoptr(GString) ids = g_string_new(NULL);
			json_t *item;
			size_t index;

			json_array_foreach(got.runs, index, item) g_string_append_printf(
				ids, "%s%s", index > 0 ? " " : "", json_string_value(item));
			g_assert_cmpstr(ids->str, ==, step->fires);
		}
		json_decref(got.runs);
		json_decref(run);
		// What is remembered survives a restart.
		char *text = json_dumps(state, JSON_COMPACT);
		json_decref(state);
		state = json_loads(text, 0, NULL);
		free(text);
	}
	json_decref(state);
	json_decref(trigger);
}

static void test_preconditions(void)
{
	static const Story stories[] = {
		// In any order; all are open again afterwards.
		{"{'preconditions':{" FLOWS "}}",
			{{"10:00:00", "a", "SUCCESS", NULL}, {"11:00:00", "b", "FAILED", "a0 b1"},
				{"12:00:00", "b", "SUCCESS", NULL},
				{"13:00:00", "a", "SUCCESS", "b2 a3"}}},
		// A state that does not count; the last run of a flow is the one that counts.
		{"{'preconditions':{" FLOWS "}}",
			{{"10:00:00", "a", "FAILED", NULL}, {"10:10:00", "b", "SUCCESS", NULL},
				{"10:20:00", "b", "SUCCESS", NULL},
				{"10:30:00", "a", "SUCCESS", "b2 a3"}}},
		// Not reset: each further one starts again within the window, and not beyond it.
		{"{'preconditions':{'resetOnSuccess':false," FLOWS "}}",
			{{"10:00:00", "a", "SUCCESS", NULL}, {"11:00:00", "b", "SUCCESS", "a0 b1"},
				{"12:00:00", "b", "SUCCESS", "a0 b2"},
				{"2026-11-22T00:00:00Z", "b", "SUCCESS", NULL},
				{"2026-11-22T00:00:01Z", "a", "SUCCESS", "b3 a4"}}},
		// A window is over: what was in it does not count.
		{"{'preconditions':{'timeWindow':{'window':'PT1H'}," FLOWS "}}",
			{{"10:59:59", "a", "SUCCESS", NULL}, {"11:00:00", "b", "SUCCESS", NULL},
				{"11:59:59", "a", "SUCCESS", "b1 a2"}}},
		{"{'preconditions':{'timeWindow':{'type':'SLIDING_WINDOW','window':'PT1H'}," FLOWS
		 "}}",
			{{"10:59:59", "a", "SUCCESS", NULL}, {"11:30:00", "b", "SUCCESS", "a0 b1"},
				{"11:40:00", "a", "SUCCESS", NULL},
				{"12:40:01", "b", "SUCCESS", NULL},
				{"12:41:00", "a", "SUCCESS", "b3 a4"}}},
		{"{'preconditions':{'timeWindow':{'type':'DAILY_TIME_DEADLINE','deadline':"
		 "'09:00:00'}," FLOWS "}}",
			{{"08:00:00", "a", "SUCCESS", NULL}, {"09:00:00", "b", "SUCCESS", NULL},
				{"2026-11-22T01:00:00Z", "b", "SUCCESS", NULL},
				{"2026-11-22T02:00:00Z", "a", "SUCCESS", "b2 a3"}}},
		// where: all filters, or any.
		{"{'preconditions':{'where':[{'id':'x','filters':[{'field':'FLOW_ID','type':"
		 "'STARTS_WITH','value':'load_'},{'field':'STATE','type':'IN','values':['SUCCESS',"
		 "'WARNING']}]},{'id':'y','operand':'OR','filters':[{'field':'FLOW_ID','type':"
		 "'REGEX','value':'c+'},{'field':'NAMESPACE','type':'NOT_EQUAL_TO','value':'n'}]}]}"
		 "}",
			{{"10:00:00", "load_a", "FAILED", NULL},
				{"10:01:00", "load_a", "WARNING", NULL},
				{"10:02:00", "xcc", "SUCCESS", NULL},
				{"10:03:00", "cc", "SUCCESS", "load_a1 cc3"}}},
		{"{'preconditions':{'where':[{'id':'x','filters':[{'field':'EXPRESSION','type':"
		 "'IS_TRUE','value':'{{ labels.env == \\\"prod\\\" }}'},{'field':'FLOW_ID','type':"
		 "'NOT_IN','values':['a']},{'field':'FLOW_ID','type':'CONTAINS','value':'b'},{"
		 "'field':'FLOW_ID','type':'ENDS_WITH','value':'b'},{'field':'STATE','type':"
		 "'IS_NOT_NULL'}]}]}}",
			{{"10:00:00", "a", "SUCCESS", NULL}, {"10:01:00", "b", "SUCCESS", "b1"}}},
		// The old way to say it.
		{"{'conditions':[{'type':'multiple','id':'m','window':'PT12H','conditions':{'one':{"
		 "'type':'execution-flow','namespace':'n','flowId':'a'},'two':{'type':"
		 "'execution-flow','namespace':'n','flowId':'b'}}}]}",
			{{"11:00:00", "a", "SUCCESS", NULL}, {"12:00:00", "b", "SUCCESS", NULL},
				{"13:00:00", "a", "SUCCESS", "b1 a2"}}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(stories); i++)
		run_story(&stories[i]);
}

static void test_what_may_matter(void)
{
	static const struct {
		const char *trigger;
		bool matters; // of n.a, FAILED
	} cases[] = {
		{"{}", true},
		{"{'states':['FAILED','KILLED']}", true},
		{"{'states':['SUCCESS']}", false},
		{"{'preconditions':{" FLOWS "}}", true},
		{"{'preconditions':{'flows':[{'namespace':'n','flowId':'b'}]}}", false},
		{"{'preconditions':{'flows':[{'namespace':'n'}]}}", true},
		{"{'preconditions':{'flows':[{'namespace':'m','flowId':'a'}],'where':[]}}", true},
		{"{'conditions':[{'type':'execution-flow','namespace':'n','flowId':'a'}]}", true},
		{"{'conditions':[{'type':'execution-flow','namespace':'n','flowId':'b'}]}", false},
		{"{'conditions':[{'type':'or','conditions':[{'type':'execution-flow','namespace':"
		 "'n','flowId':'b'}]}]}",
			true},
	};
	const TriggerEnd end = {"n", "a", "FAILED"};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *trigger = parse(cases[i].trigger);

		g_test_message("%s", cases[i].trigger);
		g_assert_cmpint(trigger_may_matter(trigger, &end), ==, cases[i].matters);
		json_decref(trigger);
	}
}

static void test_wrong_preconditions(void)
{
	static const struct {
		const char *trigger, *fault;
	} cases[] = {
		{"{'preconditions':{'where':[{'filters':[{'field':'FLOW','type':'IN'}]}]}}",
			"unknown field 'FLOW' of a filter: it is FLOW_ID, NAMESPACE, STATE or "
			"EXPRESSION"},
		{"{'preconditions':{'where':[{'filters':[{'field':'STATE','type':'IS'}]}]}}",
			"unknown type 'IS' of a filter"},
		{"{'preconditions':{'timeWindow':{'window':'x'}}}",
			"'window' is 'x'; it is written like PT1H"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *trigger = parse(cases[i].trigger);
		g_autofree char *fault = trigger_preconditions_fault(trigger);

		g_assert_cmpstr(fault, ==, cases[i].fault);
		json_decref(trigger);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trigger/times-of-the-day", test_times_of_the_day);
	g_test_add_func("/trigger/windows", test_windows);
	g_test_add_func("/trigger/wrong-windows", test_wrong_windows);
	g_test_add_func("/trigger/conditions", test_conditions);
	g_test_add_func(
		"/trigger/conditions-that-cannot-be-told", test_conditions_that_cannot_be_told);
	g_test_add_func("/trigger/start", test_start);
	g_test_add_func("/trigger/preconditions", test_preconditions);
	g_test_add_func("/trigger/what-may-matter", test_what_may_matter);
	g_test_add_func("/trigger/wrong-preconditions", test_wrong_preconditions);
	return g_test_run();
}
