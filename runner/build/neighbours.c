#include "runner/build/neighbours.h"

#include "runner/build/known.h"

enum {
	VIEWS_KEPT = 256,
};

// The views that a connection has.
typedef struct Neighbours {
	char *dataset; // that they lead to
	int64_t version; // of its schema: what a view made of a table it read then does not follow our own changes
	GHashTable *names; // char *
} Neighbours;

static void neighbours_free(void *data)
{
	Neighbours *neighbours = data;

	g_free(neighbours->dataset);
	g_hash_table_unref(neighbours->names);
	g_free(neighbours);
}

static Neighbours *neighbours_of(const Build *build)
{
	PooledConnection *pooled = build->pooled;

	if (pooled->neighbours == NULL) {
		pooled->neighbours = g_new0(Neighbours, 1);
		pooled->neighbours->names =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		pooled->neighbours_free = neighbours_free;
	}
	return pooled->neighbours;
}

static bool drop(DbConnection *connection, const char *name, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(db_connection_dialect(connection));

	sql_builder_append(builder, "DROP VIEW IF EXISTS temp.");
	sql_builder_name(builder, name);
	return sql_builder_execute(builder, connection, NULL, error);
}

bool neighbours_clear(PooledConnection *pooled, GError **error)
{
	GHashTableIter iterator;
	gpointer name;

	if (pooled->neighbours == NULL)
		return true;
	g_hash_table_iter_init(&iterator, pooled->neighbours->names);
	while (g_hash_table_iter_next(&iterator, &name, NULL)) {
		if (!drop(pooled->connection, name, error))
			return false;
		g_hash_table_iter_remove(&iterator);
	}
	return true;
}

static bool create(Build *build, const char *name, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "CREATE TEMP VIEW ");
	sql_builder_name(builder, name);
	sql_builder_append(builder, " AS SELECT * FROM ");
	sql_builder_table(builder, build->dataset, name);
	return build_execute(build, builder, NULL, error);
}

// Views that lead elsewhere, or to what the tables were, go.
static bool refresh(Build *build, Neighbours *neighbours, GError **error)
{
	int64_t version;
	bool stays;

	if (!known_version(build, build->dataset, &version, error))
		return false;
	stays = version >= 0 && version == neighbours->version &&
		g_strcmp0(neighbours->dataset, build->dataset) == 0 &&
		g_hash_table_size(neighbours->names) < VIEWS_KEPT;
	if (!stays && !neighbours_clear(build->pooled, error))
		return false;
	neighbours->version = version;
	g_free(neighbours->dataset);
	neighbours->dataset = g_strdup(build->dataset);
	return true;
}

bool neighbours_set(Build *build, GError **error)
{
	const char *const *names = build->request->unqualified;
	Neighbours *neighbours;

	if (names == NULL || *names == NULL || g_str_equal(build->dataset, "main"))
		return true;
	neighbours = neighbours_of(build);
	if (!refresh(build, neighbours, error))
		return false;
	for (; *names != NULL; names++) {
		if (g_hash_table_contains(neighbours->names, *names))
			continue;
		if (!create(build, *names, error))
			return false;
		g_hash_table_add(neighbours->names, g_strdup(*names));
	}
	return true;
}
