#include "repo-layout/script_memo.h"

#include <string.h>

enum {
	HEADERS_KEPT = 512,
	LENGTH_KEPT = 4096, // a longer one is hardly written twice
};

typedef struct {
	const char *text;
	size_t length;
	unsigned line, column;
} Key;

typedef struct {
	Key key; // first: it is what the table looks at
	KnownHeader known;
	YamlDocument *document;
	char text[];
} Entry;

struct HeaderMemo {
	GHashTable *entries; // Entry
};

static guint key_hash(const void *data)
{
	const Key *key = data;
	guint hash = key->line * 31 + key->column;

	for (size_t i = 0; i < key->length; i++)
		hash = hash * 33 + (unsigned char)key->text[i];
	return hash;
}

static gboolean key_equal(const void *left, const void *right)
{
	const Key *a = left;
	const Key *b = right;

	return a->length == b->length && a->line == b->line && a->column == b->column &&
	       memcmp(a->text, b->text, a->length) == 0;
}

static void entry_free(void *data)
{
	Entry *entry = data;

	json_decref(entry->known.header);
	yaml_document_free(entry->document);
	g_free(entry);
}

HeaderMemo *header_memo_new(void)
{
	HeaderMemo *memo = g_new0(HeaderMemo, 1);

	memo->entries = g_hash_table_new_full(key_hash, key_equal, entry_free, NULL);
	return memo;
}

void header_memo_free(HeaderMemo *memo)
{
	if (memo == NULL)
		return;
	g_hash_table_destroy(memo->entries);
	g_free(memo);
}

const KnownHeader *header_memo_find(
	HeaderMemo *memo, const char *text, size_t length, unsigned line, unsigned column)
{
	const Key key = {text, length, line, column};
	const Entry *entry = memo == NULL || length > LENGTH_KEPT
				     ? NULL
				     : g_hash_table_lookup(memo->entries, &key);

	return entry == NULL ? NULL : &entry->known;
}

bool header_memo_add(HeaderMemo *memo, const char *text, size_t length, unsigned line,
	unsigned column, YamlDocument *document, json_t *header)
{
	Entry *entry;

	if (memo == NULL || length > LENGTH_KEPT ||
		g_hash_table_size(memo->entries) >= HEADERS_KEPT)
		return false;
	entry = g_malloc(sizeof(*entry) + length);
	memcpy(entry->text, text, length);
	entry->key = (Key){entry->text, length, line, column};
	entry->document = document;
	entry->known.node = yaml_document_root(document);
	entry->known.header = json_incref(header);
	g_hash_table_add(memo->entries, entry);
	return true;
}
