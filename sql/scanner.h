// The state of one scan, shared by the files that recognise statements. Private to this folder.
//
// Statements are recognised by a machine with a stack of frames, one for each open bracket, so that nesting costs heap
// and never stack. Each frame has a state; each state has one function, which looks at the token at hand and either
// moves on or changes the state.
#pragma once

#include "sql/lex.h"
#include "sql/symbol.h"

#include <string.h>

typedef enum {
	STATE_START, // a query or statement begins
	STATE_WITH, // a name of a WITH list comes
	STATE_WITH_BODY, // the bracket of its query comes
	STATE_WITH_VALUE, // inside "expression AS name" of a WITH list
	STATE_WITH_AFTER, // a comma or the statement itself comes
	STATE_SELECT, // in a select list: FROM counts
	STATE_ITEM, // a table comes
	STATE_FUNCTION, // the bracket of a table function comes
	STATE_FROM, // after a table: commas and JOIN count
	STATE_LIST, // after ARRAY JOIN or LATERAL VIEW: JOIN counts, commas do not
	STATE_EXPRESSION, // anything else of a query
	STATE_SET, // assignments of an UPDATE
	STATE_TARGETS, // after the target of DELETE or MERGE: USING or FROM
	STATE_TAIL, // between the head of INSERT or CREATE and its query
	STATE_GROUP, // brackets in an expression
	STATE_COLUMNS, // brackets of a column list: LIKE t counts
	STATE_INERT, // nothing counts but queries in brackets
	STATE_ALTER, // actions of ALTER TABLE
	STATE_EXPLAIN, // options before the statement explained
	STATE_DECLARE, // a cursor's query or a handler's statement may come
	STATE_ROUTINE, // between the head of a routine and its body
	STATE_RULE, // up to DO
	STATE_CONDITION, // up to THEN, DO or END, which starts the next statement
	STATE_COUNT,
} State;

typedef enum {
	VERB_NONE,
	VERB_SELECT,
	VERB_INSERT,
	VERB_INSERT_ALL,
	VERB_UPDATE,
	VERB_DELETE,
	VERB_MERGE,
	VERB_CREATE_TABLE,
	VERB_CREATE_VIEW,
	VERB_EXPORT,
} Verb;

typedef struct {
	uint8_t state;
	uint8_t verb;
	char opener; // the bracket it stands for; NUL: the statement
	bool shares_items : 1; // a bracketed join: its tables belong to the frame below
	bool in_from : 1; // after a query inside, commas and JOIN count
	bool table_body : 1; // the query of a WITH: may be INSERT, UPDATE, DELETE
	bool deferred : 1; // the tables named now may turn out to be targets
	bool recursive : 1; // its WITH names are known from the start
	bool after_set : 1; // UNION or its like came before
	bool assignment : 1; // the next words are what SET assigns to
	bool function : 1; // the brackets of a table function
	bool no_in : 1; // IN in these brackets is not the operator
	uint32_t cases; // open CASE … END
	uint32_t tables; // heights of the stacks when it was opened
	uint32_t items;
	uint32_t targets;
	uint32_t pending; // where the references of this branch begin
	uint32_t pending_from; // and of its FROM clause
	int32_t name; // symbol of the WITH name whose body is being read
} Frame;

typedef struct {
	const char *text;
	size_t length;
} NamePart;

// A name as parsed: parts are in Scanner.parts until the next name.
typedef struct {
	guint first, last; // tokens
	guint part_count;
	bool dynamic; // an expression makes part of it
} Name;

// A table named where UPDATE or DELETE may mean it as a target, or any table of a FROM clause.
typedef struct {
	int32_t symbol; // of the alias, or of the last part of the name
	int32_t previous; // the item that the symbol meant before
	int32_t reference; // into Scanner.references, -1: a query, function or WITH table
	bool deferred;
	bool target;
	bool correlates; // "x.y" after it is a part of its rows
} Item;

