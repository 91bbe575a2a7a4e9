#include "expr/eval.h"
const ExprCallee filters_date[] = {{.name = NULL}};
