// Folders as they are read, and what is said about entries that cannot be used.
#include "repo-layout/walk_private.h"

#include <string.h>

bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name);
	size_t wanted = strlen(ending);

	return length > wanted && strcmp(name + length - wanted, ending) == 0;
}

char *walk_join(const char *folder, const char *name)
{
	return *folder == '\0' ? g_strdup(name) : g_strconcat(folder, "/", name, NULL);
}

unsigned walk_depth(const char *path)
{
	unsigned depth = 1;

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

const SourceEntry *walk_entry(const SourceFolder *folder, const char *name)
{
	for (size_t i = 0; i < folder->length; i++) {
		if (strcmp(folder->entries[i].name, name) == 0)
			return &folder->entries[i];
	}
	return NULL;
}

bool walk_is_odd(const SourceEntry *entry)
{
	return entry->fault != ENTRY_GOOD ||
	       (entry->kind != SOURCE_FILE && entry->kind != SOURCE_FOLDER);
}

// What an entry's kind is called, and what the cure is.
static const struct {
	const char *code, *name, *hint;
} kinds[] = {
	[SOURCE_FILE] = {"bad-name", NULL, NULL},
	[SOURCE_FOLDER] = {"bad-name", "a folder", NULL},
	[SOURCE_LINK] = {"symbolic-link", "a symbolic link", "put the file itself here"},
	[SOURCE_SUBMODULE] = {"submodule", "a submodule", "put the files themselves here"},
	[SOURCE_OTHER] = {"bad-entry", "neither a file nor a folder", NULL},
};

const char *walk_oddity(const SourceEntry *entry)
{
	return kinds[entry->kind].name;
}

void walk_report(DiagnosticList *faults, const char *folder, const SourceEntry *entry)
{
	g_autofree char *path = walk_join(folder, entry->name);
	const char *code = kinds[entry->kind].code;

	if (entry->fault == ENTRY_DUPLICATE || entry->fault == ENTRY_CASE)
		code = "duplicate-name";
	else if (entry->fault != ENTRY_GOOD)
		code = "bad-name";
	if (entry->fault != ENTRY_GOOD)
		diagnostic_add(faults, path, 0, 0, DIAGNOSTIC_ERROR, code, kinds[entry->kind].hint,
			"the entry is refused: %s", entry_fault_text(entry->fault));
	else
		diagnostic_add(faults, path, 0, 0, DIAGNOSTIC_ERROR, code, kinds[entry->kind].hint,
			"the entry is refused: it is %s", kinds[entry->kind].name);
}

void walk_unreadable(
	LayoutLoad *load, DiagnosticList *faults, const char *path, const GError *error)
{
	load->unreadable++;
	load->spoilt++;
	diagnostic_add(faults, path, 0, 0, DIAGNOSTIC_ERROR, "unreadable",
		"'git fsck' in the repository names what is damaged or missing", "%s",
		error->message);
}

static const struct {
	const char *name;
	size_t offset;
} limits[] = {
	[WALK_FILE] = {"file_bytes", offsetof(LayoutLimits, file_bytes)},
	[WALK_SCHEMA] = {"schema_bytes", offsetof(LayoutLimits, schema_bytes)},
	[WALK_DATA] = {"data_bytes", offsetof(LayoutLimits, data_bytes)},
	[WALK_SCRIPTS] = {"scripts_bytes", offsetof(LayoutLimits, scripts_bytes)},
};

static uint64_t limit_of(const LayoutLoad *load, WalkLimit which)
{
	const void *place = (const char *)&load->limits + limits[which].offset;

	return *(const uint64_t *)place;
}

static void report_size(
	LayoutLoad *load, DiagnosticList *faults, const char *path, WalkLimit which, uint64_t size)
{
	uint64_t limit = limit_of(load, which);
	g_autofree char *hint = g_strdup_printf(
		"make the file smaller, or raise 'limits.%s' in the server's configuration",
		limits[which].name);

	diagnostic_add(faults, path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed", hint,
		"the file has %" G_GUINT64_FORMAT " bytes: the limit '%s' of %" G_GUINT64_FORMAT
		" is passed by %" G_GUINT64_FORMAT,
		size, limits[which].name, limit, size - limit);
}

void walk_size(LayoutLoad *load, DiagnosticList *faults, const char *path, const SourceId *id,
	WalkLimit which)
{
	g_autoptr(GError) error = NULL;
	uint64_t size;

	if (!source_tree_blob_size(load->tree, path, id, &size, &error))
		walk_unreadable(load, faults, path, error);
	else if (size > limit_of(load, which))
		report_size(load, faults, path, which, size);
}

GBytes *walk_text(LayoutLoad *load, DiagnosticList *faults, const char *path, const SourceId *id,
	WalkLimit which)
{
	g_autoptr(GError) error = NULL;
	GBytes *text = source_tree_blob(load->tree, path, id, limit_of(load, which), &error);

	if (text != NULL)
		return text;
	if (g_error_matches(error, SOURCE_ERROR, SOURCE_ERROR_LIMIT))
		walk_size(load, faults, path, id, which);
	else
		walk_unreadable(load, faults, path, error);
	return NULL;
}

SourceFolder *walk_read(
	LayoutLoad *load, const char *path, const SourceId *id, DiagnosticList *faults)
{
	unsigned depth = walk_depth(path);
	g_autoptr(GError) error = NULL;
	SourceFolder *folder;

	if (depth > load->limits.depth) {
		diagnostic_add(faults, path, 0, 0, DIAGNOSTIC_ERROR, "limit-passed",
			"move it up, or raise 'limits.depth' in the server's configuration",
			"the folder is %u folders deep: the limit 'depth' of %u is passed by %u",
			depth, load->limits.depth, depth - load->limits.depth);
		return NULL;
	}
	folder = source_tree_folder(load->tree, path, id, &error);
	if (folder == NULL)
		walk_unreadable(load, faults, path, error);
	else
		load->layout->statistics.folders_walked++;
	load->deepest = MAX(load->deepest, depth);
	return folder;
}
