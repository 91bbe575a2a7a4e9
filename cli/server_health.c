#include "cli/server_health.h"

#include "db/db.h"
#include "store/json_dump.h"
#include "store/timestamp.h"

#include <pthread.h>
#include <string.h>

typedef struct {
	bool there;
	char *message; // NULL: it works
	char *cure;
	int64_t since;
} Part;

struct ServerHealth {
	ServerLock *lock; // NULL: read from another's
	pthread_mutex_t mutex;
	Part parts[SERVER_PARTS];
	ApiParts api;
};

static const char *const NAMES[SERVER_PARTS] = {
	[PART_RECONCILER] = "reconciler",
	[PART_SCHEDULER] = "scheduler",
	[PART_RUNNER] = "runner",
	[PART_MAINTENANCE] = "maintenance",
};

static const struct {
	int error_class;
	const char *cure;
} CURES[] = {
	{DB_ERROR_FULL, "free some space on the disk of the store; all goes on by itself then"},
	{DB_ERROR_LOCKED,
		"end the process that keeps the store locked ('fuser' on its file names it); all "
		"goes on by itself then"},
	{DB_ERROR_READ_ONLY, "let the user that runs weir write to the store's file and folder"},
	{DB_ERROR_PERMISSION, "let the user that runs weir write to the store's file and folder"},
	{DB_ERROR_IO,
		"look at the disk (dmesg, smartctl), then at the store: 'weir doctor --deep'"},
	{DB_ERROR_CORRUPT, "stop weir, keep a copy of the file, and restore the last good one"},
	{DB_ERROR_CONNECTION, "see that the database server runs and can be reached"},
};

const char *server_health_cure(const GError *error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(CURES); i++) {
		if (g_error_matches(error, DB_ERROR, CURES[i].error_class))
			return CURES[i].cure;
	}
	return NULL;
}

// ---- Parts --------------------------------------------------------------------------------------------------------

static void list_parts(void *data, void (*visit)(const ApiPart *part, void *data), void *visit_data)
{
	ServerHealth *health = data;

	pthread_mutex_lock(&health->mutex);
	for (size_t i = 0; i < SERVER_PARTS; i++) {
		const Part *own = &health->parts[i];

		if (own->there)
			visit(&(ApiPart){NAMES[i], own->message, own->cure, own->since},
				visit_data);
	}
	pthread_mutex_unlock(&health->mutex);
}

static ServerHealth *health_new(ServerLock *lock)
{
	ServerHealth *health = g_new0(ServerHealth, 1);

	health->lock = lock;
	health->api = (ApiParts){list_parts, health};
	pthread_mutex_init(&health->mutex, NULL);
	return health;
}

static void clear(Part *part)
{
	g_clear_pointer(&part->message, g_free);
	g_clear_pointer(&part->cure, g_free);
	part->since = 0;
}

void server_health_free(ServerHealth *health)
{
	if (health == NULL)
		return;
	for (size_t i = 0; i < SERVER_PARTS; i++)
		clear(&health->parts[i]);
	pthread_mutex_destroy(&health->mutex);
	g_free(health);
}

const ApiParts *server_health_parts(ServerHealth *health)
{
	return &health->api;
}

// ---- Notes --------------------------------------------------------------------------------------------------------

static json_t *part_note(size_t number, const Part *part)
{
	enum { MESSAGE = 600 }; // bytes at most: the note is small
	g_autofree char *cut = part->message == NULL ? NULL : g_strndup(part->message, MESSAGE);
	g_autofree char *message = cut == NULL ? NULL : g_utf8_make_valid(cut, -1);

	return json_pack("{s:s, s:s?, s:s?, s:I}", "name", NAMES[number], "message", message,
		"cure", part->cure, "since", (json_int_t)part->since);
}

// Under the mutex.
static void write_note(ServerHealth *health)
{
	json_t *note = json_array();

	for (size_t i = 0; i < SERVER_PARTS; i++) {
		if (health->parts[i].there)
			json_array_append_new(note, part_note(i, &health->parts[i]));
	}
	char *text = json_dump_text(note, JSON_COMPACT);
	server_lock_note(health->lock, text);
	free(text);
	json_decref(note);
}

static void read_part(ServerHealth *health, const json_t *note)
{
	const char *name = json_string_value(json_object_get(note, "name"));

	for (size_t i = 0; i < SERVER_PARTS; i++) {
		if (g_strcmp0(NAMES[i], name) != 0)
			continue;
		health->parts[i] = (Part){
			.there = true,
			.message = g_strdup(json_string_value(json_object_get(note, "message"))),
			.cure = g_strdup(json_string_value(json_object_get(note, "cure"))),
			.since = json_integer_value(json_object_get(note, "since")),
		};
	}
}

ServerHealth *server_health_new(ServerLock *lock)
{
	ServerHealth *health = health_new(lock);

	write_note(health);
	return health;
}

ServerHealth *server_health_read(const char *url)
{
	g_autofree char *text = server_lock_read(url);
	json_t *note = text == NULL ? NULL : json_loads(text, 0, NULL);
	ServerHealth *health;
	const json_t *part;
	size_t index;

	if (!json_is_array(note)) {
		json_decref(note);
		return NULL;
	}
	health = health_new(NULL);
	json_array_foreach(note, index, part) read_part(health, part);
	json_decref(note);
	return health;
}

// ---- Reports ------------------------------------------------------------------------------------------------------

static void set_there(ServerHealth *health, ServerPart part, bool there, const char *message)
{
	Part *own = &health->parts[part];

	pthread_mutex_lock(&health->mutex);
	clear(own);
	own->there = there;
	own->message = g_strdup(message);
	own->since = message != NULL ? timestamp_now() : 0;
	write_note(health);
	pthread_mutex_unlock(&health->mutex);
}

void server_health_expect(ServerHealth *health, ServerPart part)
{
	set_there(health, part, true, "has not started yet");
}

void server_health_add(ServerHealth *health, ServerPart part)
{
	set_there(health, part, true, NULL);
}

void server_health_remove(ServerHealth *health, ServerPart part)
{
	set_there(health, part, false, NULL);
}

bool server_health_report(ServerHealth *health, ServerPart part, const GError *error)
{
	Part *own = &health->parts[part];
	bool news;

	pthread_mutex_lock(&health->mutex);
	news = g_strcmp0(own->message, error == NULL ? NULL : error->message) != 0;
	if (news) {
		int64_t since = own->since;

		clear(own);
		if (error != NULL) {
			own->message = g_strdup(error->message);
			own->cure = g_strdup(server_health_cure(error));
			own->since = since != 0 ? since : timestamp_now();
		}
		write_note(health);
	}
	pthread_mutex_unlock(&health->mutex);
	return news;
}
