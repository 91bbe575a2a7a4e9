#include "reconciler/health.h"

#include "store/domain.h"

#include <inttypes.h>

enum {
	PAUSE = 50 * 1000, // microseconds between two looks, at the least
	SHARE = 20, // looking takes no more than one part in so many of the time
	PAGE = 1000,
};

struct HealthObserver {
	Store *store;
	StoreWatch *watch; // NULL: none could be had
	bool due;
	int64_t earliest; // monotonic: not before then
};

HealthObserver *health_observer_new(Store *store)
{
	HealthObserver *observer = g_new0(HealthObserver, 1);

	observer->store = store;
	observer->watch = store_watch_new(store, STORE_TOPIC_RUN | STORE_TOPIC_LIVE, NULL);
	observer->due = true;
	return observer;
}

void health_observer_free(HealthObserver *observer)
{
	if (observer == NULL)
		return;
	store_watch_free(observer->watch);
	g_free(observer);
}

int health_observer_fd(const HealthObserver *observer)
{
	return observer->due || observer->watch == NULL ? -1 : store_watch_fd(observer->watch);
}

static bool is_due(HealthObserver *observer)
{
	if (observer->watch == NULL || store_watch_take(observer->watch) != 0)
		observer->due = true;
	return observer->due;
}

int64_t health_observer_timeout(HealthObserver *observer, int64_t now)
{
	return is_due(observer) ? MAX(observer->earliest - now, 0) : G_MAXINT64;
}

// What a domain's row should say; *ret_message is the caller's.
static Health judge(const StoreDomain *domain, const StoreFailing *failing, char **ret_message)
{
	*ret_message = NULL;
	// Why it is not Synced comes first.
	if (domain->sync != SYNC_SYNCED)
		*ret_message = g_strdup(domain->message);
	else if (failing != NULL && failing->flows == 1)
		*ret_message = g_strdup_printf("the last run of '%s' failed", failing->first);
	else if (failing != NULL)
		*ret_message = g_strdup_printf("the last runs of %" PRId64
					       " flows failed, '%s' among them",
			failing->flows, failing->first);
	return failing != NULL ? HEALTH_DEGRADED : HEALTH_HEALTHY;
}

// Suspended and the like are not for runs to tell.
static bool is_judged(const StoreDomain *domain)
{
	return domain->health == HEALTH_HEALTHY || domain->health == HEALTH_DEGRADED;
}

// Changes the row when it should say something else.
static bool judge_domain(Store *store, const char *name, GHashTable *failing, GError **error)
{
	g_autoptr(StoreDomain) domain = NULL;
	g_autofree char *message = NULL;

	if (!store_domain_get(store, name, &domain, error))
		return false;
	if (domain == NULL || domain->deleted_at != 0)
		return true;
	Health health = judge(domain, g_hash_table_lookup(failing, name), &message);
	if (health == domain->health && g_strcmp0(message, domain->message) == 0)
		return true;
	return store_domain_set_health(store, name, health, message, error);
}

// Adds the names of the domains whose rows should say something else.
static bool find_changed(Store *store, GHashTable *failing, GPtrArray *names, GError **error)
{
	g_autofree char *cursor = NULL;

	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		g_autoptr(GPtrArray) domains = NULL;
		char *next = NULL;

		if (!store_domains_list(store, NULL, &page, &domains, &next, error))
			return false;
		g_free(cursor);
		cursor = next;
		for (guint i = 0; i < domains->len; i++) {
			const StoreDomain *domain = domains->pdata[i];
			g_autofree char *message = NULL;
			Health health =
				judge(domain, g_hash_table_lookup(failing, domain->name), &message);

			if (is_judged(domain) && (health != domain->health ||
							 g_strcmp0(message, domain->message) != 0))
				g_ptr_array_add(names, g_strdup(domain->name));
		}
	} while (cursor != NULL);
	return true;
}

// Looks without holding anybody up; what is to be changed is looked at again in the transaction that changes it, for an apply may
// have come between.
static bool look(Store *store, GError **error)
{
	g_autoptr(GHashTable) by_domain = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) failing = NULL;

	if (!store_domains_failing(store, &failing, error))
		return false;
	for (guint i = 0; i < failing->len; i++) {
		StoreFailing *row = failing->pdata[i];

		g_hash_table_insert(by_domain, row->domain, row);
	}
	if (!find_changed(store, by_domain, names, error))
		return false;
	if (names->len == 0)
		return true;
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	for (guint i = 0; transaction != NULL && i < names->len; i++) {
		if (!judge_domain(store, names->pdata[i], by_domain, error))
			return false;
	}
	return transaction != NULL && store_transaction_commit(transaction, error);
}

bool health_observe(HealthObserver *observer, GError **error)
{
	int64_t began = g_get_monotonic_time();

	if (!is_due(observer) || began < observer->earliest)
		return true;
	observer->due = false;
	bool good = look(observer->store, error);
	int64_t now = g_get_monotonic_time();
	observer->earliest = now + MAX(PAUSE, SHARE * (now - began));
	if (!good) {
		observer->due = true;
		observer->earliest = now + G_USEC_PER_SEC;
	}
	return good;
}
