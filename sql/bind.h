// Values are bound, never pasted: turns the {{ … }} of a script into placeholders, and says what
// each stands for.
//
// - "day = {{ x }}" becomes "day = $1": a slot with the value of x.
// - "day = '{{ x }}'" becomes "day = $1": a slot with x as text.
// - "path LIKE 'in/{{ x }}/%'" becomes "path LIKE $1": 'in/', x as text and '/%' joined.
// - "DATE '{{ x }}'" becomes "CAST($1 AS DATE)": a placeholder cannot follow the word.
// - "FROM {{ x | identifier }}" becomes "FROM ": a splice, which the caller fills with x quoted.
// - "FROM "{{ x }}_old"" becomes "FROM ": a splice too, the pieces joined.
//
// Pure and thread-safe, as sql/scan.h. A binding is immutable and owns all it points at.
#pragma once

#include "sql/scan.h"

// How the driver writes placeholders.
typedef enum {
	SQL_PLACEHOLDER_DOLLAR, // $1 $2 …
	SQL_PLACEHOLDER_QUESTION, // ?
	SQL_PLACEHOLDER_COLON, // :p1 :p2 …
	SQL_PLACEHOLDER_AT, // @p1 @p2 …
} SqlPlaceholder;

// What becomes of a bare expression. The caller tells (the runner looks at the filters of the
// expression).
typedef enum {
	SQL_USE_VALUE, // bound with the type it has
	SQL_USE_TEXT, // bound as text; the pieces are joined (an expression inside a string
	// literal)
	SQL_USE_IDENTIFIER, // spliced in as a quoted name (sql_dialect_quote_name)
	SQL_USE_RAW, // spliced in as it is; refused when the caller says so
} SqlUse;

// One part of a slot.
typedef struct {
	bool expression; // true: text is the inside of {{ … }}; false: text is literal, its escapes
		// already undone
	const char *text; // ends with NUL
	size_t length;
	size_t offset; // in the script
} SqlPiece;

typedef struct {
	SqlUse use;
	unsigned number; // of the placeholder, from 1, in the order of the text; 0 for a splice
	size_t at; // where in the binding's text: the first byte of the placeholder, or where to
		// insert the splice
	const SqlPiece *pieces;
	size_t piece_count;
	unsigned line, column; // in the script
} SqlSlot;

// Something that cannot be bound.
typedef struct {
	size_t offset;
	unsigned line, column;
	const char *message; // "an expression inside a dollar-quoted body cannot be bound"
	const char *hint; // or NULL
} SqlBindFault;

typedef struct {
	const char *text; // SQL with placeholders, ended by NUL; the rest byte for byte
	size_t length;
	const SqlSlot *slots;
	size_t slot_count;
	unsigned placeholder_count;
	bool spliced; // some slot is a splice: use sql_binding_splice()
	const SqlBindFault *faults;
	size_t fault_count;
} SqlBinding;

// Asked for each bare expression: its text (trimmed inside of {{ … }}) and the caller's data. May
// answer SQL_USE_VALUE, SQL_USE_IDENTIFIER or SQL_USE_RAW.
typedef SqlUse (*SqlBindUse)(const char *expression, void *data);

// Binds a text with the parameters that scanning it gave. use may be NULL: everything bare is a
// value. When the script has native $n placeholders of its own, SQL_PLACEHOLDER_DOLLAR counts on
// after the highest of them. Never NULL; look at fault_count. Free with sql_binding_free().
SqlBinding *sql_script_bind(const SqlScript *script, const char *text, size_t length,
	SqlPlaceholder style, SqlBindUse use, void *data);

// The text with the splices filled in: values[i] is the rendered, joined text of slot i for splices
// (others may be NULL). Names are quoted here, raw text is put in as it is. The caller frees the
// result.
char *sql_binding_splice(
	const SqlBinding *binding, const SqlDialect *dialect, const char *const *values);

// Frees a binding. NULL is fine.
void sql_binding_free(SqlBinding *binding);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlBinding, sql_binding_free)
