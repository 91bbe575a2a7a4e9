// What would change: a pure function of what the repository says (a Layout) and what is live (a
// PlanLive). No clock, no store, no threads: the same inputs give the same plan and the same bytes.
// Domain digests are compared first, and only domains that differ are looked into.
#pragma once

#include "repo-layout/arena.h"
#include "repo-layout/layout.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	PLAN_DIGEST_SIZE = 65, // SHA-256 in hexadecimal, with its NUL
	PLAN_FORMAT_VERSION = 1, // of the JSON
};

typedef enum {
	PLAN_NONE, // listed, but nothing to do (a cosmetic change)
	PLAN_CREATE,
	PLAN_UPDATE,
	PLAN_REPLACE, // a table that becomes a view, or the reverse
	PLAN_DELETE,
} PlanAction;

// In ascending order of weight: a change has the class of its heaviest path.
typedef enum {
	PLAN_COSMETIC, // comments and formatting only
	PLAN_METADATA, // descriptions, labels, owners: nothing runs differently
	PLAN_NON_BREAKING, // runs differently; nobody who reads the result has to act
	PLAN_BREAKING, // a reader of the result, or a caller of the flow, may have to act
} PlanClass;

typedef enum {
	PLAN_PROJECT, // weir.yaml
	PLAN_DOMAIN,
	PLAN_FLOW,
	PLAN_TABLE,
	PLAN_VIEW,
	PLAN_SCHEDULE,
} PlanResource;

const char *plan_action_name(PlanAction action);
const char *plan_class_name(PlanClass class);
const char *plan_resource_name(PlanResource resource);

// ---- What is live -------------------------------------------------------------------------------------------------

// Values of the live side. Their strings belong to the PlanLive, and stay valid until it or what it looks at is changed.
typedef struct {
	const char *name;
	const char *digest; // of everything live in it; "": nothing of it is live yet
	const char *path; // of the folder it was made from; NULL: nothing of it is live yet
	const char *const *consumers; // that may read its tables; NULL: all
	SourceId tree; // id of that folder
	bool tree_known;
	bool unsettled; // the last apply left it broken or held: its status has to be written again
	const LayoutDomain *domain; // of the snapshot that it was made live from; NULL: not at hand
} PlanLiveDomain;

typedef struct {
	const char *namespace;
	const char *id;
	const char *digest; // of its meaning
	SourceId blob; // id of its file: tells a cosmetic edit
	bool blob_known;
	const char *path; // of its file
	int revision; // 0 when not known
	bool generated;
	// What it reads and writes: of the flow of a layout, or NULL and as the store has it.
	const LayoutFlow *flow;
	const char *reads, *writes; // joined by newlines; NULL: none
	const char *triggers; // JSON list; NULL: none
	const char *target;
	const char *connection;
	unsigned line; // where it begins
} PlanLiveFlow;

typedef struct {
	const char *dataset;
	const char *name;
	const char *schema; // declared schema as canonical JSON; NULL when none is declared
	const char *path; // of the schema's file, or the script's
	bool view;
} PlanLiveTable;

// Reads the live side. A function table, so that the same plan is made against the store, against another revision of
// the repository, or against a test's values. Each function returns false with an error when it cannot be read.
typedef struct PlanLive PlanLive;
struct PlanLive {
	// Every live domain, sorted by name (PlanLiveDomain). It belongs to the live side.
	const GArray *(*domains)(PlanLive *live, GError **error);
	// Their marks side by side: plan_live_mark() of each, in the same order.
	const GByteArray *(*marks)(PlanLive *live);
	// Flows and tables of one domain, in any order: appended to GArrays of PlanLiveFlow and PlanLiveTable.
	bool (*flows)(PlanLive *live, const char *domain, GArray *flows, GError **error);
	bool (*tables)(PlanLive *live, const char *domain, GArray *tables, GError **error);
	// The canonical definition of a flow; NULL with an error when there is none.
	char *(*definition)(PlanLive *live, const char *namespace, const char *id, GError **error);
	// Whether the table that a live flow makes is to be built, as soon as the flow is enabled. Where nothing is known of builds
	// it may be.
	bool (*build_due)(PlanLive *live, const char *namespace, const char *id, bool *ret_due,
		GError **error);
	// The checked settings of a domain (its domain.yaml over the project's defaults), a JSON object; NULL without an
	// error when they are not known.
	char *(*settings)(PlanLive *live, const char *domain, GError **error);
	// The project's (weir.yaml, checked), alike; NULL without an error when they are not known.
	char *(*project)(PlanLive *live, GError **error);
	void (*free)(PlanLive *live);
};

