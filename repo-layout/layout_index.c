// Which flows write and read each table. The index of the next snapshot shares all shards and entries that did not change.
#include "repo-layout/layout_private.h"

#include <string.h>

enum {
	FEWEST_SHARDS = 64,
	MOST_SHARDS = 16384,
	FULL_SHARD = 128, // entries a shard on average, from which there are to be more shards
	PAGE_SHARDS = 64,
};

// An open-addressed table of entries.
typedef struct Shard {
	gint references;
	unsigned size; // a power of two
	unsigned used;
	TableEntry *slots[];
} Shard;

// So many shards, that a copy of the index takes over together.
typedef struct Page {
	gint references;
	Shard *shards[PAGE_SHARDS];
} Page;

struct TableIndex {
	unsigned shards_length; // a power of two, of full pages
	size_t entries;
	size_t soft; // flows that read tables that do not start them
	Page **pages;
};

static unsigned hash_name(const char *name)
{
	unsigned hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)g_ascii_tolower(*name)) * 16777619u;
	return hash ^ (hash >> 15);
}

static void entry_unref(TableEntry *entry)
{
	if (entry == NULL || !g_atomic_int_dec_and_test(&entry->references))
		return;
	if (entry->others != NULL)
		g_ptr_array_unref(entry->others);
	g_free(entry->readers);
	g_free(entry);
}

static TableEntry *entry_new(const char *name, unsigned hash)
{
	size_t length = strlen(name) + 1;
	TableEntry *entry = g_malloc(sizeof(*entry) + length);

	memset(entry, 0, sizeof(*entry));
	entry->references = 1;
	entry->hash = hash;
	memcpy(entry->name, name, length);
	return entry;
}

static TableEntry *entry_copy(const TableEntry *from)
{
	TableEntry *entry = entry_new(from->name, from->hash);

	entry->producer = from->producer;
	for (guint i = 0; from->others != NULL && i < from->others->len; i++) {
		if (entry->others == NULL)
			entry->others = g_ptr_array_new();
		g_ptr_array_add(entry->others, g_ptr_array_index(from->others, i));
	}
	entry->readers_length = from->readers_length;
	entry->readers_room = from->readers_length;
	entry->readers = g_memdup2(from->readers, from->readers_length * sizeof(*from->readers));
	return entry;
}

static Shard *shard_new(unsigned size)
{
	Shard *shard = g_malloc0(sizeof(*shard) + size * sizeof(TableEntry *));

	shard->references = 1;
	shard->size = size;
	return shard;
}

static void shard_unref(Shard *shard)
{
	if (!g_atomic_int_dec_and_test(&shard->references))
		return;
	for (unsigned i = 0; i < shard->size; i++)
		entry_unref(shard->slots[i]);
	g_free(shard);
}

// The slot of a name: its entry, or the empty place where it belongs.
static TableEntry **shard_slot(Shard *shard, const char *name, unsigned hash)
{
	unsigned at = (hash >> 14) & (shard->size - 1);

	while (shard->slots[at] != NULL &&
		(shard->slots[at]->hash != hash || name_order(shard->slots[at]->name, name) != 0))
		at = (at + 1) & (shard->size - 1);
	return &shard->slots[at];
}

// The same entries in a shard of its own.
static Shard *shard_copy(const Shard *from, unsigned size)
{
	Shard *shard = shard_new(size);

	for (unsigned i = 0; i < from->size; i++) {
		TableEntry *entry = from->slots[i];

		if (entry == NULL)
			continue;
		g_atomic_int_inc(&entry->references);
		*shard_slot(shard, entry->name, entry->hash) = entry;
		shard->used++;
	}
	return shard;
}

static void page_unref(Page *page)
{
	if (!g_atomic_int_dec_and_test(&page->references))
		return;
	for (unsigned i = 0; i < PAGE_SHARDS; i++)
		shard_unref(page->shards[i]);
	g_free(page);
}

static Page *page_new(void)
{
	Page *page = g_new(Page, 1);

	page->references = 1;
	for (unsigned i = 0; i < PAGE_SHARDS; i++)
		page->shards[i] = shard_new(16);
	return page;
}

