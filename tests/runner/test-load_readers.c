// The readers of CSV and lines, and the typing of their fields.
#include <string.h>

#include "runner/load/convert.h"
#include "runner/load/csv.h"
#include "runner/load/lines.h"

typedef struct {
	const char *text;
	size_t length;
	size_t position;
	size_t step; // bytes given at a time
} Text;

static ssize_t text_read(void *data, char *buffer, size_t size, GError **error)
{
	Text *text = data;
	size_t count = MIN(MIN(size, text->step), text->length - text->position);

	(void)error;
	memcpy(buffer, text->text + text->position, count);
	text->position += count;
	return (ssize_t)count;
}

// All records as text: "line: [a][b]"; quoted fields in <>.
static char *read_csv(const char *content, size_t length, const CsvOptions *options, size_t step)
{
	Text text = {content, length, 0, step};
	g_autoptr(CsvReader) reader = csv_reader_new(options, text_read, &text);
	GString *result = g_string_new(NULL);
	const CsvRecord *record;

	while (csv_reader_next(reader, &record, NULL) == CSV_RECORD) {
		g_string_append_printf(result, "%d:", (int)record->line);
		if (record->fault != NULL) {
			g_string_append_printf(
				result, "!%s@%u", record->fault, record->fault_column);
		}
		for (unsigned i = 0; record->fault == NULL && i < record->count; i++) {
			const CsvField *field = &record->fields[i];

			g_string_append_c(result, field->quoted ? '<' : '[');
			g_string_append_len(result, field->text, (gssize)field->length);
			g_string_append_c(result, field->quoted ? '>' : ']');
		}
		g_string_append_c(result, '\n');
	}
	return g_string_free(result, FALSE);
}

static const struct {
	const char *content;
	const char *records;
} CSV_CASES[] = {
	{"", ""},
	{"a,b\n1,2\n", "1:[a][b]\n2:[1][2]\n"},
	{"a,b\r\n1,2", "1:[a][b]\n2:[1][2]\n"},
	{"\xef\xbb\xbf"
	 "a\n",
		"1:[a]\n"},
	{"a,\n,\n", "1:[a][]\n2:[][]\n"},
	{"\n\na\n\n", "3:[a]\n"},
	{"\"a,b\",\"c\"\"d\",\"\"\n", "1:<a,b><c\"d><>\n"},
	{"\"one\ntwo\r\nthree\",x\ny,z\n", "1:<one\ntwo\r\nthree>[x]\n4:[y][z]\n"},
	{"12\" ruler,x\n", "1:[12\" ruler][x]\n"},
	{"\"a\"b,c\nd,e\n", "1:!text after the closing quote@1\n2:[d][e]\n"},
	{"a,\"b\nc\n", "1:!a quoted field is not closed before the end of the file@2\n"},
	{"x,\"\"\"\"\"\"\n", "1:[x]<\"\">\n"},
	{"\"a\"\r\n\"b\"\r\n", "1:<a>\n2:<b>\n"},
	{"\"a\"\r", "1:<a>\n"},
	{"\"\"\n", "1:<>\n"},
	{"a\rb,c\n", "1:[a\rb][c]\n"},
	{"caf\xc3\xa9,\xff\nok\n", "1:!not UTF-8@2\n2:[ok]\n"},
};

static void test_csv(void)
{
	static const size_t STEPS[] = {1, 2, 3, 7, 4096};

	for (size_t i = 0; i < G_N_ELEMENTS(CSV_CASES); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(STEPS); k++) {
			const char *content = CSV_CASES[i].content;
			g_autofree char *records =
				read_csv(content, strlen(content), NULL, STEPS[k]);

			g_assert_cmpstr(records, ==, CSV_CASES[i].records);
		}
	}
}

static void test_csv_nul(void)
{
	static const char CONTENT[] = "a,b\0c\n\"x\0y\",z\nd,e\n";
	g_autofree char *records = read_csv(CONTENT, sizeof(CONTENT) - 1, NULL, 100);

	g_assert_cmpstr(records, ==, "1:!a NUL byte@2\n2:!a NUL byte@1\n3:[d][e]\n");
}

