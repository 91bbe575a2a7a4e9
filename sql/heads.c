// The heads of statements: a table from first word to function. Each steps over the head, notes what is written, and
// leaves the frame in the state that reads the rest.
#include "sql/scanner.h"

typedef void (*HeadFunction)(Scanner *s, Frame *frame);

// Where a head may stand besides the beginning of a statement.
typedef enum {
	PLACE_STATEMENT,
	PLACE_BODY, // and as the query of a WITH
	PLACE_QUERY, // and in any brackets
} Place;

typedef struct {
	HeadFunction run;
	SqlKind kind;
	Place place;
} Head;

static void head_select(Scanner *s, Frame *frame)
{
	s->at++;
	if (frame->verb == VERB_NONE)
		frame->verb = VERB_SELECT;
	frame->state = STATE_SELECT;
	frame->deferred = false;
	frame->pending = s->pending->len;
	frame->pending_from = s->pending->len;
}

static void head_with(Scanner *s, Frame *frame)
{
	start_with(s, frame);
}

static void head_values(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_EXPRESSION;
}

static void head_table(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	accept_word(s, KW_ONLY);
	if (name_parse(s, &name))
		table_read(s, &name);
	frame->state = STATE_EXPRESSION;
}

// FROM first: FROM t SELECT x, FROM t |> WHERE x.
static void head_from(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_ITEM;
}

// INSERT OR REPLACE, UPDATE OR IGNORE.
static void skip_or_action(Scanner *s)
{
	if (accept_word(s, KW_OR))
		s->at++;
}

static void skip_insert_words(Scanner *s, Frame *frame)
{
	for (;; s->at++) {
		guint next = s->at + 1;

		switch (word_at(s, s->at)) {
		case KW_INTO:
		case KW_OVERWRITE:
		case KW_LOW_PRIORITY:
		case KW_HIGH_PRIORITY:
		case KW_DELAYED:
		case KW_IGNORE: break;
		case KW_TABLE:
			if (!name_starts(s, next))
				return;
			break;
		case KW_ALL:
		case KW_FIRST:
			if (word_at(s, next) != KW_INTO && word_at(s, next) != KW_WHEN)
				return;
			frame->verb = VERB_INSERT_ALL;
			return;
		case KW_OR: s->at++; break;
		default: return;
		}
		if (mark_at(s, next, '(') || mark_at(s, next, '.'))
			return;
	}
}

static void head_insert(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	frame->verb = VERB_INSERT;
	frame->state = STATE_TAIL;
	skip_insert_words(s, frame);
	if (frame->verb == VERB_INSERT_ALL) {
		s->at++;
		return;
	}
	if (word_at(s, s->at) == KW_FUNCTION && name_starts(s, s->at + 1)) {
		s->at++;
		mark_opaque(s, "the target is a table function");
		name_parse(s, &name);
		return;
	}
	if (accept_word(s, KW_LOCAL) || word_at(s, s->at) == KW_DIRECTORY) {
		s->at++;
		return;
	}
	if (name_parse(s, &name))
		table_write(s, &name, false);
}

static void head_replace(Scanner *s, Frame *frame)
{
	unsigned next = word_at(s, s->at + 1);

	if (next == KW_TABLE || next == KW_DICTIONARY || next == KW_TEMPORARY || next == KW_VIEW) {
		statement_kind(s, SQL_KIND_UNKNOWN);
		head_create(s, frame);
		return;
	}
	head_insert(s, frame);
}

static void head_update(Scanner *s, Frame *frame)
{
	s->at++;
	skip_or_action(s);
	frame->verb = VERB_UPDATE;
	frame->deferred = true;
	frame->state = STATE_ITEM;
}

static void add_delete_target(Scanner *s, const Name *name)
{
	int32_t reference = table_deferred(s, name);

	if (reference >= 0)
		g_array_append_val(s->targets, reference);
}

static bool is_delete_word(unsigned keyword)
{
	return keyword == KW_LOW_PRIORITY || keyword == KW_QUICK || keyword == KW_IGNORE;
}

