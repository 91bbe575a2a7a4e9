#include "sql/keyword.h"

#include <glib.h>
#include <string.h>

enum {
	SLOTS = 1024, // a power of two, more than twice the number of words
	LONGEST = 20,
};

// Not through one macro: an argument passed on would be expanded, and TRUE and NULL are macros.
#define ROW_ALWAYS(word) [KW_##word] = {#word, sizeof(#word) - 1, SQL_FOLD_ALWAYS},
#define ROW_SOFT(word)	 [KW_##word] = {#word, sizeof(#word) - 1, SQL_FOLD_SOFT},
#define ROW_NEVER(word)	 [KW_##word] = {#word, sizeof(#word) - 1, SQL_FOLD_NEVER},
static const struct {
	const char *text;
	uint8_t length;
	uint8_t fold;
} keywords[KW_COUNT] = {
	[KW_NONE] = {"", 0, SQL_FOLD_NEVER}, SQL_KEYWORDS(ROW_ALWAYS, ROW_SOFT, ROW_NEVER)};

static uint16_t slots[SLOTS];

// Before main, so that no thread can meet a table half filled and none has to ask.
__attribute__((constructor)) static void fill_slots(void)
{
	for (unsigned keyword = 1; keyword < KW_COUNT; keyword++) {
		unsigned hash = SQL_WORD_HASH_START;

		for (const char *byte = keywords[keyword].text; *byte != '\0'; byte++)
			hash = SQL_WORD_HASH_STEP(hash, *byte);
		while (slots[hash % SLOTS] != 0)
			hash++;
		slots[hash % SLOTS] = (uint16_t)keyword;
	}
}

SqlKeyword sql_keyword_find(const char *word, size_t length, unsigned hash)
{
	if (length < 2 || length > LONGEST)
		return KW_NONE;
	for (; slots[hash % SLOTS] != 0; hash++) {
		unsigned keyword = slots[hash % SLOTS];

		if (keywords[keyword].length == length &&
			g_ascii_strncasecmp(keywords[keyword].text, word, length) == 0)
			return (SqlKeyword)keyword;
	}
	return KW_NONE;
}

SqlFold sql_keyword_fold(SqlKeyword keyword)
{
	return (SqlFold)keywords[keyword].fold;
}

const char *sql_keyword_text(SqlKeyword keyword)
{
	return keywords[keyword].text;
}
