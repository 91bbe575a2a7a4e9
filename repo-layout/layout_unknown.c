// For people who validate: names that nothing makes.
#include "repo-layout/layout_private.h"

#include <string.h>

enum {
	// Words that are compared to say "did you mean": some seconds at most. Who has more unknown tables is not helped by the rest.
	MOST_COMPARED = 4 * 1000 * 1000,
	FEW_READS = 32, // are looked through
};

typedef struct UnknownSearch {
	const Layout *layout;
	DiagnosticList *diagnostics;
	GHashTable *names; // DomainData * -> GPtrArray of "dataset.table", ended by NULL
	GHashTable *lines; // Unit * -> GHashTable of name in lower case -> line + 1
	size_t compared;
} UnknownSearch;

static GPtrArray *names_of(UnknownSearch *search, const DomainData *owner)
{
	GPtrArray *names = g_hash_table_lookup(search->names, owner);

	if (names != NULL)
		return names;
	names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < owner->tables->len; i++) {
		const LayoutTable *known = owner->tables->pdata[i];

		g_ptr_array_add(names, g_strdup_printf("%s.%s", known->dataset, known->name));
	}
	g_ptr_array_add(names, NULL);
	g_hash_table_insert(search->names, (void *)(uintptr_t)owner, names);
	return names;
}

static char *near_tables(UnknownSearch *search, const DomainData *owner, const char *table)
{
	GPtrArray *names = names_of(search, owner);

	search->compared += names->len;
	return search->compared > MOST_COMPARED
		       ? NULL
		       : nearest_word_hint(table, (const char *const *)names->pdata);
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

static GHashTable *lines_of(UnknownSearch *search, const Unit *unit)
{
	GHashTable *lines = g_hash_table_lookup(search->lines, unit);

	if (lines != NULL)
		return lines;
	lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; i < unit->flow.reads_length; i++)
		g_hash_table_insert(lines, g_ascii_strdown(unit->flow.reads[i], -1),
			GUINT_TO_POINTER(unit->flow.lines[i] + 1));
	g_hash_table_insert(search->lines, (void *)(uintptr_t)unit, lines);
	return lines;
}

// The line of a script that reads the table.
static unsigned line_of(UnknownSearch *search, const Unit *unit, const char *table)
{
	if (unit->flow.reads_length > FEW_READS) {
		g_autofree char *name = g_ascii_strdown(table, -1);
		guint found = GPOINTER_TO_UINT(g_hash_table_lookup(lines_of(search, unit), name));

		return found == 0 ? 1 : found - 1;
	}
	for (unsigned i = 0; i < unit->flow.reads_length; i++) {
		if (g_ascii_strcasecmp(unit->flow.reads[i], table) == 0)
			return unit->flow.lines[i];
	}
	return 1;
}

static void report_unknown(const TableEntry *entry, void *data)
{
	UnknownSearch *search = data;
	const DomainData *owner =
		entry->producer != NULL ? NULL : owner_of(search->layout, entry->name);
	g_autofree char *hint = NULL;

	// Of a domain that could not be read to the end nobody knows.
	if (owner == NULL || owner->cut || owner->spoilt || is_declared(owner, entry->name))
		return;
	hint = near_tables(search, owner, entry->name);
	if (hint == NULL)
		hint = g_strdup_printf(
			"declare it in %s/schemas/ if something else fills it", owner->config.path);
	for (unsigned i = 0; i < entry->readers_length; i++) {
		const Unit *unit = unit_of_flow(entry->readers[i]);

		diagnostic_add(search->diagnostics, unit->path, line_of(search, unit, entry->name),
			1, DIAGNOSTIC_WARNING, "unknown-table", hint,
			"nothing makes the table '%s'", entry->name);
	}
}

void layout_unknown(const Layout *layout, DiagnosticList *diagnostics)
{
	g_autoptr(GHashTable) names =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GHashTable) lines =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_hash_table_unref);
	UnknownSearch search = {layout, diagnostics, names, lines, 0};

	table_index_visit(layout->index, report_unknown, &search);
}
