#include "api/ingress_flow.h"

#include "store/domain.h"
#include "store/json_dump.h"
#include "store/timestamp.h"
#include "store/trigger.h"

#include <string.h>

typedef struct {
	StoreFlow *flow;
	json_t *trigger; // its definition
	bool stopped; // by stopAfter
} Admitted;

void ingress_flow_free(void *data)
{
	Admitted *admitted = data;

	if (admitted == NULL)
		return;
	store_flow_free(admitted->flow);
	json_decref(admitted->trigger);
	g_free(admitted);
}

// ---- Letting in ---------------------------------------------------------------------------------------------------

enum {
	DIGEST_BYTES = 32,
};

static void digest_of(const char *text, guint8 digest[DIGEST_BYTES])
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = DIGEST_BYTES;

	g_checksum_update(checksum, (const guchar *)text, -1);
	g_checksum_get_digest(checksum, digest, &length);
}

// Compares in a time that does not depend on where, or how much, they differ.
static bool same_key(const char *given, const char *expected)
{
	guint8 a[DIGEST_BYTES], b[DIGEST_BYTES];
	unsigned difference = 0;

	digest_of(given, a);
	digest_of(expected, b);
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		difference |= (unsigned)(a[i] ^ b[i]);
	return difference == 0;
}

static bool is_webhook(const json_t *trigger)
{
	return g_strcmp0(json_string_value(json_object_get(trigger, "type")), "webhook") == 0 &&
	       json_is_string(json_object_get(trigger, "id"));
}

// Whether the trigger's key is the given one. A key that cannot be rendered is nobody's.
static bool has_key(const IngressRules *rules, const json_t *trigger, const char *given)
{
	const char *text = json_string_value(json_object_get(trigger, "key"));
	g_autofree char *key = text == NULL ? NULL : rules->key(text, rules->data, NULL);

	return same_key(given, key != NULL ? key : "") && key != NULL && *key != '\0';
}

// All webhooks of the flow are compared with, whichever fits; one comparison is made even where there is none.
static json_t *find_trigger(const IngressRules *rules, const StoreFlow *flow, const char *given)
{
	bool live = flow != NULL && flow->deleted_at == 0 && flow->triggers != NULL;
	json_t *triggers = live ? json_loads(flow->triggers, 0, NULL) : NULL;
	json_t *found = NULL;
	json_t *trigger;
	size_t index;

	same_key(given, "");
	json_array_foreach(triggers, index, trigger)
	{
		if (is_webhook(trigger) && has_key(rules, trigger, given) && found == NULL)
			found = json_incref(trigger);
	}
	json_decref(triggers);
	return found;
}

static const char *segment(const IngressCall *call, guint index)
{
	return call->target->segments->pdata[index];
}

static bool read_row(const IngressCall *call, Admitted *admitted, GError **error)
{
	const char *id = json_string_value(json_object_get(admitted->trigger, "id"));
	g_autoptr(StoreTrigger) row = NULL;

	if (!store_trigger_get(call->store, segment(call, 2), segment(call, 3), id, &row, error))
		return false;
	admitted->stopped = row != NULL && row->disabled;
	return true;
}

bool ingress_flow_admit(IngressCall *call, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;

	if (!store_flow_get(call->store, segment(call, 2), segment(call, 3), &flow, error))
		return false;
	json_t *trigger = find_trigger(call->rules, flow, segment(call, 4));
	if (trigger == NULL) {
		api_error_set(error, API_NOT_FOUND, "unknown-hook", "there is no such hook");
		return false;
	}
	Admitted *admitted = g_new0(Admitted, 1);
	call->admitted = admitted;
	admitted->flow = g_steal_pointer(&flow);
	admitted->trigger = trigger;
	return read_row(call, admitted, error);
}

// ---- Taking -------------------------------------------------------------------------------------------------------

