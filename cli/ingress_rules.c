#include "cli/ingress_rules.h"

#include "repo-layout/trigger_rule.h"
#include "runner/secret.h"
#include "store/timestamp.h"

static char *find_secret(const char *name, void *data, GError **error)
{
	return secret_find(data, name, error);
}

// A key may be kept out of the repository: {{ secret('HOOK_KEY') }}.
static char *render_key(const char *text, void *data, GError **error)
{
	json_t *nothing = json_object();
	const TriggerScope scope = {
		.variables = nothing, .now = timestamp_now(), .secret = find_secret, .data = data};
	char *key = trigger_text_render(text, &scope, error);

	json_decref(nothing);
	return key;
}

static bool start_trigger(const IngressTrigger *called, json_t *values, IngressStart *ret_start,
	void *data, GError **error)
{
	const StoreFlow *flow = called->flow;
	const TriggerOwner owner = {flow->namespace, flow->id, flow->revision,
		called->flow_definition, called->variables};
	json_t *variables = trigger_variables(&owner, values);
	const int64_t now = timestamp_now();
	const TriggerScope scope = {.variables = variables, .now = now, .date = now};
	TriggerStart start;
	bool told = trigger_rule_start(called->definition, &scope, &start, error);

	(void)data;
	*ret_start = (IngressStart){start.holds, start.inputs, start.labels};
	json_decref(variables);
	return told;
}

IngressRules ingress_rules(RunnerOptions *options)
{
	return (IngressRules){.key = render_key, .start = start_trigger, .data = options};
}
