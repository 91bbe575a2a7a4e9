// The folders right below domains/, each of which is a domain or a group of some. Those that did not change are taken over
// together, without a look at their domains: of a large repository a commit touches few.
#include "repo-layout/walk_private.h"

#include <string.h>

// A folder right below domains/. What is in it is left out as a whole when it is too much, and no domain of it stands out.
static bool walk_group(
	LayoutLoad *load, const char *above, const SourceEntry *entry, GError **error)
{
	g_autofree char *path = walk_join(above, entry->name);
	guint domains = load->layout->domains->len;
	GError *fault = NULL;

	walk_budget_folder(load, path, &entry->id);
	if (!walk_one_place(load, above, entry, &fault)) {
		if (!g_error_matches(fault, LAYOUT_ERROR, LAYOUT_ERROR_FOLDER)) {
			g_propagate_error(error, fault);
			return false;
		}
		g_error_free(fault);
		g_ptr_array_set_size(load->layout->domains, (gint)domains);
		load->strays = load->layout->strays;
		walk_budget_drop(load);
	}
	walk_budget_folder(load, NULL, NULL);
	return true;
}

// Walks one entry, and notes what became of it.
static bool walk_anew(LayoutLoad *load, const SourceEntry *entry, GError **error)
{
	Layout *layout = load->layout;
	Group group = {.first = layout->domains->len};
	uint64_t light, total;

	walk_budget_counts(load, &light, &total);
	if (!walk_child(load, "domains", entry, walk_group, error))
		return false;
	walk_budget_counts(load, &group.light, &group.total);
	group.light -= light;
	group.total -= total;
	group.domains = layout->domains->len - group.first;
	for (guint i = 0; i < group.domains; i++)
		group.files += ((DomainData *)layout->domains->pdata[group.first + i])->units->len;
	g_array_append_val(layout->groups, group);
	return true;
}

static void take_over(LayoutLoad *load, const Group *before)
{
	Layout *layout = load->layout;
	Group group = *before;

	group.first = layout->domains->len;
	for (guint i = 0; i < group.domains; i++)
		g_ptr_array_add(layout->domains, load->previous->domains->pdata[before->first + i]);
	g_array_append_val(layout->groups, group);
	walk_budget_group(load, &group);
	layout->statistics.domains_shared += group.domains;
	layout->statistics.files_shared += group.files;
}

static bool walk_patch(
	LayoutLoad *load, const SourceEntry *entry, const Group *before, GError **error)
{
	GPtrArray *domains = load->layout->domains;
	Patch patch = {before->first, before->domains, domains->len, 0};

	// Where walk_previous() goes on.
	load->previous_at = before->first + 1;
	if (!walk_anew(load, entry, error))
		return false;
	patch.after_length = domains->len - patch.after;
	g_array_append_val(load->patches, patch);
	return true;
}

// The same entries as last time, of which some have other ids.
static bool walk_changed(LayoutLoad *load, const SourceFolder *folder, GError **error)
{
	const Layout *previous = load->previous;

	load->patches = g_array_new(FALSE, FALSE, sizeof(Patch));
	for (size_t i = 0; i < folder->length; i++) {
		const SourceEntry *entry = &folder->entries[i];
		const Group *before = &g_array_index(previous->groups, Group, i);

		if (source_id_equal(&entry->id, &previous->folder->entries[i].id))
			take_over(load, before);
		else if (!walk_patch(load, entry, before, error))
			return false;
	}
	return walk_budget_end_groups(load, error);
}

static bool walk_all_groups(LayoutLoad *load, const SourceFolder *folder, GError **error)
{
	for (size_t i = 0; i < folder->length; i++) {
		if (!walk_anew(load, &folder->entries[i], error))
			return false;
	}
	return true;
}

static bool inherits_the_same(const LayoutLoad *load)
{
	return strcmp(load->previous->project->digest, load->layout->project->digest) == 0;
}

static bool walk_groups(LayoutLoad *load, const SourceEntry *entry, GError **error)
{
	Layout *layout = load->layout;
	const SourceFolder *before = load->previous == NULL ? NULL : load->previous->folder;
	SourceFolder *folder =
		source_tree_folder_again(load->tree, "domains", &entry->id, before, error);

	if (folder == NULL)
		return false;
	layout->folder = folder;
	layout->groups = g_array_sized_new(FALSE, FALSE, sizeof(Group), (guint)folder->length);
	layout->statistics.folders_walked++;
	if (!walk_count(load, folder->length, error))
		return false;
	return folder->again && inherits_the_same(load) ? walk_changed(load, folder, error)
							: walk_all_groups(load, folder, error);
}

bool walk_domains(LayoutLoad *load, const SourceFolder *top, GError **error)
{
	const SourceEntry *entry = walk_entry(top, "domains");

	if (entry == NULL)
		return true;
	if (walk_is_odd(entry) && entry->fault != ENTRY_CASE) {
		walk_report(load->strays, "", entry);
		return true;
	}
	if (entry->kind != SOURCE_FOLDER) {
		diagnostic_add(load->strays, "domains", 0, 0, DIAGNOSTIC_ERROR, "bad-entry",
			"make it a folder", "'domains' must be a folder, and is a file");
		return true;
	}
	return walk_groups(load, entry, error);
}

// Whether nothing was found but good domains, all of them in their groups: then an entry's id says all about what became of it.
static bool is_plain(const LayoutLoad *load)
{
	const Layout *layout = load->layout;
	const Group *last =
		layout->groups == NULL || layout->groups->len == 0
			? NULL
			: &g_array_index(layout->groups, Group, layout->groups->len - 1);

	return last != NULL && last->first + last->domains == layout->domains->len &&
	       diagnostic_list_length(layout->strays) == 0 && load->spoilt == 0 &&
	       load->unreadable == 0 && !source_id_is_zero(source_tree_root(load->tree)) &&
	       walk_budget_is_kept(load);
}

void walk_groups_keep(LayoutLoad *load)
{
	Layout *layout = load->layout;

	if (is_plain(load))
		return;
	g_clear_pointer(&layout->folder, source_folder_free);
	g_clear_pointer(&layout->groups, g_array_unref);
}
