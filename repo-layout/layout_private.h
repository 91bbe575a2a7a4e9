// The inside of a layout, for the files of its own module.
#pragma once

#include "repo-layout/arena.h"
#include "repo-layout/flow_reader.h"
#include "repo-layout/layout.h"
#include "repo-layout/script_memo.h"
#include "sql/scan.h"
#include "sql/sha256.h"

#include <string.h>

// One source of flows and tables: a script with its sidecar and schema, a written flow, a schema alone. Immutable once made,
// counted, shared between layouts. All of its texts lie behind it.
typedef enum {
	UNIT_SCRIPT,
	UNIT_FLOW,
	UNIT_SCHEMA,
	UNIT_FEED,
	UNIT_SET, // one flow of a flow set; its path is the set's with # and a number
} UnitKind;

typedef struct Unit Unit;
struct Unit {
	gint references;
	UnitKind kind;
	SourceId ids[3]; // script, sidecar, schema; flow and the scripts/ it sees; a schema
	const char *path; // of the file, in the repository
	LayoutFlow flow; // id NULL: it makes none
	LayoutTable table; // name NULL: it declares none
	DiagnosticList *diagnostics; // NULL: nothing to say
	char *definition; // at hand after parsing; else NULL
	bool lent; // it lies in the layout's store of definitions
	GRefString *names[2]; // domain and connection, kept alive
	bool kept; // the cache has it, or a snapshot before
};

// The project: weir.yaml.
// Where a value of weir.yaml stands.
typedef struct ProjectPlace {
	unsigned line, column;
} ProjectPlace;

typedef struct ProjectConfig {
	gint references;
	SourceId id;
	json_t *settings; // converted; never NULL
	char *name;
	DiagnosticList *diagnostics;
	char digest[65]; // of what domains inherit
	GHashTable *layout_places; // key of 'layout' -> ProjectPlace; NULL: it has none
	const char *environment; // that the repository is read for, interned; NULL: none
	bool missing;
} ProjectConfig;

// What the units of a domain see of their surroundings.
typedef struct DomainConfig {
	const ProjectConfig *project; // kept alive by the domain
	GRefString *name;
	char *path;
	GRefString *connection;
	GRefString *dataset;
	json_t *settings; // domain.yaml, with the project's defaults and policies under its own
	json_t *variables; // of all environments: what vars.… may name
	char scripts_tree[41]; // "" when there is none
	SourceId scripts_id;
	const char *drift;
	bool allow_raw, allow_breaking;
	LayoutFeed feed;
	char context[65]; // digest of all of the above that units depend on
} DomainConfig;

// Variables of project and domain that a flow uses.
typedef struct VariableUse {
	json_t *values; // by name; NULL: none
	bool all; // some text uses all of them
} VariableUse;

// A folder below a domain.
typedef struct Place {
	char *name;
	SourceId id;
	bool twin; // its name differs from another one's in letter case only
} Place;

typedef struct DomainData DomainData;
struct DomainData {
	LayoutDomain open; // first: what callers see
	gint references;
	ProjectConfig *project;
	DomainConfig config;
	GPtrArray *units; // Unit *, by path
	GPtrArray *flows; // const LayoutFlow *
	GPtrArray *tables; // const LayoutTable *
	GPtrArray *made_tables; // LayoutTable * made for this domain alone
	DiagnosticList *local; // faults of its own files
	DiagnosticList *all; // of a copy: with the fault
	GStrv consumers;
	SourceId yaml_id; // of domain.yaml
	unsigned entries; // of its folders; 0 when they are too many
	GArray *places; // Place: folders below it that may be domains
	unsigned unstored; // files parsed since the cache got all of the domain
	bool virtual_; // of a layout pattern: it has no folder of its own
	bool stored; // it comes from the cache
	bool spoilt; // some of it was not read, for a reason that may pass: it is neither shared nor kept
	bool cut; // a limit ended it: there is more of it than is known
	unsigned
		scripts_entries; // of scripts/ and one more; 0: it is not there, or not without fault
	DiagnosticList *below; // faults of folders below it that are no domains; NULL: none
	DomainData *
		base; // of a copy that all domains together made a fault of: the original; else NULL
	unsigned scratch; // of the load
};

typedef struct TableIndex TableIndex;

enum {
	HOLD_DOMAINS = 32,
};

// Keeps so many domains that follow each other: a snapshot shares it with the last one when they are the same.
typedef struct Hold {
	gint references;
	guint length;
	DomainData *domains[HOLD_DOMAINS]; // references
} Hold;

// An entry of the folder domains/, and what became of it.
typedef struct Group {
	guint first, domains; // in the order of the walk
	guint files;
	uint64_t light, total; // entries that it counts for in the limits
} Group;

