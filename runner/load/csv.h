// Reads CSV (RFC 4180) record by record from any source of bytes, in bounded memory. Pure: the bytes come from a function.
//
// Lenient where files in the wild differ harmlessly (LF or CRLF, a last line without its end, a UTF-8 byte order mark, a
// quote inside an unquoted field, blank lines), strict where a value would be guessed: such a record comes with a fault.
// Not thread-safe; each reader is used by one thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CsvReader CsvReader;

// Fills at most size bytes; the number filled, 0 at the end, -1 with error set.
typedef ssize_t (*CsvSource)(void *data, char *buffer, size_t size, GError **error);

typedef struct CsvOptions {
	char delimiter; // 0: ','
	char quote; // 0: '"'
	bool no_quote; // quotes are ordinary characters
	size_t max_record; // bytes; 0: 16 MiB. A longer record is a fault, and is skipped
	unsigned max_fields; // 0: 10,000
} CsvOptions;

typedef struct CsvField {
	const char *text; // not NUL-terminated
	size_t length;
	bool quoted;
} CsvField;

typedef struct CsvRecord {
	uint64_t line; // where it starts, from 1
	CsvField *fields;
	unsigned count;
	const char *raw; // as it was in the file, without the line's end; cut when too long
	size_t raw_length;
	const char *fault; // what is wrong with it (then count is not to be used), or NULL
	unsigned fault_column; // of the fault, from 1; 0: the record as a whole
} CsvRecord;

typedef enum {
	CSV_RECORD,
	CSV_END,
	CSV_FAILED, // the source failed; error is set
} CsvStatus;

// options may be NULL.
CsvReader *csv_reader_new(const CsvOptions *options, CsvSource source, void *data);
void csv_reader_free(CsvReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvReader, csv_reader_free)

// The next record; borrowed until the next call.
CsvStatus csv_reader_next(CsvReader *reader, const CsvRecord **ret_record, GError **error);
