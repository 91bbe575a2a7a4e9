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
	observer->watch = store_watch_new(
		store, STORE_TOPIC_RUN | STORE_TOPIC_LIVE | STORE_TOPIC_DRIFT, NULL);
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

// ---- What the row of a domain should say

// One kind of ailment: what it makes of a domain's health, and how that is told of one and of several. No texts: it tells itself.
typedef struct {
	Health health;
	const char *one[2]; // around its name
	const char *many[3]; // around their number and the name of the first
} Judgement;

// From the gravest on.
static const Judgement judgements[STORE_AILMENTS] = {
	[STORE_AILMENT_FAILING] = {HEALTH_DEGRADED, {"the last run of '", "' failed"},
		{"the last runs of ", " flows failed, '", "' among them"}},
	[STORE_AILMENT_MISSING] = {HEALTH_MISSING, {"table '", "' does not exist"},
		{"", " tables do not exist, '", "' among them"}},
	[STORE_AILMENT_BUILDING] = {HEALTH_PROGRESSING, {NULL}, {NULL}},
	[STORE_AILMENT_DISABLED] = {HEALTH_SUSPENDED, {"flow '", "' is disabled"},
		{"", " flows are disabled, '", "' among them"}},
};

// What was seen of all domains in one look.
typedef struct {
	GPtrArray *rows[STORE_AILMENTS]; // StoreAilment *
	GHashTable *by_domain[STORE_AILMENTS]; // name -> StoreAilment *
	GPtrArray *troubles; // StoreTrouble *
} Findings;

static void findings_clear(Findings *findings)
{
	for (unsigned i = 0; i < STORE_AILMENTS; i++) {
		g_clear_pointer(&findings->rows[i], g_ptr_array_unref);
		g_clear_pointer(&findings->by_domain[i], g_hash_table_unref);
	}
	g_clear_pointer(&findings->troubles, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Findings, findings_clear)

static bool findings_read(Store *store, Findings *findings, GError **error)
{
	for (unsigned i = 0; i < STORE_AILMENTS; i++) {
		if (!store_domains_ailing(store, (StoreAilmentKind)i, &findings->rows[i], error))
			return false;
		findings->by_domain[i] = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint j = 0; j < findings->rows[i]->len; j++) {
			StoreAilment *row = findings->rows[i]->pdata[j];

			g_hash_table_insert(findings->by_domain[i], row->domain, row);
		}
	}
	return store_troubles_list(store, &findings->troubles, error);
}

static char *ailment_text(const Judgement *judgement, const StoreAilment *ailment)
{
	g_autofree char *count = g_strdup_printf("%" PRId64, ailment->count);

	if (judgement->one[0] == NULL)
		return NULL;
	return ailment->count == 1
		       ? g_strconcat(judgement->one[0], ailment->first, judgement->one[1], NULL)
		       : g_strconcat(judgement->many[0], count, judgement->many[1], ailment->first,
				 judgement->many[2], NULL);
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

// A database that cannot be used comes before the runs that failed for it.
static Health find_health(const StoreDomain *domain, const Findings *findings, char **ret_message)
{
	const StoreTrouble *trouble = trouble_of(domain, findings->troubles);

	if (trouble != NULL) {
		*ret_message = g_strdup_printf("connection '%s' is %s: %s", trouble->connection,
			trouble->kind, trouble->message);
		return HEALTH_DEGRADED;
	}
	for (unsigned i = 0; i < STORE_AILMENTS; i++) {
		const StoreAilment *ailment =
			g_hash_table_lookup(findings->by_domain[i], domain->name);

		if (ailment != NULL) {
			*ret_message = ailment_text(&judgements[i], ailment);
			return judgements[i].health;
		}
	}
	*ret_message = domain->suspended ? g_strdup("the domain is suspended") : NULL;
	return domain->suspended ? HEALTH_SUSPENDED : HEALTH_HEALTHY;
}

// *ret_message is the caller's. Why it is not Synced comes first.
static Health judge(const StoreDomain *domain, const Findings *findings, char **ret_message)
{
	g_autofree char *message = NULL;
	Health health = find_health(domain, findings, &message);

	*ret_message =
		domain->sync != SYNC_SYNCED ? g_strdup(domain->message) : g_steal_pointer(&message);
	return health;
}

// Changes the row when it should say something else.
static bool judge_domain(Store *store, const char *name, const Findings *findings, GError **error)
{
	g_autoptr(StoreDomain) domain = NULL;
	g_autofree char *message = NULL;

	if (!store_domain_get(store, name, &domain, error))
		return false;
	if (domain == NULL || domain->deleted_at != 0)
		return true;
	Health health = judge(domain, findings, &message);
	if (health == domain->health && g_strcmp0(message, domain->message) == 0)
		return true;
	return store_domain_set_health(store, name, health, message, error);
}

// Adds the names of the domains whose rows should say something else.
static bool find_changed(Store *store, const Findings *findings, GPtrArray *names, GError **error)
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
			Health health = judge(domain, findings, &message);

			if (health != domain->health || g_strcmp0(message, domain->message) != 0)
				g_ptr_array_add(names, g_strdup(domain->name));
		}
	} while (cursor != NULL);
	return true;
}

// What is to be changed is looked at again in the transaction that changes it, for an apply may have come between.
static bool change(Store *store, const Findings *findings, const GPtrArray *names, GError **error)
{
	g_autoptr(StoreTransaction) transaction = NULL;

	if (names->len == 0)
		return true;
	transaction = store_transaction_begin(store, error);
	for (guint i = 0; transaction != NULL && i < names->len; i++) {
		if (!judge_domain(store, names->pdata[i], findings, error))
			return false;
	}
	return transaction != NULL && store_transaction_commit(transaction, error);
}

// Looks without holding anybody up.
static bool look(HealthObserver *observer, GError **error)
{
	Store *store = observer->store;
	g_auto(Findings) findings = {0};
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	return findings_read(store, &findings, error) &&
	       find_changed(store, &findings, names, error) &&
	       change(store, &findings, names, error) && store_domains_settle(store, error);
}

// ---- When it is looked at

bool health_observe(HealthObserver *observer, GError **error)
{
	int64_t began = g_get_monotonic_time();

	if (!is_due(observer) || began < observer->earliest)
		return true;
	observer->due = false;
	bool good = look(observer, error);
	int64_t now = g_get_monotonic_time();
	observer->earliest = now + MAX(PAUSE, SHARE * (now - began));
	if (!good) {
		observer->due = true;
		observer->earliest = now + G_USEC_PER_SEC;
	}
	return good;
}
