#include "sql/bind.h"

#include "sql/lex.h"

#include <string.h>

// A binding and the arena that holds everything it points at.
typedef struct {
	SqlBinding binding;
	SqlArena arena;
} OwnedBinding;

typedef struct {
	const SqlScript *script;
	const SqlDialect *dialect;
	const char *text;
	size_t length;
	SqlPlaceholder style;
	SqlBindUse use;
	void *data;
	SqlArena *arena;
	GString *out;
	GArray *slots; // of SqlSlot
	GArray *pieces; // of SqlPiece: of the slot at hand
	GArray *faults; // of SqlBindFault
	size_t copied; // up to here the text is in out
	unsigned first; // the number before the first placeholder
	unsigned count; // of placeholders so far
	bool spliced;
} Binder;

// Types whose literals "TYPE 'text'" become casts, since a placeholder cannot follow the word.
static const struct {
	const char *word;
	const char *type;
} literal_types[] = {
	{"date", "DATE"},
	{"time", "TIME"},
	{"timestamp", "TIMESTAMP"},
	{"timestamptz", "TIMESTAMPTZ"},
	{"datetime", "DATETIME"},
	{"interval", "INTERVAL"},
	{"numeric", "NUMERIC"},
	{"bignumeric", "BIGNUMERIC"},
	{"json", "JSON"},
};

static void add_fault(
	Binder *binder, const SqlParameter *parameter, const char *message, const char *hint)
{
	SqlBindFault fault = {parameter->offset, parameter->line, parameter->column, message, hint};

	g_array_append_val(binder->faults, fault);
}

static void copy_until(Binder *binder, size_t offset)
{
	g_string_append_len(
		binder->out, binder->text + binder->copied, (gssize)(offset - binder->copied));
	binder->copied = offset;
}

static void append_placeholder(Binder *binder)
{
	unsigned number = binder->first + ++binder->count;

	switch (binder->style) {
	case SQL_PLACEHOLDER_DOLLAR: g_string_append_printf(binder->out, "$%u", number); break;
	case SQL_PLACEHOLDER_COLON: g_string_append_printf(binder->out, ":p%u", number); break;
	case SQL_PLACEHOLDER_AT: g_string_append_printf(binder->out, "@p%u", number); break;
	case SQL_PLACEHOLDER_QUESTION:
	default: g_string_append_c(binder->out, '?'); break;
	}
}

// Ends the slot at hand with the pieces gathered.
static void push_slot(Binder *binder, const SqlParameter *parameter, SqlUse use)
{
	bool splice = use == SQL_USE_IDENTIFIER || use == SQL_USE_RAW;
	SqlSlot slot = {.use = use,
		.at = binder->out->len,
		.piece_count = binder->pieces->len,
		.line = parameter->line,
		.column = parameter->column,
		.pieces = sql_arena_array(binder->arena, binder->pieces->data, binder->pieces->len,
			sizeof(SqlPiece))};

	binder->spliced |= splice;
	if (!splice) {
		append_placeholder(binder);
		slot.number = binder->first + binder->count;
	}
	g_array_append_val(binder->slots, slot);
	g_array_set_size(binder->pieces, 0);
}

// Pieces

static void push_expression(Binder *binder, const SqlParameter *parameter)
{
	SqlPiece piece = {.expression = true,
		.text = sql_arena_copy(binder->arena, parameter->text, strlen(parameter->text)),
		.length = strlen(parameter->text),
		.offset = parameter->offset};

	g_array_append_val(binder->pieces, piece);
}

static void push_literal(Binder *binder, SqlInside inside, size_t from, size_t to)
{
	SqlPiece piece = {.offset = from};
	const char *text;

	if (to <= from)
		return;
	inside.at = binder->text + from;
	inside.length = to - from;
	text = sql_inside_undo(&inside, binder->arena, &piece.length);
	piece.text = sql_arena_copy(binder->arena, text, piece.length);
	g_array_append_val(binder->pieces, piece);
}

// Gathers the pieces of a literal from its first parameter on. Returns the index after its last parameter.
static size_t gather_literal(Binder *binder, size_t index, const SqlInside *inside)
{
	const SqlParameter *first = &binder->script->parameters[index];
	size_t from = (size_t)(inside->at - binder->text);
	size_t end = from + inside->length;

	for (; index < binder->script->parameter_count; index++) {
		const SqlParameter *parameter = &binder->script->parameters[index];

		if (parameter->literal_offset != first->literal_offset ||
			parameter->context == SQL_CONTEXT_BARE)
			break;
		push_literal(binder, *inside, from, parameter->offset);
		push_expression(binder, parameter);
		from = parameter->offset + parameter->length;
	}
	push_literal(binder, *inside, from, end);
	return index;
}

// Literals

