// Turns the text of a field (CSV) or a JSON value (JSON lines) into a typed value to bind, strictly: what is not clearly of
// the declared type is refused with a reason, never guessed. Pure.
//
// Dates and times get one canonical text that sorts as they do: "2010-12-01", "08:26:00[.ffffff]",
// "2010-12-01 08:26:00[.ffffff]"; a TIMESTAMP is converted to UTC first.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "db/db.h"
#include "db/schema.h"

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
const char *convert_json(
	const DbColumn *column, const json_t *json, ConvertScratch *scratch, DbValue *ret_value);