static void test_csv_options(void)
{
	CsvOptions tabs = {.delimiter = '\t', .quote = '\''};
	CsvOptions plain = {.no_quote = true};
	CsvOptions few = {.max_fields = 2};
	g_autofree char *first = read_csv("a\t'b\tc'\t\"d\"\n", 12, &tabs, 100);
	g_autofree char *second = read_csv("\"a,b\"\n", 6, &plain, 100);
	g_autofree char *third = read_csv("a,b,c\nd,e\n", 10, &few, 100);

	g_assert_cmpstr(first, ==, "1:[a]<b\tc>[\"d\"]\n");
	g_assert_cmpstr(second, ==, "1:[\"a][b\"]\n");
	g_assert_cmpstr(third, ==, "1:!too many fields@0\n2:[d][e]\n");
}

// A record that is too long is one fault, however its inside looks, and the next one is read.
static void test_csv_bounded(void)
{
	CsvOptions options = {.max_record = 64};
	g_autoptr(GString) content = g_string_new("a,\"");

	for (int i = 0; i < 100; i++)
		g_string_append(content, "lots of\ntext \"\" and, more ");
	g_string_append(content, "\",b\nc,d\n");
	for (size_t step = 1; step < 200; step += 33) {
		g_autofree char *records = read_csv(content->str, content->len, &options, step);

		g_assert_cmpstr(
			records, ==, "1:!the record is longer than allowed@0\n102:[c][d]\n");
	}
}

static char *read_lines(const char *content, size_t max, size_t step)
{
	Text text = {content, strlen(content), 0, step};
	g_autoptr(LineReader) reader = line_reader_new(max, text_read, &text);
	GString *result = g_string_new(NULL);
	const Line *line;

	while (line_reader_next(reader, &line, NULL) == LINE_READ)
		g_string_append_printf(result, "%d:%.*s%s\n", (int)line->number,
			(int)MIN(line->length, 20), line->text, line->too_long ? "!" : "");
	return g_string_free(result, FALSE);
}

static void test_lines(void)
{
	static const size_t STEPS[] = {1, 2, 5, 4096};

	for (size_t k = 0; k < G_N_ELEMENTS(STEPS); k++) {
		g_autofree char *plain =
			read_lines("\xef\xbb\xbf{}\r\n\n  \n{\"a\":1}\nlast", 0, STEPS[k]);
		g_autofree char *none = read_lines("", 0, STEPS[k]);

		g_assert_cmpstr(plain, ==, "1:{}\n4:{\"a\":1}\n5:last\n");
		g_assert_cmpstr(none, ==, "");
	}
}

static void test_lines_bounded(void)
{
	g_autoptr(GString) content = g_string_new("short\n");

	for (int i = 0; i < 3000; i++)
		g_string_append(content, "0123456789");
	g_string_append(content, "\nafter\n");
	for (size_t step = 1; step < 9000; step += 4000) {
		g_autofree char *lines = read_lines(content->str, 8192, step);

		g_assert_cmpstr(lines, ==, "1:short\n2:01234567890123456789!\n3:after\n");
	}
}

// ---- Typing

// A type's name; "[]" behind it makes it REPEATED, and "" is none.
static DbColumn *column_of(const char *type)
{
	bool repeated = g_str_has_suffix(type, "[]");
	g_autofree char *name = g_strndup(type, strlen(type) - (repeated ? 2 : 0));
	DbFieldType field = {.kind = DB_FIELD_UNKNOWN};

	g_assert_true(*name == '\0' || db_field_type_parse(name, &field));
	return db_column_new("c", field, repeated ? DB_MODE_REPEATED : DB_MODE_NULLABLE);
}

static char *value_text(const char *reason, DbValue value)
{
	if (reason != NULL)
		return g_strdup_printf("!%s", reason);
	if (value.type == DB_TYPE_INTEGER || value.type == DB_TYPE_BOOLEAN)
		return g_strdup_printf("%" G_GINT64_FORMAT, value.integer);
	if (value.type == DB_TYPE_REAL)
		return g_strdup_printf("%.17g", value.real);
	return g_strdup_printf("'%.*s'", (int)value.length, (const char *)value.data);
}

static char *convert(const char *type, const char *text)
{
	g_autoptr(DbColumn) column = column_of(type);
	ConvertScratch scratch = {0};
	DbValue value = DB_NULL;
	const char *reason = convert_text(column, text, strlen(text), &scratch, &value);
	char *result = value_text(reason, value);

	convert_scratch_clear(&scratch);
	return result;
}

