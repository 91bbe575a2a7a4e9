// Two domains that make one table, and domains that read what they may not.
#include "reconciler/blame.h"

#include <string.h>

// ---- One producer a table -----------------------------------------------------------------------------------------

static GPtrArray *list_producers(const Blame *blame, const char *table)
{
	GPtrArray *producers = g_ptr_array_new();
	FlowWalk walk = flow_graph_producers(blame->graph, table);
	const LayoutFlow *flow;

	while ((flow = flow_walk_next(&walk)) != NULL)
		g_ptr_array_add(producers, (void *)(uintptr_t)flow);
	return producers;
}

// Whether a flow goes live with this commit, or is the one that has the older claim: it was live, or else, when none was, the
// dataset is its domain's own and not that of the others.
static bool has_claim(Blame *blame, const LayoutFlow *flow, const char *table, bool any_live,
	bool any_owner, bool all_owners)
{
	if (any_live)
		return !blame_new_write(blame, flow, table);
	return any_owner && !all_owners && layout_owns(blame->plan->layout, flow->domain, table);
}

static void blame_several(Blame *blame, const GPtrArray *producers, const char *table)
{
	bool any_live = false, any_owner = false, all_owners = true;

	for (guint i = 0; i < producers->len; i++) {
		const LayoutFlow *flow = producers->pdata[i];
		bool owner = layout_owns(blame->plan->layout, flow->domain, table);

		any_live = any_live || !blame_new_write(blame, flow, table);
		any_owner = any_owner || owner;
		all_owners = all_owners && owner;
	}
	for (guint i = 0; i < producers->len; i++) {
		const LayoutFlow *flow = producers->pdata[i];
		const LayoutFlow *other = producers->pdata[i == 0 ? 1 : 0];
		g_autofree char *message = NULL;

		for (guint j = 0; j < producers->len; j++) {
			if (j != i && has_claim(blame, producers->pdata[j], table, any_live,
					      any_owner, all_owners))
				other = producers->pdata[j];
		}
		if (has_claim(blame, flow, table, any_live, any_owner, all_owners))
			continue;
		message =
			g_strdup_printf("the table '%s' is also made by '%s'", table, other->path);
		blame_domain(blame, blame_find(blame, flow->domain), flow->path, flow->line,
			"duplicate-producer",
			any_live ? "that one is live: remove or rename this one"
				 : "remove or rename one of the two",
			message);
	}
}

static void check_writes(Blame *blame, const PlanEdge *edge)
{
	for (unsigned i = 0; i < edge->after->writes_length; i++) {
		const char *table = edge->after->writes[i];
		g_autoptr(GPtrArray) producers = NULL;

		if (edge->before != NULL && flow_writes(edge->before, table))
			continue;
		producers = list_producers(blame, table);
		// Of several new ones the first speaks for all.
		for (guint j = 0; j < producers->len && producers->pdata[j] != edge->after; j++) {
			if (blame_new_write(blame, producers->pdata[j], table))
				g_ptr_array_set_size(producers, 0);
		}
		if (producers->len > 1)
			blame_several(blame, producers, table);
	}
}

void blame_producers(Blame *blame)
{
	blame_look(blame, check_writes);
}

// ---- Consumers ----------------------------------------------------------------------------------------------------

static bool admits(const Blame *blame, const char *owner, const char *reader)
{
	const PlanDomain *domain = blame_find(blame, owner);
	const LayoutDomain *layout = NULL;

	if (domain != NULL && plan_stays(domain))
		return layout_admits(domain->live_consumers, owner, reader);
	layout = domain != NULL ? domain->layout : layout_domain_find(blame->plan->layout, owner);
	return layout == NULL || layout_admits(layout->consumers, owner, reader);
}

// A read of a table whose domain does not let the reader in.
static void blame_reader(
	Blame *blame, const LayoutFlow *flow, unsigned read, const LayoutFlow *producer)
{
	const LayoutDomain *owner = layout_domain_find(blame->plan->layout, producer->domain);
	g_autofree char *hint = owner == NULL ? NULL : layout_admission_hint(owner, flow->domain);
	g_autofree char *message = g_strdup_printf(
		"the domain '%s' may not read '%s'", flow->domain, flow->reads[read]);

	blame_domain(blame, blame_find(blame, flow->domain), flow->path,
		flow->lines == NULL ? flow->line : flow->lines[read], "not-a-consumer", hint,
		message);
}

// Who reads already goes on; the domain that would shut it out is the one that has to wait.
static void blame_owner(
	Blame *blame, const LayoutFlow *producer, const char *table, const LayoutFlow *reader)
{
	PlanDomain *domain = blame_find(blame, producer->domain);
	g_autofree char *file = NULL;
	g_autofree char *hint = g_strdup_printf(
		"add '%s' to 'consumers', or have it stop reading first", reader->domain);
	g_autofree char *message = NULL;

	if (domain == NULL || domain->layout == NULL)
		return;
	file = g_strconcat(domain->layout->path, "/domain.yaml", NULL);
	message = g_strdup_printf("'consumers' leaves out the domain '%s', whose '%s' reads '%s'",
		reader->domain, reader->path, table);
	blame_domain(blame, domain, file, 0, "not-a-consumer", hint, message);
}

// All who read a table that a domain makes with new consumers, or newly makes.
static void check_readers(Blame *blame, const LayoutFlow *producer, const char *table)
{
	FlowWalk walk = flow_graph_readers(blame->graph, table);
	const LayoutFlow *reader;

	while ((reader = flow_walk_next(&walk)) != NULL) {
		if (!admits(blame, producer->domain, reader->domain) &&
			!blame_new_read(blame, reader, table, FLOW_READS))
			blame_owner(blame, producer, table, reader);
	}
}

static void check_reads(Blame *blame, const PlanEdge *edge)
{
	for (unsigned i = 0; i < edge->after->reads_length; i++) {
		const char *table = edge->after->reads[i];
		FlowWalk walk = flow_graph_producers(blame->graph, table);
		const LayoutFlow *producer;

		if (edge->before != NULL && flow_reads(edge->before, table, FLOW_READS))
			continue;
		while ((producer = flow_walk_next(&walk)) != NULL) {
			if (!admits(blame, producer->domain, edge->after->domain))
				blame_reader(blame, edge->after, i, producer);
		}
	}
	for (unsigned i = 0; i < edge->after->writes_length; i++) {
		if (edge->before == NULL || !flow_writes(edge->before, edge->after->writes[i]))
			check_readers(blame, edge->after, edge->after->writes[i]);
	}
}

static bool same_consumers(const PlanDomain *domain)
{
	const char *const *before = domain->live_consumers;
	const char *const *after = domain->layout->consumers;

	if (before == NULL || after == NULL)
		return before == after;
	return g_strv_equal(before, after);
}

void blame_consumers(Blame *blame)
{
	blame_look(blame, check_reads);
	for (guint i = 0; i < blame->plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(blame->plan, i);
		const LayoutDomain *layout = domain->layout;

		if (domain->state != PLAN_DOMAIN_CHANGED || layout == NULL ||
			layout->consumers == NULL || same_consumers(domain))
			continue;
		for (size_t j = 0; j < layout->flows_length; j++) {
			for (unsigned k = 0; k < layout->flows[j]->writes_length; k++)
				check_readers(blame, layout->flows[j], layout->flows[j]->writes[k]);
		}
	}
}
