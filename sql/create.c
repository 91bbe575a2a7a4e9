// CREATE, ALTER, DROP, TRUNCATE, RENAME.
#include "sql/scanner.h"

enum {
	HEAD_LIMIT = 40, // words between CREATE and what is created
};

typedef enum {
	OBJECT_OTHER,
	OBJECT_TABLE,
	OBJECT_VIEW,
	OBJECT_ROUTINE,
	OBJECT_TRIGGER,
	OBJECT_RULE,
	OBJECT_MODEL,
	OBJECT_SCHEMA,
} Object;

typedef struct {
	Object object;
	bool temporary;
	bool materialized;
	bool dictionary;
} Head;

// Words for objects that are no tables and may name tables later on.
static bool is_other_object(const Scanner *s, const SqlToken *token)
{
	static const char *const words[] = {"publication", "subscription", "statistics", "policy",
		"extension", "role", "user", "type", "domain", "sequence", "operator", "aggregate",
		"cast", "collation", "conversion", "language", "server", "tablespace", "data",
		"access", "text", "projection", "quota", "profile", "capacity", "reservation",
		"assignment", "group", "constraint", "graph", "connection", "synonym"};

	if (token->type != SQL_TOKEN_WORD)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (token->length == strlen(words[i]) &&
			g_ascii_strncasecmp(s->text + token->offset, words[i], token->length) == 0)
			return true;
	}
	return false;
}

// Steps to behind the word that says what is created or dropped.
static Head object_head(Scanner *s)
{
	Head head = {.object = OBJECT_OTHER};

	for (guint end = s->at + HEAD_LIMIT; s->at < end && s->at < s->token_count; s->at++) {
		const SqlToken *token = this_token(s);

		if (token->type >= SQL_TOKEN_SEMICOLON || sql_token_is_mark(token, '('))
			break;
		switch (sql_token_word(token)) {
		case KW_TEMP:
		case KW_TEMPORARY: head.temporary = true; continue;
		case KW_MATERIALIZED: head.materialized = true; continue;
		case KW_TABLE:
			if (word_at(s, s->at + 1) == KW_FUNCTION)
				continue;
			head.object = OBJECT_TABLE;
			break;
		case KW_TABLES: head.object = OBJECT_TABLE; break;
		case KW_DICTIONARY:
			head.object = OBJECT_TABLE;
			head.dictionary = true;
			break;
		case KW_VIEW: head.object = OBJECT_VIEW; break;
		case KW_FUNCTION:
		case KW_PROCEDURE:
		case KW_EVENT: head.object = OBJECT_ROUTINE; break;
		case KW_TRIGGER: head.object = OBJECT_TRIGGER; break;
		case KW_RULE: head.object = OBJECT_RULE; break;
		case KW_MODEL: head.object = OBJECT_MODEL; break;
		case KW_SCHEMA:
		case KW_DATABASE: head.object = OBJECT_SCHEMA; break;
		case KW_INDEX: break;
		default:
			if (is_other_object(s, token))
				return head;
			continue;
		}
		s->at++;
		return head;
	}
	return head;
}

static void skip_if_exists(Scanner *s)
{
	if (word_at(s, s->at) != KW_IF)
		return;
	if (word_at(s, s->at + 1) == KW_EXISTS)
		s->at += 2;
	else if (word_at(s, s->at + 1) == KW_NOT && word_at(s, s->at + 2) == KW_EXISTS)
		s->at += 3;
}

static void set_kind(Scanner *s, SqlKind kind)
{
	if (!s->routine && s->statement.kind == SQL_KIND_UNKNOWN)
		s->statement.kind = kind;
}

// A routine's text in a literal is not seen, unless its language cannot reach tables.
static void check_language(Scanner *s)
{
	static const char *const blind[] = {"js", "javascript", "c", "internal", NULL};

	for (guint i = s->statement_first;
		i < s->token_count && s->tokens[i].type < SQL_TOKEN_SEMICOLON; i++) {
		const SqlToken *next = token_at(s, i + 1);

		if (word_at(s, i) != KW_LANGUAGE)
			continue;
		for (const char *const *name = blind; *name != NULL; name++) {
			if (next->length == strlen(*name) &&
				g_ascii_strncasecmp(s->text + next->offset, *name, next->length) ==
					0)
				return;
		}
	}
	mark_opaque(s, "the body of a routine is text that is not seen into");
}

