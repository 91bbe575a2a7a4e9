#include "db/schema.h"

#include <string.h>

// The canonical name is the first row of a kind.
typedef struct {
	const char *name;
	DbFieldKind kind;
} KindName;

static const KindName KIND_NAMES[] = {
	{"INT64", DB_FIELD_INT64},
	{"INTEGER", DB_FIELD_INT64},
	{"INT", DB_FIELD_INT64},
	{"SMALLINT", DB_FIELD_INT64},
	{"BIGINT", DB_FIELD_INT64},
	{"TINYINT", DB_FIELD_INT64},
	{"BYTEINT", DB_FIELD_INT64},
	{"FLOAT64", DB_FIELD_FLOAT64},
	{"FLOAT", DB_FIELD_FLOAT64},
	{"NUMERIC", DB_FIELD_NUMERIC},
	{"DECIMAL", DB_FIELD_NUMERIC},
	{"BIGNUMERIC", DB_FIELD_BIGNUMERIC},
	{"BIGDECIMAL", DB_FIELD_BIGNUMERIC},
	{"BOOL", DB_FIELD_BOOL},
	{"BOOLEAN", DB_FIELD_BOOL},
	{"STRING", DB_FIELD_STRING},
	{"BYTES", DB_FIELD_BYTES},
	{"DATE", DB_FIELD_DATE},
	{"DATETIME", DB_FIELD_DATETIME},
	{"TIME", DB_FIELD_TIME},
	{"TIMESTAMP", DB_FIELD_TIMESTAMP},
	{"JSON", DB_FIELD_JSON},
	{"GEOGRAPHY", DB_FIELD_GEOGRAPHY},
	{"RECORD", DB_FIELD_RECORD},
	{"STRUCT", DB_FIELD_RECORD},
};

const char *db_field_kind_name(DbFieldKind kind)
{
	for (size_t i = 0; i < G_N_ELEMENTS(KIND_NAMES); i++)
		if (KIND_NAMES[i].kind == kind)
			return KIND_NAMES[i].name;
	return "UNKNOWN";
}

static DbFieldKind kind_find(const char *name)
{
	const char first = g_ascii_toupper(*name);

	for (size_t i = 0; i < G_N_ELEMENTS(KIND_NAMES); i++)
		if (KIND_NAMES[i].name[0] == first &&
			g_ascii_strcasecmp(KIND_NAMES[i].name, name) == 0)
			return KIND_NAMES[i].kind;
	return DB_FIELD_UNKNOWN;
}

// Reads "12 , 2" into at most two numbers; the number of numbers, 0 when it is anything else.
static unsigned sizes_parse(const char *text, unsigned sizes[2])
{
	unsigned count = 0;

	for (;;) {
		char *end = NULL;
		guint64 value = g_ascii_strtoull(text, &end, 10);

		if (end == text || count == 2 || value > 100000000 || strchr(text, '-') != NULL)
			return 0;
		sizes[count++] = (unsigned)value;
		text = end + strspn(end, " ");
		if (*text == '\0')
			return count;
		if (*text++ != ',')
			return 0;
	}
}

static bool sizes_apply(DbFieldType *type, const unsigned sizes[2], unsigned count)
{
	bool decimal = type->kind == DB_FIELD_NUMERIC || type->kind == DB_FIELD_BIGNUMERIC;
	bool text = type->kind == DB_FIELD_STRING || type->kind == DB_FIELD_BYTES;

	if (decimal && sizes[0] > 0 && sizes[0] <= 76 && sizes[1] <= sizes[0]) {
		type->precision = sizes[0];
		type->scale = sizes[1];
		return true;
	}
	if (text && count == 1 && sizes[0] > 0) {
		type->length = sizes[0];
		return true;
	}
	return false;
}

bool db_field_type_parse(const char *text, DbFieldType *ret_type)
{
	g_autofree char *copy = g_strstrip(g_strdup(text));
	char *open = strchr(copy, '(');
	DbFieldType type = {0};

	*ret_type = type;
	if (open == NULL) {
		type.kind = kind_find(copy);
	} else {
		char *close = strrchr(open, ')');
		unsigned sizes[2] = {0, 0};
		unsigned count;

		if (close == NULL || close[1] != '\0')
			return false;
		*open = *close = '\0';
		type.kind = kind_find(g_strchomp(copy));
		count = sizes_parse(open + 1, sizes);
		if (count == 0 || !sizes_apply(&type, sizes, count))
			return false;
	}
	if (type.kind == DB_FIELD_UNKNOWN)
		return false;
	*ret_type = type;
	return true;
}

