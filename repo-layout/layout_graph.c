// What must hold between the domains: one producer a table, no rings, consumers that are allowed, names that are unique.
#include "repo-layout/graph_private.h"

#include <string.h>

DiagnosticList *graph_faults(GraphCheck *check, const char *domain)
{
	DiagnosticList *list = g_hash_table_lookup(check->faults, domain);

	if (list == NULL) {
		list = diagnostic_list_new();
		g_hash_table_insert(check->faults, g_strdup(domain), list);
	}
	return list;
}

DomainData *graph_domain(const Layout *layout, const char *name)
{
	return (DomainData *)(uintptr_t)layout_domain_find(layout, name);
}

// ---- What changed since the last snapshot

static void note_all(GPtrArray *into, const DomainData *data)
{
	for (guint i = 0; i < data->units->len; i++)
		g_ptr_array_add(into, data->units->pdata[i]);
}

// Both lists are in order of paths.
static void note_differences(LayoutLoad *load, const DomainData *before, const DomainData *after)
{
	guint i = 0, j = 0;

	while (i < before->units->len || j < after->units->len) {
		Unit *old = i < before->units->len ? before->units->pdata[i] : NULL;
		Unit *new = j < after->units->len ? after->units->pdata[j] : NULL;
		int order = old == NULL	  ? 1
			    : new == NULL ? -1
			    : old == new  ? 0
					  : strcmp(old->path, new->path);

		if (order <= 0) {
			i++;
			if (old != new)
				g_ptr_array_add(load->removed, old);
		}
		if (order >= 0) {
			j++;
			if (old != new || order != 0)
				g_ptr_array_add(load->added, new);
		}
	}
}

static DomainData *base_of(DomainData *data)
{
	return data->base != NULL ? data->base : data;
}

static void note_changes(LayoutLoad *load)
{
	static unsigned serial;
	g_autoptr(GHashTable) gone = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *before = load->previous->domains;
	GPtrArray *after = load->layout->domains;
	unsigned mark = serial += 2;

	for (guint i = 0; i < before->len; i++)
		base_of(before->pdata[i])->scratch = mark;
	for (guint i = 0; i < after->len; i++) {
		DomainData *data = after->pdata[i];

		data->scratch = data->scratch == mark ? mark + 1 : 0;
	}
	for (guint i = 0; i < before->len; i++) {
		DomainData *data = base_of(before->pdata[i]);

		if (data->scratch == mark)
			g_hash_table_insert(gone, data->config.path, data);
	}
	for (guint i = 0; i < after->len; i++) {
		DomainData *data = after->pdata[i];
		DomainData *old;

		if (data->scratch == mark + 1)
			continue;
		old = g_hash_table_lookup(gone, data->config.path);
		if (old != NULL)
			note_differences(load, old, data);
		else
			note_all(load->added, data);
		g_hash_table_remove(gone, data->config.path);
	}
	GHashTableIter iter;
	void *left;

	g_hash_table_iter_init(&iter, gone);
	while (g_hash_table_iter_next(&iter, NULL, &left))
		note_all(load->removed, left);
}

static void patch_index(LayoutLoad *load)
{
	Layout *layout = load->layout;

	if (load->previous == NULL) {
		layout->index = table_index_new();
		for (guint i = 0; i < layout->domains->len; i++)
			note_all(load->added, layout->domains->pdata[i]);
	} else {
		note_changes(load);
		layout->index = table_index_copy(load->previous->index);
	}
	for (guint i = 0; i < load->removed->len; i++)
		table_index_remove(layout->index, load->removed->pdata[i]);
	for (guint i = 0; i < load->added->len; i++)
		table_index_add(layout->index, load->added->pdata[i]);
}

// ---- The checks, each over everything

// Whether the table lies in the dataset of the unit's own domain.
static bool owns(const Layout *layout, const Unit *unit, const char *table)
{
	const DomainData *data = graph_domain(layout, unit->flow.domain);
	const char *dataset = data == NULL ? "" : data->config.dataset;
	size_t length = strlen(dataset);

	return length > 0 && g_ascii_strncasecmp(table, dataset, length) == 0 &&
	       table[length] == '.';
}

static void report_producer(
	GraphCheck *check, const Unit *unit, const Unit *other, const char *table)
{
	bool mine = owns(check->layout, unit, table);
	bool theirs = owns(check->layout, other, table);
	// Who writes into another domain's dataset is at fault; its owner is not held up by that.
	bool innocent = mine && !theirs;
	g_autofree char *hint =
		innocent ? g_strdup_printf(
				   "the dataset is this domain's: domain '%s' has to give way",
				   other->flow.domain)
			 : g_strdup("remove or rename one of the two");

	diagnostic_add(graph_faults(check, unit->flow.domain), unit->path, unit->flow.line, 1,
		innocent ? DIAGNOSTIC_WARNING : DIAGNOSTIC_ERROR, "duplicate-producer", hint,
		"the table '%s' is also made by '%s'", table, other->path);
}

