// What the two halves of the parser share: parse_expression.c reads what stands between {{ and }}, parse_template.c the text
// around it. Private to this folder.
#pragma once

#include "expr/ast.h"
#include "expr/callee.h"
#include "expr/lexer.h"

typedef struct {
	ExprTemplate *template_;
	GPtrArray *faults;
	size_t end;
	Token token; // the current one
	unsigned brackets; // open ( [ { of the expression
	unsigned depth; // of nested expressions and bodies
	bool failed; // a fault was found in the current {{ … }} or {% … %}
	bool seen_loop; // `loop` was mentioned
	GPtrArray *
		calls; // NODE_MACRO_CALL nodes whose macro is to be found; NULL when there are none
} Parser;

// The deepest nesting of expressions and bodies in a text, and the highest tree.
enum { MAX_NESTING = 200, MAX_HEIGHT = 1000 };

// Records a fault at an offset, unless the current span has one already. Always returns NULL.
void *parser_fail(Parser *parser, size_t offset, const char *hint, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

// Records that the current token is not what it should be.
void *parser_unexpected(Parser *parser, const char *wanted);

// Makes the token that follows the current one the current one.
void parser_advance(Parser *parser);

// Makes the first token at an offset the current one.
void parser_start(Parser *parser, size_t at);

// Goes past a token of this kind, or fails.
bool parser_expect(Parser *parser, TokenKind kind, const char *wanted);

bool parser_at_name(const Parser *parser, const char *name);

// Copies part of the text into the arena.
char *parser_copy(Parser *parser, size_t offset, size_t length);

ExprNode *parser_node(Parser *parser, NodeKind kind, size_t offset);

// Reads an expression; the token after it becomes the current one. NULL after a fault.
ExprNode *parse_expression(Parser *parser);

// Reads `name(arguments)` behind a `|`, with the name as the current token; the same behind `is` or `is not`.
ExprNode *parse_filter(Parser *parser, ExprNode *input);
ExprNode *parse_test(Parser *parser, ExprNode *input);

// Reads the arguments of a function or macro, whose name was the token before the current one.
ExprNode *parse_call(Parser *parser, Token name);

// Makes the node as high as what stands below it (may be NULL) demands. NULL after a fault.
ExprNode *parser_grow(Parser *parser, ExprNode *node, const ExprNode *below);

// Moves what a growing array of nodes holds into the arena, and frees the array.
NodeList parser_take_list(Parser *parser, GPtrArray *nodes);
