// What tests of blame share: a repository, a store and what is live in it, and what each push is told.
#pragma once

#include "reconciler/live_view.h"
#include "reconciler/plan_guard.h"
#include "tests/harness/temporary_store.h"
#include "tests/repo-layout/repository.h"

// A repository and the store that its commits are applied to.
typedef struct {
	Repository *repository;
	TemporaryStore place;
	Store *store;
	LiveView *view;
	Layout *layout; // of the last commit
	PlanPolicy policy;
} BlameWorld;

// An empty project in a new repository, and an empty store.
BlameWorld blame_world_new(void);

// Removes both.
void blame_world_clear(BlameWorld *world);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BlameWorld, blame_world_clear)

// A server that was stopped and started again knows what is in its store, and no more.
void blame_restart(BlameWorld *world);

// Commits what was set and makes it live. Returns what is said of it, a line for each domain and below it its faults, which must
// not depend on what the process remembers. To be freed.
char *blame_push(BlameWorld *world);

// As blame_push(), and the verdict is this one.
void blame_expect(BlameWorld *world, const char *expected);

// Writes the domain.yaml of a domain.
void blame_set_domain(BlameWorld *world, const char *name);

// A script of a domain that reads these tables (ended by NULL). column makes it another one.
void blame_set_script(
	BlameWorld *world, const char *domain, const char *table, int column, const char *from);

// The definition that is live of a script's flow.
void blame_expect_live(BlameWorld *world, const char *domain, const char *id, const char *sql);

// Three domains with a table each: a.t <- b.t <- c.t.
void blame_set_chain(BlameWorld *world);
