#include "reconciler/source.h"
#include "reconciler/source_names.h"

#include <string.h>

typedef struct {
	const char *text;
	UrlScheme scheme;
	const char *user, *host;
	int port;
	const char *path;
} UrlCase;

static const UrlCase urls[] = {
	{"/srv/x.git", URL_PATH, NULL, NULL, 0, "/srv/x.git"},
	{"x", URL_PATH, NULL, NULL, 0, "x"},
	{"./a@b:c", URL_PATH, NULL, NULL, 0, "./a@b:c"},
	{"file:///srv/x%20y.git", URL_FILE, NULL, "", 0, "/srv/x y.git"},
	{"https://example.org/x.git", URL_HTTPS, NULL, "example.org", 0, "/x.git"},
	{"HTTPS://me@example.org:8443/x/", URL_HTTPS, "me", "example.org", 8443, "/x/"},
	{"http://[::1]:80/x", URL_HTTP, NULL, "::1", 80, "/x"},
	{"ssh://git@example.org:2222/srv/x", URL_SSH, "git", "example.org", 2222, "/srv/x"},
	{"git+ssh://example.org/~me/x", URL_SSH, NULL, "example.org", 0, "~me/x"},
	{"git@example.org:team/x.git", URL_SSH, "git", "example.org", 0, "team/x.git"},
	{"git://example.org/x", URL_GIT, NULL, "example.org", 0, "/x"},
};

static void test_parse(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		const UrlCase *want = &urls[i];
		g_auto(SourceUrl) url = {0};
		g_autoptr(GError) error = NULL;

		source_url_parse(want->text, &url, &error);
		g_assert_no_error(error);
		g_assert_cmpint(url.scheme, ==, want->scheme);
		g_assert_cmpstr(url.user, ==, want->user);
		g_assert_cmpstr(url.host, ==, want->host);
		g_assert_cmpint(url.port, ==, want->port);
		g_assert_cmpstr(url.path, ==, want->path);
		g_assert_cmpint(source_url_is_path(want->text), ==, want->scheme == URL_PATH);
	}
}

static const char *const bad[][2] = {
	{"", "'' is not the URL of a repository: give a path, or a URL that begins with file://, "
	     "https:// or ssh://"},
	{"ftp://example.org/x",
		"'ftp://example.org/x' is not the URL of a repository: give a path, or "
		"a URL that begins with file://, https:// or ssh://"},
	{"https:///x", "'https:///x' is not the URL of a repository: it names no host"},
	{"https://example.org/",
		"'https://example.org/' is not the URL of a repository: it names no path"},
	{"https://example.org/x?token=y",
		"'https://example.org/x?token=y' is not the URL of a repository: it has a '?'"},
	{"https://example.org/x#y",
		"'https://example.org/x#y' is not the URL of a repository: it has a '#'"},
	{"https://example.org:port/x",
		"'https://example.org:port/x' is not the URL of a repository: correct it"},
	{"https://me:hush@example.org/x",
		"'https://me:***@example.org/x' is not the URL of a repository: it holds a "
		"password; "
		"put the password into a file and name that with password_file"},
	{"https://me:hu@sh@example.org:x/y",
		"'https://me:***@example.org:x/y' is not the URL of a repository: correct it"},
	{"ssh://-oProxyCommand=x/y", "'ssh://-oProxyCommand=x/y' is not the URL of a repository: a "
				     "user, a host or a path cannot begin with '-'"},
	{"ssh://example.org/x%0ay",
		"'ssh://example.org/x%0ay' is not the URL of a repository: there is "
		"a control character in it"},
};

static void test_bad(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_auto(SourceUrl) url = {0};
		g_autoptr(GError) error = NULL;

		g_assert_false(source_url_parse(bad[i][0], &url, &error));
		g_assert_error(error, FETCH_ERROR, FETCH_ERROR_BAD_URL);
		g_assert_cmpstr(error->message, ==, bad[i][1]);
		g_assert_null(url.host);
	}
}

static void test_shown(void)
{
	static const char *const cases[][2] = {
		{"/srv/x", "/srv/x"},
		{"git@example.org:x", "git@example.org:x"},
		{"https://me@example.org/a:b@c", "https://me@example.org/a:b@c"},
		{"https://me:hush@example.org/a:b@c", "https://me:***@example.org/a:b@c"},
		{"https://:hush@example.org", "https://:***@example.org"},
		{"http://a:b:c@d@example.org?x", "http://a:***@example.org?x"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *shown = source_url_shown(cases[i][0]);

		g_assert_cmpstr(shown, ==, cases[i][1]);
	}
}

// What is written for the process that fetches is what it reads.
static void test_access_round_trip(void)
{
	SourceAccess access = {0}, read, copy;

	source_access_complete(&access);
	g_assert_cmpint(access.connect_timeout, ==, 15 * G_USEC_PER_SEC);
	g_assert_cmpint(access.stall_timeout, ==, 30 * G_USEC_PER_SEC);
	g_assert_cmpint(access.fetch_timeout, ==, INT64_C(3600) * G_USEC_PER_SEC);
	access.username = "me";
	access.known_hosts_file = "/etc/hosts";
	access.stall_timeout = 1500000;
	json_t *document = source_access_json(&access);
	source_access_read(&read, document);
	source_access_copy(&copy, &read);
	json_decref(document);
	g_assert_cmpstr(copy.username, ==, "me");
	g_assert_cmpstr(copy.known_hosts_file, ==, "/etc/hosts");
	g_assert_null(copy.token_file);
	g_assert_cmpint(copy.stall_timeout, ==, 1500000);
	source_access_clear(&copy);
	document = json_pack("{s:s}", "stall_timeout", "PT2.5S");
	source_access_read(&read, document);
	g_assert_cmpint(read.stall_timeout, ==, 2500000);
	json_decref(document);
}

static void test_missing(void)
{
	static const char *const names[] = {"main", "prod", NULL};
	static const char *const none[] = {NULL};
	static const char *const many[] = {"a", "b", "c", "d", "e", "f", NULL};
	static const struct {
		MissingRef missing;
		const char *message;
	} cases[] = {
		{{"U", "refs/heads/mian", names, NULL, false, false},
			"branch 'mian' is not in repository 'U'; it has 'main', 'prod': did you "
			"mean "
			"'main'?"},
		{{"U", "refs/heads/quite-other", many, NULL, false, true},
			"branch 'quite-other' is not in repository 'U', though its HEAD names it; "
			"it "
			"has 'a', 'b', 'c', 'd', 'e', …: push the branch, or name another one to "
			"track"},
		{{"U", "refs/heads/master", names, "main", true, false},
			"branch 'master' is no longer in repository 'U'; it has 'main', 'prod': "
			"'main' "
			"is where it was: if it was renamed, name that one to track"},
		{{"U", "refs/tags/v1", none, NULL, true, false},
			"tag 'v1' is no longer in repository 'U'; it has none: push the tag, or "
			"name "
			"another one to track"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		fetch_error_missing(&error, &cases[i].missing);
		g_assert_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH);
		g_assert_cmpstr(error->message, ==, cases[i].message);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/source-url/parse", test_parse);
	g_test_add_func("/source-url/bad", test_bad);
	g_test_add_func("/source-url/shown", test_shown);
	g_test_add_func("/source-url/access-round-trip", test_access_round_trip);
	g_test_add_func("/source-url/missing", test_missing);
	return g_test_run();
}
