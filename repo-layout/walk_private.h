// Walking the folders of a repository; inside of layout_walk.c's module.
#pragma once

#include "repo-layout/arena.h"
#include "repo-layout/layout_private.h"

// What a file is by its place.
typedef enum {
	FOUND_SCRIPT,
	FOUND_SIDECAR,
	FOUND_SCHEMA,
	FOUND_FLOW,
	FOUND_FEED,
	FOUND_SET,
	FOUND_ROWS, // beside a flow set
} FoundKind;

typedef struct Found {
	FoundKind kind;
	SourceId id;
	const char *path;
	const char *dataset; // NULL: the domain's own
	const char *table; // the file's stem
	const char *project; // by a layout pattern, or NULL
	bool used;
} Found;

// The files of one domain.
typedef struct FoundList {
	Arena arena; // of the texts
	GArray *files; // Found
} FoundList;

// ---- walk_entry.c
// Reads a folder. NULL: it cannot be read, or lies too deep, which faults says then.
SourceFolder *walk_read(
	LayoutLoad *load, const char *path, const SourceId *id, DiagnosticList *faults);
// Whether an entry cannot be used, whatever it is called.
bool walk_is_odd(const SourceEntry *entry);
// Says why an entry of a folder cannot be used.
void walk_report(DiagnosticList *faults, const char *folder, const SourceEntry *entry);
// What a name that must be a file's is instead: "a symbolic link", …; NULL: a file.
const char *walk_oddity(const SourceEntry *entry);
// The text of a file of a domain. NULL: it is too large or cannot be read, which faults says then.
typedef enum {
	WALK_FILE,
	WALK_SCHEMA,
	WALK_DATA,
	WALK_SCRIPTS,
} WalkLimit;
GBytes *walk_text(LayoutLoad *load, DiagnosticList *faults, const char *path, const SourceId *id,
	WalkLimit which);
// Looks at the size of a file alone.
void walk_size(LayoutLoad *load, DiagnosticList *faults, const char *path, const SourceId *id,
	WalkLimit which);
// Says that an object cannot be read, which is no fault of the files themselves.
void walk_unreadable(
	LayoutLoad *load, DiagnosticList *faults, const char *path, const GError *error);
// NULL when there is none.
const SourceEntry *walk_entry(const SourceFolder *folder, const char *name);
char *walk_join(const char *folder, const char *name);
bool ends_with(const char *name, const char *ending);
// How many folders a path goes down.
unsigned walk_depth(const char *path);

// ---- walk_role.c
// Whether a folder of this name has a meaning in a domain.
bool walk_is_role(const char *name);
// Whether an entry of a domain's folder may be a domain of its own: a folder without a role. One whose name differs from
// another's in letter case only is, too: each of the two may be one.
bool walk_is_place(const SourceEntry *entry);
// Warns of a folder of a domain that has no meaning, has no domains in it, and holds what belongs into one of a like name.
void walk_check_misspelt(
	LayoutLoad *load, const char *domain, const char *name, const SourceId *id);
// Gathers the files of the domain's own folders, and says what is wrong with the entries of its folder. False with error: the
// domain or the load goes no further.
// A scripts/ that is as it was in previous (may be NULL) is not walked.
bool walk_own_folders(LayoutLoad *load, DomainData *data, const DomainData *previous,
	const SourceFolder *folder, FoundList *found, GError **error);
// The name without its last ending: "orders.sql" -> "orders".
const char *found_stem(FoundList *found, const char *name);

// ---- walk_tally.c: how many entries there really are
typedef struct WalkTally {
	LayoutLoad *load;
	GHashTable *known; // id -> uint64_t *
	uint64_t left; // entries that may still be read
	bool inexact;
} WalkTally;

