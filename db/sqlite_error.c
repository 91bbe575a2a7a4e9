// SQLite's result codes and words -> our classes and messages.
#include "db/sqlite.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

// How the message ends up in words.
typedef enum {
	PHRASE_MESSAGE, // SQLite's own message says it
	PHRASE_LOCKED,
	PHRASE_FULL,
	PHRASE_READ_ONLY,
	PHRASE_DAMAGED,
	PHRASE_NOT_A_DATABASE,
	PHRASE_IO,
	PHRASE_PERMISSION,
	PHRASE_SERIALIZATION,
} Phrase;

// Searched in order; an extended code comes before its primary one.
static const struct {
	int code;
	DbErrorClass error_class;
	Phrase phrase;
} codes[] = {
	{SQLITE_BUSY_SNAPSHOT, DB_ERROR_SERIALIZATION, PHRASE_SERIALIZATION},
	{SQLITE_IOERR_NOMEM, DB_ERROR_FAILED, PHRASE_MESSAGE},
	{SQLITE_BUSY, DB_ERROR_LOCKED, PHRASE_LOCKED},
	{SQLITE_LOCKED, DB_ERROR_LOCKED, PHRASE_MESSAGE},
	{SQLITE_FULL, DB_ERROR_FULL, PHRASE_FULL},
	{SQLITE_READONLY, DB_ERROR_READ_ONLY, PHRASE_READ_ONLY},
	{SQLITE_CORRUPT, DB_ERROR_CORRUPT, PHRASE_DAMAGED},
	{SQLITE_NOTADB, DB_ERROR_CORRUPT, PHRASE_NOT_A_DATABASE},
	{SQLITE_IOERR, DB_ERROR_IO, PHRASE_IO},
	{SQLITE_CANTOPEN, DB_ERROR_IO, PHRASE_IO},
	{SQLITE_PERM, DB_ERROR_PERMISSION, PHRASE_PERMISSION},
	{SQLITE_AUTH, DB_ERROR_PERMISSION, PHRASE_MESSAGE},
	{SQLITE_CONSTRAINT, DB_ERROR_CONSTRAINT, PHRASE_MESSAGE},
	{SQLITE_MISMATCH, DB_ERROR_DATA, PHRASE_MESSAGE},
	{SQLITE_TOOBIG, DB_ERROR_DATA, PHRASE_MESSAGE},
	{SQLITE_RANGE, DB_ERROR_MISUSE, PHRASE_MESSAGE},
	{SQLITE_MISUSE, DB_ERROR_MISUSE, PHRASE_MESSAGE},
};

// SQLITE_ERROR says what in words only.
static const struct {
	const char *words;
	DbErrorClass error_class;
} phrases[] = {
	{"no such ", DB_ERROR_MISSING_OBJECT},
	{"unknown database", DB_ERROR_MISSING_OBJECT},
	{"has no column named", DB_ERROR_MISSING_OBJECT},
	{"already exists", DB_ERROR_EXISTS},
	{"there is already", DB_ERROR_EXISTS},
	{"duplicate column name", DB_ERROR_EXISTS},
	{"syntax error", DB_ERROR_SYNTAX},
	{"incomplete input", DB_ERROR_SYNTAX},
	{"unrecognized token", DB_ERROR_SYNTAX},
	{"near \"", DB_ERROR_SYNTAX},
	{"ambiguous column name", DB_ERROR_SYNTAX},
	{"misuse of ", DB_ERROR_SYNTAX},
	{"wrong number of arguments", DB_ERROR_SYNTAX},
	{"columns but", DB_ERROR_SYNTAX},
	{"do not have the same number of result columns", DB_ERROR_SYNTAX},
	{"integer overflow", DB_ERROR_DATA},
	{"malformed JSON", DB_ERROR_DATA},
	{"string or blob too big", DB_ERROR_DATA},
};

static DbErrorClass class_of_words(const char *message)
{
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++) {
		if (strstr(message, phrases[i].words) != NULL)
			return phrases[i].error_class;
	}
	return DB_ERROR_FAILED;
}

// What phrase says about the database; NULL when SQLite's own message is best.
static char *phrase_text(Phrase phrase, unsigned waited, int system_error, const char *message)
{
	switch (phrase) {
	case PHRASE_LOCKED:
		return g_strdup_printf(
			"is locked by another connection or process: waited %u ms", waited);
	case PHRASE_FULL: return g_strdup("cannot grow: the disk is full or a quota is reached");
	case PHRASE_READ_ONLY: return g_strdup("cannot be written: it is open or stored read-only");
	case PHRASE_DAMAGED: return g_strdup_printf("is damaged: %s", message);
	case PHRASE_NOT_A_DATABASE: return g_strdup("is not an SQLite database");
	case PHRASE_IO:
		return g_strdup_printf("cannot be read or written: %s",
			system_error != 0 ? g_strerror(system_error) : message);
	case PHRASE_PERMISSION: return g_strdup("cannot be opened: permission denied");
	case PHRASE_SERIALIZATION:
		return g_strdup("was changed by someone else since this transaction began");
	case PHRASE_MESSAGE: break;
	}
	return NULL;
}

