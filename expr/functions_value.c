// Functions over values: max, min, range, fromJson, uuid, currentEachOutput, …
#include "expr/eval.h"

#include <string.h>

static json_t *extreme(ExprEval *eval, json_t *const *arguments, size_t count, Operator better)
{
	json_t *best = NULL;
	json_t *const *items = arguments;
	g_autofree json_t **unpacked = NULL;

	if (count == 1 && json_is_array(arguments[0])) {
		count = json_array_size(arguments[0]);
		unpacked = g_new0(json_t *, count + 1);
		for (size_t i = 0; i < count; i++)
			unpacked[i] = json_array_get(arguments[0], i);
		items = unpacked;
	}
	if (!eval_spend(eval, count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		json_t *wins;

		if (json_is_null(items[i]))
			continue;
		wins = best == NULL ? json_true() : eval_operator(eval, better, items[i], best);
		if (wins == NULL)
			return NULL;
		if (json_is_true(wins))
			best = items[i];
	}
	return best == NULL ? json_null() : json_incref(best);
}

static json_t *apply_max(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)input;
	return extreme(eval, arguments, count, OPERATOR_GREATER);
}

static json_t *apply_min(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)input;
	return extreme(eval, arguments, count, OPERATOR_LESS);
}

static json_t *letters_range(ExprEval *eval, const char *from, const char *to, json_int_t step)
{
	json_t *list;

	if (strlen(from) != 1 || strlen(to) != 1)
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"a range goes from one letter to another, or between integers");
	list = json_array();
	for (json_int_t i = (unsigned char)*from, end = (unsigned char)*to;
		step > 0 ? i <= end : i >= end; i += step) {
		char letter[2] = {(char)i, '\0'};

		json_array_append_new(list, json_string(letter));
	}
	return list;
}

static json_t *apply_range(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_int_t from, to, step;
	uint64_t distance, stride;
	json_t *list;

	(void)input;
	(void)count;
	if (!eval_integer(eval, arguments[2], "the step", 1, &step))
		return NULL;
	if (step == 0)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the step of a range cannot be 0");
	if (json_is_string(arguments[0]) && json_is_string(arguments[1]) &&
		g_ascii_isalpha(*json_string_value(arguments[0])) && ABS(step) < 256)
		return letters_range(eval, json_string_value(arguments[0]),
			json_string_value(arguments[1]), step);
	if (!eval_integer(eval, arguments[0], "the start of the range", 0, &from) ||
		!eval_integer(eval, arguments[1], "the end of the range", 0, &to))
		return NULL;
	if (step > 0 ? from > to : from < to)
		return json_array();
	distance = step > 0 ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
	stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
	if (!eval_spend(eval, distance / stride + 1))
		return NULL;
	list = json_array();
	for (uint64_t i = 0; i <= distance / stride; i++) {
		json_array_append_new(list, json_integer(from));
		if (__builtin_add_overflow(from, step, &from))
			break;
	}
	return list;
}

static json_t *apply_from_json(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	const json_t *text = input == NULL ? arguments[0] : input;
	json_error_t error;
	json_t *value;

	(void)count;
	if (json_is_null(text))
		return json_null();
	if (!json_is_string(text))
		return json_incref((json_t *)(uintptr_t)text);
	if (!eval_spend(eval, json_string_length(text) / 8))
		return NULL;
	value = json_loadb(
		json_string_value(text), json_string_length(text), JSON_DECODE_ANY, &error);
	if (value == NULL)
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"the text is not JSON: line %d, column %d: %s", error.line, error.column,
			error.text);
	return value;
}

// ---- randomness ----

static bool random_bits(ExprEval *eval, uint64_t *bits)
{
	if (eval->scope->random == NULL) {
		eval_fail(eval, EXPR_ERROR_HOST, "there is no source of randomness here");
		return false;
	}
	*bits = eval->scope->random(eval->scope->data);
	return true;
}

