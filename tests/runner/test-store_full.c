// A store that takes nothing for a while, as on a full disk: what has ended is kept and recorded once there is room, nothing
// uncommitted is acted on, and no task runs twice.
//
// No file of the process may grow beyond what the store's log has; that needs neither a disk of its own nor root.
#include "store/run.h"
#include "tests/runner/run_bed.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
	char *folder, *effects, *go;
	Store *store;
	Runner *runner;
	char id[27];
	atomic_int told; // how often the runner told of trouble
	atomic_int over; // and that it is over
} Place;

static void trouble(const GError *error, void *data)
{
	Place *place = data;

	if (error == NULL) {
		atomic_fetch_add(&place->over, 1);
		return;
	}
	g_assert_error(error, DB_ERROR, DB_ERROR_FULL);
	atomic_fetch_add(&place->told, 1);
}

static void place_start(Place *place)
{
	RunnerOptions options = {.slots = 2,
		.sole = true,
		.data_folder = place->folder,
		.trouble = trouble,
		.data = place};
	g_autoptr(GError) error = NULL;

	place->runner = runner_new(place->store, &options, &error);
	g_assert_no_error(error);
	g_assert_true(runner_start(place->runner, &error));
}

// Tasks that wait for the file GO, and one after them.
static const char SIDE_BY_SIDE[] =
	"id: f\ntasks:\n"
	"  - id: p\n    type: parallel\n    tasks:\n"
	"      - {id: a, type: shell, commands: ['echo begin >> FILE; while [ ! -e GO ]; do sleep "
	"0.01; done; echo a >> FILE']}\n"
	"      - {id: b, type: shell, commands: ['echo begin >> FILE; while [ ! -e GO ]; do sleep "
	"0.01; done; echo b >> FILE']}\n"
	"  - {id: c, type: shell, commands: ['echo c >> FILE']}\n";

static const char IN_A_ROW[] =
	"id: f\ntasks:\n"
	"  - {id: a, type: shell, commands: ['echo begin >> FILE; while [ ! -e GO ]; do sleep "
	"0.01; done; echo a >> FILE']}\n"
	"  - {id: c, type: shell, commands: ['echo c >> FILE']}\n";

static unsigned effects(const Place *place, const char *line)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	unsigned count = 0;

	if (!g_file_get_contents(place->effects, &text, NULL, NULL))
		return 0;
	lines = g_strsplit(text, "\n", -1);
	for (char **one = lines; *one != NULL; one++)
		count += strcmp(*one, line) == 0;
	return count;
}

static void place_begin(Place *place, const char *flow, unsigned side_by_side)
{
	g_autofree char *url = NULL;
	g_autoptr(GString) yaml = g_string_new(flow);
	g_autoptr(GError) error = NULL;

	place->folder = g_dir_make_tmp("weir-full-XXXXXX", NULL);
	place->effects = g_build_filename(place->folder, "effects", NULL);
	place->go = g_build_filename(place->folder, "go", NULL);
	url = g_strdup_printf("sqlite:%s/weir.db", place->folder);
	place->store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	g_string_replace(yaml, "FILE", place->effects, 0);
	g_string_replace(yaml, "GO", place->go, 0);
	bed_flows_put(place->store, yaml->str);
	bed_run_create(place->store, "f", NULL, place->id);
	place_start(place);
	while (effects(place, "begin") < side_by_side)
		g_usleep(1000);
}

static void place_clear(Place *place)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", place->folder);

	runner_free(place->runner);
	store_close(place->store);
	g_assert_cmpint(system(command), ==, 0);
	g_free(place->folder);
	g_free(place->effects);
	g_free(place->go);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static void set_limit(rlim_t most)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = most;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

// Beyond the last commit the log may hold zeros, which a commit could still use.
static void disk_fill(const Place *place)
{
	g_autofree char *log = g_build_filename(place->folder, "weir.db-wal", NULL);
	g_autofree char *bytes = NULL;
	g_autoptr(GError) error = NULL;
	size_t length = 0;

	g_file_get_contents(log, &bytes, &length, &error);
	g_assert_no_error(error);
	while (length > 0 && bytes[length - 1] == '\0')
		length--;
	set_limit((rlim_t)length);
}

static double processor_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void wait_for(const atomic_int *count)
{
	while (atomic_load(count) == 0)
		g_usleep(1000);
}

static char *place_text(const Place *place)
{
	g_autoptr(StoreRun) run = NULL;

	g_assert_true(store_run_get(place->store, place->id, &run, NULL));
	return g_strdup(run_state_name(run->state));
}

static void test_goes_on(void)
{
	g_auto(Place) place = {0};
	g_autoptr(GError) error = NULL;
	double before;

	place_begin(&place, SIDE_BY_SIDE, 2);
	disk_fill(&place);
	g_assert_true(g_file_set_contents(place.go, "", 0, NULL));
	wait_for(&place.told);
	before = processor_seconds();
	g_usleep(1500 * 1000);
	g_assert_cmpfloat(processor_seconds() - before, <, 0.5);
	g_assert_cmpuint(effects(&place, "a"), ==, 1);
	g_assert_cmpuint(effects(&place, "b"), ==, 1);
	g_assert_cmpuint(effects(&place, "c"), ==, 0);
	g_assert_cmpint(atomic_load(&place.over), ==, 0);
	set_limit(RLIM_INFINITY);
	g_assert_true(runner_wait(place.runner, place.id, &error));
	g_autofree char *state = place_text(&place);
	g_assert_cmpstr(state, ==, "SUCCESS");
	for (const char *const *name = (const char *const[]){"a", "b", "c", NULL}; *name != NULL;
		name++)
		g_assert_cmpuint(effects(&place, *name), ==, 1);
	g_assert_cmpint(atomic_load(&place.over), ==, 1);
}

// Told to stop while nothing can be recorded: it does, and begins nothing that is not committed.
static void test_stops(void)
{
	g_auto(Place) place = {0};
	g_autoptr(GError) error = NULL;
	gint64 begin;

	place_begin(&place, IN_A_ROW, 1);
	disk_fill(&place);
	g_assert_true(g_file_set_contents(place.go, "", 0, NULL));
	wait_for(&place.told);
	begin = g_get_monotonic_time();
	runner_free(g_steal_pointer(&place.runner));
	g_assert_cmpint(g_get_monotonic_time() - begin, <, 10 * G_USEC_PER_SEC);
	g_assert_cmpuint(effects(&place, "c"), ==, 0);
	set_limit(RLIM_INFINITY);
	// What had ended was not recorded: for the next node it was under way.
	place_start(&place);
	g_assert_true(runner_wait(place.runner, place.id, &error));
	g_autofree char *state = place_text(&place);
	g_assert_cmpstr(state, ==, "FAILED");
	g_assert_cmpuint(effects(&place, "a"), ==, 1);
	g_assert_cmpuint(effects(&place, "c"), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	signal(SIGXFSZ, SIG_IGN);
	g_test_add_func("/runner/store-full/goes-on", test_goes_on);
	g_test_add_func("/runner/store-full/stops", test_stops);
	return g_test_run();
}
