#include "runner/tasks/sql_record.h"

#include <string.h>

#include "repo-layout/flow.h"
#include "store/json_dump.h"
#include "store/table.h"
#include "store/timestamp.h"

// Owned copies: the build is gone when they are written.
typedef struct {
	GPtrArray *checks; // StoreCheck
	GPtrArray *rejects; // StoreRejectedRow
} Findings;

static void check_free_void(void *check)
{
	store_check_free(check);
}

static void reject_free_void(void *row)
{
	store_rejected_row_free(row);
}

static void findings_free(void *data)
{
	Findings *findings = data;

	g_ptr_array_unref(findings->checks);
	g_ptr_array_unref(findings->rejects);
	g_free(findings);
}

static bool findings_record(Store *store, void *data, GError **error)
{
	const Findings *findings = data;

	for (unsigned i = 0; i < findings->checks->len; i++)
		if (!store_check_put(store, findings->checks->pdata[i], error))
			return false;
	for (unsigned i = 0; i < findings->rejects->len; i++)
		if (!store_rejected_row_put(store, findings->rejects->pdata[i], error))
			return false;
	return true;
}

// The text without secrets, which a query or a file may have brought; NULL stays NULL. Takes the text.
static char *shown(TaskContext *context, char *text)
{
	char *masked = text == NULL ? NULL : task_context_mask(context, text);

	if (masked == NULL)
		return text;
	g_free(text);
	return masked;
}

static StoreCheck *check_row(TaskContext *context, const Build *build, const Check *check)
{
	static const char *const RESULTS[] = {
		[CHECK_PASS] = "passed", [CHECK_WARN] = "warned", [CHECK_ERROR] = "failed"};
	json_t *json = check_json(check);
	StoreCheck *row = g_new0(StoreCheck, 1);

	row->run_id = g_strdup(task_context_run_id(context));
	row->task_run_id = g_strdup(task_context_task_run_id(context));
	row->table = g_strdup_printf("%s.%s", build->dataset, build->name);
	row->name = g_strdup(json_string_value(json_object_get(json, "name")));
	row->kind = g_strndup(check->label, strcspn(check->label, "("));
	row->severity = g_strdup(check->error_if.operation[0] == '\0' ? "warn" : "error");
	row->result = g_strdup(RESULTS[check->status]);
	row->failures = check->failures;
	row->message =
		shown(context, g_strdup(json_string_value(json_object_get(json, "message"))));
	if (check->samples != NULL)
		row->sample = shown(context, json_dump_text(check->samples, JSON_COMPACT));
	row->at = timestamp_now();
	json_decref(json);
	return row;
}

static StoreRejectedRow *reject_row(
	TaskContext *context, const LoadReject *reject, const char *file, int64_t number)
{
	StoreRejectedRow *row = g_new0(StoreRejectedRow, 1);

	row->run_id = g_strdup(task_context_run_id(context));
	row->task_run_id = g_strdup(task_context_task_run_id(context));
	row->number = number;
	row->file = g_strdup(file);
	row->line = (int64_t)reject->line;
	row->column = g_strdup(reject->column);
	row->reason = shown(context, g_strdup(reject->reason));
	row->text = shown(context, g_strdup(reject->text));
	return row;
}

static Findings *findings_new(
	TaskContext *context, const Build *build, const LoadSource *load, const char *file)
{
	Findings *findings = g_new0(Findings, 1);

	findings->checks = g_ptr_array_new_with_free_func(check_free_void);
	findings->rejects = g_ptr_array_new_with_free_func(reject_free_void);
	for (unsigned i = 0; build->checked && i < build->checks->len; i++) {
		StoreCheck *row;

		if (check_is_silent(build->checks->pdata[i]))
			continue;
		row = check_row(context, build, build->checks->pdata[i]);
		g_ptr_array_add(findings->checks, row);
		row->number = findings->checks->len;
	}
	if (load != NULL) {
		const GPtrArray *rejects = load_source_rejects(load);

		for (unsigned i = 0; i < rejects->len; i++)
			g_ptr_array_add(findings->rejects,
				reject_row(context, rejects->pdata[i], file, i + 1));
	}
	return findings;
}

// ---- Publications

static void publish_free_void(void *publish)
{
	store_publish_free(publish);
}

static bool publish_record(Store *store, void *publish, GError **error)
{
	return store_publish_add(store, publish, NULL, error);
}

static StorePublish *publish_row(TaskContext *context, const Build *build, const char *fingerprint)
{
	const Flow *flow = task_context_flow(context);
	StorePublish *publish = g_new0(StorePublish, 1);

	publish->name = g_strdup_printf("%s.%s", build->dataset, build->name);
	publish->namespace = g_strdup(flow->namespace);
	publish->flow = g_strdup(flow->id);
	publish->revision = task_context_revision(context);
	publish->run_id = g_strdup(task_context_run_id(context));
	publish->task_run_id = g_strdup(task_context_task_run_id(context));
	publish->fingerprint = g_strdup(fingerprint);
	publish->rows = build->rows;
	publish->rows_changed = build->inserted + build->updated + build->deleted;
	publish->at = timestamp_now();
	return publish;
}

void sql_task_record(TaskContext *context, const Build *build, bool published,
	const char *fingerprint, const LoadSource *load, const char *file)
{
	task_context_on_finish(context, true, findings_record,
		findings_new(context, build, load, file), findings_free);
	if (published)
		task_context_on_finish(context, false, publish_record,
			publish_row(context, build, fingerprint), publish_free_void);
}
