// Headers that a load has read already. Scripts of one kind begin with the same lines: such a header is parsed and
// converted once.
#pragma once

#include "repo-layout/yaml_document.h"

#include <jansson.h>

// Of one load; not thread-safe.
typedef struct HeaderMemo HeaderMemo;

HeaderMemo *header_memo_new(void);
void header_memo_free(HeaderMemo *memo);

// A header without faults. Everything belongs to the memo; values are never changed.
typedef struct {
	const YamlNode *node; // its lines and columns are those of every file that has it
	json_t *header; // converted
} KnownHeader;

// The header of just this text at just this place of a file; NULL when there is none yet. memo may be NULL.
const KnownHeader *header_memo_find(
	HeaderMemo *memo, const char *text, size_t length, unsigned line, unsigned column);

// Keeps a header for the load's other files. Takes the document, whose root it is, and a reference to header. False when
// the memo is full or there is none: nothing is taken.
bool header_memo_add(HeaderMemo *memo, const char *text, size_t length, unsigned line,
	unsigned column, YamlDocument *document, json_t *header);
