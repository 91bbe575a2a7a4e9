#include "repo-layout/yaml_document.h"

#include "repo-layout/arena.h"
#include "repo-layout/yaml_private.h"
#include "repo-layout/yaml_scalar.h"

#include <string.h>
#include <yaml.h>

const YamlLimits yaml_limits_default = {
	.bytes = 1024 * 1024,
	.depth = 64,
	.nodes = 100000,
	.aliases = 1000,
	.alias_nodes = 10000,
};

// An anchored node, and how many nodes it stands for with all that its aliases repeat.
typedef struct Anchor {
	YamlNode *node; // NULL while it is being read: an alias to it would make a ring
	unsigned nodes;
	size_t bytes; // of their texts
} Anchor;

enum {
	DIRECTIVES_MOST = 16,
};

typedef struct Reader {
	yaml_parser_t parser;
	YamlDocument *document;
	DiagnosticList *diagnostics;
	const YamlLimits *limits;
	GHashTable *anchors; // name -> Anchor; NULL until one is seen
	GPtrArray *stack; // children of the collections being read
	unsigned nodes, aliases, alias_nodes;
	size_t bytes; // of all texts, with those that aliases repeat
} Reader;

static YamlNode *read_node(Reader *reader, yaml_event_t *event, unsigned depth);

static unsigned line_of(const Reader *reader, const yaml_mark_t *mark)
{
	return (unsigned)mark->line + reader->document->first_line;
}

static unsigned column_of(const Reader *reader, const yaml_mark_t *mark)
{
	unsigned column = (unsigned)mark->column + 1;

	return mark->line == 0 ? column + reader->document->first_column - 1 : column;
}

static void fault(Reader *reader, const yaml_mark_t *mark, const char *code, const char *hint,
	const char *message)
{
	diagnostic_add(reader->diagnostics, reader->document->file, line_of(reader, mark),
		column_of(reader, mark), DIAGNOSTIC_ERROR, code, hint, "%s", message);
}

static void limit_fault(
	Reader *reader, const yaml_mark_t *mark, const char *limit, unsigned allowed)
{
	g_autofree char *message =
		g_strdup_printf("the limit 'yaml.%s' of %u is passed", limit, allowed);

	fault(reader, mark, "limit-passed",
		"split the file, or raise the limit in the server's settings", message);
}

static void syntax_fault(Reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
	g_autofree char *message = NULL;
	const char *hint = NULL;
	yaml_mark_t mark = parser->problem_mark;
	const char *format = g_str_has_suffix(reader->document->file, ".json") ? "JSON" : "YAML";

	if (parser->error == YAML_READER_ERROR)
		mark = parser->mark;
	if (parser->context != NULL)
		message = g_strdup_printf("not valid %s: %s, %s", format, problem, parser->context);
	else
		message = g_strdup_printf("not valid %s: %s", format, problem);
	if (strstr(problem, "cannot start any token") != NULL)
		hint = "tabs cannot indent YAML, and text that begins with @, ` or % needs quotes";
	else if (strstr(problem, "mapping values are not allowed") != NULL)
		hint = "text that holds ': ' needs quotes";
	fault(reader, &mark, "yaml-syntax", hint, message);
}

static bool next_event(Reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	syntax_fault(reader);
	return false;
}

static YamlNode *node_new(Reader *reader, YamlKind kind, const yaml_event_t *event)
{
	YamlNode *node = arena_take(&reader->document->arena, sizeof(*node));

	node->kind = kind;
	node->line = line_of(reader, &event->start_mark);
	node->column = column_of(reader, &event->start_mark);
	node->style = 0;
	node->length = 0;
	node->text = NULL;
	return node;
}

static bool count_node(Reader *reader, const yaml_mark_t *mark, unsigned depth)
{
	if (depth > reader->limits->depth) {
		limit_fault(reader, mark, "depth", reader->limits->depth);
		return false;
	}
	if (++reader->nodes > reader->limits->nodes) {
		limit_fault(reader, mark, "nodes", reader->limits->nodes);
		return false;
	}
	return true;
}

