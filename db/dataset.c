#include "db/driver.h"

enum {
	DATASET_NAME_MAX = 63,
};

static bool name_byte_ok(char c, bool first)
{
	return g_ascii_isalpha(c) || c == '_' || (!first && (g_ascii_isdigit(c) || c == '-'));
}

bool db_dataset_name_check(const char *name, GError **error)
{
	size_t length = 0;

	while (name[length] != '\0' && name_byte_ok(name[length], length == 0))
		length++;
	if (length == 0 || name[length] != '\0') {
		g_autofree char *safe = g_strescape(name, NULL);

		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"'%s' cannot be a dataset: a name has letters, digits, '_' and '-', and "
			"begins "
			"with a letter or '_'",
			safe);
		return false;
	}
	if (length > DATASET_NAME_MAX) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"'%s' cannot be a dataset: a name has at most %d characters", name,
			DATASET_NAME_MAX);
		return false;
	}
	if (g_ascii_strcasecmp(name, "main") == 0 || g_ascii_strcasecmp(name, "temp") == 0) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"'%s' cannot be a dataset: the name is reserved", name);
		return false;
	}
	return true;
}

bool db_use_datasets(
	DbConnection *connection, const char *const *names, bool create, GError **error)
{
	if (db_is_cancelled(connection))
		return db_set_cancelled(connection, error);
	return connection->driver->use_datasets(connection, names, create, error);
}

bool db_use_dataset(DbConnection *connection, const char *name, bool create, GError **error)
{
	const char *const names[] = {name, NULL};

	return db_use_datasets(connection, names, create, error);
}

char **db_list_datasets(DbConnection *connection, GError **error)
{
	return connection->driver->list_datasets(connection, error);
}
