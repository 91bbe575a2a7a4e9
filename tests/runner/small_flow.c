#include "tests/runner/small_flow.h"

#include <string.h>

typedef struct {
	SmallFlow *small;
	const char *at;
	unsigned containers, leaves;
} Parser;

static const struct {
	char letter;
	const char *kind;
} kinds[] = {
	{'s', "sequential"},
	{'p', "parallel"},
	{'f', "foreach"},
	{'g', "foreach"},
	{'d', "dag"},
	{'A', "allow-failure"},
	{'i', "if"},
	{'l', "loop-until"},
	{'w', "working-directory"},
	{'k', "switch"},
};

static const TaskKind *kind_named(const char *name)
{
	static TaskKind table[G_N_ELEMENTS(kinds) + 1];
	static unsigned used;

	for (unsigned i = 0; i < used; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	table[used].name = name;
	return &table[used++];
}

static void opening_free(gpointer data)
{
	SmallOpening *opening = data;

	g_strfreev(opening->values);
	g_free(opening);
}

static void tasks_parse(Parser *parser, Task *parent, GPtrArray **list);

static void case_free(gpointer data)
{
	TaskCase *one = data;

	g_ptr_array_unref(one->tasks);
	g_free(one);
}

static void task_free(gpointer data)
{
	Task *task = data;

	g_free(task->id);
	g_strfreev(task->depends_on);
	g_clear_pointer(&task->tasks, g_ptr_array_unref);
	g_clear_pointer(&task->otherwise, g_ptr_array_unref);
	g_clear_pointer(&task->defaults, g_ptr_array_unref);
	g_clear_pointer(&task->cases, g_ptr_array_unref);
	g_clear_pointer(&task->errors, g_ptr_array_unref);
	g_clear_pointer(&task->finally, g_ptr_array_unref);
	g_free(task);
}

static Task *task_new(Parser *parser, Task *parent)
{
	Task *task = g_new0(Task, 1);

	task->parent = parent;
	task->index = parser->small->flow->task_count++;
	g_ptr_array_add(parser->small->openings, g_new0(SmallOpening, 1));
	return task;
}

static void flags_parse(Parser *parser, Task *task)
{
	for (;; parser->at++) {
		if (*parser->at == '!')
			task->allow_failure = true;
		else if (*parser->at == '?')
			task->allow_warning = true;
		else if (*parser->at == '-')
			task->disabled = true;
		else
			return;
	}
}

static const char *container_kind(const char *at)
{
	size_t digits = strspn(at + 1, "0123456789");

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (*at == kinds[i].letter && strchr("([", at[1 + digits]) != NULL &&
			at[1 + digits] != '\0')
			return kinds[i].kind;
	}
	return NULL;
}

static Task *container_parse(Parser *parser, Task *parent, const char *kind)
{
	Task *task = task_new(parser, parent);
	SmallOpening *opening = parser->small->openings->pdata[task->index];
	char letter = *parser->at++;
	char *end;

	task->id = g_strdup_printf("%c%u", letter, ++parser->containers);
	task->kind = kind_named(kind);
	opening->limit = (uint32_t)g_ascii_strtoull(parser->at, &end, 10);
	opening->flat = letter == 'g';
	if (letter == 'f' && end == parser->at)
		opening->limit = 1;
	parser->at = end;
	if (*parser->at == '[') {
		const char *close = strchr(parser->at, ']');
		g_autofree char *values =
			g_strndup(parser->at + 1, (gsize)(close - parser->at - 1));

		opening->values = g_strsplit(values, ",", -1);
		parser->at = close + 1;
	}
	g_assert_cmpint(*parser->at, ==, '(');
	parser->at++;
	tasks_parse(parser, task, &task->tasks);
	flags_parse(parser, task);
	return task;
}

static Task *leaf_parse(Parser *parser, Task *parent)
{
	Task *task = task_new(parser, parent);
	size_t length = strcspn(parser->at, " )!?-<");

	task->id = g_strndup(parser->at, length);
	task->kind = kind_named("leaf");
	parser->at += length;
	if (*parser->at == '<') {
		length = strcspn(++parser->at, " )!?-");
		g_autofree char *names = g_strndup(parser->at, length);
		task->depends_on = g_strsplit(names, ",", -1);
		parser->at += length;
	}
	flags_parse(parser, task);
	return task;
}

