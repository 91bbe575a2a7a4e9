#include "runner/tasks/notice.h"

#include "expr/value.h"
#include "store/run.h"
#include "store/task_run.h"
#include "store/timestamp.h"

#include <string.h>

static void field_add(Notice *notice, const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		json_object_set_new(notice->fields, name, json_string(text));
}

static void moment_add(Notice *notice, const char *name, int64_t at)
{
	char text[TIMESTAMP_SIZE];

	if (at != 0)
		field_add(notice, name, timestamp_format(at, text));
}

static bool first_failed(const StoreTaskRun *row, void *data)
{
	Notice *notice = data;

	if (row->state != RUN_FAILED)
		return true;
	notice->failed = true;
	field_add(notice, "Failed task", row->task_id);
	field_add(notice, "Reason", row->message);
	// A container fails with what is in it, which says why.
	return row->message == NULL;
}

static bool read_run(TaskContext *context, const char *id, Notice *notice, GError **error)
{
	Store *store = task_context_store(context);
	g_autoptr(StoreRun) run = NULL;

	if (!store_run_get(store, id, &run, error))
		return false;
	if (run == NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'executionId': there is no run '%s'", id);
		return false;
	}
	g_autofree char *flow = g_strdup_printf("%s.%s", run->namespace, run->flow);
	field_add(notice, "Flow", flow);
	field_add(notice, "Run", run->id);
	moment_add(notice, "Started", run->started_at);
	moment_add(notice, "Ended", run->ended_at);
	if (!store_task_runs_visit(store, id, first_failed, notice, error))
		return false;
	// A run that tells of itself has not ended; what failed in it has.
	const char *state = run->ended_at == 0 && notice->failed ? run_state_name(RUN_FAILED)
								 : run_state_name(run->state);
	notice->title = g_strdup_printf("%s %s", flow, state);
	notice->failed = strcmp(state, run_state_name(RUN_FAILED)) == 0;
	return true;
}

static bool read_custom(TaskContext *context, Notice *notice, GError **error)
{
	json_t *custom = NULL;
	const char *name;
	json_t *value;

	if (!task_context_text(context, "customMessage", &notice->message, error) ||
		!task_context_json(context, "customFields", &custom, error))
		return false;
	json_object_foreach(custom, name, value)
	{
		g_autofree char *text = expr_value_text(value);

		field_add(notice, name, text);
	}
	json_decref(custom);
	return true;
}

bool notice_read(TaskContext *context, Notice *ret, GError **error)
{
	g_autofree char *id = NULL;

	ret->fields = json_object();
	if (!task_context_text(context, "executionId", &id, error))
		return false;
	if (id == NULL || *id == '\0')
		return true;
	ret->there = true;
	return read_run(context, id, ret, error) && read_custom(context, ret, error);
}

char *notice_text(const Notice *notice)
{
	GString *text = g_string_new(notice->title);
	const char *name;
	json_t *value;

	if (notice->message != NULL)
		g_string_append_printf(text, "\n%s", notice->message);
	json_object_foreach(notice->fields, name, value)
		g_string_append_printf(text, "\n%s: %s", name, json_string_value(value));
	return g_string_free(text, FALSE);
}

char *notice_html(const Notice *notice)
{
	g_autofree char *title = g_markup_escape_text(notice->title, -1);
	g_autofree char *message =
		g_markup_escape_text(notice->message != NULL ? notice->message : "", -1);
	GString *text = g_string_new(NULL);
	const char *name;
	json_t *value;

	g_string_append_printf(text, "<h2>%s</h2>\n<p>%s</p>\n<table>\n", title, message);
	json_object_foreach(notice->fields, name, value)
	{
		g_autofree char *row =
			g_markup_printf_escaped("<tr><th align=\"left\">%s</th><td>%s</td></tr>\n",
				name, json_string_value(value));

		g_string_append(text, row);
	}
	g_string_append(text, "</table>\n");
	return g_string_free(text, FALSE);
}

void notice_clear(Notice *notice)
{
	g_free(notice->title);
	json_decref(notice->fields);
	g_free(notice->message);
}
