// Filters over lists and maps.
#include "expr/eval.h"

#include <string.h>

static json_t *fail_kind(
	ExprEval *eval, const char *filter, const char *wanted, const json_t *input)
{
	return eval_fail(eval, EXPR_ERROR_TYPE, "'%s' takes %s, not %s", filter, wanted,
		expr_value_described(input));
}

static json_t *character(const char *text)
{
	return *text == '\0' ? json_string("")
			     : json_stringn(text, (size_t)(g_utf8_next_char(text) - text));
}

static json_t *apply_first(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	if (json_is_string(input))
		return character(json_string_value(input));
	if (json_is_object(input)) {
		void *iterator = json_object_iter(input);

		return iterator == NULL ? json_null()
					: json_incref(json_object_iter_value(iterator));
	}
	if (!json_is_array(input))
		return fail_kind(eval, "first", "a list, a map or a string", input);
	return json_array_size(input) == 0 ? json_null() : json_incref(json_array_get(input, 0));
}

static json_t *apply_last(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	const char *text = json_string_value(input), *last;

	(void)arguments;
	(void)count;
	if (text != NULL) {
		last = g_utf8_find_prev_char(text, text + strlen(text));
		return character(last == NULL ? "" : last);
	}
	if (!json_is_array(input))
		return fail_kind(eval, "last", "a list or a string", input);
	return json_array_size(input) == 0
		       ? json_null()
		       : json_incref(json_array_get(input, json_array_size(input) - 1));
}

static json_t *apply_length(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	if (json_is_string(input))
		return json_integer(g_utf8_strlen(json_string_value(input), -1));
	if (json_is_array(input))
		return json_integer((json_int_t)json_array_size(input));
	return json_integer((json_int_t)json_object_size(input));
}

static json_t *apply_join(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *separator =
		arguments[0] == NULL ? g_strdup("") : expr_value_text(arguments[0]);
	json_t *item;
	size_t index;

	(void)count;
	if (json_is_string(input))
		return json_incref(input);
	if (!json_is_array(input))
		return fail_kind(eval, "join", "a list", input);
	json_array_foreach(input, index, item)
	{
		if (index > 0)
			g_string_append(text, separator);
		expr_value_append(text, item);
		if (text->len > eval->limits.output_bytes)
			break;
	}
	return eval_spend(eval, json_array_size(input)) ? eval_string(eval, text->str, text->len)
							: NULL;
}

// ---- parts ----

static json_t *copy_range(ExprEval *eval, const json_t *list, size_t from, size_t to)
{
	json_t *result;

	if (!eval_spend(eval, to - from))
		return NULL;
	result = json_array();
	for (size_t i = from; i < to; i++)
		json_array_append(result, json_array_get(list, i));
	return result;
}

// From and to count from 0, to is not included; what lies beyond the end is left out.
static json_t *apply_slice(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	bool is_text = json_is_string(input);
	json_int_t size, from, to;

	(void)count;
	if (!is_text && !json_is_array(input))
		return fail_kind(eval, "slice", "a list or a string", input);
	size = is_text ? g_utf8_strlen(json_string_value(input), -1)
		       : (json_int_t)json_array_size(input);
	if (!eval_integer(eval, arguments[0], "the start", 0, &from) ||
		!eval_integer(eval, arguments[1], "the end", size, &to))
		return NULL;
	from = CLAMP(from < 0 ? from + size : from, 0, size);
	to = CLAMP(to < 0 ? to + size : to, from, size);
	if (is_text)
		return eval_take_string(
			eval, g_utf8_substring(json_string_value(input), (glong)from, (glong)to));
	return copy_range(eval, input, (size_t)from, (size_t)to);
}

static json_t *apply_chunk(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_int_t size;
	json_t *result;

	(void)count;
	if (!json_is_array(input))
		return fail_kind(eval, "chunk", "a list", input);
	if (!eval_integer(eval, arguments[0], "the size", 0, &size))
		return NULL;
	if (size < 1)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the size of a chunk must be at least 1");
	if (!eval_spend(eval, json_array_size(input) * 2))
		return NULL;
	result = json_array();
	for (size_t i = 0; i < json_array_size(input);) {
		size_t to = (size_t)size < json_array_size(input) - i ? i + (size_t)size
								      : json_array_size(input);

		json_array_append_new(result, copy_range(eval, input, i, to));
		i = to;
	}
	if (eval->error != NULL)
		g_clear_pointer(&result, json_decref);
	return result;
}

static json_t *apply_flatten(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *result, *item;
	size_t index;

	(void)arguments;
	(void)count;
	if (!json_is_array(input))
		return fail_kind(eval, "flatten", "a list", input);
	result = json_array();
	json_array_foreach(input, index, item)
	{
		if (!eval_spend(eval, 1 + json_array_size(item)))
			break;
		if (json_is_array(item))
			json_array_extend(result, item);
		else
			json_array_append(result, item);
	}
	if (eval->error != NULL)
		g_clear_pointer(&result, json_decref);
	return result;
}

static json_t *apply_keys(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *result, *value;
	const char *key;

	(void)arguments;
	(void)count;
	if (!json_is_array(input) && !json_is_object(input))
		return fail_kind(eval, "keys", "a map or a list", input);
	if (!eval_spend(eval, json_array_size(input) + json_object_size(input)))
		return NULL;
	result = json_array();
	for (size_t i = 0; i < json_array_size(input); i++)
		json_array_append_new(result, json_integer((json_int_t)i));
	json_object_foreach(input, key, value) json_array_append_new(result, json_string(key));
	return result;
}

