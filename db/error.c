#include "db/db.h"

#include "db/driver.h"

G_DEFINE_QUARK(weir - db - error, db_error)

static const struct {
	const char *name;
	bool retryable;
} classes[] = {
	[DB_ERROR_FAILED] = {"failed", false},
	[DB_ERROR_LOCKED] = {"locked", true},
	[DB_ERROR_SERIALIZATION] = {"serialization", true},
	[DB_ERROR_CONNECTION] = {"connection", true},
	[DB_ERROR_CANCELLED] = {"cancelled", false},
	[DB_ERROR_PERMISSION] = {"permission", false},
	[DB_ERROR_READ_ONLY] = {"read-only", false},
	[DB_ERROR_MISSING_FILE] = {"missing-file", false},
	[DB_ERROR_MISSING_OBJECT] = {"missing-object", false},
	[DB_ERROR_EXISTS] = {"exists", false},
	[DB_ERROR_CONSTRAINT] = {"constraint", false},
	[DB_ERROR_DATA] = {"data", false},
	[DB_ERROR_SYNTAX] = {"syntax", false},
	[DB_ERROR_FULL] = {"full", false},
	[DB_ERROR_IO] = {"io", false},
	[DB_ERROR_CORRUPT] = {"corrupt", false},
	[DB_ERROR_TOO_NEW] = {"too-new", false},
	[DB_ERROR_UNSUPPORTED] = {"unsupported", false},
	[DB_ERROR_URL] = {"url", false},
	[DB_ERROR_MISUSE] = {"misuse", false},
};

const char *db_error_class_name(DbErrorClass error_class)
{
	return (size_t)error_class < G_N_ELEMENTS(classes) ? classes[error_class].name : "failed";
}

bool db_error_is_retryable(const GError *error)
{
	return error != NULL && error->domain == DB_ERROR && error->code >= 0 &&
	       (size_t)error->code < G_N_ELEMENTS(classes) && classes[error->code].retryable;
}

bool db_set_cancelled(const DbConnection *connection, GError **error)
{
	g_set_error(error, DB_ERROR, DB_ERROR_CANCELLED, "cancelled while working on '%s'",
		connection->label);
	return false;
}