static void create_relation(Scanner *s, Frame *frame, const Head *head)
{
	Name name;
	bool view = head->object == OBJECT_VIEW;

	set_kind(s, view ? SQL_KIND_CREATE_VIEW : SQL_KIND_CREATE_TABLE);
	skip_if_exists(s);
	frame->verb = view ? VERB_CREATE_VIEW : VERB_CREATE_TABLE;
	frame->state = STATE_TAIL;
	if (name_parse(s, &name))
		table_write(s, &name, head->temporary);
	if (head->dictionary)
		mark_opaque(s, "the source of a dictionary is not seen into");
}

static void create_trigger(Scanner *s, Frame *frame)
{
	Name name;

	while (s->at < s->token_count && this_token(s)->type < SQL_TOKEN_SEMICOLON &&
		word_at(s, s->at) != KW_ON)
		s->at++;
	s->at++;
	name_parse(s, &name);
	frame->state = STATE_ROUTINE;
	s->routine = true;
}

void head_create(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	const Head head = object_head(s);
	frame->state = STATE_INERT;
	switch (head.object) {
	case OBJECT_TABLE:
	case OBJECT_VIEW: create_relation(s, frame, &head); break;
	case OBJECT_ROUTINE:
		set_kind(s, SQL_KIND_CREATE_ROUTINE);
		skip_if_exists(s);
		name_parse(s, &name);
		frame->state = STATE_ROUTINE;
		s->routine = true;
		break;
	case OBJECT_TRIGGER:
		set_kind(s, SQL_KIND_CREATE_ROUTINE);
		create_trigger(s, frame);
		break;
	case OBJECT_RULE:
		set_kind(s, SQL_KIND_CREATE_ROUTINE);
		frame->state = STATE_RULE;
		break;
	case OBJECT_MODEL:
		set_kind(s, SQL_KIND_CREATE);
		skip_if_exists(s);
		name_parse(s, &name);
		frame->verb = VERB_EXPORT;
		frame->state = STATE_TAIL;
		break;
	case OBJECT_SCHEMA:
	case OBJECT_OTHER:
	default: set_kind(s, SQL_KIND_CREATE); break;
	}
}

// Between the head and the query of INSERT and CREATE

static void read_name(Scanner *s)
{
	Name name;

	if (name_parse(s, &name))
		table_read(s, &name);
}

static void write_name(Scanner *s)
{
	Name name;

	if (name_parse(s, &name))
		table_write(s, &name, false);
}

static bool is_creation(const Frame *frame)
{
	return frame->verb == VERB_CREATE_TABLE || frame->verb == VERB_CREATE_VIEW ||
	       frame->verb == VERB_EXPORT;
}

static void tail_as(Scanner *s, Frame *frame)
{
	s->at++;
	if (frame->verb == VERB_INSERT) {
		s->at++;
		return;
	}
	if (word_at(s, s->at) == KW_REPLICA && word_at(s, s->at + 1) == KW_OF) {
		s->at += 2;
		read_name(s);
	} else if (query_starts(s, s->at) || mark_at(s, s->at, '(')) {
		frame->state = STATE_START;
		frame->verb = VERB_SELECT;
	} else if (word_at(s, s->at) == KW_EXECUTE || word_at(s, s->at) == KW_EXEC) {
		mark_opaque(s, "a procedure or text that is not seen is executed");
	} else if (s->dialect->as_table && frame->verb == VERB_CREATE_TABLE &&
		   name_starts(s, s->at)) {
		Name name;

		if (name_parse(s, &name) && !mark_at(s, s->at, '('))
			table_read(s, &name);
	}
}

static void tail_with(Scanner *s, Frame *frame)
{
	guint next = s->at + 1;
	bool list = word_at(s, next) == KW_RECURSIVE || word_at(s, next + 1) == KW_AS ||
		    (mark_at(s, next + 1, '(') &&
			    word_at(s, token_at(s, next + 1)->match + 1) == KW_AS &&
			    token_at(s, next)->type <= SQL_TOKEN_NAME);

	if (list || (s->dialect->expression_with && frame->verb == VERB_INSERT)) {
		frame->state = STATE_START;
		return;
	}
	s->at++;
}

static void tail_clone(Scanner *s)
{
	s->at++;
	accept_word(s, KW_AS);
	read_name(s);
}

static void tail_to(Scanner *s, const Frame *frame)
{
	s->at++;
	if (s->dialect->view_targets && frame->verb == VERB_CREATE_VIEW &&
		token_at(s, s->at + 1)->type != SQL_TOKEN_TEXT)
		write_name(s);
}

// INHERITS (a, b)
static void tail_inherits(Scanner *s)
{
	s->at++;
	if (!mark_at(s, s->at, '('))
		return;
	do {
		s->at++;
		read_name(s);
	} while (mark_at(s, s->at, ','));
	s->at += mark_at(s, s->at, ')');
}

