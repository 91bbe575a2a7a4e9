// Thousands of random flows through the run graph, against an interpreter that was made without it (flow_oracle.h): the same task
// runs with the same states, begun and ended at the same moments, also when the graph is built anew from its task runs as after a
// crash, and when the run is killed at any moment.
//
// The short form is a test. The long one is `script/campaign flows`: test-random_flows COUNT SEED. A flow that failed is run again by
// itself: test-random_flows 1 ITS-SEED.
#include "tests/runner/flow_oracle.h"

#include <stdlib.h>
#include <string.h>

// ---- What is to happen to each task run, drawn from its name

static uint32_t draw(uint32_t seed, const char *name, const char *what, uint32_t below)
{
	g_autofree char *text = g_strdup_printf("%u %s %s", seed, name, what);
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *at = text; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
	hash ^= hash >> 29;
	hash *= 0xbf58476d1ce4e5b9;
	hash ^= hash >> 32;
	return (uint32_t)(hash % below);
}

// Some that no other is likely to have: no two task runs end at once.
static int64_t draw_span(uint32_t seed, const char *name, const char *what)
{
	uint32_t high = draw(seed, name, what, 1000);

	return ((int64_t)high << 40 | (int64_t)draw(seed, what, name, 1U << 31) << 9 |
		       draw(seed, name, "more", 512)) +
	       1;
}

static RunState draw_end(uint32_t seed, const char *name)
{
	static const RunState states[] = {
		RUN_FAILED, RUN_FAILED, RUN_WARNING, RUN_SKIPPED, RUN_CANCELLED, RUN_KILLED};
	uint32_t number = draw(seed, name, "end", 40);

	// The last two come of sub-flows, and are rare.
	return number < G_N_ELEMENTS(states) ? states[number] : RUN_SUCCESS;
}

static Fate fate_tell(const Task *task, const char *name, void *data)
{
	const uint32_t seed = *(const uint32_t *)data;
	const bool container = strcmp(task->kind->name, "leaf") != 0;
	const uint32_t unopened = draw(seed, name, "opens", 20);

	return (Fate){
		.state = !container	 ? draw_end(seed, name)
			 : unopened == 0 ? RUN_FAILED
					 : RUN_SKIPPED,
		.lasts = draw_span(seed, name, "lasts"),
		.opens = container && unopened > 1,
		// One more than there are: none of them.
		.alternative = draw(seed, name, "way", small_flow_alternatives(task) + 1),
		.rounds = 1 + draw(seed, name, "rounds", 3),
		.pause = draw_span(seed, name, "pause"),
		.closes = draw(seed, name, "closes", 6) == 0 ? RUN_FAILED : RUN_SUCCESS,
		.stubborn = draw(seed, name, "stubborn", 4) == 0,
	};
}

// ---- A graph driven by a clock of its own

typedef struct {
	char *name;
	RunState state; // as last seen
	RunState closed; // what it was told to end with; RUN_CREATED: nothing
	int64_t started, ended;
} Seen;

typedef enum {
	EVENT_END, // of a leaf, or of a container that was not opened
	EVENT_DECIDE, // the answer to RUN_STEP_DECIDE
} EventKind;

typedef struct {
	EventKind kind;
	RunNode *node;
	int64_t at;
	Fate fate;
} Event;

typedef struct {
	const SmallFlow *small;
	const char *text;
	uint32_t seed;
	Fates fates;
	RunGraph *graph;
	GRand *rand;
	GArray *events;
	GHashTable *seen; // name → Seen *: of the task runs that are there
	int64_t now;
	int64_t settled, ended;
	bool killed, done;
	unsigned restores;
} Drive;

#define HOLDS(drive, condition)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			g_error("seed %u, flow '%s': %s does not hold", (drive)->seed,             \
				(drive)->text, #condition);                                        \
	} while (0)

static void seen_free(gpointer data)
{
	Seen *seen = data;

	g_free(seen->name);
	g_free(seen);
}

