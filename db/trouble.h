// Which errors are the database's own, whatever was asked of it: somebody or something has to make it usable again.
#pragma once

#include "db/db.h"

typedef struct {
	DbErrorClass error_class;
	const char *kind; // a stable word: "locked"
	const char *cure;
} DbTrouble;

// What kind of trouble an error is, NULL when it is none (the statement's own fault, a full disk, or no error at all).
// Constant.
const DbTrouble *db_trouble_of(const GError *error);
// The trouble of a connection whose URL cannot even be made. Constant.
const DbTrouble *db_trouble_of_url(void);
