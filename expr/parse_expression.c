#include "expr/parser.h"

#include <string.h>

// How tightly the binary operators bind, loosest first. Filters and tests are among them: `a ~ b | f` filters the whole of
// `a ~ b`, `a ?? b | f` the whole of `a ?? b`.
enum {
	BINDS_OR = 10,
	BINDS_AND = 15,
	BINDS_NOT = 17,
	BINDS_TEST = 20,
	BINDS_COMPARISON = 30,
	BINDS_SUM = 40,
	BINDS_PRODUCT = 60,
	BINDS_FILTER = 100,
	BINDS_CONCATENATION = 110,
	BINDS_COALESCE = 120,
	BINDS_SIGN = 500,
};

typedef struct {
	const char *word; // of a TOKEN_NAME
	TokenKind token;
	int binds;
	NodeKind node;
	Operator operation;
} BinaryRow;

static const BinaryRow binary_rows[] = {
	{"or", TOKEN_NAME, BINDS_OR, NODE_OR, 0},
	{"and", TOKEN_NAME, BINDS_AND, NODE_AND, 0},
	{"is", TOKEN_NAME, BINDS_TEST, NODE_TEST, 0},
	{"contains", TOKEN_NAME, BINDS_TEST, NODE_BINARY, OPERATOR_CONTAINS},
	{"in", TOKEN_NAME, BINDS_TEST, NODE_BINARY, OPERATOR_IN},
	{"not", TOKEN_NAME, BINDS_TEST, NODE_BINARY, OPERATOR_NOT_IN},
	{"equals", TOKEN_NAME, BINDS_COMPARISON, NODE_BINARY, OPERATOR_EQUAL},
	{NULL, TOKEN_EQUAL, BINDS_COMPARISON, NODE_BINARY, OPERATOR_EQUAL},
	{NULL, TOKEN_NOT_EQUAL, BINDS_COMPARISON, NODE_BINARY, OPERATOR_NOT_EQUAL},
	{NULL, TOKEN_LESS, BINDS_COMPARISON, NODE_BINARY, OPERATOR_LESS},
	{NULL, TOKEN_LESS_EQUAL, BINDS_COMPARISON, NODE_BINARY, OPERATOR_LESS_EQUAL},
	{NULL, TOKEN_GREATER, BINDS_COMPARISON, NODE_BINARY, OPERATOR_GREATER},
	{NULL, TOKEN_GREATER_EQUAL, BINDS_COMPARISON, NODE_BINARY, OPERATOR_GREATER_EQUAL},
	{NULL, TOKEN_PLUS, BINDS_SUM, NODE_BINARY, OPERATOR_ADD},
	{NULL, TOKEN_MINUS, BINDS_SUM, NODE_BINARY, OPERATOR_SUBTRACT},
	{NULL, TOKEN_STAR, BINDS_PRODUCT, NODE_BINARY, OPERATOR_MULTIPLY},
	{NULL, TOKEN_SLASH, BINDS_PRODUCT, NODE_BINARY, OPERATOR_DIVIDE},
	{NULL, TOKEN_PERCENT, BINDS_PRODUCT, NODE_BINARY, OPERATOR_MODULO},
	{NULL, TOKEN_BAR, BINDS_FILTER, NODE_FILTER, 0},
	{NULL, TOKEN_TILDE, BINDS_CONCATENATION, NODE_BINARY, OPERATOR_CONCATENATE},
	{NULL, TOKEN_RANGE, BINDS_COALESCE, NODE_BINARY, OPERATOR_RANGE},
	{NULL, TOKEN_COALESCE, BINDS_COALESCE, NODE_COALESCE, 0},
	{NULL, TOKEN_COALESCE_UNDEFINED, BINDS_COALESCE, NODE_COALESCE_UNDEFINED, 0},
};

static ExprNode *parse_binary(Parser *parser, int min_binding);

