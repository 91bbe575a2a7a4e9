// Loading files into tables: typed by the declared schema, bad rows refused with their place or kept aside.
#include <string.h>

#include "tests/runner/build_bed.h"

#define SCHEMA                                                                                     \
	"\"schema\": [{\"name\": \"InvoiceNo\", \"type\": \"STRING\", \"mode\": \"REQUIRED\"},"    \
	" {\"name\": \"Quantity\", \"type\": \"INTEGER\", \"mode\": \"REQUIRED\"},"                \
	" {\"name\": \"Price\", \"type\": \"NUMERIC\"}, {\"name\": \"At\", \"type\": "             \
	"\"DATETIME\"}]"
#define LANDING "{\"table\": \"sales.landing\", \"feed\": \"WRITE_TRUNCATE\", " SCHEMA "}"

static const LoadOptions CSV = {.max_bad_rows = -1};

static void test_csv(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_load(&bed, LANDING, CSV,
		"quantity,InvoiceNo,Price,At\n6,\"53,6\",2.55,2010-12-01 08:26:00\n-1,C2,,\n"));
	bed_assert(&bed, "sales", "SELECT *, typeof(Price) FROM sales.landing",
		"53,6|6|2.55|2010-12-01 08:26:00|real C2|-1|NULL|NULL|null");
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "rows")), ==, 2);
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "rejected")), ==, 0);
	bed_assert(&bed, "sales", "SELECT type FROM pragma_table_info('landing')",
		"TEXT INTEGER NUMERIC DATETIME");
}

static const struct {
	const char *content;
	const char *error;
} BAD[] = {
	{"InvoiceNo,Quantity,Price,At\n1,2,3,\n4,abc,5,\n",
		"line 3, column 2 'Quantity': 'abc' is not an INT64"},
	{"InvoiceNo,Quantity,Price,At\n\"1\n2\",2,3,\n4,5,x,\n",
		"line 4, column 3 'Price': 'x' is not a NUMERIC"},
	{"InvoiceNo,Quantity,Price,At\n1,,3,\n",
		"line 2, column 2 'Quantity': no value, but the column is REQUIRED"},
	{"InvoiceNo,Quantity,Price,At\n1,2\n", "line 2: 2 fields, expected 4"},
	{"InvoiceNo,Quantity,Price,At\n1,2,3,\"open\n",
		"line 2, column 4 'At': a quoted field is not closed before the end of the file"},
	{"InvoiceNo,Qantity,Price,At\n1,2,3,\n",
		"column 'Qantity' is not in the declared schema; did you mean 'Quantity'?"},
	{"InvoiceNo,Quantity,At\n1,2,\n", "column 'Price' of the declared schema does not come"},
	{"InvoiceNo,InvoiceNo,Quantity,Price,At\n", "column 'InvoiceNo' comes twice"},
};

// Files of another kind: what they are, and what is to be done.
static const struct {
	const char *content;
	gssize length;
	const char *error;
} STRANGE[] = {
	{"InvoiceNo;Quantity\n1;2\n", -1,
		"line 1: the header is one name with ';' in it; is that what stands between "
		"values? set delimiter: \";\""},
	{"InvoiceNo\tQuantity\n1\t2\n", -1,
		"line 1: the header is one name with '\\t' in it; is that what stands between "
		"values? set delimiter: \"\\t\""},
	{"InvoiceNo\r1\r2\r", -1,
		"line 1: lines end with CR alone, and only LF and CRLF end one; convert the file: "
		"tr '\\r' '\\n'"},
	{"\xff\xfeI\0n\0", 6,
		"line 1: the file is UTF-16, and only UTF-8 is read; convert it: iconv -f UTF-16 "
		"-t "
		"UTF-8"},
	{"\0I\0n", 4,
		"line 1: the file is UTF-16, and only UTF-8 is read; convert it: iconv -f UTF-16 "
		"-t "
		"UTF-8"},
};

static void test_strange_files(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	for (size_t i = 0; i < G_N_ELEMENTS(STRANGE); i++) {
		g_assert_false(
			bed_load_bytes(&bed, LANDING, CSV, STRANGE[i].content, STRANGE[i].length));
		g_assert_cmpstr(bed.error, ==, STRANGE[i].error);
	}
}

