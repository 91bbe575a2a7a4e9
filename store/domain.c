#include "store/domain.h"

#include "store/internal.h"

#include <string.h>

static const Field source_fields[] = {
	TEXT_FIELD(StoreSource, name),
	TEXT_FIELD(StoreSource, url),
	TEXT_FIELD(StoreSource, ref),
	TEXT_FIELD(StoreSource, commit_wanted),
	TEXT_FIELD(StoreSource, commit_live),
	TEXT_FIELD(StoreSource, layout_digest),
	INT_FIELD(StoreSource, sync),
	TEXT_FIELD(StoreSource, error),
	TEXT_FIELD(StoreSource, diagnostics),
	TEXT_FIELD(StoreSource, settings),
	TEXT_FIELD(StoreSource, pin),
	INT64_FIELD(StoreSource, fetched_at),
	INT64_FIELD(StoreSource, synced_at),
	INT64_FIELD(StoreSource, changed_at),
};
static const RowType source_row = ROW_TYPE(StoreSource, source_fields);

static const Field domain_fields[] = {
	TEXT_FIELD(StoreDomain, name),
	TEXT_FIELD(StoreDomain, source),
	TEXT_FIELD(StoreDomain, path),
	TEXT_FIELD(StoreDomain, owner),
	TEXT_FIELD(StoreDomain, contact),
	TEXT_FIELD(StoreDomain, description),
	TEXT_FIELD(StoreDomain, connection),
	TEXT_FIELD(StoreDomain, dataset),
	TEXT_FIELD(StoreDomain, tree),
	TEXT_FIELD(StoreDomain, digest),
	TEXT_FIELD(StoreDomain, scripts_tree),
	TEXT_FIELD(StoreDomain, commit_live),
	TEXT_FIELD(StoreDomain, commit_wanted),
	INT_FIELD(StoreDomain, sync),
	INT_FIELD(StoreDomain, health),
	TEXT_FIELD(StoreDomain, message),
	TEXT_FIELD(StoreDomain, diagnostics),
	TEXT_FIELD(StoreDomain, settings),
	BOOL_FIELD(StoreDomain, suspended),
	INT64_FIELD(StoreDomain, synced_at),
	INT64_FIELD(StoreDomain, changed_at),
	INT64_FIELD(StoreDomain, deleted_at),
};
static const RowType domain_row = ROW_TYPE(StoreDomain, domain_fields);

static const Field ailment_fields[] = {
	TEXT_FIELD(StoreAilment, domain),
	INT64_FIELD(StoreAilment, count),
	TEXT_FIELD(StoreAilment, first),
};
static const RowType ailment_row = ROW_TYPE(StoreAilment, ailment_fields);

void store_ailment_free(StoreAilment *ailment)
{
	row_free(&ailment_row, ailment);
}

void store_source_free(StoreSource *source)
{
	row_free(&source_row, source);
}

void store_domain_free(StoreDomain *domain)
{
	row_free(&domain_row, domain);
}

bool store_source_put(Store *store, const StoreSource *source, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&source_row, source, values);
	values[G_N_ELEMENTS(source_fields) - 1] = DB_INTEGER(timestamp_now());
	return statement_write(store, STATEMENT_SOURCE_PUT, STORE_TOPIC_LIVE, values,
		G_N_ELEMENTS(source_fields), NULL, error);
}

bool store_source_get(Store *store, const char *name, StoreSource **ret_source, GError **error)
{
	return row_get(store, STATEMENT_SOURCE_GET, DB_VALUES(DB_TEXT(name)), &source_row,
		(void **)ret_source, error);
}

bool store_sources_list(Store *store, GPtrArray **ret_sources, GError **error)
{
	return rows_list(store, STATEMENT_SOURCES_LIST, DB_NO_VALUES, &source_row,
		(GDestroyNotify)store_source_free, ret_sources, error);
}

bool store_domain_put(Store *store, const StoreDomain *domain, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&domain_row, domain, values);
	values[G_N_ELEMENTS(domain_fields) - 2] = DB_INTEGER(timestamp_now());
	return statement_write(store, STATEMENT_DOMAIN_PUT, STORE_TOPIC_LIVE, values,
		G_N_ELEMENTS(domain_fields), NULL, error);
}

bool store_domain_get(Store *store, const char *name, StoreDomain **ret_domain, GError **error)
{
	return row_get(store, STATEMENT_DOMAIN_GET, DB_VALUES(DB_TEXT(name)), &domain_row,
		(void **)ret_domain, error);
}

static void domain_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	(void)number;
	parts[0] = ((const StoreDomain *)row)->name;
}

