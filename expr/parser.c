#include "expr/parser.h"

#include <stdarg.h>
#include <string.h>

// Adds a block of memory to the arena; returns its first byte.
static char *add_block(ExprTemplate *template_, size_t size)
{
	ArenaBlock *block = g_malloc0(sizeof *block + size);

	block->next = template_->blocks;
	template_->blocks = block;
	return block->memory;
}

void *expr_template_allocate(ExprTemplate *template_, size_t size)
{
	enum { SMALLEST = 512, LARGEST = 16384 };
	char *memory;

	size = (size + 7) & ~(size_t)7;
	if (size > SMALLEST / 4)
		return add_block(template_, size);
	if (size > template_->arena_left) {
		// Each block is twice the last one: short templates stay small, long ones take few blocks.
		template_->arena_size = CLAMP(template_->arena_size * 2, SMALLEST, LARGEST);
		template_->arena = add_block(template_, template_->arena_size);
		template_->arena_left = template_->arena_size;
	}
	memory = template_->arena;
	template_->arena += size;
	template_->arena_left -= size;
	return memory;
}

void expr_template_keep(ExprTemplate *template_, json_t *literal)
{
	if (template_->literals == NULL)
		template_->literals = json_array();
	json_array_append_new(template_->literals, literal);
}

void expr_template_free(ExprTemplate *template_)
{
	if (template_ == NULL)
		return;
	while (template_->blocks != NULL) {
		ArenaBlock *block = template_->blocks;

		template_->blocks = block->next;
		g_free(block);
	}
	json_decref(template_->literals);
	g_clear_pointer(&template_->macros, g_ptr_array_unref);
	g_clear_pointer(&template_->named_blocks, g_ptr_array_unref);
	g_free(template_);
}

void expr_text_position(const char *text, size_t offset, unsigned *line, unsigned *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			*line += 1;
			*column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			*column += 1;
		}
	}
}

void *parser_fail(Parser *parser, size_t offset, const char *hint, const char *format, ...)
{
	ExprFault *fault;
	va_list arguments;

	if (parser->failed)
		return NULL;
	parser->failed = true;
	fault = g_new0(ExprFault, 1);
	fault->offset = offset;
	expr_text_position(parser->template_->text, offset, &fault->line, &fault->column);
	va_start(arguments, format);
	fault->message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	fault->hint = g_strdup(hint);
	g_ptr_array_add(parser->faults, fault);
	return NULL;
}

static char *describe_token(const Parser *parser)
{
	const char *text = parser->template_->text + parser->token.offset;
	size_t length = parser->token.length;

	switch ((int)parser->token.kind) {
	case TOKEN_END: return g_strdup("the end of the text");
	case TOKEN_STRING: return g_strdup("a string");
	case TOKEN_RIGHT_BRACE: return g_strdup(text[1] == '}' ? "'}}'" : "'}'");
	default: break;
	}
	if (length == 1 && (*text & 0x80) != 0)
		length = (size_t)(g_utf8_next_char(text) - text);
	return g_strdup_printf("'%.*s'", (int)length, text);
}

static const char *operator_hint(const Parser *parser)
{
	static const char *const rows[][2] = {
		{"&&", "write 'and'"},
		{"||", "write 'or'"},
		{"!", "write 'not'"},
		{";", "write one expression in each {{ }}"},
	};
	const char *text = parser->template_->text + parser->token.offset;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strncmp(text, rows[i][0], strlen(rows[i][0])) == 0)
			return rows[i][1];
	}
	return parser->token.offset > 0 && strncmp(text - 1, "||", 2) == 0 ? "write 'or'" : NULL;
}

void *parser_unexpected(Parser *parser, const char *wanted)
{
	g_autofree char *found = describe_token(parser);

	return parser_fail(parser, parser->token.offset, operator_hint(parser),
		"expected %s, found %s", wanted, found);
}

void parser_start(Parser *parser, size_t at)
{
	parser->token = lexer_next(parser->template_->text, at, parser->end, parser->brackets > 0);
}

void parser_advance(Parser *parser)
{
	switch ((int)parser->token.kind) {
	case TOKEN_LEFT_PARENTHESIS:
	case TOKEN_LEFT_BRACKET:
	case TOKEN_LEFT_BRACE: parser->brackets++; break;
	case TOKEN_RIGHT_PARENTHESIS:
	case TOKEN_RIGHT_BRACKET:
	case TOKEN_RIGHT_BRACE:
		if (parser->brackets > 0)
			parser->brackets--;
		break;
	default: break;
	}
	parser_start(parser, parser->token.offset + parser->token.length);
}

bool parser_expect(Parser *parser, TokenKind kind, const char *wanted)
{
	if (parser->token.kind != kind) {
		parser_unexpected(parser, wanted);
		return false;
	}
	parser_advance(parser);
	return true;
}

bool parser_at_name(const Parser *parser, const char *name)
{
	const char *text = parser->template_->text + parser->token.offset;

	return parser->token.kind == TOKEN_NAME && *text == *name &&
	       strlen(name) == parser->token.length &&
	       memcmp(text, name, parser->token.length) == 0;
}

char *parser_copy(Parser *parser, size_t offset, size_t length)
{
	char *copy = expr_template_allocate(parser->template_, length + 1);

	memcpy(copy, parser->template_->text + offset, length);
	return copy;
}

ExprNode *parser_node(Parser *parser, NodeKind kind, size_t offset)
{
	ExprNode *node = expr_template_allocate(parser->template_, sizeof *node);

	node->kind = (uint8_t)kind;
	node->offset = (uint32_t)offset;
	return node;
}

NodeList parser_take_list(Parser *parser, GPtrArray *nodes)
{
	NodeList list = {.count = nodes->len};

	list.nodes =
		expr_template_allocate(parser->template_, MAX(1, nodes->len) * sizeof(ExprNode *));
	if (nodes->len > 0)
		memcpy(list.nodes, nodes->pdata, nodes->len * sizeof(ExprNode *));
	g_ptr_array_unref(nodes);
	return list;
}
