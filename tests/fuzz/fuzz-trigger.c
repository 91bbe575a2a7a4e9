// Takes any JSON as the definition of a trigger, has it looked at with a run that ended, and holds what it remembers against its own
// promises. Texts that are no JSON are read as times of the day.
#include "repo-layout/trigger_window.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY (24 * 3600 * (int64_t)G_USEC_PER_SEC)

static void read_time(const char *text)
{
	int64_t time, offset;

	if (!trigger_time_of_day(text, &time, &offset))
		return;
	g_assert(time >= 0 && time < DAY);
	g_assert(offset > -DAY && offset < DAY);
}

// A window that a moment lies in has it in it.
static void look_at_window(const json_t *trigger, int64_t at)
{
	const json_t *preconditions = json_object_get(trigger, "preconditions");
	g_autoptr(GError) error = NULL;
	TriggerWindow window;
	bool inside;

	if (!trigger_window_at(
		    json_object_get(preconditions, "timeWindow"), at, &window, &inside, &error))
		g_assert(error != NULL && g_utf8_validate(error->message, -1, NULL));
	else if (inside)
		g_assert(window.begin <= at && at < window.end);
}

static void take_steps(const json_t *trigger, const TriggerScope *scope)
{
	g_autofree char *fault = trigger_preconditions_fault(trigger);
	json_t *state = json_object();

	for (int i = 0; i < 3; i++) {
		const int64_t at = scope->date + i * (DAY / 2);
		g_autoptr(GError) error = NULL;
		TriggerStep step;

		look_at_window(trigger, at);
		if (!trigger_preconditions_step(trigger, scope, at, state, &step, &error)) {
			g_assert(error != NULL);
			break;
		}
		g_assert(!step.fires || (step.changed && json_is_array(step.runs)));
		json_decref(step.runs);
	}
	json_decref(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	json_t *trigger = json_loadb((const char *)data, size, 0, NULL);
	json_t *run = json_pack("{s:s, s:s, s:s, s:s, s:i, s:{s:s}, s:{s:i}}", "id", "R",
		"namespace", "n", "flowId", "f", "state", "SUCCESS", "attempt", 1, "labels", "a",
		"b", "outputs", "x", 1);
	const TriggerScope scope = {.variables = run,
		.now = 1795255200 * (int64_t)G_USEC_PER_SEC,
		.date = 1795255200 * (int64_t)G_USEC_PER_SEC,
		.run = run};
	g_auto(TriggerStart) start = {0};
	g_autoptr(GError) error = NULL;

	if (!json_is_object(trigger))
		read_time(text);
	else if (!trigger_rule_start(trigger, &scope, &start, &error))
		g_assert(error != NULL && start.inputs == NULL);
	if (json_is_object(trigger))
		take_steps(trigger, &scope);
	json_decref(trigger);
	json_decref(run);
	return 0;
}
