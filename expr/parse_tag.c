#include "expr/parse_template.h"

#include <string.h>

// Reads an expression of a tag.
static ExprNode *tag_expression(TextParser *reader)
{
	unsigned depth = reader->parser.depth;
	ExprNode *node = reader->parser.failed ? NULL : parse_expression(&reader->parser);

	reader->parser.depth = depth;
	return node;
}

const char *span_name(TextParser *reader, const char *wanted)
{
	Parser *parser = &reader->parser;
	const char *name;

	if (parser->failed)
		return "";
	if (parser->token.kind != TOKEN_NAME) {
		parser_unexpected(parser, wanted);
		return "";
	}
	name = parser_copy(parser, parser->token.offset, parser->token.length);
	parser_advance(parser);
	return name;
}

static ExprNode *parse_if(TextParser *reader, const TagRow *row, size_t offset)
{
	ExprNode *node = parser_node(&reader->parser, NODE_IF, offset);
	g_autoptr(GArray) branches = g_array_new(FALSE, TRUE, sizeof(Branch));
	const char *ended_by = "if";
	bool is_last = false;

	while (!is_last) {
		Branch branch = {0};

		is_last = strcmp(ended_by, "else") == 0;
		if (!is_last)
			branch.condition = tag_expression(reader);
		span_close(reader, TOKEN_CLOSE_TAG);
		branch.body = parse_body(reader, row, offset, &ended_by);
		g_array_append_val(branches, branch);
		if (ended_by == NULL)
			return node;
		if (strcmp(ended_by, "endif") == 0)
			break;
		if (is_last)
			parser_fail(&reader->parser, reader->parser.token.offset, NULL,
				"'%s' stands behind 'else'", ended_by);
	}
	if (is_last && strcmp(ended_by, "endif") != 0)
		return node;
	span_close(reader, TOKEN_CLOSE_TAG);
	node->choice.count = branches->len;
	node->choice.branches =
		expr_template_allocate(reader->parser.template_, branches->len * sizeof(Branch));
	memcpy(node->choice.branches, branches->data, branches->len * sizeof(Branch));
	return node;
}

static ExprNode *parse_for(TextParser *reader, const TagRow *row, size_t offset)
{
	Parser *parser = &reader->parser;
	ExprNode *node = parser_node(parser, NODE_FOR, offset);
	bool seen_loop = parser->seen_loop;
	const char *ended_by;

	node->loop.value = span_name(reader, "the name of a variable");
	if (!parser->failed && parser->token.kind == TOKEN_COMMA) {
		parser_advance(parser);
		node->loop.key = node->loop.value;
		node->loop.value = span_name(reader, "the name of a variable");
	}
	if (!parser->failed && !parser_at_name(parser, "in"))
		parser_unexpected(parser, "'in'");
	else if (!parser->failed)
		parser_advance(parser);
	node->loop.list = tag_expression(reader);
	span_close(reader, TOKEN_CLOSE_TAG);
	parser->seen_loop = false;
	node->loop.body = parse_body(reader, row, offset, &ended_by);
	node->uses_loop = parser->seen_loop;
	parser->seen_loop |= seen_loop;
	if (ended_by != NULL && strcmp(ended_by, "else") == 0) {
		span_close(reader, TOKEN_CLOSE_TAG);
		node->loop.otherwise = parse_body(reader, row, offset, &ended_by);
	}
	if (ended_by != NULL)
		span_close(reader, TOKEN_CLOSE_TAG);
	return node;
}

static ExprNode *parse_set(TextParser *reader, const TagRow *row, size_t offset)
{
	Parser *parser = &reader->parser;
	ExprNode *node = parser_node(parser, NODE_SET, offset);
	const char *ended_by;

	node->set.name = span_name(reader, "the name of a variable");
	if (!parser->failed && parser->token.kind == TOKEN_CLOSE_TAG) {
		span_close(reader, TOKEN_CLOSE_TAG);
		node->set.body = parse_body(reader, row, offset, &ended_by);
		if (ended_by != NULL)
			span_close(reader, TOKEN_CLOSE_TAG);
		return node;
	}
	if (!parser->failed && parser_expect(parser, TOKEN_ASSIGN, "'='"))
		node->set.value = tag_expression(reader);
	span_close(reader, TOKEN_CLOSE_TAG);
	return node;
}

static const char *block_name(TextParser *reader)
{
	Parser *parser = &reader->parser;
	ExprNode *node;

	if (parser->failed || parser->token.kind == TOKEN_NAME)
		return span_name(reader, "the name of a block");
	node = tag_expression(reader);
	if (node != NULL && node->kind == NODE_LITERAL && json_is_string(node->literal))
		return json_string_value(node->literal);
	parser_fail(parser, parser->token.offset, NULL,
		"the name of a block is a word or a literal string");
	return "";
}

