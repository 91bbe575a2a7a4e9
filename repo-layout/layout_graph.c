// The domains in order, and which flows write and read each table: both taken over from the last snapshot where nothing changed.
#include "repo-layout/layout_private.h"

#include <string.h>

// ---- What changed since the last snapshot

static void note_all(GPtrArray *into, const DomainData *data)
{
	for (guint i = 0; i < data->units->len; i++)
		g_ptr_array_add(into, data->units->pdata[i]);
}

// Both lists are in order of paths.
static void note_differences(LayoutLoad *load, const DomainData *before, const DomainData *after)
{
	guint i = 0, j = 0;

	while (i < before->units->len || j < after->units->len) {
		Unit *old = i < before->units->len ? before->units->pdata[i] : NULL;
		Unit *new = j < after->units->len ? after->units->pdata[j] : NULL;
		int order = old == NULL	  ? 1
			    : new == NULL ? -1
			    : old == new  ? 0
					  : strcmp(old->path, new->path);

		if (order <= 0) {
			i++;
			if (old != new)
				g_ptr_array_add(load->removed, old);
		}
		if (order >= 0) {
			j++;
			if (old != new || order != 0)
				g_ptr_array_add(load->added, new);
		}
	}
}

static DomainData *base_of(DomainData *data)
{
	return data->base != NULL ? data->base : data;
}

static void note_changes(LayoutLoad *load)
{
	static unsigned serial;
	g_autoptr(GHashTable) gone = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *before = load->previous->domains;
	GPtrArray *after = load->layout->domains;
	unsigned mark = serial += 2;

	for (guint i = 0; i < before->len; i++)
		base_of(before->pdata[i])->scratch = mark;
	for (guint i = 0; i < after->len; i++) {
		DomainData *data = after->pdata[i];

		data->scratch = data->scratch == mark ? mark + 1 : 0;
	}
	for (guint i = 0; i < before->len; i++) {
		DomainData *data = base_of(before->pdata[i]);

		if (data->scratch == mark)
			g_hash_table_insert(gone, data->config.path, data);
	}
	for (guint i = 0; i < after->len; i++) {
		DomainData *data = after->pdata[i];
		DomainData *old;

		if (data->scratch == mark + 1)
			continue;
		old = g_hash_table_lookup(gone, data->config.path);
		if (old != NULL)
			note_differences(load, old, data);
		else
			note_all(load->added, data);
		g_hash_table_remove(gone, data->config.path);
	}
	GHashTableIter iter;
	void *left;

	g_hash_table_iter_init(&iter, gone);
	while (g_hash_table_iter_next(&iter, NULL, &left))
		note_all(load->removed, left);
}

// The same when all but a few groups were taken over, and those have domains at the same paths.
static void note_patches(LayoutLoad *load)
{
	for (guint i = 0; i < load->patches->len; i++) {
		const Patch *patch = &g_array_index(load->patches, Patch, i);

		for (guint j = 0; j < patch->after_length; j++) {
			DomainData *old = load->previous->domains->pdata[patch->before + j];
			DomainData *new = load->layout->domains->pdata[patch->after + j];

			if (base_of(old) != base_of(new))
				note_differences(load, base_of(old), base_of(new));
		}
	}
}

static void patch_index(LayoutLoad *load, bool same)
{
	Layout *layout = load->layout;

	if (load->previous == NULL) {
		layout->index = table_index_new();
		for (guint i = 0; i < layout->domains->len; i++)
			note_all(load->added, layout->domains->pdata[i]);
	} else {
		if (same && load->patches != NULL)
			note_patches(load);
		else
			note_changes(load);
		layout->index = table_index_copy(load->previous->index);
	}
	for (guint i = 0; i < load->removed->len; i++)
		table_index_remove(layout->index, load->removed->pdata[i]);
	for (guint i = 0; i < load->added->len; i++)
		table_index_add(layout->index, load->added->pdata[i]);
}

