// Rows of a SELECT as a BuildSource.
#pragma once

#include "runner/build/build.h"

// Which tables a text reads and writes, taken apart. Lists of char *, with NULL at the end.
typedef struct QueryTables {
	GPtrArray *datasets; // of the tables read
	GPtrArray *written; // datasets of the tables written
	GPtrArray *unqualified; // tables read without a dataset
	GPtrArray *reads; // all that the first text reads, with the dataset where it says one
	char *fingerprint; // of the first text
} QueryTables;

// texts: any number of SQL texts, ended by NULL.
void query_tables_init(QueryTables *tables, const char *dialect, const char *const *texts);
void query_tables_clear(QueryTables *tables);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QueryTables, query_tables_clear)

// The source of a query's text; data must stay NULL. The text is borrowed.
BuildSource query_source(const char *sql);