static unsigned style_letter(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return '\'';
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return '"';
	case YAML_LITERAL_SCALAR_STYLE: return '|';
	case YAML_FOLDED_SCALAR_STYLE: return '>';
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE:
	default: return 'p';
	}
}

static YamlNode *read_scalar(Reader *reader, const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	YamlNode *node = node_new(reader, YAML_STRING, event);

	if (memchr(value, '\0', length) != NULL) {
		fault(reader, &event->start_mark, "nul-byte", "leave out the \\0",
			"text holds a NUL character");
		return NULL;
	}
	node->style = style_letter(event->data.scalar.style);
	node->length = (unsigned)length;
	reader->bytes += length;
	node->text = arena_copy(&reader->document->arena, value, length);
	if (tag == NULL ? node->style == 'p' && event->data.scalar.plain_implicit
			: strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0)
		node->kind = yaml_scalar_kind(node->text, length);
	return node;
}

static YamlNode *read_alias(Reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const Anchor *anchor =
		reader->anchors == NULL ? NULL : g_hash_table_lookup(reader->anchors, name);
	g_autofree char *message = NULL;

	if (anchor == NULL || anchor->node == NULL) {
		message =
			anchor == NULL
				? g_strdup_printf(
					  "alias '*%s' has no anchor '&%s' before it", name, name)
				: g_strdup_printf("alias '*%s' stands inside its own anchor", name);
		fault(reader, &event->start_mark, "yaml-alias", NULL, message);
		return NULL;
	}
	if (++reader->aliases > reader->limits->aliases) {
		limit_fault(reader, &event->start_mark, "aliases", reader->limits->aliases);
		return NULL;
	}
	if (anchor->nodes > reader->limits->alias_nodes - reader->alias_nodes) {
		limit_fault(reader, &event->start_mark, "alias_nodes", reader->limits->alias_nodes);
		return NULL;
	}
	if (anchor->bytes > reader->limits->bytes - MIN(reader->bytes, reader->limits->bytes)) {
		g_autofree char *much = g_strdup_printf(
			"with what aliases repeat, the limit 'yaml.bytes' of %zu is passed",
			reader->limits->bytes);

		fault(reader, &event->start_mark, "limit-passed",
			"repeat less, or raise the limit in the server's settings", much);
		return NULL;
	}
	reader->alias_nodes += anchor->nodes;
	reader->nodes += anchor->nodes;
	reader->bytes += anchor->bytes;
	return anchor->node;
}

static YamlNode *read_list(Reader *reader, const yaml_event_t *start, unsigned depth)
{
	YamlNode *node = node_new(reader, YAML_LIST, start);
	guint bottom = reader->stack->len;
	size_t size;

	for (;;) {
		yaml_event_t event;
		YamlNode *item;
		bool end;

		if (!next_event(reader, &event))
			return NULL;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : read_node(reader, &event, depth + 1);
		yaml_event_delete(&event);
		if (end)
			break;
		if (item == NULL)
			return NULL;
		g_ptr_array_add(reader->stack, item);
	}
	node->length = reader->stack->len - bottom;
	size = node->length * sizeof(YamlNode *);
	node->items = arena_take(&reader->document->arena, size);
	if (size > 0)
		memcpy(node->items, reader->stack->pdata + bottom, size);
	g_ptr_array_set_size(reader->stack, (gint)bottom);
	return node;
}

static void duplicate_fault(Reader *reader, const YamlNode *key, const YamlNode *first)
{
	diagnostic_add(reader->diagnostics, reader->document->file, key->line, key->column,
		DIAGNOSTIC_ERROR, "duplicate-key", "keep one of the two",
		"key '%s' is here a second time; the first is in line %u", key->text, first->line);
}

static void find_duplicates(Reader *reader, const YamlNode *node)
{
	enum {
		FEW = 12,
	};
	g_autoptr(GHashTable) seen = NULL;

	if (node->length <= FEW) {
		for (unsigned i = 1; i < node->length; i++) {
			for (unsigned j = 0; j < i; j++) {
				if (node->pairs[i].key->length == node->pairs[j].key->length &&
					strcmp(node->pairs[i].key->text,
						node->pairs[j].key->text) == 0) {
					duplicate_fault(
						reader, node->pairs[i].key, node->pairs[j].key);
					break;
				}
			}
		}
		return;
	}
	seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (unsigned i = 0; i < node->length; i++) {
		YamlNode *key = node->pairs[i].key;
		const YamlNode *first = g_hash_table_lookup(seen, key->text);

		if (first != NULL)
			duplicate_fault(reader, key, first);
		else
			g_hash_table_insert(seen, (char *)(uintptr_t)key->text, key);
	}
}

