// Pages of lists. A cursor is the key of the last row of a page: its parts, each with everything but letters, digits,
// '.', '_' and '-' as '~' and two hexadecimal digits, with '!' between them.
#include "store/internal.h"

#include <string.h>

static void append_part(GString *cursor, const char *part)
{
	for (const char *at = part; *at != '\0'; at++) {
		if (g_ascii_isalnum(*at) || *at == '.' || *at == '_' || *at == '-')
			g_string_append_c(cursor, *at);
		else
			g_string_append_printf(cursor, "~%02x", (unsigned char)*at);
	}
}

static char *read_part(const char *text, size_t length)
{
	g_autoptr(GString) part = g_string_sized_new(length);

	for (size_t i = 0; i < length; i++) {
		int high;
		int low;

		if (text[i] != '~') {
			g_string_append_c(part, text[i]);
			continue;
		}
		if (i + 2 >= length)
			return NULL;
		high = g_ascii_xdigit_value(text[i + 1]);
		low = g_ascii_xdigit_value(text[i + 2]);
		if (high < 0 || low < 0 || high + low == 0)
			return NULL;
		g_string_append_c(part, (char)(high * 16 + low));
		i += 2;
	}
	return g_string_free(g_steal_pointer(&part), FALSE);
}

static bool read_cursor(const char *cursor, PageStart *start)
{
	for (unsigned i = 0; i < start->parts; i++) {
		size_t length = strcspn(cursor, "!");
		const bool last = i + 1 == start->parts;

		if ((cursor[length] == '\0') != last)
			return false;
		g_free(start->after[i]);
		start->after[i] = read_part(cursor, length);
		if (start->after[i] == NULL)
			return false;
		cursor += length + 1;
	}
	start->number = g_ascii_strtoll(start->after[0], NULL, 10);
	return true;
}

bool page_begin(const StorePage *page, unsigned parts, PageStart *ret_start, GError **error)
{
	*ret_start = (PageStart){.limit = PAGE_DEFAULT, .first = true, .parts = parts};
	for (unsigned i = 0; i < parts; i++)
		ret_start->after[i] = g_strdup("");
	if (page == NULL)
		return true;
	if (page->limit > 0)
		ret_start->limit = MIN(page->limit, PAGE_MAX);
	if (page->after == NULL)
		return true;
	ret_start->first = false;
	if (read_cursor(page->after, ret_start))
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "'%s' is no cursor of this list",
		page->after);
	return false;
}

void page_start_clear(PageStart *start)
{
	for (unsigned i = 0; i < CURSOR_PARTS; i++)
		g_clear_pointer(&start->after[i], g_free);
}

void page_end(const PageStart *start, GPtrArray *rows,
	void (*key)(const void *row, const char *ret_parts[CURSOR_PARTS], char number[32]),
	char **ret_next)
{
	const char *parts[CURSOR_PARTS] = {NULL};
	g_autoptr(GString) cursor = NULL;
	char number[32];

	if (ret_next != NULL)
		*ret_next = NULL;
	if (rows->len <= start->limit)
		return;
	g_ptr_array_set_size(rows, (int)start->limit);
	if (ret_next == NULL)
		return;
	key(rows->pdata[start->limit - 1], parts, number);
	cursor = g_string_new(NULL);
	for (unsigned i = 0; i < start->parts; i++) {
		if (i > 0)
			g_string_append_c(cursor, '!');
		append_part(cursor, parts[i]);
	}
	*ret_next = g_string_free(g_steal_pointer(&cursor), FALSE);
}

bool page_list(Store *store, StatementId id, const PageStart *start, const DbValue *values,
	size_t count, const RowType *type, GDestroyNotify free_row,
	void (*key)(const void *row, const char *ret_parts[CURSOR_PARTS], char number[32]),
	GPtrArray **ret_rows, char **ret_next, GError **error)
{
	if (!rows_list(store, id, values, count, type, free_row, ret_rows, error))
		return false;
	page_end(start, *ret_rows, key, ret_next);
	return true;
}
