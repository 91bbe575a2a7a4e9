// Object ids as the store keeps them: 40 hexadecimal digits.
#pragma once

#include "repo-layout/source_tree.h"

// Reads what source_id_text() wrote. False when it is anything else.
static inline bool source_id_parse(const char *text, SourceId *ret_id)
{
	for (int i = 0; i < SOURCE_ID_SIZE; i++) {
		int high = g_ascii_xdigit_value(text[2 * i]);
		int low = high < 0 ? -1 : g_ascii_xdigit_value(text[2 * i + 1]);

		if (low < 0)
			return false;
		ret_id->bytes[i] = (uint8_t)(high * 16 + low);
	}
	return text[2 * SOURCE_ID_SIZE] == '\0';
}
