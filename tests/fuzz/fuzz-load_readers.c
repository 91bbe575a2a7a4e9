// The readers of files: whatever comes, and in whatever pieces, they end, stay within their bounds, and give the same records.
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "runner/load/convert.h"
#include "runner/load/csv.h"
#include "runner/load/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
	const uint8_t *data;
	size_t size;
	size_t position;
	size_t step;
} Input;

static ssize_t input_read(void *data, char *buffer, size_t size, GError **error)
{
	Input *input = data;
	size_t count = MIN(MIN(size, input->step), input->size - input->position);

	(void)error;
	memcpy(buffer, input->data + input->position, count);
	input->position += count;
	return (ssize_t)count;
}

static guint mix(guint hash, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = hash * 31 + (unsigned char)text[i];
	return hash * 31 + (guint)length;
}

// Every type is tried on every field: none may crash or read past its end (the text is copied to its exact size).
static void convert_all(const char *text, size_t length)
{
	g_autofree char *exact = g_memdup2(text, length);
	ConvertScratch scratch = {0};

	for (DbFieldKind kind = DB_FIELD_INT64; kind < DB_FIELD_COUNT; kind++) {
		DbFieldType type = {.kind = kind};
		g_autoptr(DbColumn) column = db_column_new("c", type, DB_MODE_NULLABLE);
		DbValue value;

		convert_text(column, exact == NULL ? "" : exact, length, &scratch, &value);
	}
	convert_scratch_clear(&scratch);
}

static guint read_csv(const uint8_t *data, size_t size, size_t step, bool convert)
{
	Input input = {data, size, 0, step};
	CsvOptions options = {.max_record = 512, .max_fields = 20};
	g_autoptr(CsvReader) reader = csv_reader_new(&options, input_read, &input);
	const CsvRecord *record;
	guint hash = 0;

	while (csv_reader_next(reader, &record, NULL) == CSV_RECORD) {
		hash = hash * 31 + (guint)record->line;
		if (record->fault != NULL) {
			hash = mix(hash, record->fault, strlen(record->fault));
			continue;
		}
		for (unsigned i = 0; i < record->count; i++) {
			hash = mix(hash, record->fields[i].text, record->fields[i].length);
			if (convert)
				convert_all(record->fields[i].text, record->fields[i].length);
		}
	}
	return hash;
}

// A member's text is that of its value, and lies in the line (which is copied to its exact size).
static void take_apart(const Line *line, JsonLine *json)
{
	g_autofree char *exact = g_memdup2(line->text, line->length);
	ConvertScratch scratch = {0};
	char reason[200];

	if (exact == NULL || !json_line_parse(json, exact, line->length, reason, sizeof(reason)))
		return;
	for (guint i = 0; i < json->members->len; i++) {
		const JsonMember *member = &g_array_index(json->members, JsonMember, i);
		json_t *alone = json_loadb(member->text, member->length,
			JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);

		g_assert_true(json_equal(alone, member->value));
		json_decref(alone);
		for (DbFieldKind kind = DB_FIELD_UNKNOWN; kind < DB_FIELD_COUNT; kind++) {
			DbFieldType type = {.kind = kind};
			g_autoptr(DbColumn) column = db_column_new("c", type, DB_MODE_NULLABLE);
			DbValue value;

			convert_json(column, member, &scratch, &value);
		}
	}
	convert_scratch_clear(&scratch);
}

static guint read_lines(const uint8_t *data, size_t size, size_t step)
{
	Input input = {data, size, 0, step};
	g_autoptr(LineReader) reader = line_reader_new(5000, input_read, &input);
	const Line *line;
	JsonLine json = {0};
	guint hash = 0;

	while (line_reader_next(reader, &line, NULL) == LINE_READ) {
		hash = mix(hash * 31 + (guint)line->number, line->text, MIN(line->length, 4096));
		if (!line->too_long)
			take_apart(line, &json);
	}
	json_line_clear(&json);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	guint whole = read_csv(data, size, 1 << 20, true);

	g_assert_cmpuint(whole, ==, read_csv(data, size, 1, false));
	g_assert_cmpuint(whole, ==, read_csv(data, size, 7, false));
	g_assert_cmpuint(read_lines(data, size, 1 << 20), ==, read_lines(data, size, 3));
	return 0;
}
