// The rules of a dialect: what dialect.c fills in and the scanner follows. Private to this folder.
#pragma once

#include "sql/dialect.h"

#include <stdint.h>

typedef enum {
	SQL_HASH_OPERATOR, // '#' is an operator
	SQL_HASH_COMMENT, // '#' starts a comment
	SQL_HASH_NAME, // '#name' is a temporary table
	SQL_HASH_EITHER, // a comment before a blank or a '#', else a name
} SqlHash;

struct SqlDialect {
	const char *name;
	const char *const *aliases; // further names, ended by NULL; may be NULL

	// Quoting
	char name_quote; // what sql_dialect_quote_name() writes
	bool double_quoted_text; // "x" is text, not a name
	bool backticks; // `x` is a name
	bool backtick_paths; // `a.b` is a path of two parts
	bool brackets; // [x] is a name
	bool backslash_text; // a backslash escapes in text
	bool backslash_names; // and in quoted names
	bool escape_prefix; // E'…' has backslash escapes
	bool doubled_quotes; // a quote inside is written twice
	bool triple_quotes; // '''…''' and """…"""
	bool dollar_quotes; // $tag$…$tag$
	bool text_as_table; // 'x' or "x" where a table stands is its name

	// Comments and blanks
	bool nested_comments;
	bool dash_needs_blank; // "--" is a comment only before a blank
	bool version_comments; // the inside of /*! … */ is SQL
	bool wide_blanks; // no-break and other wide spaces are blanks
	SqlHash hash;

	// Words
	bool dollar_words; // $ inside a word
	bool digit_words; // 2020_sales is a word
	bool hyphen_paths; // my-project.dataset.table

	// Parameters
	bool question; // ?
	bool question_digits; // ?1
	bool colon_names; // :name
	bool dollar_digits; // $1
	bool dollar_names; // $name
	bool at_names; // @name
	bool brace_types; // {name:Type}

	// What its command-line client adds to the language
	bool copy_data; // rows after COPY … FROM STDIN;
	bool backslash_lines; // \command
	bool dot_lines; // .command
	bool delimiter_lines; // DELIMITER //
	bool format_data; // rows after INSERT … FORMAT name

	// Recognition
	bool select_into; // SELECT … INTO table
	bool correlated; // FROM t, t.items
	bool correlated_paths; // and FROM d.t, t.items, with no alias
	bool in_tables; // x IN table
	bool array_join; // ARRAY JOIN lists expressions
	bool from_first; // FROM t SELECT x; FROM t |> …
	bool any_order; // the tables of a WITH see each other in any order
	bool expression_with; // WITH expression AS name
	bool multi_delete; // DELETE FROM a, b USING a JOIN b: the list after USING names the targets again
	bool dual; // DUAL is no table
	bool as_table; // CREATE TABLE t AS u
	bool wildcard_names; // events_* and d.*
	bool view_targets; // CREATE MATERIALIZED VIEW v TO t
	bool unique_columns; // a query whose columns share a name makes no table
	bool open_comments; // a comment may end with the text
	bool any_engine; // what the text is read by, and so where a quote ends, is not known
	bool question_binds, dollar_binds,
		names_bind; // in a query these are parameters for sure: ? $1 :name
	bool qualified_columns; // the column of "SELECT t.a" may be called "t.a"
	const char *const
		*column_functions; // what stands for several columns; ended by NULL; may be NULL
	const char *const
		*temporary_schemas; // their tables are temporary; ended by NULL; may be NULL
	const char *const *
		opaque_functions; // table functions that read tables not seen; ended by NULL; may be NULL
};
