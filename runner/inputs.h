// The inputs of a run: from what was given (texts of a command line, or JSON values) to checked, typed values. Pure but for
// the scope it is given and, for FILE inputs, the caller's keep function.
#pragma once

#include "expr/scope.h"
#include "repo-layout/flow.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct {
	const GPtrArray *inputs; // Input *: of a flow, or of a pause's onResume
	// Object: id (dotted ids as they are, or nested) → value. Texts are read as the input's type says. Borrowed.
	json_t *given;
	// What expressions of defaults and conditions see; `inputs` is answered by inputs_resolve() itself, with those
	// resolved so far. May be NULL: then expressions are refused.
	const ExprScope *scope;
	bool strict; // a given name that no input has is a fault
	// Turns what was given for a FILE input into the value kept (weir:///…). NULL: kept as it is given.
	char *(*keep_file)(const char *given, void *data, GError **error);
	void *data;
} InputsRequest;

// Returns the inputs as an object, dotted ids nested, omitted optional ones null, and adds to secrets (may be NULL) the
// texts of SECRET inputs. Returns NULL when any is bad: each bad one has a line in faults ("input 'day': …"), which the
// caller made with g_ptr_array_new_with_free_func(g_free).
json_t *inputs_resolve(const InputsRequest *request, GPtrArray *secrets, GPtrArray *faults);

// What is wrong with the given values by themselves, before there is a run whose scope expressions could see: unknown names,
// values that are not of their type, required ones that were left out. True when nothing is. What depends on an expression
// is left to inputs_resolve(). Of the request, inputs and given are looked at.
bool inputs_check_given(const InputsRequest *request, GPtrArray *faults);

// Sets object.a.b = value for the id "a.b". The value's reference is taken.
void inputs_put(json_t *object, const char *id, json_t *value);
// Finds "a.b" as object["a.b"] or object.a.b. Borrowed; NULL when there is none.
json_t *inputs_get(json_t *object, const char *id);

// Makes an output typed (a flow output's `type`). New reference, or NULL with an error that tells why.
json_t *inputs_convert(const char *type, json_t *value, GError **error);
