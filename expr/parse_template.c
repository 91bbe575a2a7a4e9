#include "expr/parser.h"
#include "expr/suggest.h"

#include <string.h>

// The longest text, and the number of faults after which the rest of a text is not read.
enum { LONGEST_TEXT = 64 * 1024 * 1024, MAX_FAULTS = 100 };

// The text around the expressions: where reading stands, and whether a dash wants the blanks that follow dropped.
typedef struct {
	Parser parser;
	size_t at;
	bool trim_next;
} TextParser;

typedef struct TagRow TagRow;

struct TagRow {
	const char *name;
	ExprNode *(*parse)(TextParser *reader, const TagRow *row, size_t offset);
	const char *ends[4]; // the tags that end (a part of) its body
};

static NodeList parse_body(
	TextParser *reader, const TagRow *row, size_t offset, const char **ended_by);

// ---- spans: {{ … }} and {% … %} ----

static void span_open(TextParser *reader, size_t offset)
{
	const char *text = reader->parser.template_->text;

	reader->parser.failed = false;
	reader->parser.brackets = 0;
	reader->at = offset + 2;
	if (text[reader->at] == '-')
		reader->at++;
	parser_start(&reader->parser, reader->at);
}

// Goes past the close of a span; after a fault, to the next close there is.
static void span_close(TextParser *reader, TokenKind close)
{
	Parser *parser = &reader->parser;
	const char *text = parser->template_->text, *mark = close == TOKEN_CLOSE_TAG ? "%}" : "}}",
		   *found;

	if (!parser->failed && parser->token.kind != close)
		parser_unexpected(
			parser, close == TOKEN_CLOSE_TAG ? "'%}'" : "an operator or '}}'");
	if (!parser->failed) {
		reader->trim_next = parser->token.trims;
		reader->at = parser->token.offset + parser->token.length;
		return;
	}
	found = strstr(text + MIN(parser->token.offset, parser->end), mark);
	reader->at = found == NULL || parser->faults->len >= MAX_FAULTS
			     ? parser->end
			     : (size_t)(found - text) + 2;
	reader->trim_next = false;
}

static ExprNode *parse_output(TextParser *reader, size_t offset)
{
	unsigned depth = reader->parser.depth;
	ExprNode *node = parser_node(&reader->parser, NODE_OUTPUT, offset);

	span_open(reader, offset);
	if (reader->parser.token.kind == TOKEN_CLOSE_OUTPUT)
		parser_fail(&reader->parser, offset, NULL,
			"there is no expression between '{{' and '}}'");
	else if (reader->parser.token.kind == TOKEN_END)
		parser_fail(&reader->parser, offset,
			"a literal '{{' is written {{ '{{' }} or stands in {% raw %}",
			"'{{' is not closed by '}}'");
	else
		node->output = parse_expression(&reader->parser);
	if (!reader->parser.failed && reader->parser.token.kind == TOKEN_END)
		parser_fail(&reader->parser, offset, NULL, "'{{' is not closed by '}}'");
	reader->parser.depth = depth;
	span_close(reader, TOKEN_CLOSE_OUTPUT);
	return node;
}

// Reads an expression of a tag.
static ExprNode *tag_expression(TextParser *reader)
{
	unsigned depth = reader->parser.depth;
	ExprNode *node = reader->parser.failed ? NULL : parse_expression(&reader->parser);

	reader->parser.depth = depth;
	return node;
}

static const char *tag_name(TextParser *reader, const char *wanted)
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

// ---- tags ----

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

	node->loop.value = tag_name(reader, "the name of a variable");
	if (!parser->failed && parser->token.kind == TOKEN_COMMA) {
		parser_advance(parser);
		node->loop.key = node->loop.value;
		node->loop.value = tag_name(reader, "the name of a variable");
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

	node->set.name = tag_name(reader, "the name of a variable");
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
		return tag_name(reader, "the name of a block");
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
			names, (gpointer)(uintptr_t)tag_name(reader, "the name of a parameter"));
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

	macro->name = tag_name(reader, "the name of a macro");
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