static const SqlStatement *statement_at(const Binder *binder, size_t offset)
{
	const SqlStatement *statements = binder->script->statements;
	size_t low = 0;
	size_t high = binder->script->statement_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (statements[middle].offset + statements[middle].length <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < binder->script->statement_count ? &statements[low] : NULL;
}

static bool in_routine(const Binder *binder, size_t offset)
{
	const SqlStatement *statement = statement_at(binder, offset);

	return statement != NULL &&
	       (statement->kind == SQL_KIND_CREATE_ROUTINE || statement->kind == SQL_KIND_CALL);
}

static bool is_word_byte(unsigned char byte)
{
	return g_ascii_isalnum(byte) || byte == '_' || byte >= 0x80;
}

// The type word directly before a literal; NULL when there is none.
static const char *type_before(const Binder *binder, size_t literal, size_t *ret_start)
{
	size_t end = literal;

	while (end > binder->copied && g_ascii_isspace(binder->text[end - 1]))
		end--;
	size_t start = end;
	while (start > binder->copied && is_word_byte((unsigned char)binder->text[start - 1]))
		start--;
	for (size_t i = 0; i < G_N_ELEMENTS(literal_types); i++) {
		if (end - start == strlen(literal_types[i].word) &&
			g_ascii_strncasecmp(
				literal_types[i].word, binder->text + start, end - start) == 0) {
			*ret_start = start;
			return literal_types[i].type;
		}
	}
	return NULL;
}

// Whether an interval takes its unit from a word after it, so that a placeholder may stand there.
static bool interval_takes_value(const Binder *binder)
{
	return binder->dialect->double_quoted_text || binder->dialect->array_join;
}

static bool unit_follows(const Binder *binder, size_t at)
{
	static const char *const units[] = {"year", "month", "day", "hour", "minute", "second"};

	while (at < binder->length && g_ascii_isspace(binder->text[at]))
		at++;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		size_t length = strlen(units[i]);

		if (binder->length - at >= length &&
			g_ascii_strncasecmp(binder->text + at, units[i], length) == 0)
			return true;
	}
	return false;
}

static bool literal_is_refused(Binder *binder, const SqlParameter *parameter)
{
	const char *literal = binder->text + parameter->literal_offset;

	if (in_routine(binder, parameter->offset)) {
		add_fault(binder, parameter,
			"an expression inside the body of a routine cannot be bound",
			"pass the value to the routine as an argument");
		return true;
	}
	if (*literal != '\0' && strchr("bBxXuU", *literal) != NULL) {
		add_fault(binder, parameter,
			"an expression inside a literal of bits or code points cannot be bound",
			"bind the whole value: write {{ … }} without the quotes");
		return true;
	}
	return false;
}

// The placeholder of a literal, in a cast when a type stood before it.
static void write_literal(Binder *binder, const SqlParameter *parameter)
{
	size_t start = parameter->literal_offset;
	size_t type_start = start;
	const char *type = type_before(binder, start, &type_start);
	bool interval = type != NULL && strcmp(type, "INTERVAL") == 0;

	if (interval && interval_takes_value(binder))
		type = NULL;
	if (type != NULL && binder->dialect->dual && strcmp(type, "TIMESTAMP") == 0)
		type = "DATETIME";
	if (interval && type != NULL && unit_follows(binder, start + parameter->literal_length))
		add_fault(binder, parameter,
			"an expression inside an interval with a unit cannot be bound",
			"write the unit inside the quotes: INTERVAL '{{ … }} days'");
	copy_until(binder, type != NULL ? type_start : start);
	if (type != NULL)
		g_string_append(binder->out, "CAST(");
	push_slot(binder, parameter, SQL_USE_TEXT);
	if (type != NULL)
		g_string_append_printf(binder->out, " AS %s)", type);
	binder->copied = start + parameter->literal_length;
}

static size_t bind_literal(Binder *binder, size_t index)
{
	const SqlParameter *parameter = &binder->script->parameters[index];
	bool name = parameter->context == SQL_CONTEXT_NAME;
	SqlInside inside = sql_inside_of(binder->dialect, binder->text + parameter->literal_offset,
		parameter->literal_length, name);
	bool refused = !name && literal_is_refused(binder, parameter);
	size_t next = gather_literal(binder, index, &inside);

	if (refused) {
		g_array_set_size(binder->pieces, 0);
	} else if (name) {
		copy_until(binder, parameter->literal_offset);
		push_slot(binder, parameter, SQL_USE_IDENTIFIER);
		binder->copied = parameter->literal_offset + parameter->literal_length;
	} else {
		write_literal(binder, parameter);
	}
	return next;
}

// Bare expressions

