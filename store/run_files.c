// Which kept files a run names, so that they stay as long as it does.
#include "store/id.h"
#include "store/run_internal.h"

#include <string.h>

#define URI    "weir:///"
#define INPUTS "inputs/"

// The folder of a file's path below the kept ones: "inputs/<id>" or "<run>". NULL: it is no such path.
static char *folder_of(const char *path)
{
	const size_t prefix = g_str_has_prefix(path, INPUTS) ? strlen(INPUTS) : 0;
	char id[ID_SIZE];

	if (g_strlcpy(id, path + prefix, ID_SIZE) < ID_SIZE || !id_check(id) ||
		path[prefix + ID_SIZE - 1] != '/')
		return NULL;
	return g_strndup(path, prefix + ID_SIZE - 1);
}

bool run_files_note(Store *store, const char *run_id, const char *json, GError **error)
{
	for (const char *at = json == NULL ? NULL : strstr(json, URI); at != NULL;
		at = strstr(at, URI)) {
		at += strlen(URI);
		g_autofree char *folder = folder_of(at);

		if (folder != NULL &&
			!statement_run(store, STATEMENT_RUN_FILE_ADD,
				DB_VALUES(DB_TEXT(run_id), DB_TEXT(folder)), NULL, error))
			return false;
	}
	return true;
}
