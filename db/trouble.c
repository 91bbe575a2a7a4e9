#include "db/trouble.h"

static const char damaged[] =
	"restore it from a backup; or move the file away, and run the flows that make its tables";
static const char refused[] =
	"let the user that weir runs as read and write the file and its folder";
static const char misconfigured[] =
	"correct the connection in weir.yaml, or its secret on the server";

// The first row is that of URLs.
static const DbTrouble troubles[] = {
	{DB_ERROR_URL, "misconfigured", misconfigured},
	{DB_ERROR_UNSUPPORTED, "misconfigured", misconfigured},
	{DB_ERROR_MISSING_FILE, "missing",
		"make the folder or file, or correct the connection in weir.yaml"},
	{DB_ERROR_LOCKED, "locked",
		"end the program that holds the lock; weir goes on by itself when it is free"},
	{DB_ERROR_CONNECTION, "unreachable",
		"start the database, or make this machine reach it; weir goes on by itself"},
	{DB_ERROR_PERMISSION, "refused", refused},
	{DB_ERROR_READ_ONLY, "refused", refused},
	{DB_ERROR_IO, "unreadable",
		"look at the disk and the path; weir goes on by itself when the file can be read"},
	{DB_ERROR_CORRUPT, "damaged", damaged},
	{DB_ERROR_TOO_NEW, "damaged", damaged},
};

const DbTrouble *db_trouble_of(const GError *error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(troubles); i++) {
		if (g_error_matches(error, DB_ERROR, (gint)troubles[i].error_class))
			return &troubles[i];
	}
	return NULL;
}

const DbTrouble *db_trouble_of_url(void)
{
	return &troubles[0];
}
