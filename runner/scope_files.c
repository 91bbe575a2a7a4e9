// What expressions ask of files: those that the run keeps, and those of the domain's scripts/ at the run's revision.
#include "runner/drive.h"
#include "runner/scope_run.h"

#include <glib/gstdio.h>
#include <string.h>

static const char kept[] = "weir:///", script[] = "nsfile:///";

typedef struct {
	char *full; // a kept file; NULL: one of scripts/
	const char *script;
} Place;

static void place_clear(Place *place)
{
	g_free(place->full);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static bool place_find(const ScopeRef *ref, const char *function, json_t *const *arguments,
	size_t count, Place *place, GError **error)
{
	const char *uri = count > 0 ? json_string_value(arguments[0]) : NULL;

	if (uri != NULL && strstr(uri, "..") == NULL) {
		if (g_str_has_prefix(uri, kept)) {
			place->full = g_build_filename(
				runner_files_folder(ref->drive->runner), uri + strlen(kept), NULL);
			return true;
		}
		place->script = uri;
		if (g_str_has_prefix(uri, script))
			place->script = uri + strlen(script);
		else if (strstr(uri, "://") != NULL || g_path_is_absolute(uri))
			place->script = NULL;
	}
	if (place->script == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"%s() wants the URI of a file of this run, or the name of a file of the "
			"domain's scripts/",
			function);
	return place->script != NULL;
}

static GBytes *place_read(const ScopeRef *ref, const Place *place, GError **error)
{
	GBytes *content = NULL;
	char *bytes;
	gsize length;

	if (place->full == NULL)
		return drive_script_read(ref->drive, place->script, &content, error) ? content
										     : NULL;
	if (!g_file_get_contents(place->full, &bytes, &length, error))
		return NULL;
	return g_bytes_new_take(bytes, length);
}

// A text that is not UTF-8 has its invalid bytes replaced.
json_t *scope_read(void *data, json_t *const *arguments, size_t count, GError **error)
{
	g_auto(Place) place = {NULL, NULL};
	g_autoptr(GBytes) content = NULL;
	const char *bytes;
	gsize length;

	if (!place_find(data, "read", arguments, count, &place, error))
		return NULL;
	content = place_read(data, &place, error);
	if (content == NULL)
		return NULL;
	bytes = g_bytes_get_data(content, &length);
	g_autofree char *text = g_utf8_make_valid(bytes != NULL ? bytes : "", (gssize)length);
	return json_string(text);
}

// -1: there is none, with error.
static gint64 size_of(const ScopeRef *ref, const Place *place, GError **error)
{
	g_autoptr(GBytes) content = NULL;
	GStatBuf about;

	if (place->full != NULL && g_stat(place->full, &about) == 0)
		return about.st_size;
	content = place_read(ref, place, error);
	return content == NULL ? -1 : (gint64)g_bytes_get_size(content);
}

json_t *scope_file_size(void *data, json_t *const *arguments, size_t count, GError **error)
{
	g_auto(Place) place = {NULL, NULL};
	gint64 size;

	if (!place_find(data, "fileSize", arguments, count, &place, error))
		return NULL;
	size = size_of(data, &place, error);
	return size < 0 ? NULL : json_integer(size);
}

json_t *scope_is_file_empty(void *data, json_t *const *arguments, size_t count, GError **error)
{
	g_auto(Place) place = {NULL, NULL};
	gint64 size;

	if (!place_find(data, "isFileEmpty", arguments, count, &place, error))
		return NULL;
	size = size_of(data, &place, error);
	return size < 0 ? NULL : json_boolean(size == 0);
}

json_t *scope_file_exists(void *data, json_t *const *arguments, size_t count, GError **error)
{
	g_auto(Place) place = {NULL, NULL};

	if (!place_find(data, "fileExists", arguments, count, &place, error))
		return NULL;
	return json_boolean(size_of(data, &place, NULL) >= 0);
}

json_t *scope_file_uri(void *data, json_t *const *arguments, size_t count, GError **error)
{
	g_auto(Place) place = {NULL, NULL};
	const char *path;

	if (!place_find(data, "fileURI", arguments, count, &place, error))
		return NULL;
	if (place.full != NULL)
		return json_incref(arguments[0]);
	if (size_of(data, &place, error) < 0)
		return NULL;
	path = place.script;
	return json_sprintf("%s%s", script, path);
}