static void tail_from(Scanner *s, Frame *frame)
{
	s->at++;
	if (word_at(s, s->at) == KW_INFILE || this_token(s)->type == SQL_TOKEN_TEXT)
		return;
	if (frame->verb == VERB_EXPORT || (frame->verb == VERB_INSERT && s->dialect->from_first))
		frame->state = STATE_ITEM;
}

// Words of CREATE only. True when the word was one.
static bool creation_word(Scanner *s, Frame *frame, unsigned word)
{
	switch (word) {
	case KW_LIKE:
	case KW_CLONE:
		if (frame->verb != VERB_CREATE_TABLE)
			return false;
		tail_clone(s);
		return true;
	case KW_COPY:
		if (!s->dialect->wildcard_names)
			return false;
		tail_clone(s);
		return true;
	case KW_TO: tail_to(s, frame); return true;
	case KW_INHERITS: tail_inherits(s); return true;
	case KW_PARTITION:
		s->at++;
		if (accept_word(s, KW_OF))
			read_name(s);
		return true;
	default: return false;
	}
}

// Words of INSERT only. True when the word was one.
static bool insertion_word(Scanner *s, Frame *frame, unsigned word)
{
	switch (word) {
	case KW_VALUES:
	case KW_SET:
	case KW_RETURNING: break;
	case KW_ON:
		if (word_at(s, s->at + 1) == KW_CLUSTER)
			return false;
		break;
	case KW_TABLE:
		s->at++;
		read_name(s);
		return true;
	default: return false;
	}
	s->at++;
	frame->state = STATE_EXPRESSION;
	return true;
}

void state_tail(Scanner *s, Frame *frame)
{
	unsigned word = word_at(s, s->at);

	switch (word) {
	case KW_SELECT: frame->state = STATE_START; return;
	case KW_WITH: tail_with(s, frame); return;
	case KW_AS: tail_as(s, frame); return;
	case KW_FROM: tail_from(s, frame); return;
	case KW_UNION:
	case KW_INTERSECT:
	case KW_EXCEPT:
		s->at++;
		frame->state = STATE_START;
		frame->after_set = true;
		return;
	case KW_INTO:
		s->at++;
		if (frame->verb == VERB_INSERT_ALL)
			write_name(s);
		return;
	case KW_EXEC:
	case KW_EXECUTE:
		mark_opaque(s, "a procedure or text that is not seen is executed");
		s->at++;
		return;
	default: break;
	}
	if (is_creation(frame) ? creation_word(s, frame, word)
			       : frame->verb == VERB_INSERT && insertion_word(s, frame, word))
		return;
	s->at++;
}

// CREATE TABLE t (LIKE u, …)
void state_columns(Scanner *s, Frame *frame)
{
	bool first = s->at > 0 && (mark_at(s, s->at - 1, '(') || mark_at(s, s->at - 1, ','));

	switch (word_at(s, s->at)) {
	case KW_LIKE:
		s->at++;
		if (first)
			read_name(s);
		return;
	case KW_SELECT: frame->state = STATE_START; return;
	default: s->at++; return;
	}
}

// DROP, TRUNCATE, RENAME

static void write_list(Scanner *s, void (*note)(Scanner *s, const Name *name))
{
	Name name;

	do {
		if (word_at(s, s->at) == KW_ONLY && name_starts(s, s->at + 1))
			s->at++;
		if (!name_parse(s, &name))
			return;
		note(s, &name);
		s->at += mark_at(s, s->at, '*');
		s->at++;
	} while (mark_at(s, s->at - 1, ','));
	s->at--;
}

static void note_write(Scanner *s, const Name *name)
{
	table_write(s, name, false);
}

void head_drop(Scanner *s, Frame *frame)
{
	s->at++;
	const Head head = object_head(s);
	frame->state = STATE_INERT;
	skip_if_exists(s);
	if (head.object == OBJECT_TABLE || head.object == OBJECT_VIEW)
		write_list(s, head.temporary ? table_forget : table_drop);
	else if (head.object == OBJECT_SCHEMA)
		mark_opaque(s, "the tables of a dropped schema are not named");
}

void head_truncate(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_INERT;
	accept_word(s, KW_TEMPORARY);
	if (word_at(s, s->at) == KW_DATABASE ||
		(word_at(s, s->at) == KW_ALL && word_at(s, s->at + 1) == KW_TABLES)) {
		mark_opaque(s, "the tables of a truncated database are not named");
		return;
	}
	if (word_at(s, s->at) == KW_TABLE && !mark_at(s, s->at + 1, ','))
		s->at++;
	skip_if_exists(s);
	write_list(s, note_write);
}

