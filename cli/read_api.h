// How commands read what is known: through the same handlers that answer the status API, on a store opened read-only, so that
// `--output json` and the API have one shape.
#pragma once

#include "store/store.h"
#include <jansson.h>

// Opens the store that --store, $WEIR_STORE or the default names. Says on stderr what is wrong, and returns NULL.
Store *read_api_open(void);

// The document of a path ("/v1/status"), a new reference. Says on stderr what is wrong, and returns NULL.
json_t *read_api_get(Store *store, const char *path);

// The document of a list with the items of all its pages; 'next' is null. As above.
json_t *read_api_list(Store *store, const char *path);

// Prints the list of a path whole: as JSON, or its items as the command prints them. parameter=value narrows it, unless value is
// NULL. The command's exit status.
int read_api_print_list(Store *store, const char *path, const char *parameter, const char *value,
	void (*print)(const json_t *items));

// Says on stderr what an error of the API says, with its hint.
void read_api_report(const GError *error);

// Members of documents, for printing: text (NULL for null), number (0), and the moment of a time as people read it, like
// "3 min ago" ("-" for never). The last is to be freed.
const char *document_text(const json_t *document, const char *name);
int64_t document_number(const json_t *document, const char *name);
char *document_age(const json_t *document, const char *name);