void plan_live_free(PlanLive *live);

// A domain's settings as the live side gives them; NULL when it has none. The caller frees it.
char *plan_settings_text(const LayoutDomain *domain);

// Another revision of the repository as the live side; it takes a reference. NULL: nothing is live.
PlanLive *plan_live_layout_new(Layout *layout);

// ---- The plan -----------------------------------------------------------------------------------------------------

typedef struct {
	char *path; // "tasks.build.sql"
	json_t *before; // NULL: absent
	json_t *after; // NULL: absent
	PlanClass class;
	char **readers; // scripts of the commit that name a column that goes ("namespace.id"), sorted; NULL: not looked for
} PlanPath;

// One resource that changes. Strings are borrowed from the layout, or kept by the plan.
typedef struct {
	PlanResource resource;
	PlanAction action;
	PlanClass class;
	bool builds; // the flow's table is to be built because of it, once the flow is enabled
	bool reruns; // applying it starts a run of the flow, as soon as what it reads is there
	int live_revision; // of a flow that is live; 0 when not known
	const char
		*scope; // namespace of a flow, dataset of a table; "" for a domain and the project
	const char *name; // id of a flow, name of a table, domain or project
	const char *trigger; // id of a schedule's trigger; NULL for others
	const char *domain; // NULL for the project
	const char *file; // the file behind it
	const char *
		before; // live definition, schema or settings, JSON, of an update or deletion; may be NULL
	const LayoutFlow *flow; // of flows and schedules; NULL when deleted
	const LayoutTable *table; // of tables and views; NULL when deleted
	const LayoutDomain *settings; // of a domain whose settings changed; else NULL
	GPtrArray *paths; // PlanPath *, in order; NULL unless it is an update
} PlanChange;

typedef enum {
	PLAN_DOMAIN_UNCHANGED, // nothing differs, though its last commit was broken or held
	PLAN_DOMAIN_CHANGED,
	PLAN_DOMAIN_COSMETIC, // only comments or formatting
	PLAN_DOMAIN_BROKEN, // has errors: its old revision stays live
	PLAN_DOMAIN_HELD, // a guard refused it: its old revision stays live
} PlanDomainState;

const char *plan_domain_state_name(PlanDomainState state);

typedef struct {
	const char *name;
	PlanDomainState state;
	const LayoutDomain *layout; // NULL when the domain is removed
	const char *live_digest; // NULL when the domain is new
	const char *live_path; // of its folder; NULL when nothing of it is live
	const char *const *live_consumers;
	guint first, count; // its changes in Plan.changes
	DiagnosticList *faults; // what is wrong between it and others; NULL: nothing
	guint first_edge, edges; // in Plan.edges
	bool edges_known;
} PlanDomain;

// A flow whose place among the others differs from what is live: it reads, writes or looks into other tables.
typedef struct {
	const LayoutFlow *before; // kept by the plan; NULL: it is new
	const LayoutFlow *after; // NULL: it is deleted
} PlanEdge;

typedef struct {
	const char *code; // "max-deletions"
	const char *domain; // NULL: the whole plan
	char *address; // of the change that is refused; may be NULL
	char *message;
	char *hint;
} PlanRefusal;

typedef struct Plan Plan;
struct Plan {
	Layout *layout; // a reference
	char layout_digest[PLAN_DIGEST_SIZE]; // of what the repository says
	char live_digest
		[PLAN_DIGEST_SIZE]; // of what was live: applying is refused once it has moved
	GArray *domains; // PlanDomain, sorted by name; only those that differ or are broken
	GArray *edges; // PlanEdge, by domain
	GPtrArray *nameless; // const LayoutDomain *: folders that name the domain of another folder
	DiagnosticList *strays; // what is wrong with those
	GArray *changes; // PlanChange, in the order of domains, then resource, then name
	GPtrArray *refusals; // PlanRefusal *, filled by plan_guard()
	bool broken; // some domain, the project itself, or a folder that is no domain has errors
	GStringChunk *strings;
	Arena arena; // of flows that were
	const GArray *
		live_domains; // PlanLiveDomain: what the live digest was made of; until it is applied
};

