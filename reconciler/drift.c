#include "reconciler/drift_internal.h"
#include "reconciler/line_diff.h"

#include "store/drift.h"
#include "store/timestamp.h"
#include "store/trouble.h"

#include <string.h>

enum {
	DIFF_LINES = 500, // kept of a diff
};

// One row a kind: its name, whether `weir drift` counts it, whether only a look into a dataset can tell it, and what its end is
// called.
typedef struct {
	const char *name;
	bool counts;
	bool in_dataset;
	const char *resolution;
} KindRow;

static const KindRow KINDS[] = {
	[DRIFT_FLOW] = {"flow", true, false, "reverted"},
	[DRIFT_TABLE] = {"table", true, true, "reverted"},
	[DRIFT_VIEW] = {"view", true, true, "reverted"},
	[DRIFT_ORPHAN] = {"orphan", true, true, "removed"},
	[DRIFT_STALE] = {"stale", true, false, "rebuilt"},
	[DRIFT_SOURCE] = {"source", false, false, "synced"},
};

typedef bool (*Observe)(DriftObserver *observer, bool *ret_complete, GError **error);

// In the order of what they cost.
static const Observe OBSERVERS[] = {
	drift_observe_source,
	drift_observe_stale,
	drift_observe_datasets,
	drift_observe_troubles,
	drift_observe_flows,
};

const char *drift_kind_name(DriftKind kind)
{
	return KINDS[kind].name;
}

bool drift_kind_parse(const char *name, DriftKind *ret_kind)
{
	for (int i = 0; i < DRIFT_KINDS; i++) {
		if (strcmp(KINDS[i].name, name) == 0) {
			*ret_kind = (DriftKind)i;
			return true;
		}
	}
	return false;
}

bool drift_kind_counts(DriftKind kind)
{
	return KINDS[kind].counts;
}

void drift_item_free(DriftItem *item)
{
	if (item == NULL)
		return;
	g_free(item->resource);
	g_free(item->domain);
	g_free(item->namespace);
	g_free(item->id);
	g_free(item->summary);
	g_free(item->diff);
	g_free(item);
}

DriftItem *drift_add(GPtrArray *items, DriftKind kind, const char *domain, const char *resource,
	char *summary, char *diff)
{
	DriftItem *item = g_new0(DriftItem, 1);

	item->kind = kind;
	item->domain = g_strdup(domain);
	item->resource = g_strdup(resource);
	item->summary = summary;
	item->diff = diff;
	g_ptr_array_add(items, item);
	return item;
}

static DriftItem *item_copy(const DriftItem *item)
{
	DriftItem *copy = g_new0(DriftItem, 1);

	copy->kind = item->kind;
	copy->domain = g_strdup(item->domain);
	copy->namespace = g_strdup(item->namespace);
	copy->id = g_strdup(item->id);
	copy->resource = g_strdup(item->resource);
	copy->summary = g_strdup(item->summary);
	copy->diff = g_strdup(item->diff);
	copy->cause = item->cause;
	return copy;
}

// ---- Diffs --------------------------------------------------------------------------------------------------------

static void append_line(GString *text, char sign, const char *line)
{
	g_string_append_printf(text, "%s%c %s", text->len == 0 ? "" : "\n", sign, line);
}

char *drift_diff_lines(const char *before, const char *after)
{
	g_auto(GStrv) old = g_strsplit(before != NULL ? before : "", "\n", -1);
	g_auto(GStrv) new = g_strsplit(after != NULL ? after : "", "\n", -1);
	GString *text = g_string_new(NULL);

	for (char **line = old; *line != NULL; line++) {
		if (**line != '\0' && !g_strv_contains((const char *const *)new, *line))
			append_line(text, '-', *line);
	}
	for (char **line = new; *line != NULL; line++) {
		if (**line != '\0' && !g_strv_contains((const char *const *)old, *line))
			append_line(text, '+', *line);
	}
	return g_string_free(text, text->len == 0);
}

char *drift_diff_text(const char *before, const char *after)
{
	static const LineDiffOptions options = {.most_lines = DIFF_LINES};
	GString *text = g_string_new(NULL);

	line_diff_append(text, before, after, &options);
	if (text->len > 0)
		g_string_truncate(text, text->len - 1); // the last newline
	return g_string_free(text, text->len == 0);
}

// ---- Observing ----------------------------------------------------------------------------------------------------

