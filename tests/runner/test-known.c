// What a connection knows of tables is what they are, whoever changed them: random histories of builds, of builds that fail
// after they changed the table, and of other people's changes, all over one pooled connection.
#include <string.h>

#include "db/schema.h"
#include "tests/runner/build_bed.h"

enum {
	HISTORIES = 12,
	STEPS = 60,
};

// Properties of builds; %s is the table.
static const char *const BUILDS[] = {
	"{\"table\": \"sales.%s\", \"sql\": \"SELECT 1 AS id, 'a' AS v\"}",
	"{\"table\": \"sales.%s\", \"sql\": \"SELECT 1 AS id, 2 AS v, 3.5 AS w\"}",
	"{\"table\": \"sales.%s\", \"feed\": \"WRITE_APPEND\", \"allow_breaking\": true, "
	"\"sql\": \"SELECT 7 AS id, 'b' AS v\"}",
	"{\"table\": \"sales.%s\", \"feed\": \"MODE_DELTA\", \"key\": [\"id\"], \"sql\": "
	"\"SELECT 1 AS id, 'c' AS v\", \"allow_breaking\": true}",
	"{\"table\": \"sales.%s\", \"feed\": \"VIEW\", \"sql\": \"SELECT 1 AS id\", "
	"\"allow_breaking\": true}",
	"{\"table\": \"sales.%s\", \"feed\": \"SCRIPT\", \"sql\": \"CREATE TABLE IF NOT EXISTS "
	"sales.a (id); CREATE TABLE IF NOT EXISTS sales.late (x); DROP TABLE sales.late\"}",
	// Fails when the table has rows, and adds a column before it does.
	"{\"table\": \"sales.%s\", \"feed\": \"WRITE_EMPTY\", \"allow_breaking\": true, \"sql\": "
	"\"SELECT 1 AS id, 'a' AS v, 3.5 AS w, 1 AS more\"}",
};

static const char *const OTHERS[] = {
	"CREATE TABLE IF NOT EXISTS sales.other (x)",
	"DROP TABLE IF EXISTS sales.other",
	"ALTER TABLE sales.%s ADD COLUMN theirs_%u TEXT",
	"DROP TABLE IF EXISTS sales.%s",
	"CREATE INDEX IF NOT EXISTS sales.theirs ON other (x)",
};

// The same table may be written in any letters.
static const char *const TABLES[] = {"a", "A", "b"};

// What other people do may fail: there may be a view of that name, or no table.
static void somebody_else(const Bed *bed, const char *table, unsigned step)
{
	const char *format = OTHERS[g_test_rand_int_range(0, G_N_ELEMENTS(OTHERS))];
	g_autofree char *number = g_strdup_printf("%u", step);
	g_autoptr(GString) sql = g_string_new(format);
	g_autoptr(DbConnection) connection = db_open(bed->url, NULL, NULL);

	g_string_replace(sql, "%s", table, 0);
	g_string_replace(sql, "%u", number, 0);
	g_assert_true(db_use_dataset(connection, "sales", true, NULL));
	db_execute(connection, sql->str, DB_NO_VALUES, NULL, NULL);
}

// What the marker says the table looks like is what a new connection sees.
static void assert_shape(const Bed *bed, const char *table)
{
	g_autoptr(DbConnection) connection = db_open(bed->url, NULL, NULL);
	g_autoptr(DbTable) found = NULL;
	g_autofree char *text = NULL;
	g_autofree char *recorded = NULL;

	g_assert_true(db_schema_read_table(connection, "sales", table, &found, NULL));
	g_assert_true(db_query_text(connection,
		"SELECT shape FROM sales._weir_publish WHERE table_name = $1 ORDER BY task_run "
		"DESC LIMIT 1",
		DB_VALUES(DB_TEXT(table)), &recorded, NULL));
	text = found == NULL ? g_strdup("") : db_table_text(found);
	g_assert_cmpstr(recorded, ==, text);
}

static void assert_index(const Bed *bed, const char *table, bool wanted)
{
	g_autofree char *sql = g_strdup_printf(
		"SELECT count(*) FROM sales.sqlite_schema WHERE name = '_weir_key_%s' COLLATE "
		"NOCASE",
		table);

	bed_assert(bed, "sales", sql, wanted ? "1" : "0");
}

static bool is_feed(const char *properties, const char *feed)
{
	return strstr(properties, feed) != NULL;
}

static unsigned build_step_of(Bed *bed, const char *table)
{
	const char *format = BUILDS[g_test_rand_int_range(0, G_N_ELEMENTS(BUILDS))];
	g_autoptr(GString) properties = g_string_new(format);

	g_string_replace(properties, "%s", table, 0);
	if (!bed_build(bed, properties->str))
		return 0;
	assert_shape(bed, table);
	if (!is_feed(format, "VIEW") && !is_feed(format, "SCRIPT"))
		assert_index(bed, table, is_feed(format, "MODE_DELTA"));
	return 1;
}

static void test_histories(void)
{
	unsigned published = 0;
	unsigned failed = 0;

	for (unsigned i = 0; i < HISTORIES; i++) {
		g_auto(Bed) bed = {0};

		bed_open(&bed);
		for (unsigned step = 0; step < STEPS; step++) {
			const char *table = TABLES[g_test_rand_int_range(0, G_N_ELEMENTS(TABLES))];

			if (g_test_rand_int_range(0, 3) == 0) {
				somebody_else(&bed, table, step);
				continue;
			}
			if (build_step_of(&bed, table) > 0)
				published++;
			else
				failed++;
		}
		bed_assert(&bed, "sales", "PRAGMA sales.integrity_check", "ok");
	}
	g_test_message("%u published, %u failed", published, failed);
	g_assert_cmpuint(published, >, HISTORIES * STEPS / 4);
	g_assert_cmpuint(failed, >, HISTORIES);
}

// A change that was rolled back, and another's that brings the dataset's schema to the same number.
static void test_rolled_back(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_build(&bed, "{\"table\": \"sales.t\", \"sql\": \"SELECT 1 AS id\"}"));
	g_assert_false(bed_build(&bed,
		"{\"table\": \"sales.t\", \"feed\": \"WRITE_EMPTY\", \"sql\": \"SELECT 1 AS id, 2 "
		"AS more\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.t': the table already has 1 rows, and WRITE_EMPTY writes "
		"into an empty one only");
	bed_execute(&bed, "sales", "CREATE TABLE sales.other (x)");
	g_assert_true(bed_build(&bed,
		"{\"table\": \"sales.t\", \"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 1 AS id, 2 "
		"AS more\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.t", "1|NULL 1|2");
	assert_shape(&bed, "t");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/known/histories", test_histories);
	g_test_add_func("/runner/known/rolled-back", test_rolled_back);
	return g_test_run();
}
