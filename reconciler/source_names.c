#include "reconciler/source_names.h"

#include "repo-layout/diagnostic.h"

#include <string.h>

enum {
	NAMES_SHOWN = 5,
};

const char *ref_kind(const char *ref)
{
	if (g_str_has_prefix(ref, REFS_TAGS))
		return "tag";
	return g_str_has_prefix(ref, REFS_HEADS) ? "branch" : "commit";
}

const char *ref_short(const char *ref)
{
	if (g_str_has_prefix(ref, REFS_TAGS))
		return ref + strlen(REFS_TAGS);
	return g_str_has_prefix(ref, REFS_HEADS) ? ref + strlen(REFS_HEADS) : ref;
}

const char *only_branch(const GPtrArray *branches)
{
	if (branches->len != 1)
		return NULL;
	const char *only = branches->pdata[0];
	return g_str_equal(only, "main") || g_str_equal(only, "master") ? only : NULL;
}

// "'a', 'b', …", or "none".
static char *list_names(const char *const *names)
{
	GString *list = g_string_new(NULL);

	for (size_t i = 0; names[i] != NULL && i < NAMES_SHOWN; i++)
		g_string_append_printf(list, "%s'%s'", i == 0 ? "" : ", ", names[i]);
	if (list->len == 0)
		g_string_append(list, "none");
	else if (g_strv_length((char **)(uintptr_t)names) > NAMES_SHOWN)
		g_string_append(list, ", …");
	return g_string_free(list, FALSE);
}

static char *cure(const MissingRef *missing, const char *kind)
{
	char *near = nearest_word_hint(ref_short(missing->ref), missing->names);

	if (missing->renamed != NULL) {
		g_free(near);
		return g_strdup_printf(
			"'%s' is where it was: if it was renamed, name that one to track",
			missing->renamed);
	}
	if (near != NULL)
		return near;
	return g_strdup_printf("push the %s, or name another one to track", kind);
}

void fetch_error_missing(GError **error, const MissingRef *missing)
{
	const char *kind = ref_kind(missing->ref);
	g_autofree char *names = list_names(missing->names);
	g_autofree char *what = cure(missing, kind);

	g_set_error(error, FETCH_ERROR, FETCH_ERROR_NO_BRANCH,
		"%s '%s' is %s in repository '%s'%s; it has %s: %s", kind, ref_short(missing->ref),
		missing->was_there ? "no longer" : "not", missing->url,
		missing->from_head ? ", though its HEAD names it" : "", names, what);
}
