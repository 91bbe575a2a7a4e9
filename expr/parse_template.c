#include "expr/parse_template.h"
#include "expr/suggest.h"

#include <string.h>

// The longest text, and the number of faults after which the rest of a text is not read.
enum { LONGEST_TEXT = 64 * 1024 * 1024, MAX_FAULTS = 100 };

// ---- spans: {{ … }} and {% … %} ----

void span_open(TextParser *reader, size_t offset)
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
void span_close(TextParser *reader, TokenKind close)
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
	for (size_t i = 0; i < tag_row_count; i++) {
		if (ending(&tag_rows[i], name) != NULL)
			return &tag_rows[i];
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
		for (size_t i = 0; i < tag_row_count; i++) {
			expr_suggestion_consider(&suggestion, tag_rows[i].name);
			for (size_t j = 0;
				j < G_N_ELEMENTS(tag_rows[i].ends) && tag_rows[i].ends[j] != NULL;
				j++)
				expr_suggestion_consider(&suggestion, tag_rows[i].ends[j]);
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
	name = span_name(reader, "the name of a tag");
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
	for (size_t i = 0; i < tag_row_count; i++) {
		if (strcmp(tag_rows[i].name, name) != 0)
			continue;
		ExprNode *node = tag_rows[i].parse(reader, &tag_rows[i], offset);
		if (node != NULL)
			g_ptr_array_add(nodes, node);
		return NULL;
	}
	fail_tag(reader, name, name_offset);
	return NULL;
}

// Reads text, outputs and tags up to the end tag of row (NULL: to the end of the text). Sets *ended_by to that tag, which is
// not closed yet, or to NULL at the end of the text.
NodeList parse_body(TextParser *reader, const TagRow *row, size_t offset, const char **ended_by)
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
	qsort(faults->pdata + faults_before, faults->len - faults_before, sizeof(void *),
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
	template_->body.nodes = expr_template_allocate(template_, sizeof(ExprNode *));
	template_->body.nodes[0] = output;
	return finish(&parser, before);
}
