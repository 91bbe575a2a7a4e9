// Any text as a flow. What is accepted is stored and read back as the same.
#include "repo-layout/flow.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(Flow) flow = flow_parse("f", (const char *)data, size, "ns", diagnostics);
	g_autofree char *definition = NULL;
	g_autofree char *digest = NULL;

	if (flow == NULL || diagnostic_list_errors(diagnostics) > 0)
		return 0;
	definition = flow_definition_json(flow);
	digest = flow_meaning_digest(flow, NULL);
	g_autoptr(Flow) stored = flow_parse("s", definition, strlen(definition), NULL, NULL);

	g_assert_nonnull(stored);
	g_autofree char *again = flow_definition_json(stored);
	g_autofree char *same = flow_meaning_digest(stored, NULL);

	g_assert_cmpstr(again, ==, definition);
	g_assert_cmpstr(same, ==, digest);
	return 0;
}