// ---- The domains in order -----------------------------------------------------------------------------------------

// Whether so many domains from these places on are at the same paths.
static bool same_paths(
	const Layout *before, guint first, const Layout *after, guint from, guint length)
{
	for (guint i = 0; i < length; i++) {
		const DomainData *left = before->domains->pdata[first + i];
		const DomainData *right = after->domains->pdata[from + i];

		if (left != right && strcmp(left->config.path, right->config.path) != 0)
			return false;
	}
	return true;
}

static bool same_domains(const LayoutLoad *load)
{
	const Layout *before = load->previous, *after = load->layout;

	if (before == NULL || before->domains->len != after->domains->len)
		return false;
	if (load->patches == NULL)
		return same_paths(before, 0, after, 0, after->domains->len);
	for (guint i = 0; i < load->patches->len; i++) {
		const Patch *patch = &g_array_index(load->patches, Patch, i);

		if (patch->before_length != patch->after_length ||
			!same_paths(
				before, patch->before, after, patch->after, patch->after_length))
			return false;
	}
	return true;
}

static int compare_names(const void *left, const void *right, void *data)
{
	GPtrArray *domains = data;
	const DomainData *a = domains->pdata[*(const guint *)left];
	const DomainData *b = domains->pdata[*(const guint *)right];
	int order = strcmp(a->config.name, b->config.name);

	return order != 0 ? order : strcmp(a->config.path, b->config.path);
}

static void put_in_order(Layout *layout)
{
	layout->order = g_array_sized_new(FALSE, FALSE, sizeof(guint), layout->domains->len);
	for (guint i = 0; i < layout->domains->len; i++)
		g_array_append_val(layout->order, i);
	g_array_sort_with_data(layout->order, compare_names, layout->domains);
}

// ---- Domains whose folders cannot both stay -----------------------------------------------------------------------

static void clash_free(void *data)
{
	LayoutClash *clash = data;

	g_strfreev((char **)(uintptr_t)clash->folders);
	g_free(clash);
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

// Takes the folders (char *) over.
static void add_clash(Layout *layout, GPtrArray *folders, bool same_domain)
{
	LayoutClash *clash = g_new0(LayoutClash, 1);

	g_ptr_array_sort(folders, compare_texts);
	g_ptr_array_add(folders, NULL);
	clash->folders = (const char *const *)g_ptr_array_free(folders, FALSE);
	clash->same_domain = same_domain;
	g_ptr_array_add(layout->clashes, clash);
}

// "a.b" beside "a/b".
static void find_same_names(Layout *layout)
{
	for (guint i = 0, next; i < layout->order->len; i = next) {
		const LayoutDomain *first = layout_domain_at(layout, i);
		GPtrArray *folders;

		for (next = i + 1; next < layout->order->len; next++) {
			if (strcmp(layout_domain_at(layout, next)->name, first->name) != 0)
				break;
		}
		if (next == i + 1)
			continue;
		folders = g_ptr_array_new();
		for (guint j = i; j < next; j++)
			g_ptr_array_add(folders, g_strdup(layout_domain_at(layout, j)->path));
		add_clash(layout, folders, true);
	}
}

static bool holds(const GPtrArray *folders, const char *path)
{
	for (guint i = 0; i < folders->len; i++) {
		if (strcmp(folders->pdata[i], path) == 0)
			return true;
	}
	return false;
}

// Notes each folder on the way to a domain under its name in small letters.
static void note_folders(GHashTable *known, const char *path)
{
	g_autofree char *folder = g_strdup(path);

	for (char *slash = NULL;; *slash = '\0') {
		g_autofree char *small = g_utf8_casefold(folder, -1);
		GPtrArray *folders = g_hash_table_lookup(known, small);

		if (folders == NULL) {
			folders = g_ptr_array_new_with_free_func(g_free);
			g_hash_table_insert(known, g_steal_pointer(&small), folders);
		}
		if (!holds(folders, folder))
			g_ptr_array_add(folders, g_strdup(folder));
		slash = strrchr(folder, '/');
		if (slash == NULL)
			return;
	}
}

static int compare_clashes(const void *left, const void *right)
{
	const LayoutClash *const *a = left;
	const LayoutClash *const *b = right;

	return strcmp((*a)->folders[0], (*b)->folders[0]);
}

// "Sales" beside "sales": on some file systems they are the same.
static void find_twins(Layout *layout)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	GHashTableIter iterator;
	void *value;

	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		if (!data->virtual_)
			note_folders(known, data->config.path);
	}
	g_hash_table_iter_init(&iterator, known);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		GPtrArray *folders = value;
		GPtrArray *copy;

		if (folders->len < 2)
			continue;
		copy = g_ptr_array_new();
		for (guint i = 0; i < folders->len; i++)
			g_ptr_array_add(copy, g_strdup(folders->pdata[i]));
		add_clash(layout, copy, false);
	}
}