static const BinaryRow *binary_row(const Parser *parser)
{
	for (size_t i = 0; i < G_N_ELEMENTS(binary_rows); i++) {
		const BinaryRow *row = &binary_rows[i];

		if (row->token != parser->token.kind)
			continue;
		if (row->word == NULL || parser_at_name(parser, row->word))
			return row;
	}
	return NULL;
}

ExprNode *parser_grow(Parser *parser, ExprNode *node, const ExprNode *below)
{
	if (below != NULL && below->height + 1 > node->height)
		node->height = below->height + 1;
	if (node->height > MAX_HEIGHT)
		return parser_fail(parser, node->offset, NULL,
			"the expression is nested deeper than %d levels", MAX_HEIGHT);
	return node;
}

static ExprNode *literal(Parser *parser, size_t offset, json_t *value)
{
	ExprNode *node = parser_node(parser, NODE_LITERAL, offset);

	node->literal = value;
	expr_template_keep(parser->template_, value);
	return node;
}

static ExprNode *parse_number(Parser *parser)
{
	Token token = parser->token;
	const char *text = parser->template_->text + token.offset;
	json_t *value;

	if (token.kind == TOKEN_FLOAT) {
		value = json_real(g_ascii_strtod(text, NULL));
	} else {
		gint64 integer = 0;
		g_autofree char *digits = g_strndup(text, token.length);

		if (!g_ascii_string_to_signed(digits, 10, 0, G_MAXINT64, &integer, NULL))
			return parser_fail(
				parser, token.offset, NULL, "the number '%s' is too large", digits);
		value = json_integer(integer);
	}
	parser_advance(parser);
	if (token.kind == TOKEN_INTEGER && parser_at_name(parser, "L") &&
		parser->token.offset == token.offset + token.length)
		parser_advance(parser);
	return literal(parser, token.offset, value);
}

static ExprNode *string_piece(Parser *parser, size_t offset, GString *piece)
{
	json_t *value = json_stringn(piece->str, piece->len);

	g_string_truncate(piece, 0);
	if (value == NULL)
		return parser_fail(parser, offset, NULL, "the string is not valid UTF-8");
	return literal(parser, offset, value);
}

// Reads the expression of a #{ … } whose inside starts at `at`; sets *after to the byte behind its `}`.
static ExprNode *parse_interpolated(Parser *parser, size_t at, size_t *after)
{
	unsigned brackets = parser->brackets;
	ExprNode *node;

	parser->brackets = 1;
	parser_start(parser, at);
	node = parse_expression(parser);
	if (node != NULL && parser->token.kind != TOKEN_RIGHT_BRACE)
		node = parser_unexpected(parser, "'}' behind the expression in the string");
	*after = parser->token.offset + 1;
	parser->brackets = brackets;
	return node;
}

static ExprNode *interpolation(Parser *parser, size_t offset, GPtrArray *pieces)
{
	ExprNode *node = parser_node(parser, NODE_INTERPOLATION, offset);

	for (guint i = 0; i < pieces->len; i++) {
		if (parser_grow(parser, node, pieces->pdata[i]) == NULL)
			return NULL;
	}
	node->items = parser_take_list(parser, g_ptr_array_ref(pieces));
	return node;
}

