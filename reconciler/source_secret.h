// Secrets, read from where the settings say at the moment they are needed.
#pragma once

#include "reconciler/source.h"

typedef struct {
	const char *key; // "token_file": the setting that is used; NULL: none is
	const char *place; // what it says: a path, or the name of a variable
	bool environment; // place is the name of a variable
} SecretPlace;

// Where the secret that goes with https:// is: password or token.
SecretPlace secret_place_password(const SourceAccess *access);
// Where the passphrase of the ssh key is.
SecretPlace secret_place_passphrase(const SourceAccess *access);

// Reads a secret; the line ends at the end of a file are not part of it. The caller clears it with secret_free(). NULL with an
// error of FETCH_ERROR_REFUSED, which names url and the place.
char *secret_read(const SecretPlace *place, const char *url, GError **error);
// Wipes it first.
void secret_free(char *secret);
