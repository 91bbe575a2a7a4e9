// Evaluation of paths: variables, their members and items. Private to this folder.
#pragma once

#include "expr/eval.h"
#include "expr/parser.h"

json_t *eval_path(ExprEval *eval, const ExprNode *node);

// A variable that the template itself made ({% set %}, {% for %}, a macro's parameter): a new reference, or NULL.
json_t *eval_local(const ExprEval *eval, const char *name);