// A table of a WITH list, or the name of an expression there.
typedef struct {
	int32_t symbol;
	int32_t previous;
	bool value;
} WithTable;

// A reference "x.y" that an alias x still to come may explain.
typedef struct {
	int32_t symbol; // of x
	int32_t previous;
	int32_t reference;
	bool explained;
} Pending;

typedef struct {
	const SqlDialect *dialect;
	const char *text;
	SqlArena *arena;
	const SqlToken *tokens;
	guint token_count; // without the end
	guint at;

	SqlStatement statement;
	guint statement_first;
	int32_t statement_number; // from 1
	int32_t statement_references; // where the statement's references begin
	int32_t temporary; // symbol that the statement makes temporary, -1: none
	bool statement_done; // ends before a semicolon
	bool explaining; // nothing is written
	bool nested; // the text is a literal of another script
	bool routine; // inside CREATE PROCEDURE and its like
	unsigned blocks; // open BEGIN, IF, LOOP, … of the routine
	guint lead_end; // cache: the first token that is no opening bracket after lead_start
	guint lead_start;

	size_t position; // offset up to which line and column are counted
	unsigned line, column;

	// From here on kept, emptied, from one scan to the next: see scratch.h.
	SymbolTable symbols;
	GArray *frames; // of Frame; the first is the statement's
	GArray *items; // of Item
	GArray *with_tables; // of WithTable
	GArray *pending; // of Pending
	GArray *references; // of SqlTable: one for each distinct name of a statement
	GArray *reference_symbols; // of int32_t: of the dotted name of each
	GArray *targets; // of int32_t: symbols of the targets of DELETE
	GArray *parts; // of NamePart
	GString *dotted;

	GArray *statements; // of SqlStatement
	GArray *reads, *writes; // of SqlTable: of the statement at hand
	GArray *all_reads, *all_writes;
} Scanner;

// tokens

static inline const SqlToken *token_at(const Scanner *s, guint index)
{
	return &s->tokens[MIN(index, s->token_count)];
}

static inline const SqlToken *this_token(const Scanner *s)
{
	return token_at(s, s->at);
}

static inline unsigned word_at(const Scanner *s, guint index)
{
	return sql_token_word(token_at(s, index));
}

static inline bool mark_at(const Scanner *s, guint index, char mark)
{
	return sql_token_is_mark(token_at(s, index), mark);
}

static inline Frame *top_frame(const Scanner *s)
{
	return &g_array_index(s->frames, Frame, s->frames->len - 1);
}

static inline bool is_base_frame(const Scanner *s, const Frame *frame)
{
	return frame == &g_array_index(s->frames, Frame, 0);
}

// Steps over a keyword when it is the one at hand.
bool accept_word(Scanner *s, SqlKeyword keyword);

// name.c

// Whether a name starts at a token.
bool name_starts(const Scanner *s, guint index);

// Reads the dotted name at hand and steps over it. False, and no step, when there is none.
bool name_parse(Scanner *s, Name *name);

// The index into references of a name's table.
int32_t name_reference(Scanner *s, const Name *name);

// The symbol of one part of the name just parsed.
int32_t name_part_symbol(Scanner *s, guint part);

// Line and column of an offset. Offsets must not go back by more than they went forward; cheap when they grow.
void position_of(Scanner *s, size_t offset, unsigned *line, unsigned *column);

// columns.c

// The name of the query's second column that surely has the name of an earlier one; NULL when there is none.
const SqlToken *column_twice(const Scanner *s);

// tables.c

// Corrects the statement's kind, unless it is part of a routine.
void statement_kind(Scanner *s, SqlKind kind);

void mark_opaque(Scanner *s, const char *reason);

// A name in a FROM clause or anywhere else that reads.
void table_read(Scanner *s, const Name *name);

// A name that is written; made_temporary: the statement makes it as a temporary table.
void table_write(Scanner *s, const Name *name, bool made_temporary);

