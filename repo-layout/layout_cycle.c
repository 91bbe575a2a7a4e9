// Rings in the graph: flows that wait for each other.
#include "repo-layout/graph_private.h"

#include <string.h>

char *graph_name(const Unit *unit)
{
	if (unit->flow.target != NULL)
		return g_strdup(unit->flow.target);
	return g_strdup_printf("%s.%s", unit->flow.namespace, unit->flow.id);
}

// Walks over the units that a unit reads from.
typedef struct Edges {
	const TableIndex *index;
	const Unit *unit;
	bool soft; // reads that start nothing, too
	unsigned read;
	unsigned other;
} Edges;

// The next unit that this one reads from, and by which read; NULL at the end.
static Unit *edges_next(Edges *edges, unsigned *ret_read)
{
	const LayoutFlow *flow = &edges->unit->flow;

	while (edges->read < flow->reads_length) {
		const TableEntry *entry =
			edges->soft || edges->unit->read_starts[edges->read]
				? table_index_find(edges->index, flow->reads[edges->read])
				: NULL;
		unsigned other = edges->other++;

		*ret_read = edges->read;
		if (entry != NULL && entry->producer != NULL && other == 0)
			return entry->producer;
		if (entry != NULL && entry->others != NULL && other > 0 &&
			other <= entry->others->len)
			return entry->others->pdata[other - 1];
		edges->read++;
		edges->other = 0;
	}
	return NULL;
}

// A place on the way of the depth-first walk.
typedef struct Step {
	Unit *unit;
	Edges edges;
} Step;

bool graph_in_cycle(const TableIndex *index, Unit *start)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) pending = g_ptr_array_new();

	g_ptr_array_add(pending, start);
	while (pending->len > 0) {
		Edges edges = {.index = index,
			.unit = g_ptr_array_steal_index_fast(pending, pending->len - 1)};
		unsigned read;
		Unit *next;

		while ((next = edges_next(&edges, &read)) != NULL) {
			if (next == start)
				return true;
			if (g_hash_table_add(seen, next))
				g_ptr_array_add(pending, next);
		}
	}
	return false;
}

// Tarjan's algorithm, without recursion: a chain of scripts may be as long as the repository.
typedef struct Components {
	GraphCheck *check;
	bool soft;
	GArray *steps; // Step
	GPtrArray *stack; // Unit *
	unsigned next;
	void (*found)(struct Components *components, Unit **units, guint length);
} Components;

// mark: 0 not seen yet, else number; low as usual. A unit that is off the stack has mark G_MAXUINT.
static void enter(Components *components, Unit *unit)
{
	Step step = {unit, {.index = components->check->layout->index,
				   .unit = unit,
				   .soft = components->soft}};

	unit->mark = unit->low = ++components->next;
	g_ptr_array_add(components->stack, unit);
	g_array_append_val(components->steps, step);
}

static bool reads_itself(const Components *components, const Unit *unit)
{
	Edges edges = {
		.index = components->check->layout->index, .unit = unit, .soft = components->soft};
	unsigned read;
	Unit *next;

	while ((next = edges_next(&edges, &read)) != NULL) {
		if (next == unit)
			return true;
	}
	return false;
}

static void leave(Components *components, Unit *unit)
{
	guint start = components->stack->len;

	if (unit->low != unit->mark)
		return;
	do {
		start--;
		((Unit *)components->stack->pdata[start])->mark = G_MAXUINT;
	} while (components->stack->pdata[start] != unit);
	if (components->stack->len - start > 1 || reads_itself(components, unit))
		components->found(components, (Unit **)components->stack->pdata + start,
			components->stack->len - start);
	g_ptr_array_set_size(components->stack, (gint)start);
}

static void walk_from(Components *components, Unit *start)
{
	enter(components, start);
	while (components->steps->len > 0) {
		Step *step = &g_array_index(components->steps, Step, components->steps->len - 1);
		Unit *unit = step->unit;
		unsigned read;
		Unit *next = edges_next(&step->edges, &read);

		if (next == NULL) {
			g_array_set_size(components->steps, components->steps->len - 1);
			leave(components, unit);
			if (components->steps->len > 0) {
				Step *above = &g_array_index(
					components->steps, Step, components->steps->len - 1);

				above->unit->low = MIN(above->unit->low, unit->low);
			}
		} else if (next->mark == 0) {
			enter(components, next);
		} else if (next->mark != G_MAXUINT) {
			unit->low = MIN(unit->low, next->mark);
		}
	}
}

static void visit_units(const Layout *layout, void (*visit)(Unit *unit, void *data), void *data)
{
	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *domain = layout->domains->pdata[i];

		for (guint j = 0; j < domain->units->len; j++)
			visit(domain->units->pdata[j], data);
	}
}

static void clear_mark(Unit *unit, void *data)
{
	(void)data;
	unit->mark = 0;
}

static void walk_unit(Unit *unit, void *data)
{
	if (unit->mark == 0 && unit->flow.reads_length > 0)
		walk_from(data, unit);
}

// The shortest ring through a unit inside its component: breadth first, along what is read. Each unit's mark says how it
// was reached (its place in the list, counted from 1).
typedef struct Ring {
	GPtrArray *units; // Unit *, in the order of reading
	GArray *read_lines; // unsigned: where each reads the next
} Ring;

