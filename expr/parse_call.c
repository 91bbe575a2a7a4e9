#include "expr/parser.h"
#include "expr/suggest.h"

#include <string.h>

typedef struct {
	GPtrArray *values;
	GPtrArray *names; // NULL for a positional one
	GArray *offsets;
} Arguments;

static void arguments_init(Arguments *arguments)
{
	arguments->values = g_ptr_array_new();
	arguments->names = g_ptr_array_new();
	arguments->offsets = g_array_new(FALSE, FALSE, sizeof(size_t));
}

static void arguments_clear(Arguments *arguments)
{
	g_ptr_array_unref(arguments->values);
	g_ptr_array_unref(arguments->names);
	g_array_unref(arguments->offsets);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

// Whether the current token is a name with a single `=` behind it.
static bool at_named_argument(const Parser *parser)
{
	Token next;

	if (parser->token.kind != TOKEN_NAME)
		return false;
	next = lexer_next(parser->template_->text, parser->token.offset + parser->token.length,
		parser->end, true);
	return next.kind == TOKEN_ASSIGN;
}

static bool parse_argument(Parser *parser, Arguments *arguments)
{
	char *name = NULL;
	size_t offset = parser->token.offset;
	ExprNode *value;

	if (at_named_argument(parser)) {
		name = parser_copy(parser, offset, parser->token.length);
		parser_advance(parser);
		parser_advance(parser);
	} else if (arguments->names->len > 0 &&
		   arguments->names->pdata[arguments->names->len - 1] != NULL) {
		return parser_fail(parser, offset, NULL,
			       "an argument without a name stands behind a named one") != NULL;
	}
	value = parse_expression(parser);
	if (value == NULL)
		return false;
	g_ptr_array_add(arguments->values, value);
	g_ptr_array_add(arguments->names, name);
	g_array_append_val(arguments->offsets, offset);
	return true;
}

// Reads `(a, b, name=c)`, or nothing when the current token is no `(`.
static bool parse_arguments(Parser *parser, Arguments *arguments)
{
	if (parser->token.kind != TOKEN_LEFT_PARENTHESIS)
		return true;
	parser_advance(parser);
	while (parser->token.kind != TOKEN_RIGHT_PARENTHESIS) {
		if (!parse_argument(parser, arguments))
			return false;
		if (parser->token.kind == TOKEN_COMMA)
			parser_advance(parser);
		else if (parser->token.kind != TOKEN_RIGHT_PARENTHESIS)
			return parser_unexpected(parser, "',' or ')'") != NULL;
	}
	parser_advance(parser);
	return true;
}

static int parameter_index(const ExprCallee *callee, const char *name, const char **nearest)
{
	ExprSuggestion suggestion = {.unknown = name};

	for (int i = 0; i < MAX_PARAMETERS && callee->parameters[i] != NULL; i++) {
		if (strcmp(callee->parameters[i], name) == 0)
			return i;
		expr_suggestion_consider(&suggestion, callee->parameters[i]);
	}
	*nearest = suggestion.best;
	return -1;
}

static void *fail_arity(
	Parser *parser, size_t offset, const char *kind, const ExprCallee *callee, guint given)
{
	const int min = (int)callee->min_arguments, max = (int)callee->max_arguments;
	g_autofree char *wanted = NULL;

	if (max == 0)
		wanted = g_strdup("no arguments");
	else if (max == ANY_NUMBER)
		wanted = g_strdup_printf("at least %d argument%s", min, min == 1 ? "" : "s");
	else if (min == max)
		wanted = g_strdup_printf("%d argument%s", min, min == 1 ? "" : "s");
	else
		wanted = g_strdup_printf("%d to %d arguments", min, max);
	return parser_fail(parser, offset, NULL, "%s '%s' takes %s, not %u", kind, callee->name,
		wanted, given);
}

// Puts the arguments into the places of the callee's parameters.
static bool place_arguments(
	Parser *parser, ExprNode *node, const char *kind, const Arguments *arguments)
{
	const ExprCallee *callee = node->call.callee;
	guint given = arguments->values->len;
	uint32_t places =
		callee->max_arguments == ANY_NUMBER ? given : (uint32_t)callee->max_arguments;

	if ((int)given < callee->min_arguments ||
		(callee->max_arguments != ANY_NUMBER && (int)given > callee->max_arguments))
		return fail_arity(parser, node->offset, kind, callee, given) != NULL;
	node->call.arguments.count = places;
	node->call.arguments.nodes =
		expr_template_allocate(parser->template_, places * sizeof(ExprNode *));
	for (guint i = 0; i < given; i++) {
		const char *name = arguments->names->pdata[i], *nearest = NULL;
		int place = name == NULL ? (int)i : parameter_index(callee, name, &nearest);
		size_t offset = g_array_index(arguments->offsets, size_t, i);
		g_autofree char *hint =
			nearest == NULL ? NULL : g_strdup_printf("did you mean '%s'?", nearest);

		if (place < 0)
			return parser_fail(parser, offset, hint, "%s '%s' has no parameter '%s'",
				       kind, callee->name, name) != NULL;
		if (node->call.arguments.nodes[place] != NULL)
			return parser_fail(parser, offset, NULL,
				       "the parameter '%s' of %s '%s' is given twice", name, kind,
				       callee->name) != NULL;
		node->call.arguments.nodes[place] = arguments->values->pdata[i];
		if (parser_grow(parser, node, arguments->values->pdata[i]) == NULL)
			return false;
	}
	for (int i = 0; i < callee->min_arguments; i++) {
		if (node->call.arguments.nodes[i] == NULL)
			return parser_fail(parser, node->offset, NULL,
				       "%s '%s' needs the parameter '%s'", kind, callee->name,
				       callee->parameters[i]) != NULL;
	}
	return true;
}

static void *fail_unknown(
	Parser *parser, size_t offset, const char *kind, const char *name, const char *nearest)
{
	g_autofree char *hint =
		nearest == NULL ? NULL : g_strdup_printf("did you mean '%s'?", nearest);

	return parser_fail(parser, offset, hint, "unknown %s '%s'", kind, name);
}

// Reads the name and the arguments of a filter or test, the name being the current token.
static ExprNode *parse_invocation(
	Parser *parser, NodeKind node_kind, const ExprCalleeKind *kind, ExprNode *input)
{
	g_auto(Arguments) arguments;
	ExprNode *node = parser_node(parser, node_kind, parser->token.offset);
	const char *nearest = NULL;
	char *name;

	arguments_init(&arguments);
	if (parser->token.kind != TOKEN_NAME)
		return parser_unexpected(parser,
			node_kind == NODE_FILTER ? "the name of a filter" : "the name of a test");
	name = parser_copy(parser, parser->token.offset, parser->token.length);
	node->call.callee = expr_callee_find(kind, name, &nearest);
	node->call.input = input;
	if (node->call.callee == NULL)
		return fail_unknown(parser, node->offset, kind->kind, name, nearest);
	parser_advance(parser);
	if (!parse_arguments(parser, &arguments) ||
		!place_arguments(parser, node, kind->kind, &arguments))
		return NULL;
	return parser_grow(parser, node, input);
}

ExprNode *parse_filter(Parser *parser, ExprNode *input)
{
	return parse_invocation(parser, NODE_FILTER, &expr_filters, input);
}

ExprNode *parse_test(Parser *parser, ExprNode *input)
{
	bool negated = parser_at_name(parser, "not");
	ExprNode *node;

	if (negated)
		parser_advance(parser);
	node = parse_invocation(parser, NODE_TEST, &expr_tests, input);
	if (node != NULL)
		node->negated = negated;
	return node;
}

static ExprNode *macro_call(
	Parser *parser, const char *name, size_t offset, const Arguments *arguments)
{
	ExprNode *node = parser_node(parser, NODE_MACRO_CALL, offset);
	guint count = arguments->values->len;

	for (guint i = 0; i < count; i++) {
		if (parser_grow(parser, node, arguments->values->pdata[i]) == NULL)
			return NULL;
	}
	node->macro_call.name = name;
	node->macro_call.names = expr_template_allocate(parser->template_, count * sizeof(char *));
	for (guint i = 0; i < count; i++)
		node->macro_call.names[i] = arguments->names->pdata[i];
	node->macro_call.arguments = parser_take_list(parser, g_ptr_array_ref(arguments->values));
	if (parser->calls == NULL)
		parser->calls = g_ptr_array_new();
	g_ptr_array_add(parser->calls, node);
	return node;
}

static ExprNode *block_call(Parser *parser, size_t offset, const Arguments *arguments)
{
	ExprNode *node = parser_node(parser, NODE_BLOCK_CALL, offset);
	const ExprNode *name = arguments->values->len == 1 ? arguments->values->pdata[0] : NULL;

	if (name == NULL || name->kind != NODE_LITERAL || !json_is_string(name->literal))
		return parser_fail(parser, offset, NULL,
			"function 'block' takes the name of a block as a literal string");
	node->block.name = json_string_value(name->literal);
	if (parser->calls == NULL)
		parser->calls = g_ptr_array_new();
	g_ptr_array_add(parser->calls, node);
	return node;
}

ExprNode *parse_call(Parser *parser, Token name_token)
{
	g_auto(Arguments) arguments;
	char *name = parser_copy(parser, name_token.offset, name_token.length);
	const char *nearest = NULL;
	const ExprCallee *callee = expr_callee_find(&expr_functions, name, &nearest);
	ExprNode *node;

	arguments_init(&arguments);
	if (!parse_arguments(parser, &arguments))
		return NULL;
	if (strcmp(name, "block") == 0)
		return block_call(parser, name_token.offset, &arguments);
	if (callee == NULL)
		return macro_call(parser, name, name_token.offset, &arguments);
	node = parser_node(parser, NODE_CALL, name_token.offset);
	node->call.callee = callee;
	return place_arguments(parser, node, "function", &arguments) ? node : NULL;
}
