// What the programs of tasks write: marks, secrets, much of it, and all of it while it runs.
#include "tests/runner/run_bed.h"
#include "tests/runner/script_bed.h"

#include <string.h>

static char *secret_log(const char *tasks, const char *inputs)
{
	g_autoptr(GString) yaml = g_string_new(NULL);
	json_t *report;
	char *log;

	g_string_printf(yaml,
		"id: f\nnamespace: t\ninputs: [{id: key, type: SECRET}, {id: longer, type: SECRET, "
		"required: false}]\ntasks:\n%s",
		tasks);
	report = bed_run(yaml->str, inputs);
	log = g_strdup(json_string_value(json_object_get(report, "log")));
	json_decref(report);
	return log;
}

// What looks like outputs and is none is a line of the log, with the reason before it.
static void test_marks(void)
{
	static const char script[] =
		"- id: a\n  type: python\n  script: |\n"
		"    import os, time\n"
		"    def w(*parts):\n"
		"        for part in parts: os.write(1, part); time.sleep(0.02)\n"
		"    w(b'::{\"out', b'puts\":{\"a\":', b'1}}', b':', b':', b'\\n')\n"
		"    w(b'::{\"outputs\":{\"nested\":{\"x\":[1,{\"z\":null}]}}}::\\r\\n')\n"
		"    w(b'::{\"outputs\":{\"bad\"::\\n')\n"
		"    w(b'::{\"outputs\":{bad}}::\\n')\n"
		"    w(b'::{\"outputs\":[1,2]}::\\n')\n"
		"    w(b'::{\"outputs\":{\"b\":\"\\xff\"}}::\\n')\n"
		"    w(b'::{\"outputs\":{\"deep\":' + b'[' * 300 + b']' * 300 + b'}}::\\n')\n"
		"    w(b'::{\"outputs\":{\"long\":\"' + b'x' * 1000000 + b'\"}}::\\n')\n"
		"    w(b'::{\"outputs\":{\"longer\":\"' + b'x' * 1100000 + b'\"}}::\\n')\n"
		"    w(b'in ::{\"outputs\":{\"c\":1}}:: between\\n')\n"
		"    w(b'caf\\xe9\\n')\n"
		"    w(b'::{\"outputs\":{\"a\":2,\"last\":\"no line feed\"}}::')\n"
		"- {id: b, type: log, message: ['{{ outputs.a.vars | keys | sort }}', '{{ "
		"outputs.a.vars.a }}']}";
	static const char *const lines[] = {
		"INFO ::{\"outputs\":{\"bad\"::\n",
		"WARN the next line begins with '::{' but gives no outputs: it is no JSON near "
		"column 17\nINFO ::{\"outputs\":{bad}}::\n",
		"WARN the next line begins with '::{' but gives no outputs: 'outputs' is no "
		"object\nINFO ::{\"outputs\":[1,2]}::\n",
		"INFO ::{\"outputs\":{\"b\":\"\xef\xbf\xbd\"}}::\n",
		"WARN the next line begins with '::{' but gives no outputs: it is nested more than "
		"200 deep\nINFO ::{\"outputs\":{\"deep\":[[[",
		"WARN the next line begins with '::{' but gives no outputs: it is longer than 1 "
		"MiB\nINFO ::{\"outputs\":{\"longer\":\"xxx",
		"INFO in ::{\"outputs\":{\"c\":1}}:: between\nINFO caf\xef\xbf\xbd\n",
		"INFO [\"a\",\"last\",\"long\",\"nested\"]\nINFO 2\n",
	};
	json_t *report = script_run(script, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		if (script_log_count(report, lines[i]) != 1)
			g_test_message(
				"%zu: %s", i, json_string_value(json_object_get(report, "log")));
		g_assert_cmpuint(script_log_count(report, lines[i]), ==, 1);
	}
	json_decref(report);
}

