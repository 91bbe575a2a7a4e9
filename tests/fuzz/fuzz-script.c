// Any text as a script with a header: its definition is a flow, and the digest written along is that of the flow.
#include "repo-layout/layout_private.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static DomainData *domain(void)
{
	static DomainData *made;
	static ProjectConfig project = {.references = 1};

	if (made == NULL) {
		project.settings = json_object();
		project.diagnostics = diagnostic_list_new();
		made = domain_data_new(&project, "sales", "domains/sales");
		domain_config_read(
			made, "owner: x\n", strlen("owner: x\n"), &layout_limits_default);
	}
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *copy = g_malloc(size + 1);
	UnitSource source = {.path = "domains/sales/sql/t.sql", .dataset = "sales", .table = "t"};
	g_autoptr(Unit) unit = NULL;
	g_autoptr(Flow) flow = NULL;
	g_autofree char *digest = NULL;

	memcpy(copy, data, size);
	copy[size] = '\0';
	source.texts[0] = g_bytes_new_static(copy, size);
	unit = unit_parse_script(&domain()->config, &source, &layout_limits_default);
	g_bytes_unref(source.texts[0]);
	if (diagnostic_list_errors(unit->diagnostics) > 0)
		return 0;
	flow = flow_parse("s", unit->definition, strlen(unit->definition), NULL, NULL);
	// SQL that is no UTF-8 is no JSON.
	if (!g_utf8_validate(copy, (gssize)size, NULL))
		return 0;
	g_assert_nonnull(flow);
	digest = flow_meaning_digest(flow, NULL);
	g_assert_cmpstr(digest, ==, unit->flow.digest);
	return 0;
}
