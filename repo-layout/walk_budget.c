// What a load may use, and who has used it up. A domain that passes a limit by itself goes no further, and so does one that has
// more than half of what all of them together have too much of: the others are not to suffer for it. Only when no domain stands
// out is it the load that fails.
#include "repo-layout/walk_private.h"

#include <time.h>

static const char entries_hint[] = "take out what does not belong there, or raise 'limits.entries' "
				   "in the server's configuration";
static const char seconds_hint[] = "split the domain, or raise 'limits.seconds' in the server's "
				   "configuration";

// A domain that took long.
typedef struct Slow {
	DomainData *data;
	int64_t spent;
} Slow;

// Of a folder right below domains/.
typedef struct FolderCount {
	const char *path;
	const SourceId *id;
	int64_t began; // 0: nothing of it was read yet, and asking for the time costs more than that
	uint64_t entries; // without those of large domains
	uint64_t light, total; // of the budget when it began
} FolderCount;

struct WalkBudget {
	uint64_t entries_limit;
	int64_t time_limit; // microseconds
	int64_t deadline;
	DomainData *domain; // in hand; NULL: none
	const SourceFolder *domain_folder;
	int64_t domain_began;
	FolderCount folder; // path NULL: none
	uint64_t light; // entries without those of large domains
	uint64_t total;
	GArray *slow; // Slow
	GArray *late; // Slow: those that are at fault for it
	bool blamed; // some domain got a fault that all of them share
};

// Processor time, not the clock's: on a machine that is busy otherwise a load is slow without being at fault.
static int64_t processor_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static void clear_slow(void *slow)
{
	domain_data_unref(((Slow *)slow)->data);
}

static void add_slow(GArray *list, DomainData *data, int64_t spent)
{
	const Slow slow = {domain_data_ref(data), spent};

	g_array_append_val(list, slow);
}

WalkBudget *walk_budget_new(const LayoutLimits *limits)
{
	WalkBudget *budget = g_new0(WalkBudget, 1);

	budget->entries_limit = limits->entries;
	budget->time_limit = (int64_t)limits->seconds * G_USEC_PER_SEC;
	budget->deadline = processor_time() + budget->time_limit;
	budget->slow = g_array_new(FALSE, FALSE, sizeof(Slow));
	budget->late = g_array_new(FALSE, FALSE, sizeof(Slow));
	g_array_set_clear_func(budget->slow, clear_slow);
	g_array_set_clear_func(budget->late, clear_slow);
	return budget;
}

void walk_budget_free(WalkBudget *budget)
{
	g_array_unref(budget->slow);
	g_array_unref(budget->late);
	g_free(budget);
}

// ---- Entries ------------------------------------------------------------------------------------------------------

static bool is_large(const WalkBudget *budget, uint64_t entries)
{
	return entries * 2 > budget->entries_limit;
}

static bool stop_domain(GError **error)
{
	g_set_error_literal(error, LAYOUT_ERROR, LAYOUT_ERROR_DOMAIN, "the domain goes no further");
	return false;
}

// The domain in hand passes the limit all by itself.
static bool refuse_domain(LayoutLoad *load, GError **error)
{
	WalkBudget *budget = load->budget;
	DomainData *data = budget->domain;
	const SourceEntry *largest;
	uint64_t most, sum, least = data->entries;
	g_autofree char *path = NULL, *all = NULL, *here = NULL, *passed = NULL;
	WalkTally count;

	walk_tally_begin(&count, load);
	sum = walk_tally_domain(&count, data, budget->domain_folder, &largest, &most);
	path = largest == NULL ? g_strdup(data->config.path)
			       : walk_join(data->config.path, largest->name);
	all = walk_tally_text(&count, sum, least);
	passed = walk_tally_passed(&count, sum, least);
	here = count.inexact ? g_strdup("most") : g_strdup_printf("%" G_GUINT64_FORMAT, most);
	diagnostic_add(data->local, path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed", entries_hint,
		"the domain has %s entries, %s of them in this folder: %s", all, here, passed);
	walk_tally_end(&count);
	budget->total -= data->entries;
	data->entries = 0;
	return stop_domain(error);
}

// All folders below domains/ together, without those of large domains, pass the limit.
static bool refuse_load(LayoutLoad *load, GError **error)
{
	g_autoptr(SourceFolder) top =
		source_tree_folder(load->tree, "", source_tree_root(load->tree), NULL);
	const SourceEntry *domains = top == NULL ? NULL : walk_entry(top, "domains");
	uint64_t sum = 0, least = load->budget->light;
	g_autofree char *all = NULL, *passed = NULL;
	WalkTally count;

	walk_tally_begin(&count, load);
	if (domains != NULL && domains->kind == SOURCE_FOLDER)
		sum = walk_tally_folder(&count, "domains", &domains->id);
	// Files that patterns take are not counted again.
	count.inexact = count.inexact || sum < least;
	all = walk_tally_text(&count, sum, least);
	passed = walk_tally_passed(&count, sum, least);
	g_set_error(error, LAYOUT_ERROR, LAYOUT_ERROR_LIMIT,
		"revision %s has %s entries: %s, and no domain alone is the cause; take out what "
		"does not belong there, or raise 'limits.entries' in the server's configuration",
		source_tree_revision(load->tree), all, passed);
	walk_tally_end(&count);
	return false;
}