char *db_field_type_text(const DbFieldType *type)
{
	const char *name = db_field_kind_name(type->kind);

	if (type->length > 0)
		return g_strdup_printf("%s(%u)", name, type->length);
	if (type->scale > 0)
		return g_strdup_printf("%s(%u,%u)", name, type->precision, type->scale);
	if (type->precision > 0)
		return g_strdup_printf("%s(%u)", name, type->precision);
	return g_strdup(name);
}

static void column_free_void(void *column)
{
	db_column_free(column);
}

DbColumn *db_column_new(const char *name, DbFieldType type, DbMode mode)
{
	DbColumn *column = g_new0(DbColumn, 1);

	column->name = g_strdup(name);
	column->type = type;
	column->mode = mode;
	if (type.kind == DB_FIELD_RECORD)
		column->fields = g_ptr_array_new_with_free_func(column_free_void);
	return column;
}

static GPtrArray *columns_copy(const GPtrArray *columns)
{
	GPtrArray *copy = g_ptr_array_new_full(columns->len, column_free_void);

	for (unsigned i = 0; i < columns->len; i++)
		g_ptr_array_add(copy, db_column_copy(columns->pdata[i]));
	return copy;
}

DbColumn *db_column_copy(const DbColumn *column)
{
	DbColumn *copy = g_new0(DbColumn, 1);

	copy->name = g_strdup(column->name);
	copy->type = column->type;
	copy->mode = column->mode;
	copy->engine_type = g_strdup(column->engine_type);
	copy->default_value = g_strdup(column->default_value);
	copy->description = g_strdup(column->description);
	copy->previous_name = g_strdup(column->previous_name);
	if (column->fields != NULL)
		copy->fields = columns_copy(column->fields);
	return copy;
}

void db_column_free(DbColumn *column)
{
	if (column == NULL)
		return;
	g_free(column->name);
	g_free(column->engine_type);
	g_free(column->default_value);
	g_free(column->description);
	g_free(column->previous_name);
	g_clear_pointer(&column->fields, g_ptr_array_unref);
	g_free(column);
}

DbTable *db_table_new(const char *dataset, const char *name, DbTableKind kind)
{
	DbTable *table = g_new0(DbTable, 1);

	table->dataset = g_strdup(dataset);
	table->name = g_strdup(name);
	table->kind = kind;
	table->columns = g_ptr_array_new_with_free_func(column_free_void);
	return table;
}

DbTable *db_table_copy(const DbTable *table)
{
	DbTable *copy = g_new0(DbTable, 1);

	copy->dataset = g_strdup(table->dataset);
	copy->name = g_strdup(table->name);
	copy->kind = table->kind;
	copy->definition = g_strdup(table->definition);
	copy->columns = columns_copy(table->columns);
	return copy;
}

void db_table_free(DbTable *table)
{
	if (table == NULL)
		return;
	g_free(table->dataset);
	g_free(table->name);
	g_free(table->definition);
	g_ptr_array_unref(table->columns);
	g_free(table);
}

void db_table_add(DbTable *table, DbColumn *column)
{
	g_ptr_array_add(table->columns, column);
}

const DbColumn *db_table_find(const DbTable *table, const char *name)
{
	for (unsigned i = 0; i < table->columns->len; i++) {
		const DbColumn *column = table->columns->pdata[i];

		if (g_ascii_strcasecmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

char *db_table_text(const DbTable *table)
{
	GString *text = g_string_new(NULL);

	if (table->kind == DB_VIEW)
		g_string_append(text, table->definition != NULL ? table->definition : "");
	for (guint i = 0; table->kind != DB_VIEW && i < table->columns->len; i++) {
		const DbColumn *column = table->columns->pdata[i];

		g_string_append_printf(text, "%s%s %s%s", text->len == 0 ? "" : "\n", column->name,
			column->engine_type != NULL ? column->engine_type : "",
			column->mode == DB_MODE_REQUIRED ? " NOT NULL" : "");
	}
	return g_string_free(text, FALSE);
}
