// What kind of value something is, in the words of the field.
#include "expr/eval.h"

static const char *integer_class(json_int_t value)
{
	return value >= INT32_MIN && value <= INT32_MAX ? "java.lang.Integer" : "java.lang.Long";
}

static json_t *apply_class_name(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	const char *name = "java.lang.Boolean";

	(void)eval;
	(void)arguments;
	(void)count;
	if (json_is_string(input))
		name = "java.lang.String";
	else if (json_is_integer(input))
		name = integer_class(json_integer_value(input));
	else if (json_is_real(input))
		name = "java.lang.Float";
	else if (json_is_array(input))
		name = "java.util.ArrayList";
	else if (json_is_object(input))
		name = "java.util.LinkedHashMap";
	return json_string(name);
}

const ExprCallee filters_type[] = {
	{"className", {NULL}, 0, 0, 0, apply_class_name},
	{.name = NULL},
};
