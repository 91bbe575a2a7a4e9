// Rows of one statement, put by and written several at once: of an INSERT a third of the work is the statement's and not the
// row's. They are written before any other statement runs, so that nobody can tell.
#include "store/internal.h"

#include <string.h>

enum {
	ROWS = 8, // of one statement; fewer are written one by one
	FEW = 128, // so many are written before the statement for many is worth preparing
	WAITING = 4, // statements whose rows wait at the same time
};

typedef struct {
	StatementId id;
	size_t fields;
	size_t length; // rows that wait
	size_t written; // so far
	DbStatement *statement; // of ROWS rows; NULL: not prepared yet
	DbValue *values; // of TEXT and BLOB the data are places in texts
	GString *texts;
} Waiting;

struct StoreRows {
	Waiting waiting[WAITING];
	size_t length;
	bool any; // rows wait
	bool writing;
};

void statement_rows_free(StoreRows *rows)
{
	if (rows == NULL)
		return;
	for (size_t i = 0; i < rows->length; i++) {
		db_statement_free(rows->waiting[i].statement);
		g_free(rows->waiting[i].values);
		g_string_free(rows->waiting[i].texts, TRUE);
	}
	g_free(rows);
}

static bool is_data(const DbValue *value)
{
	return value->type == DB_TYPE_TEXT || value->type == DB_TYPE_BLOB;
}

// ---- The statement ------------------------------------------------------------------------------------------------

// Appends the parenthesis with the numbers of its parameters moved on.
static void append_row(GString *sql, const char *row, size_t length, size_t by)
{
	for (const char *at = row; at < row + length;) {
		char *end = NULL;

		if (*at != '$') {
			g_string_append_c(sql, *at++);
			continue;
		}
		g_string_append_printf(
			sql, "$%" G_GUINT64_FORMAT, g_ascii_strtoull(at + 1, &end, 10) + by);
		at = end;
	}
}

// "… VALUES ($1, $2) …" with so many rows as ROWS. SQLite keeps the old pages of an INSERT of several rows, so that a row that is
// refused undoes those before it, and keeps them in a temporary file once they are more than a few. Nobody needs that: a
// row that is refused is the end of the whole transaction.
static char *many_rows(const Store *store, const char *one, size_t fields)
{
	static const char insert[] = "INSERT";
	static const char before[] = " VALUES ";
	const char *row = strstr(one, before) + strlen(before);
	size_t length = strcspn(row, ")") + 1;
	GString *sql = g_string_new(insert);

	if (strcmp(db_driver_name(store->db), "sqlite") == 0)
		g_string_append(sql, " OR FAIL");
	one += strlen(insert);
	g_string_append_len(sql, one, row - one);
	for (size_t i = 0; i < ROWS; i++) {
		if (i > 0)
			g_string_append(sql, ", ");
		append_row(sql, row, length, i * fields);
	}
	g_string_append(sql, row + length);
	return g_string_free(sql, FALSE);
}

static bool prepare_many(Store *store, Waiting *waiting, GError **error)
{
	g_autofree char *sql = NULL;

	if (waiting->statement != NULL)
		return true;
	sql = many_rows(store, statement_sql(waiting->id), waiting->fields);
	waiting->statement = db_prepare(store->db, sql, error);
	return waiting->statement != NULL;
}

// ---- Writing ------------------------------------------------------------------------------------------------------

static void forget(Waiting *waiting)
{
	waiting->length = 0;
	g_string_truncate(waiting->texts, 0);
}

static bool write_values(Store *store, Waiting *waiting, GError **error)
{
	size_t count = waiting->length * waiting->fields;

	for (size_t i = 0; i < count; i++) {
		if (is_data(&waiting->values[i]))
			waiting->values[i].data =
				waiting->texts->str + (uintptr_t)waiting->values[i].data;
	}
	waiting->written += waiting->length;
	if (waiting->length == ROWS && waiting->written > FEW)
		return prepare_many(store, waiting, error) &&
		       db_statement_execute(
			       waiting->statement, waiting->values, count, NULL, error);
	for (size_t i = 0; i < waiting->length; i++) {
		if (!statement_run(store, waiting->id, waiting->values + i * waiting->fields,
			    waiting->fields, NULL, error))
			return false;
	}
	return true;
}

static bool write_waiting(Store *store, Waiting *waiting, GError **error)
{
	bool good;

	store->rows->writing = true;
	good = write_values(store, waiting, error);
	store->rows->writing = false;
	if (!good)
		store->failed = true;
	forget(waiting);
	return good;
}

void statement_rows_drop(Store *store)
{
	StoreRows *rows = store->rows;

	if (rows == NULL)
		return;
	for (size_t i = 0; i < rows->length; i++)
		forget(&rows->waiting[i]);
	rows->any = false;
}

bool statement_rows_write(Store *store, GError **error)
{
	StoreRows *rows = store->rows;
	bool good = true;

	if (rows == NULL || !rows->any || rows->writing)
		return true;
	for (size_t i = 0; good && i < rows->length; i++)
		good = write_waiting(store, &rows->waiting[i], error);
	statement_rows_drop(store);
	return good;
}

// ---- Putting by ---------------------------------------------------------------------------------------------------

static Waiting *find_waiting(StoreRows *rows, StatementId id, size_t fields)
{
	Waiting *waiting;

	for (size_t i = 0; i < rows->length; i++) {
		if (rows->waiting[i].id == id)
			return &rows->waiting[i];
	}
	if (rows->length == WAITING)
		return NULL;
	waiting = &rows->waiting[rows->length++];
	*waiting = (Waiting){.id = id, .fields = fields};
	waiting->values = g_new(DbValue, ROWS * fields);
	waiting->texts = g_string_new(NULL);
	return waiting;
}

static DbValue keep_value(Waiting *waiting, const DbValue *value)
{
	DbValue kept = *value;

	if (!is_data(value))
		return kept;
	kept.data = (const void *)(uintptr_t)waiting->texts->len;
	if (kept.length == SIZE_MAX)
		kept.length = strlen(value->data);
	g_string_append_len(waiting->texts, value->data, (gssize)kept.length);
	return kept;
}

bool statement_add_row(
	Store *store, StatementId id, const DbValue *values, size_t count, GError **error)
{
	Waiting *waiting;

	if (store->rows == NULL)
		store->rows = g_new0(StoreRows, 1);
	waiting = find_waiting(store->rows, id, count);
	if (waiting == NULL)
		return statement_run(store, id, values, count, NULL, error);
	if (waiting->length == ROWS && !write_waiting(store, waiting, error))
		return false;
	for (size_t i = 0; i < count; i++)
		waiting->values[waiting->length * count + i] = keep_value(waiting, &values[i]);
	waiting->length++;
	store->rows->any = true;
	return true;
}
