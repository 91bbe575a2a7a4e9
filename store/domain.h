// Sources (a branch of a repository) and domains: what is live, what is wanted, and how they stand.
#pragma once

#include "store/state.h"
#include "store/store.h"

#include <jansson.h>

typedef struct {
	char *name; // "main"
	char *url; // fit for showing: no password
	char *ref; // "refs/heads/main"
	char *commit_wanted; // the branch's tip; NULL: none yet
	char *commit_live; // the last one whose apply ended, as far as it went; NULL: none yet
	char *layout_digest; // of the live layout; NULL
	SyncStatus sync;
	char *error; // why the last walk failed; NULL: it did not
	char *diagnostics; // JSON list: faults that belong to no domain; NULL: none
	char *settings; // weir.yaml, checked, JSON; NULL
	char *pin; // JSON {commit, reason, …} while pinned; NULL
	int64_t fetched_at; // last fetch that worked
	int64_t synced_at; // when commit_live became so
	int64_t changed_at; // set by the store at each put
} StoreSource;

void store_source_free(StoreSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreSource, store_source_free)

// Writes the whole row by name.
bool store_source_put(Store *store, const StoreSource *source, GError **error);
bool store_source_get(Store *store, const char *name, StoreSource **ret_source, GError **error);
bool store_sources_list(Store *store, GPtrArray **ret_sources, GError **error); // by name

typedef struct {
	char *name; // "sales"; also the namespace of its flows
	char *source; // name of the source
	char *path; // of its folder
	char *owner;
	char *contact; // NULL
	char *description; // NULL
	char *connection; // default connection's name
	char *dataset; // default dataset
	char *tree; // id of the live folder; NULL: nothing live yet
	char *digest; // of everything live in it; NULL: nothing live yet
	char *scripts_tree; // id of the live scripts/ folder; NULL
	char *commit_live; // NULL: nothing live yet
	char *commit_wanted; // NULL
	SyncStatus sync;
	Health health;
	char *message; // why it is not Synced or not Healthy; NULL
	char *diagnostics; // JSON list of the wanted commit's faults; NULL: none
	char *settings; // domain.yaml, checked, JSON; NULL
	bool suspended;
	int64_t synced_at;
	int64_t changed_at; // set by the store at each put
	int64_t deleted_at; // the folder is gone; its row and history stay
} StoreDomain;

void store_domain_free(StoreDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDomain, store_domain_free)

// Writes the whole row by name.
bool store_domain_put(Store *store, const StoreDomain *domain, GError **error);
bool store_domain_get(Store *store, const char *name, StoreDomain **ret_domain, GError **error);

typedef struct {
	const char *source; // NULL: of all
	bool deleted; // also those whose folder is gone
} StoreDomainFilter;

// By name.
bool store_domains_list(Store *store, const StoreDomainFilter *filter, const StorePage *page,
	GPtrArray **ret_domains, char **ret_next, GError **error);

// What may be the matter with something of a domain that is live.
typedef enum {
	STORE_AILMENT_FAILING, // flows whose last run ended in FAILED (killed and cancelled runs do not count)
	STORE_AILMENT_MISSING, // tables that were never built, or were removed, and no run of theirs is due or going on
	STORE_AILMENT_BUILDING, // scripts of which a run that builds the newest revision is due or going on
	STORE_AILMENT_DISABLED, // flows
	STORE_AILMENTS,
} StoreAilmentKind;

// A domain that has something of a kind.
typedef struct {
	char *domain;
	int64_t count;
	char *first; // by name: namespace.id of a flow, dataset.table
} StoreAilment;

void store_ailment_free(StoreAilment *ailment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreAilment, store_ailment_free)

// One row for each domain that has any, by name; of what is being built only the domain is told. Takes time in proportion to what there is of the kind; of
// failing flows, to those that ever ran; of missing and building ones, to the flows of domains that are not settled.
bool store_domains_ailing(
	Store *store, StoreAilmentKind kind, GPtrArray **ret_ailments, GError **error);

// Ends the looking through domains, for what is missing or being built, in which nothing is; each store_domain_put() begins it anew.
bool store_domains_settle(Store *store, GError **error);

// Changes a domain's health and message (NULL: none), and nothing else.
bool store_domain_set_health(
	Store *store, const char *name, Health health, const char *message, GError **error);

// The project's variables in this environment, a JSON object; NULL: there are none. Written only when they are others.
bool store_variables_put(Store *store, const char *variables, GError **error);
// What a flow sees as vars.… besides its own variables: the project's with those of its domain over them. A new reference,
// an empty object when there are none.
bool store_variables_get(Store *store, const char *namespace, const char *flow,
	json_t **ret_variables, GError **error);

// How many live domains there are of each sync status and of each health: cheap.
bool store_domains_count(Store *store, int64_t by_sync[SYNC_STATES],
	int64_t by_health[HEALTH_STATES], GError **error);
