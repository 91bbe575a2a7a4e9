// Any text as a declared schema: what is accepted is canonical, and reads back as itself.
#include "repo-layout/layout_private.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	g_autofree char *schema = schema_parse("s", bytes, &layout_limits_default, diagnostics);
	json_auto_t *value = NULL;

	if (schema == NULL || diagnostic_list_errors(diagnostics) > 0)
		return 0;
	value = json_loads(schema, 0, NULL);
	g_assert_true(json_is_array(json_object_get(value, "fields")));
	return 0;
}
