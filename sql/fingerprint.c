#include "sql/fingerprint.h"

#include "sql/sha256.h"
#include "sql/template.h"

#include <string.h>

enum {
	CAST_DEPTH = 64, // brackets deep that casts are followed
};

typedef struct {
	const SqlDialect *dialect;
	const char *text;
	const SqlToken *tokens;
	guint count;
	uint64_t casts; // a bit for each open bracket: it belongs to CAST
} Fold;

static unsigned word_of(const Fold *fold, guint index)
{
	return index < fold->count ? sql_token_word(&fold->tokens[index]) : KW_NONE;
}

static void note_bracket(Fold *fold, guint index)
{
	const SqlToken *token = &fold->tokens[index];
	unsigned before = index > 0 ? word_of(fold, index - 1) : KW_NONE;

	if (token->code == '(')
		fold->casts = fold->casts << 1 | (before == KW_CAST || before == KW_TRY_CAST ||
							 before == KW_SAFE_CAST);
	else if (token->code == ')')
		fold->casts >>= 1;
}

// After AS and after "::" a name may stand that spells a keyword; the type of a cast has no case.
static bool folds_after(const Fold *fold, guint index, bool *ret_type)
{
	*ret_type = false;
	if (index == 0)
		return true;
	const SqlToken *before = &fold->tokens[index - 1];
	bool cast = sql_token_word(before) == KW_AS && (fold->casts & 1) != 0;
	bool colons = index > 1 && sql_token_is_mark(before, ':') &&
		      sql_token_is_mark(&fold->tokens[index - 2], ':');

	*ret_type = (cast || colons) && !fold->dialect->brace_types;
	if (sql_token_word(before) != KW_AS)
		return true;
	switch (word_of(fold, index)) {
	case KW_SELECT:
	case KW_WITH:
	case KW_VALUES:
	case KW_TABLE:
	case KW_FROM:
	case KW_NOT:
	case KW_MATERIALIZED:
	case KW_OF:
	case KW_STRUCT:
	case KW_ON: return true;
	default: return *ret_type;
	}
}

static bool folds(const Fold *fold, guint index)
{
	const SqlToken *token = &fold->tokens[index];
	bool type;
	bool allowed = folds_after(fold, index, &type);

	if (type)
		return true;
	if (token->code == KW_NONE || !allowed)
		return false;
	switch (sql_keyword_fold((SqlKeyword)token->code)) {
	case SQL_FOLD_ALWAYS: return true;
	case SQL_FOLD_SOFT: return !fold->dialect->brace_types;
	case SQL_FOLD_NEVER:
	default: break;
	}
	bool literal = index + 1 < fold->count && fold->tokens[index + 1].type == SQL_TOKEN_TEXT;
	return literal && (token->code == KW_DATE || token->code == KW_TIME ||
				  token->code == KW_TIMESTAMP || token->code == KW_DATETIME);
}

// Room for "length" bytes at the end of a text that grows rarely.
static char *take_room(GString *out, gsize length)
{
	gsize start = out->len;

	if (out->len + length >= out->allocated_len)
		g_string_set_size(out, 2 * (out->len + length));
	out->len = start + length;
	return out->str + start;
}

static void append_token(Fold *fold, guint index, GString *out)
{
	const SqlToken *token = &fold->tokens[index];
	const char *text = fold->text + token->offset;
	size_t length = token->length;
	bool template = false;
	char *room;

	switch (token->type) {
	case SQL_TOKEN_MARK: note_bracket(fold, index); break;
	case SQL_TOKEN_SEMICOLON:
	case SQL_TOKEN_DELIMITER:
		text = ";";
		length = 1;
		break;
	case SQL_TOKEN_TEMPLATE:
		template = true;
		sql_template_inside(&text, &length);
		break;
	default: break;
	}
	if (template)
		memcpy(take_room(out, 2), "{{", 2);
	room = take_room(out, length + 1);
	memcpy(room, text, length);
	if (token->type == SQL_TOKEN_WORD && folds(fold, index)) {
		for (size_t i = 0; i < length; i++)
			room[i] = g_ascii_toupper(room[i]);
	}
	room[length] = '\x1F';
}

static bool is_end(const SqlToken *token)
{
	return token->type == SQL_TOKEN_SEMICOLON || token->type == SQL_TOKEN_DELIMITER;
}

void sql_fingerprint(const SqlDialect *dialect, const char *text, const SqlToken *tokens,
	guint count, GString *scratch, char *ret_digest)
{
	Fold fold = {.dialect = dialect, .text = text, .tokens = tokens, .count = count};

	g_string_truncate(scratch, 0);
	while (count > 0 && is_end(&tokens[count - 1]))
		count--;
	for (guint i = 0; i < count; i++) {
		if (is_end(&tokens[i]) && (i == 0 || is_end(&tokens[i - 1])))
			continue;
		append_token(&fold, i, scratch);
	}
	sha256_text(scratch->str, scratch->len, ret_digest);
}