// ---- What keeps them ----------------------------------------------------------------------------------------------

static Hold *hold_new(void **domains, guint length)
{
	Hold *hold = g_new(Hold, 1);

	hold->references = 1;
	hold->length = length;
	for (guint i = 0; i < length; i++)
		hold->domains[i] = domain_data_ref(domains[i]);
	return hold;
}

static void hold_domains(LayoutLoad *load)
{
	GPtrArray *domains = load->layout->domains;
	const GPtrArray *holds = load->previous == NULL ? NULL : load->previous->holds;

	for (guint i = 0; i < domains->len; i += HOLD_DOMAINS) {
		guint length = MIN(domains->len - i, HOLD_DOMAINS);
		Hold *hold = holds == NULL || i / HOLD_DOMAINS >= holds->len
				     ? NULL
				     : holds->pdata[i / HOLD_DOMAINS];

		if (hold != NULL && hold->length == length &&
			memcmp(hold->domains, &domains->pdata[i], length * sizeof(void *)) == 0)
			g_atomic_int_inc(&hold->references);
		else
			hold = hold_new(&domains->pdata[i], length);
		g_ptr_array_add(load->layout->holds, hold);
	}
}

// ---- Their digests, side by side -----------------------------------------------------------------------------------

static void put_digests(Layout *layout, guint first, guint length)
{
	for (guint i = first; i < first + length; i++) {
		const DomainData *data = layout->domains->pdata[i];

		digest_bytes(data->open.digest, layout->digests->data + (size_t)i * DIGEST_BYTES);
	}
}

static void make_digests(LayoutLoad *load, bool same)
{
	Layout *layout = load->layout;

	g_byte_array_set_size(layout->digests, layout->domains->len * DIGEST_BYTES);
	if (!same || load->patches == NULL) {
		put_digests(layout, 0, layout->domains->len);
		return;
	}
	if (layout->digests->len > 0)
		memcpy(layout->digests->data, load->previous->digests->data, layout->digests->len);
	for (guint i = 0; i < load->patches->len; i++) {
		const Patch *patch = &g_array_index(load->patches, Patch, i);

		put_digests(layout, patch->after, patch->after_length);
	}
}

void layout_graph_make(LayoutLoad *load)
{
	Layout *layout = load->layout;
	const Layout *previous = load->previous;
	bool same = same_domains(load);

	if (same) {
		layout->order = g_array_ref(previous->order);
		layout->clashes = g_ptr_array_ref(previous->clashes);
	} else {
		put_in_order(layout);
		layout->clashes = g_ptr_array_new_with_free_func(clash_free);
		find_same_names(layout);
		find_twins(layout);
		g_ptr_array_sort(layout->clashes, compare_clashes);
	}
	patch_index(load, same);
	make_digests(load, same);
	hold_domains(load);
}
