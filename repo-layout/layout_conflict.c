// What must hold between the domains: one producer a table, no rings, consumers that are allowed, names that are unique. This is
// what is said of one commit by itself; whose change brought it in, the plan says, which knows what is live.
#include "repo-layout/flow_graph.h"
#include "repo-layout/layout_private.h"
#include "repo-layout/layout_reference.h"

#include <string.h>

typedef struct ConflictCheck {
	const Layout *layout;
	FlowGraph *graph;
	DiagnosticList *diagnostics;
} ConflictCheck;

// ---- Rules ----------------------------------------------------------------------------------------------------------

bool layout_reads_softly(const Layout *layout)
{
	return table_index_soft(layout->index) > 0;
}

bool layout_owns(const Layout *layout, const char *domain, const char *table)
{
	const LayoutDomain *owner = layout_domain_find(layout, domain);
	size_t length = owner == NULL ? 0 : strlen(owner->dataset);

	return length > 0 && g_ascii_strncasecmp(table, owner->dataset, length) == 0 &&
	       table[length] == '.';
}

bool layout_admits(const char *const *consumers, const char *owner, const char *reader)
{
	if (consumers == NULL || strcmp(owner, reader) == 0)
		return true;
	for (; *consumers != NULL; consumers++) {
		size_t length = strlen(*consumers);

		if (strncmp(*consumers, reader, length) == 0 &&
			(reader[length] == '\0' || reader[length] == '.'))
			return true;
	}
	return false;
}

char *layout_admission_hint(const LayoutDomain *owner, const char *reader)
{
	return g_strdup_printf("ask %s to add '%s' to 'consumers' in %s/domain.yaml",
		*owner->owner != '\0' ? owner->owner : "its owner", reader, owner->path);
}

char *layout_clash_text(const LayoutClash *clash, const char *folder, const char *other)
{
	g_autofree char *name = g_strdup(folder + strlen("domains/"));

	if (!clash->same_domain)
		return g_strdup_printf(
			"its name differs from that of '%s' in letter case only", other);
	g_strdelimit(name, "/", '.');
	return g_strdup_printf("'%s' names the same domain '%s'", other, name);
}

// ---- Names of domains ----------------------------------------------------------------------------------------------

static void check_clashes(ConflictCheck *check)
{
	for (size_t i = 0; i < layout_clashes_length(check->layout); i++) {
		const LayoutClash *clash = layout_clash_at(check->layout, i);

		for (const char *const *folder = clash->folders; *folder != NULL; folder++) {
			const char *other =
				folder == clash->folders ? folder[1] : clash->folders[0];
			g_autofree char *message = layout_clash_text(clash, *folder, other);
			g_autofree char *file = g_strconcat(
				*folder, clash->same_domain ? "/domain.yaml" : "", NULL);

			diagnostic_add(check->diagnostics, file, 0, 0, DIAGNOSTIC_ERROR,
				clash->same_domain ? "duplicate-domain" : "duplicate-name",
				"rename one of the two folders", "%s", message);
		}
	}
}

// ---- Producers of tables -------------------------------------------------------------------------------------------

static void report_producer(
	ConflictCheck *check, const LayoutFlow *flow, const LayoutFlow *other, const char *table)
{
	bool mine = layout_owns(check->layout, flow->domain, table);
	bool theirs = layout_owns(check->layout, other->domain, table);
	// Who writes into another domain's dataset is at fault; its owner is not held up by that.
	bool innocent = mine && !theirs;
	g_autofree char *hint =
		innocent ? g_strdup_printf(
				   "the dataset is this domain's: domain '%s' has to give way",
				   other->domain)
			 : g_strdup("remove or rename one of the two");

	diagnostic_add(check->diagnostics, flow->path, flow->line, 1,
		innocent ? DIAGNOSTIC_WARNING : DIAGNOSTIC_ERROR, "duplicate-producer", hint,
		"the table '%s' is also made by '%s'", table, other->path);
}

static void check_producers(const TableEntry *entry, void *data)
{
	ConflictCheck *check = data;

	if (entry->others == NULL)
		return;
	report_producer(check, &entry->producer->flow,
		&((const Unit *)entry->others->pdata[0])->flow, entry->name);
	for (guint i = 0; i < entry->others->len; i++)
		report_producer(check, &((const Unit *)entry->others->pdata[i])->flow,
			&entry->producer->flow, entry->name);
}

// ---- Consumers -----------------------------------------------------------------------------------------------------

static void check_read(ConflictCheck *check, const LayoutFlow *flow, unsigned read)
{
	FlowWalk producers = flow_graph_producers(check->graph, flow->reads[read]);
	const LayoutFlow *producer;

	while ((producer = flow_walk_next(&producers)) != NULL) {
		const LayoutDomain *owner = layout_domain_find(check->layout, producer->domain);
		g_autofree char *hint = NULL;

		if (owner == NULL || layout_admits(owner->consumers, owner->name, flow->domain))
			continue;
		hint = layout_admission_hint(owner, flow->domain);
		diagnostic_add(check->diagnostics, flow->path, flow->lines[read], 1,
			DIAGNOSTIC_ERROR, "not-a-consumer", hint,
			"the domain '%s' may not read '%s'", flow->domain, flow->reads[read]);
		return;
	}
}