static Seen *seen_find(Drive *drive, const RunNode *node)
{
	g_autofree char *name = small_node_name(node);

	return g_hash_table_lookup(drive->seen, name);
}

static void seen_add(Drive *drive, const RunNode *node)
{
	Seen *seen = g_new0(Seen, 1);

	seen->name = small_node_name(node);
	seen->state = (RunState)node->state;
	seen->started = drive->now;
	// There is one task run of each task, for each value.
	HOLDS(drive, !g_hash_table_contains(drive->seen, seen->name));
	g_hash_table_insert(drive->seen, seen->name, seen);
}

static void event_add(Drive *drive, EventKind kind, RunNode *node, int64_t at, const Fate *fate)
{
	Event event = {kind, node, at, *fate};

	g_array_append_val(drive->events, event);
}

static void events_forget(Drive *drive, const RunNode *node)
{
	for (guint i = drive->events->len; i-- > 0;) {
		if (g_array_index(drive->events, Event, i).node == node)
			g_array_remove_index(drive->events, i);
	}
}

static Fate fate_of(const Drive *drive, const RunNode *node)
{
	g_autofree char *name = small_node_name(node);

	return fate_tell(node->task, name, (gpointer)(guintptr)&drive->seed);
}

static void step_start(Drive *drive, RunNode *node)
{
	Fate fate = fate_of(drive, node);

	HOLDS(drive, node->state == RUN_CREATED && !run_graph_killing(drive->graph));
	HOLDS(drive, !node->task->disabled);
	seen_add(drive, node);
	if (fate.opens) {
		RunOpening opening =
			small_flow_opening_of(drive->small, node->task, fate.alternative);

		run_graph_open(drive->graph, node, &opening);
	} else {
		node->state = RUN_RUNNING;
		event_add(drive, EVENT_END, node, drive->now + fate.lasts, &fate);
	}
}

static void step_settle(Drive *drive, RunNode *node)
{
	drive->settled = drive->now;
	run_graph_close(drive->graph, node, (RunState)node->state);
}

static void steps_take(Drive *drive)
{
	RunStep step;

	while (run_graph_next(drive->graph, &step)) {
		Fate fate;

		switch (step.kind) {
		case RUN_STEP_START: step_start(drive, step.node); break;
		case RUN_STEP_FINISH:
			HOLDS(drive, run_state_is_ended((RunState)step.node->state));
			events_forget(drive, step.node);
			break;
		case RUN_STEP_DECIDE:
			fate = fate_of(drive, step.node);
			event_add(drive, EVENT_DECIDE, step.node, drive->now + fate.pause, &fate);
			break;
		case RUN_STEP_SETTLE: step_settle(drive, step.node); break;
		case RUN_STEP_DONE:
			HOLDS(drive, !drive->done);
			drive->done = true;
			drive->ended = drive->now;
			break;
		}
	}
}

// ---- What holds after each event

// How many children of main are under way, counted anew: never more than the limit.
static void limit_check(const Drive *drive, const RunNode *container)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	Fate fate = fate_of(drive, container);
	RunOpening opening = small_flow_opening_of(drive->small, container->task, fate.alternative);
	unsigned live = 0;

	g_clear_pointer(&opening.values, g_ptr_array_unref);
	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];

		live += node != NULL && node->parent == container &&
			!run_state_is_ended((RunState)node->state);
	}
	HOLDS(drive, opening.limit == 0 || live <= opening.limit);
}

static void node_check(Drive *drive, RunNode *node)
{
	Seen *seen = seen_find(drive, node);

	HOLDS(drive, seen != NULL);
	// No state leaves an ended one.
	HOLDS(drive, !run_state_is_ended(seen->state) || seen->state == node->state);
	// Who is under way has parents that are.
	HOLDS(drive, run_state_is_ended((RunState)node->state) ||
			     !run_state_is_ended((RunState)node->parent->state) ||
			     node->branch == RUN_BRANCH_AFTER);
	if (run_state_is_ended((RunState)node->state) && !run_state_is_ended(seen->state))
		seen->ended = drive->now;
	seen->state = (RunState)node->state;
	if (node->state == RUN_RUNNING && node->container != NULL)
		limit_check(drive, node);
}

