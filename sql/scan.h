// Reading SQL text: what each statement is, which tables it reads and writes, its parameters, and a
// fingerprint.
//
// This is a scanner, not a grammar of expressions: it knows tokens, names, FROM clauses, the WITH
// clause and the heads of statements, and steps over everything else. It never fails on bad SQL,
// takes time linear in the text, and does not recurse. What it cannot see into is marked opaque.
//
// Everything here is pure: no clock, no I/O, no state between calls. A SqlScript is immutable, so
// any number of threads may read one; everything it points at lives as long as it does. The text
// itself is copied where needed: it may be freed after the scan.
//
// Offsets and lengths are bytes in the text, lines and columns count from 1, columns in characters
// (UTF-8).
#pragma once

#include "sql/dialect.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

// What a statement does. sql_kind_name() gives its stable name ("create-table").
typedef enum {
	SQL_KIND_UNKNOWN, // not recognised; always opaque
	SQL_KIND_SELECT, // SELECT, VALUES, TABLE t, a query in parentheses, or one behind WITH
	SQL_KIND_INSERT, // and REPLACE INTO, UPSERT
	SQL_KIND_UPDATE,
	SQL_KIND_DELETE,
	SQL_KIND_MERGE,
	SQL_KIND_COPY, // COPY in either direction
	SQL_KIND_LOAD, // LOAD DATA
	SQL_KIND_EXPORT, // EXPORT DATA, UNLOAD
	SQL_KIND_CREATE_TABLE,
	SQL_KIND_CREATE_VIEW, // and materialised views
	SQL_KIND_CREATE_ROUTINE, // function, procedure, trigger, event, rule
	SQL_KIND_CREATE, // any other object
	SQL_KIND_ALTER,
	SQL_KIND_DROP,
	SQL_KIND_TRUNCATE,
	SQL_KIND_RENAME,
	SQL_KIND_REFRESH, // REFRESH MATERIALIZED VIEW
	SQL_KIND_EXPLAIN,
	SQL_KIND_CALL, // CALL, EXECUTE, DO: always opaque
	SQL_KIND_CONTROL, // IF, LOOP, WHILE, DECLARE, RETURN, … of scripts
	SQL_KIND_TRANSACTION,
	SQL_KIND_SETTING, // SET, USE, ANALYZE, GRANT, SHOW, …: touches no table's rows
	SQL_KIND_LAST,
} SqlKind;

// One table as the text names it. Two names are the same table when they are equal without regard
// to (ASCII) case.
typedef struct {
	const char *name; // the parts, unquoted, joined by dots
	const char *const *
		parts; // the parts, unquoted, ended by NULL: one part may hold a dot ("a.b" quoted)
	size_t part_count;
	size_t offset; // of the first reference in the text, with its quotes
	size_t length;
	unsigned line, column;
} SqlTable;

// Tables without repetition, in the order of their first reference.
typedef struct {
	const SqlTable *tables;
	size_t count;
} SqlTableSet;

typedef struct {
	SqlKind kind;
	size_t offset; // of the first token
	size_t length; // up to and with the last token, without the semicolon
	unsigned line, column;
	SqlTableSet reads;
	SqlTableSet writes;
	const char *opaque; // NULL, or why reads and writes may miss something ("CALL runs a
		// procedure that is not seen")
} SqlStatement;

// What a parameter is written as.
typedef enum {
	SQL_PARAMETER_EXPRESSION, // {{ … }}
	SQL_PARAMETER_NATIVE, // the dialect's own: $1 ? :name @name {name:Type}
} SqlParameterKind;

// Where a parameter stands. An expression inside a comment is not a parameter.
typedef enum {
	SQL_CONTEXT_BARE, // by itself, as a value or a name
	SQL_CONTEXT_STRING, // inside a string literal, in whatever quotes
	SQL_CONTEXT_DOLLAR, // inside a $tag$ … $tag$ literal
	SQL_CONTEXT_NAME, // inside a quoted identifier
} SqlContext;

typedef struct {
	SqlParameterKind kind;
	SqlContext context;
	const char *text; // an expression's inside, trimmed ("inputs.day"); a native one as written
		// ("$1")
	size_t offset; // of the whole parameter, with its braces
	size_t length;
	unsigned line, column;
	size_t literal_offset; // of the literal or quoted identifier around it, prefix and quotes
		// included; else as offset
	size_t literal_length;
	bool unbound; // a native one of a query, which surely waits for a value
} SqlParameter;

// What is begun and never ended, where the dialect surely refuses that: SQLite takes an open comment.
typedef enum {
	SQL_OPEN_NOTHING,
	SQL_OPEN_TEXT, // a string literal
	SQL_OPEN_DOLLAR, // a $tag$ literal
	SQL_OPEN_NAME, // a quoted name
	SQL_OPEN_COMMENT,
} SqlOpen;

typedef struct {
	size_t offset;
	unsigned line, column; // line 0: nowhere
} SqlPlace;

typedef struct {
	const SqlDialect *dialect;
	const SqlStatement *statements;
	size_t statement_count;
	SqlTableSet reads; // the union over the statements: temporary tables of the script left out
	SqlTableSet writes;
	const SqlParameter *parameters; // in the order of the text
	size_t parameter_count;
	const char *opaque; // NULL, or the reason of the first opaque statement
	SqlOpen open; // what runs to the end of the text for want of its end
	SqlPlace open_at; // where that begins
	SqlPlace
		late_header; // a comment that reads like a header, and is not the text's first token
	// A script of one query: the second of two columns that surely bear one name. NULL: none, or not known for sure.
	const char *column_twice;
	SqlPlace column_twice_at;
	// Lower-case hex SHA-256 of the tokens: comments, blanks, the letter case of keywords and a
	// trailing semicolon do not matter, that of names and of quoted text does.
	char fingerprint[65];
} SqlScript;

// Scans a text. Never NULL: bad SQL gives what could be recognised. The text need not end with a
// NUL byte, may hold any bytes, and may be freed afterwards. Free the result with
// sql_script_free().
SqlScript *sql_script_scan(const SqlDialect *dialect, const char *text, size_t length);

// Frees a script and everything it points at. NULL is fine.
void sql_script_free(SqlScript *script);

// The stable name of a kind ("select", "create-table"); constant.
const char *sql_kind_name(SqlKind kind);

// Whether two dotted names mean the same table.
bool sql_table_name_equal(const char *first, const char *second);

// Whether a set holds a table of this dotted name.
bool sql_table_set_contains(const SqlTableSet *set, const char *name);

// The comment that begins at the text's start is a header by its looks: the word "weir", and behind it a key
// with its colon. In "--" lines the word stands alone in the first, and the key in the next.
bool sql_header_looks(const char *text, size_t length);

// The same, but with the word in other letters, such as "Weir": it is no header then.
bool sql_header_looks_miscased(const char *text, size_t length);

// The header of a script: its first token is a comment that starts with the word "weir". Gives the
// YAML inside (after that word, before the comment's end): offset and length in the text, and the
// line on which it starts. In a block comment it is the text as it is; a header in "--" lines is
// not one. False when the text has no header.
bool sql_header_find(const char *text, size_t length, size_t *ret_offset, size_t *ret_length,
	unsigned *ret_line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlScript, sql_script_free)