static void check_consumers(ConflictCheck *check)
{
	const Layout *layout = check->layout;
	bool restricted = false;

	for (guint i = 0; i < layout->domains->len; i++)
		restricted = restricted ||
			     ((const DomainData *)layout->domains->pdata[i])->consumers != NULL;
	for (guint i = 0; restricted && i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		for (guint j = 0; j < data->flows->len; j++) {
			const LayoutFlow *flow = data->flows->pdata[j];

			for (unsigned read = 0; read < flow->reads_length; read++)
				check_read(check, flow, read);
		}
	}
}

// ---- Tables that checks look into -----------------------------------------------------------------------------------

static void check_flow_references(ConflictCheck *check, const LayoutFlow *flow)
{
	for (unsigned i = 0; i < flow->references_length; i++) {
		const LayoutReference *reference = &flow->references[i];
		g_autofree char *hint = NULL;
		g_autofree char *fault =
			reference_fault(check->layout, check->graph, reference, &hint);

		if (fault != NULL)
			diagnostic_add(check->diagnostics, flow->references_path, reference->line,
				reference->column, DIAGNOSTIC_ERROR, "unreachable-table", hint,
				"%s", fault);
	}
}

static void check_references(ConflictCheck *check)
{
	for (guint i = 0; i < check->layout->domains->len; i++) {
		const DomainData *data = check->layout->domains->pdata[i];

		for (guint j = 0; j < data->flows->len; j++)
			check_flow_references(check, data->flows->pdata[j]);
	}
}

// ---- Namespaces ----------------------------------------------------------------------------------------------------

static void check_foreign_flow(ConflictCheck *check, const LayoutFlow *flow)
{
	const LayoutDomain *owner = layout_domain_find(check->layout, flow->namespace);

	if (owner == NULL || strcmp(flow->namespace, flow->domain) == 0)
		return;
	diagnostic_add(check->diagnostics, flow->path, flow->line, 1, DIAGNOSTIC_ERROR,
		"foreign-namespace", "leave 'namespace' out: it is the domain by default",
		"the flow '%s' says namespace '%s', which is the domain of %s", flow->id,
		flow->namespace, *owner->owner != '\0' ? owner->owner : "someone else");
}

// Flows that name a namespace of their own: it may not be someone else's, and ids stay unique in it.
static void check_foreign(ConflictCheck *check)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const Layout *layout = check->layout;

	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		for (guint j = 0; data->open.foreign && j < data->flows->len; j++) {
			const LayoutFlow *flow = data->flows->pdata[j];
			const LayoutFlow *first;
			char *key;

			if (flow->namespace == flow->domain)
				continue;
			check_foreign_flow(check, flow);
			key = g_strdup_printf("%s/%s", flow->namespace, flow->id);
			first = g_hash_table_lookup(seen, key);
			if (first == NULL) {
				g_hash_table_insert(seen, key, (void *)(uintptr_t)flow);
				continue;
			}
			g_free(key);
			if (strcmp(first->domain, flow->domain) != 0)
				diagnostic_add(check->diagnostics, flow->path, flow->line, 1,
					DIAGNOSTIC_ERROR, "duplicate-id", "rename one of the two",
					"the flow '%s.%s' is also in '%s'", flow->namespace,
					flow->id, first->path);
		}
	}
}

// ---- Rings ---------------------------------------------------------------------------------------------------------

typedef struct RingCheck {
	ConflictCheck *conflicts;
	FlowEdges edges;
	bool found;
} RingCheck;

// The whole ring is one fault, which is said once: in its first file by path.
static void report_ring(const GPtrArray *flows, void *data)
{
	RingCheck *check = data;
	g_autoptr(FlowRing) ring = NULL;
	g_autofree char *text = NULL;

	check->found = true;
	ring = flow_graph_ring(check->conflicts->graph, flows->pdata[0], check->edges);
	text = flow_ring_text(ring);
	diagnostic_add(check->conflicts->diagnostics, ((LayoutFlow *)flows->pdata[0])->path,
		flow_ring_line(ring, 0), 1,
		check->edges == FLOW_READS ? DIAGNOSTIC_WARNING : DIAGNOSTIC_ERROR,
		"dependency-cycle", flow_ring_hint(check->edges), "dependency cycle: %s", text);
}

static void check_rings(ConflictCheck *conflicts)
{
	const Layout *layout = conflicts->layout;
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	RingCheck check = {.conflicts = conflicts, .edges = FLOW_STARTS};

	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		for (guint j = 0; j < data->flows->len; j++)
			g_ptr_array_add(all, data->flows->pdata[j]);
	}
	flow_graph_components(conflicts->graph, all, check.edges, report_ring, &check);
	// A ring of reads that start nothing is worth a word; one that is an error already needs no second one.
	if (check.found || !layout_reads_softly(layout))
		return;
	check.edges = FLOW_READS;
	flow_graph_components(conflicts->graph, all, check.edges, report_ring, &check);
}

void layout_conflicts(const Layout *layout, DiagnosticList *diagnostics)
{
	g_autoptr(FlowGraph) graph = flow_graph_new(layout);
	ConflictCheck check = {layout, graph, diagnostics};

	check_clashes(&check);
	table_index_visit(layout->index, check_producers, &check);
	check_consumers(&check);
	check_references(&check);
	check_foreign(&check);
	check_rings(&check);
}