bool store_domains_list(Store *store, const StoreDomainFilter *filter, const StorePage *page,
	GPtrArray **ret_domains, char **ret_next, GError **error)
{
	const StoreDomainFilter all = {0};
	g_auto(PageStart) start = {0};

	if (filter == NULL)
		filter = &all;
	return page_begin(page, 1, &start, error) &&
	       page_list(store, STATEMENT_DOMAINS_LIST, &start,
		       DB_VALUES(DB_TEXT(start.after[0]), DB_TEXT(filter->source),
			       DB_INTEGER(filter->deleted), page_limit(&start)),
		       &domain_row, (GDestroyNotify)store_domain_free, domain_key, ret_domains,
		       ret_next, error);
}

bool store_domains_count(Store *store, int64_t by_sync[SYNC_STATES],
	int64_t by_health[HEALTH_STATES], GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	for (size_t i = 0; i < SYNC_STATES; i++)
		by_sync[i] = 0;
	for (size_t i = 0; i < HEALTH_STATES; i++)
		by_health[i] = 0;
	if (!query_begin(&query, store, STATEMENT_DOMAINS_COUNT, DB_NO_VALUES, error))
		return false;
	while (query_step(&query, &failed, error)) {
		const uint64_t sync = (uint64_t)db_column_int64(query.row, 0);
		const uint64_t health = (uint64_t)db_column_int64(query.row, 1);
		const int64_t count = db_column_int64(query.row, 2);

		if (sync < SYNC_STATES)
			by_sync[sync] += count;
		if (health < HEALTH_STATES)
			by_health[health] += count;
	}
	return !failed;
}

bool store_domains_ailing(
	Store *store, StoreAilmentKind kind, GPtrArray **ret_ailments, GError **error)
{
	static const StatementId statements[STORE_AILMENTS] = {
		[STORE_AILMENT_FAILING] = STATEMENT_DOMAINS_FAILING,
		[STORE_AILMENT_MISSING] = STATEMENT_DOMAINS_MISSING,
		[STORE_AILMENT_BUILDING] = STATEMENT_DOMAINS_BUILDING,
		[STORE_AILMENT_DISABLED] = STATEMENT_DOMAINS_DISABLED,
	};

	return rows_list(store, statements[kind], DB_NO_VALUES, &ailment_row,
		(GDestroyNotify)store_ailment_free, ret_ailments, error);
}

bool store_domains_settle(Store *store, GError **error)
{
	g_autoptr(GPtrArray) settling = NULL;

	if (!rows_list(store, STATEMENT_DOMAINS_SETTLING, DB_NO_VALUES, &ailment_row,
		    (GDestroyNotify)store_ailment_free, &settling, error))
		return false;
	if (settling->len == 0)
		return true;
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	for (guint i = 0; transaction != NULL && i < settling->len; i++) {
		const StoreAilment *domain = settling->pdata[i];

		// An apply may have come between.
		if (!statement_run(store, STATEMENT_DOMAIN_SETTLE,
			    DB_VALUES(DB_TEXT(domain->domain)), NULL, error))
			return false;
	}
	return transaction != NULL && store_transaction_commit(transaction, error);
}

bool store_domain_set_health(
	Store *store, const char *name, Health health, const char *message, GError **error)
{
	return statement_write(store, STATEMENT_DOMAIN_SET_HEALTH, STORE_TOPIC_LIVE,
		DB_VALUES(DB_TEXT(name), DB_INTEGER(health), DB_TEXT(message),
			DB_INTEGER(timestamp_now())),
		NULL, error);
}

#define VARIABLES_SETTING "variables"

bool store_variables_put(Store *store, const char *variables, GError **error)
{
	g_autofree char *before = NULL;

	if (!store_setting_get(store, VARIABLES_SETTING, &before, error))
		return false;
	return g_strcmp0(before, variables) == 0 ||
	       store_setting_put(store, VARIABLES_SETTING, variables, error);
}

// Few domains have variables: the others' settings are not parsed.
static void add_own_variables(json_t *variables, const char *settings)
{
	bool any = settings != NULL && strstr(settings, "\"variables\"") != NULL;
	json_auto_t *object = any ? json_loads(settings, 0, NULL) : NULL;
	json_t *own = json_object_get(object, "variables");

	if (json_is_object(own))
		json_object_update(variables, own);
}

bool store_variables_get(Store *store, const char *namespace, const char *flow,
	json_t **ret_variables, GError **error)
{
	g_auto(StoreQuery) query = {0};
	json_t *variables = NULL;
	bool failed;

	*ret_variables = NULL;
	if (!query_begin(&query, store, STATEMENT_VARIABLES_GET,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		const char *project = db_column_text(query.row, 0, NULL);

		variables = project == NULL ? NULL : json_loads(project, 0, NULL);
		if (variables == NULL)
			variables = json_object();
		add_own_variables(variables, db_column_text(query.row, 1, NULL));
	}
	if (failed) {
		json_decref(variables);
		return false;
	}
	*ret_variables = variables != NULL ? variables : json_object();
	return true;
}
