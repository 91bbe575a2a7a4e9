#include "runner/poller_internal.h"

#include "runner/poll_look.h"
#include "store/duty.h"
#include "store/id.h"
#include "store/timestamp.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	MOST_LOOKS = 16, // at once
	SLOTS = 8,
	LOOK_INTERVAL = 1000, // milliseconds: commits of other processes do not wake
};

void look_free(void *data)
{
	Look *look = data;

	store_trigger_free(look->row);
	store_flow_free(look->flow);
	json_decref(look->trigger);
	g_free(look->variables);
	g_free(look);
}

// ---- The duty -----------------------------------------------------------------------------------------------------

// Whether this poller is the one; kept by taking it again well before it is over.
static bool take_duty(Poller *poller, bool *ret_taken, GError **error)
{
	const int64_t now = timestamp_now();
	const int64_t good_for = POLLER_DUTY_SECONDS * (int64_t)G_USEC_PER_SEC;

	*ret_taken = poller->taken_until - now > good_for / 2;
	if (*ret_taken)
		return true;
	if (!store_duty_take(
		    poller->store, POLLER_DUTY, poller->holder, now + good_for, ret_taken, error))
		return false;
	poller->taken_until = *ret_taken ? now + good_for : 0;
	return true;
}

// ---- Beginning looks ----------------------------------------------------------------------------------------------

static bool start_runner(Poller *poller, GError **error)
{
	RunnerOptions options = poller->options;

	if (poller->runner != NULL)
		return true;
	options.slots = SLOTS;
	options.data_folder = poller->folder;
	options.node_name = "poller";
	options.sole = true;
	poller->runner = runner_new(poller->own, &options, error);
	if (poller->runner == NULL)
		return false;
	if (runner_start(poller->runner, error))
		return true;
	g_clear_pointer(&poller->runner, runner_free);
	return false;
}

static json_t *find_trigger(const StoreFlow *flow, const char *id)
{
	json_t *triggers = flow->triggers == NULL ? NULL : json_loads(flow->triggers, 0, NULL);
	json_t *found = NULL;
	json_t *trigger;
	size_t index;

	json_array_foreach(triggers, index, trigger)
	{
		if (g_strcmp0(json_string_value(json_object_get(trigger, "id")), id) == 0)
			found = json_incref(trigger);
	}
	json_decref(triggers);
	return found;
}

// What there is to look for: NULL when the trigger is gone, or disabled.
static bool look_new(Poller *poller, const StoreTrigger *row, Look **ret_look, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;
	json_t *trigger;

	*ret_look = NULL;
	if (!store_flow_get(poller->store, row->namespace, row->flow, &flow, error))
		return false;
	if (flow == NULL || flow->deleted_at != 0 || flow->disabled || row->disabled)
		return true;
	trigger = find_trigger(flow, row->id);
	if (trigger == NULL || json_is_true(json_object_get(trigger, "disabled"))) {
		json_decref(trigger);
		return true;
	}
	Look *look = g_new0(Look, 1);
	look->trigger = trigger;
	look->flow = g_steal_pointer(&flow);
	*ret_look = look;
	return store_trigger_get(
		poller->store, row->namespace, row->flow, row->id, &look->row, error);
}

static char *key_of(const StoreTrigger *row)
{
	return g_strdup_printf("%s.%s %s", row->namespace, row->flow, row->id);
}

static bool begin(Poller *poller, const StoreTrigger *row, GError **error)
{
	g_autofree char *key = key_of(row);
	g_autoptr(GError) why = NULL;
	Look *look = NULL;

	if (g_hash_table_contains(poller->looks, key))
		return true;
	if (!look_new(poller, row, &look, error)) {
		if (look != NULL)
			look_free(look);
		return false;
	}
	if (look == NULL || look->row == NULL) {
		if (look != NULL)
			look_free(look);
		return poller_skip(poller, row, timestamp_now() + 60 * G_USEC_PER_SEC, error);
	}
	if (poller_look_begin(poller, look, &why)) {
		g_hash_table_insert(poller->looks, g_steal_pointer(&key), look);
		return true;
	}
	bool done = poller_commit(poller, look, NULL, why->message, error);
	look_free(look);
	return done;
}

static bool begin_looks(Poller *poller, GError **error)
{
	const guint under_way = g_hash_table_size(poller->looks);
	g_autoptr(GPtrArray) due = NULL;
	bool mine = false;

	if (under_way >= MOST_LOOKS)
		return true;
	if (!store_triggers_due(poller->store, STORE_TRIGGER_POLL, timestamp_now(),
		    MOST_LOOKS + under_way, &due, error))
		return false;
	if (due->len == 0)
		return true;
	if (!take_duty(poller, &mine, error) || (mine && !start_runner(poller, error)))
		return false;
	for (guint i = 0; mine && i < due->len; i++) {
		if (g_hash_table_size(poller->looks) < MOST_LOOKS &&
			!begin(poller, due->pdata[i], error))
			return false;
	}
	return true;
}

