// Types and tables: as declared, as found in a database, and the differences between the two.
#include "db/schema.h"

#include "db/db.h"
#include "db/ddl.h"

static const DbDialect *sqlite(void)
{
	return db_dialect_find("sqlite");
}

static DbFieldType type_of(const char *text)
{
	DbFieldType type;

	g_assert_true(db_field_type_parse(text, &type));
	return type;
}

static void test_types(void)
{
	static const struct {
		const char *text;
		const char *canonical;
		const char *engine;
	} CASES[] = {
		{"INTEGER", "INT64", "INTEGER"},
		{"int64", "INT64", "INTEGER"},
		{"FLOAT", "FLOAT64", "REAL"},
		{" numeric ( 12 , 2 ) ", "NUMERIC(12,2)", "NUMERIC(12,2)"},
		{"DECIMAL(10)", "NUMERIC(10)", "NUMERIC(10,0)"},
		{"BIGDECIMAL", "BIGNUMERIC", "BIGNUMERIC"},
		{"STRING(20)", "STRING(20)", "TEXT(20)"},
		{"BYTES", "BYTES", "BLOB"},
		{"boolean", "BOOL", "BOOLEAN"},
		{"STRUCT", "RECORD", "JSON TEXT"},
		{"TIMESTAMP", "TIMESTAMP", "TIMESTAMP"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		DbFieldType type = type_of(CASES[i].text);
		g_autofree char *canonical = db_field_type_text(&type);
		g_autofree char *engine = db_field_engine_type(sqlite(), &type, DB_MODE_NULLABLE);
		DbFieldType back;

		g_assert_cmpstr(canonical, ==, CASES[i].canonical);
		g_assert_cmpstr(engine, ==, CASES[i].engine);
		g_assert_true(db_field_from_engine(sqlite(), engine, &back));
		if (type.kind != DB_FIELD_RECORD)
			g_assert_cmpint(back.kind, ==, type.kind);
		g_assert_cmpuint(back.length, ==, type.length);
		g_assert_cmpuint(back.precision, ==, type.precision);
		g_assert_cmpuint(back.scale, ==, type.scale);
	}
}

static void test_types_refused(void)
{
	static const char *const CASES[] = {"", "TEXTUAL", "STRING(", "STRING()", "STRING(0)",
		"STRING(-3)", "NUMERIC(2,5)", "NUMERIC(99)", "INT64(3)", "STRING(1,2)", "STRING(x)",
		"STRING(4) NOT NULL", "NUMERIC(1,1,1)"};

	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		DbFieldType type;

		g_assert_false(db_field_type_parse(CASES[i], &type));
		g_assert_cmpint(type.kind, ==, DB_FIELD_UNKNOWN);
	}
}

static DbTable *declared_orders(void)
{
	DbTable *table = db_table_new("sales", "orders", DB_TABLE);
	DbColumn *note = db_column_new("note", type_of("STRING(40)"), DB_MODE_NULLABLE);

	note->default_value = g_strdup("'none'");
	db_table_add(table, db_column_new("id", type_of("INT64"), DB_MODE_REQUIRED));
	db_table_add(table, db_column_new("total", type_of("NUMERIC(12,2)"), DB_MODE_NULLABLE));
	db_table_add(table, note);
	db_table_add(table, db_column_new("tags", type_of("STRING"), DB_MODE_REPEATED));
	return table;
}

static void test_ddl(void)
{
	g_autoptr(DbTable) table = declared_orders();
	g_autofree char *create = db_ddl_create_table(sqlite(), table);
	g_autofree char *add = db_ddl_add_column(sqlite(), table, table->columns->pdata[2]);
	g_autofree char *drop = db_ddl_drop(sqlite(), DB_VIEW, "sales", "odd\"name");
	g_autofree char *rename = db_ddl_rename(sqlite(), "sales", "a", "b");
	g_autofree char *view = db_ddl_create_view(sqlite(), "sales", "v", "SELECT 1 AS one");

	g_assert_cmpstr(create, ==,
		"CREATE TABLE \"sales\".\"orders\" (\"id\" INTEGER NOT NULL, \"total\" "
		"NUMERIC(12,2), "
		"\"note\" TEXT(40) DEFAULT ('none'), \"tags\" JSON TEXT)");
	g_assert_cmpstr(add, ==,
		"ALTER TABLE \"sales\".\"orders\" ADD COLUMN \"note\" TEXT(40) DEFAULT ('none')");
	g_assert_cmpstr(drop, ==, "DROP VIEW \"sales\".\"odd\"\"name\"");
	g_assert_cmpstr(rename, ==, "ALTER TABLE \"sales\".\"a\" RENAME TO \"b\"");
	g_assert_cmpstr(view, ==, "CREATE VIEW \"sales\".\"v\" AS SELECT 1 AS one");
}