// Strings are taken as they are: a backslash only counts before the quote and before a backslash, so that regular expressions
// and paths need no doubling. "…" may hold #{ expression }.
static ExprNode *parse_string(Parser *parser)
{
	const char *text = parser->template_->text;
	size_t offset = parser->token.offset, at = offset + 1;
	char quote = text[offset];
	g_autoptr(GString) piece = g_string_new(NULL);
	g_autoptr(GPtrArray) pieces = g_ptr_array_new();

	while (at < parser->end && text[at] != quote) {
		if (text[at] == '\\' && at + 1 < parser->end &&
			(text[at + 1] == quote || text[at + 1] == '\\')) {
			g_string_append_c(piece, text[at + 1]);
			at += 2;
		} else if (quote == '"' && text[at] == '#' && at + 1 < parser->end &&
			   text[at + 1] == '{') {
			ExprNode *node = string_piece(parser, offset, piece);

			if (node != NULL)
				g_ptr_array_add(pieces, node);
			node = node == NULL ? NULL : parse_interpolated(parser, at + 2, &at);
			if (node == NULL)
				return NULL;
			g_ptr_array_add(pieces, node);
		} else {
			g_string_append_c(piece, text[at++]);
		}
	}
	if (at >= parser->end)
		return parser_fail(parser, offset, NULL, "the string has no closing %c", quote);
	ExprNode *last = string_piece(parser, offset, piece);
	parser_start(parser, at + 1);
	if (last == NULL || pieces->len == 0)
		return last;
	g_ptr_array_add(pieces, last);
	return interpolation(parser, offset, pieces);
}

// Reads `item, item, …` up to a closing token.
static bool parse_items(
	Parser *parser, TokenKind close, const char *wanted, bool pairs, GPtrArray *items)
{
	parser_advance(parser);
	while (parser->token.kind != close) {
		ExprNode *item;

		if (pairs && parser->token.kind == TOKEN_NAME) {
			Token name = parser->token;

			item = literal(parser, name.offset,
				json_stringn(parser->template_->text + name.offset, name.length));
			parser_advance(parser);
		} else {
			item = parse_expression(parser);
		}
		if (item == NULL)
			return false;
		g_ptr_array_add(items, item);
		if (pairs) {
			if (!parser_expect(parser, TOKEN_COLON, "':' behind the key"))
				return false;
			item = parse_expression(parser);
			if (item == NULL)
				return false;
			g_ptr_array_add(items, item);
		}
		if (parser->token.kind == TOKEN_COMMA)
			parser_advance(parser);
		else if (parser->token.kind != close)
			return parser_unexpected(parser, wanted) != NULL;
	}
	parser_advance(parser);
	return true;
}

static ExprNode *parse_collection(Parser *parser, NodeKind kind)
{
	bool pairs = kind == NODE_MAP;
	ExprNode *node = parser_node(parser, kind, parser->token.offset);
	g_autoptr(GPtrArray) items = g_ptr_array_new();

	if (!parse_items(parser, pairs ? TOKEN_RIGHT_BRACE : TOKEN_RIGHT_BRACKET,
		    pairs ? "',' or '}'" : "',' or ']'", pairs, items))
		return NULL;
	for (guint i = 0; i < items->len; i++) {
		if (parser_grow(parser, node, items->pdata[i]) == NULL)
			return NULL;
	}
	node->items = parser_take_list(parser, g_ptr_array_ref(items));
	return node;
}

// Reads the name or number behind a dot, the dot being the current token.
static bool parse_member(Parser *parser, PathStep *step)
{
	const char *text = parser->template_->text;
	size_t at = parser->token.offset + 1, stop;

	while (at < parser->end && lexer_is_blank(text[at]))
		at++;
	for (stop = at; stop < parser->end && lexer_is_name_byte(text[stop]); stop++)
		;
	step->offset = (uint32_t)at;
	if (stop == at) {
		parser_advance(parser);
		return parser_unexpected(parser, "a name behind '.'") != NULL;
	}
	step->name = parser_copy(parser, at, stop - at);
	parser_start(parser, stop);
	if (parser->token.kind == TOKEN_LEFT_PARENTHESIS)
		return parser_fail(parser, at, "use a filter: value | length",
			       "'%s' cannot be called: values have no methods", step->name) != NULL;
	return true;
}