static void check_producers(const TableEntry *entry, void *data)
{
	GraphCheck *check = data;

	if (entry->others == NULL)
		return;
	report_producer(check, entry->producer, entry->others->pdata[0], entry->name);
	for (guint i = 0; i < entry->others->len; i++)
		report_producer(check, entry->others->pdata[i], entry->producer, entry->name);
}

static bool may_consume(const DomainData *owner, const char *reader)
{
	if (owner->consumers == NULL || strcmp(owner->config.name, reader) == 0)
		return true;
	for (char **name = owner->consumers; *name != NULL; name++) {
		size_t length = strlen(*name);

		if (strncmp(*name, reader, length) == 0 &&
			(reader[length] == '\0' || reader[length] == '.'))
			return true;
	}
	return false;
}

// The first table that a unit may not read; NULL: there is none.
static const DomainData *forbidden_read(const Layout *layout, const Unit *unit, unsigned *ret_read)
{
	for (unsigned i = 0; i < unit->flow.reads_length; i++) {
		const TableEntry *entry = table_index_find(layout->index, unit->flow.reads[i]);
		const DomainData *owner =
			entry == NULL || entry->producer == NULL
				? NULL
				: graph_domain(layout, entry->producer->flow.domain);

		if (owner != NULL && !may_consume(owner, unit->flow.domain)) {
			*ret_read = i;
			return owner;
		}
	}
	return NULL;
}

static void check_consumers(GraphCheck *check)
{
	const Layout *layout = check->layout;

	for (guint i = 0; layout->restricted && i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		for (guint j = 0; j < data->units->len; j++) {
			const Unit *unit = data->units->pdata[j];
			unsigned read;
			const DomainData *owner = forbidden_read(layout, unit, &read);
			g_autofree char *hint = NULL;

			if (owner == NULL)
				continue;
			hint = g_strdup_printf(
				"ask %s to add '%s' to 'consumers' in %s/domain.yaml",
				*owner->open.owner != '\0' ? owner->open.owner : "its owner",
				unit->flow.domain, owner->config.path);
			diagnostic_add(graph_faults(check, unit->flow.domain), unit->path,
				unit->read_lines[read], 1, DIAGNOSTIC_ERROR, "not-a-consumer", hint,
				"the domain '%s' may not read '%s'", unit->flow.domain,
				unit->flow.reads[read]);
		}
	}
}

static void check_domain_names(GraphCheck *check)
{
	const Layout *layout = check->layout;

	for (guint i = 1; i < layout->order->len; i++) {
		const DomainData *a =
			layout->domains->pdata[g_array_index(layout->order, guint, i - 1)];
		const DomainData *b =
			layout->domains->pdata[g_array_index(layout->order, guint, i)];

		if (strcmp(a->config.name, b->config.name) != 0)
			continue;
		for (unsigned side = 0; side < 2; side++) {
			g_autofree char *file =
				g_strconcat((side == 0 ? a : b)->config.path, "/domain.yaml", NULL);

			diagnostic_add(graph_faults(check, a->config.name), file, 0, 0,
				DIAGNOSTIC_ERROR, "duplicate-domain",
				"rename one of the two folders", "'%s' names the same domain '%s'",
				(side == 0 ? b : a)->config.path, a->config.name);
		}
	}
}

static void check_foreign_flow(GraphCheck *check, const LayoutFlow *flow)
{
	const LayoutDomain *owner = layout_domain_find(check->layout, flow->namespace);

	if (owner == NULL || strcmp(flow->namespace, flow->domain) == 0)
		return;
	diagnostic_add(graph_faults(check, flow->domain), flow->path, flow->line, 1,
		DIAGNOSTIC_ERROR, "foreign-namespace",
		"leave 'namespace' out: it is the domain by default",
		"the flow '%s' says namespace '%s', which is the domain of %s", flow->id,
		flow->namespace, *owner->owner != '\0' ? owner->owner : "someone else");
}

// Flows that name a namespace of their own: it may not be someone else's, and ids stay unique in it.
static void check_foreign(GraphCheck *check)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const Layout *layout = check->layout;

	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		for (guint j = 0; data->foreign && j < data->flows->len; j++) {
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
				diagnostic_add(graph_faults(check, flow->domain), flow->path,
					flow->line, 1, DIAGNOSTIC_ERROR, "duplicate-id",
					"rename one of the two", "the flow '%s.%s' is also in '%s'",
					flow->namespace, flow->id, first->path);
		}
	}
}

