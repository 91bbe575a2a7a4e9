// Shared by the files of the load source.
#pragma once

#include "runner/load/convert.h"
#include "runner/load/csv.h"
#include "runner/load/json_line.h"
#include "runner/load/lines.h"
#include "runner/load/load_source.h"

struct LoadSource {
	const LoadOptions *options;
	int fd;
	CsvReader *csv;
	LineReader *lines;
	JsonLine json; // the line under way
	Line first_line; // JSON lines: read ahead for its keys; number 0: none

	const DbColumn **columns; // by field, as they are in the table
	unsigned column_count;
	ConvertScratch *scratch; // one a column
	DbValue *values;
	GHashTable *places; // JSON lines: name -> number + 1, in any letter case
	bool *given; // JSON lines: the columns that the line has had a member of

	int64_t loaded;
	int64_t rejected;
	GPtrArray *rejects;
};

// What is wrong with a row.
typedef struct LoadFault {
	uint64_t line;
	unsigned column; // from 1; 0: the row as a whole
	const char *name; // of the column; NULL
	const char *reason;
	const char *raw;
	size_t raw_length;
} LoadFault;

// Refuses the row, or keeps it aside: false when the load has to stop.
bool load_refuse(LoadSource *load, const LoadFault *fault, GError **error);
ssize_t load_read(void *load, char *buffer, size_t size, GError **error);

bool load_csv_describe(LoadSource *load, Build *build, GError **error);
// Reads the next good row into load->values. *ret_row is false at the end.
bool load_csv_next(LoadSource *load, bool *ret_row, GError **error);
bool load_json_describe(LoadSource *load, Build *build, GError **error);
bool load_json_next(LoadSource *load, bool *ret_row, GError **error);
