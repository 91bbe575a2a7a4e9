// The checked model of one commit of a repository: domains, flows, tables and the graph between
// them.
//
// A Layout is a snapshot. Loading the next commit with the last snapshot at hand shares everything
// that did not change: folders with the same tree id are not walked, files with the same blob id
// are not parsed, the index of tables is patched. A Layout is immutable after loading (apart from
// layout_forget_definitions) and counts its references; one thread at a time loads.
#pragma once

#include "repo-layout/diagnostic.h"
#include "repo-layout/flow.h"
#include "repo-layout/source_tree.h"

typedef struct LayoutLimits {
	uint64_t file_bytes; // of a script or a YAML file
	uint64_t schema_bytes; // of a declared schema
	uint64_t data_bytes; // of a table of rows that a flow set reads
	uint64_t scripts_bytes; // of a file in scripts/
	unsigned entries; // of the whole tree below the layout's folders
	unsigned depth; // of folders
	YamlLimits yaml;
	unsigned seconds; // for one load
	uint64_t memory_bytes; // for one load, beyond the model itself
} LayoutLimits;

extern const LayoutLimits layout_limits_default;
// All limits that say what a file is held against, as a text to compare. NULL: the defaults. The caller frees it.
char *layout_limits_text(const LayoutLimits *limits);

// Keeps parse results between processes. kind is a short static word, key a text; bytes are opaque,
// versioned and checked by the layout itself: a lost, old or corrupt entry costs time only.
typedef struct LayoutCache {
	void *data;
	// Returns the bytes that were put, or NULL. The caller unrefs them.
	GBytes *(*get)(void *data, const char *kind, const char *key);
	void (*put)(
		void *data, const char *kind, const char *key, const void *bytes, size_t length);
} LayoutCache;

typedef enum {
	LAYOUT_FLOW_WRITTEN, // flows/<flow>.yaml
	LAYOUT_FLOW_GENERATED, // of a script
	LAYOUT_FLOW_SET, // of a flow set
} LayoutFlowKind;

typedef enum {
	FEED_NONE, // a hand-written flow
	FEED_WRITE_TRUNCATE,
	FEED_WRITE_APPEND,
	FEED_WRITE_EMPTY,
	FEED_MODE_DELTA,
	FEED_WRITE_PARTITION,
	FEED_SNAPSHOT,
	FEED_VIEW,
	FEED_SCRIPT,
} LayoutFeed;

// "MODE_DELTA"; "" for FEED_NONE.
const char *layout_feed_name(LayoutFeed feed);

// A table that a check of a flow looks into besides the one that it checks.
typedef struct LayoutReference {
	const char *table; // "dataset.table"
	const char *connection; // that the check runs on
	unsigned line, column; // of the check; 0: it is not in the flow's files
} LayoutReference;

typedef struct LayoutFlow {
	const char *namespace; // the domain's name, or what a written flow says
	const char *id;
	const char *path; // of the file, from the root of the repository
	unsigned line; // where the flow begins in it
	LayoutFlowKind kind;
	LayoutFeed feed;
	bool opaque; // some of its SQL cannot be seen into: reads and writes may be more
	bool disabled;
	bool manual; // a script that only a person runs: a commit has it not built
	SourceId blob; // of the file
	char digest[65]; // of the meaning: hexadecimal SHA-256
	const char *domain; // name of the domain that it belongs to
	const char
		*target; // the table or view that a script makes, "dataset.table"; NULL for others
	const char *connection; // that a script runs on; NULL for written flows
	const char *const *reads; // tables, "dataset.table", sorted, ended by NULL; without the
		// flow's own targets
	const char *const *writes;
	unsigned reads_length, writes_length;
	const unsigned *lines; // of the reads; NULL: not known
	const bool *starts; // of the reads: a publication of the table starts the flow
	const LayoutReference *references;
	unsigned references_length;
	const char *references_path; // of the file that has the checks
} LayoutFlow;

