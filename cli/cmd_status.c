#include "cli/commands.h"
#include "cli/drift_list.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/store_path.h"
#include "cli/text_table.h"
#include "reconciler/drift.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const GOptionEntry status_options[] = {STORE_OPTION, OUTPUT_OPTION, {NULL}};

static void print_word(const char *word)
{
	Style style = style_of_word(word);

	printf("%s%s%s", style_begin(stdout, style), word, style_end(stdout, style));
}

static const char *followed_kind(const char *ref)
{
	return g_str_has_prefix(ref, "refs/heads/")  ? "branch"
	       : g_str_has_prefix(ref, "refs/tags/") ? "tag"
						     : "commit";
}

// "follows branch 'main' of '/srv/flows.git'" for each source of which it is known.
static void print_followed(const json_t *sources)
{
	const json_t *source;
	size_t i;

	json_array_foreach(json_object_get(sources, "items"), i, source)
	{
		const char *ref = document_text(source, "ref");

		if (ref == NULL || strcmp(ref, "HEAD") == 0)
			continue;
		const char *name = g_str_has_prefix(ref, "refs/") ? strchr(ref + 5, '/') + 1 : ref;
		g_autofree char *printable = output_printable(document_text(source, "url"), false);
		printf("follows %s '%s' of '%s'\n", followed_kind(ref), name, printable);
	}
}

static void print_head(const json_t *status)
{
	const char *commit = document_text(status, "commit");
	const char *target = document_text(status, "target_commit");
	const char *error = document_text(status, "error");
	const char *hint = document_text(status, "hint");
	g_autofree char *age = document_age(status, "synced");

	print_word(document_text(status, "sync"));
	fputs(", ", stdout);
	print_word(document_text(status, "health"));
	if (commit != NULL)
		printf(", commit %.10s (%s)", commit, age);
	else
		fputs(", no commit is live yet", stdout);
	if (target != NULL && g_strcmp0(target, commit) != 0)
		printf(", to be %.10s", target);
	putchar('\n');
	if (error != NULL) {
		g_autofree char *printable = output_printable(error, true);

		printf("error: %s\n", printable);
	}
	if (hint != NULL)
		printf("hint: %s\n", hint);
}

// "name: 3 a, 5 b", or "name: none".
static void print_counts(const char *name, const json_t *counts)
{
	const char *word;
	const json_t *count;
	const char *separator = " ";

	printf("%s:", name);
	json_object_foreach((json_t *)(uintptr_t)counts, word, count)
	{
		printf("%s%" JSON_INTEGER_FORMAT " ", separator, json_integer_value(count));
		print_word(word);
		separator = ", ";
	}
	puts(*separator == ' ' ? " none" : "");
}

static void print_diagnostics(const json_t *diagnostics)
{
	const json_t *one;
	size_t i;

	json_array_foreach(diagnostics, i, one)
	{
		const char *file = document_text(one, "file");
		const char *hint = document_text(one, "hint");
		g_autofree char *message = output_printable(document_text(one, "message"), false);
		g_autofree char *place = output_printable(file != NULL ? file : "-", false);

		fputs(place, stdout);
		if (document_number(one, "line") > 0)
			printf(":%" PRId64 ":%" PRId64, document_number(one, "line"),
				document_number(one, "column"));
		fputs(": ", stdout);
		print_word(document_text(one, "severity"));
		printf(": %s\n", message);
		if (hint != NULL)
			printf("hint: %s\n", hint);
	}
}

static void print_domains(const json_t *domains)
{
	static const char *const headings[] = {
		"DOMAIN", "SYNC", "HEALTH", "COMMIT", "SYNCED", "OWNER", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	const json_t *domain;
	size_t i;

	json_array_foreach(domains, i, domain)
	{
		const char *commit = document_text(domain, "commit");
		g_autofree char *shortened = commit != NULL ? g_strndup(commit, 10) : NULL;
		g_autofree char *age = document_age(domain, "synced");

		text_table_cell_styled(table, document_text(domain, "name"), STYLE_BOLD);
		text_table_cell(table, document_text(domain, "sync"));
		text_table_cell(table, document_text(domain, "health"));
		text_table_cell(table, shortened);
		text_table_cell(table, age);
		text_table_cell(table, document_text(domain, "owner"));
	}
	if (text_table_rows(table) > 0)
		putchar('\n');
	text_table_print(table, stdout);
}

static bool has_errors(const json_t *diagnostics)
{
	const json_t *one;
	size_t i;

	json_array_foreach(diagnostics, i, one)
	{
		if (g_strcmp0(document_text(one, "severity"), "error") == 0)
			return true;
	}
	return false;
}

// Why a domain is not well, unless its faults say that.
static void print_reason(const json_t *domain)
{
	const char *message = document_text(domain, "message");

	if (message == NULL || has_errors(json_object_get(domain, "diagnostics")))
		return;
	g_autofree char *printable = output_printable(message, false);
	printf("%s: %s\n", document_text(domain, "name"), printable);
}

static void print_troubles(const json_t *troubles)
{
	const json_t *trouble;
	size_t i;

	json_array_foreach(troubles, i, trouble)
	{
		const char *dataset = document_text(trouble, "dataset");
		const char *hint = document_text(trouble, "hint");
		g_autofree char *age = document_age(trouble, "since");
		g_autofree char *message =
			output_printable(document_text(trouble, "message"), false);

		printf("connection '%s'", document_text(trouble, "connection"));
		if (dataset != NULL)
			printf(", dataset '%s'", dataset);
		printf(": %s, began %s: %s\n", document_text(trouble, "kind"), age, message);
		if (hint != NULL)
			printf("hint: %s\n", hint);
	}
}

static void print_faults(const json_t *status, const json_t *domains)
{
	const json_t *domain;
	size_t i;

	print_diagnostics(json_object_get(status, "diagnostics"));
	print_troubles(json_object_get(status, "troubles"));
	json_array_foreach(domains, i, domain)
	{
		print_diagnostics(json_object_get(domain, "diagnostics"));
		print_reason(domain);
	}
}

int cmd_status(const Command *command, char **arguments)
{
	g_autoptr(Store) store = read_api_open();
	json_t *status = store != NULL ? read_api_get(store, "/v1/status") : NULL;
	json_t *domains, *sources;

	(void)command;
	(void)arguments;
	if (status == NULL)
		return EXIT_FAILED;
	if (output_is_json()) {
		output_json(status);
		json_decref(status);
		return EXIT_OK;
	}
	domains = read_api_list(store, "/v1/domains");
	sources = read_api_list(store, "/v1/sources");
	if (domains != NULL) {
		const json_t *items = json_object_get(domains, "items");

		print_head(status);
		print_followed(sources);
		print_faults(status, items);
		print_domains(items);
		printf("\nflows: %" PRId64 ", tables: %" PRId64 "\n",
			document_number(status, "flows"), document_number(status, "tables"));
		print_counts("runs", json_object_get(status, "runs"));
		const json_t *drift = json_object_get(status, "drift");
		print_counts("drift", drift);
		if (json_object_get(drift, drift_kind_name(DRIFT_FLOW)) != NULL)
			drift_list_hint();
	}
	json_decref(status);
	json_decref(sources);
	json_decref(domains);
	return domains != NULL ? EXIT_OK : EXIT_FAILED;
}