void walk_tally_begin(WalkTally *count, LayoutLoad *load);
void walk_tally_end(WalkTally *count);
uint64_t walk_tally_folder(WalkTally *count, const char *path, const SourceId *id);
// Of a domain's own folders together; *ret_largest (NULL: none) is the one that holds most.
uint64_t walk_tally_domain(WalkTally *count, const DomainData *data, const SourceFolder *folder,
	const SourceEntry **ret_largest, uint64_t *ret_most);
// "11111111110", or "more than 200000" when it could not be counted to the end. The caller frees it.
char *walk_tally_text(const WalkTally *count, uint64_t sum, uint64_t least);
// "the limit 'entries' of 200000 is passed by 5". The caller frees it.
char *walk_tally_passed(const WalkTally *count, uint64_t sum, uint64_t least);

// ---- walk_budget.c: who uses up what a load may use
// The half of a limit is what one domain may use when all of them together pass it: the domain that has more is the one that
// goes no further, and the others go on.
WalkBudget *walk_budget_new(const LayoutLimits *limits);
void walk_budget_free(WalkBudget *budget);
// A folder right below domains/ begins; walk_budget_drop() takes back all that was counted since.
void walk_budget_folder(LayoutLoad *load, const char *path, const SourceId *id);
void walk_budget_drop(LayoutLoad *load);
// A domain's own folders begin and end. folder is the domain's.
void walk_budget_domain(LayoutLoad *load, DomainData *data, const SourceFolder *folder);
bool walk_budget_domain_end(LayoutLoad *load, DomainData *data, GError **error);
// The entries counted so far: those of domains that are not large, and all.
void walk_budget_counts(const LayoutLoad *load, uint64_t *ret_light, uint64_t *ret_total);
// Counts a group that was taken over as it was. They are weighed together by walk_budget_end_groups().
void walk_budget_group(LayoutLoad *load, const Group *group);
bool walk_budget_end_groups(LayoutLoad *load, GError **error);
// Whether no limit was passed that all domains share.
bool walk_budget_is_kept(const LayoutLoad *load);
// Counts a domain that was taken over as it was.
bool walk_budget_shared(LayoutLoad *load, const DomainData *data, GError **error);
// Counts entries of the domain in hand, or of none.
bool walk_count(LayoutLoad *load, size_t entries, GError **error);
// Whether the load is within its limit of time; else error is set.
bool walk_in_time(LayoutLoad *load, GError **error);
// At the end: finds the domains at fault when all together pass a limit.
bool walk_weigh(LayoutLoad *load, GError **error);

// ---- layout_units.c
// Makes the units of a domain out of its files, with those of previous (may be NULL) where nothing changed.
bool walk_units(LayoutLoad *load, DomainData *data, const DomainData *previous, FoundList *found,
	GError **error);
// ---- layout_pattern.c
// Domains of the layout's patterns.
bool walk_patterns(LayoutLoad *load, const SourceFolder *top, GError **error);
// ---- layout_walk.c
typedef bool (*WalkEntry)(
	LayoutLoad *load, const char *folder, const SourceEntry *entry, GError **error);
// A folder that is a domain, or has some in it, or not.
bool walk_one_place(LayoutLoad *load, const char *folder, const SourceEntry *entry, GError **error);
// Goes into an entry of a folder that is no domain, if it is a folder, and says what is wrong with it.
bool walk_child(LayoutLoad *load, const char *path, const SourceEntry *entry, WalkEntry walk,
	GError **error);
// ---- walk_groups.c
// All below domains/. top: the folder that it is in.
bool walk_domains(LayoutLoad *load, const SourceFolder *top, GError **error);
// At the end of the walk: whether the next snapshot may take groups over without a look at their domains.
void walk_groups_keep(LayoutLoad *load);
// ---- layout_walk.c
// The last snapshot's domain at this path; NULL when there is none.
DomainData *walk_previous(LayoutLoad *load, const char *path);
// Puts a finished domain into the layout. Takes the reference.
void walk_add(LayoutLoad *load, DomainData *data);
