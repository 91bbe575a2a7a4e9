#include "runner/inputs.h"

#include "expr/template.h"
#include "expr/value.h"
#include "repo-layout/input_value.h"

#include <string.h>

typedef struct {
	const InputsRequest *request;
	json_t *resolved;
	GPtrArray *secrets;
	GPtrArray *faults;
	GHashTable *begun; // ids of inputs that have had their turn
	GHashTable *left_out; // ids of inputs that dependsOn keeps out
} Resolving;

// ---- Nested ids

void inputs_put(json_t *object, const char *id, json_t *value)
{
	g_auto(GStrv) parts = g_strsplit(id, ".", -1);
	json_t *at = object;
	guint i;

	for (i = 0; parts[i] != NULL && parts[i + 1] != NULL; i++) {
		json_t *next = json_object_get(at, parts[i]);

		if (!json_is_object(next)) {
			next = json_object();
			json_object_set_new(at, parts[i], next);
		}
		at = next;
	}
	json_object_set_new(at, parts[i] != NULL ? parts[i] : "", value);
}

json_t *inputs_get(json_t *object, const char *id)
{
	json_t *found = json_object_get(object, id);
	g_auto(GStrv) parts = g_strsplit(id, ".", -1);

	if (found != NULL)
		return found;
	found = object;
	for (guint i = 0; parts[i] != NULL && found != NULL; i++)
		found = json_object_get(found, parts[i]);
	return found;
}

json_t *inputs_convert(const char *type, json_t *value, GError **error)
{
	json_t *properties = json_object();
	g_autofree char *id = g_strdup("output");
	Input input = {.id = id, .type = type, .properties = properties};
	json_t *converted;

	if (value == NULL || json_is_null(value))
		converted = json_null();
	else
		converted = input_value_read(&input, value, error);
	json_decref(properties);
	return converted;
}

// ---- Resolving

// `inputs` is what has been resolved so far; all else is the caller's.
static json_t *scope_variable(void *data, const char *const *names, size_t count, size_t *used)
{
	const Resolving *resolving = data;
	const ExprScope *outer = resolving->request->scope;

	if (strcmp(names[0], "inputs") == 0) {
		*used = 1;
		return json_incref(resolving->resolved);
	}
	if (outer == NULL || outer->variable == NULL) {
		*used = 1;
		return NULL;
	}
	return outer->variable(outer->data, names, count, used);
}

static int64_t scope_clock(void *data)
{
	const Resolving *resolving = data;
	const ExprScope *outer = resolving->request->scope;

	return outer != NULL && outer->clock != NULL ? outer->clock(outer->data)
						     : g_get_real_time();
}

static uint64_t scope_random(void *data)
{
	const ExprScope *outer = ((const Resolving *)data)->request->scope;

	return outer->random(outer->data);
}

static json_t *evaluate(Resolving *resolving, json_t *value, GError **error)
{
	const ExprScope *outer = resolving->request->scope;
	ExprScope scope = {.variable = scope_variable, .clock = scope_clock, .data = resolving};

	if (outer != NULL && outer->random != NULL)
		scope.random = scope_random;
	if (outer != NULL) {
		scope.functions = outer->functions;
		scope.functions_data = outer->data;
	}

	return expr_value_evaluate(value, &scope, NULL, error);
}

static void fault_add(Resolving *resolving, const Input *input, const char *message)
{
	g_ptr_array_add(resolving->faults, g_strdup_printf("input '%s' %s", input->id, message));
}

// Whether dependsOn lets the input take part: what it depends on does, and its own condition holds.
static bool takes_part(Resolving *resolving, const Input *input)
{
	json_t *depends = json_object_get(input->properties, "dependsOn");
	json_t *condition = json_object_get(depends, "condition");
	json_t *others = json_object_get(depends, "inputs");
	g_autoptr(GError) error = NULL;
	json_t *value;
	size_t i;
	bool holds;

	json_array_foreach(others, i, value)
	{
		if (json_is_string(value) &&
			g_hash_table_contains(resolving->left_out, json_string_value(value)))
			return false;
	}
	if (condition == NULL)
		return true;
	value = evaluate(resolving, condition, &error);
	if (value == NULL)
		fault_add(resolving, input, error->message);
	holds = value != NULL && expr_truthy(value);
	json_decref(value);
	return holds;
}

// The value to read: given, or the default; NULL: none. New reference; *ok is false after a fault.
static json_t *value_find(Resolving *resolving, const Input *input, bool *ok)
{
	json_t *given = inputs_get(resolving->request->given, input->id);
	json_t *fallback = input->defaults;
	g_autoptr(GError) error = NULL;
	json_t *value;

	if (given != NULL && !json_is_null(given))
		return json_incref(given);
	if (fallback == NULL || (given != NULL && !input->required))
		return NULL;
	value = evaluate(resolving, fallback, &error);
	if (value == NULL) {
		g_autofree char *message = g_strdup_printf(
			"has a default that cannot be worked out: %s", error->message);

		fault_add(resolving, input, message);
		*ok = false;
	}
	return value;
}