static bool parse_subscript(Parser *parser, PathStep *step)
{
	ExprNode *inside;

	parser_advance(parser);
	step->offset = (uint32_t)parser->token.offset;
	inside = parse_expression(parser);
	if (inside == NULL || !parser_expect(parser, TOKEN_RIGHT_BRACKET, "']'"))
		return false;
	if (inside->kind == NODE_LITERAL && json_is_string(inside->literal))
		step->name = json_string_value(inside->literal);
	else
		step->subscript = inside;
	return true;
}

// Reads the steps `.a['b'][0]` behind a root variable, or behind any other value (base).
static ExprNode *parse_steps(Parser *parser, ExprNode *base, const char *root, size_t offset)
{
	g_autoptr(GArray) steps = g_array_new(FALSE, TRUE, sizeof(PathStep));
	ExprNode *node;

	if (base != NULL && parser->token.kind != TOKEN_DOT &&
		parser->token.kind != TOKEN_LEFT_BRACKET)
		return base;
	node = parser_node(parser, NODE_PATH, offset);
	while (parser->token.kind == TOKEN_DOT || parser->token.kind == TOKEN_LEFT_BRACKET) {
		PathStep step = {0};

		if (parser->token.kind == TOKEN_DOT ? !parse_member(parser, &step)
						    : !parse_subscript(parser, &step))
			return NULL;
		if (parser_grow(parser, node, step.subscript) == NULL)
			return NULL;
		g_array_append_val(steps, step);
	}
	node->path.root = root;
	node->path.base = base;
	node->path.count = steps->len;
	node->path.steps = expr_template_allocate(parser->template_, steps->len * sizeof(PathStep));
	if (steps->len > 0)
		memcpy(node->path.steps, steps->data, steps->len * sizeof(PathStep));
	return parser_grow(parser, node, base);
}

typedef struct {
	const char *word;
	json_type type;
} ConstantRow;

static const ConstantRow constants[] = {
	{"true", JSON_TRUE},
	{"TRUE", JSON_TRUE},
	{"false", JSON_FALSE},
	{"FALSE", JSON_FALSE},
	{"null", JSON_NULL},
	{"NULL", JSON_NULL},
	{"none", JSON_NULL},
	{"NONE", JSON_NULL},
};

static ExprNode *parse_word(Parser *parser)
{
	Token token = parser->token;
	ExprNode *call;

	for (size_t i = 0; i < G_N_ELEMENTS(constants); i++) {
		if (!parser_at_name(parser, constants[i].word))
			continue;
		parser_advance(parser);
		return literal(parser, token.offset,
			constants[i].type == JSON_NULL
				? json_null()
				: json_boolean(constants[i].type == JSON_TRUE));
	}
	if (binary_row(parser) != NULL)
		return parser_unexpected(parser, "a value");
	parser_advance(parser);
	if (parser->token.kind == TOKEN_LEFT_PARENTHESIS) {
		call = parse_call(parser, token);
		return call == NULL ? NULL : parse_steps(parser, call, NULL, token.offset);
	}
	char *root = parser_copy(parser, token.offset, token.length);
	if (strcmp(root, "loop") == 0)
		parser->seen_loop = true;
	return parse_steps(parser, NULL, root, token.offset);
}

static ExprNode *parse_group(Parser *parser)
{
	size_t offset = parser->token.offset;
	ExprNode *node;

	parser_advance(parser);
	node = parse_expression(parser);
	if (node == NULL || !parser_expect(parser, TOKEN_RIGHT_PARENTHESIS, "')'"))
		return NULL;
	return parse_steps(parser, node, NULL, offset);
}

static ExprNode *parse_primary(Parser *parser)
{
	size_t offset = parser->token.offset;
	ExprNode *node = NULL;

	switch ((int)parser->token.kind) {
	case TOKEN_NAME: return parse_word(parser);
	case TOKEN_INTEGER:
	case TOKEN_FLOAT: return parse_number(parser);
	case TOKEN_LEFT_PARENTHESIS: return parse_group(parser);
	case TOKEN_STRING: node = parse_string(parser); break;
	case TOKEN_LEFT_BRACKET: node = parse_collection(parser, NODE_LIST); break;
	case TOKEN_LEFT_BRACE: node = parse_collection(parser, NODE_MAP); break;
	default: return parser_unexpected(parser, "a value");
	}
	return node == NULL ? NULL : parse_steps(parser, node, NULL, offset);
}