struct Layout {
	gint references;
	SourceTree *tree;
	char revision[64];
	ProjectConfig *project;
	GPtrArray *domains; // DomainData *, in the order of the walk
	GPtrArray *holds; // Hold *: what keeps them
	GByteArray *digests; // of the domains, 32 bytes each
	GArray *order; // guint: domains by name
	SourceFolder *
		folder; // domains/, when the next snapshot may take groups over as they are; else NULL
	GArray *groups; // Group, of each of its entries
	TableIndex *index;
	DiagnosticList *strays; // that belong to no domain
	GPtrArray *clashes; // LayoutClash *
	bool unreadable; // some object could not be read
	char *digest; // made when asked for
	GPtrArray *fresh; // Unit * whose definitions are at hand
	Arena definitions;
	LayoutLimits limits;
	LayoutLoadStatistics statistics;
};

typedef struct WalkBudget WalkBudget;

// A group that is not what it was: places in the domains of the last snapshot and of this one.
typedef struct Patch {
	guint before, before_length;
	guint after, after_length;
} Patch;

// One load.
typedef struct LayoutLoad {
	SourceTree *tree;
	Layout *previous;
	const LayoutCache *cache;
	LayoutLimits limits;
	const char *environment; // interned
	Layout *layout; // in the making
	size_t memory; // of definitions at hand
	size_t previous_at; // place in previous->domains that the walk has come to
	GPtrArray *made; // DomainData *: what keeps them until the layout does
	GArray *patches; // Patch: all else was taken over; NULL: every group was walked
	GPtrArray *removed, *added; // Unit *: what the index has to forget and to learn
	HeaderMemo *headers;
	WalkBudget *budget; // what is left of the limits
	DiagnosticList *strays; // where faults of folders go that are no domains
	unsigned unreadable; // objects that could not be read
	unsigned spoilt; // the same, and domains that took too long
	char version[65]; // of what the cache keeps; "" until it is needed
	unsigned deepest; // folder of those without domains that the walk has come to
	GHashTable *seen; // id of a folder of scripts/ without faults -> what is known of it
	GHashTable *barren; // id of a folder without domains and faults -> how deep it is
} LayoutLoad;

#define LAYOUT_ERROR layout_error_quark()
GQuark layout_error_quark(void);
enum {
	LAYOUT_ERROR_LIMIT, // of the load as a whole
	LAYOUT_ERROR_DOMAIN, // the domain in hand goes no further: it has the diagnostic that says why
	LAYOUT_ERROR_FOLDER, // the same of a folder right below domains/
	LAYOUT_ERROR_ENVIRONMENT, // none of the project's is meant
};

// Orders names without letter case; most that are compared are the very same.
static inline int name_order(const char *a, const char *b)
{
	return strcmp(a, b) == 0 ? 0 : g_ascii_strcasecmp(a, b);
}

// ---- layout_config.c
ProjectConfig *project_config_load(LayoutLoad *load, const SourceFolder *top, GError **error);
ProjectConfig *project_config_ref(ProjectConfig *project);
void project_config_unref(ProjectConfig *project);
// Reads domain.yaml (text NULL: a domain without one) into data->config.
void domain_config_read(
	DomainData *data, const char *text, size_t length, const LayoutLimits *limits);
void domain_config_clear(DomainConfig *config);
// A connection's settings; NULL when there is none of that name.
const json_t *project_connection(const ProjectConfig *project, const char *name);
char *project_connection_hint(const ProjectConfig *project, const char *name);
// The dialect of a connection's SQL; never NULL.
const SqlDialect *connection_dialect(const json_t *connection);

// ---- unit.c
typedef struct UnitParts {
	UnitKind kind;
	const char *path;
	const char *id; // NULL: no flow
	const char *namespace; // NULL: the domain's
	const char *target; // or NULL
	const char *dataset, *table; // or NULL: no table
	const char *schema; // or NULL
	const char *schema_path; // of its file; NULL: path
	const char *connection;
	GPtrArray *reads; // char *, sorted
	GArray *read_lines; // unsigned
	GArray *read_starts; // bool; NULL: all
	GPtrArray *writes; // char *, sorted
	GArray *references; // LayoutReference; NULL: none
	const char *references_path; // NULL: path
	LayoutTableKind table_kind;
} UnitParts;
// Makes a unit that holds copies of all parts.
Unit *unit_new(const DomainConfig *config, const UnitParts *parts);
Unit *unit_ref(Unit *unit);
void unit_unref(Unit *unit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Unit, unit_unref)
static inline Unit *unit_of_flow(const LayoutFlow *flow)
{
	return (Unit *)((uintptr_t)flow - offsetof(Unit, flow));
}