// The same shards in a page of its own.
static Page *page_copy(const Page *from)
{
	Page *page = g_memdup2(from, sizeof(*from));

	page->references = 1;
	for (unsigned i = 0; i < PAGE_SHARDS; i++)
		g_atomic_int_inc(&page->shards[i]->references);
	return page;
}

static unsigned pages_length(const TableIndex *index)
{
	return index->shards_length / PAGE_SHARDS;
}

static TableIndex *index_new(unsigned shards)
{
	TableIndex *index = g_new0(TableIndex, 1);

	index->shards_length = shards;
	index->pages = g_new(Page *, pages_length(index));
	for (unsigned i = 0; i < pages_length(index); i++)
		index->pages[i] = page_new();
	return index;
}

TableIndex *table_index_new(void)
{
	return index_new(FEWEST_SHARDS);
}

void table_index_free(TableIndex *index)
{
	if (index == NULL)
		return;
	for (unsigned i = 0; i < pages_length(index); i++)
		page_unref(index->pages[i]);
	g_free(index->pages);
	g_free(index);
}

TableIndex *table_index_copy(TableIndex *index)
{
	TableIndex *copy = g_new0(TableIndex, 1);

	*copy = *index;
	copy->pages = g_memdup2(index->pages, pages_length(index) * sizeof(Page *));
	for (unsigned i = 0; i < pages_length(index); i++)
		g_atomic_int_inc(&index->pages[i]->references);
	return copy;
}

static Page **page_of(const TableIndex *index, unsigned hash)
{
	return &index->pages[(hash & (index->shards_length - 1)) / PAGE_SHARDS];
}

static Shard **shard_of(const TableIndex *index, unsigned hash)
{
	return &(*page_of(index, hash))->shards[hash % PAGE_SHARDS];
}

// Twice to sixteen times as many shards, so that copying one stays cheap.
static void widen(TableIndex *index)
{
	TableIndex *wider = index_new(index->shards_length * 8);

	for (unsigned i = 0; i < index->shards_length; i++) {
		const Shard *shard = *shard_of(index, i);

		for (unsigned j = 0; j < shard->size; j++) {
			TableEntry *entry = shard->slots[j];
			Shard **target;

			if (entry == NULL)
				continue;
			target = shard_of(wider, entry->hash);
			if ((*target)->used * 2 >= (*target)->size) {
				Shard *larger = shard_copy(*target, (*target)->size * 2);

				shard_unref(*target);
				*target = larger;
			}
			g_atomic_int_inc(&entry->references);
			*shard_slot(*target, entry->name, entry->hash) = entry;
			(*target)->used++;
		}
	}
	for (unsigned i = 0; i < pages_length(index); i++)
		page_unref(index->pages[i]);
	g_free(index->pages);
	index->pages = wider->pages;
	index->shards_length = wider->shards_length;
	g_free(wider);
}

// The shard, made this index's own and with room for one more.
static Shard *own_shard(TableIndex *index, unsigned hash)
{
	Page **page = page_of(index, hash);
	Shard **place;
	bool full;

	if (g_atomic_int_get(&(*page)->references) > 1) {
		Page *copy = page_copy(*page);

		page_unref(*page);
		*page = copy;
	}
	place = shard_of(index, hash);
	full = (*place)->used * 2 >= (*place)->size;
	if (full || g_atomic_int_get(&(*place)->references) > 1) {
		Shard *copy = shard_copy(*place, full ? (*place)->size * 2 : (*place)->size);

		shard_unref(*place);
		*place = copy;
	}
	return *place;
}

