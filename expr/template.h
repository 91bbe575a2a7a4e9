// The {{ … }} language: a text is parsed once into an immutable template, and evaluated as often as
// wanted.
//
// An ExprTemplate is immutable after parsing and may be evaluated by any number of threads at once.
// Values are json_t; those that a template returns are never modified by it afterwards and may
// share parts with the scope's values and the template's literals: treat them as read-only, copy
// before changing.
#pragma once

#include "expr/fault.h"
#include "expr/scope.h"

typedef struct ExprTemplate ExprTemplate;

// Parses a text with {{ … }}, {% … %} and {# … #} in it. The text is UTF-8 (invalid UTF-8 is a
// fault); it is copied, a plain text costs one search. All faults are added to faults
// (expr_fault_list_new()) and NULL is returned when there was one. Unknown filters, functions and
// tests, wrong arity and unknown parameter names are faults.
ExprTemplate *expr_template_parse(const char *text, size_t length, GPtrArray *faults);

// The same for the inside of one {{ … }}, as the slots of SQL scripts hold it: `inputs.day |
// upper`.
ExprTemplate *expr_template_parse_expression(const char *text, size_t length, GPtrArray *faults);

// Frees a template; accepts NULL.
void expr_template_free(ExprTemplate *template_);

// Whether the text has no expression at all; then rendering gives it back unchanged and cannot
// fail.
bool expr_template_is_plain(const ExprTemplate *template_);

// The text that the template was parsed from.
const char *expr_template_text(const ExprTemplate *template_);

// Renders to text: null as nothing, objects and lists as compact JSON, floats in their shortest
// form that reads back the same. limits may be NULL. Returns a string to free with g_free(), or
// NULL with an EXPR_ERROR.
char *expr_template_render(const ExprTemplate *template_, const ExprScope *scope,
	const ExprLimits *limits, GError **error);

// Evaluates to a value: a template that is one single {{ … }}, with nothing but blanks around it,
// keeps the type of its expression; any other gives the rendered string. Returns a new reference,
// or NULL with an EXPR_ERROR.
json_t *expr_template_evaluate(const ExprTemplate *template_, const ExprScope *scope,
	const ExprLimits *limits, GError **error);

// Evaluates every string inside a value (keys of objects too), parsing them on the way: for task
// properties that are nested. A string that is a single {{ … }} keeps the type of its expression.
// Returns a new reference, or NULL with an EXPR_ERROR whose message tells the place inside the
// value ("in 'headers.X-Day': 1:4: …").
json_t *expr_value_evaluate(
	json_t *value, const ExprScope *scope, const ExprLimits *limits, GError **error);

// A reference to a variable as the template's text has it, for validation.
typedef struct {
	const char *const
		*names; // "outputs", "load", "rows"; NULL for a step that is only known when run
	size_t count;
	bool guarded; // something catches it when undefined: ??, `is defined`, default(), a
		// condition's other branch
	size_t offset;
	unsigned line;
	unsigned column;
} ExprPath;

// Calls visit for each reference to a variable of the scope (not those of {% set %} and {% for %}),
// in text order.
void expr_template_paths(
	const ExprTemplate *template_, void (*visit)(const ExprPath *path, void *data), void *data);

// A call of a function as the template's text has it: secret('API_TOKEN').
typedef struct {
	const char *name;
	const char *first; // the first argument when it is a literal string, else NULL
	size_t offset;
	unsigned line;
	unsigned column;
} ExprCall;

// Calls visit for each call of a function, in text order.
void expr_template_calls(
	const ExprTemplate *template_, void (*visit)(const ExprCall *call, void *data), void *data);

// The filter that is applied last in a template that is one single {{ … }} ("identifier", "raw"); NULL when there is none.
// `identifier` and `raw` give their input back unchanged: what they mean in SQL is for the one who binds it.
const char *expr_template_last_filter(const ExprTemplate *template_);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExprTemplate, expr_template_free)