DriftObserver *drift_observer_new(Store *store, const DriftOptions *options)
{
	DriftObserver *observer = g_new0(DriftObserver, 1);

	observer->store = store;
	observer->options = *options;
	observer->watch = store_watch_new(store, STORE_TOPIC_LIVE | STORE_TOPIC_PUBLISH, NULL);
	observer->datasets =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, drift_datasets_free);
	observer->compared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	observer->unreadable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	observer->used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	observer->troubles = g_ptr_array_new_with_free_func((GDestroyNotify)store_trouble_free);
	for (int i = 0; i < DRIFT_KINDS; i++)
		observer->found[i] =
			g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	observer->edited = true;
	return observer;
}

void drift_observer_free(DriftObserver *observer)
{
	if (observer == NULL)
		return;
	for (int i = 0; i < DRIFT_KINDS; i++)
		g_ptr_array_unref(observer->found[i]);
	g_hash_table_unref(observer->datasets);
	g_hash_table_unref(observer->compared);
	g_hash_table_unref(observer->unreadable);
	g_ptr_array_unref(observer->troubles);
	g_hash_table_unref(observer->used);
	store_watch_free(observer->watch);
	g_free(observer->flow_cursor);
	g_free(observer);
}

int drift_observer_fd(const DriftObserver *observer)
{
	return observer->watch == NULL ? -1 : store_watch_fd(observer->watch);
}

bool drift_observer_saw_all(const DriftObserver *observer, GError **error)
{
	GHashTableIter iterator;
	void *name, *message;

	g_hash_table_iter_init(&iterator, observer->unreadable);
	while (g_hash_table_iter_next(&iterator, &name, &message)) {
		if (message == NULL)
			continue;
		g_set_error(error, DB_ERROR, DB_ERROR_LOCKED, "cannot look at dataset '%s': %s",
			(const char *)name, (const char *)message);
		return false;
	}
	return true;
}

bool drift_is_interrupted(DriftObserver *observer)
{
	return observer->interrupted != NULL && observer->interrupted(observer->interrupted_data);
}

// What may have changed since the last time: by this process, and by another one.
static bool look_around(DriftObserver *observer, GError **error)
{
	int64_t count = 0;

	if (!store_change_count(observer->store, &count, error))
		return false;
	if (count != observer->change_count || !observer->observed) {
		observer->edited = true;
		observer->live_changed = true;
		observer->change_count = count;
	}
	if (observer->watch == NULL || store_watch_take(observer->watch) != 0)
		observer->live_changed = true;
	return true;
}

