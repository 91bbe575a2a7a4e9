// What the parser of text (parse_template.c) and that of the tags in it (parse_tag.c) need of each other. Private to this
// folder.
#pragma once

#include "expr/parser.h"

// The text around the expressions: where reading stands, and whether a dash wants the blanks that follow dropped.
typedef struct {
	Parser parser;
	size_t at;
	bool trim_next;
} TextParser;

typedef struct TagRow TagRow;

struct TagRow {
	const char *name;
	ExprNode *(*parse)(TextParser *reader, const TagRow *row, size_t offset);
	const char *ends[4]; // the tags that end (a part of) its body
};

// The tags that there are; raw and verbatim, which take their body as it is, are not among them.
extern const TagRow tag_rows[];
extern const size_t tag_row_count;

// Begins a {{ … }} or {% … %} at an offset: its first token becomes the current one.
void span_open(TextParser *reader, size_t offset);

// Goes past the close of a span; after a fault, to the next close there is.
void span_close(TextParser *reader, TokenKind close);

// Reads the name that is the current token; "" after a fault.
const char *span_name(TextParser *reader, const char *wanted);

// Reads text, outputs and tags up to the end tag of row (NULL: to the end of the text). Sets *ended_by to that tag, which is
// not closed yet, or to NULL at the end of the text.
NodeList parse_body(TextParser *reader, const TagRow *row, size_t offset, const char **ended_by);
