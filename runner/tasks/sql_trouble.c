// Telling the store which databases a task could not use, and that one can be used again. The reconciler looks, too, but
// only it who writes learns that the lock is taken.
#include "runner/tasks/sql_task.h"

#include <pthread.h>
#include <string.h>

#include "db/trouble.h"
#include "store/trouble.h"

// Datasets that were noted: "connection/dataset". Mostly empty, so that a success costs no query.
static pthread_mutex_t noted_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *noted;

// Begins with what an earlier process noted. The lock is held.
static void noted_begin(Store *store)
{
	g_autoptr(GPtrArray) troubles = NULL;

	if (noted != NULL || !store_troubles_list(store, &troubles, NULL))
		return;
	noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < troubles->len; i++) {
		const StoreTrouble *trouble = troubles->pdata[i];

		g_hash_table_add(
			noted, g_strconcat(trouble->connection, "/", trouble->dataset, NULL));
	}
}

static void remember(Store *store, const char *key)
{
	pthread_mutex_lock(&noted_lock);
	noted_begin(store);
	if (noted != NULL)
		g_hash_table_add(noted, g_strdup(key));
	pthread_mutex_unlock(&noted_lock);
}

static bool forget(Store *store, const char *key)
{
	pthread_mutex_lock(&noted_lock);
	noted_begin(store);
	bool known = noted != NULL && g_hash_table_remove(noted, key);
	pthread_mutex_unlock(&noted_lock);
	return known;
}

// The name of the task's connection, to be freed; NULL when it has none, but a URL of its own.
static char *connection_name(TaskContext *context)
{
	char *name = NULL;

	if (task_context_raw(context, "url") != NULL ||
		!task_context_text(context, "connection", &name, NULL))
		return NULL;
	return name != NULL ? name : g_strdup("default");
}

// What cannot be noted is lost: the run's own log has it.
void sql_task_trouble(void *data, const char *dataset, const GError *error)
{
	TaskContext *context = data;
	Store *store = task_context_store(context);
	const DbTrouble *kind = *dataset == '\0' && error != NULL && error->domain != DB_ERROR
					? db_trouble_of_url()
					: db_trouble_of(error);

	if (error != NULL && kind == NULL)
		return;
	g_autofree char *name = connection_name(context);
	if (name == NULL)
		return;
	g_autofree char *key = g_strconcat(name, "/", dataset, NULL);
	if (error == NULL) {
		if (forget(store, key))
			store_trouble_end(store, name, dataset, NULL);
		return;
	}
	const StoreTrouble trouble = {.connection = name,
		.dataset = (char *)(uintptr_t)dataset,
		.domain = (char *)(uintptr_t)task_context_flow(context)->namespace,
		.kind = (char *)(uintptr_t)kind->kind,
		.message = error->message,
		.hint = (char *)(uintptr_t)kind->cure};
	remember(store, key);
	store_trouble_put(store, &trouble, NULL);
}