static void head_delete(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	frame->verb = VERB_DELETE;
	frame->state = STATE_TARGETS;
	while (is_delete_word(word_at(s, s->at)) &&
		(name_starts(s, s->at + 1) || word_at(s, s->at + 1) == KW_FROM))
		s->at++;
	accept_word(s, KW_FROM);
	do {
		bool bracket = false;

		if (word_at(s, s->at) == KW_ONLY &&
			(name_starts(s, s->at + 1) || mark_at(s, s->at + 1, '('))) {
			s->at++;
			bracket = mark_at(s, s->at, '(');
			s->at += bracket;
		}
		if (!name_parse(s, &name))
			return;
		add_delete_target(s, &name);
		if (mark_at(s, s->at, '.') && mark_at(s, s->at + 1, '*'))
			s->at += 2;
		else if (mark_at(s, s->at, '*'))
			s->at++;
		s->at += bracket && mark_at(s, s->at, ')');
		alias_parse(s);
		s->at++;
	} while (mark_at(s, s->at - 1, ','));
	s->at--;
}

static void head_merge(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	accept_word(s, KW_INTO);
	accept_word(s, KW_ONLY);
	frame->verb = VERB_MERGE;
	frame->state = STATE_TARGETS;
	if (!name_parse(s, &name))
		return;
	table_write(s, &name, false);
	if (word_at(s, s->at) != KW_USING)
		alias_parse(s);
}

// COPY t FROM …, COPY t TO …, COPY (query) TO …, COPY INTO t FROM …
static void head_copy(Scanner *s, Frame *frame)
{
	Name name;
	bool into;

	s->at++;
	frame->state = STATE_INERT;
	into = accept_word(s, KW_INTO);
	if (word_at(s, s->at) == KW_BINARY && name_starts(s, s->at + 1))
		s->at++;
	if (mark_at(s, s->at, '(') || !name_parse(s, &name))
		return;
	guint after = s->at;
	if (mark_at(s, after, '('))
		after = token_at(s, after)->match + 1;
	if (into || word_at(s, after) == KW_FROM)
		table_write(s, &name, false);
	else if (word_at(s, after) == KW_TO)
		table_read(s, &name);
}

// LOAD DATA … INTO TABLE t (MySQL), LOAD DATA INTO|OVERWRITE t … FROM FILES (BigQuery)
static void head_load(Scanner *s, Frame *frame)
{
	Name name;
	bool temporary = false;

	s->at++;
	frame->state = STATE_INERT;
	if (word_at(s, s->at) != KW_DATA && word_at(s, s->at) != KW_XML) {
		statement_kind(s, SQL_KIND_SETTING);
		return;
	}
	while (s->at < s->token_count && word_at(s, s->at) != KW_INTO &&
		word_at(s, s->at) != KW_OVERWRITE && token_at(s, s->at)->type < SQL_TOKEN_SEMICOLON)
		s->at++;
	s->at++;
	for (;; s->at++) {
		unsigned word = word_at(s, s->at);

		temporary |= word == KW_TEMP || word == KW_TEMPORARY;
		if (word != KW_TABLE && word != KW_TEMP && word != KW_TEMPORARY)
			break;
	}
	if (name_parse(s, &name))
		table_write(s, &name, temporary);
}

static void head_export(Scanner *s, Frame *frame)
{
	s->at++;
	frame->verb = VERB_EXPORT;
	frame->state = STATE_TAIL;
}

static void head_unload(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_INERT;
	if (mark_at(s, s->at, '(') && token_at(s, s->at + 1)->type == SQL_TOKEN_TEXT)
		literal_query_read(s, token_at(s, s->at + 1));
}

static void head_refresh(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	frame->state = STATE_INERT;
	if (!accept_word(s, KW_MATERIALIZED)) {
		statement_kind(s, SQL_KIND_SETTING);
		return;
	}
	accept_word(s, KW_VIEW);
	accept_word(s, KW_CONCURRENTLY);
	if (name_parse(s, &name))
		table_write(s, &name, false);
}

