// What every driver must do, as tests over a connection that the caller opens. A driver's own test program calls
// contract_add_tests() with a row that says how to reach an empty database.
#pragma once

#include "db/db.h"

typedef struct {
	const char *name; // the driver's, and the tests' prefix
	DbConnection *(*open)(void); // an empty database, the same one for connections open at once
	DbConnection *(*open_other)(
		void); // a second connection to it; NULL when it cannot have one
	void (*clean)(void); // after the last connection was closed; may be NULL
	const char *missing_table_error; // the whole text for a read of "nowhere"
	const char *syntax_error; // … for "SELEC 1"
	const char *unique_error; // … for a second row 1 in item (id INTEGER PRIMARY KEY, …)
} ContractTarget;

void contract_add_tests(const ContractTarget *target);