// The same, of a JSON value in a line.
static char *convert_member(const char *type, const char *text)
{
	g_autoptr(DbColumn) column = column_of(type);
	g_autofree char *line =
		g_strdup_printf("{\"before\":[{\"c\":\"]}\\\"\"}] , \"c\" : %s\t,\"x\":1}", text);
	ConvertScratch scratch = {0};
	DbValue value = DB_NULL;
	JsonLine json = {0};
	char reason[200];
	const JsonMember *member;
	char *result;

	if (!json_line_parse(&json, line, strlen(line), reason, sizeof(reason))) {
		json_line_clear(&json);
		return g_strdup_printf("!%s", reason);
	}
	g_assert_cmpuint(json.members->len, ==, 3);
	member = &g_array_index(json.members, JsonMember, 1);
	g_assert_cmpstr(member->key, ==, "c");
	result = value_text(convert_json(column, member, &scratch, &value), value);
	convert_scratch_clear(&scratch);
	json_line_clear(&json);
	return result;
}

static const struct {
	const char *type;
	const char *text;
	const char *value;
} CONVERT_CASES[] = {
	{"INT64", "0", "0"},
	{"INT64", "-17", "-17"},
	{"INT64", "+5", "5"},
	{"INT64", "9223372036854775807", "9223372036854775807"},
	{"INT64", "-9223372036854775808", "-9223372036854775808"},
	{"INT64", "9223372036854775808", "!'9223372036854775808' is not an INT64"},
	{"INT64", "abc", "!'abc' is not an INT64"},
	{"INT64", "17850.0", "!'17850.0' is not an INT64"},
	{"INT64", "", "!'' is not an INT64"},
	{"INT64", "-", "!'-' is not an INT64"},
	{"INT64", " 1", "!' 1' is not an INT64"},
	{"FLOAT64", "1.5", "1.5"},
	{"FLOAT64", "-0.1", "-0.10000000000000001"},
	{"FLOAT64", "1e3", "1000"},
	{"FLOAT64", "123456789.123456789", "123456789.12345679"},
	{"FLOAT64", "1e999", "!'1e999' is not a FLOAT64"},
	{"FLOAT64", "nan", "!'nan' is not a FLOAT64"},
	{"FLOAT64", "0x10", "!'0x10' is not a FLOAT64"},
	{"FLOAT64", ".", "!'.' is not a FLOAT64"},
	{"NUMERIC", "2.55", "2.5499999999999998"},
	{"NUMERIC", "2.00", "2"},
	{"NUMERIC", "12345678901234567.89", "'12345678901234567.89'"},
	{"NUMERIC", "1e3", "1000"},
	{"NUMERIC", "1e", "!'1e' is not a NUMERIC"},
	{"NUMERIC", "1e3.5", "!'1e3.5' is not a NUMERIC"},
	{"NUMERIC", "1e400", "!'1e400' is not a NUMERIC"},
	{"NUMERIC(5,2)", "1.23456e2", "!'1.23456e2' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "1.2345e+3", "!'1.2345e+3' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "99900e-2", "999"},
	{"NUMERIC(5,2)", "99900e-4", "9.9900000000000002"},
	{"NUMERIC(5,2)", "99900e-5", "!'99900e-5' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "0.0099e5", "990"},
	{"NUMERIC(5,2)", "0.0099e6", "!'0.0099e6' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "0e9", "0"},
	{"NUMERIC(5,2)", "1e99999999999999", "!'1e99999999999999' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "123.45", "123.45"},
	{"NUMERIC(5,2)", "1234.5", "!'1234.5' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "1.234", "!'1.234' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "1.230", "1.23"},
	{"BOOL", "TRUE", "1"},
	{"BOOL", "no", "0"},
	{"BOOL", "2", "!'2' is not a BOOL"},
	{"STRING", "", "''"},
	{"STRING(3)", "\xc3\xa9\xc3\xa9\xc3\xa9", "'\xc3\xa9\xc3\xa9\xc3\xa9'"},
	{"STRING(3)", "abcd", "!4 characters do not fit STRING(3)"},
	{"BYTES", "aGk=", "'hi'"},
	{"BYTES", "a?", "!not BYTES in base64"},
	{"DATE", "2010-12-01", "'2010-12-01'"},
	{"DATE", "2012-2-29", "'2012-02-29'"},
	{"DATE", "2010-02-29", "!'2010-02-29' is not a DATE"},
	{"DATE", "01.12.2010", "!'01.12.2010' is not a DATE"},
	{"DATE", "2010-12-01 08:00:00", "!'2010-12-01 08:00:00' is not a DATE"},
	{"TIME", "8:26", "'08:26:00'"},
	{"TIME", "23:59:59.500", "'23:59:59.5'"},
	{"TIME", "24:00:00", "!'24:00:00' is not a TIME"},
	{"DATETIME", "2010-12-01 08:26:00", "'2010-12-01 08:26:00'"},
	{"DATETIME", "2010-12-01T08:26:00.000001", "'2010-12-01 08:26:00.000001'"},
	{"DATETIME", "2010-12-01", "'2010-12-01 00:00:00'"},
	{"DATETIME", "2010-12-01 08:26:00Z", "!'2010-12-01 08:26:00Z' is not a DATETIME"},
	{"TIMESTAMP", "2010-12-31T23:30:00-02:00", "'2011-01-01 01:30:00'"},
	{"TIMESTAMP", "2011-01-01 00:30:00+01", "'2010-12-31 23:30:00'"},
	{"TIMESTAMP", "2010-12-01 08:26:00 UTC", "'2010-12-01 08:26:00'"},
	{"TIMESTAMP", "0001-01-01 00:00:00+10:00",
		"!'0001-01-01 00:00:00+10:00' is not a TIMESTAMP"},
	{"JSON", "{\"a\": 1}", "'{\"a\": 1}'"},
	{"JSON", "{a}", "!not JSON"},
	{"RECORD", "[1]", "!not a JSON object"},
};

static void test_convert(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(CONVERT_CASES); i++) {
		g_autofree char *value = convert(CONVERT_CASES[i].type, CONVERT_CASES[i].text);

		g_assert_cmpstr(value, ==, CONVERT_CASES[i].value);
	}
}

static const char *const TYPES[] = {"", "INT64", "FLOAT64", "NUMERIC", "NUMERIC(5,2)", "BIGNUMERIC",
	"BIGNUMERIC(40,2)", "BOOL", "STRING", "STRING(3)", "BYTES", "DATE", "DATETIME", "TIME",
	"TIMESTAMP", "JSON", "GEOGRAPHY", "RECORD", "INT64[]", "STRING[]"};

// What a JSON value is: numbers and containers by their text as it stands, strings by what they say.
static const struct {
	const char *json;
	const char *text; // the same in CSV
	char kind; // true/false, number, string, container
} JSON_VALUES[] = {
	{"true", "true", 'b'},
	{"false", "false", 'b'},
	{"7", "7", 'n'},
	{"-0", "-0", 'n'},
	{"2010", "2010", 'n'},
	{"123456", "123456", 'n'},
	{"9223372036854775807", "9223372036854775807", 'n'},
	{"9223372036854775808", "9223372036854775808", 'n'},
	{"123456789012345678901234567890", "123456789012345678901234567890", 'n'},
	{"0.1", "0.1", 'n'},
	{"0.10", "0.10", 'n'},
	{"1.0", "1.0", 'n'},
	{"99999.999", "99999.999", 'n'},
	{"1.005", "1.005", 'n'},
	{"12345678901234567.89", "12345678901234567.89", 'n'},
	{"1e2", "1e2", 'n'},
	{"1.5E-7", "1.5E-7", 'n'},
	{"1e22", "1e22", 'n'},
	{"\"\"", "", 's'},
	{"\"7\"", "7", 's'},
	{"\"99999.999\"", "99999.999", 's'},
	{"\"true\"", "true", 's'},
	{"\"aGk=\"", "aGk=", 's'},
	{"\"\\u00e9t\\\"\"", "\xc3\xa9t\"", 's'},
	{"\"2010-12-01\"", "2010-12-01", 's'},
	{"\"2010-12-01T08:26:00\"", "2010-12-01T08:26:00", 's'},
	{"\"08:26\"", "08:26", 's'},
	{"[]", "[]", 'c'},
	{"[0.1, {\"a\": \"]\"}]", "[0.1, {\"a\": \"]\"}]", 'c'},
	{"{}", "{}", 'c'},
	{"{\"price\": 0.10, \"n\": 123456789012345678901}",
		"{\"price\": 0.10, \"n\": 123456789012345678901}", 'c'},
};

static bool fits_integer(const char *text)
{
	g_autofree char *value = convert("INT64", text);

	return value[0] != '!';
}

// What the same text in CSV becomes, but for what JSON says and CSV cannot (runner/load/convert.h).
static char *expected_of(const char *type, size_t i)
{
	char kind = JSON_VALUES[i].kind;
	bool untyped = *type == '\0';
	bool json = g_str_equal(type, "JSON") || g_str_equal(type, "RECORD") ||
		    g_str_has_suffix(type, "[]");
	bool number = strstr(type, "NUMERIC") != NULL || g_str_has_prefix(type, "INT64") ||
		      g_str_equal(type, "FLOAT64");
	DbFieldType field;

	if (json) // a string stays one: what is written, with its quotes
		return convert(type, JSON_VALUES[i].json);
	if (untyped && kind == 'n')
		return convert(fits_integer(JSON_VALUES[i].text) ? "INT64" : "FLOAT64",
			JSON_VALUES[i].text);
	if (untyped && kind == 'b')
		return convert("BOOL", JSON_VALUES[i].text);
	if (untyped || kind == 's' || (kind == 'n' && number) ||
		(kind == 'b' && g_str_equal(type, "BOOL")))
		return convert(type, JSON_VALUES[i].text);
	g_assert_true(db_field_type_parse(type, &field));
	return g_strdup_printf("!%s is not %s %s", JSON_VALUES[i].json,
		g_str_equal(type, "INT64") ? "an" : "a", db_field_kind_name(field.kind));
}

// Every declared type and every kind of JSON value give what CSV gives.
static void test_convert_json(void)
{
	for (size_t t = 0; t < G_N_ELEMENTS(TYPES); t++) {
		for (size_t i = 0; i < G_N_ELEMENTS(JSON_VALUES); i++) {
			g_autofree char *value = convert_member(TYPES[t], JSON_VALUES[i].json);
			g_autofree char *expected = expected_of(TYPES[t], i);

			g_test_message("%s as %s", JSON_VALUES[i].json, TYPES[t]);
			g_assert_cmpstr(value, ==, expected);
		}
		g_autofree char *large = convert_member(TYPES[t], "1e400");

		g_assert_cmpstr(large, ==,
			"!a number is too large: real number overflow near '1e400' (character 38)");
	}
}

static const struct {
	const char *type;
	const char *json;
	const char *value;
} JSON_CASES[] = {
	{"NUMERIC(5,2)", "99999.999", "!'99999.999' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "123456", "!'123456' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "1.005", "!'1.005' does not fit NUMERIC(5,2)"},
	{"NUMERIC(5,2)", "1.10", "1.1000000000000001"},
	{"BIGNUMERIC(40,2)", "12345678901234567.89", "'12345678901234567.89'"},
	{"NUMERIC", "123456789012345678901234567890", "'123456789012345678901234567890'"},
	{"INT64", "9223372036854775808", "!'9223372036854775808' is not an INT64"},
	{"INT64", "1.0", "!'1.0' is not an INT64"},
	{"STRING", "7", "!7 is not a STRING"},
	{"BOOL", "1", "!1 is not a BOOL"},
	{"DATE", "20101201", "!20101201 is not a DATE"},
	{"JSON", "{\"price\": 0.1}", "'{\"price\": 0.1}'"},
	{"JSON", "0.1", "'0.1'"},
	{"RECORD", "[]", "!not a JSON object"},
	{"INT64[]", "{}", "!not a JSON array"},
	{"", "7", "7"},
	{"", "9223372036854775808", "9.2233720368547758e+18"},
	{"", "[1]", "'[1]'"},
};

static void test_convert_json_cases(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(JSON_CASES); i++) {
		g_autofree char *value = convert_member(JSON_CASES[i].type, JSON_CASES[i].json);

		g_assert_cmpstr(value, ==, JSON_CASES[i].value);
	}
}

// Every double of up to 15 digits is read as strtod reads it.
static void test_convert_doubles(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);

	for (int i = 0; i < 20000; i++) {
		g_autofree char *text = g_strdup_printf("%d.%0*d",
			g_rand_int_range(random, 0, 1000000), g_rand_int_range(random, 1, 9),
			g_rand_int_range(random, 0, 1000000));
		g_autofree char *expected = g_strdup_printf("%.17g", g_ascii_strtod(text, NULL));
		g_autofree char *value = convert("FLOAT64", text);

		g_assert_cmpstr(value, ==, expected);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/load-readers/csv", test_csv);
	g_test_add_func("/runner/load-readers/csv-nul", test_csv_nul);
	g_test_add_func("/runner/load-readers/csv-options", test_csv_options);
	g_test_add_func("/runner/load-readers/csv-bounded", test_csv_bounded);
	g_test_add_func("/runner/load-readers/lines", test_lines);
	g_test_add_func("/runner/load-readers/lines-bounded", test_lines_bounded);
	g_test_add_func("/runner/load-readers/convert", test_convert);
	g_test_add_func("/runner/load-readers/convert-json", test_convert_json);
	g_test_add_func("/runner/load-readers/convert-json-cases", test_convert_json_cases);
	g_test_add_func("/runner/load-readers/convert-doubles", test_convert_doubles);
	return g_test_run();
}
