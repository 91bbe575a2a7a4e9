#include "runner/build/feed.h"

#include "repo-layout/diagnostic.h"

static const Feed FEEDS[] = {
	{"WRITE_TRUNCATE", FEED_REPLACES, NULL, NULL, feed_truncate_publish},
	{"WRITE_APPEND", 0, NULL, NULL, feed_append_publish},
	{"WRITE_EMPTY", 0, NULL, NULL, feed_empty_publish},
	{"MODE_DELTA", FEED_NEEDS_KEY, NULL, feed_delta_verify, feed_delta_publish},
	{"SNAPSHOT", FEED_NEEDS_KEY, feed_snapshot_shape, feed_snapshot_verify,
		feed_snapshot_publish},
	{"VIEW", FEED_VIEW, NULL, NULL, feed_view_publish},
	{"SCRIPT", FEED_SCRIPT, NULL, NULL, feed_script_publish},
};

const Feed *feed_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(FEEDS); i++)
		if (g_ascii_strcasecmp(FEEDS[i].name, name) == 0)
			return &FEEDS[i];
	return NULL;
}

char *feed_hint(const char *name)
{
	const char *names[G_N_ELEMENTS(FEEDS) + 1] = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(FEEDS); i++)
		names[i] = FEEDS[i].name;
	return nearest_word_hint(name, names);
}

// Whether both tables have the same columns in the same order: then whole records can be copied.
static bool same_columns(const DbTable *a, const DbTable *b)
{
	if (a->columns->len != b->columns->len)
		return false;
	for (unsigned i = 0; i < a->columns->len; i++) {
		const DbColumn *first = a->columns->pdata[i];
		const DbColumn *second = b->columns->pdata[i];

		if (g_ascii_strcasecmp(first->name, second->name) != 0)
			return false;
	}
	return true;
}

bool feed_insert_all(Build *build, int64_t *ret_count, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	const DbTable *target = build->live != NULL ? build->live : build->wanted;

	sql_builder_append(builder, "INSERT INTO ");
	build_append_target(build, builder);
	if (same_columns(build->stage, target)) {
		sql_builder_append(builder, " SELECT * FROM ");
	} else {
		sql_builder_append(builder, " (");
		build_append_columns(build->stage, NULL, builder);
		sql_builder_append(builder, ") SELECT ");
		build_append_columns(build->stage, NULL, builder);
		sql_builder_append(builder, " FROM ");
	}
	build_append_stage(build, builder);
	return build_execute(build, builder, ret_count, error);
}