// One that closes its streams and goes on is waited for; what it does later counts.
static void test_closed_streams(void)
{
	assert_script_run(
		"- {id: a, type: shell, commands: ['exec >&-', 'sleep 0.2', 'echo on >&2', "
		"'exec 2>&-', 'sleep 0.2', 'echo x > late'], outputFiles: [late]}\n"
		"- {id: b, type: log, message: '{{ outputs.a.outputFiles | keys }}'}",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS", "ERROR on\nINFO [\"late\"]\n");
}

static void test_secrets(void)
{
	// In two writes; behind a NUL; one that begins with another.
	g_autofree char *log = secret_log(
		"  - {id: a, type: shell, env: {K: '{{ inputs.key }}', L: '{{ inputs.longer }}'}, "
		"commands: ['printf hun', 'sleep 0.1', 'echo ter2', 'printf \"a\\0$K\\n\"', 'echo "
		"$L']}\n",
		"{\"key\": \"hunter2\", \"longer\": \"hunter2-and-more\"}");

	g_assert_cmpstr(log, ==, "INFO ******\nINFO a\xef\xbf\xbd******\nINFO ******\n");
}

static void test_secret_at_the_cut(void)
{
	// Wherever the secret lies across the end of what is kept of a line, nothing of it is shown.
	static const int places[] = {65400, 65470, 65534, 69630, 69626};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *tasks = g_strdup_printf(
			"  - {id: a, type: shell, env: {K: '{{ inputs.key }}'}, commands: ['head "
			"-c "
			"%d /dev/zero | tr \"\\0\" .', 'echo $K', 'head -c 9000 /dev/zero | tr "
			"\"\\0\" .', 'echo $K$K']}\n",
			places[i]);
		g_autofree char *log = secret_log(tasks, "{\"key\": \"hunter2\"}");

		g_assert_null(strstr(log, "hunt"));
		g_assert_null(strstr(log, ".h"));
	}
	g_autofree char *log = secret_log(
		"  - {id: a, type: shell, commands: ['head -c 200000 /dev/zero | tr \"\\0\" .']}\n",
		"{\"key\": \"hunter2\"}");
	g_assert_true(g_str_has_prefix(log, "INFO ....."));
	g_assert_true(g_str_has_suffix(log, "… (134528 bytes left out)\n"));
}

static void test_much_output(void)
{
	// The log keeps its limit, says so, and the task does not wait for it.
	json_t *report = script_run(
		"- {id: a, type: shell, timeout: PT100S, commands: ['yes "
		"0123456789012345678901234567890123456789012345678901234567890123456789 | "
		"head -n 4200000', 'echo \"::{\\\"outputs\\\":{\\\"n\\\":1}}::\"']}\n"
		"- {id: b, type: log, message: 'n {{ outputs.a.vars.n }}'}",
		NULL);
	const char *log = json_string_value(json_object_get(report, "log"));

	g_assert_cmpuint(strlen(log), <, 20U << 20);
	g_assert_cmpuint(strlen(log), >, 16U << 20);
	g_test_message("%s", log + strlen(log) - 300);
	g_assert_true(g_str_has_suffix(log, "INFO n 1\n"));
	json_decref(report);
}

// What a task under way has written is in the store.
static void test_log_is_live(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	RunnerOptions options = {.slots = 2, .sole = true};
	g_autoptr(Runner) runner = NULL;
	g_autofree char *log = NULL;
	char id[27];

	bed_flows_put(store,
		"id: f\nnamespace: t\ntasks: [{id: a, type: shell, commands: ['echo now', "
		"'sleep 60']}]\n");
	bed_run_create(store, "f", NULL, id);
	runner = runner_new(store, &options, &error);
	runner_start(runner, &error);
	g_assert_no_error(error);
	for (int i = 0; i < 400 && g_strcmp0(log, "INFO now\n") != 0; i++) {
		g_usleep(50000);
		g_free(log);
		log = bed_log(store, id);
	}
	g_assert_cmpstr(log, ==, "INFO now\n");
	g_clear_pointer(&runner, runner_free);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	script_bed_begin();
	g_test_add_func("/script/marks", test_marks);
	g_test_add_func("/script/closed-streams", test_closed_streams);
	g_test_add_func("/script/secrets", test_secrets);
	g_test_add_func("/script/secret-at-the-cut", test_secret_at_the_cut);
	g_test_add_func("/script/much-output", test_much_output);
	g_test_add_func("/script/log-is-live", test_log_is_live);
	return script_bed_end(g_test_run());
}
