// How a remote repository is reached: who asks, what is trusted, how long is waited. Secrets are not in here: only the names
// of the files and variables that hold them, which are read anew at each fetch, so that they may be replaced at any time.
#pragma once

#include "reconciler/source_url.h"

#include <jansson.h>
#include <stdint.h>

typedef struct {
	const char *username; // NULL: the URL's
	const char *password_file, *password_env; // of password and token one at most
	const char *token_file, *token_env;
	const char *ca_file; // the authorities that vouch for servers, in place of the system's
	const char *proxy; // NULL: what the environment says (https_proxy, no_proxy)
	const char *ssh_key_file; // NULL: the agent's keys, and the user's own
	const char *ssh_key_passphrase_file, *ssh_key_passphrase_env;
	const char *known_hosts_file; // NULL: the user's and the machine's
	int64_t connect_timeout; // microseconds; 0: the default
	int64_t stall_timeout;
	int64_t fetch_timeout;
} SourceAccess;

typedef struct {
	const char *name; // in server.yaml, and in the messages
	size_t offset; // in SourceAccess
	bool duration; // an int64_t instead of a text
	unsigned schemes; // UrlScheme: for which it means something
} SourceAccessKey;

extern const SourceAccessKey source_access_keys[]; // ended by a row without a name

// Reads what object has of the keys; durations are ISO 8601 or microseconds. The texts belong to object. NULL: nothing set.
void source_access_read(SourceAccess *access, const json_t *object);
// The opposite: a new object; durations in microseconds.
json_t *source_access_json(const SourceAccess *access);

// A copy with texts of its own, and what frees them.
void source_access_copy(SourceAccess *to, const SourceAccess *from);
void source_access_clear(SourceAccess *access);

// Puts the defaults in the place of zeros.
void source_access_complete(SourceAccess *access);

// Whether the settings fit the URL and each other. Errors are of FETCH_ERROR_BAD_URL.
bool source_access_check(
	const SourceAccess *access, const SourceUrl *url, const char *text, GError **error);