// ---- Ending them --------------------------------------------------------------------------------------------------

static bool end_looks(Poller *poller, GError **error)
{
	GHashTableIter iterator;
	void *value;

	g_hash_table_iter_init(&iterator, poller->looks);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		const Look *look = value;
		g_autoptr(GError) why = NULL;
		json_t *outputs = NULL;

		if (!poller_look_ended(poller, look, &outputs, &why))
			continue;
		bool done = poller_commit(
			poller, look, outputs, why == NULL ? NULL : why->message, error);
		json_decref(outputs);
		if (!done)
			return false;
		g_hash_table_iter_remove(&iterator);
	}
	if (poller->runner != NULL && g_hash_table_size(poller->looks) == 0)
		poller_looks_forget(poller);
	return true;
}

// ---- The thread ---------------------------------------------------------------------------------------------------

// Until when there is nothing to do, in milliseconds.
static int pause_of(Poller *poller)
{
	int64_t next = 0;

	if (!store_trigger_next(poller->store, STORE_TRIGGER_POLL, 0, &next, NULL, NULL) ||
		next == 0)
		return LOOK_INTERVAL;
	// Due ones that are under way, or another's, need no hurry.
	int64_t pause = (next - timestamp_now() + 999) / 1000;
	return pause <= 0 ? (g_hash_table_size(poller->looks) > 0 || poller->taken_until == 0
					    ? LOOK_INTERVAL
					    : 20)
			  : (int)MIN(pause, LOOK_INTERVAL);
}

static void *poller_main(void *data)
{
	Poller *poller = data;
	struct pollfd waits[] = {
		{.fd = poller->stop_fd, .events = POLLIN},
		{.fd = store_watch_fd(poller->watch), .events = POLLIN},
		{.fd = store_watch_fd(poller->looked), .events = POLLIN},
	};
	bool troubled = false;

	pthread_setname_np(pthread_self(), "poller");
	while (!atomic_load(&poller->stopping)) {
		g_autoptr(GError) error = NULL;

		store_watch_take(poller->watch);
		store_watch_take(poller->looked);
		bool good = end_looks(poller, &error) && begin_looks(poller, &error);
		if (poller->options.trouble != NULL && (!good || troubled))
			poller->options.trouble(good ? NULL : error, poller->options.data);
		troubled = !good;
		// A store that cannot be used now is tried again in a second: only the end is heard meanwhile.
		poll(waits, good ? G_N_ELEMENTS(waits) : 1,
			good ? pause_of(poller) : LOOK_INTERVAL);
	}
	return NULL;
}

// ---- The whole ----------------------------------------------------------------------------------------------------

static void poller_free(Poller *poller)
{
	if (poller->runner != NULL)
		runner_stop(poller->runner, 0);
	runner_free(poller->runner);
	g_hash_table_unref(poller->looks);
	store_watch_free(poller->watch);
	store_watch_free(poller->looked);
	store_close(poller->own);
	if (poller->stop_fd >= 0)
		close(poller->stop_fd);
	g_free(poller->folder);
	g_free(poller->holder);
	g_free(poller);
}

Poller *poller_start(Store *store, const RunnerOptions *options, GError **error)
{
	Poller *poller = g_new0(Poller, 1);
	char id[ID_SIZE];

	poller->store = store;
	poller->options = *options;
	// Its runner is nobody's node: neither name nor roles are shown, and their texts need not last.
	poller->options.roles = NULL;
	poller->folder = g_build_filename(options->data_folder, "polls", NULL);
	// Alone, it has what its dead predecessor had: there is no other to be told apart from.
	poller->holder = g_strdup(options->sole ? "sole" : id_make(id));
	poller->looks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, look_free);
	poller->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	poller->own = store_open("", STORE_EPHEMERAL, error);
	if (poller->own != NULL)
		poller->watch = store_watch_new(store, STORE_TOPIC_LIVE | STORE_TOPIC_RUN, error);
	if (poller->watch != NULL)
		poller->looked = store_watch_new(poller->own, STORE_TOPIC_RUN, error);
	if (poller->looked != NULL &&
		pthread_create(&poller->thread, NULL, poller_main, poller) == 0)
		return poller;
	if (poller->looked != NULL)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
			"the poller's thread cannot be started");
	poller_free(poller);
	return NULL;
}

void poller_stop(Poller *poller)
{
	if (poller == NULL)
		return;
	atomic_store(&poller->stopping, true);
	eventfd_write(poller->stop_fd, 1);
	pthread_join(poller->thread, NULL);
	store_duty_give(poller->store, POLLER_DUTY, poller->holder, NULL);
	poller_free(poller);
}