static char *folder_new(void)
{
	char *folder = g_dir_make_tmp("weir-schema-XXXXXX", NULL);

	g_assert_nonnull(folder);
	return folder;
}

static DbConnection *connection_new(const char *folder)
{
	g_autofree char *url = g_strconcat("sqlite-dir:", folder, NULL);
	g_autoptr(GError) error = NULL;
	DbConnection *connection = db_open(url, NULL, &error);

	g_assert_no_error(error);
	return connection;
}

static void folder_remove(char *folder)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);

	g_assert_cmpint(system(command), ==, 0);
	g_free(folder);
}

static void execute(DbConnection *connection, const char *sql)
{
	g_autoptr(GError) error = NULL;

	db_execute_script(connection, sql, &error);
	g_assert_no_error(error);
}

static DbTable *read_table(DbConnection *connection, const char *name)
{
	g_autoptr(GError) error = NULL;
	DbTable *table = NULL;

	g_assert_true(db_schema_read_table(connection, "sales", name, &table, &error));
	g_assert_no_error(error);
	return table;
}

// What is created from a declaration compares equal with it.
static void test_round_trip(void)
{
	char *folder = folder_new();
	g_autoptr(DbConnection) connection = connection_new(folder);
	g_autoptr(DbTable) declared = declared_orders();
	g_autofree char *create = db_ddl_create_table(sqlite(), declared);
	g_autoptr(DbTable) live = NULL;
	g_autoptr(GPtrArray) differences = NULL;

	g_assert_true(db_use_dataset(connection, "sales", true, NULL));
	execute(connection, create);
	live = read_table(connection, "ORDERS");
	g_assert_nonnull(live);
	g_assert_cmpstr(live->name, ==, "orders");
	differences = db_schema_compare(sqlite(), declared, live);
	g_assert_cmpuint(differences->len, ==, 0);
	g_clear_pointer(&connection, db_close);
	folder_remove(folder);
}

static void test_read_dataset(void)
{
	char *folder = folder_new();
	g_autoptr(DbConnection) connection = connection_new(folder);
	g_autoptr(GPtrArray) tables = NULL;
	g_autoptr(GPtrArray) none = NULL;
	const DbTable *table;

	g_assert_true(db_use_dataset(connection, "sales", true, NULL));
	execute(connection,
		"CREATE TABLE sales.b (x INT PRIMARY KEY NOT NULL, y VARCHAR(9), z DOUBLE);"
		"CREATE TABLE sales._weir_publish (x); CREATE TABLE sales.weird (q);"
		"CREATE VIEW sales.broken AS SELECT * FROM nothing_there;"
		"CREATE VIEW sales.\"as\" (\"as\", b) AS -- AS said\n SELECT x, y FROM b ");
	tables = db_schema_read(connection, "sales", NULL);
	g_assert_cmpuint(tables->len, ==, 4);
	table = tables->pdata[0];
	g_assert_cmpstr(table->name, ==, "as");
	g_assert_cmpint(table->kind, ==, DB_VIEW);
	g_assert_cmpstr(table->definition, ==, "-- AS said\n SELECT x, y FROM b");
	table = tables->pdata[1];
	g_assert_cmpstr(table->name, ==, "b");
	g_assert_cmpuint(table->columns->len, ==, 3);
	g_assert_cmpint(db_table_find(table, "X")->mode, ==, DB_MODE_REQUIRED);
	g_assert_cmpint(db_table_find(table, "y")->type.kind, ==, DB_FIELD_STRING);
	g_assert_cmpuint(db_table_find(table, "y")->type.length, ==, 9);
	g_assert_cmpint(db_table_find(table, "z")->type.kind, ==, DB_FIELD_FLOAT64);
	table = tables->pdata[3];
	g_assert_cmpstr(table->name, ==, "weird");
	g_assert_cmpint(db_table_find(table, "q")->type.kind, ==, DB_FIELD_UNKNOWN);
	none = db_schema_read(connection, "nowhere", NULL);
	g_assert_cmpuint(none->len, ==, 0);
	g_clear_pointer(&connection, db_close);
	folder_remove(folder);
}

static char *compare_text(const DbTable *wanted, const DbTable *found)
{
	g_autoptr(GPtrArray) differences = db_schema_compare(sqlite(), wanted, found);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < differences->len; i++) {
		const DbDifference *difference = differences->pdata[i];
		g_autofree char *line = db_difference_text(difference);

		g_string_append_printf(text, "%d %s\n", (int)difference->change, line);
	}
	return g_string_free(text, FALSE);
}

static DbTable *table_of(const char *const *columns)
{
	DbTable *table = db_table_new("d", "t", DB_TABLE);

	for (; *columns != NULL; columns += 2) {
		bool required = columns[1][0] == '!';

		db_table_add(
			table, db_column_new(columns[0], type_of(columns[1] + (required ? 1 : 0)),
				       required ? DB_MODE_REQUIRED : DB_MODE_NULLABLE));
	}
	return table;
}

