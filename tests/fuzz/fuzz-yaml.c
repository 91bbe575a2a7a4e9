// Any text as YAML: read, turned into JSON, and every place in every scalar looked up.
#include "repo-layout/yaml_document.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(const YamlNode *node, const YamlDocument *document, unsigned *budget)
{
	unsigned line, column;

	if (*budget == 0)
		return;
	(*budget)--;
	if (node->kind == YAML_LIST) {
		for (unsigned i = 0; i < node->length; i++)
			visit(node->items[i], document, budget);
	} else if (node->kind == YAML_MAPPING) {
		for (unsigned i = 0; i < node->length; i++) {
			visit(node->pairs[i].key, document, budget);
			visit(node->pairs[i].value, document, budget);
		}
	} else {
		yaml_text_place(node, document, node->length / 2, &line, &column);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(YamlDocument) document =
		yaml_document_parse("y", (const char *)data, size, 1, 1, NULL, diagnostics);
	unsigned budget = 1000;

	if (document == NULL) {
		g_assert_cmpuint(diagnostic_list_errors(diagnostics), >, 0);
		return 0;
	}
	visit(yaml_document_root(document), document, &budget);
	json_decref(yaml_to_json(yaml_document_root(document)));
	return 0;
}