static void drive_check(Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	guint there = 0;

	for (guint i = 0; i < nodes->len; i++) {
		if (nodes->pdata[i] == NULL)
			continue;
		there++;
		node_check(drive, nodes->pdata[i]);
	}
	HOLDS(drive, there == g_hash_table_size(drive->seen));
	HOLDS(drive, drive->done == (drive->events->len == 0));
}

// ---- A crash: the graph is built anew from its task runs

static RunNode *node_restore(Drive *drive, RunGraph *graph, RunNode *parent, const RunNode *node)
{
	Fate fate = fate_of(drive, node);
	bool open = fate.opens && node->state == RUN_RUNNING;
	RunState closed = seen_find(drive, node)->closed;
	RunOpening opening = {0};
	RunNode *twin;

	if (open)
		opening = small_flow_opening_of(drive->small, node->task, fate.alternative);
	opening.round = run_graph_round(node);
	twin = run_graph_restore(graph, parent, node->task, (RunBranch)node->branch, node->value,
		node->iteration, (RunState)node->state, open ? &opening : NULL);
	if (open && closed != RUN_CREATED)
		run_graph_restore_closed(twin, closed);
	return twin;
}

static void events_move(Drive *drive, GHashTable *twins)
{
	for (guint i = drive->events->len; i-- > 0;) {
		Event *event = &g_array_index(drive->events, Event, i);

		event->node = g_hash_table_lookup(twins, event->node);
		// Whoever comes next is asked again, and answers when it would have been answered.
		if (event->kind == EVENT_DECIDE)
			g_array_remove_index(drive->events, i);
	}
}

static void drive_restore(Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	g_autoptr(GHashTable) twins = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) answers =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	RunGraph *graph = run_graph_new(drive->small->flow, NULL);

	for (guint i = 0; i < drive->events->len; i++) {
		const Event *event = &g_array_index(drive->events, Event, i);

		if (event->kind == EVENT_DECIDE)
			g_hash_table_insert(answers, small_node_name(event->node),
				g_memdup2(&event->at, sizeof(event->at)));
	}
	g_hash_table_insert(twins, run_graph_root(drive->graph), run_graph_root(graph));
	if (run_graph_killing(drive->graph))
		run_graph_kill(graph);
	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];

		if (node != NULL)
			g_hash_table_insert(twins, nodes->pdata[i],
				node_restore(drive, graph, g_hash_table_lookup(twins, node->parent),
					node));
	}
	events_move(drive, twins);
	run_graph_resume(graph, drive->settled >= 0, (RunState)run_graph_root(drive->graph)->state);
	run_graph_free(drive->graph);
	drive->graph = graph;
	drive->restores++;
	steps_take(drive);
	for (guint i = 0; i < drive->events->len; i++) {
		Event *event = &g_array_index(drive->events, Event, i);
		g_autofree char *name = small_node_name(event->node);
		const int64_t *at = g_hash_table_lookup(answers, name);

		if (event->kind == EVENT_DECIDE && at != NULL)
			event->at = *at;
	}
}

// ---- Driving

static void drive_kill(Drive *drive)
{
	g_autoptr(GPtrArray) dying = g_ptr_array_new();

	drive->killed = true;
	run_graph_kill(drive->graph);
	for (guint i = 0; i < drive->events->len; i++) {
		const Event *event = &g_array_index(drive->events, Event, i);

		if (event->kind == EVENT_END && !event->fate.stubborn)
			g_ptr_array_add(dying, event->node);
	}
	for (guint i = 0; i < dying->len; i++) {
		events_forget(drive, dying->pdata[i]);
		run_graph_end(drive->graph, dying->pdata[i], RUN_KILLED);
	}
}

