// For people who validate: names that nothing makes.
#include "repo-layout/layout_private.h"

#include <string.h>

typedef struct UnknownSearch {
	const Layout *layout;
	DiagnosticList *diagnostics;
} UnknownSearch;

static char *near_tables(const DomainData *owner, const char *table)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < owner->tables->len; i++) {
		const LayoutTable *known = owner->tables->pdata[i];

		g_ptr_array_add(names, g_strdup_printf("%s.%s", known->dataset, known->name));
	}
	g_ptr_array_add(names, NULL);
	return nearest_word_hint(table, (const char *const *)names->pdata);
}

static const DomainData *owner_of(const Layout *layout, const char *table)
{
	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];
		size_t length = strlen(data->config.dataset);

		if (g_ascii_strncasecmp(table, data->config.dataset, length) == 0 &&
			table[length] == '.')
			return data;
	}
	return NULL;
}

static bool is_declared(const DomainData *owner, const char *table)
{
	const char *dot = strrchr(table, '.');
	g_autofree char *dataset = g_strndup(table, (gsize)(dot - table));

	return layout_domain_table_find(&owner->open, dataset, dot + 1) != NULL;
}

static void report_unknown(const TableEntry *entry, void *data)
{
	const UnknownSearch *search = data;
	const DomainData *owner =
		entry->producer != NULL ? NULL : owner_of(search->layout, entry->name);
	g_autofree char *hint = NULL;

	// Of a domain that could not be read to the end nobody knows.
	if (owner == NULL || owner->cut || owner->spoilt || is_declared(owner, entry->name))
		return;
	hint = near_tables(owner, entry->name);
	if (hint == NULL)
		hint = g_strdup_printf(
			"declare it in %s/schemas/ if something else fills it", owner->config.path);
	for (unsigned i = 0; i < entry->readers_length; i++) {
		const Unit *unit = unit_of_flow(entry->readers[i]);
		unsigned line = 1;

		for (unsigned j = 0; j < unit->flow.reads_length; j++) {
			if (g_ascii_strcasecmp(unit->flow.reads[j], entry->name) == 0)
				line = unit->flow.lines[j];
		}
		diagnostic_add(search->diagnostics, unit->path, line, 1, DIAGNOSTIC_WARNING,
			"unknown-table", hint, "nothing makes the table '%s'", entry->name);
	}
}

void layout_unknown(const Layout *layout, DiagnosticList *diagnostics)
{
	UnknownSearch search = {layout, diagnostics};

	table_index_visit(layout->index, report_unknown, &search);
}