// The entry of a table, made this index's own, and made if there is none.
static TableEntry *own_entry(TableIndex *index, const char *name)
{
	unsigned hash = hash_name(name);
	Shard *shard;
	TableEntry **slot;

	if (index->entries >= (size_t)index->shards_length * FULL_SHARD &&
		index->shards_length < MOST_SHARDS)
		widen(index);
	shard = own_shard(index, hash);
	slot = shard_slot(shard, name, hash);
	if (*slot == NULL) {
		*slot = entry_new(name, hash);
		shard->used++;
		index->entries++;
	} else if (g_atomic_int_get(&(*slot)->references) > 1) {
		TableEntry *copy = entry_copy(*slot);

		entry_unref(*slot);
		*slot = copy;
	}
	return *slot;
}

static void add_reader(TableEntry *entry, const LayoutFlow *flow)
{
	if (entry->readers_length == entry->readers_room) {
		entry->readers_room = entry->readers_room == 0 ? 1 : entry->readers_room * 2;
		entry->readers = g_renew(const LayoutFlow *, entry->readers, entry->readers_room);
	}
	entry->readers[entry->readers_length++] = flow;
}

static void remove_reader(TableEntry *entry, const LayoutFlow *flow)
{
	for (unsigned i = 0; i < entry->readers_length; i++) {
		if (entry->readers[i] == flow) {
			entry->readers[i] = entry->readers[--entry->readers_length];
			return;
		}
	}
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp((*(Unit *const *)left)->path, (*(Unit *const *)right)->path);
}

// Of several the first by path is the producer, whatever the order in which they came.
static void add_producer(TableEntry *entry, Unit *unit)
{
	if (entry->producer == NULL) {
		entry->producer = unit;
		return;
	}
	if (entry->others == NULL)
		entry->others = g_ptr_array_new();
	if (strcmp(unit->path, entry->producer->path) < 0) {
		g_ptr_array_add(entry->others, entry->producer);
		entry->producer = unit;
	} else {
		g_ptr_array_add(entry->others, unit);
	}
	g_ptr_array_sort(entry->others, compare_paths);
}

static void remove_producer(TableEntry *entry, Unit *unit)
{
	if (entry->producer != unit) {
		if (entry->others != NULL)
			g_ptr_array_remove(entry->others, unit);
	} else if (entry->others != NULL && entry->others->len > 0) {
		entry->producer = g_ptr_array_steal_index(entry->others, 0);
	} else {
		entry->producer = NULL;
	}
	if (entry->others != NULL && entry->others->len == 0)
		g_clear_pointer(&entry->others, g_ptr_array_unref);
}

static bool is_soft(const LayoutFlow *flow)
{
	for (unsigned i = 0; i < flow->reads_length; i++) {
		if (!flow->starts[i])
			return true;
	}
	return false;
}

size_t table_index_soft(const TableIndex *index)
{
	return index->soft;
}

void table_index_add(TableIndex *index, Unit *unit)
{
	index->soft += is_soft(&unit->flow);
	for (unsigned i = 0; i < unit->flow.writes_length; i++)
		add_producer(own_entry(index, unit->flow.writes[i]), unit);
	for (unsigned i = 0; i < unit->flow.reads_length; i++)
		add_reader(own_entry(index, unit->flow.reads[i]), &unit->flow);
}

void table_index_remove(TableIndex *index, Unit *unit)
{
	index->soft -= is_soft(&unit->flow);
	for (unsigned i = 0; i < unit->flow.writes_length; i++)
		remove_producer(own_entry(index, unit->flow.writes[i]), unit);
	for (unsigned i = 0; i < unit->flow.reads_length; i++)
		remove_reader(own_entry(index, unit->flow.reads[i]), &unit->flow);
}

const TableEntry *table_index_find(const TableIndex *index, const char *table)
{
	unsigned hash = hash_name(table);

	return *shard_slot(*shard_of(index, hash), table, hash);
}

void table_index_visit(
	const TableIndex *index, void (*visit)(const TableEntry *entry, void *data), void *data)
{
	for (unsigned i = 0; i < index->shards_length; i++) {
		const Shard *shard = *shard_of(index, i);

		for (unsigned j = 0; j < shard->size; j++) {
			const TableEntry *entry = shard->slots[j];

			if (entry != NULL && (entry->producer != NULL || entry->readers_length > 0))
				visit(entry, data);
		}
	}
}
