// What it costs to parse and to render typical templates, in nanoseconds.
#include "bench/bench.h"
#include "expr/template.h"
#include "expr/value.h"

#include <string.h>
#include <time.h>

typedef struct {
	const char *name;
	const char *text;
	double most_parse, most_render; // limits, in nanoseconds
} Row;

static const Row rows[] = {
	{"plain text", "SELECT order_id, customer_id FROM sales.orders WHERE status = 'open'", 200,
		100},
	{"one variable", "{{ inputs.day }}", 1500, 400},
	{"text around a path", "loaded {{ outputs.load.rows }} rows of {{ flow.id }}", 2500, 900},
	{"deep path", "{{ outputs.each[taskrun.value].result['body'].items[0].id }}", 3000, 1200},
	{"condition", "{{ inputs.day ?? 'today' | upper == 'TODAY' and not (inputs.count > 3) }}",
		4000, 1500},
	{"filters", "{{ inputs.name | trim | lower | replace({' ': '-'}) | abbreviate(20) }}", 4000,
		2500},
	{"date", "{{ taskrun.startDate | date('yyyy-MM-dd HH:mm:ss', timeZone='Europe/Paris') }}",
		3000, 6000},
	{"loop of 10",
		"{% for t in inputs.tags %}{{ loop.index }}:{{ t }}{% if not loop.last %}, {% "
		"endif %}{% endfor %}",
		6000, 15000},
	{"json", "{{ inputs | toJson }}", 2000, 3000},
};

static const char variables[] =
	"{\"flow\": {\"id\": \"orders\"}, \"inputs\": {\"day\": \"2024-02-29\", \"count\": 7, "
	"\"name\": \" Ada Lovelace \","
	" \"tags\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"i\", \"j\"]}, "
	"\"outputs\": {\"load\": {\"rows\": 120},"
	" \"each\": {\"a\": {\"result\": {\"body\": {\"items\": [{\"id\": 5}]}}}}},"
	" \"taskrun\": {\"value\": \"a\", \"startDate\": \"2024-05-01T10:15:30.123Z\"}}";

// Processor time of this thread: the machine may be busy with other things.
static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double parse_time(const char *text, unsigned count)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	size_t length = strlen(text);
	double start = seconds();

	for (unsigned i = 0; i < count; i++)
		expr_template_free(expr_template_parse(text, length, faults));
	return (seconds() - start) / count * 1e9;
}

static double render_time(const char *text, const ExprScope *scope, unsigned count)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ = expr_template_parse(text, strlen(text), faults);
	double start = seconds();

	for (unsigned i = 0; i < count; i++)
		g_free(expr_template_render(template_, scope, NULL, NULL));
	return (seconds() - start) / count * 1e9;
}

int main(void)
{
	enum { COUNT = 20000, ROUNDS = 5 };
	json_t *object = json_loads(variables, 0, NULL);
	ExprScope scope = expr_scope_over(object);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *parse = g_strdup_printf("parse %s", rows[i].name);
		g_autofree char *render = g_strdup_printf("render %s", rows[i].name);
		double parsed[ROUNDS], rendered[ROUNDS];

		for (unsigned round = 0; round < ROUNDS; round++) {
			parsed[round] = parse_time(rows[i].text, COUNT);
			rendered[round] = render_time(rows[i].text, &scope, COUNT);
		}
		bench_figure(parse, bench_median(parsed, ROUNDS), "ns", rows[i].most_parse);
		bench_figure(render, bench_median(rendered, ROUNDS), "ns", rows[i].most_render);
	}
	json_decref(object);
	return 0;
}