// Of the faults found under a domain's name those of its own files: two folders may claim one name.
static DiagnosticList *own_faults(const DomainData *data, const DiagnosticList *list)
{
	g_autofree char *folder = g_strconcat(data->config.path, "/", NULL);
	DiagnosticList *own = diagnostic_list_new();

	for (size_t i = 0; i < diagnostic_list_length(list); i++) {
		const Diagnostic *from = diagnostic_list_at(list, i);

		if (data->virtual_ || g_str_has_prefix(from->file, folder))
			diagnostic_add(own, from->file, from->line, from->column, from->severity,
				from->code, from->hint, "%s", from->message);
	}
	return own;
}

static void hand_out(Layout *layout, GHashTable *faults)
{
	layout->graph_faults = g_hash_table_size(faults) > 0;
	for (guint i = 0; layout->graph_faults && i < layout->domains->len; i++) {
		DomainData *data = layout->domains->pdata[i];
		const DiagnosticList *list = g_hash_table_lookup(faults, data->config.name);

		if (list == NULL)
			continue;
		g_autoptr(DiagnosticList) own = own_faults(data, list);

		layout->domains->pdata[i] = domain_data_with(data, own);
		domain_data_unref(data);
	}
}

static void check_everything(Layout *layout)
{
	GraphCheck check = {
		.layout = layout,
		.faults = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, (GDestroyNotify)diagnostic_list_free),
	};

	check_domain_names(&check);
	table_index_visit(layout->index, check_producers, &check);
	check_consumers(&check);
	check_foreign(&check);
	graph_check_cycles(&check);
	hand_out(layout, check.faults);
	g_hash_table_unref(check.faults);
}

// Whether one of the changed flows may have brought a fault in; then everything is looked at.
static bool changes_look_good(const LayoutLoad *load)
{
	const Layout *layout = load->layout;

	for (guint i = 0; i < load->added->len; i++) {
		Unit *unit = load->added->pdata[i];
		unsigned read;

		for (unsigned j = 0; j < unit->flow.writes_length; j++) {
			if (table_index_find(layout->index, unit->flow.writes[j])->others != NULL)
				return false;
		}
		if (layout->restricted && forbidden_read(layout, unit, &read) != NULL)
			return false;
		if (unit->flow.id != NULL && unit->flow.namespace != unit->flow.domain)
			return false;
		if (unit->flow.reads_length > 0 && graph_in_cycle(layout->index, unit))
			return false;
	}
	return true;
}

static bool same_domains(const Layout *a, const Layout *b)
{
	if (a->domains->len != b->domains->len || a->restricted || b->restricted)
		return false;
	for (guint i = 0; i < a->domains->len; i++) {
		const DomainData *left = a->domains->pdata[i];
		const DomainData *right = b->domains->pdata[i];

		if (left != right && strcmp(left->config.path, right->config.path) != 0)
			return false;
	}
	return true;
}

static int compare_names(const void *left, const void *right, void *data)
{
	GPtrArray *domains = data;
	const DomainData *a = domains->pdata[*(const guint *)left];
	const DomainData *b = domains->pdata[*(const guint *)right];
	int order = strcmp(a->config.name, b->config.name);

	return order != 0 ? order : strcmp(a->config.path, b->config.path);
}

static void put_in_order(Layout *layout)
{
	layout->order = g_array_sized_new(FALSE, FALSE, sizeof(guint), layout->domains->len);
	for (guint i = 0; i < layout->domains->len; i++)
		g_array_append_val(layout->order, i);
	g_array_sort_with_data(layout->order, compare_names, layout->domains);
}

void layout_graph_check(LayoutLoad *load)
{
	Layout *layout = load->layout;
	const Layout *previous = load->previous;
	bool same = previous != NULL && same_domains(layout, previous);

	if (same)
		layout->order = g_array_ref(previous->order);
	else
		put_in_order(layout);
	patch_index(load);
	if (!same || previous->graph_faults || !changes_look_good(load))
		check_everything(layout);
}

// ---- For people: names that nothing makes

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
				line = unit->read_lines[j];
		}
		diagnostic_add(search->diagnostics, unit->path, line, 1, DIAGNOSTIC_WARNING,
			"unknown-table", hint, "nothing makes the table '%s'", entry->name);
	}
}

void layout_graph_unknown(const Layout *layout, DiagnosticList *diagnostics)
{
	UnknownSearch search = {layout, diagnostics};

	table_index_visit(layout->index, report_unknown, &search);
}