// Where the tasks of the next alternative of an if or a switch go. The last one of a switch becomes its defaults.
static GPtrArray **alternative_add(Task *task)
{
	GPtrArray **last = task->tasks != NULL ? &task->tasks : &task->defaults;
	TaskCase *one;

	if (strcmp(task->kind->name, "if") == 0)
		return &task->otherwise;
	if (task->cases == NULL)
		task->cases = g_ptr_array_new_with_free_func(case_free);
	one = g_new0(TaskCase, 1);
	one->tasks = g_steal_pointer(last);
	g_ptr_array_add(task->cases, one);
	return &task->defaults;
}

// The branch that stands here, e( z( or q(; NULL: none does.
static GPtrArray **branch_find(const Parser *parser, Task *parent)
{
	Flow *flow = parser->small->flow;

	g_assert(flow != NULL);
	if (*parser->at == '\0' || parser->at[1] != '(')
		return NULL;
	switch (*parser->at) {
	case 'e': return parent != NULL ? &parent->errors : &flow->errors;
	case 'z': return parent != NULL ? &parent->finally : &flow->finally;
	case 'q': return &flow->after_execution;
	default: return NULL;
	}
}

static void tasks_parse(Parser *parser, Task *parent, GPtrArray **list)
{
	*list = g_ptr_array_new_with_free_func(task_free);
	for (;;) {
		GPtrArray **branch;

		parser->at += strspn(parser->at, " ");
		if (*parser->at == '\0')
			return;
		if (*parser->at == ')') {
			parser->at++;
			return;
		}
		if (*parser->at == '|' && parent != NULL) {
			parser->at++;
			list = alternative_add(parent);
			*list = g_ptr_array_new_with_free_func(task_free);
			continue;
		}
		branch = branch_find(parser, parent);
		if (branch != NULL) {
			parser->at += 2;
			tasks_parse(parser, parent, branch);
			continue;
		}
		const char *kind = container_kind(parser->at);
		g_ptr_array_add(*list, kind != NULL ? container_parse(parser, parent, kind)
						    : leaf_parse(parser, parent));
	}
}

SmallFlow *small_flow_parse(const char *text)
{
	SmallFlow *small = g_new0(SmallFlow, 1);
	Parser parser = {.small = small, .at = text};

	small->flow = g_new0(Flow, 1);
	small->openings = g_ptr_array_new_with_free_func(opening_free);
	tasks_parse(&parser, NULL, &small->flow->tasks);
	return small;
}

void small_flow_free(SmallFlow *small)
{
	if (small == NULL)
		return;
	g_clear_pointer(&small->flow->tasks, g_ptr_array_unref);
	g_clear_pointer(&small->flow->errors, g_ptr_array_unref);
	g_clear_pointer(&small->flow->finally, g_ptr_array_unref);
	g_clear_pointer(&small->flow->after_execution, g_ptr_array_unref);
	g_ptr_array_unref(small->openings);
	g_free(small->flow);
	g_free(small);
}

RunOpening small_flow_opening(const SmallFlow *small, const Task *task)
{
	const SmallOpening *given = small->openings->pdata[task->index];
	RunOpening opening = {.tasks = task->tasks, .limit = given->limit, .flat = given->flat};

	if (strcmp(task->kind->name, "foreach") == 0) {
		opening.values = g_ptr_array_new_with_free_func(g_free);
		for (char **value = given->values;
			value != NULL && *value != NULL && **value != '\0'; value++)
			g_ptr_array_add(opening.values, g_strdup(*value));
	}
	return opening;
}

unsigned small_flow_alternatives(const Task *task)
{
	if (strcmp(task->kind->name, "if") == 0)
		return 2;
	return strcmp(task->kind->name, "switch") == 0 && task->cases != NULL ? task->cases->len + 1
									      : 1;
}

RunOpening small_flow_opening_of(const SmallFlow *small, const Task *task, unsigned alternative)
{
	RunOpening opening = small_flow_opening(small, task);

	if (strcmp(task->kind->name, "if") == 0)
		opening.tasks = alternative == 0 ? task->tasks : task->otherwise;
	else if (task->cases != NULL)
		opening.tasks = alternative < task->cases->len
					? ((const TaskCase *)task->cases->pdata[alternative])->tasks
					: task->defaults;
	return opening;
}

// ---- Random flows

typedef struct {
	GRand *rand;
	GString *text;
	int budget;
	int names;
	SmallFlowRange range;
} Random;

static void random_list(Random *random, int depth, bool branches);

