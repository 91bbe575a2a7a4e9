// The tree a template is parsed into. Private to this folder. All nodes and strings live in the template's arena and are
// never changed after parsing.
#pragma once

#include "expr/template.h"

typedef struct ExprNode ExprNode;
typedef struct ExprCallee ExprCallee;

typedef enum {
	// expressions
	NODE_LITERAL,
	NODE_PATH,
	NODE_LIST,
	NODE_MAP,
	NODE_NOT,
	NODE_NEGATE,
	NODE_PLUS,
	NODE_AND,
	NODE_OR,
	NODE_BINARY,
	NODE_COALESCE, // a ?? b: b when a is undefined or null
	NODE_COALESCE_UNDEFINED, // a ??? b: b when a is undefined
	NODE_CHOICE, // a ? b : c
	NODE_INTERPOLATION, // "a #{b} c"
	NODE_FILTER, // a | f(b)
	NODE_TEST, // a is t(b)
	NODE_CALL, // f(a)
	NODE_MACRO_CALL,
	NODE_BLOCK_CALL, // block('name')
	// statements
	NODE_TEXT,
	NODE_OUTPUT,
	NODE_IF,
	NODE_FOR,
	NODE_SET,
	NODE_BLOCK,
	NODE_FILTERED, // {% filter upper %}…{% endfilter %}
} NodeKind;

typedef enum {
	OPERATOR_EQUAL,
	OPERATOR_NOT_EQUAL,
	OPERATOR_LESS,
	OPERATOR_LESS_EQUAL,
	OPERATOR_GREATER,
	OPERATOR_GREATER_EQUAL,
	OPERATOR_CONTAINS,
	OPERATOR_IN,
	OPERATOR_NOT_IN,
	OPERATOR_ADD,
	OPERATOR_SUBTRACT,
	OPERATOR_MULTIPLY,
	OPERATOR_DIVIDE,
	OPERATOR_MODULO,
	OPERATOR_CONCATENATE,
	OPERATOR_RANGE,
} Operator;

// One step of a path: `.name` (name set) or `[expression]` (subscript set; a literal string becomes a name).
typedef struct {
	const char *name;
	ExprNode *subscript;
	uint32_t offset;
} PathStep;

typedef struct {
	ExprNode **nodes;
	uint32_t count;
} NodeList;

typedef struct {
	ExprNode *condition; // NULL for {% else %}
	NodeList body;
} Branch;

typedef struct {
	const char *name;
	const char **parameters;
	ExprNode **defaults; // NULL where a parameter has none
	uint32_t count;
	NodeList body;
} Macro;

struct ExprNode {
	uint8_t kind; // NodeKind
	uint8_t operation; // Operator
	bool negated; // `is not`
	bool uses_loop; // the body of a {% for %} mentions `loop`
	uint32_t height; // of the tree below, for the limit of nesting
	uint32_t offset; // of the token that stands for it, in bytes from the start of the text
	union {
		json_t *literal;
		struct {
			const char *root; // NULL when base is set
			ExprNode *base;
			PathStep *steps;
			uint32_t count;
		} path;
		struct {
			ExprNode *a, *b, *c;
		} operands;
		NodeList items; // of a list, an interpolation; of a map key, value, key, value, …
		struct {
			const ExprCallee *callee;
			ExprNode *input;
			NodeList
				arguments; // by position in callee->parameters, NULL where left out
		} call;
		struct {
			const char *name;
			Macro *macro; // set once the whole template is parsed
			NodeList arguments;
			const char **names; // of the arguments; NULL for a positional one
		} macro_call;
		struct {
			const char *text;
			size_t length;
		} text;
		ExprNode *output;
		struct {
			Branch *branches;
			uint32_t count;
		} choice;
		struct {
			const char *key; // NULL but for `for key, value in`
			const char *value;
			ExprNode *list;
			NodeList body, otherwise;
		} loop;
		struct {
			const char *name;
			ExprNode *value; // NULL: the body's text
			NodeList body;
		} set;
		struct {
			const char *name;
			NodeList body;
		} block;
		struct {
			ExprNode *filter; // a chain of filters over a node that holds the body
			ExprNode *hole; // that node: a NODE_TEXT inside the chain
			NodeList body;
		} filtered;
	};
};

typedef struct ArenaBlock {
	struct ArenaBlock *next;
	char memory[];
} ArenaBlock;

struct ExprTemplate {
	size_t length;
	NodeList body;
	ExprNode *single; // the expression of a template that is one {{ … }}, blanks aside
	bool plain;
	bool bare; // parsed by expr_template_parse_expression()
	ArenaBlock *blocks; // memory of the arena, newest first
	json_t *literals; // a list of them; NULL when there are none
	GPtrArray *macros; // Macro, in the arena; NULL when there are none
	GPtrArray *named_blocks; // ExprNode; NULL when there are none
	char *arena; // free space of the newest block
	size_t arena_left, arena_size;
	char text[]; // with a NUL behind it
};

// Memory that lives as long as the template, set to zero.
void *expr_template_allocate(ExprTemplate *template_, size_t size);

// Keeps a literal value for as long as the template lives; takes the reference.
void expr_template_keep(ExprTemplate *template_, json_t *literal);

// Where an offset is: line and column from 1, columns counted in characters.
void expr_text_position(const char *text, size_t offset, unsigned *line, unsigned *column);
