// Turns the text of a field (CSV) or a JSON value (JSON lines) into a typed value to bind, strictly: what is not clearly of
// the declared type is refused with a reason, never guessed. Pure.
//
// A number, a string and an object in JSON are judged by their text, exactly as the same text in CSV is. What differs is
// what CSV cannot say: JSON tells itself what a value is, and nothing is made of a value of another kind (7, true or [1] is
// no STRING, 1 is no BOOL), while a string may hold what is written there ("7" is an INT64). null is no value, for a JSON
// column too. A column of no known type takes a value as it is; from CSV that is a text.
//
// Dates and times get one canonical text that sorts as they do: "2010-12-01", "08:26:00[.ffffff]",
// "2010-12-01 08:26:00[.ffffff]"; a TIMESTAMP is converted to UTC first.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "db/db.h"
#include "db/schema.h"
#include "runner/load/json_line.h"

// Memory for one converted field: what a value points to when it is not the field itself. Zeroed at first.
typedef struct ConvertScratch {
	char text[64];
	GString *buffer; // for longer ones; made when needed
	char reason[160];
} ConvertScratch;

void convert_scratch_clear(ConvertScratch *scratch);

// The value points into text or scratch, until the next conversion with the same scratch. NULL, or why it cannot be:
// "'abc' is not an INT64" (in scratch->reason).
const char *convert_text(const DbColumn *column, const char *text, size_t length,
	ConvertScratch *scratch, DbValue *ret_value);
// The value is not null, which is for the caller to see to.
const char *convert_json(const DbColumn *column, const JsonMember *member, ConvertScratch *scratch,
	DbValue *ret_value);