static YamlNode *read_mapping(Reader *reader, const yaml_event_t *start, unsigned depth)
{
	YamlNode *node = node_new(reader, YAML_MAPPING, start);
	guint bottom = reader->stack->len;
	size_t size;

	for (;;) {
		yaml_event_t event;
		YamlNode *item;
		bool end;

		if (!next_event(reader, &event))
			return NULL;
		end = event.type == YAML_MAPPING_END_EVENT;
		item = end ? NULL : read_node(reader, &event, depth + 1);
		if (item != NULL && (reader->stack->len - bottom) % 2 == 0 &&
			item->kind >= YAML_LIST) {
			fault(reader, &event.start_mark, "yaml-key",
				"a key is text, a number or a boolean",
				"a list or mapping cannot be a key");
			item = NULL;
		}
		yaml_event_delete(&event);
		if (end)
			break;
		if (item == NULL)
			return NULL;
		g_ptr_array_add(reader->stack, item);
	}
	size = (reader->stack->len - bottom) * sizeof(YamlNode *);
	node->length = (reader->stack->len - bottom) / 2;
	// Keys and values alternate on the stack just as they do in YamlPair.
	node->pairs = arena_take(&reader->document->arena, size);
	if (size > 0)
		memcpy(node->pairs, reader->stack->pdata + bottom, size);
	g_ptr_array_set_size(reader->stack, (gint)bottom);
	find_duplicates(reader, node);
	return node;
}

static Anchor *anchor_begin(Reader *reader, const yaml_char_t *name)
{
	Anchor *anchor;

	if (name == NULL)
		return NULL;
	if (reader->anchors == NULL)
		reader->anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	anchor = g_new0(Anchor, 1);
	anchor->nodes = reader->nodes;
	g_hash_table_replace(reader->anchors, g_strdup((const char *)name), anchor);
	return anchor;
}

static const yaml_char_t *anchor_name(const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return event->data.scalar.anchor;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return event->data.sequence_start.anchor;
	return event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor : NULL;
}

static YamlNode *read_node(Reader *reader, yaml_event_t *event, unsigned depth)
{
	const yaml_char_t *name = anchor_name(event);
	unsigned before = reader->nodes;
	size_t bytes_before = reader->bytes;
	YamlNode *node = NULL;

	if (!count_node(reader, &event->start_mark, depth))
		return NULL;
	anchor_begin(reader, name);
	if (event->type == YAML_SCALAR_EVENT)
		node = read_scalar(reader, event);
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		node = read_list(reader, event, depth);
	else if (event->type == YAML_MAPPING_START_EVENT)
		node = read_mapping(reader, event, depth);
	else if (event->type == YAML_ALIAS_EVENT)
		node = read_alias(reader, event);
	if (name != NULL && node != NULL) {
		// Looked up again: an anchor of the same name inside may have replaced it.
		Anchor *anchor = g_hash_table_lookup(reader->anchors, (const char *)name);

		anchor->node = node;
		anchor->nodes = reader->nodes - before;
		anchor->bytes = reader->bytes - bytes_before;
	}
	return node;
}

// Reads up to the end of the stream. Returns false after a fault.
static bool read_stream(Reader *reader)
{
	unsigned documents = 0;

	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		bool good = true;

		if (!next_event(reader, &event))
			return false;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
			fault(reader, &event.start_mark, "yaml-documents",
				"put the second document into a file of its own",
				"a second document begins here");
			good = false;
		} else if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
			   type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT) {
			reader->document->root = read_node(reader, &event, 1);
			good = reader->document->root != NULL;
		}
		yaml_event_delete(&event);
		if (!good)
			return false;
		if (type == YAML_STREAM_END_EVENT)
			return true;
	}
}

