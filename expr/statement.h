// What the evaluation of expressions (evaluate.c) and of text and tags (statement.c) need of each other. Private to this
// folder.
#pragma once

#include "expr/eval.h"

// Evaluates a condition: 1, 0, or -1 after eval_fail().
int eval_condition(ExprEval *eval, const ExprNode *node);

// Carries out the filter, function or test of a node, given its evaluated input (NULL for a function).
json_t *eval_callee(ExprEval *eval, const ExprNode *node, json_t *input);

// Evaluates arguments into values, which is all NULL. False after eval_fail(); values then still hold references, which
// eval_release() drops.
bool eval_arguments(ExprEval *eval, const NodeList *arguments, json_t **values);
void eval_release(json_t **values, size_t count);

// Calls of macros and blocks.
json_t *eval_macro(ExprEval *eval, const ExprNode *node);
json_t *eval_block(ExprEval *eval, const ExprNode *node);
