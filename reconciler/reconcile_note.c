#include "reconciler/reconcile_internal.h"

#include "store/cache.h"
#include "store/event.h"
#include "store/plan.h"
#include "store/timestamp.h"

#include <string.h>

static void set_text(char **place, const char *text)
{
	if (g_strcmp0(*place, text) == 0)
		return;
	g_free(*place);
	*place = g_strdup(text);
}

static const char *ref_of(const SourceTip *tip)
{
	return tip->ref != NULL ? tip->ref : "HEAD";
}

static void add_event(Store *store, const char *kind, const char *subject, json_t *data)
{
	char *text = data == NULL ? NULL : json_dumps(data, JSON_COMPACT);
	const StoreEvent event = {.kind = (char *)(uintptr_t)kind,
		.subject = (char *)(uintptr_t)subject,
		.data = text};

	store_event_add(store, &event, NULL);
	free(text);
	json_decref(data);
}

// The row's ref is that of the commit that is live: another one is judged against it until it is live itself.
static void set_ref(Reconciler *self, const SourceTip *tip, bool live)
{
	StoreSource *row = self->row;

	if (row->ref != NULL && (tip->ref == NULL || (row->commit_live != NULL && !live)))
		return;
	if (row->commit_live != NULL && row->ref != NULL && strcmp(row->ref, tip->ref) != 0)
		add_event(self->store, "ref-changed", self->name,
			json_pack("{s:s, s:s, s:s}", "ref", tip->ref, "before", row->ref, "commit",
				tip->id));
	set_text(&row->ref, ref_of(tip));
}

void note_notice(Reconciler *self, const char *notice)
{
	add_event(self->store, "mirror-renewed", self->name, json_pack("{s:s}", "notice", notice));
}

void note_forget(Reconciler *self)
{
	StoreSource *row = NULL;

	if (!store_source_get(self->store, self->name, &row, NULL))
		return;
	if (row == NULL) {
		row = g_new0(StoreSource, 1);
		row->name = g_strdup(self->name);
		row->url = g_strdup(self->url);
	}
	store_source_free(self->row);
	self->row = row;
}

static bool put_row(Reconciler *self, GError **error)
{
	if (store_source_put(self->store, self->row, error))
		return true;
	note_forget(self);
	return false;
}

// The row is written only when it would say something else: a source that stays away costs no write a second.
bool note_failure(Reconciler *self, const SourceTip *tip, const GError *error)
{
	StoreSource *row = self->row;
	bool fetched = *tip->id != '\0' && error->domain != FETCH_ERROR;
	const char *wanted = fetched ? tip->id : row->commit_wanted;

	if (g_strcmp0(row->error, error->message) == 0 &&
		g_strcmp0(row->commit_wanted, wanted) == 0)
		return true;
	set_ref(self, tip, false);
	set_text(&row->error, error->message);
	set_text(&row->commit_wanted, wanted);
	row->sync = fetched ? SYNC_OUT_OF_SYNC : SYNC_UNKNOWN;
	if (!put_row(self, NULL))
		return false;
	add_event(self->store, "sync-failed", self->name,
		json_pack("{s:s}", "error", error->message));
	return true;
}

bool note_waiting(Reconciler *self, const SourceTip *tip, GError **error)
{
	StoreSource *row = self->row;
	// Not yet, or not any more.
	g_autofree char *message =
		row->commit_live == NULL
			? g_strdup_printf(
				  "repository '%s' has no commit yet: waiting for the first push",
				  self->url)
			: g_strdup_printf("'%s' is gone from repository '%s': what was live stays; "
					  "push it again, or name another branch",
				  row->ref != NULL ? row->ref : ref_of(tip), self->url);

	if (g_strcmp0(row->error, message) == 0)
		return true;
	set_ref(self, tip, false);
	set_text(&row->error, message);
	row->sync = SYNC_UNKNOWN;
	row->fetched_at = timestamp_now();
	return put_row(self, error);
}

bool note_unchanged(Reconciler *self, const SourceTip *tip, GError **error)
{
	StoreSource *row = self->row;
	bool partial =
		row->diagnostics != NULL || (self->viewed && !live_view_is_settled(self->view));

	// The same commit may be followed under another name now.
	if (row->error == NULL && g_strcmp0(row->ref, ref_of(tip)) == 0)
		return true;
	set_ref(self, tip, true);
	set_text(&row->error, NULL);
	row->fetched_at = timestamp_now();
	row->sync = partial ? SYNC_OUT_OF_SYNC : SYNC_SYNCED;
	return put_row(self, error);
}

static bool note_plan(Store *store, const CommitNote *note, bool whole, GError **error)
{
	char digest[PLAN_DIGEST_SIZE];
	g_autofree char *text = plan_record(note->plan);
	const StorePlan row = {
		.digest = digest,
		.commit = (char *)(uintptr_t)note->tip->id,
		.json = text,
		.result = (char *)(uintptr_t)(whole ? "applied" : "partial"),
		.created_at = timestamp_now(),
		.ended_at = timestamp_now(),
	};

	plan_digest(note->plan, digest);
	return store_plan_put(store, &row, error);
}

static char *project_diagnostics(const Plan *plan)
{
	g_autoptr(DiagnosticList) list = plan_project_diagnostics(plan);

	if (diagnostic_list_length(list) == 0)
		return NULL;
	json_t *json = diagnostic_list_json(list);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void describe_commit(StoreSource *row, const CommitNote *note, bool whole)
{
	bool live = !layout_broken(note->plan->layout);

	set_ref(note->self, note->tip, live);
	set_text(&row->commit_wanted, note->tip->id);
	set_text(&row->error, NULL);
	g_free(row->diagnostics);
	row->diagnostics = project_diagnostics(note->plan);
	row->sync = whole ? SYNC_SYNCED : SYNC_OUT_OF_SYNC;
	row->fetched_at = timestamp_now();
	if (!live)
		return;
	set_text(&row->commit_live, note->tip->id);
	set_text(&row->layout_digest, note->plan->layout_digest);
	g_free(row->settings);
	row->settings =
		json_dumps(layout_settings(note->plan->layout), JSON_COMPACT | JSON_SORT_KEYS);
	row->synced_at = row->fetched_at;
}

bool note_commit(const ApplyOutcome *outcome, void *data, GError **error)
{
	const CommitNote *note = data;
	Reconciler *self = note->self;
	bool whole =
		!note->plan->broken && outcome->domains_held == 0 && outcome->domains_failed == 0;
	// A commit that could not be read whole is walked again by the next process.
	g_autofree char *fingerprint = layout_unreadable(note->plan->layout)
					       ? g_strdup("unreadable")
					       : walk_fingerprint(self);

	describe_commit(self->row, note, whole);
	if (note->tip->move == SOURCE_REWOUND)
		add_event(self->store, "force-pushed", self->name,
			json_pack("{s:s}", "commit", note->tip->id));
	add_event(self->store, whole ? "synced" : "sync-failed", self->name,
		json_pack("{s:s, s:i, s:i, s:i, s:i}", "commit", note->tip->id, "created",
			(int)outcome->created, "updated", (int)outcome->updated, "deleted",
			(int)outcome->deleted, "cosmetic", (int)outcome->cosmetic));
	return store_source_put(self->store, self->row, error) &&
	       store_setting_put(self->store, "reconciler.fingerprint", fingerprint, error) &&
	       store_setting_put(self->store, ENVIRONMENT_SETTING, self->environment, error) &&
	       note_plan(self->store, note, whole, error);
}
