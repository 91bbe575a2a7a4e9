// What a trigger's definition asks before it starts a run: `when`, `conditions`, and what it hands to the run as inputs. Pure:
// the moment, the values and the run that ended are given. Any thread. Conditions come as a definition has them in its canonical
// form: {"type": "day-week", …}.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define TRIGGER_ERROR trigger_error_quark()
GQuark trigger_error_quark(void);

typedef enum {
	TRIGGER_ERROR_CONDITION, // a condition that cannot be told: a bad expression, day or time
	TRIGGER_ERROR_INPUTS, // the inputs cannot be rendered
} TriggerError;

// What a trigger is looked at with. Everything is borrowed.
typedef struct {
	json_t *variables; // roots of the expressions: trigger, flow, vars, labels, …; an object
	int64_t now; // microseconds: what now() says
	int64_t date; // what conditions on days and times look at where they name no date: the planned moment
	// The run that ended: {id, namespace, flowId, state, attempt, labels: {}, outputs: {}}. NULL: conditions on runs do not
	// hold.
	const json_t *run;
	// What secret(name) gives: a text to g_free(), or NULL with an error. NULL: there are no secrets here.
	char *(*secret)(const char *name, void *data, GError **error);
	void *data;
} TriggerScope;

// Whether `when` and all `conditions` of the trigger hold. `multiple` ones are not looked at: they are preconditions
// (repo-layout/trigger_window.h). False with an error when one cannot be told.
bool trigger_rule_holds(
	const json_t *trigger, const TriggerScope *scope, bool *ret_holds, GError **error);

// Whether one condition holds.
bool trigger_condition_holds(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error);

// Evaluates a text with {{ … }} in it to whether it holds (expr_truthy).
bool trigger_text_holds(
	const char *text, const TriggerScope *scope, bool *ret_holds, GError **error);
// Renders a text. To free with g_free(); NULL with an error.
char *trigger_text_render(const char *text, const TriggerScope *scope, GError **error);

// Whether a part of the trigger has expressions in it.
bool trigger_has_expressions(const json_t *trigger);

// Whether a list of words (or a single one) has the word.
bool trigger_list_has(const json_t *list, const char *word);

// What a trigger that fired hands to its run.
typedef struct {
	bool holds; // `when` and the conditions: no run is to be made without
	char *inputs; // JSON, everything rendered; NULL: none
	char *labels; // likewise
} TriggerStart;

void trigger_start_clear(TriggerStart *start);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TriggerStart, trigger_start_clear)

// Works all of it out; inputs and labels only where it holds. False with an error that names the key; *ret_start is then empty.
bool trigger_rule_start(
	const json_t *trigger, const TriggerScope *scope, TriggerStart *ret_start, GError **error);

// The flow whose trigger it is.
typedef struct {
	const char *namespace;
	const char *id;
	int64_t revision;
	const char *definition; // its canonical JSON, for `vars`; NULL: not at hand
	json_t *shared; // variables of project and domain, below the flow's own; NULL: none
} TriggerOwner;

// The roots of a trigger's expressions: trigger, schedule (the same), flow, vars. values is what the run will know as `trigger`;
// borrowed. A new reference.
json_t *trigger_variables(const TriggerOwner *owner, json_t *values);
