// Targets of requests, from the first line of an HTTP request, taken apart, matched and checked.
#include "api/api.h"
#include "api/target.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	g_assert_true(g_utf8_validate(text, -1, NULL));
	for (; *text != '\0'; text = g_utf8_next_char(text))
		g_assert_false(g_unichar_iscntrl(g_utf8_get_char(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *raw = g_strndup((const char *)data, size);
	g_auto(ApiTarget) target = {NULL, NULL};
	g_autoptr(GError) error = NULL;

	if (!target_parse(&target, raw, &error)) {
		json_t *problem = problem_document(error);

		g_assert_nonnull(problem);
		json_decref(problem);
		return 0;
	}
	for (guint i = 0; i < target.segments->len; i++) {
		const char *segment = g_ptr_array_index(target.segments, i);

		check_text(segment);
		g_assert_null(strchr(segment, '/'));
		g_assert_cmpstr(segment, !=, "..");
	}
	for (guint i = 0; i < target.parameters->len; i++) {
		check_text(g_array_index(target.parameters, TargetParameter, i).name);
		check_text(g_array_index(target.parameters, TargetParameter, i).value);
	}
	return 0;
}