typedef enum {
	LAYOUT_TABLE,
	LAYOUT_VIEW,
} LayoutTableKind;

typedef struct LayoutTable {
	const char *dataset;
	const char *name;
	LayoutTableKind kind;
	const char *domain;
	const char *connection;
	const char *path; // of the schema's file, or the script's
	const char *flow; // id of the flow (in the domain's namespace) that makes it; NULL when
		// only declared
	const char *schema; // the declared schema in its canonical form, compact JSON {"fields":
		// […], …}; NULL: none
	char schema_digest[65]; // "" when none is declared
	bool allow_breaking;
	const char *drift_policy; // "report" or "heal"
} LayoutTable;

typedef struct LayoutDomain {
	const char *name; // "sales", "sales.eu"
	const char *path; // "domains/sales"
	const char *owner;
	const char *contact; // or NULL
	const char *description; // or NULL
	const char *connection; // name of the default one
	const char *dataset; // the default one
	const char *const
		*consumers; // domains that may read its tables and follow its flows; NULL: all
	const char *scripts_tree; // id of scripts/, 40 digits; NULL: none
	SourceId tree; // of its folder
	char digest[65]; // of everything of it that would be live
	bool broken; // its files have errors: what is live stays as it is
	bool foreign; // some flow says another namespace than the domain's name
	const LayoutFlow *const *flows; // by id
	size_t flows_length;
	const LayoutTable *const *tables; // by dataset and name
	size_t tables_length;
	const DiagnosticList *diagnostics; // of its own files
	const json_t *settings; // its domain.yaml over the project's defaults, checked: policies,
		// variables, managed datasets
} LayoutDomain;

typedef struct Layout Layout;

// Loads the tree. previous (may be NULL) is the snapshot to share with; it stays valid. cache may
// be NULL. limits NULL: the defaults. NULL and error only when the repository cannot be read or a
// limit of the whole load is passed; faults in files are diagnostics. environment is the one of weir.yaml whose variables flows
// see, NULL: none; previous is shared with only when it was loaded for the same one.
Layout *layout_load(SourceTree *tree, Layout *previous, const LayoutCache *cache,
	const LayoutLimits *limits, const char *environment, GError **error);
// A digest of the code that reads repositories: what another one has read is to be read again.
const char *layout_reading_digest(void);
Layout *layout_ref(Layout *layout);
void layout_unref(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_unref)

const char *layout_revision(const Layout *layout); // 40 hexadecimal digits, or "folder"
const char *layout_name(const Layout *layout); // of weir.yaml
const char *layout_digest(
	const Layout *layout); // of everything that would be live: hexadecimal SHA-256
bool layout_broken(
	const Layout *layout); // weir.yaml itself has errors: nothing of this commit can go live
// Some object could not be read. The domains that need it are broken; the same commit may be whole later.
bool layout_unreadable(const Layout *layout);
size_t layout_errors(const Layout *layout); // of all files, each by itself
// All diagnostics of all files, and of what does not fit together between them, sorted: for people who look at one commit, not
// knowing what is live. It takes a look at everything. The caller frees it.
DiagnosticList *layout_diagnostics(const Layout *layout);
// Those that belong to no domain: weir.yaml and strays.
const DiagnosticList *layout_project_diagnostics(const Layout *layout);

size_t layout_domains_length(const Layout *layout);
const LayoutDomain *layout_domain_at(const Layout *layout, size_t index); // by name
// A domain outlives its layouts while it is referred to; any thread. unref: NULL is none.
const LayoutDomain *layout_domain_ref(const LayoutDomain *domain);
void layout_domain_unref(const LayoutDomain *domain);
const LayoutDomain *layout_domain_find(const Layout *layout, const char *name);

// Folders that cannot both stay: they name the same domain, or only letter case tells their names apart.
typedef struct LayoutClash {
	const char *const *folders; // two or more, sorted, ended by NULL
	bool same_domain; // they name the same one
} LayoutClash;