static void head_explain(Scanner *s, Frame *frame)
{
	s->at++;
	s->explaining = true;
	if (mark_at(s, s->at, '(') && !query_starts(s, lead_of(s, s->at))) {
		guint close = token_at(s, s->at)->match;

		for (guint i = s->at; i < close; i++) {
			if (word_at(s, i) == KW_ANALYZE || word_at(s, i) == KW_ANALYSE)
				s->explaining = false;
		}
	}
	frame->state = STATE_EXPLAIN;
}

static void head_describe(Scanner *s, Frame *frame)
{
	unsigned next = word_at(s, s->at + 1);

	if (next == KW_SELECT || next == KW_WITH || next == KW_FORMAT) {
		head_explain(s, frame);
		return;
	}
	statement_kind(s, SQL_KIND_SETTING);
	frame->state = STATE_INERT;
}

static void head_call(Scanner *s, Frame *frame)
{
	mark_opaque(s, "a procedure or text that is not seen is executed");
	s->at++;
	frame->state = STATE_INERT;
}

// EXECUTE of a trigger's or statement's own definition is no call.
static void head_do(Scanner *s, Frame *frame)
{
	const SqlToken *next = token_at(s, s->at + 1);

	if (next->type == SQL_TOKEN_TEXT || sql_token_word(next) == KW_LANGUAGE) {
		head_call(s, frame);
		return;
	}
	statement_kind(s, SQL_KIND_CONTROL);
	s->at++;
	frame->state = STATE_INERT;
}

static void head_include(Scanner *s, Frame *frame)
{
	mark_opaque(s, "a command of the client is not seen into");
	s->at++;
	frame->state = STATE_INERT;
}

// PREPARE p AS query (PostgreSQL), PREPARE p FROM text (MySQL)
static void head_prepare(Scanner *s, Frame *frame)
{
	s->at += 2;
	if (mark_at(s, s->at, '('))
		s->at = token_at(s, s->at)->match + 1;
	if (accept_word(s, KW_AS)) {
		frame->state = STATE_START;
		return;
	}
	if (word_at(s, s->at) == KW_FROM)
		mark_opaque(s, "the text of a prepared statement is not seen");
	frame->state = STATE_INERT;
}

static void head_handler(Scanner *s, Frame *frame)
{
	Name name;

	s->at++;
	frame->state = STATE_INERT;
	if (name_parse(s, &name) && word_at(s, s->at) == KW_READ)
		table_read(s, &name);
}

static void head_declare(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_DECLARE;
}

static void head_condition(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_CONDITION;
}

static void head_inert(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_INERT;
}

// RETURN (query), or RETURN query where a function is a query.
static void head_return(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = query_starts(s, s->at) ? STATE_START : STATE_INERT;
}

static void head_attach(Scanner *s, Frame *frame)
{
	unsigned next = word_at(s, s->at + 1);

	if (next == KW_TABLE || next == KW_VIEW || next == KW_MATERIALIZED ||
		next == KW_DICTIONARY || next == KW_TEMPORARY) {
		statement_kind(s, SQL_KIND_UNKNOWN);
		head_create(s, frame);
		return;
	}
	head_inert(s, frame);
}

static void head_detach(Scanner *s, Frame *frame)
{
	if (word_at(s, s->at + 1) == KW_TABLE || word_at(s, s->at + 1) == KW_VIEW) {
		statement_kind(s, SQL_KIND_DROP);
		head_drop(s, frame);
		return;
	}
	head_inert(s, frame);
}

#define SETTING                                                                                    \
	{                                                                                          \
		head_inert, SQL_KIND_SETTING, PLACE_STATEMENT                                      \
	}
#define CONTROL                                                                                    \
	{                                                                                          \
		head_inert, SQL_KIND_CONTROL, PLACE_STATEMENT                                      \
	}
#define TRANSACTION                                                                                \
	{                                                                                          \
		head_inert, SQL_KIND_TRANSACTION, PLACE_STATEMENT                                  \
	}