static void check_neighbours(Binder *binder, const SqlParameter *parameter, SqlUse use)
{
	size_t end = parameter->offset + parameter->length;
	unsigned char before =
		parameter->offset > 0 ? (unsigned char)binder->text[parameter->offset - 1] : ' ';
	unsigned char after = end < binder->length ? (unsigned char)binder->text[end] : ' ';

	if (use == SQL_USE_RAW)
		return;
	if (is_word_byte(before) || is_word_byte(after) || before == '}' || after == '{')
		add_fault(binder, parameter,
			"an expression that makes a part of a word cannot be bound",
			"let the expression give the whole name, and write {{ … | identifier }}");
	else if (use == SQL_USE_VALUE && (before == '.' || after == '.'))
		add_fault(binder, parameter,
			"an expression that makes a part of a name cannot be bound as a value",
			"write {{ … | identifier }}");
}

static void bind_bare(Binder *binder, const SqlParameter *parameter)
{
	SqlUse use =
		binder->use != NULL ? binder->use(parameter->text, binder->data) : SQL_USE_VALUE;

	check_neighbours(binder, parameter, use);
	copy_until(binder, parameter->offset);
	push_expression(binder, parameter);
	push_slot(binder, parameter, use);
	binder->copied = parameter->offset + parameter->length;
}

// The highest $n that the script has by itself.
static unsigned highest_native(const SqlScript *script)
{
	unsigned highest = 0;

	for (size_t i = 0; i < script->parameter_count; i++) {
		const SqlParameter *parameter = &script->parameters[i];
		guint64 number;

		if (parameter->kind == SQL_PARAMETER_NATIVE && parameter->text[0] == '$' &&
			g_ascii_string_to_unsigned(
				parameter->text + 1, 10, 1, 65535, &number, NULL))
			highest = MAX(highest, (unsigned)number);
	}
	return highest;
}

static void bind_all(Binder *binder)
{
	const SqlScript *script = binder->script;

	for (size_t i = 0; i < script->parameter_count;) {
		const SqlParameter *parameter = &script->parameters[i];

		if (parameter->kind == SQL_PARAMETER_NATIVE) {
			i++;
		} else if (parameter->context == SQL_CONTEXT_BARE) {
			bind_bare(binder, parameter);
			i++;
		} else {
			i = bind_literal(binder, i);
		}
	}
	copy_until(binder, binder->length);
}

SqlBinding *sql_script_bind(const SqlScript *script, const char *text, size_t length,
	SqlPlaceholder style, SqlBindUse use, void *data)
{
	OwnedBinding *owned = g_new0(OwnedBinding, 1);
	SqlBinding *binding = &owned->binding;
	g_autoptr(GString) out = g_string_sized_new(length + 64);
	g_autoptr(GArray) slots = g_array_new(FALSE, FALSE, sizeof(SqlSlot));
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(SqlPiece));
	g_autoptr(GArray) faults = g_array_new(FALSE, FALSE, sizeof(SqlBindFault));
	Binder binder = {.script = script,
		.dialect = script->dialect,
		.text = text,
		.length = length,
		.style = style,
		.use = use,
		.data = data,
		.arena = &owned->arena,
		.out = out,
		.slots = slots,
		.pieces = pieces,
		.faults = faults};

	if (style == SQL_PLACEHOLDER_DOLLAR)
		binder.first = highest_native(script);
	bind_all(&binder);
	binding->text = sql_arena_copy(&owned->arena, out->str, out->len);
	binding->length = out->len;
	binding->slots = sql_arena_array(&owned->arena, slots->data, slots->len, sizeof(SqlSlot));
	binding->slot_count = slots->len;
	binding->placeholder_count = binder.count;
	binding->spliced = binder.spliced;
	binding->faults =
		sql_arena_array(&owned->arena, faults->data, faults->len, sizeof(SqlBindFault));
	binding->fault_count = faults->len;
	return binding;
}

char *sql_binding_splice(
	const SqlBinding *binding, const SqlDialect *dialect, const char *const *values)
{
	GString *out = g_string_sized_new(binding->length + 64);
	size_t copied = 0;

	for (size_t i = 0; i < binding->slot_count; i++) {
		const SqlSlot *slot = &binding->slots[i];

		if (slot->use != SQL_USE_IDENTIFIER && slot->use != SQL_USE_RAW)
			continue;
		g_string_append_len(out, binding->text + copied, (gssize)(slot->at - copied));
		copied = slot->at;
		if (slot->use == SQL_USE_RAW) {
			g_string_append(out, values[i]);
			continue;
		}
		g_autofree char *quoted = sql_dialect_quote_name(dialect, values[i]);
		g_string_append(out, quoted);
	}
	g_string_append_len(out, binding->text + copied, (gssize)(binding->length - copied));
	return g_string_free(out, FALSE);
}

void sql_binding_free(SqlBinding *binding)
{
	OwnedBinding *owned = (OwnedBinding *)(void *)binding;

	if (binding == NULL)
		return;
	sql_arena_clear(&owned->arena);
	g_free(owned);
}