static json_t *apply_uuid(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	uint64_t high, low;
	g_autofree char *text = NULL;

	(void)input;
	(void)arguments;
	(void)count;
	if (!random_bits(eval, &high) || !random_bits(eval, &low))
		return NULL;
	high = (high & ~UINT64_C(0xf000)) | 0x4000;
	low = (low & ~(UINT64_C(3) << 62)) | (UINT64_C(2) << 62);
	text = g_strdup_printf("%08x-%04x-%04x-%04x-%012" G_GINT64_MODIFIER "x",
		(unsigned)(high >> 32), (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xffff,
		(unsigned)(low >> 48), low & UINT64_C(0xffffffffffff));
	return json_string(text);
}

// A short name of 128 random bits: 22 letters and digits.
static json_t *apply_id(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char text[23] = "";

	(void)input;
	(void)arguments;
	(void)count;
	for (size_t half = 0; half < 2; half++) {
		uint64_t bits;

		if (!random_bits(eval, &bits))
			return NULL;
		for (size_t i = 0; i < 11; i++) {
			text[half * 11 + i] = digits[bits % 62];
			bits /= 62;
		}
	}
	return json_string(text);
}

// A name of `length` characters of an alphabet.
static json_t *apply_nano_id(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	const char *alphabet = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	g_autoptr(GString) name = g_string_new(NULL);
	json_int_t length;

	(void)input;
	(void)count;
	if (!eval_integer(eval, arguments[0], "the length", 21, &length))
		return NULL;
	if (arguments[1] != NULL && !json_is_null(arguments[1]))
		alphabet = json_string_value(arguments[1]);
	if (alphabet == NULL || *alphabet == '\0' || !g_str_is_ascii(alphabet))
		return eval_fail(
			eval, EXPR_ERROR_VALUE, "the alphabet is a string of ASCII characters");
	if (length < 1 || length > 1000)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the length must be between 1 and 1000");
	for (json_int_t i = 0; i < length; i++) {
		uint64_t bits;

		if (!random_bits(eval, &bits))
			return NULL;
		g_string_append_c(name, alphabet[bits % strlen(alphabet)]);
	}
	return eval_string(eval, name->str, name->len);
}

// An integer from the lower bound up to, but without, the upper one.
static json_t *apply_random_int(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_int_t lower, upper;
	uint64_t bits;

	(void)input;
	(void)count;
	if (!eval_integer(eval, arguments[0], "the lower bound", 0, &lower) ||
		!eval_integer(eval, arguments[1], "the upper bound", 0, &upper))
		return NULL;
	if (upper <= lower)
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"the upper bound must be greater than the lower one");
	if (!random_bits(eval, &bits))
		return NULL;
	bits = (uint64_t)lower + bits % ((uint64_t)upper - (uint64_t)lower);
	return json_integer((json_int_t)bits);
}

// ---- loops of flows ----

// Goes one level down in the outputs of a task that ran in loops, by the value of a task run.
static json_t *output_of_value(ExprEval *eval, json_t *outputs, const json_t *taskrun)
{
	const json_t *value = json_object_get(taskrun, "value");
	g_autofree char *key = expr_value_text(value);
	json_t *member = json_object_get(outputs, key);

	return member != NULL ? member
			      : eval_fail(eval, EXPR_ERROR_UNDEFINED,
					"there is no output for the value '%s'", key);
}

static json_t *apply_current_each_output(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *outputs = arguments[0];
	json_t *parents = eval_variable(eval, "parents"), *taskrun = eval_variable(eval, "taskrun");

	(void)input;
	(void)count;
	if (!json_is_object(outputs))
		outputs = eval_fail(eval, EXPR_ERROR_TYPE, "the value is %s, not a map",
			expr_value_described(outputs));
	for (size_t i = json_array_size(parents); i > 0 && outputs != NULL; i--) {
		const json_t *parent = json_object_get(json_array_get(parents, i - 1), "taskrun");

		if (json_object_get(parent, "value") != NULL)
			outputs = output_of_value(eval, outputs, parent);
	}
	// Inside an if or switch of the loop a task run has no value of its own.
	if (outputs != NULL && json_object_get(taskrun, "value") != NULL)
		outputs = output_of_value(eval, outputs, taskrun);
	json_incref(outputs);
	json_decref(parents);
	json_decref(taskrun);
	return outputs;
}

const ExprCallee functions_value[] = {
	{"max", {NULL}, 1, ANY_NUMBER, 0, apply_max},
	{"min", {NULL}, 1, ANY_NUMBER, 0, apply_min},
	{"range", {"start", "end", "increment"}, 2, 3, 0, apply_range},
	{"fromJson", {"json"}, 1, 1, 0, apply_from_json},
	{"json", {"json"}, 1, 1, 0, apply_from_json},
	{"uuid", {NULL}, 0, 0, 0, apply_uuid},
	{"id", {NULL}, 0, 0, 0, apply_id},
	{"nanoId", {"length", "alphabet"}, 0, 2, 0, apply_nano_id},
	{"randomInt", {"lower", "upper"}, 2, 2, 0, apply_random_int},
	{"currentEachOutput", {"outputs"}, 1, 1, 0, apply_current_each_output},
	{.name = NULL},
};