static void random_flags(Random *random)
{
	if (g_rand_int_range(random->rand, 0, 8) == 0)
		g_string_append_c(random->text, '!');
	if (g_rand_int_range(random->rand, 0, 12) == 0)
		g_string_append_c(random->text, '?');
	if (g_rand_int_range(random->rand, 0, 12) == 0)
		g_string_append_c(random->text, '-');
}

static void random_dag(Random *random)
{
	int count = g_rand_int_range(random->rand, 1, 6);
	int first = random->names;

	g_string_append(random->text, g_rand_boolean(random->rand) ? "d(" : "d2(");
	for (int i = 0; i < count; i++, random->budget--) {
		g_string_append_printf(random->text, "%st%d", i > 0 ? " " : "", random->names++);
		for (int j = 0, some = 0; j < i; j++) {
			if (g_rand_int_range(random->rand, 0, 3) == 0)
				g_string_append_printf(
					random->text, "%ct%d", some++ > 0 ? ',' : '<', first + j);
		}
		random_flags(random);
	}
	g_string_append_c(random->text, ')');
}

static void random_container(Random *random, int depth)
{
	static const char *const containers[] = {"s(", "p(", "p2(", "f[x,y,z](", "f2[x,y,z](",
		"f0[x,y](", "g2[x,y](", "A(", "i(", "f[](", "l(", "w(", "k(", "g[x,y,z]("};
	const int plain = 10;
	const char *container = containers[g_rand_int_range(random->rand, 0,
		random->range == SMALL_FLOW_PLAIN ? plain : (int)G_N_ELEMENTS(containers))];
	bool chooses = random->range != SMALL_FLOW_PLAIN && strchr("ik", *container) != NULL;

	g_string_append(random->text, container);
	random_list(random, depth + 1, true);
	for (int more = chooses ? g_rand_int_range(random->rand, 0, *container == 'i' ? 2 : 4) : 0;
		more > 0; more--) {
		g_string_append(random->text, " | ");
		random_list(random, depth + 1, false);
	}
	g_string_append_c(random->text, ')');
}

static void random_task(Random *random, int depth)
{
	random->budget--;
	if (depth < 4 && g_rand_int_range(random->rand, 0, 8) == 0) {
		random_dag(random);
	} else if (depth < 4 && g_rand_int_range(random->rand, 0, 2) == 0) {
		random_container(random, depth);
		random_flags(random);
	} else {
		g_string_append_printf(random->text, "t%d", random->names++);
		random_flags(random);
	}
}

static void random_branch(Random *random, const char *opening, int depth)
{
	g_string_append(random->text, opening);
	random_list(random, depth + 2, false);
	g_string_append_c(random->text, ')');
}

static void random_list(Random *random, int depth, bool branches)
{
	int count = g_rand_int_range(random->rand, 1, 4);

	for (int i = 0; i < count && (random->budget > 0 || i == 0); i++) {
		if (i > 0)
			g_string_append_c(random->text, ' ');
		random_task(random, depth);
	}
	if (branches && g_rand_int_range(random->rand, 0, 4) == 0)
		random_branch(random, " e(", depth);
	if (branches && g_rand_int_range(random->rand, 0, 4) == 0)
		random_branch(random, " z(", depth);
	if (random->range != SMALL_FLOW_PLAIN && depth == 0 &&
		g_rand_int_range(random->rand, 0, 4) == 0)
		random_branch(random, " q(", depth);
}

char *small_flow_random(GRand *rand, int budget, SmallFlowRange range)
{
	Random random = {
		.rand = rand, .text = g_string_new(NULL), .budget = budget, .range = range};

	random_list(&random, 0, true);
	return g_string_free(random.text, FALSE);
}

char *small_node_name(const RunNode *node)
{
	GString *name = g_string_new(node->task != NULL ? node->task->id : "run");
	g_autoptr(GPtrArray) values = g_ptr_array_new();

	for (const RunNode *at = node; at != NULL; at = at->parent) {
		if (at->value != NULL)
			g_ptr_array_insert(values, 0, (gpointer)(guintptr)at->value);
	}
	for (guint i = 0; i < values->len; i++)
		g_string_append_printf(name, "[%s]", (const char *)values->pdata[i]);
	if (node->iteration > 1)
		g_string_append_printf(name, "#%u", node->iteration);
	return g_string_free(name, FALSE);
}

static int order_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *small_texts_sorted(GPtrArray *texts, const char *separator)
{
	g_ptr_array_sort(texts, order_texts);
	g_ptr_array_add(texts, NULL);
	return g_strjoinv(separator, (char **)texts->pdata);
}