#define COLUMNS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_compare(void)
{
	const struct {
		const char *const *wanted;
		const char *const *found;
		const char *text;
	} CASES[] = {
		{COLUMNS("a", "INT64"), COLUMNS("A", "INTEGER"), ""},
		{COLUMNS("a", "INT64", "b", "STRING"), COLUMNS("a", "INT64"),
			"1 column 'b' is missing, wanted TEXT (column-missing)\n"},
		{COLUMNS("a", "INT64", "b", "!STRING"), COLUMNS("a", "INT64"),
			"2 column 'b' is missing, wanted TEXT NOT NULL (column-missing)\n"},
		{COLUMNS("a", "INT64"), COLUMNS("a", "INT64", "b", "DATE"),
			"2 column 'b' is DATE, wanted nothing (column-extra)\n"},
		{COLUMNS("a", "INT64"), COLUMNS("a", "STRING"),
			"2 column 'a' is TEXT, wanted INTEGER (column-type)\n"},
		{COLUMNS("a", "STRING(5)"), COLUMNS("a", "STRING(9)"),
			"2 column 'a' is TEXT(9), wanted TEXT(5) (column-narrowed)\n"},
		{COLUMNS("a", "STRING"), COLUMNS("a", "STRING(9)"),
			"1 column 'a' is TEXT(9), wanted TEXT (column-widened)\n"},
		{COLUMNS("a", "NUMERIC(12,2)"), COLUMNS("a", "NUMERIC(10,2)"),
			"1 column 'a' is NUMERIC(10,2), wanted NUMERIC(12,2) (column-widened)\n"},
		{COLUMNS("a", "NUMERIC(12,4)"), COLUMNS("a", "NUMERIC(12,2)"),
			"2 column 'a' is NUMERIC(12,2), wanted NUMERIC(12,4) (column-narrowed)\n"},
		{COLUMNS("a", "!INT64"), COLUMNS("a", "INT64"),
			"2 column 'a' is INTEGER, wanted INTEGER NOT NULL (column-required)\n"},
		{COLUMNS("a", "INT64"), COLUMNS("a", "!INT64"),
			"1 column 'a' is INTEGER NOT NULL, wanted INTEGER (column-nullable)\n"},
		{COLUMNS("a", "INT64", "b", "DATE"), COLUMNS("b", "DATE", "a", "INT64"),
			"0 the table is b, a, wanted a, b (column-order)\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(DbTable) wanted = table_of(CASES[i].wanted);
		g_autoptr(DbTable) found = table_of(CASES[i].found);
		g_autofree char *text = compare_text(wanted, found);

		g_assert_cmpstr(text, ==, CASES[i].text);
	}
}

static void test_compare_table(void)
{
	g_autoptr(DbTable) table = table_of(COLUMNS("a", "INT64"));
	g_autoptr(DbTable) renamed = table_of(COLUMNS("b", "INT64"));
	g_autoptr(DbTable) view = db_table_new("d", "t", DB_VIEW);
	g_autoptr(DbTable) other_view = db_table_new("d", "t", DB_VIEW);
	g_autofree char *missing = compare_text(table, NULL);
	g_autofree char *kind = compare_text(table, view);
	g_autofree char *views = compare_text(view, other_view);
	g_autofree char *rename = NULL;
	DbColumn *column = renamed->columns->pdata[0];

	column->previous_name = g_strdup("A");
	rename = compare_text(renamed, table);
	g_assert_cmpstr(missing, ==, "1 the table is missing, wanted a table (missing)\n");
	g_assert_cmpstr(kind, ==, "2 the table is a view, wanted a table (kind)\n");
	g_assert_cmpstr(views, ==, "");
	g_assert_cmpstr(rename, ==, "2 column 'b' is a, wanted b (column-renamed)\n");
}

static void test_names(void)
{
	static const struct {
		const char *name;
		const char *message;
	} CASES[] = {
		{"", "a name of a table or column must have 1 to 255 bytes, not 0"},
		{"a\nb", "a name of a table or column must not contain control characters"},
		{"a\xff", "a name of a table or column must be UTF-8"},
		{"ça va \"x\"", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(db_name_check(CASES[i].name, &error), ==, CASES[i].message == NULL);
		if (CASES[i].message != NULL)
			g_assert_cmpstr(error->message, ==, CASES[i].message);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/db/schema/types", test_types);
	g_test_add_func("/db/schema/types-refused", test_types_refused);
	g_test_add_func("/db/schema/ddl", test_ddl);
	g_test_add_func("/db/schema/round-trip", test_round_trip);
	g_test_add_func("/db/schema/read-dataset", test_read_dataset);
	g_test_add_func("/db/schema/compare", test_compare);
	g_test_add_func("/db/schema/compare-table", test_compare_table);
	g_test_add_func("/db/schema/names", test_names);
	return g_test_run();
}
