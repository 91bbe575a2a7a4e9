// What would change: a pure function of what the repository says (a Layout) and what is live (a
// PlanLive). No clock, no store, no threads: the same inputs give the same plan and the same bytes.
// Domain digests are compared first, and only domains that differ are looked into.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Layout Layout;
typedef struct LayoutDomain LayoutDomain;
typedef struct LayoutFlow LayoutFlow;
typedef struct LayoutTable LayoutTable;

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
	PLAN_DOMAIN,
	PLAN_FLOW,
	PLAN_TABLE,
	PLAN_VIEW,
	PLAN_SCHEDULE,
	PLAN_CONNECTION,
} PlanResource;

const char *plan_action_name(PlanAction action);
const char *plan_class_name(PlanClass class);
const char *plan_resource_name(PlanResource resource);

// ---- What is live
// -------------------------------------------------------------------------------------------------

typedef struct {
	const char *namespace;
	const char *id;
	const char *digest; // of its meaning, in hexadecimal
	const char *source; // digest of its text: differs from the layout's after a cosmetic edit;
		// may be NULL
	int revision;
	bool generated;
	const char *path; // of its file
} PlanLiveFlow;

typedef struct {
	const char *dataset;
	const char *name;
	const char *flow; // "namespace.id" of the flow that produces it; may be NULL
	const char *schema; // declared schema as JSON; NULL when none is declared
	bool view;
} PlanLiveTable;

typedef struct {
	const char *name;
	const char *digest; // of everything live in it
	const char *tree; // id of the folder it was made from; may be NULL
} PlanLiveDomain;

// Reads the live side. A function table, so that the same plan is made against the store, against
// another revision of the repository, or against a test's hand-built values. Every string stays
// valid until release(). Each function returns false with an error when the live side cannot be
// read.
typedef struct PlanLive PlanLive;
struct PlanLive {
	void *data;
	// Every live domain, sorted by name (PlanLiveDomain *; the array is the caller's, its
	// elements are not).
	bool (*domains)(PlanLive *live, GPtrArray *domains, GError **error);
	// The live flows of one domain, sorted by id (PlanLiveFlow *), and its tables, sorted by
	// dataset and name.
	bool (*flows)(PlanLive *live, const char *domain, GPtrArray *flows, GError **error);
	bool (*tables)(PlanLive *live, const char *domain, GPtrArray *tables, GError **error);
	// Canonical definition JSON of one live flow.
	bool (*definition)(PlanLive *live, const char *namespace, const char *id, char **ret_json,
		GError **error);
	// The live flows of any domain that read table ("dataset.name"), as "namespace.id" (char *,
	// freed by the array).
	bool (*readers)(PlanLive *live, const char *table, GPtrArray *readers, GError **error);
	void (*release)(PlanLive *live);
};

// ---- The plan
// -----------------------------------------------------------------------------------------------------

typedef struct {
	char *path; // "tasks.build.sql"
	json_t *before; // NULL: absent
	json_t *after; // NULL: absent
	PlanClass class;
} PlanPath;

typedef struct {
	PlanResource resource;
	PlanAction action;
	PlanClass class;
	char *address; // "flow.sales.orders", "table.sales.orders", "schedule.sales.orders.daily"
	char *name; // "sales.orders"
	const char *domain; // name; borrowed from its PlanDomain
	GPtrArray *paths; // PlanPath *, sorted by path; NULL unless it is an update
	GPtrArray *impact; // char *: "namespace.id" of the flows downstream, sorted; NULL when
		// there are none
	bool reruns; // applying it builds the table again
	int live_revision; // of a flow that is live; 0 otherwise
	const LayoutFlow *flow; // borrowed from the layout; NULL when it is deleted
	const LayoutTable *table; // likewise
	char *file; // path of the file behind it
	char *before; // definition or schema that is live, as JSON, of updates and deletions; may
		// be NULL
} PlanChange;

typedef enum {
	PLAN_DOMAIN_SAME,
	PLAN_DOMAIN_CHANGED,
	PLAN_DOMAIN_COSMETIC, // only comments or formatting
	PLAN_DOMAIN_BROKEN, // has errors: its old revision stays live
	PLAN_DOMAIN_HELD, // a guard refused it: its old revision stays live
} PlanDomainState;

typedef struct {
	char *name;
	PlanDomainState state;
	const LayoutDomain *layout; // borrowed; NULL when the domain is removed
	char *live_digest; // NULL when the domain is new
	guint first, count; // its changes in Plan.changes
} PlanDomain;

typedef struct {
	char *domain; // NULL: the whole plan
	char *address; // of the change that is refused; may be NULL
	char *code; // "max-deletions"
	char *message;
	char *hint; // may be NULL
} PlanRefusal;

typedef struct Plan Plan;
struct Plan {
	Layout *layout;
	char layout_digest[PLAN_DIGEST_SIZE]; // of what the repository says
	char live_digest[PLAN_DIGEST_SIZE]; // of what was live: applying is refused once it has
		// moved
	GPtrArray *domains; // PlanDomain *, sorted by name; only those that differ or are broken
	GPtrArray *changes; // PlanChange *, in the order of domains, then type, then name
	GPtrArray *refusals; // PlanRefusal *, filled by plan_guard()
	guint domains_total; // how many domains the layout has
	bool broken; // some domain is broken
};

// Compares. The plan borrows from layout, which must outlive it. Returns NULL only when live cannot
// be read.
Plan *plan_compute(Layout *layout, PlanLive *live, GError **error);
void plan_free(Plan *plan);

// How many changes there are of an action (PLAN_NONE: the cosmetic ones).
guint plan_count(const Plan *plan, PlanAction action);

// Whether applying it would do anything but note cosmetic edits.
bool plan_is_empty(const Plan *plan);

// Digest of the plan itself: of both digests and the format. What `weir apply --plan` and approvals
// name.
void plan_digest(const Plan *plan, char ret[PLAN_DIGEST_SIZE]);

// Canonical forms: the same plan gives the same bytes.
char *plan_render_json(const Plan *plan);
char *plan_render_text(const Plan *plan, bool colour);
char *plan_render_markdown(const Plan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)
