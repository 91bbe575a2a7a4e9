#include "cli/maintenance.h"

#include "runner/run_files.h"
#include "store/duty.h"
#include "store/id.h"
#include "store/timestamp.h"

#include <errno.h>
#include <pthread.h>

#define DUTY	   "maintenance"
#define DUTY_LASTS (60 * G_USEC_PER_SEC)
#define DUTY_RENEW (20 * G_USEC_PER_SEC)

enum {
	FIRST_REST = 10 * G_USEC_PER_SEC, // a server has better to do when it starts
	RETRY_REST = 5 * G_USEC_PER_SEC, // after a failure
	REST_LEAST = 1000, // microseconds between two steps …
	REST_MOST = 200000,
	REST_FACTOR = 4, // … or so many times what the step took
	THREAD_STACK = 512 * 1024,
};

// Folders of kept files that are younger may be of a run that is being created.
#define FILES_AGE      (INT64_C(3600) * G_USEC_PER_SEC)
#define FILES_INTERVAL (INT64_C(86400) * G_USEC_PER_SEC)

struct Maintenance {
	MaintenanceOptions options;
	char *store_url;
	char *files_folder;
	char holder[ID_SIZE];
	int64_t renew_at; // the duty; monotonic
	int64_t files_at; // when to look through the files again; monotonic
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stopping; // under the mutex
};

// Sleeps, at most until it is to end. False then.
static bool rest(Maintenance *self, int64_t pause)
{
	struct timespec until;
	int64_t end;

	clock_gettime(CLOCK_MONOTONIC, &until);
	end = (int64_t)until.tv_sec * G_USEC_PER_SEC + until.tv_nsec / 1000 + pause;
	until = (struct timespec){
		.tv_sec = end / G_USEC_PER_SEC, .tv_nsec = (long)(end % G_USEC_PER_SEC) * 1000};
	pthread_mutex_lock(&self->mutex);
	while (!self->stopping &&
		pthread_cond_timedwait(&self->wake, &self->mutex, &until) != ETIMEDOUT)
		continue;
	bool goes_on = !self->stopping;
	pthread_mutex_unlock(&self->mutex);
	return goes_on;
}

// Takes the duty, or keeps it.
static bool hold_duty(Maintenance *self, bool *ret_held, GError **error)
{
	int64_t now = g_get_monotonic_time();

	*ret_held = now < self->renew_at;
	if (*ret_held)
		return true;
	if (!store_duty_take(self->options.store, DUTY, self->holder, timestamp_now() + DUTY_LASTS,
		    ret_held, error))
		return false;
	self->renew_at = *ret_held ? now + DUTY_RENEW : 0;
	return true;
}

static void drop_files(const char *folder, void *data)
{
	const Maintenance *self = data;

	if (self->files_folder != NULL)
		run_files_remove(self->files_folder, folder);
}

// Steps to the end of a pass. Ends early, without an error, when the duty is another's or the server stops.
static bool pass(Maintenance *self, StoreRetention *retention, bool *ret_whole, GError **error)
{
	bool more = true;
	bool held = true;

	*ret_whole = false;
	while (more) {
		int64_t began = g_get_monotonic_time();

		if (!hold_duty(self, &held, error))
			return false;
		if (!held)
			return true;
		if (!store_retention_step(retention, timestamp_now(), &more, error))
			return false;
		int64_t took = g_get_monotonic_time() - began;
		if (!rest(self, CLAMP(took * REST_FACTOR, REST_LEAST, REST_MOST)))
			return true;
	}
	*ret_whole = true;
	return true;
}

// False when it failed: it is worth trying again soon.
static bool look_after_rows(Maintenance *self, Store *reader)
{
	g_autoptr(StoreRetention) retention = store_retention_new(
		self->options.store, reader, &self->options.policy, drop_files, self);
	g_autoptr(GError) error = NULL;
	bool whole = false;

	pass(self, retention, &whole, &error);
	if ((whole || error != NULL) && self->options.report != NULL)
		self->options.report(retention, error, self->options.data);
	return error == NULL;
}

static bool may_rest(void *data)
{
	return rest(data, REST_LEAST);
}

// What a crash has left, or a run on another node, or an input whose run was never made.
static void look_after_files(Maintenance *self, Store *reader)
{
	int64_t now = g_get_monotonic_time();

	if (self->files_folder == NULL || now < self->files_at)
		return;
	self->files_at = now + FILES_INTERVAL;
	run_files_sweep(self->files_folder, reader, timestamp_now() - FILES_AGE, may_rest, self);
}

static void *keep_house(void *data)
{
	Maintenance *self = data;
	int64_t pause = MIN(self->options.interval, FIRST_REST);

	pthread_setname_np(pthread_self(), "maintenance");
	while (rest(self, pause)) {
		bool good = true;
		g_autoptr(GError) error = NULL;
		g_autoptr(Store) reader = store_open(self->store_url, STORE_READ_ONLY, &error);

		if (reader == NULL && self->options.report != NULL)
			self->options.report(NULL, error, self->options.data);
		if (reader != NULL && self->options.rows)
			good = look_after_rows(self, reader);
		if (reader != NULL)
			look_after_files(self, reader);
		pause = good && reader != NULL ? self->options.interval
					       : MIN(self->options.interval, RETRY_REST);
	}
	if (self->renew_at != 0)
		store_duty_give(self->options.store, DUTY, self->holder, NULL);
	return NULL;
}

static void maintenance_free(Maintenance *self)
{
	pthread_cond_destroy(&self->wake);
	pthread_mutex_destroy(&self->mutex);
	g_free(self->store_url);
	g_free(self->files_folder);
	g_free(self);
}

Maintenance *maintenance_start(const MaintenanceOptions *options, GError **error)
{
	Maintenance *self = g_new0(Maintenance, 1);
	pthread_attr_t thread;
	pthread_condattr_t clock;

	self->options = *options;
	self->options.store_url = self->store_url = g_strdup(options->store_url);
	self->options.files_folder = self->files_folder = g_strdup(options->files_folder);
	id_make(self->holder);
	pthread_mutex_init(&self->mutex, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&self->wake, &clock);
	pthread_condattr_destroy(&clock);
	pthread_attr_init(&thread);
	pthread_attr_setstacksize(&thread, THREAD_STACK);
	int code = pthread_create(&self->thread, &thread, keep_house, self);
	pthread_attr_destroy(&thread);
	if (code == 0)
		return self;
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(code),
		"the maintenance cannot be started: %s", g_strerror(code));
	maintenance_free(self);
	return NULL;
}

void maintenance_stop(Maintenance *self)
{
	if (self == NULL)
		return;
	pthread_mutex_lock(&self->mutex);
	self->stopping = true;
	pthread_cond_signal(&self->wake);
	pthread_mutex_unlock(&self->mutex);
	pthread_join(self->thread, NULL);
	maintenance_free(self);
}