static void test_bad_rows(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_load(&bed, LANDING, CSV, "InvoiceNo,Quantity,Price,At\nold,1,,\n"));
	for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
		g_assert_false(bed_load(&bed, LANDING, CSV, BAD[i].content));
		g_assert_cmpstr(bed.error, ==, BAD[i].error);
		bed_assert(&bed, "sales", "SELECT InvoiceNo FROM sales.landing", "old");
	}
	g_assert_false(bed_load(&bed, LANDING, CSV, ""));
	g_assert_true(g_str_has_suffix(bed.error, "/input' is empty: it has no header line"));
}

static void test_rejects(void)
{
	g_auto(Bed) bed = {0};
	LoadOptions reject = {.reject = true, .max_bad_rows = 3};
	static const char *const CONTENT =
		"InvoiceNo,Quantity,Price,At\n1,2,3,\n2,x,3,\n3,4\n4,5,6,2010-13-01\n5,6,7,\n";

	bed_open(&bed);
	g_assert_true(bed_load(&bed, LANDING, reject, CONTENT));
	bed_assert(&bed, "sales", "SELECT InvoiceNo FROM sales.landing", "1 5");
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "rejected")), ==, 3);
	g_assert_cmpstr(bed_rejects->str, ==,
		"3 Quantity 'x' is not an INT64 [2,x,3,]\n"
		"4 - 2 fields, expected 4 [3,4]\n"
		"5 At '2010-13-01' is not a DATETIME [4,5,6,2010-13-01]\n");
	reject.max_bad_rows = 2;
	g_assert_false(bed_load(&bed, LANDING, reject, CONTENT));
	g_assert_cmpstr(bed.error, ==,
		"3 rows are bad, more than max_bad_rows allows; the last one: line 5, column 4 "
		"'At': '2010-13-01' is not a DATETIME");
	bed_assert(&bed, "sales", "SELECT InvoiceNo FROM sales.landing", "1 5");
}

