// Secrets of a run: what readers see instead of them, in texts and in values.
#include "expr/value.h"
#include "runner/drive.h"

#include <string.h>

#define MASK "******"

void drive_mask_add(Drive *drive, const char *text)
{
	guint at = 0;

	if (strlen(text) < 2 || g_hash_table_contains(drive->mask_set, text))
		return;
	char *copy = g_strdup(text);
	g_hash_table_add(drive->mask_set, copy);
	// Longer ones first: one may be the beginning of another.
	while (at < drive->masks->len && strlen(drive->masks->pdata[at]) >= strlen(copy))
		at++;
	g_ptr_array_insert(drive->masks, (gint)at, copy);
	// The lines of a secret may come one by one.
	if (strchr(text, '\n') != NULL) {
		g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

		for (char **line = lines; *line != NULL; line++) {
			if (strlen(*line) >= 4)
				drive_mask_add(drive, *line);
		}
	}
}

bool drive_has_masks(Drive *drive)
{
	pthread_mutex_lock(&drive->lock);
	bool some = drive->masks->len > 0;
	pthread_mutex_unlock(&drive->lock);
	return some;
}

void drive_masks_inherit(Drive *drive, Drive *child)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	pthread_mutex_lock(&child->lock);
	for (guint i = 0; i < child->masks->len; i++)
		g_ptr_array_add(texts, g_strdup(child->masks->pdata[i]));
	pthread_mutex_unlock(&child->lock);
	pthread_mutex_lock(&drive->lock);
	for (guint i = 0; i < texts->len; i++)
		drive_mask_add(drive, texts->pdata[i]);
	pthread_mutex_unlock(&drive->lock);
}

// The text without the secrets in it; NULL when there is none in it.
char *drive_mask(Drive *drive, const char *text, size_t length)
{
	GString *masked = NULL;

	pthread_mutex_lock(&drive->lock);
	for (guint i = 0; i < drive->masks->len; i++) {
		const char *secret = drive->masks->pdata[i];

		if (masked == NULL && memmem(text, length, secret, strlen(secret)) == NULL)
			continue;
		if (masked == NULL)
			masked = g_string_new_len(text, (gssize)length);
		g_string_replace(masked, secret, MASK, 0);
	}
	pthread_mutex_unlock(&drive->lock);
	return masked == NULL ? NULL : g_string_free(masked, FALSE);
}

// ---- What readers see of outputs that hold secrets. Expressions need the outputs as they are.

static json_t *shown(Drive *drive, const json_t *value, bool *masked);

static json_t *shown_list(Drive *drive, const json_t *list, bool *masked)
{
	json_t *copy = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, one)
		json_array_append_new(copy, shown(drive, one, masked));
	return copy;
}

static json_t *shown_object(Drive *drive, const json_t *object, bool *masked)
{
	json_t *copy = json_object();
	const char *key;
	const json_t *one;

	json_object_foreach((json_t *)(uintptr_t)object, key, one)
	{
		g_autofree char *other = drive_mask(drive, key, strlen(key));

		*masked |= other != NULL;
		json_object_set_new(copy, other != NULL ? other : key, shown(drive, one, masked));
	}
	return copy;
}

// Another spelling of a number that is a secret (1.50 is 1.5) says as much.
static bool is_secret_number(Drive *drive, const json_t *value)
{
	bool found = false;

	pthread_mutex_lock(&drive->lock);
	for (guint i = 0; i < drive->masks->len && !found; i++) {
		const char *secret = drive->masks->pdata[i];
		char *end;

		found = strspn(secret, "+-.0123456789eE") == strlen(secret) &&
			g_ascii_strtod(secret, &end) == json_number_value(value) && *end == '\0';
	}
	pthread_mutex_unlock(&drive->lock);
	return found;
}

// What is shown instead of a value that holds no others; NULL: it is no secret. Numbers, true and false are judged by their
// text, as strings are.
static char *mask_scalar(Drive *drive, const json_t *value)
{
	g_autofree char *text = NULL;
	char *other;

	if (json_is_null(value))
		return NULL;
	if (json_is_string(value))
		return drive_mask(drive, json_string_value(value), json_string_length(value));
	text = expr_value_text(value);
	other = drive_mask(drive, text, strlen(text));
	if (other == NULL && json_is_number(value) && is_secret_number(drive, value))
		other = g_strdup(MASK);
	return other;
}

static json_t *shown(Drive *drive, const json_t *value, bool *masked)
{
	g_autofree char *other = NULL;

	if (json_is_array(value))
		return shown_list(drive, value, masked);
	if (json_is_object(value))
		return shown_object(drive, value, masked);
	other = mask_scalar(drive, value);
	*masked |= other != NULL;
	return other != NULL ? json_string(other) : json_incref((json_t *)(uintptr_t)value);
}

json_t *drive_shown(Drive *drive, const json_t *value, bool *masked)
{
	return shown(drive, value, masked);
}

void drive_mask_object(Drive *drive, json_t **object)
{
	bool masked = false;
	json_t *copy;

	if (!drive_has_masks(drive))
		return;
	copy = shown(drive, *object, &masked);
	json_decref(*object);
	*object = copy;
}
