#include "expr/eval.h"
const ExprCallee functions_date[] = {{.name = NULL}};
