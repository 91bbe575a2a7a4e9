#include "expr/jq.h"
#include "expr/scope.h"
#include "expr/value.h"

#include <jq.h>
#include <jv.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A program runs this long at most; values are nested this deep at most; this many programs are kept compiled.
enum { MOST_SECONDS = 5, MOST_DEPTH = 1000, MOST_PROGRAMS = 256, MOST_IDLE = 16 };

// Put before each program. An expression has no business with the server's environment, its files and its standard error;
// halting would race with the watchdog.
static const char prelude[] =
	"def env: {}; def modulemeta: error(\"modules are not available\"); def stderr: .; "
	"def halt: error(\"halt is not available\"); def halt_error: error; "
	"def halt_error($code): error; {} as $ENV | ";

// ---- the watchdog ends programs that run too long ----

typedef struct {
	jq_state *jq;
	int64_t deadline; // of the monotonic clock, in microseconds
	bool ended; // by the watchdog
} Run;

static pthread_mutex_t runs_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t runs_changed;
static pthread_once_t runs_once = PTHREAD_ONCE_INIT;
static GPtrArray *runs; // under way; guarded by runs_mutex

static void end_late_runs(int64_t now, int64_t *next)
{
	for (guint i = 0; i < runs->len; i++) {
		Run *run = runs->pdata[i];

		if (run->ended)
			continue;
		if (run->deadline <= now) {
			run->ended = true;
			jq_halt(run->jq, jv_invalid(), jv_invalid());
		} else {
			*next = MIN(*next, run->deadline);
		}
	}
}

static void *watch_runs(void *data)
{
	(void)data;
	pthread_mutex_lock(&runs_mutex);
	for (;;) {
		int64_t next = INT64_MAX;

		end_late_runs(g_get_monotonic_time(), &next);
		if (next == INT64_MAX) {
			pthread_cond_wait(&runs_changed, &runs_mutex);
		} else {
			struct timespec until = {.tv_sec = next / G_USEC_PER_SEC,
				.tv_nsec = next % G_USEC_PER_SEC * 1000};

			pthread_cond_timedwait(&runs_changed, &runs_mutex, &until);
		}
	}
	return NULL;
}

static void start_watchdog(void)
{
	pthread_condattr_t clock;
	pthread_attr_t attributes;
	pthread_t thread;

	runs = g_ptr_array_new();
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&runs_changed, &clock);
	pthread_condattr_destroy(&clock);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, (size_t)256 * 1024);
	pthread_create(&thread, &attributes, watch_runs, NULL);
	pthread_attr_destroy(&attributes);
}

static void run_begin(Run *run)
{
	pthread_once(&runs_once, start_watchdog);
	run->deadline = g_get_monotonic_time() + (int64_t)MOST_SECONDS * G_USEC_PER_SEC;
	pthread_mutex_lock(&runs_mutex);
	g_ptr_array_add(runs, run);
	if (runs->len == 1)
		pthread_cond_signal(&runs_changed);
	pthread_mutex_unlock(&runs_mutex);
}

static void run_end(Run *run)
{
	pthread_mutex_lock(&runs_mutex);
	g_ptr_array_remove_fast(runs, run);
	pthread_mutex_unlock(&runs_mutex);
}

// ---- compiled programs ----

static pthread_mutex_t programs_mutex = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *programs; // text -> GPtrArray of idle jq_state; guarded by programs_mutex

static void free_state(gpointer jq)
{
	jq_state *state = jq;

	jq_teardown(&state);
}

static void free_idle(gpointer idle)
{
	g_ptr_array_unref(idle);
}

static void free_programs(void)
{
	pthread_mutex_lock(&programs_mutex);
	g_clear_pointer(&programs, g_hash_table_unref);
	pthread_mutex_unlock(&programs_mutex);
}

