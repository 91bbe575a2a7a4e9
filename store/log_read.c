// Streaming the lines of a run out of its chunks.
#include "store/internal.h"
#include "store/log_chunk.h"

#include <string.h>

typedef struct {
	const StoreLogFilter *filter;
	bool (*visit)(const StoreLogLine *line, void *data);
	void *data;
	int64_t chunk;
} Reading;

static bool visit_wanted(const StoreLogLine *line, void *data)
{
	const Reading *reading = data;
	const StoreLogFilter *filter = reading->filter;
	StoreLogLine numbered = *line;

	if (line->level < filter->level ||
		(filter->task_run_id != NULL &&
			strcmp(filter->task_run_id, line->task_run_id) != 0))
		return true;
	numbered.chunk = reading->chunk;
	return reading->visit(&numbered, reading->data);
}

static bool read_chunk(const DbStatement *row, Reading *reading, bool *ret_stopped, GError **error)
{
	size_t length = 0;
	const void *data = db_column_blob(row, 3, &length);
	g_autoptr(GBytes) bytes = log_chunk_unpack(
		(int)db_column_int64(row, 1), data, length, db_column_int64(row, 2));

	reading->chunk = db_column_int64(row, 0);
	if (bytes != NULL && log_chunk_visit(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
				     visit_wanted, reading, ret_stopped))
		return true;
	g_set_error(error, DB_ERROR, DB_ERROR_CORRUPT,
		"log chunk %" G_GINT64_FORMAT " of run '%s' is damaged", db_column_int64(row, 0),
		reading->filter->run_id);
	return false;
}

bool store_log_read(Store *store, const StoreLogFilter *filter,
	bool (*visit)(const StoreLogLine *line, void *data), void *data, int64_t *ret_after,
	GError **error)
{
	Reading reading = {filter, visit, data, 0};
	g_auto(StoreQuery) query = {0};
	bool stopped = false;
	bool failed = false;

	if (ret_after != NULL)
		*ret_after = filter->after;
	if (!query_begin(&query, store, STATEMENT_LOG_READ,
		    DB_VALUES(DB_TEXT(filter->run_id), DB_INTEGER(filter->after),
			    DB_INTEGER((int)filter->level), DB_TEXT(filter->task_run_id)),
		    error))
		return false;
	while (!stopped && query_step(&query, &failed, error)) {
		if (!read_chunk(query.row, &reading, &stopped, error))
			return false;
		if (!stopped && ret_after != NULL)
			*ret_after = db_column_int64(query.row, 0);
	}
	return !failed;
}

bool store_log_size(
	Store *store, const char *run_id, int64_t *ret_bytes, int64_t *ret_lines, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_bytes = 0;
	*ret_lines = 0;
	if (!query_begin(&query, store, STATEMENT_LOG_SIZE, DB_VALUES(DB_TEXT(run_id)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		*ret_bytes = db_column_int64(query.row, 0);
		*ret_lines = db_column_int64(query.row, 1);
	}
	return !failed;
}
