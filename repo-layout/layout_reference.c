#include "repo-layout/layout_reference.h"

#include "repo-layout/layout_private.h"

#include <string.h>

// "sales.customers" of "sales.customers.id"; NULL when it is not of this form, which is said elsewhere.
static char *table_of(const char *to)
{
	const char *first = to == NULL ? NULL : strchr(to, '.');
	const char *last = to == NULL ? NULL : strrchr(to, '.');

	if (first == last || strchr(first + 1, '.') != last)
		return NULL;
	return g_strndup(to, (gsize)(last - to));
}

void references_of_checks(const json_t *checks, const char *connection, GArray *references)
{
	const json_t *check;
	size_t index;

	json_array_foreach(checks, index, check)
	{
		const char *type = json_string_value(json_object_get(check, "type"));
		LayoutReference reference = {.connection = connection};

		if (g_strcmp0(type, "relationships") != 0)
			continue;
		reference.table = table_of(json_string_value(json_object_get(check, "to")));
		if (reference.table != NULL)
			g_array_append_val(references, reference);
	}
}

void references_clear(GArray *references)
{
	for (guint i = 0; i < references->len; i++)
		g_free((char *)(uintptr_t)g_array_index(references, LayoutReference, i).table);
	g_array_set_size(references, 0);
}

// ---- Whether a table can be reached -------------------------------------------------------------------------------

// The dataset's part of "dataset.table".
static char *dataset_of(const char *table)
{
	return g_strndup(table, strcspn(table, "."));
}

// The connection that a table is on, by who makes or declares it, or whose dataset it is; NULL when nobody knows it.
static const char *connection_of(
	const Layout *layout, const FlowGraph *graph, const char *table, bool *ret_there)
{
	FlowWalk walk = flow_graph_producers(graph, table);
	const LayoutFlow *producer = flow_walk_next(&walk);
	g_autofree char *dataset = dataset_of(table);
	const LayoutTable *declared = layout_table_find(layout, dataset, strchr(table, '.') + 1);

	*ret_there = producer != NULL || declared != NULL;
	if (producer != NULL && producer->connection != NULL)
		return producer->connection;
	if (declared != NULL)
		return declared->connection;
	for (size_t i = 0; producer == NULL && i < layout_domains_length(layout); i++) {
		const LayoutDomain *domain = layout_domain_at(layout, i);

		if (g_ascii_strcasecmp(domain->dataset, dataset) == 0)
			return domain->connection;
	}
	return NULL;
}

// The one that is in the program itself: nothing is in it that was not made by a flow.
static bool is_embedded(const Layout *layout, const char *connection)
{
	const json_t *settings = project_connection(layout->project, connection);

	return strcmp(connection, "default") == 0 && json_object_get(settings, "url") == NULL;
}

char *reference_fault(const Layout *layout, const FlowGraph *graph,
	const LayoutReference *reference, char **ret_hint)
{
	bool there = false;
	const char *connection = connection_of(layout, graph, reference->table, &there);

	*ret_hint = NULL;
	if (connection != NULL && strcmp(connection, reference->connection) != 0) {
		*ret_hint = g_strdup_printf("compare the two with a flow that loads one of them "
					    "into the other's connection");
		return g_strdup_printf(
			"the check looks into '%s', which is on the connection '%s', and runs on "
			"'%s'",
			reference->table, connection, reference->connection);
	}
	if (there || !is_embedded(layout, reference->connection))
		return NULL;
	*ret_hint = g_strdup("declare it with a file in schemas/ if something else fills it");
	return g_strdup_printf(
		"the check looks into '%s', which nothing makes on the connection '%s'",
		reference->table, reference->connection);
}