static void test_options(void)
{
	g_auto(Bed) bed = {0};
	LoadOptions tabs = {
		.delimiter = '\t', .no_header = true, .null_text = "NULL", .max_bad_rows = -1};
	LoadOptions skip = {.skip = 1, .max_bad_rows = -1};

	bed_open(&bed);
	g_assert_true(bed_load(&bed, LANDING, tabs, "a\t1\tNULL\t2010-12-01 00:00\n"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.landing", "a|1|NULL|2010-12-01 00:00:00");
	g_assert_true(bed_load(
		&bed, LANDING, skip, "exported on monday\nInvoiceNo,Quantity,Price,At\nb,2,,\n"));
	bed_assert(&bed, "sales", "SELECT InvoiceNo FROM sales.landing", "b");
}

static void test_json_lines(void)
{
	g_auto(Bed) bed = {0};
	LoadOptions json = {.format = LOAD_JSON_LINES, .max_bad_rows = -1};
	LoadOptions reject = {.format = LOAD_JSON_LINES, .reject = true, .max_bad_rows = -1};

	bed_open(&bed);
	g_assert_true(bed_load(&bed, LANDING, json,
		"{\"InvoiceNo\": \"a\", \"Quantity\": 3, \"Price\": 2.5}\n\n{\"Quantity\": \"4\", "
		"\"InvoiceNo\": \"b\", \"At\": null}\n"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.landing", "a|3|2.5|NULL b|4|NULL|NULL");
	g_assert_false(bed_load(&bed, LANDING, json, "{\"InvoiceNo\": 7, \"Quantity\": 3}\n"));
	g_assert_cmpstr(bed.error, ==, "line 1, column 1 'InvoiceNo': 7 is not a STRING");
	g_assert_true(bed_load(&bed, LANDING, reject,
		"{\"InvoiceNo\": \"a\"}\nnonsense\n[1]\n{\"InvoiceNo\": \"a\", \"Quantity\": 1, "
		"\"Prize\": 2}\n{\"InvoiceNo\": \"ok\", \"Quantity\": 1}\n"));
	g_assert_cmpstr(bed_rejects->str, ==,
		"1 Quantity no value, but the column is REQUIRED [{\"InvoiceNo\": \"a\"}]\n"
		"2 - not a JSON object: '[' or '{' expected near 'nonsense' (character 8) "
		"[nonsense]\n"
		"3 - not a JSON object [[1]]\n"
		"4 - there is no column 'Prize'; did you mean 'Price'? [{\"InvoiceNo\": \"a\", "
		"\"Quantity\": 1, \"Prize\": 2}]\n");
	bed_assert(&bed, "sales", "SELECT InvoiceNo FROM sales.landing", "ok");
}

#define SIZED                                                                                      \
	"{\"table\": \"sales.sized\", \"schema\": [{\"name\": \"n\", \"type\": \"NUMERIC\","       \
	" \"precision\": 5, \"scale\": 2}, {\"name\": \"j\", \"type\": \"JSON\"}]}"

// What is declared holds for numbers in JSON as for their text, which is kept as it stands; names in any letter case.
static void test_json_sizes(void)
{
	g_auto(Bed) bed = {0};
	LoadOptions json = {.format = LOAD_JSON_LINES, .max_bad_rows = -1};

	bed_open(&bed);
	g_assert_true(bed_load(&bed, SIZED, json,
		"{\"N\":99.99,\"j\":{\"price\":0.1}}\n{\"n\":\"0.10\",\"J\":[1.10]}\n"));
	bed_assert(
		&bed, "sales", "SELECT n, j FROM sales.sized", "99.99|{\"price\":0.1} 0.1|[1.10]");
	g_assert_false(bed_load(&bed, SIZED, json, "{\"n\":1}\n{\"n\":99999.999}\n"));
	g_assert_cmpstr(
		bed.error, ==, "line 2, column 1 'n': '99999.999' does not fit NUMERIC(5,2)");
	g_assert_false(bed_load(&bed, SIZED, json, "{\"n\":1,\"N\":2}\n"));
	g_assert_cmpstr(bed.error, ==, "line 1, column 1 'n': comes twice, in two letter cases");
	g_assert_true(bed_load(&bed, SIZED, CSV, "N,j\n1,2\n"));
	g_assert_false(bed_load(&bed, SIZED, json, "{\"n\":1e400}\n"));
	g_assert_cmpstr(bed.error, ==,
		"line 1: a number is too large: real number overflow near '1e400' (character 10)");
}

// Nothing is declared: a CSV's columns are text, JSON says itself what it is; a table that is there decides.
static void test_undeclared(void)
{
	g_auto(Bed) bed = {0};
	LoadOptions json = {.format = LOAD_JSON_LINES, .max_bad_rows = -1};

	bed_open(&bed);
	g_assert_true(bed_load(&bed, "{\"table\": \"sales.a\"}", CSV, "x,y\n1,two\n"));
	bed_assert(&bed, "sales", "SELECT x, typeof(x) FROM sales.a", "1|text");
	g_assert_true(bed_load(&bed, "{\"table\": \"sales.b\"}", json,
		"{\"n\": 1, \"r\": 0.5, \"t\": true, \"o\": {\"k\": []}}\n"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.b", "1|0.5|1|{\"k\": []}");
	bed_execute(&bed, "sales", "CREATE TABLE sales.c (n INTEGER)");
	g_assert_false(bed_load(&bed, "{\"table\": \"sales.c\"}", CSV, "n\nx\n"));
	g_assert_cmpstr(bed.error, ==, "line 2, column 1 'n': 'x' is not an INT64");
}

// Nothing but null says nothing: the first value does, in the same file or a later one.
static void test_first_value(void)
{
	g_auto(Bed) bed = {0};
	LoadOptions json = {.format = LOAD_JSON_LINES, .max_bad_rows = -1};
	static const char *const INTO = "{\"table\": \"sales.a\", \"feed\": \"WRITE_APPEND\"}";

	bed_open(&bed);
	g_assert_true(bed_load(
		&bed, INTO, json, "{\"m\":null,\"n\":null,\"t\":\"x\"}\n{\"m\":7,\"t\":\"y\"}\n"));
	bed_assert(&bed, "sales", "SELECT name, type FROM pragma_table_info('a')",
		"m|INTEGER n|TEXT t|TEXT");
	g_assert_true(bed_load(&bed, INTO, json, "{\"n\":[0.10]}\n"));
	bed_load(&bed, INTO, json, "{\"n\":1.5}\n");
	g_assert_cmpstr(bed.error, ==, "line 1, column 2 'n': 1.5 is not a STRING");
	bed_assert(&bed, "sales", "SELECT * FROM sales.a", "NULL|NULL|x 7|NULL|y NULL|[0.10]|NULL");
}

static void test_feeds(void)
{
	g_auto(Bed) bed = {0};
	static const char *const DELTA =
		"{\"table\": \"sales.t\", \"feed\": \"MODE_DELTA\", \"key\": [\"k\"], \"checks\": "
		"[{\"not_null\": [\"v\"]}], \"schema\": [{\"name\": \"k\", \"type\": \"INT64\"}, "
		"{\"name\": \"v\", \"type\": \"STRING\"}]}";

	bed_open(&bed);
	g_assert_true(bed_load(&bed, DELTA, CSV, "k,v\n1,a\n2,b\n"));
	g_assert_true(bed_load(&bed, DELTA, CSV, "k,v\n2,c\n3,d\n"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.t ORDER BY k", "1|a 2|c 3|d");
	g_assert_false(bed_load(&bed, DELTA, CSV, "k,v\n4,\n"));
	g_assert_cmpstr(
		bed.error, ==, "'sales.t' was not published: not_null(v): 1 of 1 rows fail");
}

// The lines of a real file: what comes in is what sqlite would count.
static void test_real_file(void)
{
	g_auto(Bed) bed = {0};
	g_autofree char *path = g_build_filename(
		WEIR_SOURCE_DIR, "examples", "retail", "data", "2010-12-01.csv", NULL);
	g_autofree char *content = NULL;
	static const char *const RETAIL =
		"{\"table\": \"sales.landing\", \"feed\": \"WRITE_TRUNCATE\", \"schema\": "
		"[{\"name\": \"InvoiceNo\", \"type\": \"STRING\", \"mode\": \"REQUIRED\"}, "
		"{\"name\": \"StockCode\", \"type\": \"STRING\", \"mode\": \"REQUIRED\"}, "
		"{\"name\": \"Description\", \"type\": \"STRING\"}, {\"name\": \"Quantity\", "
		"\"type\": \"INTEGER\", \"mode\": \"REQUIRED\"}, {\"name\": \"InvoiceDate\", "
		"\"type\": \"DATETIME\", \"mode\": \"REQUIRED\"}, {\"name\": \"UnitPrice\", "
		"\"type\": \"NUMERIC\", \"mode\": \"REQUIRED\"}, {\"name\": \"CustomerID\", "
		"\"type\": \"STRING\"}, {\"name\": \"Country\", \"type\": \"STRING\", \"mode\": "
		"\"REQUIRED\"}]}";
	unsigned lines = 0;
	g_autofree char *count = NULL;

	g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
	for (const char *p = content; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	bed_open(&bed);
	g_assert_true(bed_load(&bed, RETAIL, CSV, content));
	count = g_strdup_printf("%u", lines - 1);
	bed_assert(&bed, "sales", "SELECT count(*) FROM sales.landing", count);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/load/csv", test_csv);
	g_test_add_func("/runner/load/strange-files", test_strange_files);
	g_test_add_func("/runner/load/bad-rows", test_bad_rows);
	g_test_add_func("/runner/load/rejects", test_rejects);
	g_test_add_func("/runner/load/options", test_options);
	g_test_add_func("/runner/load/json-lines", test_json_lines);
	g_test_add_func("/runner/load/json-sizes", test_json_sizes);
	g_test_add_func("/runner/load/undeclared", test_undeclared);
	g_test_add_func("/runner/load/first-value", test_first_value);
	g_test_add_func("/runner/load/feeds", test_feeds);
	g_test_add_func("/runner/load/real-file", test_real_file);
	return g_test_run();
}