#define CONDITION                                                                                  \
	{                                                                                          \
		head_condition, SQL_KIND_CONTROL, PLACE_STATEMENT                                  \
	}
#define OPAQUE                                                                                     \
	{                                                                                          \
		head_call, SQL_KIND_CALL, PLACE_STATEMENT                                          \
	}

static const Head heads[KW_COUNT] = {
	[KW_SELECT] = {head_select, SQL_KIND_SELECT, PLACE_QUERY},
	[KW_WITH] = {head_with, SQL_KIND_UNKNOWN, PLACE_QUERY},
	[KW_VALUES] = {head_values, SQL_KIND_SELECT, PLACE_QUERY},
	[KW_TABLE] = {head_table, SQL_KIND_SELECT, PLACE_QUERY},
	[KW_FROM] = {head_from, SQL_KIND_SELECT, PLACE_QUERY},
	[KW_EXPLAIN] = {head_explain, SQL_KIND_EXPLAIN, PLACE_QUERY},
	[KW_INSERT] = {head_insert, SQL_KIND_INSERT, PLACE_BODY},
	[KW_REPLACE] = {head_replace, SQL_KIND_INSERT, PLACE_BODY},
	[KW_UPSERT] = {head_insert, SQL_KIND_INSERT, PLACE_BODY},
	[KW_UPDATE] = {head_update, SQL_KIND_UPDATE, PLACE_BODY},
	[KW_DELETE] = {head_delete, SQL_KIND_DELETE, PLACE_BODY},
	[KW_MERGE] = {head_merge, SQL_KIND_MERGE, PLACE_BODY},
	[KW_COPY] = {head_copy, SQL_KIND_COPY, PLACE_STATEMENT},
	[KW_LOAD] = {head_load, SQL_KIND_LOAD, PLACE_STATEMENT},
	[KW_EXPORT] = {head_export, SQL_KIND_EXPORT, PLACE_STATEMENT},
	[KW_UNLOAD] = {head_unload, SQL_KIND_EXPORT, PLACE_STATEMENT},
	[KW_CREATE] = {head_create, SQL_KIND_UNKNOWN, PLACE_STATEMENT},
	[KW_ALTER] = {head_alter, SQL_KIND_ALTER, PLACE_STATEMENT},
	[KW_DROP] = {head_drop, SQL_KIND_DROP, PLACE_STATEMENT},
	[KW_UNDROP] = {head_drop, SQL_KIND_DROP, PLACE_STATEMENT},
	[KW_TRUNCATE] = {head_truncate, SQL_KIND_TRUNCATE, PLACE_STATEMENT},
	[KW_RENAME] = {head_rename, SQL_KIND_RENAME, PLACE_STATEMENT},
	[KW_EXCHANGE] = {head_rename, SQL_KIND_RENAME, PLACE_STATEMENT},
	[KW_REFRESH] = {head_refresh, SQL_KIND_REFRESH, PLACE_STATEMENT},
	[KW_DESCRIBE] = {head_describe, SQL_KIND_EXPLAIN, PLACE_STATEMENT},
	[KW_DESC] = {head_describe, SQL_KIND_EXPLAIN, PLACE_STATEMENT},
	[KW_CALL] = OPAQUE,
	[KW_EXEC] = OPAQUE,
	[KW_EXECUTE] = OPAQUE,
	[KW_DO] = {head_do, SQL_KIND_CALL, PLACE_STATEMENT},
	[KW_INCLUDE] = {head_include, SQL_KIND_CALL, PLACE_STATEMENT},
	[KW_PREPARE] = {head_prepare, SQL_KIND_CONTROL, PLACE_STATEMENT},
	[KW_HANDLER] = {head_handler, SQL_KIND_SELECT, PLACE_STATEMENT},
	[KW_DECLARE] = {head_declare, SQL_KIND_CONTROL, PLACE_STATEMENT},
	[KW_ATTACH] = {head_attach, SQL_KIND_SETTING, PLACE_STATEMENT},
	[KW_DETACH] = {head_detach, SQL_KIND_SETTING, PLACE_STATEMENT},
	[KW_IF] = CONDITION,
	[KW_ELSEIF] = CONDITION,
	[KW_ELSIF] = CONDITION,
	[KW_WHILE] = CONDITION,
	[KW_FOR] = CONDITION,
	[KW_WHEN] = CONDITION,
	[KW_CASE] = CONDITION,
	[KW_EXCEPTION] = CONDITION,
	[KW_UNTIL] = CONDITION,
	[KW_RETURN] = {head_return, SQL_KIND_CONTROL, PLACE_STATEMENT},
	[KW_LEAVE] = CONTROL,
	[KW_BREAK] = CONTROL,
	[KW_CONTINUE] = CONTROL,
	[KW_ITERATE] = CONTROL,
	[KW_RAISE] = CONTROL,
	[KW_SIGNAL] = CONTROL,
	[KW_RESIGNAL] = CONTROL,
	[KW_ASSERT] = CONTROL,
	[KW_OPEN] = CONTROL,
	[KW_FETCH] = CONTROL,
	[KW_MOVE] = CONTROL,
	[KW_CLOSE] = CONTROL,
	[KW_DEALLOCATE] = CONTROL,
	[KW_GET] = CONTROL,
	[KW_END] = CONTROL,
	[KW_BEGIN] = TRANSACTION,
	[KW_START] = TRANSACTION,
	[KW_COMMIT] = TRANSACTION,
	[KW_ROLLBACK] = TRANSACTION,
	[KW_ABORT] = TRANSACTION,
	[KW_SAVEPOINT] = TRANSACTION,
	[KW_RELEASE] = TRANSACTION,
	[KW_LOCK] = TRANSACTION,
	[KW_UNLOCK] = TRANSACTION,
	[KW_SET] = SETTING,
	[KW_RESET] = SETTING,
	[KW_USE] = SETTING,
	[KW_ANALYZE] = SETTING,
	[KW_ANALYSE] = SETTING,
	[KW_VACUUM] = SETTING,
	[KW_GRANT] = SETTING,
	[KW_REVOKE] = SETTING,
	[KW_SHOW] = SETTING,
	[KW_COMMENT] = SETTING,
	[KW_PRAGMA] = SETTING,
	[KW_CHECKPOINT] = SETTING,
	[KW_CLUSTER] = SETTING,
	[KW_REINDEX] = SETTING,
	[KW_LISTEN] = SETTING,
	[KW_UNLISTEN] = SETTING,
	[KW_NOTIFY] = SETTING,
	[KW_DISCARD] = SETTING,
	[KW_OPTIMIZE] = SETTING,
	[KW_KILL] = SETTING,
	[KW_FLUSH] = SETTING,
	[KW_CHECK] = SETTING,
	[KW_REPAIR] = SETTING,
	[KW_INSTALL] = SETTING,
	[KW_IMPORT] = SETTING,
	[KW_CACHE] = SETTING,
	[KW_UNCACHE] = SETTING,
	[KW_PURGE] = SETTING,
	[KW_REASSIGN] = SETTING,
	[KW_SECURITY] = SETTING,
	[KW_SYSTEM] = SETTING,
	[KW_EXISTS] = SETTING,
	[KW_STOP] = SETTING,
};

static bool has_place(const Scanner *s, const Frame *frame, const Head *head)
{
	if (head->run == NULL)
		return false;
	if (is_base_frame(s, frame))
		return true;
	return head->place == PLACE_QUERY || (head->place == PLACE_BODY && frame->table_body);
}

bool head_dispatch(Scanner *s, Frame *frame)
{
	unsigned word = word_at(s, s->at);
	const Head *head = &heads[word];

	if (word == KW_FROM && !s->dialect->from_first)
		return false;
	if (!has_place(s, frame, head))
		return false;
	if (is_base_frame(s, frame) && !s->routine && s->statement.kind == SQL_KIND_UNKNOWN)
		s->statement.kind = head->kind;
	head->run(s, frame);
	return true;
}