static bool check_light(LayoutLoad *load, GError **error)
{
	const WalkBudget *budget = load->budget;

	if (budget->folder.path != NULL && budget->folder.entries > budget->entries_limit) {
		g_set_error_literal(
			error, LAYOUT_ERROR, LAYOUT_ERROR_FOLDER, "the folder goes no further");
		return false;
	}
	return budget->light <= budget->entries_limit || refuse_load(load, error);
}

static bool add_light(LayoutLoad *load, uint64_t entries, GError **error)
{
	WalkBudget *budget = load->budget;

	budget->light += entries;
	budget->folder.entries += entries;
	return check_light(load, error);
}

bool walk_count(LayoutLoad *load, size_t entries, GError **error)
{
	WalkBudget *budget = load->budget;
	DomainData *data = budget->domain;

	budget->total += entries;
	if (budget->folder.began == 0)
		budget->folder.began = processor_time();
	if (data == NULL)
		return add_light(load, entries, error) && walk_in_time(load, error);
	data->entries += (unsigned)entries;
	if (data->entries > budget->entries_limit)
		return refuse_domain(load, error);
	return walk_in_time(load, error);
}

void walk_budget_counts(const LayoutLoad *load, uint64_t *ret_light, uint64_t *ret_total)
{
	*ret_light = load->budget->light;
	*ret_total = load->budget->total;
}

void walk_budget_group(LayoutLoad *load, const Group *group)
{
	load->budget->light += group->light;
	load->budget->total += group->total;
}

bool walk_budget_end_groups(LayoutLoad *load, GError **error)
{
	return check_light(load, error);
}

bool walk_budget_is_kept(const LayoutLoad *load)
{
	return !load->budget->blamed;
}

bool walk_budget_shared(LayoutLoad *load, const DomainData *data, GError **error)
{
	WalkBudget *budget = load->budget;

	budget->total += data->entries;
	return is_large(budget, data->entries) || add_light(load, data->entries, error);
}

// ---- Domains and folders ------------------------------------------------------------------------------------------

void walk_budget_domain(LayoutLoad *load, DomainData *data, const SourceFolder *folder)
{
	WalkBudget *budget = load->budget;

	budget->domain = data;
	budget->domain_folder = folder;
	budget->domain_began = processor_time();
}

bool walk_budget_domain_end(LayoutLoad *load, DomainData *data, GError **error)
{
	WalkBudget *budget = load->budget;
	int64_t spent = processor_time() - budget->domain_began;

	budget->domain = NULL;
	// One that was stopped has got its time back already.
	if (!data->spoilt && spent * 2 > budget->time_limit)
		add_slow(budget->slow, data, spent);
	return is_large(budget, data->entries) || add_light(load, data->entries, error);
}

void walk_budget_folder(LayoutLoad *load, const char *path, const SourceId *id)
{
	WalkBudget *budget = load->budget;

	budget->folder = (FolderCount){
		.path = path, .id = id, .light = budget->light, .total = budget->total};
}

void walk_budget_drop(LayoutLoad *load)
{
	WalkBudget *budget = load->budget;
	const FolderCount *folder = &budget->folder;
	g_autofree char *all = NULL, *passed = NULL;
	WalkTally count;

	walk_tally_begin(&count, load);
	uint64_t sum = walk_tally_folder(&count, folder->path, folder->id);
	all = walk_tally_text(&count, sum, folder->entries);
	passed = walk_tally_passed(&count, sum, folder->entries);
	walk_tally_end(&count);
	if (folder->entries > budget->entries_limit)
		diagnostic_add(load->strays, folder->path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed",
			entries_hint, "the folder has %s entries: %s", all, passed);
	else
		diagnostic_add(load->strays, folder->path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed",
			seconds_hint,
			"reading the folder takes too long: the limit 'seconds' of %u is passed",
			load->limits.seconds);
	budget->light = folder->light;
	budget->total = folder->total;
	budget->domain = NULL;
}

// ---- Time ---------------------------------------------------------------------------------------------------------

static void report_late(LayoutLoad *load, DiagnosticList *faults, const DomainData *data)
{
	diagnostic_add(faults, data->config.path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed",
		seconds_hint,
		"reading the domain's files takes more than %g s of processor time: the limit "
		"'seconds' of %u for all domains together is passed",
		load->limits.seconds / 2.0, load->limits.seconds);
}

