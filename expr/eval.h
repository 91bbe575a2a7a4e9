// One evaluation under way: what filters, functions and tests may use of it. Private to this folder.
#pragma once

#include "expr/ast.h"
#include "expr/callee.h"
#include "expr/scope.h"
#include "expr/value.h"

typedef struct {
	const char *name;
	json_t *value; // owned
} Local;

struct ExprEval {
	const ExprTemplate *template_;
	const ExprScope *scope;
	ExprLimits limits;
	uint64_t steps; // used so far
	unsigned depth; // of nodes being evaluated
	unsigned
		guarded; // > 0: an undefined variable will be caught, so that its error needs no text
	uint32_t at; // offset of the node that is being evaluated, for errors
	bool undefined; // an undefined variable stopped the evaluation
	GArray *locals; // Local; NULL when there are none
	guint locals_from; // the first that is seen (a macro sees only its own)
	GError *error;
};

// Evaluates a node: a new reference, or NULL after eval_fail().
json_t *eval_node(ExprEval *eval, const ExprNode *node);

// Appends what a list of statements renders. False after eval_fail().
bool eval_body(ExprEval *eval, const NodeList *body, GString *text);

// Ends the evaluation with an error at the current node. Always returns NULL.
json_t *eval_fail(ExprEval *eval, ExprError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

// Counts work; false (after eval_fail()) once the limit is passed.
bool eval_spend(ExprEval *eval, uint64_t steps);

// Checks the length of a value made on the way, and counts the work of making it.
bool eval_spend_bytes(ExprEval *eval, size_t bytes);

// Whether a value holds inside the language.
bool eval_holds(const json_t *value);

// Makes a string value of a text, freeing it; checks the limits.
json_t *eval_take_string(ExprEval *eval, char *text);
json_t *eval_string(ExprEval *eval, const char *text, size_t length);

// The text of an argument or input that is a string, number or boolean; NULL after eval_fail(). The result lives as long as
// the value, or in *scratch, which starts as NULL and is to be freed.
const char *eval_text(ExprEval *eval, const json_t *value, const char *what, char **scratch);

// The argument's integer, or the fallback when it is left out (NULL) or null. False after eval_fail().
bool eval_integer(ExprEval *eval, const json_t *value, const char *what, json_int_t fallback,
	json_int_t *integer);

// Finds a variable by name in the template's own variables and the scope: a new reference, or NULL when there is none.
json_t *eval_variable(ExprEval *eval, const char *name);

// Renders a text as a template within the same scope.
char *eval_render_text(ExprEval *eval, const char *text, size_t length);

// Carries out the binary operators.
json_t *eval_operator(ExprEval *eval, Operator operation, const json_t *left, const json_t *right);
