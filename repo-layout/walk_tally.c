// How many entries folders hold, without walking the same folder twice: a few that hold each other make millions.
#include "repo-layout/walk_private.h"

enum {
	COUNT_DEPTH = 1000, // folders below each other that are counted
};

static uint64_t add_counts(uint64_t a, uint64_t b)
{
	return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static uint64_t count_folder(
	WalkTally *count, const char *path, const SourceId *id, unsigned depth);

static uint64_t count_entries(
	WalkTally *count, const char *path, const SourceFolder *folder, unsigned depth)
{
	uint64_t sum = folder->length;

	count->left -= MIN(count->left, folder->length);
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		g_autofree char *below = NULL;

		if (entry->kind != SOURCE_FOLDER)
			continue;
		below = walk_join(path, entry->name);
		sum = add_counts(sum, count_folder(count, below, &entry->id, depth + 1));
	}
	return sum;
}

static uint64_t count_folder(WalkTally *count, const char *path, const SourceId *id, unsigned depth)
{
	const uint64_t *known = g_hash_table_lookup(count->known, id);
	g_autoptr(SourceFolder) folder = NULL;
	uint64_t sum;

	if (known != NULL)
		return *known;
	if (depth < COUNT_DEPTH && count->left > 0 && !source_id_is_zero(id))
		folder = source_tree_folder(count->load->tree, path, id, NULL);
	if (folder == NULL) {
		count->inexact = true;
		return 0;
	}
	sum = count_entries(count, path, folder, depth);
	g_hash_table_insert(count->known, g_memdup2(id, sizeof(*id)), g_memdup2(&sum, sizeof(sum)));
	return sum;
}

uint64_t walk_tally_folder(WalkTally *count, const char *path, const SourceId *id)
{
	return count_folder(count, path, id, 0);
}

void walk_tally_begin(WalkTally *count, LayoutLoad *load)
{
	*count = (WalkTally){.load = load, .left = 4 * (uint64_t)load->limits.entries};
	count->known = g_hash_table_new_full(source_id_hash, source_id_same, g_free, g_free);
}

void walk_tally_end(WalkTally *count)
{
	g_hash_table_unref(count->known);
}

char *walk_tally_text(const WalkTally *count, uint64_t sum, uint64_t least)
{
	return count->inexact ? g_strdup_printf("more than %" G_GUINT64_FORMAT, MAX(sum, least))
			      : g_strdup_printf("%" G_GUINT64_FORMAT, sum);
}

char *walk_tally_passed(const WalkTally *count, uint64_t sum, uint64_t least)
{
	uint64_t limit = count->load->limits.entries;
	g_autofree char *by =
		walk_tally_text(count, MAX(sum, least) - MIN(limit, MAX(sum, least)), 0);

	return g_strdup_printf(
		"the limit 'entries' of %" G_GUINT64_FORMAT " is passed by %s", limit, by);
}

uint64_t walk_tally_domain(WalkTally *count, const DomainData *data, const SourceFolder *folder,
	const SourceEntry **ret_largest, uint64_t *ret_most)
{
	uint64_t sum = folder->length;

	*ret_largest = NULL;
	*ret_most = 0;
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		g_autofree char *path = NULL;
		uint64_t its;

		if (entry->kind != SOURCE_FOLDER || !walk_is_role(entry->name))
			continue;
		path = walk_join(data->config.path, entry->name);
		its = count_folder(count, path, &entry->id, 0);
		sum = add_counts(sum, its);
		if (its >= *ret_most) {
			*ret_largest = entry;
			*ret_most = its;
		}
	}
	return sum;
}
