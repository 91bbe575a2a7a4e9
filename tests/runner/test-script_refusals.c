// Packages that cannot be installed: what is said of it, why, and the cure.
#include "tests/runner/script_bed.h"

static void assert_fails(const char *tasks, const char *scripts, const char *message)
{
	json_t *report = script_run(tasks, scripts);
	g_autofree char *line = g_strdup_printf("ERROR %s\n", message);

	if (script_log_count(report, line) != 1)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(script_log_count(report, line), ==, 1);
	json_decref(report);
}

static void test_no_network(void)
{
	assert_fails("- {id: a, type: python, env: {PIP_INDEX_URL: 'http://127.0.0.1:9/simple', "
		     "PIP_RETRIES: 1}, requirements: [polars==1.9.0], script: '1'}",
		NULL,
		"cannot install the package 'polars==1.9.0': the index refuses connections; look "
		"after the network of this node, or name another index by 'PIP_INDEX_URL' in "
		"'env'");
	// Without a second try pip does not tell why.
	assert_fails("- {id: a, type: python, env: {PIP_INDEX_URL: 'http://127.0.0.1:9/simple', "
		     "PIP_RETRIES: 0}, requirements: [polars==1.9.0], script: '1'}",
		NULL,
		"cannot install the package 'polars==1.9.0': the index has no such package, or "
		"cannot be reached; look after its name and the network of this node, or name "
		"another index by 'PIP_INDEX_URL' in 'env'");
	assert_fails("- {id: a, type: node, env: {npm_config_registry: 'http://127.0.0.1:9/', "
		     "npm_config_fetch_retries: 0}, packages: {left-pad: 1.3.0}, script: '1'}",
		NULL,
		"cannot install the package 'http://127.0.0.1:9/left-pad': the index refuses "
		"connections; look after the network of this node, or name another index by "
		"'npm_config_registry' in 'env'");
}

// What pip may print, by an interpreter that makes environments in which pip prints it.
static void test_pip_tells(void)
{
	static const struct {
		const char *prints, *message;
	} rounds[] = {
		{"[Errno -2] Name or service not known",
			"the index's host is not known; look after the network of this node, or "
			"name another index by 'PIP_INDEX_URL' in 'env'"},
		{"SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
			"the index's certificate is not trusted; look after 'PIP_CERT' or "
			"'npm_config_cafile', or name another index by 'PIP_INDEX_URL' in 'env'"},
		{"ERROR: 401 Client Error: Unauthorized for url: https://index/simple/x",
			"the index wants other credentials; look after the credentials, or name "
			"another index by 'PIP_INDEX_URL' in 'env'"},
		{"ERROR: Could not install packages due to an OSError: [Errno 28] No space left "
		 "on device",
			"no space is left on the device"},
		{"Segmentation fault", "pip did not succeed; its last lines are in the log"},
	};

	script_write("told/python",
		"#!/bin/sh\ncase \"$*\" in -VV) echo Python $0; exit;; esac\n"
		"for folder; do :; done\nmkdir $folder/bin\n"
		"printf '#!/bin/sh\\ncat @/told/text; exit 1\\n' > $folder/bin/python\n"
		"chmod +x $folder/bin/python\n");
	script_command("sed -i 's,@,BED,' BED/told/python && chmod +x BED/told/python");
	for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
		g_autofree char *message =
			g_strdup_printf("cannot install the packages: %s", rounds[i].message);

		script_write("told/text", rounds[i].prints);
		assert_fails("- {id: a, type: python, pythonPath: BED/told/python, requirements: "
			     "[tiny==1.0], script: '1'}",
			NULL, message);
	}
}

static void test_programs_missing(void)
{
	// Debian's Python without python3-venv, another's without the module, and node without npm.
	script_write("bare/python",
		"#!/bin/sh\ncase \"$*\" in -VV) echo Python 3;; *) echo 'not "
		"created successfully because ensurepip is not available'; exit "
		"1;; esac\n");
	script_write("bare/python-b", "#!/bin/sh\ncase \"$*\" in -VV) echo Python 3;; *) echo "
				      "'No module named venv'; exit 1;; esac\n");
	script_command(
		"chmod +x BED/bare/python BED/bare/python-b; mkdir BED/only; ln -s \"$(command -v "
		"node)\" BED/only/node");
	for (int i = 0; i < 2; i++) {
		g_autofree char *tasks = g_strdup_printf(
			"- {id: a, type: python, pythonPath: BED/bare/python%s, requirements: "
			"[tiny==1.0], script: '1'}",
			i == 0 ? "" : "-b");

		assert_fails(tasks, NULL,
			"cannot install the packages: Python has no module to make environments; "
			"install the package 'python3-venv'");
	}
	assert_fails("- {id: a, type: node, env: {PATH: BED/only}, packages: {tiny: 1.0.0}, "
		     "script: '1'}",
		NULL,
		"there is no program 'npm' in the task's PATH; install the package 'npm', or say "
		"where it is with 'npmPath'");
}

static void test_npm_missing(void)
{
	json_t *report = script_run("- {id: a, type: node, packages: {nope: "
				    "'file:BED/packages/nope-1.tgz'}, script: '1'}",
		NULL);

	g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpuint(script_log_count(report, "ERROR cannot install the package '"), ==, 1);
	g_assert_cmpuint(script_log_count(report, "nope-1.tgz': ENOENT\n"), ==, 1);
	json_decref(report);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	script_bed_begin();
	g_test_add_func("/script/no-network", test_no_network);
	g_test_add_func("/script/pip-tells", test_pip_tells);
	g_test_add_func("/script/programs-missing", test_programs_missing);
	g_test_add_func("/script/npm-missing", test_npm_missing);
	return script_bed_end(g_test_run());
}