static jq_state *take_idle(const char *program)
{
	GPtrArray *idle;
	jq_state *jq = NULL;

	pthread_mutex_lock(&programs_mutex);
	idle = programs == NULL ? NULL : g_hash_table_lookup(programs, program);
	if (idle != NULL && idle->len > 0)
		jq = g_ptr_array_steal_index_fast(idle, idle->len - 1);
	pthread_mutex_unlock(&programs_mutex);
	return jq;
}

static void give_back(const char *program, jq_state *jq)
{
	GPtrArray *idle;
	bool kept = false;

	pthread_mutex_lock(&programs_mutex);
	if (programs == NULL) {
		programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_idle);
		atexit(free_programs);
	}
	idle = g_hash_table_lookup(programs, program);
	if (idle == NULL) {
		if (g_hash_table_size(programs) >= MOST_PROGRAMS)
			g_hash_table_remove_all(programs);
		idle = g_ptr_array_new_with_free_func(free_state);
		g_hash_table_insert(programs, g_strdup(program), idle);
	}
	kept = idle->len < MOST_IDLE;
	if (kept)
		g_ptr_array_add(idle, jq);
	pthread_mutex_unlock(&programs_mutex);
	if (!kept)
		free_state(jq);
}

static char *message_text(jv message)
{
	char *text;

	if (jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	text = g_strdup(jv_string_value(message));
	jv_free(message);
	return text;
}

// Keeps the first message of the compiler.
static void keep_message(void *data, jv message)
{
	char **first = data, *text = message_text(message);

	if (*first == NULL)
		*first = text;
	else
		g_free(text);
}

static jq_state *compile(const char *program, GError **error)
{
	g_autofree char *source = g_strconcat(prelude, *program == '\0' ? "." : program, NULL),
			*message = NULL;
	jq_state *jq = jq_init();
	bool compiled;

	if (jq == NULL) {
		g_set_error(error, EXPR_ERROR, EXPR_ERROR_LIMIT, "jq: out of memory");
		return NULL;
	}
	jq_set_error_cb(jq, keep_message, &message);
	compiled = jq_compile(jq, source) != 0;
	jq_set_error_cb(jq, NULL, NULL);
	if (compiled)
		return jq;
	jq_teardown(&jq);
	if (message != NULL)
		message[strcspn(message, "\n")] = '\0';
	g_set_error(error, EXPR_ERROR, EXPR_ERROR_VALUE,
		"the jq program '%.200s' does not compile: %s", program,
		message == NULL ? "unknown cause" : message);
	return NULL;
}

// ---- values ----

static jv to_jv(const json_t *value, unsigned depth, bool *too_deep)
{
	json_t *member;
	const char *key;
	jv result;

	*too_deep |= depth > MOST_DEPTH;
	if (*too_deep)
		return jv_null();
	switch (json_typeof(value)) {
	case JSON_NULL: return jv_null();
	case JSON_TRUE: return jv_true();
	case JSON_FALSE: return jv_false();
	case JSON_INTEGER:
	case JSON_REAL: return jv_number(json_number_value(value));
	case JSON_STRING:
		return jv_string_sized(json_string_value(value), (int)json_string_length(value));
	case JSON_ARRAY:
		result = jv_array_sized((int)MAX(json_array_size(value), 1));
		for (size_t i = 0; i < json_array_size(value); i++)
			result = jv_array_append(
				result, to_jv(json_array_get(value, i), depth + 1, too_deep));
		return result;
	case JSON_OBJECT:
		result = jv_object();
		json_object_foreach((json_t *)(uintptr_t)value, key, member) result =
			jv_object_set(result, jv_string(key), to_jv(member, depth + 1, too_deep));
		return result;
	}
	return jv_null();
}

static json_t *number_from_jv(double number)
{
	if (number == floor(number) && fabs(number) < 9007199254740992.0)
		return json_integer((json_int_t)number);
	if (isnan(number))
		return json_null();
	return json_real(isfinite(number) ? number : copysign(1.7976931348623157e308, number));
}

// Converts a value, which it consumes.
static json_t *from_jv(jv value, unsigned depth, bool *too_deep)
{
	json_t *result = NULL;

	*too_deep |= depth > MOST_DEPTH;
	switch (*too_deep ? JV_KIND_NULL : jv_get_kind(value)) {
	case JV_KIND_TRUE: result = json_true(); break;
	case JV_KIND_FALSE: result = json_false(); break;
	case JV_KIND_NUMBER: result = number_from_jv(jv_number_value(value)); break;
	case JV_KIND_STRING:
		result = json_stringn(
			jv_string_value(value), (size_t)jv_string_length_bytes(jv_copy(value)));
		break;
	case JV_KIND_ARRAY:
		result = json_array();
		for (int i = 0, length = jv_array_length(jv_copy(value)); i < length; i++)
			json_array_append_new(result,
				from_jv(jv_array_get(jv_copy(value), i), depth + 1, too_deep));
		break;
	case JV_KIND_OBJECT:
		result = json_object();
		jv_object_foreach(value, key, member)
		{
			json_object_set_new(
				result, jv_string_value(key), from_jv(member, depth + 1, too_deep));
			jv_free(key);
		}
		break;
	case JV_KIND_INVALID:
	case JV_KIND_NULL: break;
	}
	jv_free(value);
	return result == NULL ? json_null() : result;
}

// ---- running ----

typedef struct {
	json_t *list;
	GString *size; // the results as JSON, to know how long they are
	bool too_deep, too_long;
} Results;

static void keep_result(Results *results, jv value, size_t limit)
{
	json_t *converted = from_jv(value, 0, &results->too_deep);

	g_string_truncate(results->size, 0);
	if (!results->too_deep && !expr_value_append_json(results->size, converted, limit))
		results->too_long = true;
	json_array_append_new(results->list, converted);
	results->too_long |= json_array_size(results->list) > 10000000;
}

// Says what ended the program early, if anything did. last is what jq_next() gave when it had no more results.
static bool check_end(const Results *results, const Run *run, jv last, GError **error)
{
	bool failed = jv_invalid_has_msg(jv_copy(last));
	g_autofree char *message = failed ? message_text(jv_invalid_get_msg(jv_copy(last))) : NULL;

	jv_free(last);
	if (run->ended)
		g_set_error(error, EXPR_ERROR, EXPR_ERROR_LIMIT,
			"the jq program takes longer than %d seconds", MOST_SECONDS);
	else if (results->too_deep)
		g_set_error(error, EXPR_ERROR, EXPR_ERROR_LIMIT,
			"the value given to or by jq is nested too deeply");
	else if (results->too_long)
		g_set_error(error, EXPR_ERROR, EXPR_ERROR_LIMIT, "the result of jq is too long");
	else if (message != NULL)
		g_set_error(error, EXPR_ERROR, EXPR_ERROR_VALUE, "jq: %s", message);
	else
		return true;
	return false;
}

static json_t *run_program(jq_state *jq, const json_t *input, size_t limit, GError **error)
{
	g_autoptr(GString) size = g_string_new(NULL);
	Results results = {.list = json_array(), .size = size};
	Run run = {.jq = jq};
	jv value = to_jv(input, 0, &results.too_deep);

	jq_start(jq, value, 0);
	run_begin(&run);
	value = jv_invalid();
	while (!results.too_deep && !results.too_long && jv_is_valid(value = jq_next(jq)))
		keep_result(&results, value, limit);
	if (results.too_deep || results.too_long)
		value = jv_invalid();
	run_end(&run);
	if (!check_end(&results, &run, value, error))
		g_clear_pointer(&results.list, json_decref);
	return results.list;
}

json_t *expr_jq_run(const char *program, const json_t *input, size_t limit, GError **error)
{
	jq_state *jq = take_idle(program);
	json_t *result;

	if (jq == NULL)
		jq = compile(program, error);
	if (jq == NULL)
		return NULL;
	result = run_program(jq, input, limit, error);
	jq_start(jq, jv_null(), 0); // lets go of what the run still holds
	give_back(program, jq);
	return result;
}