// ---- unit_script.c, unit_flow.c, unit_schema.c
// A file of a domain as the walk found it.
typedef struct UnitSource {
	const char *path; // in the repository
	const char *dataset; // by the path
	const char *table; // by the path; of a flow the file's stem
	SourceId ids[3];
	const char *paths[3];
	bool present[3];
	GBytes *texts[3]; // NULL: not there or not readable
	const char *project; // by a layout pattern; or NULL
	HeaderMemo *headers; // of the load; or NULL
} UnitSource;
Unit *unit_parse_script(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits);
// The second id of a flow that sees the files of scripts/.
SourceId unit_scripts_seen(const DomainConfig *config);
Unit *unit_parse_flow(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits);
Unit *unit_parse_schema(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits);
Unit *unit_parse_feed(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits);
// Adds a unit for each flow of a set: texts[1] is its file of rows, when it names one (set_rows_name). go_on (may be NULL) is
// asked after each row: false ends it there.
void unit_parse_set(const DomainConfig *config, const UnitSource *source,
	const LayoutLimits *limits, bool (*go_on)(void *data), void *go_on_data, GPtrArray *units,
	DiagnosticList *diagnostics);
// The name of the file that a flow set takes its rows from; NULL: they are in the set itself. The caller frees it.
char *set_rows_name(GBytes *text);
// Parses a schema file; NULL when nothing usable is in it. The text is its canonical JSON.
char *schema_parse(
	const char *path, GBytes *text, const LayoutLimits *limits, DiagnosticList *diagnostics);

// ---- layout_walk.c, walk_groups.c
bool layout_walk(LayoutLoad *load, GError **error);
// ---- layout_domain.c
DomainData *domain_data_new(ProjectConfig *project, const char *name, const char *path);
DomainData *domain_data_ref(DomainData *data);
void domain_data_unref(DomainData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainData, domain_data_unref)
// Puts the units in order of their paths.
void domain_data_sort(DomainData *data);
// Sorts flows and tables out of the units, finds what is there twice, and makes the digest.
void domain_data_finish(DomainData *data);
// A copy with more faults.
DomainData *domain_data_with(DomainData *data, const DiagnosticList *faults);
// ---- layout_index.c
TableIndex *table_index_new(void);
TableIndex *table_index_copy(TableIndex *index); // shares all until it is changed
void table_index_free(TableIndex *index);
void table_index_add(TableIndex *index, Unit *unit);
void table_index_remove(TableIndex *index, Unit *unit);
typedef struct TableEntry {
	gint references;
	unsigned hash;
	Unit *producer; // or NULL
	GPtrArray *others; // Unit *: more of them, which is a fault; or NULL
	const LayoutFlow **readers;
	unsigned readers_length, readers_room;
	char name[]; // as first written
} TableEntry;
const TableEntry *table_index_find(const TableIndex *index, const char *table);
// How many flows read tables that do not start them.
size_t table_index_soft(const TableIndex *index);
void table_index_visit(
	const TableIndex *index, void (*visit)(const TableEntry *entry, void *data), void *data);
// 64 hexadecimal digits in lower case as 32 bytes.
enum {
	DIGEST_BYTES = SHA256_TEXT_SIZE / 2,
};
void digest_bytes(const char *digits, uint8_t bytes[DIGEST_BYTES]);
// ---- layout_graph.c
// The order of the domains, those that clash, and the index of tables.
void layout_graph_make(LayoutLoad *load);
// ---- layout_conflict.c
// What must hold between the domains.
void layout_conflicts(const Layout *layout, DiagnosticList *diagnostics);
// ---- layout_unknown.c
// Reads of tables that nothing makes, in datasets of domains: only for people who validate.
void layout_unknown(const Layout *layout, DiagnosticList *diagnostics);
// ---- layout_subflow.c
// Sub-flows of this repository's namespaces that it does not have: likewise only for people who validate.
void layout_subflows(const Layout *layout, DiagnosticList *diagnostics);
// ---- layout_store.c: what the cache keeps
// A domain as it was last stored; NULL when the cache has none or it is not usable. With tree (may be NULL) only one of just that
// folder. It is not finished yet.
DomainData *domain_restore(LayoutLoad *load, const char *path, const SourceId *tree);
// Stores what is new of a domain that is not finished yet: all of it, or after few changes those alone.
void domain_store(LayoutLoad *load, DomainData *data, const DomainData *previous);
// A unit that was stored by itself; NULL when there is none.
Unit *unit_restore(LayoutLoad *load, const DomainConfig *config, const char *path, UnitKind kind,
	const SourceId ids[3]);
void unit_store(LayoutLoad *load, const DomainConfig *config, const Unit *unit);
