// The rows of the dialect table; for db/ddl.c.
#pragma once

#include "db/ddl.h"

extern const DbDialect DB_DIALECT_SQLITE;
