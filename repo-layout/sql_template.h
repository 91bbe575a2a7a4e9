// SQL as an author writes it, taken apart for whoever runs it: statements, what is bound and what is spliced, datasets
// read. A thin view of sql/ for the folders above repo-layout. Pure; an object is immutable and owns all it points at.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
	SQL_PART_TEXT, // as it is
	SQL_PART_VALUE, // the value of an expression, bound with its type
	SQL_PART_JOINED, // several pieces, rendered and joined to one bound text
	SQL_PART_IDENTIFIER, // pieces joined, quoted as a name
	SQL_PART_RAW, // pasted
} SqlPartKind;

typedef struct SqlPartPiece {
	bool expression; // else literal text
	char *text;
} SqlPartPiece;

typedef struct SqlPart {
	SqlPartKind kind;
	char *text; // of TEXT; else NULL
	GPtrArray *pieces; // SqlPartPiece; of all others
	unsigned line, column;
} SqlPart;

typedef struct SqlTemplate {
	GPtrArray *parts; // SqlPart
	char *fault; // NULL, or "line:column: why something cannot be bound"
} SqlTemplate;

// dialect: a name ("sqlite"). One statement or a piece of one.
SqlTemplate *sql_template_new(const char *dialect, const char *text);
void sql_template_free(SqlTemplate *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlTemplate, sql_template_free)

// One statement of a script.
typedef struct SqlSplit {
	char *text; // without its semicolon
	unsigned line;
	bool transaction; // BEGIN, COMMIT, …
} SqlSplit;

// The statements of a script, in order. Array of SqlSplit, owned by the caller.
GPtrArray *sql_script_split(const char *dialect, const char *text);

// What reading a script once tells.
typedef struct SqlFacts {
	GStrv reads; // the tables read, and those written: dotted and unquoted, each once
	GStrv writes;
	char *fingerprint; // as sql/scan.h: 64 hexadecimal digits
} SqlFacts;

SqlFacts *sql_facts_new(const char *dialect, const char *text);
void sql_facts_free(SqlFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlFacts, sql_facts_free)

// The names of the columns that a text's only query makes, ended by NULL; NULL when they are not certain (sql/output.h). Free
// with g_strfreev.
char **sql_query_columns(const char *dialect, const char *text);

// The text with "dataset." taken off in front of the names of its own tables: what is kept inside the dataset must not
// name it (an SQLite view that does makes the whole file unreadable under another name). Free with g_free.
char *sql_script_localise(const char *dialect, const char *text, const char *dataset);