// Compares. Returns NULL only when live, or an object of the repository, cannot be read.
Plan *plan_compute(Layout *layout, PlanLive *live, GError **error);
void plan_free(Plan *plan);

#define plan_domain_at(plan, index) (&g_array_index((plan)->domains, PlanDomain, (index)))
#define plan_change_at(plan, index) (&g_array_index((plan)->changes, PlanChange, (index)))

// The paths (PlanPath *) in which two definitions of a flow differ, in order, with the class of the heaviest. The caller unrefs it.
GPtrArray *plan_definition_paths(const json_t *before, const json_t *after, PlanClass *ret_class);
// As the JSON of a plan has them; a new reference.
json_t *plan_paths_json(const GPtrArray *paths);

// How many changes there are of an action (PLAN_NONE: the cosmetic ones), without those that a guard holds.
guint plan_count(const Plan *plan, PlanAction action);
guint plan_count_held(const Plan *plan);

// Whether applying it would do nothing but note cosmetic edits.
bool plan_is_empty(const Plan *plan);

// The change of weir.yaml, which belongs to no domain and is before all others; NULL: there is none.
const PlanChange *plan_project_change(const Plan *plan);

// "flow.sales.orders", "table.sales.orders", "schedule.sales.orders.daily", "domain.sales", "project.shop". The caller frees it.
char *plan_change_address(const PlanChange *change);

// The flows of any domain that are downstream of a change and live or to be live, sorted ("namespace.id", LayoutFlow *;
// borrowed from the layout; the caller frees the array). Flows that the plan creates are left out: they have no readers yet.
// At most limit of them, the nearest; 0: all.
GPtrArray *plan_change_impact(const Plan *plan, const PlanChange *change, guint limit);

// The flows that run because of the plan, sorted (LayoutFlow *, as above): those whose tables are built, and those that the
// publication of these starts. Their order among each other, and what the end of a run starts, is not looked at.
GPtrArray *plan_reruns(const Plan *plan);

// All that is wrong with a domain: in its files, and between it and others. Sorted; the caller frees the list.
DiagnosticList *plan_domain_diagnostics(const PlanDomain *domain);
// What belongs to no domain. The caller frees the list.
DiagnosticList *plan_project_diagnostics(const Plan *plan);

// The diagnostics of the project and of the domains that the plan lists, sorted: those of domains that do not change are
// not the plan's. The caller frees the list.
DiagnosticList *plan_diagnostics(const Plan *plan);

// What the digest of what is live is made of: a digest of name and digest, or zeros when nothing of the domain is live.
enum {
	PLAN_MARK_SIZE = 32,
};
void plan_live_mark(const PlanLiveDomain *domain, uint8_t mark[PLAN_MARK_SIZE]);
// What a domain of a layout has, when that is what is live: PlanLiveFlow and PlanLiveTable, which borrow from it.
void plan_live_add_flows(const LayoutDomain *domain, GArray *flows);
void plan_live_add_tables(const LayoutDomain *domain, GArray *tables);

// Digest of the plan: of both digests and the format. What approvals and `weir apply` name.
void plan_digest(const Plan *plan, char ret[PLAN_DIGEST_SIZE]);

// Canonical forms: the same plan gives the same bytes. drift is a list of resource_drift entries, NULL: none.
// impact_limit: flows downstream that are listed of a change; 0: all.
json_t *plan_json(const Plan *plan, json_t *drift, guint impact_limit, GError **error);
// The short form that is kept of an applied plan: JSON text, without the documents before and after.
char *plan_record(const Plan *plan);
char *plan_text(const Plan *plan, const json_t *drift, bool colour);
char *plan_markdown(const Plan *plan, const json_t *drift);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanLive, plan_live_free)
