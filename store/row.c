// Between rows and structs, by tables of fields.
#include "store/internal.h"

#include <string.h>

static void *member(const void *row, const Field *field)
{
	return (char *)(uintptr_t)row + field->offset;
}

static RunState read_state(const DbStatement *row, unsigned column)
{
	const char *name = db_column_text(row, column, NULL);
	RunState state = RUN_CREATED;

	if (name != NULL)
		run_state_parse(name, &state);
	return state;
}

void row_read(const RowType *type, const DbStatement *row, void *ret_struct)
{
	for (unsigned i = 0; i < type->length; i++) {
		const Field *field = &type->fields[i];
		void *at = member(ret_struct, field);

		switch (field->type) {
		case FIELD_TEXT: *(char **)at = db_column_dup_text(row, i); break;
		case FIELD_INT64: *(int64_t *)at = db_column_int64(row, i); break;
		case FIELD_BOOL: *(bool *)at = db_column_int64(row, i) != 0; break;
		case FIELD_INT: *(int *)at = (int)db_column_int64(row, i); break;
		case FIELD_STATE: *(RunState *)at = read_state(row, i); break;
		}
	}
}

void *row_new(const RowType *type, const DbStatement *row)
{
	void *made = g_malloc0(type->size);

	row_read(type, row, made);
	return made;
}

void row_values(const RowType *type, const void *row, DbValue values[ROW_FIELDS_MAX])
{
	for (unsigned i = 0; i < type->length; i++) {
		const Field *field = &type->fields[i];
		const void *at = member(row, field);

		switch (field->type) {
		case FIELD_TEXT: values[i] = DB_TEXT(*(char *const *)at); break;
		case FIELD_INT64: values[i] = DB_INTEGER(*(const int64_t *)at); break;
		case FIELD_BOOL: values[i] = DB_INTEGER(*(const bool *)at ? 1 : 0); break;
		case FIELD_INT: values[i] = DB_INTEGER(*(const int *)at); break;
		case FIELD_STATE: values[i] = DB_TEXT(run_state_name(*(const RunState *)at)); break;
		}
	}
}

void row_clear(const RowType *type, void *row)
{
	for (unsigned i = 0; i < type->length; i++) {
		if (type->fields[i].type == FIELD_TEXT)
			g_clear_pointer((char **)member(row, &type->fields[i]), g_free);
	}
}

void row_free(const RowType *type, void *row)
{
	if (row == NULL)
		return;
	row_clear(type, row);
	g_free(row);
}

bool states_count(Store *store, StatementId id, const DbValue *values, size_t count,
	int64_t by_state[RUN_STATES], GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	memset(by_state, 0, RUN_STATES * sizeof(by_state[0]));
	if (!query_begin(&query, store, id, values, count, error))
		return false;
	while (query_step(&query, &failed, error)) {
		RunState state;

		if (run_state_parse(db_column_text(query.row, 0, NULL), &state))
			by_state[state] = db_column_int64(query.row, 1);
	}
	return !failed;
}

bool row_get(Store *store, StatementId id, const DbValue *values, size_t count, const RowType *type,
	void **ret_row, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_row = NULL;
	if (!query_begin(&query, store, id, values, count, error))
		return false;
	if (query_step(&query, &failed, error))
		*ret_row = row_new(type, query.row);
	return !failed;
}

bool rows_list(Store *store, StatementId id, const DbValue *values, size_t count,
	const RowType *type, GDestroyNotify free_row, GPtrArray **ret_rows, GError **error)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_rows = NULL;
	if (!query_begin(&query, store, id, values, count, error))
		return false;
	while (query_step(&query, &failed, error))
		g_ptr_array_add(rows, row_new(type, query.row));
	if (failed)
		return false;
	*ret_rows = g_steal_pointer(&rows);
	return true;
}
