#include "cli/commands.h"
#include "cli/doctor_checks.h"
#include "cli/output.h"
#include "cli/store_path.h"

#include <stdio.h>

static char *option_listen;
static gboolean option_deep;

const GOptionEntry doctor_options[] = {
	{"listen", 'l', 0, G_OPTION_ARG_STRING, &option_listen,
		"The address of the status API (default: 127.0.0.1:8480)", "HOST:PORT"},
	{"deep", 0, 0, G_OPTION_ARG_NONE, &option_deep, "Also read the whole store for damage",
		NULL},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

typedef struct {
	const char *word;
	const char *mark;
} VerdictWord;

static const VerdictWord verdict_words[] = {
	[DOCTOR_OK] = {"ok", "ok     "},
	[DOCTOR_WARNING] = {"warning", "warning"},
	[DOCTOR_FAILED] = {"error", "error  "},
};

static void print_finding(const char *name, const DoctorFinding *finding)
{
	const VerdictWord *verdict = &verdict_words[finding->verdict];
	Style style = style_of_word(verdict->word);
	g_autofree char *message = output_printable(finding->message, false);

	printf("%s%s%s  %-12s %s\n", style_begin(stdout, style), verdict->mark,
		style_end(stdout, style), name, message);
	if (finding->cure != NULL)
		printf("         cure: %s\n", finding->cure);
}

static json_t *finding_document(const char *name, const DoctorFinding *finding)
{
	g_autofree char *message = g_utf8_make_valid(finding->message, -1);

	return json_pack("{s:s, s:s, s:s, s:s?}", "name", name, "verdict",
		verdict_words[finding->verdict].word, "message", message, "cure", finding->cure);
}

int cmd_doctor(const Command *command, char **arguments)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);
	DoctorSubject subject = {
		.store_url = url,
		.repository = arguments[0],
		.listen = option_listen != NULL ? option_listen : "127.0.0.1:8480",
		.deep = option_deep,
	};
	json_t *list = json_array();
	json_t *document;
	bool failed = false;

	(void)command;
	if (url == NULL) {
		json_decref(list);
		command_error(NULL, "%s", error->message);
		return EXIT_FAILED;
	}
	for (const DoctorCheck *check = doctor_checks; check->name != NULL; check++) {
		DoctorFinding finding = {DOCTOR_OK, NULL, NULL};

		check->check(&subject, &finding);
		failed |= finding.verdict == DOCTOR_FAILED;
		json_array_append_new(list, finding_document(check->name, &finding));
		if (!output_is_json())
			print_finding(check->name, &finding);
		doctor_finding_clear(&finding);
	}
	document = json_pack("{s:o}", "checks", list);
	if (output_is_json())
		output_json(document);
	json_decref(document);
	return failed ? EXIT_FAILED : EXIT_OK;
}
