// From an offset in a scalar's decoded text back to the line and column that it was written at.
#include "repo-layout/yaml_private.h"

#include <stdint.h>
#include <string.h>

typedef YamlWalk Walk;

static void step(Walk *walk)
{
	if (*walk->at == '\n') {
		walk->line++;
		walk->column = 1;
	} else if (((unsigned char)*walk->at & 0xc0) != 0x80) {
		walk->column++;
	}
	walk->at++;
}

static void steps(Walk *walk, size_t count)
{
	while (count-- > 0 && walk->at < walk->end)
		step(walk);
}

static void walk_to(Walk *walk, unsigned line, unsigned column)
{
	while (walk->at < walk->end &&
		(walk->line < line || (walk->line == line && walk->column < column)))
		step(walk);
}

static bool at_blank(const Walk *walk)
{
	return walk->at < walk->end &&
	       (*walk->at == ' ' || *walk->at == '\t' || *walk->at == '\n' || *walk->at == '\r');
}

// Steps over the header of a block scalar and the indentation of its first line.
static unsigned enter_block(Walk *walk)
{
	const char *line;
	unsigned indentation = 0;

	while (walk->at < walk->end && *walk->at != '\n')
		step(walk);
	steps(walk, 1);
	for (line = walk->at; line < walk->end; line++) {
		if (*line == '\n')
			indentation = 0;
		else if (*line != ' ')
			break;
		else
			indentation++;
	}
	return indentation;
}

// Blanks that begin the first line with anything on it: they are text, not indentation.
static unsigned leading_blanks(const char *text)
{
	unsigned blanks = 0;

	for (; *text == ' ' || *text == '\n'; text++)
		blanks = *text == '\n' ? 0 : blanks + 1;
	return blanks;
}

static void skip_indentation(Walk *walk, unsigned indentation)
{
	while (indentation-- > 0 && walk->at < walk->end && *walk->at == ' ')
		step(walk);
}

// Length in the source of an escape in double quotes, from its backslash.
static size_t escape_length(const char *text)
{
	switch (text[1]) {
	case 'x': return 4;
	case 'u': return 6;
	case 'U': return 10;
	default: return 2;
	}
}

static size_t character_length(const char *text)
{
	return (size_t)(g_utf8_next_char(text) - text);
}

// Moves both sides on by one piece of text. Returns how much of text that was; false in good: they do not match.
static size_t advance(
	Walk *walk, const YamlNode *node, const char *text, unsigned indentation, bool *good)
{
	if (node->style == '"' && *walk->at == '\\') {
		if (walk->at + 1 < walk->end && walk->at[1] == '\n') {
			steps(walk, 2);
			while (at_blank(walk))
				step(walk);
			return 0;
		}
		steps(walk, escape_length(walk->at));
		return character_length(text);
	}
	if (node->style == '\'' && *walk->at == '\'') {
		steps(walk, 2);
		return 1;
	}
	if (*walk->at == *text || (*text == ' ' && *walk->at == '\n')) {
		bool line_end = *walk->at == '\n';

		step(walk);
		if (line_end)
			skip_indentation(walk, indentation);
		return 1;
	}
	*good = at_blank(walk);
	step(walk);
	return 0;
}

// Where a node begins. Goes on from the last place, unless that is behind it.
static Walk walk_to_node(YamlDocument *document, const YamlNode *node)
{
	Walk walk = document->node_walk;

	if (walk.at == NULL || node->line < walk.line ||
		(node->line == walk.line && node->column < walk.column))
		walk = (Walk){document->text, document->text + document->length,
			document->first_line, document->first_column};
	walk_to(&walk, node->line, node->column);
	document->node_walk = walk;
	return walk;
}

void yaml_text_place(const YamlNode *node, const YamlDocument *source, size_t offset,
	unsigned *ret_line, unsigned *ret_column)
{
	// What is kept to find the next place does not show.
	YamlDocument *document = (YamlDocument *)(uintptr_t)source;
	Walk walk = walk_to_node(document, node);
	unsigned indentation = 0;
	size_t passed = 0;
	bool good = true;

	*ret_line = node->line;
	*ret_column = node->column;
	if (node->style == '|' || node->style == '>') {
		indentation = enter_block(&walk);
		indentation -= MIN(indentation, leading_blanks(node->text));
		skip_indentation(&walk, indentation);
	} else if (node->style != 'p') {
		steps(&walk, 1);
	}
	if (document->text_node == node && document->text_passed <= offset) {
		walk = document->text_walk;
		passed = document->text_passed;
	}
	while (good && passed < offset && passed < node->length && walk.at < walk.end)
		passed += advance(&walk, node, node->text + passed, indentation, &good);
	if (good) {
		document->text_node = node;
		document->text_walk = walk;
		document->text_passed = passed;
	}
	// Blanks that folding took away stand before the character that is meant.
	while (good && node->style != '|' && passed < node->length && at_blank(&walk) &&
		*walk.at != node->text[passed])
		step(&walk);
	if (!good || walk.at > walk.end)
		return;
	*ret_line = walk.line;
	*ret_column = walk.column;
}