// The domain that took most of the time, if one did, is what the others do not have to wait for.
static bool blame_slow(WalkBudget *budget)
{
	const Slow *found;
	guint slowest = 0;

	if (budget->slow->len == 0)
		return false;
	for (guint i = 1; i < budget->slow->len; i++) {
		if (g_array_index(budget->slow, Slow, i).spent >
			g_array_index(budget->slow, Slow, slowest).spent)
			slowest = i;
	}
	found = &g_array_index(budget->slow, Slow, slowest);
	budget->deadline += found->spent;
	add_slow(budget->late, found->data, found->spent);
	g_array_remove_index(budget->slow, slowest);
	return true;
}

bool walk_in_time(LayoutLoad *load, GError **error)
{
	WalkBudget *budget = load->budget;
	DomainData *data = budget->domain;
	int64_t now = processor_time();

	if (now <= budget->deadline)
		return true;
	if (data != NULL && (now - budget->domain_began) * 2 > budget->time_limit) {
		report_late(load, data->local, data);
		load->spoilt++;
		budget->deadline += now - budget->domain_began;
		return stop_domain(error);
	}
	while (now > budget->deadline && blame_slow(budget))
		;
	if (now <= budget->deadline)
		return true;
	if (budget->folder.path != NULL && budget->folder.began != 0 &&
		(now - budget->folder.began) * 2 > budget->time_limit) {
		budget->deadline += now - budget->folder.began;
		g_set_error_literal(
			error, LAYOUT_ERROR, LAYOUT_ERROR_FOLDER, "the folder goes no further");
		return false;
	}
	g_set_error(error, LAYOUT_ERROR, LAYOUT_ERROR_LIMIT,
		"loading revision %s took longer than %u s of processor time: the limit 'seconds' "
		"is passed, and no domain alone is the cause; raise 'limits.seconds' in the "
		"server's configuration",
		source_tree_revision(load->tree), load->limits.seconds);
	return false;
}

// ---- The end ------------------------------------------------------------------------------------------------------

static void blame(LayoutLoad *load, guint index, const DiagnosticList *faults)
{
	Layout *layout = load->layout;
	DomainData *data = layout->domains->pdata[index];

	load->budget->blamed = true;
	data = domain_data_with(data, faults);
	g_ptr_array_add(load->made, data);
	layout->domains->pdata[index] = data;
}

static void blame_late(LayoutLoad *load)
{
	const GArray *late = load->budget->late;

	for (guint i = 0; i < load->layout->domains->len; i++) {
		const DomainData *data = load->layout->domains->pdata[i];

		for (guint j = 0; j < late->len; j++) {
			g_autoptr(DiagnosticList) faults = NULL;

			if (g_array_index(late, Slow, j).data != data)
				continue;
			faults = diagnostic_list_new();
			report_late(load, faults, data);
			blame(load, i, faults);
			break;
		}
	}
}

// The largest of the large domains that are not at fault yet.
static guint find_largest(const LayoutLoad *load, const bool *at_fault)
{
	const GPtrArray *domains = load->layout->domains;
	guint largest = G_MAXUINT;

	for (guint i = 0; i < domains->len; i++) {
		const DomainData *data = domains->pdata[i];

		if (!at_fault[i] && is_large(load->budget, data->entries) &&
			(largest == G_MAXUINT ||
				data->entries > ((DomainData *)domains->pdata[largest])->entries))
			largest = i;
	}
	return largest;
}

static bool blame_large(LayoutLoad *load, GError **error)
{
	WalkBudget *budget = load->budget;
	uint64_t limit = budget->entries_limit, total = budget->total;
	g_autofree bool *at_fault = g_new0(bool, load->layout->domains->len + 1);

	while (budget->total > limit) {
		guint largest = find_largest(load, at_fault);
		g_autoptr(DiagnosticList) faults = diagnostic_list_new();
		const DomainData *data;

		if (largest == G_MAXUINT)
			return refuse_load(load, error);
		data = load->layout->domains->pdata[largest];
		diagnostic_add(faults, data->config.path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed",
			entries_hint,
			"%u of the repository's %" G_GUINT64_FORMAT
			" entries are in this domain: the limit 'entries' of %" G_GUINT64_FORMAT
			" is passed by %" G_GUINT64_FORMAT,
			data->entries, total, limit, total - limit);
		budget->total -= data->entries;
		at_fault[largest] = true;
		blame(load, largest, faults);
	}
	return true;
}

bool walk_weigh(LayoutLoad *load, GError **error)
{
	if (load->budget->late->len > 0)
		blame_late(load);
	return load->budget->total <= load->budget->entries_limit || blame_large(load, error);
}
