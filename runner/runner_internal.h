// The inside of the runner: shared by runner.c (threads, life), runner_round.c (one round of the driver) and
// runner_slots.c (slots, pools, timers).
#pragma once

#include "runner/begun.h"
#include "runner/drive.h"

#include <stdatomic.h>

typedef struct {
	int64_t at;
	Drive *drive;
	RunNode *node; // NULL: a deadline of the run
} Timer;

typedef struct {
	Drive *drive;
	RunNode *node;
	int64_t number; // of those that wait for a slot: whoever came first has the lowest
} Waiter;

typedef struct {
	char *name;
	unsigned limit, used;
	GQueue waiting; // Waiter *: outside tasks of it that wait, the most urgent first, then the one that came first
} Pool;

struct Runner {
	Store *store;
	RunnerOptions options;
	GPtrArray *texts; // copies of the options' texts
	char node_id[RUN_ID_SIZE];
	char *node_name;
	char *work_folder, *files_folder, *environments_folder, *shared_folder, *cache_folder;
	char *nodes_folder; // where runners of the same data folder have their work folders; NULL: in the temporary one
	NetPolicy *net_policy;
	bool own_work_folder;
	int work_lock; // held while it lives: its work folder is not swept
	pthread_t driver, sweeper;
	pthread_t *workers;
	unsigned worker_count;
	bool started;

	// Shared.
	pthread_mutex_t lock;
	pthread_cond_t job_ready; // workers wait for it
	pthread_cond_t changed; // runner_wait() waits for it
	uint64_t changes; // how often it was signalled
	GQueue jobs; // TaskContext *: committed, for a worker
	GQueue ended; // TaskContext *: given back by workers
	GHashTable *models; // "namespace/id/revision" → FlowModel *: those used of late
	GHashTable *old_models; // the same, used before those
	GPtrArray *idle_folders; // char *: empty folders of tasks that have ended
	unsigned folders; // how many were made
	GHashTable *held; // char *: ids of the runs in drives
	GQueue swept; // char *: folders to be removed
	pthread_cond_t swept_ready;
	bool sweeper_stop;
	int wake_fd;
	atomic_bool awake; // the driver does not sleep: it will see what has ended
	atomic_uint jobs_low; // so few jobs left are worth waking it
	BegunLog *begun; // NULL: none
	atomic_int stopping; // 0 no, 1 give back, 2 cancel what is under way
	bool workers_stop;
	char *broken; // why the driver gave up; NULL: it did not
	RunnerFigures figures;

	// Whoever holds the helm drives: the driver thread, or a worker that has just ended a task. Taken before the store's
	// lock, and before `lock`. All below is under it.
	pthread_mutex_t helm;
	atomic_llong sleeps_until; // when the driver thread looks again by itself
	StoreWatch *watch;
	GHashTable *drives; // id → Drive *
	GQueue active; // Drive *: steps to take or rows to write
	GPtrArray *round; // Drive *: of this round's transaction
	GPtrArray *fresh; // Drive *: claimed in it
	GPtrArray *dispatch; // TaskContext *: to be given to workers once it is committed
	GHashTable *children; // id of a child run → Waiter *
	GSequence *timers; // Timer *
	GPtrArray *ahead; // TaskContext *: given out ahead of a free slot, not known to have begun
	bool ahead_allowed; // what was given out ahead can be told from what had begun, after a crash
	bool brisk; // the last task that ended was a short one
	GQueue waiting; // Waiter *: outside tasks of no pool that wait for a slot, in the order of a pool's
	int64_t last_waiter, first_waiter; // numbers given to those that come last, and first
	GArray *pools; // Pool
	unsigned busy;
	bool claim_wanted, requests_wanted;
	int64_t next_beat, next_poll, next_due, next_children;
	int64_t change_count;
	unsigned failures; // commits that failed in a row
	bool troubled; // the store could not be written to when it was tried last
};

// runner.c
int64_t runner_next_moment(const Runner *runner); // of something to do without an event; 0: now

// Tells that the store cannot be written to, or (error NULL) that it can. Helm.
void runner_trouble(Runner *runner, const char *what, const GError *error);

// runner_ahead.c
void runner_ahead_open(Runner *runner);
bool runner_ahead_may(const Runner *runner, const TaskType *type);
void runner_ahead_forget(
	Runner *runner, TaskContext *context); // it has ended, or was never given out
void runner_ahead_pace(Runner *runner, const TaskContext *context); // of a task that has ended
int64_t runner_ahead_next(const Runner *runner); // when the driver looks again for their sake
// Settles what has begun, and takes back what waits for too long (or all that has not begun). True when that is to be
// written.
bool runner_ahead_look(Runner *runner, bool all);
// A worker is about to run it. False: it was cancelled before its turn.
bool runner_ahead_begin(Runner *runner, TaskContext *context);

// runner_sweep.c
bool runner_work_folder_hold(Runner *runner, const char *path); // false: somebody took it for dead
void runner_sweeper_start(Runner *runner);
void runner_sweeper_stop(Runner *runner); // after what it has begun

// runner_slots.c
void runner_slots_fill(Runner *runner); // lets waiting tasks start as slots are free
bool runner_slots_idle(const Runner *runner); // a task waits that could have one of them
bool runner_timers_fire(Runner *runner); // those that are due; false: none was
int64_t runner_timers_next(const Runner *runner); // 0: none
void runner_drive_forget(Runner *runner, Drive *drive); // its timers, waiters and children

// runner_round.c
// The caller holds the helm. by_worker: it will take a job itself afterwards.
void runner_round(Runner *runner, bool by_worker);
void runner_give_back(Runner *runner); // releases every run, when stopping