typedef struct {
	TokenKind token;
	NodeKind node;
	int binds;
} UnaryRow;

static const UnaryRow unary_rows[] = {
	{TOKEN_NAME, NODE_NOT, BINDS_NOT},
	{TOKEN_MINUS, NODE_NEGATE, BINDS_SIGN},
	{TOKEN_PLUS, NODE_PLUS, BINDS_SIGN},
};

static ExprNode *parse_unary(Parser *parser)
{
	for (size_t i = 0; i < G_N_ELEMENTS(unary_rows); i++) {
		const UnaryRow *row = &unary_rows[i];
		ExprNode *node;

		if (row->token != parser->token.kind ||
			(row->token == TOKEN_NAME && !parser_at_name(parser, "not")))
			continue;
		node = parser_node(parser, row->node, parser->token.offset);
		parser_advance(parser);
		node->operands.a = parse_binary(parser, row->binds);
		return node->operands.a == NULL ? NULL
						: parser_grow(parser, node, node->operands.a);
	}
	return parse_primary(parser);
}

static ExprNode *parse_right(Parser *parser, const BinaryRow *row, ExprNode *left, size_t offset)
{
	ExprNode *node;

	if (row->node == NODE_FILTER)
		return parse_filter(parser, left);
	if (row->node == NODE_TEST)
		return parse_test(parser, left);
	node = parser_node(parser, row->node, offset);
	node->operation = (uint8_t)row->operation;
	node->operands.a = left;
	if (row->operation == OPERATOR_NOT_IN && row->node == NODE_BINARY) {
		if (!parser_at_name(parser, "in"))
			return parser_unexpected(parser, "'in' behind 'not'");
		parser_advance(parser);
	}
	node->operands.b = parse_binary(parser, row->binds + 1);
	if (node->operands.b == NULL || parser_grow(parser, node, left) == NULL)
		return NULL;
	return parser_grow(parser, node, node->operands.b);
}

static ExprNode *parse_binary(Parser *parser, int min_binding)
{
	ExprNode *node = NULL;
	const BinaryRow *row;

	if (++parser->depth > MAX_NESTING)
		parser_fail(parser, parser->token.offset, NULL,
			"the expression is nested deeper than %d levels", MAX_NESTING);
	else
		node = parse_unary(parser);
	while (node != NULL && (row = binary_row(parser)) != NULL && row->binds >= min_binding) {
		size_t offset = parser->token.offset;

		parser_advance(parser);
		node = parse_right(parser, row, node, offset);
	}
	parser->depth--;
	return node;
}

ExprNode *parse_expression(Parser *parser)
{
	ExprNode *condition = parse_binary(parser, 0), *node;

	if (condition == NULL || parser->token.kind != TOKEN_QUESTION)
		return condition;
	node = parser_node(parser, NODE_CHOICE, parser->token.offset);
	parser_advance(parser);
	if (++parser->depth > MAX_NESTING)
		return parser_fail(parser, node->offset, NULL,
			"the expression is nested deeper than %d levels", MAX_NESTING);
	node->operands.a = condition;
	node->operands.b = parse_expression(parser);
	if (node->operands.b == NULL ||
		!parser_expect(parser, TOKEN_COLON, "':' behind the first choice of '?'"))
		return NULL;
	node->operands.c = parse_expression(parser);
	parser->depth--;
	if (node->operands.c == NULL || parser_grow(parser, node, condition) == NULL ||
		parser_grow(parser, node, node->operands.b) == NULL)
		return NULL;
	return parser_grow(parser, node, node->operands.c);
}