bool drift_observe(DriftObserver *observer, bool (*interrupted)(void *data), void *data,
	GPtrArray *items, bool *ret_complete, GError **error)
{
	*ret_complete = false;
	observer->interrupted = interrupted;
	observer->interrupted_data = data;
	if (!look_around(observer, error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(OBSERVERS); i++) {
		bool complete = true;

		if (!OBSERVERS[i](observer, &complete, error))
			return false;
		if (!complete) {
			// What was looked at by now looks unchanged from now on, and is in no list yet.
			observer->live_changed = true;
			return true;
		}
	}
	for (int i = 0; i < DRIFT_KINDS; i++) {
		for (guint j = 0; j < observer->found[i]->len; j++)
			g_ptr_array_add(items, item_copy(observer->found[i]->pdata[j]));
	}
	observer->live_changed = false;
	observer->edited = false;
	observer->observed = true;
	*ret_complete = true;
	return true;
}

bool drift_look_at_flows(DriftObserver *observer, GPtrArray *items, GError **error)
{
	bool complete = true;

	observer->interrupted = NULL;
	observer->edited = true;
	if (!drift_observe_flows(observer, &complete, error))
		return false;
	for (guint i = 0; i < observer->found[DRIFT_FLOW]->len; i++)
		g_ptr_array_add(items, item_copy(observer->found[DRIFT_FLOW]->pdata[i]));
	return true;
}

// ---- Recording ----------------------------------------------------------------------------------------------------

static char *item_key(const char *kind, const char *resource)
{
	return g_strconcat(kind, " ", resource, NULL);
}

// Every open row of the store (StoreDrift *).
static GPtrArray *list_open(Store *store, GError **error)
{
	GPtrArray *open = g_ptr_array_new_with_free_func((GDestroyNotify)store_drift_free);
	g_autofree char *cursor = NULL;

	do {
		const StorePage page = {.limit = 1000, .after = cursor};
		g_autoptr(GPtrArray) rows = NULL;
		char *next = NULL;

		if (!store_drifts_list(store, NULL, &page, &rows, &next, error)) {
			g_ptr_array_unref(open);
			return NULL;
		}
		g_ptr_array_extend_and_steal(open, g_steal_pointer(&rows));
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return open;
}

static bool says_the_same(const StoreDrift *row, const DriftItem *item)
{
	return row != NULL && g_strcmp0(row->summary, item->summary) == 0 &&
	       g_strcmp0(row->diff, item->diff) == 0 && g_strcmp0(row->cause, item->cause) == 0;
}

static bool begin(Store *store, const DriftItem *item, guint *began, GError **error)
{
	const StoreDrift row = {
		.kind = (char *)(uintptr_t)drift_kind_name(item->kind),
		.resource = item->resource,
		.domain = item->domain,
		.summary = item->summary,
		.diff = item->diff,
		.cause = (char *)(uintptr_t)item->cause,
	};
	bool is_new = false;

	if (!store_drift_begin(store, &row, &is_new, error))
		return false;
	*began += is_new;
	return true;
}

// Whether the row is of a database that could not be looked into this time.
static bool is_unknown(const DriftObserver *observer, const StoreDrift *row)
{
	const char *dot = strchr(row->resource, '.');
	DriftKind kind;

	if (!drift_kind_parse(row->kind, &kind) || !KINDS[kind].in_dataset || dot == NULL ||
		g_hash_table_size(observer->unreadable) == 0)
		return false;
	g_autofree char *dataset = g_strndup(row->resource, (gsize)(dot - row->resource));
	return g_hash_table_contains(observer->unreadable, dataset);
}

// How it ended. What was in no commit may have come into one.
static bool find_resolution(
	Store *store, const StoreDrift *row, const char **ret_resolution, GError **error)
{
	g_autoptr(StoreTable) table = NULL;
	DriftKind kind = DRIFT_FLOW;

	drift_kind_parse(row->kind, &kind);
	*ret_resolution = KINDS[kind].resolution;
	if (kind != DRIFT_ORPHAN)
		return true;
	if (!store_table_get(store, row->resource, &table, error))
		return false;
	if (table != NULL && table->deleted_at == 0)
		*ret_resolution = "committed";
	return true;
}

static bool resolve(Store *store, const StoreDrift *row, guint *resolved, GError **error)
{
	const char *resolution;
	bool gone = false;

	if (!find_resolution(store, row, &resolution, error) ||
		!store_drift_resolve(
			store, row->kind, row->resource, resolution, timestamp_now(), &gone, error))
		return false;
	*resolved += gone;
	return true;
}

// What differs between the open rows and the items.
typedef struct {
	GPtrArray *begins; // const DriftItem *
	GPtrArray *ends; // const StoreDrift *
} Changes;

static void compare(const DriftObserver *observer, const GPtrArray *open, const GPtrArray *items,
	Changes *changes)
{
	g_autoptr(GHashTable) rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iterator;
	void *value;

	for (guint i = 0; i < open->len; i++) {
		StoreDrift *row = open->pdata[i];

		g_hash_table_insert(rows, item_key(row->kind, row->resource), row);
	}
	for (guint i = 0; i < items->len; i++) {
		DriftItem *item = items->pdata[i];
		g_autofree char *key = item_key(drift_kind_name(item->kind), item->resource);

		if (!says_the_same(g_hash_table_lookup(rows, key), item))
			g_ptr_array_add(changes->begins, item);
		g_hash_table_remove(rows, key);
	}
	g_hash_table_iter_init(&iterator, rows);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		if (!is_unknown(observer, value))
			g_ptr_array_add(changes->ends, value);
	}
}

bool drift_record(DriftObserver *observer, const GPtrArray *items, guint *ret_began,
	guint *ret_resolved, GError **error)
{
	g_autoptr(GPtrArray) open = list_open(observer->store, error);
	g_autoptr(GPtrArray) begins = g_ptr_array_new();
	g_autoptr(GPtrArray) ends = g_ptr_array_new();
	Changes changes = {begins, ends};
	guint began = 0, resolved = 0;

	if (open == NULL)
		return false;
	compare(observer, open, items, &changes);
	if (begins->len + ends->len > 0) {
		g_autoptr(StoreTransaction) transaction =
			store_transaction_begin(observer->store, error);
		bool good = transaction != NULL;

		for (guint i = 0; good && i < begins->len; i++)
			good = begin(observer->store, begins->pdata[i], &began, error);
		for (guint i = 0; good && i < ends->len; i++)
			good = resolve(observer->store, ends->pdata[i], &resolved, error);
		if (!good || !store_transaction_commit(transaction, error))
			return false;
	}
	if (ret_began != NULL)
		*ret_began = began;
	if (ret_resolved != NULL)
		*ret_resolved = resolved;
	return true;
}