static json_t *apply_values(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *result, *value;
	const char *key;

	(void)arguments;
	(void)count;
	if (!json_is_object(input))
		return fail_kind(eval, "values", "a map", input);
	if (!eval_spend(eval, json_object_size(input)))
		return NULL;
	result = json_array();
	json_object_foreach(input, key, value) json_array_append(result, value);
	return result;
}

// Two maps: the second one's members win. Two lists: one behind the other.
static json_t *apply_merge(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *other = arguments[0], *result;

	(void)count;
	if (json_is_null(input) || json_is_null(other))
		return json_incref(json_is_null(input) ? other : input);
	if (json_typeof(input) != json_typeof(other) ||
		(!json_is_array(input) && !json_is_object(input)))
		return eval_fail(eval, EXPR_ERROR_TYPE,
			"'merge' takes two maps or two lists, not %s and %s",
			expr_value_described(input), expr_value_described(other));
	if (!eval_spend(eval, json_array_size(input) + json_array_size(other) +
				      json_object_size(input) + json_object_size(other)))
		return NULL;
	result = json_copy(input);
	if (json_is_array(input))
		json_array_extend(result, other);
	else
		json_object_update(result, other);
	return result;
}

// ---- order ----

typedef struct {
	ExprEval *eval;
	int sign;
} Order;

static int compare_items(gconstpointer a, gconstpointer b, gpointer data)
{
	const Order *order = data;
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	json_t *wins = eval_operator(order->eval, OPERATOR_LESS, left, right);
	bool less;

	if (wins == NULL)
		return 0;
	less = json_is_true(wins);
	json_decref(wins);
	if (less)
		return -order->sign;
	return expr_value_equal(left, right) ? 0 : order->sign;
}

static json_t *sorted(ExprEval *eval, const char *filter, json_t *input, int sign)
{
	size_t size = json_array_size(input), bits = 1;
	Order order = {.eval = eval, .sign = sign};
	g_autofree json_t **items = NULL;
	json_t *result;

	if (!json_is_array(input))
		return fail_kind(eval, filter, "a list", input);
	while (size >> bits != 0)
		bits++;
	if (!eval_spend(eval, size * bits))
		return NULL;
	items = g_new(json_t *, size + 1);
	for (size_t i = 0; i < size; i++)
		items[i] = json_array_get(input, i);
	g_qsort_with_data(items, (gint)size, sizeof(gpointer), compare_items, &order);
	if (eval->error != NULL)
		return NULL;
	result = json_array();
	for (size_t i = 0; i < size; i++)
		json_array_append(result, items[i]);
	return result;
}

static json_t *apply_sort(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	return sorted(eval, "sort", input, 1);
}

static json_t *apply_rsort(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	return sorted(eval, "rsort", input, -1);
}

static json_t *apply_reverse(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *result;

	(void)arguments;
	(void)count;
	if (json_is_string(input))
		return eval_take_string(eval, g_utf8_strreverse(json_string_value(input), -1));
	if (!json_is_array(input))
		return fail_kind(eval, "reverse", "a list or a string", input);
	if (!eval_spend(eval, json_array_size(input)))
		return NULL;
	result = json_array();
	for (size_t i = json_array_size(input); i > 0; i--)
		json_array_append(result, json_array_get(input, i - 1));
	return result;
}

// Keeps the first of equal items.
static json_t *apply_distinct(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_t *result, *item;
	size_t index;

	(void)arguments;
	(void)count;
	if (!json_is_array(input))
		return fail_kind(eval, "distinct", "a list", input);
	result = json_array();
	json_array_foreach(input, index, item)
	{
		GString *text = g_string_new(NULL);

		expr_value_append_json(text, item, eval->limits.output_bytes);
		if (!eval_spend_bytes(eval, text->len + 64)) {
			g_string_free(text, TRUE);
			json_decref(result);
			return NULL;
		}
		if (g_hash_table_add(seen, g_string_free(text, FALSE)))
			json_array_append(result, item);
	}
	return result;
}

const ExprCallee filters_collection[] = {
	{"first", {NULL}, 0, 0, 0, apply_first},
	{"last", {NULL}, 0, 0, 0, apply_last},
	{"length", {NULL}, 0, 0, CALLEE_TAKES_NULL, apply_length},
	{"join", {"separator"}, 0, 1, 0, apply_join},
	{"slice", {"fromIndex", "toIndex"}, 0, 2, 0, apply_slice},
	{"chunk", {"size"}, 1, 1, 0, apply_chunk},
	{"flatten", {NULL}, 0, 0, 0, apply_flatten},
	{"keys", {NULL}, 0, 0, 0, apply_keys},
	{"values", {NULL}, 0, 0, 0, apply_values},
	{"merge", {"items"}, 1, 1, CALLEE_TAKES_NULL, apply_merge},
	{"sort", {NULL}, 0, 0, 0, apply_sort},
	{"rsort", {NULL}, 0, 0, 0, apply_rsort},
	{"reverse", {NULL}, 0, 0, 0, apply_reverse},
	{"distinct", {NULL}, 0, 0, 0, apply_distinct},
	{"uniq", {NULL}, 0, 0, 0, apply_distinct},
	{.name = NULL},
};
