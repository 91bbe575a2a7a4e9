// The columns of queries, kept as long as the schemas of the datasets that they may read are the same.
#include <string.h>

#include "runner/build/known.h"

enum {
	QUERIES_KEPT = 1024, // a connection
	TEXT_LONGEST = 16 * 1024, // a longer one is compiled again each time
};

typedef struct {
	GStrv datasets;
	GArray *versions; // int64_t, one each
	DbTable *columns;
} KnownQuery;

static void known_query_free(void *data)
{
	KnownQuery *known = data;

	g_strfreev(known->datasets);
	g_array_unref(known->versions);
	db_table_free(known->columns);
	g_free(known);
}

// Pasted text may read tables that nobody told of, and a table made for one staging is gone after it; a connection of one file is not kept anyway.
static bool is_knowable(const Build *build, const char *sql)
{
	return build->first == NULL && build->datasets != NULL &&
	       build->dialect->schema_version != NULL && !build->request->host.allow_raw &&
	       strlen(sql) <= TEXT_LONGEST;
}

static bool read_versions(Build *build, GError **error)
{
	build->versions = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (char **dataset = build->datasets; *dataset != NULL; dataset++) {
		int64_t version;

		if (!known_version(build, *dataset, &version, error))
			return false;
		g_array_append_val(build->versions, version);
	}
	return true;
}

static bool is_same(const Build *build, const KnownQuery *known)
{
	return g_strv_equal((const char *const *)known->datasets,
		       (const char *const *)build->datasets) &&
	       memcmp(known->versions->data, build->versions->data,
		       build->versions->len * sizeof(int64_t)) == 0;
}

bool known_query_find(Build *build, const char *sql, DbTable **ret_columns, GError **error)
{
	const KnownQuery *known = NULL;

	*ret_columns = NULL;
	if (!is_knowable(build, sql))
		return true;
	if (!read_versions(build, error))
		return false;
	if (build->pooled->queries != NULL)
		known = g_hash_table_lookup(build->pooled->queries, sql);
	if (known == NULL || !is_same(build, known))
		return true;
	*ret_columns = db_table_copy(known->columns);
	g_free((*ret_columns)->name);
	(*ret_columns)->name = g_strdup(build->name);
	return true;
}

void known_query_keep(Build *build, const char *sql, const DbTable *columns)
{
	PooledConnection *pooled = build->pooled;
	KnownQuery *known;

	if (!is_knowable(build, sql))
		return;
	if (pooled->queries == NULL)
		pooled->queries =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_query_free);
	if (g_hash_table_size(pooled->queries) >= QUERIES_KEPT)
		g_hash_table_remove_all(pooled->queries);
	known = g_new(KnownQuery, 1);
	*known = (KnownQuery){
		.datasets = g_strdupv(build->datasets),
		.versions = g_array_ref(build->versions),
		.columns = db_table_copy(columns),
	};
	g_hash_table_replace(pooled->queries, g_strdup(sql), known);
}