static json_t *value_read(Resolving *resolving, const Input *input, json_t *value, GError **error)
{
	json_t *expression = json_object_get(input->properties, "expression");
	json_t *typed;

	if (expression != NULL && json_object_get(input->properties, "values") == NULL) {
		// The choices of a SELECT come from an expression.
		Input copy = *input;
		json_t *list = evaluate(resolving, expression, error);

		if (list == NULL)
			return NULL;
		if (json_is_string(list)) {
			json_t *parsed = json_loads(json_string_value(list), JSON_DECODE_ANY, NULL);

			json_decref(list);
			list = parsed != NULL ? parsed : json_array();
		}
		copy.properties = json_copy(input->properties);
		json_object_set_new(copy.properties, "values", list);
		typed = input_value_read(&copy, value, error);
		json_decref(copy.properties);
		return typed;
	}
	typed = input_value_read(input, value, error);
	if (typed != NULL && strcmp(input->type, "FILE") == 0 &&
		resolving->request->keep_file != NULL) {
		g_autofree char *kept = resolving->request->keep_file(
			json_string_value(typed), resolving->request->data, error);

		json_decref(typed);
		typed = kept == NULL ? NULL : json_string(kept);
	}
	return typed;
}

static void input_resolve(Resolving *resolving, const Input *input);

// What an input depends on may stand behind it.
static void inputs_before_resolve(Resolving *resolving, const Input *input)
{
	json_t *others = json_object_get(json_object_get(input->properties, "dependsOn"), "inputs");
	json_t *id;
	size_t i;

	json_array_foreach(others, i, id)
	{
		const char *name = json_string_value(id);

		for (guint at = 0; name != NULL && at < resolving->request->inputs->len; at++) {
			const Input *other = resolving->request->inputs->pdata[at];

			if (strcmp(other->id, name) == 0)
				input_resolve(resolving, other);
		}
	}
}

static void input_resolve(Resolving *resolving, const Input *input)
{
	g_autoptr(GError) error = NULL;
	bool ok = true, part;
	json_t *value, *typed;

	if (!g_hash_table_add(resolving->begun, input->id))
		return;
	inputs_before_resolve(resolving, input);
	part = takes_part(resolving, input);
	value = part ? value_find(resolving, input, &ok) : NULL;

	if (!part)
		g_hash_table_add(resolving->left_out, input->id);
	if (value == NULL || json_is_null(value)) {
		json_decref(value);
		if (ok && part && input->required)
			fault_add(resolving, input, "is required and was not given");
		inputs_put(resolving->resolved, input->id, json_null());
		return;
	}
	typed = value_read(resolving, input, value, &error);
	json_decref(value);
	if (typed == NULL) {
		fault_add(resolving, input, error->message);
		inputs_put(resolving->resolved, input->id, json_null());
		return;
	}
	if (resolving->secrets != NULL && strcmp(input->type, "SECRET") == 0 &&
		json_string_length(typed) > 0)
		g_ptr_array_add(resolving->secrets, g_strdup(json_string_value(typed)));
	inputs_put(resolving->resolved, input->id, typed);
}

// Given names that no input has: a typing error should not run with the default.
static void check_unknown(Resolving *resolving)
{
	const char *name;
	json_t *value;

	json_object_foreach(resolving->request->given, name, value)
	{
		bool known = false;

		for (guint i = 0; !known && i < resolving->request->inputs->len; i++) {
			const Input *input = resolving->request->inputs->pdata[i];
			size_t length = strlen(name);

			known = strcmp(input->id, name) == 0 ||
				(json_is_object(value) && strncmp(input->id, name, length) == 0 &&
					input->id[length] == '.');
		}
		if (!known)
			g_ptr_array_add(
				resolving->faults, g_strdup_printf("there is no input '%s'", name));
	}
}

json_t *inputs_resolve(const InputsRequest *request, GPtrArray *secrets, GPtrArray *faults)
{
	g_autoptr(GHashTable) left_out = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) begun = g_hash_table_new(g_str_hash, g_str_equal);
	Resolving resolving = {request, json_object(), secrets, faults, begun, left_out};
	guint before = faults->len;

	for (guint i = 0; i < request->inputs->len; i++)
		input_resolve(&resolving, request->inputs->pdata[i]);
	if (request->given != NULL && request->strict)
		check_unknown(&resolving);
	if (faults->len == before)
		return resolving.resolved;
	json_decref(resolving.resolved);
	return NULL;
}

// Whether an expression, of its own or of an input that it depends on, has a say in if or how the input is read.
static bool waits_for_scope(const Input *input)
{
	return json_object_get(input->properties, "dependsOn") != NULL ||
	       json_object_get(input->properties, "expression") != NULL;
}

static void check_given(Resolving *resolving, const Input *input)
{
	json_t *given = inputs_get(resolving->request->given, input->id);
	g_autoptr(GError) error = NULL;
	json_t *typed;

	if (waits_for_scope(input))
		return;
	if (given == NULL || json_is_null(given)) {
		if (input->required && input->defaults == NULL)
			fault_add(resolving, input, "is required and was not given");
		return;
	}
	typed = input_value_read(input, given, &error);
	if (typed == NULL)
		fault_add(resolving, input, error->message);
	json_decref(typed);
}

bool inputs_check_given(const InputsRequest *request, GPtrArray *faults)
{
	Resolving resolving = {request, NULL, NULL, faults, NULL, NULL};
	guint before = faults->len;

	for (guint i = 0; i < request->inputs->len; i++)
		check_given(&resolving, request->inputs->pdata[i]);
	check_unknown(&resolving);
	return faults->len == before;
}
