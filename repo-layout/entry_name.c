// Names that a tree may not have.
#include "repo-layout/diagnostic.h"
#include "repo-layout/source_private.h"

#include <string.h>

// Characters that some file systems leave out of names when they compare them.
static bool is_ignorable(gunichar character)
{
	return (character >= 0x200c && character <= 0x200f) ||
	       (character >= 0x202a && character <= 0x202e) ||
	       (character >= 0x206a && character <= 0x206f) || character == 0xfeff;
}

// The name as a careless file system sees it: in lower case, without ignorable characters.
static void careless_form(const char *name, size_t length, char *form, size_t size)
{
	size_t written = 0;

	for (const char *at = name; at < name + length && written + 1 < size;
		at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (is_ignorable(character))
			continue;
		form[written++] = character < 0x80 ? g_ascii_tolower((char)character) : '?';
	}
	form[written] = '\0';
}

// ".git", "GIT~1", ".git. ", ".git::$DATA" and their like.
static bool is_git_name(const char *name, size_t length)
{
	char form[64] = "";
	size_t base;

	if (*name != '.' && (*name | 0x20) != 'g' && (unsigned char)*name < 0x80)
		return false;
	careless_form(name, length, form, sizeof(form));
	if (strncmp(form, ".git", 4) == 0)
		base = 4;
	else if (strncmp(form, "git~", 4) == 0 && g_ascii_isdigit(form[4]))
		base = 5;
	else
		return false;
	while (form[base] == ' ' || form[base] == '.')
		base++;
	return form[base] == '\0' || form[base] == ':';
}

static bool has_control(const char *name)
{
	for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at)) {
		if (character_is_control(g_utf8_get_char(at)))
			return true;
	}
	return false;
}

EntryFault entry_name_fault(const char *name, size_t length)
{
	bool ascii = true;

	if (length == 0)
		return ENTRY_EMPTY_NAME;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)name[i];

		if (byte == '/' || byte == '\\')
			return ENTRY_SEPARATOR;
		if (byte < 0x20 || byte == 0x7f)
			return ENTRY_CONTROL;
		ascii = ascii && byte < 0x80;
	}
	if (!ascii && !g_utf8_validate(name, (gssize)length, NULL))
		return ENTRY_ENCODING;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_git_name(name, length))
		return ENTRY_DOT_NAME;
	return !ascii && has_control(name) ? ENTRY_CONTROL : ENTRY_GOOD;
}

const char *entry_fault_text(EntryFault fault)
{
	static const char *const texts[] = {
		[ENTRY_GOOD] = "nothing",
		[ENTRY_EMPTY_NAME] = "its name is empty",
		[ENTRY_DOT_NAME] = "its name is reserved",
		[ENTRY_SEPARATOR] = "its name holds a slash or backslash",
		[ENTRY_CONTROL] = "its name holds a control character",
		[ENTRY_ENCODING] = "its name is not valid UTF-8",
		[ENTRY_DUPLICATE] = "the folder has two entries of this name",
		[ENTRY_CASE] = "its name differs from another one's in letter case only",
		[ENTRY_MODE] = "its mode is not one that git writes",
		[ENTRY_UNSORTED] = "the folder's entries are not in git's order",
	};

	return texts[fault];
}

// Compares without letter case.
static unsigned folded_hash(const void *name)
{
	unsigned hash = 5381;

	for (const char *at = name; *at != '\0'; at++)
		hash = hash * 33 + (unsigned char)g_ascii_tolower(*at);
	return hash;
}

static bool is_ascii(const char *name)
{
	while (*name != '\0' && (unsigned char)*name < 0x80)
		name++;
	return *name == '\0';
}

static bool folded_equal(const char *a, const char *b)
{
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;

	if (is_ascii(a) && is_ascii(b))
		return g_ascii_strcasecmp(a, b) == 0;
	first = g_utf8_casefold(a, -1);
	second = g_utf8_casefold(b, -1);
	return g_utf8_collate(first, second) == 0 && strcmp(first, second) == 0;
}

static unsigned any_hash(const char *name)
{
	g_autofree char *folded = NULL;

	if (is_ascii(name))
		return folded_hash(name);
	folded = g_utf8_casefold(name, -1);
	return folded_hash(folded);
}

// Puts the entry into the table of folded names; returns an earlier one that is the same there.
static SourceEntry *put_folded(SourceEntry *entries, unsigned *slots, size_t mask, size_t index)
{
	const char *name = entries[index].name;
	size_t at = any_hash(name) & mask;

	while (slots[at] != 0) {
		SourceEntry *other = &entries[slots[at] - 1];

		if (folded_equal(other->name, name))
			return other;
		at = (at + 1) & mask;
	}
	slots[at] = (unsigned)index + 1;
	return NULL;
}

void source_folder_check(SourceFolder *folder)
{
	size_t size = 16;
	g_autofree unsigned *slots = NULL;

	while (size < folder->length * 2)
		size *= 2;
	slots = g_new0(unsigned, size);
	for (size_t i = 0; i < folder->length; i++) {
		SourceEntry *entry = &folder->entries[i];
		SourceEntry *other;

		if (entry->fault == ENTRY_ENCODING || entry->fault == ENTRY_EMPTY_NAME)
			continue;
		other = put_folded(folder->entries, slots, size - 1, i);
		if (other == NULL)
			continue;
		if (entry->fault == ENTRY_GOOD)
			entry->fault = strcmp(other->name, entry->name) == 0 ? ENTRY_DUPLICATE
									     : ENTRY_CASE;
		if (other->fault == ENTRY_GOOD)
			other->fault = entry->fault;
	}
}