// A name that turns out later to be read or written: its reference, or -1 when it is neither.
int32_t table_deferred(Scanner *s, const Name *name);

// Reads a table of references, whatever its name means elsewhere.
void reference_read(Scanner *s, int32_t reference);
void reference_write(Scanner *s, int32_t reference);

// A DROP of the name: a temporary table is forgotten, another is written.
void table_drop(Scanner *s, const Name *name);
void table_forget(Scanner *s, const Name *name); // the first half

// Handles [AS] alias after an item; the symbol, or -1.
int32_t alias_parse(Scanner *s);

// Registers an item of a FROM clause. alias and own_symbol: -1 for none.
void item_push(Scanner *s, int32_t alias, int32_t own_symbol, int32_t reference, bool qualified);
void items_truncate(Scanner *s, guint height);

void with_table_push(Scanner *s, int32_t symbol, bool value);
void with_tables_truncate(Scanner *s, guint height);
bool symbol_is_with_table(const Scanner *s, int32_t symbol);
bool symbol_is_with_value(const Scanner *s, int32_t symbol);

// Decides which of a frame's deferred tables are targets, and lets the others be read.
void targets_settle(Scanner *s, Frame *frame);

// References that no alias explained are read after all.
void pending_settle(Scanner *s);

// recognise.c

// Recognises all statements of the tokens.
void statements_recognise(Scanner *s);

// Starts over inside a routine's body, or ends the statement here when there is none.
void statement_restart(Scanner *s);

// Whether a query starts at a token.
bool query_starts(const Scanner *s, guint index);

// The first token at or after an opening bracket that is no opening bracket.
guint lead_of(Scanner *s, guint index);

// query.c

void state_start(Scanner *s, Frame *frame);
void state_select(Scanner *s, Frame *frame);
void state_expression(Scanner *s, Frame *frame);
void state_item(Scanner *s, Frame *frame);
void state_function(Scanner *s, Frame *frame);
void state_from(Scanner *s, Frame *frame);
void state_set(Scanner *s, Frame *frame);
void state_targets(Scanner *s, Frame *frame);
void state_group(Scanner *s, Frame *frame);
void state_inert(Scanner *s, Frame *frame);
void state_explain(Scanner *s, Frame *frame);

// with.c

void start_with(Scanner *s, Frame *frame);
void state_with(Scanner *s, Frame *frame);
void state_with_body(Scanner *s, Frame *frame);
void state_with_value(Scanner *s, Frame *frame);
void state_with_after(Scanner *s, Frame *frame);

// heads.c

// The statement or query at hand. False when its first word is none that starts one here.
bool head_dispatch(Scanner *s, Frame *frame);

// create.c

void head_create(Scanner *s, Frame *frame);
void head_alter(Scanner *s, Frame *frame);
void head_drop(Scanner *s, Frame *frame);
void head_truncate(Scanner *s, Frame *frame);
void head_rename(Scanner *s, Frame *frame);
void state_tail(Scanner *s, Frame *frame);
void state_columns(Scanner *s, Frame *frame);
void state_alter(Scanner *s, Frame *frame);
void state_routine(Scanner *s, Frame *frame);
void state_rule(Scanner *s, Frame *frame);

// block.c

// Words that stand before a statement in a script: BEGIN, labels, ELSE, LOOP, END … . True when it stepped over some.
bool block_words(Scanner *s, Frame *frame);
void state_condition(Scanner *s, Frame *frame);
void state_declare(Scanner *s, Frame *frame);

// unload.c

// A query inside a literal (UNLOAD): its tables count as the statement's.
void literal_query_read(Scanner *s, const SqlToken *token);

// script.c

// As sql_script_scan(); nested: the text is a literal of another script, and no further literal is looked into.
SqlScript *script_scan(const SqlDialect *dialect, const char *text, size_t length, bool nested);
