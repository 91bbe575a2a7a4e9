#include "reconciler/health.h"

#include "store/domain.h"
#include "store/trouble.h"

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

// What makes domains unwell.
typedef struct {
	GPtrArray *failing; // StoreFailing *
	GHashTable *by_domain; // name -> StoreFailing *, borrowed
	GPtrArray *troubles; // StoreTrouble *
} Ills;

static void ills_clear(Ills *ills)
{
	g_clear_pointer(&ills->by_domain, g_hash_table_unref);
	g_clear_pointer(&ills->failing, g_ptr_array_unref);
	g_clear_pointer(&ills->troubles, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ills, ills_clear)

static bool ills_read(Store *store, Ills *ills, GError **error)
{
	if (!store_domains_failing(store, &ills->failing, error) ||
		!store_troubles_list(store, &ills->troubles, error))
		return false;
	ills->by_domain = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < ills->failing->len; i++) {
		StoreFailing *row = ills->failing->pdata[i];

		g_hash_table_insert(ills->by_domain, row->domain, row);
	}
	return true;
}

// The first trouble that a domain has; NULL: none.
static const StoreTrouble *trouble_of(const StoreDomain *domain, const GPtrArray *troubles)
{
	for (guint i = 0; i < troubles->len; i++) {
		if (store_trouble_meets(
			    troubles->pdata[i], domain->name, domain->connection, domain->dataset))
			return troubles->pdata[i];
	}
	return NULL;
}

// What a domain's row should say; *ret_message is the caller's.
static Health judge(const StoreDomain *domain, const Ills *ills, char **ret_message)
{
	const StoreFailing *failing = g_hash_table_lookup(ills->by_domain, domain->name);
	const StoreTrouble *trouble = trouble_of(domain, ills->troubles);

	*ret_message = NULL;
	// Why it is not Synced comes first, and a database that cannot be used before the runs that failed for it.
	if (domain->sync != SYNC_SYNCED)
		*ret_message = g_strdup(domain->message);
	else if (trouble != NULL)
		*ret_message = g_strdup_printf("connection '%s' is %s: %s", trouble->connection,
			trouble->kind, trouble->message);
	else if (failing != NULL && failing->flows == 1)
		*ret_message = g_strdup_printf("the last run of '%s' failed", failing->first);
	else if (failing != NULL)
		*ret_message = g_strdup_printf("the last runs of %" PRId64
					       " flows failed, '%s' among them",
			failing->flows, failing->first);
	return failing != NULL || trouble != NULL ? HEALTH_DEGRADED : HEALTH_HEALTHY;
}

// Suspended and the like are not for runs to tell.
static bool is_judged(const StoreDomain *domain)
{
	return domain->health == HEALTH_HEALTHY || domain->health == HEALTH_DEGRADED;
}

// Changes the row when it should say something else.
static bool judge_domain(Store *store, const char *name, const Ills *ills, GError **error)
{
	g_autoptr(StoreDomain) domain = NULL;
	g_autofree char *message = NULL;

	if (!store_domain_get(store, name, &domain, error))
		return false;
	if (domain == NULL || domain->deleted_at != 0)
		return true;
	Health health = judge(domain, ills, &message);
	if (health == domain->health && g_strcmp0(message, domain->message) == 0)
		return true;
	return store_domain_set_health(store, name, health, message, error);
}

// Adds the names of the domains whose rows should say something else.
static bool find_changed(Store *store, const Ills *ills, GPtrArray *names, GError **error)
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
			Health health = judge(domain, ills, &message);

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
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_auto(Ills) ills = {0};

	if (!ills_read(store, &ills, error) || !find_changed(store, &ills, names, error))
		return false;
	if (names->len == 0)
		return true;
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	for (guint i = 0; transaction != NULL && i < names->len; i++) {
		if (!judge_domain(store, names->pdata[i], &ills, error))
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
