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
					     "runner: {slots: 3, pools: {db: 2}}\n");
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
		"runner and api: did you mean 'runner'?");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/log-line", test_log_line);
	g_test_add_func("/server/config", test_config);
	g_test_add_func("/server/bad-config", test_bad_config);
	return g_test_run();
}