static void seen_remove(RunNode *node, void *data)
{
	Drive *drive = data;
	g_autofree char *name = small_node_name(node);

	HOLDS(drive, run_state_is_ended((RunState)node->state));
	g_hash_table_remove(drive->seen, name);
}

static void node_close(Drive *drive, RunNode *node, RunState state)
{
	// Before, for its node may be gone with the call.
	seen_find(drive, node)->closed = state;
	run_graph_close(drive->graph, node, state);
}

static void event_take(Drive *drive)
{
	guint first = 0;
	Event event;

	for (guint i = 1; i < drive->events->len; i++) {
		if (g_array_index(drive->events, Event, i).at <
			g_array_index(drive->events, Event, first).at)
			first = i;
	}
	event = g_array_index(drive->events, Event, first);
	if (!drive->killed && drive->settled < 0 && drive->fates.killed_at <= event.at) {
		drive->now = drive->fates.killed_at;
		drive_kill(drive);
		return;
	}
	g_array_remove_index(drive->events, first);
	drive->now = event.at;
	if (event.kind == EVENT_END)
		run_graph_end(drive->graph, event.node, event.fate.state);
	else if (run_graph_round(event.node) != 0 &&
		 run_graph_round(event.node) < event.fate.rounds)
		run_graph_repeat(drive->graph, event.node, seen_remove, drive);
	else
		node_close(drive, event.node, event.fate.closes);
}

static void drive_run(Drive *drive, bool restores)
{
	run_graph_begin(drive->graph);
	steps_take(drive);
	drive_check(drive);
	while (drive->events->len > 0) {
		if (restores && g_rand_int_range(drive->rand, 0, 3) == 0)
			drive_restore(drive);
		else
			event_take(drive);
		steps_take(drive);
		drive_check(drive);
	}
	HOLDS(drive, drive->done);
}

// ---- One flow, compared

static char *line_of(const char *name, RunState state, int64_t started, int64_t ended)
{
	return g_strdup_printf("%s=%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, name,
		run_state_name(state), started, ended);
}

static char *oracle_text(const Oracle *oracle)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < oracle->runs->len; i++) {
		const OracleRun *run = oracle->runs->pdata[i];

		g_ptr_array_add(lines, line_of(run->name, run->state, run->started, run->ended));
	}
	g_ptr_array_add(lines, line_of("the run", oracle->state, oracle->settled, oracle->ended));
	return small_texts_sorted(lines, "\n");
}

static char *drive_text(const Drive *drive)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iterator;
	gpointer value;

	g_hash_table_iter_init(&iterator, drive->seen);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		const Seen *seen = value;

		g_ptr_array_add(
			lines, line_of(seen->name, seen->state, seen->started, seen->ended));
	}
	g_ptr_array_add(lines, line_of("the run", (RunState)run_graph_root(drive->graph)->state,
				       drive->settled, drive->ended));
	return small_texts_sorted(lines, "\n");
}

static char *drive_flow(Drive *drive, bool restores)
{
	drive->graph = run_graph_new(drive->small->flow, NULL);
	drive->events = g_array_new(FALSE, FALSE, sizeof(Event));
	drive->seen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, seen_free);
	drive->settled = -1;
	drive_run(drive, restores);
	char *text = drive_text(drive);
	g_hash_table_unref(drive->seen);
	g_array_unref(drive->events);
	run_graph_free(drive->graph);
	return text;
}