size_t layout_clashes_length(const Layout *layout);
const LayoutClash *layout_clash_at(const Layout *layout, size_t index);
// What is wrong with one folder of a clash, of which other is another one. The caller frees it.
char *layout_clash_text(const LayoutClash *clash, const char *folder, const char *other);

// Whether some flow reads a table that does not start it.
bool layout_reads_softly(const Layout *layout);
// Whether a table ("dataset.table") lies in the dataset that is a domain's own.
bool layout_owns(const Layout *layout, const char *domain, const char *table);
// Whether a domain with these consumers (NULL: all) lets another one read its tables.
bool layout_admits(const char *const *consumers, const char *owner, const char *reader);
// How a domain comes to be admitted. The caller frees it.
char *layout_admission_hint(const LayoutDomain *owner, const char *reader);
// Whether a path is a folder, or lies in it.
bool path_is_within(const char *path, const char *folder);
const LayoutFlow *layout_flow_find(const Layout *layout, const char *namespace, const char *id);
const LayoutFlow *layout_domain_flow_find(const LayoutDomain *domain, const char *id);
const LayoutTable *layout_domain_table_find(
	const LayoutDomain *domain, const char *dataset, const char *name);
const LayoutTable *layout_table_find(const Layout *layout, const char *dataset, const char *name);

// The flow that writes a table ("dataset.table"); NULL when none does.
const LayoutFlow *layout_producer(const Layout *layout, const char *table);
// The flows that read a table. ret_length receives their number; the array belongs to the layout.
const LayoutFlow *const *layout_readers(
	const Layout *layout, const char *table, size_t *ret_length);
// Calls visit for each table that some flow writes or reads, in no special order.
void layout_tables_visit(const Layout *layout,
	void (*visit)(const char *table, const LayoutFlow *producer, size_t readers, void *data),
	void *data);

// The canonical definition of a flow (flow_definition_json). Right after the load that parsed it
// this is at hand; later it is read again from the tree. The caller frees it. NULL and error when
// the object has become unreadable.
char *layout_flow_definition(const Layout *layout, const LayoutFlow *flow, GError **error);
// The same without a copy: what is at hand lies with the flow until definitions are forgotten, and *ret_made is NULL; else
// *ret_made is what was read, and the caller's to free.
const char *layout_flow_definition_peek(
	const Layout *layout, const LayoutFlow *flow, char **ret_made, GError **error);
// The text of the flow's file as committed. The caller unrefs it.
GBytes *layout_flow_source(const Layout *layout, const LayoutFlow *flow, GError **error);
// Lets go of the definitions that the load kept at hand. Call it once they are stored.
void layout_forget_definitions(Layout *layout);
// Calls visit for each file below the domain's scripts/: path relative to scripts/, its id, and its
// mode.
bool layout_scripts_visit(const Layout *layout, const LayoutDomain *domain,
	bool (*visit)(
		const char *path, const SourceId *id, bool executable, void *data, GError **error),
	void *data, GError **error);
GBytes *layout_blob(const Layout *layout, const SourceId *id, GError **error);

// weir.yaml, checked, in its canonical form. Borrowed.
const json_t *layout_settings(const Layout *layout);
// Whether an environment (NULL: none named) is one that weir.yaml declares; any is, where it declares none. Where it is not the error
// says which there are.
bool layout_has_environment(const Layout *layout, const char *environment, GError **error);
// {"<name>": {"driver", "url", …}} for an environment (NULL: none named), with the embedded
// "default". A new reference.
json_t *layout_connections(const Layout *layout, const char *environment);
// The variables that flows of a domain see as {{ vars.… }} in an environment. A new reference.
json_t *layout_variables(const Layout *layout, const LayoutDomain *domain, const char *environment);
// Numbers of the load itself, for tests and metrics.
typedef struct LayoutLoadStatistics {
	size_t folders_walked, files_parsed, files_shared, files_cached, domains_shared,
		domains_cached;
} LayoutLoadStatistics;
const LayoutLoadStatistics *layout_statistics(const Layout *layout);
