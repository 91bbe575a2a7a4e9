// What is written from the tables of keys: JSON Schema, and the reference pages.
#pragma once

#include "repo-layout/keys.h"
#include "repo-layout/task_kind.h"

// A kind of file that users write.
typedef struct KeyPage {
	const char *name; // "script": of `weir schema script` and docs/reference/script.md
	const char *title; // "Script header"
	const char *place; // where such files are
	const char *intro; // a paragraph
	const KeyTable *table;
} KeyPage;

extern const KeyPage key_pages[]; // ended by a row whose name is NULL

const KeyPage *key_page_find(const char *name);
// JSON Schema (draft 2020-12). A new reference.
json_t *key_page_schema(const KeyPage *page);
// The page of docs/reference. The caller frees it.
char *key_page_text(const KeyPage *page);
