// Keys of webhooks that a definition has in plain text: who may read the status API may not start flows by it.
#pragma once

#include <jansson.h>

// Masks the keys in a list of triggers. One that is an expression is shown: it names a secret, and is none.
void hook_keys_mask(json_t *triggers);
// A flow's text with the keys masked that its definition (JSON) has. To free with g_free().
char *hook_keys_mask_text(const char *text, const char *definition);
