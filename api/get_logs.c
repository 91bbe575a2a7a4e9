#include "api/handlers.h"
#include "api/lists.h"
#include "api/values.h"
#include "store/log.h"
#include <stdlib.h>

// A cursor of a log is "chunk.lines": the chunk that was read whole last, and how many matching lines of the next one were given.
typedef struct {
	int64_t after;
	int64_t skip;
} LogPlace;

typedef struct {
	json_t *items;
	size_t limit;
	LogPlace place; // behind the last line given
	int64_t chunk; // the one being read
	int64_t skip; // lines of the first chunk to leave out
	bool full;
} LogPage;

static bool read_place(
	const ApiRequest *request, const char *text, LogPlace *ret_place, GError **error)
{
	char *end = NULL;

	*ret_place = (LogPlace){0, 0};
	if (text == NULL)
		return true;
	ret_place->after = g_ascii_strtoll(text, &end, 10);
	if (*end == '.' && g_ascii_isdigit(end[1]))
		ret_place->skip = g_ascii_strtoll(end + 1, &end, 10);
	if (*end == '\0' && ret_place->after >= 0 && ret_place->skip >= 0)
		return true;
	return request_refuse_cursor(request, error);
}

static json_t *line_document(const StoreLogLine *line)
{
	g_autofree char *valid = g_utf8_make_valid(line->text, (gssize)line->length);

	return json_pack("{s:o, s:s, s:o, s:I, s:o, s:I}", "at", value_time(line->at), "level",
		log_level_name(line->level), "task_run",
		value_text(*line->task_run_id != '\0' ? line->task_run_id : NULL), "attempt",
		(json_int_t)line->attempt, "text", value_text(valid), "left_out",
		(json_int_t)line->left_out);
}

static bool add_line(const StoreLogLine *line, void *data)
{
	LogPage *page = data;

	if (line->chunk != page->chunk) {
		page->place = (LogPlace){line->chunk - 1, 0};
		page->chunk = line->chunk;
	}
	if (json_array_size(page->items) == page->limit) {
		page->full = true;
		return false;
	}
	page->place.skip++;
	if (page->skip > 0)
		page->skip--;
	else
		json_array_append_new(page->items, line_document(line));
	return true;
}

static bool find_run_state(
	const ApiRequest *request, const char *id, bool *ret_ended, GError **error)
{
	g_autoptr(StoreRun) run = NULL;

	if (!store_run_get(request->store, id, &run, error))
		return false;
	if (run == NULL) {
		api_error_set(error, API_NOT_FOUND, "unknown-run", "there is no run '%s'", id);
		return false;
	}
	*ret_ended = run_state_is_ended(run->state);
	return true;
}

json_t *get_run_logs(const ApiRequest *request, GError **error)
{
	const char *id = request_text(request, "id");
	const char *level = request_text(request, "level");
	StoreLogFilter filter = {.run_id = id, .task_run_id = request_text(request, "task_run")};
	LogPage page = {.limit = (size_t)request_number(request, "limit")};
	LogPlace from;
	StorePage asked;
	bool ended;

	if (level != NULL)
		log_level_parse(level, &filter.level);
	// The state is read before the lines: a run that has ended has no more to come.
	if (!request_page(request, &asked, error) ||
		!read_place(request, asked.after, &from, error) ||
		!find_run_state(request, id, &ended, error))
		return NULL;
	filter.after = from.after;
	page.place = from;
	page.skip = from.skip;
	page.items = json_array();
	if (!store_log_read(request->store, &filter, add_line, &page, NULL, error)) {
		json_decref(page.items);
		return NULL;
	}
	g_autofree char *next = g_strdup_printf(
		"%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT, page.place.after, page.place.skip);
	return list_document(request, page.items, page.full || !ended ? next : NULL);
}