static void trace_back(GPtrArray *reached, const GArray *from, const GArray *lines, guint last,
	unsigned last_line, Ring *ring)
{
	g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint at = last;; at = g_array_index(from, guint, at)) {
		g_array_append_val(way, at);
		if (at == 0)
			break;
	}
	for (guint i = way->len; i-- > 0;) {
		guint at = g_array_index(way, guint, i);
		unsigned line =
			i == 0 ? last_line
			       : g_array_index(lines, unsigned, g_array_index(way, guint, i - 1));

		g_ptr_array_add(ring->units, reached->pdata[at]);
		g_array_append_val(ring->read_lines, line);
	}
}

static void find_ring(Components *components, Unit *start, GHashTable *members, Ring *ring)
{
	g_autoptr(GPtrArray) reached = g_ptr_array_new();
	g_autoptr(GArray) from = g_array_new(FALSE, FALSE, sizeof(guint));
	g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	guint none = 0;

	g_ptr_array_add(reached, start);
	g_array_append_val(from, none);
	g_array_append_val(lines, none);
	for (guint at = 0; at < reached->len; at++) {
		Edges edges = {.index = components->check->layout->index,
			.unit = reached->pdata[at],
			.soft = components->soft};
		unsigned read;
		Unit *next;

		while ((next = edges_next(&edges, &read)) != NULL) {
			unsigned line = edges.unit->read_lines[read];

			if (next == start) {
				trace_back(reached, from, lines, at, line, ring);
				return;
			}
			if (!g_hash_table_contains(members, next) || !g_hash_table_add(seen, next))
				continue;
			g_ptr_array_add(reached, next);
			g_array_append_val(from, at);
			g_array_append_val(lines, line);
		}
	}
}

// "sales.a (domains/sales/sql/a.sql:3) → sales.b (…:2) → sales.a"
static char *ring_text(const Ring *ring)
{
	GString *text = g_string_new(NULL);
	g_autofree char *first = graph_name(ring->units->pdata[0]);

	for (guint i = 0; i < ring->units->len; i++) {
		const Unit *unit = ring->units->pdata[i];
		g_autofree char *name = graph_name(unit);

		g_string_append_printf(text, "%s (%s:%u) → ", name, unit->path,
			g_array_index(ring->read_lines, unsigned, i));
	}
	g_string_append(text, first);
	return g_string_free(text, FALSE);
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp((*(Unit *const *)left)->path, (*(Unit *const *)right)->path);
}

static void report(Components *components, const Unit *unit, unsigned line, const char *format,
	const char *ring)
{
	static const char hard[] =
		"one of them has to stop reading the other; a feed with history may read itself";
	static const char soft[] =
		"nothing starts in a ring, but what each of them reads depends on who ran last";
	GString *text = g_string_new(format);

	g_string_append(text, ring);
	diagnostic_add(graph_faults(components->check, unit->flow.domain), unit->path, line, 1,
		components->soft ? DIAGNOSTIC_WARNING : DIAGNOSTIC_ERROR, "dependency-cycle",
		components->soft ? soft : hard, "%s", text->str);
	g_string_free(text, TRUE);
}

static void report_component(Components *components, Unit **units, guint length)
{
	g_autoptr(GHashTable) members = g_hash_table_new(NULL, NULL);
	g_autofree Unit **sorted = g_memdup2(units, length * sizeof(*units));
	Ring ring = {g_ptr_array_new(), g_array_new(FALSE, FALSE, sizeof(unsigned))};
	g_autofree char *text = NULL;

	qsort(sorted, length, sizeof(*sorted), compare_paths);
	for (guint i = 0; i < length; i++)
		g_hash_table_add(members, sorted[i]);
	find_ring(components, sorted[0], members, &ring);
	text = ring_text(&ring);
	for (guint i = 0; i < ring.units->len; i++) {
		report(components, ring.units->pdata[i],
			g_array_index(ring.read_lines, unsigned, i), "dependency cycle: ", text);
		g_hash_table_remove(members, ring.units->pdata[i]);
	}
	for (guint i = 0; i < length; i++) {
		if (g_hash_table_contains(members, sorted[i]))
			report(components, sorted[i], sorted[i]->read_lines[0],
				"it is in a ring with the dependency cycle: ", text);
	}
	g_ptr_array_unref(ring.units);
	g_array_unref(ring.read_lines);
}

static bool has_soft_edge(const Unit *unit)
{
	for (unsigned i = 0; i < unit->flow.reads_length; i++) {
		if (!unit->read_starts[i])
			return true;
	}
	return false;
}

// A ring of reads that start nothing is worth a word, but no error; one that is an error already needs no second word.
static void report_soft(Components *components, Unit **units, guint length)
{
	for (guint i = 0; i < length; i++) {
		if (has_soft_edge(units[i]) && units[i]->flow.writes_length > 0) {
			report_component(components, units, length);
			return;
		}
	}
}

static void run(GraphCheck *check, bool soft)
{
	Components components = {
		.check = check,
		.soft = soft,
		.steps = g_array_new(FALSE, FALSE, sizeof(Step)),
		.stack = g_ptr_array_new(),
		.found = soft ? report_soft : report_component,
	};

	visit_units(check->layout, clear_mark, NULL);
	visit_units(check->layout, walk_unit, &components);
	g_array_unref(components.steps);
	g_ptr_array_unref(components.stack);
}

static void note_soft(Unit *unit, void *data)
{
	bool *soft = data;

	*soft = *soft || (unit->flow.writes_length > 0 && has_soft_edge(unit));
}

void graph_check_cycles(GraphCheck *check)
{
	bool soft = false;

	run(check, false);
	visit_units(check->layout, note_soft, &soft);
	if (soft && g_hash_table_size(check->faults) == 0)
		run(check, true);
}