bool sqlite_disk_is_full(const char *path, int system_error)
{
	const bool explained = system_error != 0 && system_error != EBADF && system_error != ENOENT;
	struct statvfs disk;
	g_autofree char *folder = NULL;

	if (system_error == ENOSPC || system_error == EDQUOT)
		return true;
	if (explained || !g_path_is_absolute(path))
		return false;
	folder = g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strdup(path) : g_path_get_dirname(path);
	return statvfs(folder, &disk) == 0 &&
	       (disk.f_bavail == 0 || (disk.f_files > 0 && disk.f_favail == 0));
}

static bool set_phrase(const char *label, DbErrorClass error_class, Phrase phrase, unsigned waited,
	int system_error, const char *message, GError **error)
{
	g_autofree char *text = NULL;

	if (phrase == PHRASE_IO &&
		(system_error == EFBIG || sqlite_disk_is_full(label, system_error))) {
		error_class = DB_ERROR_FULL;
		phrase = PHRASE_FULL;
	}
	text = phrase_text(phrase, waited, system_error, message);
	if (text == NULL)
		g_set_error_literal(error, DB_ERROR, (gint)error_class, message);
	else
		g_set_error(error, DB_ERROR, (gint)error_class, "database '%s' %s", label, text);
	return false;
}

// SQLite remembers the system's error of statements, but not of commits: there errno still has it.
static int system_error_of(SqliteConnection *connection, int code, int last)
{
	const int remembered = sqlite3_system_errno(connection->handle);

	return remembered == 0 && (code & 0xff) == SQLITE_IOERR ? last : remembered;
}

bool sqlite_set_error(SqliteConnection *connection, int code, GError **error)
{
	const int last = errno;
	const char *message = sqlite3_errmsg(connection->handle);
	g_autofree char *denied = g_steal_pointer(&connection->denied);

	if ((code & 0xff) == SQLITE_INTERRUPT ||
		((code & 0xff) == SQLITE_BUSY && db_is_cancelled(&connection->base)))
		return db_set_cancelled(&connection->base, error);
	if (code == SQLITE_AUTH && denied != NULL) {
		g_set_error_literal(error, DB_ERROR, DB_ERROR_PERMISSION, denied);
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
		if (codes[i].code == code || codes[i].code == (code & 0xff))
			return set_phrase(connection->base.label, codes[i].error_class,
				codes[i].phrase, connection->base.options.busy_timeout,
				system_error_of(connection, code, last), message, error);
	}
	g_set_error_literal(error, DB_ERROR, (gint)class_of_words(message), message);
	return false;
}

// Looks at the file system for what SQLite calls "unable to open database file".
static bool set_cannot_open(const char *path, int system_error, bool creates, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	DbErrorClass error_class = DB_ERROR_MISSING_FILE;
	g_autofree char *why = NULL;

	if (!g_file_test(folder, G_FILE_TEST_EXISTS))
		why = g_strdup_printf("folder '%s' does not exist", folder);
	else if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
		why = g_strdup_printf("'%s' is not a folder", folder);
	else if (g_file_test(path, G_FILE_TEST_IS_DIR))
		why = g_strdup("it is a folder");
	else if (system_error == EACCES || system_error == EPERM)
		error_class = DB_ERROR_PERMISSION, why = g_strdup("permission denied");
	else if (system_error == EROFS)
		error_class = DB_ERROR_READ_ONLY,
		why = g_strdup_printf("folder '%s' is read-only", folder);
	else if (!creates && !g_file_test(path, G_FILE_TEST_EXISTS))
		why = g_strdup("no such file");
	else if (euidaccess(folder, W_OK) != 0)
		error_class = DB_ERROR_READ_ONLY,
		why = g_strdup_printf("folder '%s' cannot be written", folder);
	else if (sqlite_disk_is_full(path, system_error))
		error_class = DB_ERROR_IO, // which says all that there is to say
			why = g_strdup_printf("%s: make room in '%s'", g_strerror(ENOSPC), folder);
	else
		error_class = DB_ERROR_IO,
		why = g_strdup(system_error != 0 ? g_strerror(system_error)
						 : "the system does not say why");
	g_set_error(error, DB_ERROR, (gint)error_class, "cannot open database '%s': %s", path, why);
	return false;
}

bool sqlite_set_open_error(const char *path, bool creates, int code, int system_error,
	const char *message, GError **error)
{
	if ((code & 0xff) == SQLITE_CANTOPEN || g_file_test(path, G_FILE_TEST_IS_DIR))
		return set_cannot_open(path, system_error, creates, error);
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
		if (codes[i].code == code || codes[i].code == (code & 0xff))
			return set_phrase(path, codes[i].error_class, codes[i].phrase, 0,
				system_error, message, error);
	}
	g_set_error(
		error, DB_ERROR, DB_ERROR_FAILED, "cannot open database '%s': %s", path, message);
	return false;
}