// JSON as its value, other text as text, anything else in base64.
static void put_body(json_t *values, const GString *body)
{
	json_t *value = json_loadb(body->str, body->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (value == NULL)
		value = json_stringn(body->str, body->len);
	if (value != NULL) {
		json_object_set_new(values, "body", value);
		return;
	}
	g_autofree char *coded = g_base64_encode((const guchar *)body->str, body->len);
	json_object_set_new(values, "body", json_null());
	json_object_set_new(values, "bodyBase64", json_string(coded));
}

static json_t *parameters_of(const ApiTarget *target)
{
	json_t *parameters = json_object();

	for (guint i = 0; i < target->parameters->len; i++) {
		const TargetParameter *one = &g_array_index(target->parameters, TargetParameter, i);
		json_t *list = json_object_get(parameters, one->name);

		if (list == NULL) {
			list = json_array();
			json_object_set_new(parameters, one->name, list);
		}
		json_array_append_new(list, json_string(one->value));
	}
	return parameters;
}

static json_t *values_of(const IngressCall *call, const char *id, const GString *body)
{
	json_t *values = json_pack("{s:s, s:s, s:O, s:o}", "id", id, "type", "webhook", "headers",
		call->headers, "parameters", parameters_of(call->target));

	put_body(values, body);
	return values;
}

static void start_clear(IngressStart *start)
{
	g_free(start->inputs);
	g_free(start->labels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IngressStart, start_clear)

// What the trigger's definition makes of the call.
static bool look(const IngressCall *call, const Admitted *admitted, json_t *values,
	IngressStart *ret_start, GError **error)
{
	const StoreFlow *flow = admitted->flow;
	const IngressRules *rules = call->rules;
	IngressTrigger trigger = {.flow = flow, .definition = admitted->trigger};
	g_autoptr(StoreRevision) revision = NULL;
	g_autoptr(GError) fault = NULL;

	if (!store_revision_get(call->store, flow->namespace, flow->id, 0, &revision, error) ||
		!store_variables_get(
			call->store, flow->namespace, flow->id, &trigger.variables, error))
		return false;
	trigger.flow_definition = revision == NULL ? NULL : revision->definition;
	bool told = rules->start(&trigger, values, ret_start, rules->data, &fault);
	json_decref(trigger.variables);
	if (told)
		return true;
	api_error_set(error, API_UNPROCESSABLE, "bad-delivery",
		"the trigger cannot make a run of this: %s", fault->message);
	return false;
}

static char *run_key(const IngressCall *call, const StoreTrigger *row)
{
	return call->delivery == NULL ? NULL
				      : g_strdup_printf("webhook %s.%s %s %s", row->namespace,
						row->flow, row->id, call->delivery);
}

// The trigger's row, or one in its place before the scheduler has made it.
static bool take_row(
	IngressCall *call, const Admitted *admitted, StoreTrigger **ret_row, GError **error)
{
	const StoreFlow *flow = admitted->flow;
	const char *id = json_string_value(json_object_get(admitted->trigger, "id"));

	if (!store_trigger_get(call->store, flow->namespace, flow->id, id, ret_row, error))
		return false;
	if (*ret_row == NULL) {
		StoreTrigger *row = *ret_row = g_new0(StoreTrigger, 1);

		row->namespace = g_strdup(flow->namespace);
		row->flow = g_strdup(flow->id);
		row->id = g_strdup(id);
		row->type = g_strdup("webhook");
	}
	return true;
}

// COMMIT POINT: the run and the note that the trigger made it are one transaction, and 202 is said after it. A sender that got no
// answer delivers again; the delivery's id, where it has one, is part of the run's key, so that the second makes no second run.
static bool record(IngressCall *call, const Admitted *admitted, const json_t *values,
	const IngressStart *start, IngressReply *reply, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(call->store, error);
	g_autoptr(StoreTrigger) row = NULL;
	char run_id[27];
	bool created = false;

	if (transaction == NULL || !take_row(call, admitted, &row, error))
		return false;
	g_autofree char *key = run_key(call, row);
	char *text = json_dump_text(values, JSON_COMPACT);
	const StoreTriggerFire fire = {start->inputs, start->labels, text, key, timestamp_now()};
	bool done = store_trigger_fire(call->store, row, &fire, run_id, &created, error) &&
		    (!created || store_trigger_put(call->store, row, error));
	free(text);
	if (!done || !store_transaction_commit(transaction, error))
		return false;
	reply->status = 202;
	reply->body = json_pack("{s:s, s:b}", "run", run_id, "created", created);
	return true;
}

// A delivery is never dropped because a run goes on: the flow's own concurrency limit queues, cancels or fails it.
bool ingress_flow_take(IngressCall *call, const GString *body, IngressReply *reply, GError **error)
{
	const Admitted *admitted = call->admitted;
	const char *id = json_string_value(json_object_get(admitted->trigger, "id"));
	g_auto(IngressStart) start = {0};

	if (admitted->stopped || admitted->flow->disabled ||
		json_is_true(json_object_get(admitted->trigger, "disabled"))) {
		api_error_set(error, API_CONFLICT, "disabled", "the trigger '%s' is disabled", id);
		return false;
	}
	json_t *values = values_of(call, id, body);
	bool done = look(call, admitted, values, &start, error);
	if (done && start.holds)
		done = record(call, admitted, values, &start, reply, error);
	else if (done)
		reply->status = 204;
	json_decref(values);
	return done;
}