static ExprNode *parse_block(TextParser *reader, const TagRow *row, size_t offset)
{
	ExprTemplate *template_ = reader->parser.template_;
	ExprNode *node = parser_node(&reader->parser, NODE_BLOCK, offset);
	const char *ended_by;

	node->block.name = block_name(reader);
	span_close(reader, TOKEN_CLOSE_TAG);
	node->block.body = parse_body(reader, row, offset, &ended_by);
	if (ended_by != NULL)
		span_close(reader, TOKEN_CLOSE_TAG);
	if (template_->named_blocks == NULL)
		template_->named_blocks = g_ptr_array_new();
	g_ptr_array_add(template_->named_blocks, node);
	return node;
}

static void parse_macro_parameters(TextParser *reader, Macro *macro)
{
	Parser *parser = &reader->parser;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GPtrArray *defaults = g_ptr_array_new();

	if (!parser->failed)
		parser_expect(parser, TOKEN_LEFT_PARENTHESIS, "'('");
	while (!parser->failed && parser->token.kind != TOKEN_RIGHT_PARENTHESIS) {
		ExprNode *value = NULL;

		g_ptr_array_add(
			names, (gpointer)(uintptr_t)span_name(reader, "the name of a parameter"));
		if (!parser->failed && parser->token.kind == TOKEN_ASSIGN) {
			parser_advance(parser);
			value = tag_expression(reader);
		}
		g_ptr_array_add(defaults, value);
		if (!parser->failed && parser->token.kind == TOKEN_COMMA)
			parser_advance(parser);
		else if (!parser->failed && parser->token.kind != TOKEN_RIGHT_PARENTHESIS)
			parser_unexpected(parser, "',' or ')'");
	}
	if (!parser->failed)
		parser_advance(parser);
	macro->count = names->len;
	macro->parameters =
		expr_template_allocate(parser->template_, MAX(1, names->len) * sizeof(char *));
	for (guint i = 0; i < names->len; i++)
		macro->parameters[i] = names->pdata[i];
	macro->defaults = parser_take_list(parser, defaults).nodes;
}

static ExprNode *parse_macro(TextParser *reader, const TagRow *row, size_t offset)
{
	ExprTemplate *template_ = reader->parser.template_;
	Macro *macro = expr_template_allocate(template_, sizeof *macro);
	const char *ended_by;

	macro->name = span_name(reader, "the name of a macro");
	parse_macro_parameters(reader, macro);
	span_close(reader, TOKEN_CLOSE_TAG);
	macro->body = parse_body(reader, row, offset, &ended_by);
	if (ended_by != NULL)
		span_close(reader, TOKEN_CLOSE_TAG);
	if (template_->macros == NULL)
		template_->macros = g_ptr_array_new();
	g_ptr_array_add(template_->macros, macro);
	return NULL;
}

static ExprNode *parse_filter_tag(TextParser *reader, const TagRow *row, size_t offset)
{
	Parser *parser = &reader->parser;
	ExprNode *node = parser_node(parser, NODE_FILTERED, offset), *chain;
	const char *ended_by;
	unsigned links = 0;

	chain = node->filtered.hole = parser_node(parser, NODE_TEXT, offset);
	do {
		if (links++ > 0)
			parser_advance(parser);
		chain = parser->failed ? NULL : parse_filter(parser, chain);
	} while (chain != NULL && parser->token.kind == TOKEN_BAR);
	node->filtered.filter = chain;
	span_close(reader, TOKEN_CLOSE_TAG);
	node->filtered.body = parse_body(reader, row, offset, &ended_by);
	if (ended_by != NULL)
		span_close(reader, TOKEN_CLOSE_TAG);
	return node;
}

static ExprNode *parse_flush(TextParser *reader, const TagRow *row, size_t offset)
{
	(void)row;
	(void)offset;
	span_close(reader, TOKEN_CLOSE_TAG);
	return NULL;
}

static ExprNode *refuse_tag(TextParser *reader, const TagRow *row, size_t offset)
{
	parser_fail(&reader->parser, offset, NULL,
		"the tag '%s' is not available: a template stands alone", row->name);
	span_close(reader, TOKEN_CLOSE_TAG);
	return NULL;
}

const TagRow tag_rows[] = {
	{"if", parse_if, {"elseif", "elif", "else", "endif"}},
	{"for", parse_for, {"else", "endfor"}},
	{"set", parse_set, {"endset"}},
	{"block", parse_block, {"endblock"}},
	{"macro", parse_macro, {"endmacro"}},
	{"filter", parse_filter_tag, {"endfilter"}},
	{"flush", parse_flush, {NULL}},
	{"include", refuse_tag, {NULL}},
	{"import", refuse_tag, {NULL}},
	{"from", refuse_tag, {NULL}},
	{"extends", refuse_tag, {NULL}},
	{"embed", refuse_tag, {NULL}},
	{"cache", refuse_tag, {NULL}},
	{"parallel", refuse_tag, {NULL}},
	{"autoescape", refuse_tag, {NULL}},
};

const size_t tag_row_count = G_N_ELEMENTS(tag_rows);
