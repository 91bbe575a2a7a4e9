#include "expr/callee.h"
#include "expr/suggest.h"

#include <string.h>

const ExprCalleeKind expr_filters = {
	"filter",
	(const ExprCallee *const[]){filters_string, filters_encode, filters_number,
		filters_collection, filters_date, filters_ion, filters_json, filters_type,
		filters_yaml, NULL},
};

const ExprCalleeKind expr_functions = {
	"function",
	(const ExprCallee *const[]){functions_value, functions_date, functions_ion,
		functions_render, functions_host, NULL},
};

const ExprCalleeKind expr_tests = {
	"test",
	(const ExprCallee *const[]){tests_value, NULL},
};

const ExprCallee *expr_callee_find(
	const ExprCalleeKind *kind, const char *name, const char **nearest)
{
	ExprSuggestion suggestion = {.unknown = name};

	for (const ExprCallee *const *table = kind->tables; *table != NULL; table++) {
		for (const ExprCallee *row = *table; row->name != NULL; row++) {
			if (row->name[0] == name[0] && strcmp(row->name, name) == 0)
				return row;
		}
	}
	for (const ExprCallee *const *table = kind->tables; *table != NULL; table++) {
		for (const ExprCallee *row = *table; row->name != NULL; row++)
			expr_suggestion_consider(&suggestion, row->name);
	}
	*nearest = suggestion.best;
	return NULL;
}
