#include "runner/build/known.h"

#include "runner/build/feed.h"

enum {
	TABLES_KEPT = 4096, // a dataset and connection
};

typedef struct {
	int64_t version; // of the dataset's schema that the tables are of; -1: the engine has no such number
	GHashTable *tables; // name → KnownTable
} KnownDataset;

static void known_table_free(void *data)
{
	KnownTable *known = data;

	if (known == NULL)
		return;
	db_table_free(known->table);
	g_free(known->shape);
	g_free(known);
}

static void known_dataset_free(void *data)
{
	KnownDataset *dataset = data;

	g_hash_table_unref(dataset->tables);
	g_free(dataset);
}

static KnownDataset *dataset_of(const Build *build)
{
	PooledConnection *pooled = build->pooled;
	KnownDataset *dataset;

	if (pooled->known == NULL)
		pooled->known =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_dataset_free);
	dataset = g_hash_table_lookup(pooled->known, build->dataset);
	if (dataset != NULL)
		return dataset;
	dataset = g_new0(KnownDataset, 1);
	dataset->version = -1;
	dataset->tables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_table_free);
	g_hash_table_insert(pooled->known, g_strdup(build->dataset), dataset);
	return dataset;
}

bool known_version(const Build *build, const char *dataset, int64_t *ret_version, GError **error)
{
	g_autoptr(GString) name = NULL;
	g_autoptr(GString) sql = NULL;

	*ret_version = -1;
	if (build->dialect->schema_version == NULL)
		return true;
	name = g_string_new(NULL);
	sql = g_string_new(build->dialect->schema_version);
	db_quote_name(build->dialect, dataset, name);
	g_string_replace(sql, "%s", name->str, 1);
	return db_query_int64(build->connection, sql->str, DB_NO_VALUES, -1, ret_version, error);
}

static KnownTable *read_table(const Build *build, GError **error)
{
	KnownTable *known;
	DbTable *table;

	if (!db_schema_read_table(build->connection, build->dataset, build->name, &table, error))
		return NULL;
	known = g_new0(KnownTable, 1);
	known->table = table;
	known->shape = table == NULL ? g_strdup("") : db_table_text(table);
	return known;
}

static void forget_all(KnownDataset *dataset, int64_t version)
{
	g_hash_table_remove_all(dataset->tables);
	dataset->version = version;
}

// Names of tables compare without regard to letter case.
static char *key_of(const Build *build)
{
	return g_ascii_strdown(build->name, -1);
}

const KnownTable *known_begin(Build *build, GError **error)
{
	KnownDataset *dataset = dataset_of(build);
	g_autofree char *key = key_of(build);
	KnownTable *known;

	if (!known_version(build, build->dataset, &build->schema_version, error))
		return NULL;
	if (dataset->version != build->schema_version || build->schema_version < 0 ||
		g_hash_table_size(dataset->tables) >= TABLES_KEPT)
		forget_all(dataset, build->schema_version);
	known = g_hash_table_lookup(dataset->tables, key);
	if (known == NULL) {
		known = read_table(build, error);
		if (known == NULL)
			return NULL;
		g_hash_table_insert(dataset->tables, g_steal_pointer(&key), known);
	}
	build->live = known->table;
	build->known = known;
	build->unindexed = known->unindexed;
	return known;
}

const KnownTable *known_after(Build *build, GError **error)
{
	int64_t version;

	if (!known_version(build, build->dataset, &version, error))
		return NULL;
	if (version == build->schema_version && version >= 0)
		return build->known;
	build->schema_version = version;
	build->changed = read_table(build, error);
	return build->changed;
}

void known_end(Build *build, bool committed)
{
	KnownDataset *dataset = dataset_of(build);
	KnownTable *changed = g_steal_pointer(&build->changed);
	g_autofree char *key = key_of(build);
	KnownTable *known;

	build->live = NULL;
	build->known = NULL;
	if (!committed) {
		known_table_free(changed);
		return;
	}
	known = changed != NULL ? changed : g_hash_table_lookup(dataset->tables, key);
	known->unindexed = build->unindexed;
	if (changed == NULL)
		return;
	// The transaction had the dataset's write lock: all that changed since its beginning is its own doing, and a feed
	// changes its target alone. Statements of an author's may change anything.
	if (build->feed->flags & FEED_SCRIPT)
		g_hash_table_remove_all(dataset->tables);
	dataset->version = build->schema_version;
	g_hash_table_replace(dataset->tables, g_steal_pointer(&key), changed);
}