static const TagRow tags[] = {
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

static const char *const raw_tags[] = {"raw", "verbatim"};

// ---- text ----

static void add_text(TextParser *reader, GPtrArray *nodes, size_t from, size_t to, bool trim_end)
{
	const char *text = reader->parser.template_->text;
	ExprNode *node;

	if (reader->trim_next) {
		while (from < to && lexer_is_blank(text[from]))
			from++;
	}
	reader->trim_next = false;
	while (trim_end && to > from && lexer_is_blank(text[to - 1]))
		to--;
	if (from >= to)
		return;
	node = parser_node(&reader->parser, NODE_TEXT, from);
	node->text.text = text + from;
	node->text.length = to - from;
	g_ptr_array_add(nodes, node);
}

static size_t find_open(const char *text, size_t at, size_t end)
{
	while (at + 1 < end) {
		const char *brace = memchr(text + at, '{', end - at - 1);

		if (brace == NULL)
			return end;
		if (brace[1] == '{' || brace[1] == '%' || brace[1] == '#')
			return (size_t)(brace - text);
		at = (size_t)(brace - text) + 1;
	}
	return end;
}

static void skip_comment(TextParser *reader, size_t offset)
{
	const char *text = reader->parser.template_->text;
	const char *close = strstr(text + offset + 2, "#}");

	reader->parser.failed = false;
	if (close == NULL) {
		parser_fail(&reader->parser, offset, NULL, "'{#' is not closed by '#}'");
		reader->at = reader->parser.end;
		return;
	}
	reader->trim_next = close > text + offset + 2 && close[-1] == '-';
	reader->at = (size_t)(close - text) + 2;
}

// Takes the text of a raw block as it is, up to its end tag.
static void take_raw(TextParser *reader, GPtrArray *nodes, const char *name, size_t offset)
{
	Parser *parser = &reader->parser;
	const char *text = parser->template_->text;
	g_autofree char *end_name = g_strconcat("end", name, NULL);
	size_t from, open;

	span_close(reader, TOKEN_CLOSE_TAG);
	for (open = from = reader->at;; open += 2) {
		const char *found = strstr(text + open, "{%");
		bool trims;

		if (found == NULL)
			break;
		open = (size_t)(found - text);
		trims = found[2] == '-';
		parser_start(parser, open + 2 + trims);
		if (!parser_at_name(parser, end_name))
			continue;
		add_text(reader, nodes, from, open, trims);
		parser->failed = false;
		parser_advance(parser);
		span_close(reader, TOKEN_CLOSE_TAG);
		return;
	}
	parser->failed = false;
	parser_fail(parser, offset, NULL, "the tag '%s' is not closed by '%s'", name, end_name);
	reader->at = parser->end;
}

static const char *ending(const TagRow *row, const char *name)
{
	for (size_t i = 0; row != NULL && i < G_N_ELEMENTS(row->ends) && row->ends[i] != NULL;
		i++) {
		if (strcmp(row->ends[i], name) == 0)
			return row->ends[i];
	}
	return NULL;
}

static const TagRow *opener_of(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
		if (ending(&tags[i], name) != NULL)
			return &tags[i];
	}
	return NULL;
}

static void fail_tag(TextParser *reader, const char *name, size_t offset)
{
	const TagRow *opener = opener_of(name);
	ExprSuggestion suggestion = {.unknown = name};

	if (opener != NULL) {
		parser_fail(&reader->parser, offset, NULL, "'%s' stands without its '%s'", name,
			opener->name);
	} else if (!reader->parser.failed) {
		for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
			expr_suggestion_consider(&suggestion, tags[i].name);
			for (size_t j = 0;
				j < G_N_ELEMENTS(tags[i].ends) && tags[i].ends[j] != NULL; j++)
				expr_suggestion_consider(&suggestion, tags[i].ends[j]);
		}
		g_autofree char *hint =
			suggestion.best == NULL
				? NULL
				: g_strdup_printf("did you mean '%s'?", suggestion.best);
		parser_fail(&reader->parser, offset, hint, "unknown tag '%s'", name);
	}
	span_close(reader, TOKEN_CLOSE_TAG);
}

