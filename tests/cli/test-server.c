#include "cli/server_config.h"
#include "cli/server_lock.h"
#include "cli/server_log.h"

#include <glib/gstdio.h>

static void test_log_line(void)
{
	static const char *const keys[] = {"plain", "blank", "quote", "line", "empty", NULL};
	static const char *const values[] = {"a/b:c", "two words", "say \"x\"", "1\n2", "", NULL};
	g_autofree char *line = server_log_line(0, "info", "server", "ready\nor not", keys, values);

	g_assert_cmpstr(line, ==,
		"1970-01-01T00:00:00.000Z info server ready or not plain=a/b:c blank=\"two words\" "
		"quote=\"say \\\"x\\\"\" line=\"1\\n2\" empty=\"\"");
}

static char *write_config(const char *text)
{
	char *path = NULL;
	int fd = g_file_open_tmp("weir-config-XXXXXX", &path, NULL);

	g_assert_cmpint(fd, >=, 0);
	g_close(fd, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void test_config(void)
{
	g_autofree char *path = write_config("source: /srv/flows.git\n"
					     "environment: prod\n"
					     "listen: 127.0.0.1:9000\n"
					     "roles: [reconciler, api]\n"
					     "guards: {max_deletions: 5, allow_breaking: true}\n"
					     "drift: {interval: PT10S}\n"
					     "runner: {slots: 3, pools: {db: 2}}\n"
					     "retention: {interval: PT1M, newest: 0, runs: P7D, "
					     "logs: P1D, drift: P1000Y}\n");
	g_autoptr(GError) error = NULL;
	g_autoptr(ServerConfig) config = server_config_read(path, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(config->source.url, ==, "/srv/flows.git");
	g_assert_cmpstr(config->environment, ==, "prod");
	g_assert_cmpstr(config->listen, ==, "127.0.0.1:9000");
	g_assert_cmpuint(config->roles, ==, ROLE_RECONCILER | ROLE_API);
	g_assert_cmpuint(config->policy.max_deletions, ==, 5);
	g_assert_true(config->policy.allow_breaking);
	g_assert_cmpint(config->drift_interval, ==, 10 * G_USEC_PER_SEC);
	g_assert_cmpuint(config->slots, ==, 3);
	g_assert_cmpstr(config->pools[0].name, ==, "db");
	g_assert_cmpuint(config->pools[0].limit, ==, 2);
	g_assert_cmpint(config->retention_interval, ==, 60 * G_USEC_PER_SEC);
	g_assert_cmpuint(config->retention.newest, ==, 0);
	g_assert_cmpint(config->retention.age[RETENTION_RUNS], ==, 7 * G_TIME_SPAN_DAY);
	g_assert_cmpint(config->retention.age[RETENTION_LOGS], ==, G_TIME_SPAN_DAY);
	g_assert_cmpint(config->retention.age[RETENTION_DRIFT], ==, 1000 * 365 * G_TIME_SPAN_DAY);
	g_assert_cmpint(config->retention.age[RETENTION_EVENTS], ==, 30 * G_TIME_SPAN_DAY);
	g_unlink(path);
}

static void assert_refused(const char *text, const char *format)
{
	g_autofree char *path = write_config(text);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) parts = g_strsplit(format, "%", -1);
	g_autofree char *expected = g_strjoinv(path, parts);

	g_assert_null(server_config_read(path, &error));
	g_assert_cmpstr(error->message, ==, expected);
	g_unlink(path);
}

static void test_bad_config(void)
{
	assert_refused("sorce: x\n", "the configuration '%' has faults:\n"
				     "%:1:1: error: unknown key 'sorce' in server\n"
				     "hint: did you mean 'source'?");
	assert_refused("source: {url: x, brunch: y}\n",
		"the configuration '%' has faults:\n"
		"%:1:18: error: unknown key 'brunch' in source\n"
		"hint: did you mean 'branch'?");
	assert_refused("roles: [runer]\n",
		"unknown role 'runer'; the roles are reconciler, scheduler, "
		"runner, api and ingress: did you mean 'runner'?");
	assert_refused("retention: {runs: 90 days}\n",
		"the configuration '%' has faults:\n"
		"%:1:19: error: 'runs' is not a duration: '90 days'\n"
		"hint: durations are ISO 8601: PT30S, PT0.25S, PT1H30M, P1D");
	assert_refused(
		"retention: {logs: -P1D}\n", "'retention.logs' is '-P1D'; it must not be negative");
	assert_refused(
		"retention: {newest: -1}\n", "'retention.newest' is -1; it goes from 0 to 1000000");
	assert_refused("runner: {slots: -1}\n",
		"'runner.slots' is -1; it goes from 1 to 10000 tasks at once");
	assert_refused("runner: {pools: {a: 2, db: 0}}\n",
		"'runner.pools.db' is 0; it goes from 1 to 10000 tasks at once");
	assert_refused("runner: {pools: {db: two}}\n",
		"'runner.pools.db' is \"two\"; it goes from 1 to 10000 tasks at once");
	assert_refused("retention: {run: P1D}\n", "the configuration '%' has faults:\n"
						  "%:1:13: error: unknown key 'run' in retention\n"
						  "hint: did you mean 'runs'?");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/log-line", test_log_line);
	g_test_add_func("/server/config", test_config);
	g_test_add_func("/server/bad-config", test_bad_config);
	return g_test_run();
}