// RENAME TABLE a TO b, c TO d; EXCHANGE TABLES a AND b
void head_rename(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_INERT;
	if (word_at(s, s->at) != KW_TABLE && word_at(s, s->at) != KW_TABLES &&
		word_at(s, s->at) != KW_DICTIONARY)
		return;
	s->at++;
	skip_if_exists(s);
	for (;;) {
		write_name(s);
		if (word_at(s, s->at) != KW_TO && word_at(s, s->at) != KW_AND &&
			!mark_at(s, s->at, ','))
			return;
		s->at++;
	}
}

// ALTER

void head_alter(Scanner *s, Frame *frame)
{
	s->at++;
	const Head head = object_head(s);
	frame->state = STATE_INERT;
	if (head.object != OBJECT_TABLE && head.object != OBJECT_VIEW)
		return;
	skip_if_exists(s);
	if (word_at(s, s->at) == KW_ALL && word_at(s, s->at + 1) == KW_IN)
		return;
	accept_word(s, KW_ONLY);
	write_name(s);
	s->at += mark_at(s, s->at, '*');
	frame->state = STATE_ALTER;
	frame->verb = head.object == OBJECT_VIEW ? VERB_CREATE_VIEW : VERB_CREATE_TABLE;
}

static void alter_partition(Scanner *s)
{
	unsigned before = s->at > 0 ? word_at(s, s->at - 1) : KW_NONE;

	s->at++;
	if ((before == KW_ATTACH || before == KW_DETACH) && !s->dialect->array_join &&
		name_starts(s, s->at)) {
		write_name(s);
		return;
	}
	if (before != KW_ATTACH && before != KW_REPLACE && before != KW_MOVE)
		return;
	while (s->at < s->token_count && this_token(s)->type < SQL_TOKEN_SEMICOLON &&
		!mark_at(s, s->at, ',')) {
		if (accept_word(s, KW_FROM)) {
			read_name(s);
			return;
		}
		if (word_at(s, s->at) == KW_TO && word_at(s, s->at + 1) == KW_TABLE) {
			s->at += 2;
			write_name(s);
			return;
		}
		s->at++;
	}
}

void state_alter(Scanner *s, Frame *frame)
{
	unsigned before = word_at(s, s->at - 1);

	switch (word_at(s, s->at)) {
	case KW_PARTITION: alter_partition(s); return;
	case KW_TO:
		s->at++;
		if (before == KW_RENAME)
			write_name(s);
		return;
	case KW_FROM:
		s->at++;
		if (before == KW_APPEND) {
			guint first = s->at;

			read_name(s);
			s->at = first;
			write_name(s);
		}
		return;
	case KW_WITH:
		s->at++;
		if (before == KW_SWAP || accept_word(s, KW_TABLE))
			write_name(s);
		return;
	case KW_AS:
		s->at++;
		if (before == KW_RENAME)
			write_name(s);
		else if (frame->verb == VERB_CREATE_VIEW &&
			 (query_starts(s, s->at) || mark_at(s, s->at, '(')))
			frame->state = STATE_START;
		return;
	default: s->at++; return;
	}
}

// Routines

void state_routine(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_AS:
		s->at++;
		if (this_token(s)->type == SQL_TOKEN_TEXT)
			check_language(s);
		return;
	case KW_BEGIN:
	case KW_SELECT:
	case KW_WITH:
	case KW_INSERT:
	case KW_UPDATE:
	case KW_DELETE:
	case KW_REPLACE:
	case KW_MERGE:
	case KW_CALL:
	case KW_VALUES:
	case KW_IF:
	case KW_CASE:
	case KW_WHILE:
	case KW_RETURN: frame->state = STATE_START; return;
	case KW_DO:
		s->at++;
		frame->state = STATE_START;
		return;
	case KW_SET:
	case KW_EXECUTE:
		frame->state = s->dialect->dollar_quotes ? STATE_ROUTINE : STATE_INERT;
		break;
	default: break;
	}
	s->at++;
}

// CREATE RULE … DO [ALSO | INSTEAD] statement
void state_rule(Scanner *s, Frame *frame)
{
	if (!accept_word(s, KW_DO)) {
		s->at++;
		return;
	}
	if (word_at(s, s->at) == KW_INSTEAD || token_at(s, s->at)->length == 4)
		s->at++;
	s->routine = true;
	frame->state =
		mark_at(s, s->at, '(') && !query_starts(s, s->at + 1) ? STATE_INERT : STATE_START;
	if (frame->state == STATE_INERT) {
		s->at++;
		frame->state = STATE_START;
	}
}