// Reads a {% … %}. Returns the name of the end tag when it ends the body of row; then the tag is not closed yet.
static const char *parse_tag(TextParser *reader, GPtrArray *nodes, const TagRow *row, size_t offset)
{
	const char *name, *end;
	size_t name_offset;

	span_open(reader, offset);
	name_offset = reader->parser.token.offset;
	name = tag_name(reader, "the name of a tag");
	end = ending(row, name);
	if (end != NULL) {
		if (g_str_has_prefix(end, "end") && reader->parser.token.kind == TOKEN_NAME)
			parser_advance(&reader->parser);
		return end;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(raw_tags); i++) {
		if (strcmp(raw_tags[i], name) == 0) {
			take_raw(reader, nodes, raw_tags[i], offset);
			return NULL;
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
		if (strcmp(tags[i].name, name) != 0)
			continue;
		ExprNode *node = tags[i].parse(reader, &tags[i], offset);
		if (node != NULL)
			g_ptr_array_add(nodes, node);
		return NULL;
	}
	fail_tag(reader, name, name_offset);
	return NULL;
}

// Reads text, outputs and tags up to the end tag of row (NULL: to the end of the text). Sets *ended_by to that tag, which is
// not closed yet, or to NULL at the end of the text.
static NodeList parse_body(
	TextParser *reader, const TagRow *row, size_t offset, const char **ended_by)
{
	Parser *parser = &reader->parser;
	GPtrArray *nodes = g_ptr_array_new();
	const char *text = parser->template_->text;

	*ended_by = NULL;
	if (++parser->depth > MAX_NESTING) {
		parser->failed = false;
		parser_fail(parser, offset, NULL, "the tags are nested deeper than %d levels",
			MAX_NESTING);
		reader->at = parser->end;
	}
	while (reader->at < parser->end && *ended_by == NULL) {
		size_t open = find_open(text, reader->at, parser->end);

		add_text(reader, nodes, reader->at, open,
			open < parser->end && text[open + 2] == '-');
		reader->at = open;
		if (open >= parser->end)
			break;
		if (text[open + 1] == '{')
			g_ptr_array_add(nodes, parse_output(reader, open));
		else if (text[open + 1] == '#')
			skip_comment(reader, open);
		else
			*ended_by = parse_tag(reader, nodes, row, open);
	}
	parser->depth--;
	if (*ended_by == NULL && row != NULL && parser->depth < MAX_NESTING) {
		const char *last = NULL;

		for (size_t i = 0; i < G_N_ELEMENTS(row->ends) && row->ends[i] != NULL; i++)
			last = row->ends[i];
		parser->failed = false;
		parser_fail(parser, offset, NULL, "the tag '%s' is not closed by '%s'", row->name,
			last);
	}
	return parser_take_list(parser, nodes);
}

// ---- the whole ----

static bool is_blank_text(const ExprNode *node)
{
	for (size_t i = 0; i < node->text.length; i++) {
		if (!lexer_is_blank(node->text.text[i]))
			return false;
	}
	return true;
}

static ExprNode *find_single(const ExprTemplate *template_)
{
	ExprNode *single = NULL;

	for (uint32_t i = 0; i < template_->body.count; i++) {
		ExprNode *node = template_->body.nodes[i];

		if (node->kind == NODE_TEXT && is_blank_text(node))
			continue;
		if (node->kind != NODE_OUTPUT || single != NULL)
			return NULL;
		single = node->output;
	}
	return single;
}

static Macro *find_macro(const ExprTemplate *template_, const char *name)
{
	for (guint i = 0; template_->macros != NULL && i < template_->macros->len; i++) {
		Macro *macro = template_->macros->pdata[i];

		if (strcmp(macro->name, name) == 0)
			return macro;
	}
	return NULL;
}

static bool has_block(const ExprTemplate *template_, const char *name)
{
	for (guint i = 0; template_->named_blocks != NULL && i < template_->named_blocks->len;
		i++) {
		const ExprNode *block = template_->named_blocks->pdata[i];

		if (strcmp(block->block.name, name) == 0)
			return true;
	}
	return false;
}

static void check_macro_arguments(Parser *parser, const ExprNode *call, const Macro *macro)
{
	if (call->macro_call.arguments.count > macro->count)
		parser_fail(parser, call->offset, NULL,
			"macro '%s' takes at most %u arguments, not %u", macro->name, macro->count,
			call->macro_call.arguments.count);
	for (uint32_t i = 0; i < call->macro_call.arguments.count; i++) {
		const char *name = call->macro_call.names[i];
		bool known = name == NULL;

		for (uint32_t j = 0; j < macro->count && !known; j++)
			known = strcmp(macro->parameters[j], name) == 0;
		if (!known)
			parser_fail(parser, call->offset, NULL, "macro '%s' has no parameter '%s'",
				macro->name, name);
	}
}

// Macros and blocks may be called before the text that defines them.
static void resolve_calls(Parser *parser)
{
	for (guint i = 0; parser->calls != NULL && i < parser->calls->len; i++) {
		ExprNode *call = parser->calls->pdata[i];
		const char *nearest = NULL;

		parser->failed = false;
		if (call->kind == NODE_BLOCK_CALL) {
			if (!has_block(parser->template_, call->block.name))
				parser_fail(parser, call->offset, NULL, "unknown block '%s'",
					call->block.name);
			continue;
		}
		call->macro_call.macro = find_macro(parser->template_, call->macro_call.name);
		if (call->macro_call.macro != NULL) {
			check_macro_arguments(parser, call, call->macro_call.macro);
			continue;
		}
		expr_callee_find(&expr_functions, call->macro_call.name, &nearest);
		g_autofree char *hint =
			nearest == NULL ? NULL : g_strdup_printf("did you mean '%s'?", nearest);
		parser_fail(
			parser, call->offset, hint, "unknown function '%s'", call->macro_call.name);
	}
	g_clear_pointer(&parser->calls, g_ptr_array_unref);
}

static int compare_faults(gconstpointer a, gconstpointer b)
{
	const ExprFault *left = *(const ExprFault *const *)a, *right = *(const ExprFault *const *)b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

static ExprTemplate *template_new(const char *text, size_t length)
{
	ExprTemplate *template_ = g_malloc0(sizeof *template_ + length + 1);

	template_->length = length;
	memcpy(template_->text, text, length);
	return template_;
}

bool expr_template_is_plain(const ExprTemplate *template_)
{
	return template_->plain;
}

const char *expr_template_text(const ExprTemplate *template_)
{
	return template_->text;
}

static bool check_text(Parser *parser, size_t length)
{
	const char *text = parser->template_->text, *invalid;

	if (length > LONGEST_TEXT)
		parser_fail(parser, 0, NULL, "the text is longer than %d bytes", LONGEST_TEXT);
	else if (!g_utf8_validate_len(text, length, &invalid))
		parser_fail(parser, (size_t)(invalid - text), NULL, "the text is not valid UTF-8");
	return !parser->failed;
}

// Hands the template over when this parse added no fault.
static ExprTemplate *finish(Parser *parser, guint faults_before)
{
	ExprTemplate *template_ = parser->template_;
	GPtrArray *faults = parser->faults;

	resolve_calls(parser);
	if (faults->len == faults_before)
		return template_;
	qsort(faults->pdata + faults_before, faults->len - faults_before, sizeof(gpointer),
		compare_faults);
	expr_template_free(template_);
	return NULL;
}

ExprTemplate *expr_template_parse(const char *text, size_t length, GPtrArray *faults)
{
	TextParser reader = {
		.parser = {
			.template_ = template_new(text, length), .faults = faults, .end = length}};
	ExprTemplate *template_ = reader.parser.template_;
	guint before = faults->len;
	const char *ended_by;

	if (!check_text(&reader.parser, length))
		return finish(&reader.parser, before);
	template_->plain = find_open(template_->text, 0, length) == length;
	if (template_->plain)
		return template_;
	template_->body = parse_body(&reader, NULL, 0, &ended_by);
	template_ = finish(&reader.parser, before);
	if (template_ != NULL)
		template_->single = find_single(template_);
	return template_;
}

ExprTemplate *expr_template_parse_expression(const char *text, size_t length, GPtrArray *faults)
{
	Parser parser = {.template_ = template_new(text, length), .faults = faults, .end = length};
	ExprTemplate *template_ = parser.template_;
	guint before = faults->len;
	ExprNode *output;

	if (!check_text(&parser, length))
		return finish(&parser, before);
	template_->bare = true;
	output = parser_node(&parser, NODE_OUTPUT, 0);
	parser_start(&parser, 0);
	if (parser.token.kind == TOKEN_END)
		parser_fail(&parser, 0, NULL, "there is no expression");
	output->output = template_->single = parser.failed ? NULL : parse_expression(&parser);
	if (!parser.failed && parser.token.kind != TOKEN_END)
		parser_unexpected(&parser, "an operator or the end of the expression");
	template_->body.count = 1;
	template_->body.nodes = expr_template_allocate(template_, sizeof output);
	template_->body.nodes[0] = output;
	return finish(&parser, before);
}