// One flow in each way: as it is, over crashes, killed, and both.
static void flow_try(uint32_t seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	g_autofree char *text =
		small_flow_random(rand, g_rand_int_range(rand, 3, 24), SMALL_FLOW_WHOLE);
	g_autoptr(SmallFlow) small = small_flow_parse(text);
	Fates fates = {fate_tell, &seed, INT64_MAX};
	g_autoptr(Oracle) whole = oracle_tell(small, &fates);

	for (unsigned mode = 0; mode < 4; mode++) {
		fates.killed_at =
			(mode & 2) == 0 ? INT64_MAX
					: 1 + (int64_t)((double)whole->ended * g_rand_double(rand));
		g_autoptr(Oracle) oracle = oracle_tell(small, &fates);
		g_autofree char *wanted = oracle_text(oracle);
		Drive drive = {
			.small = small, .text = text, .seed = seed, .fates = fates, .rand = rand};
		g_autofree char *got = drive_flow(&drive, (mode & 1) != 0);

		if (strcmp(got, wanted) == 0)
			continue;
		g_error("seed %u, %s%s, flow '%s'\n-- wanted:\n%s\n-- got:\n%s", seed,
			(mode & 1) != 0 ? "with crashes" : "as it is",
			(mode & 2) != 0 ? ", killed" : "", text, wanted, got);
	}
}

static void test_random(void)
{
	for (uint32_t i = 0; i < 3000; i++)
		flow_try(20261121 + i);
}

// The interpreter itself, where a person can follow it.
static Fate simple_fate(const Task *task, const char *name, void *data)
{
	g_auto(GStrv) failing = g_strsplit(data, " ", -1);

	return (Fate){
		.state = g_strv_contains((const char *const *)failing, name) ? RUN_FAILED
									     : RUN_SUCCESS,
		.lasts = 10,
		.opens = strcmp(task->kind->name, "leaf") != 0,
		.rounds = 2,
		.pause = 5,
		.closes = RUN_SUCCESS,
	};
}

static const struct {
	const char *name, *flow, *failing, *expected;
} told[] = {
	{"sequence", "a b", "", "a=SUCCESS 0 10\nb=SUCCESS 10 20\nthe run=SUCCESS 20 20"},
	{"failure", "a b e(c) z(d) q(x)", "a",
		"a=FAILED 0 10\nc=SUCCESS 10 20\nd=SUCCESS 20 30\nthe run=FAILED 30 40\nx=SUCCESS "
		"30 40"},
	{"two-at-once", "p2(a b c)", "",
		"a=SUCCESS 0 10\nb=SUCCESS 0 10\nc=SUCCESS 10 20\np1=SUCCESS 0 20\nthe run=SUCCESS "
		"20 20"},
	{"values", "f[x,y](a b)", "a[y]",
		"a[x]=SUCCESS 0 10\na[y]=FAILED 20 30\nb[x]=SUCCESS 10 20\nf1=FAILED 0 30\nthe "
		"run=FAILED 30 30"},
	{"loop", "l(a z(b))", "",
		"a#2=SUCCESS 15 25\nb#2=SUCCESS 30 40\nl1=SUCCESS 0 40\nthe run=SUCCESS 40 40"},
	{"otherwise", "i(a | b) c", "",
		"a=SUCCESS 0 10\nc=SUCCESS 10 20\ni1=SUCCESS 0 10\nthe "
		"run=SUCCESS 20 20"},
};

static void test_told(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	g_autoptr(SmallFlow) small = small_flow_parse(told[i].flow);
	const Fates fates = {simple_fate, (gpointer)(guintptr)told[i].failing, INT64_MAX};
	g_autoptr(Oracle) oracle = oracle_tell(small, &fates);
	g_autofree char *text = oracle_text(oracle);

	g_assert_cmpstr(text, ==, told[i].expected);
}

static int campaign(char **argv)
{
	const uint32_t count = (uint32_t)strtoul(argv[1], NULL, 10);
	const uint32_t seed = (uint32_t)strtoul(argv[2], NULL, 10);

	for (uint32_t i = 0; i < count; i++)
		flow_try(seed + i);
	printf("%u flows, each four times; seeds from %u\n", count, seed);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && g_ascii_isdigit(argv[1][0]))
		return campaign(argv);
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
		g_autofree char *path = g_strdup_printf("/random_flows/told/%s", told[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_told);
	}
	g_test_add_func("/random_flows/random", test_random);
	return g_test_run();
}