// libyaml compares every directive with all before it. They stand at the beginning, among comments and blank lines.
static bool check_directives(Reader *reader, const char *text, size_t length)
{
	yaml_mark_t mark = {0};
	unsigned directives = 0;

	for (const char *line = text, *end = text + length; line < end; mark.line++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		if (*line == '%' && ++directives > DIRECTIVES_MOST) {
			fault(reader, &mark, "limit-passed", "leave them out: weir needs none",
				"there are more than 16 directives");
			return false;
		}
		if (*line != '%' && *line != '#' && *line != '\n' && *line != '\r' && *line != ' ')
			return true;
		if (next == NULL)
			return true;
		line = next + 1;
	}
	return true;
}

static bool read_text(Reader *reader, const char *text, size_t length)
{
	bool good;

	if (!yaml_parser_initialize(&reader->parser))
		g_error("out of memory");
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { // a byte order mark
		text += 3;
		length -= 3;
	}
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)text, length);
	reader->stack = g_ptr_array_sized_new(64);
	good = check_directives(reader, text, length) && read_stream(reader);
	g_ptr_array_unref(reader->stack);
	g_clear_pointer(&reader->anchors, g_hash_table_unref);
	yaml_parser_delete(&reader->parser);
	return good;
}

static YamlDocument *document_new(const char *file, const char *text, size_t length,
	unsigned first_line, unsigned first_column)
{
	static const YamlNode nothing = {
		.kind = YAML_NULL, .line = 1, .column = 1, .style = 'p', .text = ""};
	YamlDocument *document = g_new0(YamlDocument, 1);
	YamlNode *root;

	document->file = file;
	document->text = text != NULL ? text : "";
	document->length = length;
	document->first_line = first_line;
	document->first_column = first_column;
	root = arena_take(&document->arena, sizeof(*root));
	*root = nothing;
	root->line = first_line;
	root->column = first_column;
	document->root = root;
	return document;
}

YamlDocument *yaml_document_parse(const char *file, const char *text, size_t length,
	unsigned first_line, unsigned first_column, const YamlLimits *limits,
	DiagnosticList *diagnostics)
{
	g_autoptr(YamlDocument) document =
		document_new(file, text, length, first_line, first_column);
	Reader reader = {
		.document = document,
		.diagnostics = diagnostics,
		.limits = limits != NULL ? limits : &yaml_limits_default,
	};

	if (length > reader.limits->bytes) {
		diagnostic_add(diagnostics, file, 0, 0, DIAGNOSTIC_ERROR, "limit-passed",
			"split the file, or raise the limit in the server's settings",
			"the file has %zu bytes: the limit 'yaml.bytes' of %zu is passed", length,
			reader.limits->bytes);
		return NULL;
	}
	if (!read_text(&reader, document->text, length))
		return NULL;
	return g_steal_pointer(&document);
}

void yaml_document_free(YamlDocument *document)
{
	if (document == NULL)
		return;
	arena_clear(&document->arena);
	g_free(document);
}

const YamlNode *yaml_document_root(const YamlDocument *document)
{
	return document->root;
}

static const YamlPair *find_pair(const YamlNode *node, const char *key)
{
	if (node == NULL || node->kind != YAML_MAPPING)
		return NULL;
	for (unsigned i = 0; i < node->length; i++) {
		if (strcmp(node->pairs[i].key->text, key) == 0)
			return &node->pairs[i];
	}
	return NULL;
}

const YamlNode *yaml_get(const YamlNode *node, const char *key)
{
	const YamlPair *pair = find_pair(node, key);

	return pair == NULL ? NULL : pair->value;
}

const YamlNode *yaml_get_key(const YamlNode *node, const char *key)
{
	const YamlPair *pair = find_pair(node, key);

	return pair == NULL ? NULL : pair->key;
}

const char *yaml_kind_name(YamlKind kind)
{
	static const char *const names[] = {
		[YAML_NULL] = "nothing",
		[YAML_BOOLEAN] = "a boolean",
		[YAML_INTEGER] = "a whole number",
		[YAML_REAL] = "a number",
		[YAML_STRING] = "text",
		[YAML_LIST] = "a list",
		[YAML_MAPPING] = "a mapping",
	};

	return names[kind];
}
