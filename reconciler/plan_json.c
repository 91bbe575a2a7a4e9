#include "reconciler/plan_internal.h"

#include <string.h>

// The form of the JSON. Its minor number grows with keys that are added, its major one when a key changes or goes.
#define JSON_FORMAT "1.2"

static json_t *null_or(json_t *value)
{
	return value != NULL ? value : json_null();
}

static json_t *parsed(const char *text)
{
	return null_or(text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL));
}

static json_t *text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

// Terraform's words: a replacement is a deletion and a creation, and nothing to do is "no-op".
static json_t *actions_of(PlanAction action)
{
	if (action == PLAN_REPLACE)
		return json_pack("[ss]", "delete", "create");
	return json_pack("[s]", plan_action_name(action));
}

static json_t *find_trigger(json_t *definition, const char *id)
{
	json_t *trigger;
	size_t index;

	json_array_foreach(json_object_get(definition, "triggers"), index, trigger)
	{
		if (g_strcmp0(json_string_value(json_object_get(trigger, "id")), id) == 0)
			return json_incref(trigger);
	}
	return json_null();
}

// What will be there. NULL with an error when an object of the repository cannot be read.
static json_t *after_of(const Plan *plan, const PlanChange *change, GError **error)
{
	if (change->table != NULL)
		return json_pack("{s:s, s:s, s:o}", "kind",
			change->table->kind == LAYOUT_VIEW ? "view" : "table", "flow",
			change->table->flow != NULL ? change->table->flow : "", "schema",
			parsed(change->table->schema));
	if (change->resource == PLAN_PROJECT)
		return plan_project_after(plan);
	if (change->settings != NULL)
		return json_incref((json_t *)(uintptr_t)change->settings->settings);
	if (change->flow == NULL || change->action == PLAN_NONE || change->action == PLAN_DELETE)
		return json_null();
	g_autofree char *text = layout_flow_definition(plan->layout, change->flow, error);
	if (text == NULL)
		return NULL;
	json_t *definition = parsed(text);
	if (change->trigger == NULL)
		return definition;
	json_t *trigger = find_trigger(definition, change->trigger);
	json_decref(definition);
	return trigger;
}

static json_t *before_of(const PlanChange *change)
{
	if (change->resource == PLAN_TABLE || change->resource == PLAN_VIEW) {
		if (change->action == PLAN_CREATE)
			return json_null();
		return json_pack("{s:o}", "schema", parsed(change->before));
	}
	return parsed(change->before);
}

static json_t *path_json(const PlanPath *path)
{
	json_t *object = json_pack("{s:s, s:O, s:O, s:s}", "path", path->path, "before",
		null_or(path->before), "after", null_or(path->after), "class",
		plan_class_name(path->class));

	if (path->readers == NULL)
		return object;
	json_t *names = json_array();
	for (char **name = path->readers; *name != NULL; name++)
		json_array_append_new(names, json_string(*name));
	json_object_set_new(object, "named_by", names);
	return object;
}

json_t *plan_paths_json(const GPtrArray *paths)
{
	json_t *list = json_array();

	for (guint i = 0; paths != NULL && i < paths->len; i++)
		json_array_append_new(list, path_json(paths->pdata[i]));
	return list;
}

static json_t *impact_of(const Plan *plan, const PlanChange *change, guint limit)
{
	g_autoptr(GPtrArray) flows = plan_change_impact(plan, change, limit);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	json_t *names = json_array();
	json_t *domains = json_array();

	for (guint i = 0; i < flows->len; i++) {
		const LayoutFlow *flow = flows->pdata[i];
		json_t *name = json_sprintf("%s.%s", flow->namespace, flow->id);

		json_array_append_new(names, name);
		if (g_hash_table_add(seen, (void *)(uintptr_t)flow->domain))
			json_array_append_new(domains, json_string(flow->domain));
	}
	return json_pack("{s:o, s:o}", "flows", names, "domains", domains);
}

static int order_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static json_t *sorted_names(GHashTable *names)
{
	guint length = 0;
	g_autofree void **keys = g_hash_table_get_keys_as_array(names, &length);
	json_t *list = json_array();

	qsort(keys, length, sizeof(*keys), order_names);
	for (guint i = 0; i < length; i++)
		json_array_append_new(list, json_string(keys[i]));
	return list;
}

// Everything downstream of any change, and what will run because of the plan.
static json_t *whole_impact(const Plan *plan, guint limit)
{
	g_autoptr(GHashTable) flows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) domains = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) runs = plan_reruns(plan);
	json_t *reruns = json_array();

	for (guint i = 0; i < plan->changes->len; i++) {
		const PlanChange *change = plan_change_at(plan, i);
		g_autoptr(GPtrArray) impact = plan_change_impact(plan, change, limit);

		for (guint j = 0; j < impact->len; j++) {
			const LayoutFlow *flow = impact->pdata[j];

			g_hash_table_add(
				flows, g_strdup_printf("%s.%s", flow->namespace, flow->id));
			g_hash_table_add(domains, (void *)(uintptr_t)flow->domain);
		}
	}
	for (guint i = 0; i < runs->len; i++) {
		const LayoutFlow *flow = runs->pdata[i];

		json_array_append_new(reruns, json_sprintf("%s.%s", flow->namespace, flow->id));
	}
	return json_pack("{s:o, s:o, s:o}", "flows", sorted_names(flows), "domains",
		sorted_names(domains), "reruns", reruns);
}

static json_t *change_json(const Plan *plan, const PlanChange *change, guint limit, GError **error)
{
	g_autofree char *address = plan_change_address(change);
	g_autofree char *scoped = g_strdup_printf("%s.%s", change->scope, change->name);
	json_t *after = after_of(plan, change, error);

	if (after == NULL)
		return NULL;
	json_t *values = json_pack("{s:o, s:o, s:o}", "actions", actions_of(change->action),
		"before", before_of(change), "after", after);
	json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "address", address, "type",
		plan_resource_name(change->resource), "name",
		*change->scope == '\0' ? change->name : scoped, "domain",
		text_or_null(change->domain), "file", text_or_null(change->file), "change", values);
	json_object_set_new(object, "class", json_string(plan_class_name(change->class)));
	json_object_set_new(object, "changed_paths", plan_paths_json(change->paths));
	json_object_set_new(object, "impact", impact_of(plan, change, limit));
	json_object_set_new(object, "reruns", json_boolean(change->reruns));
	json_object_set_new(object, "live_revision",
		change->live_revision > 0 ? json_integer(change->live_revision) : json_null());
	return object;
}

static json_t *changes_json(const Plan *plan, guint limit, GError **error)
{
	json_t *list = json_array();

	for (guint i = 0; i < plan->changes->len; i++) {
		json_t *object = change_json(plan, plan_change_at(plan, i), limit, error);

		if (object == NULL) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *domains_json(const Plan *plan)
{
	json_t *list = json_array();

	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:o, s:o, s:o, s:i}", "name", domain->name, "state",
				plan_domain_state_name(domain->state), "owner",
				text_or_null(domain->layout == NULL ? NULL : domain->layout->owner),
				"digest",
				text_or_null(
					domain->layout == NULL ? NULL : domain->layout->digest),
				"live_digest", text_or_null(domain->live_digest), "changes",
				(int)domain->count));
	}
	return list;
}

static json_t *refusals_json(const Plan *plan)
{
	json_t *list = json_array();

	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];

		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:s, s:o}", "code", refusal->code,
				      "domain", text_or_null(refusal->domain), "address",
				      text_or_null(refusal->address), "message", refusal->message,
				      "hint", text_or_null(refusal->hint)));
	}
	return list;
}

static json_t *summary_json(const Plan *plan)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "create",
		(int)plan_count(plan, PLAN_CREATE), "update", (int)plan_count(plan, PLAN_UPDATE),
		"replace", (int)plan_count(plan, PLAN_REPLACE), "delete",
		(int)plan_count(plan, PLAN_DELETE), "cosmetic", (int)plan_count(plan, PLAN_NONE),
		"held", (int)plan_count_held(plan));
}

json_t *plan_json(const Plan *plan, json_t *drift, guint impact_limit, GError **error)
{
	json_t *changes = changes_json(plan, impact_limit, error);
	char digest[PLAN_DIGEST_SIZE];

	if (changes == NULL)
		return NULL;
	plan_digest(plan, digest);
	DiagnosticList *diagnostics = plan_diagnostics(plan);
	json_t *object = json_pack("{s:s, s:s, s:s, s:b}", "format_version", JSON_FORMAT,
		"weir_version", WEIR_VERSION, "revision", layout_revision(plan->layout), "errored",
		plan->broken || layout_errors(plan->layout) > 0);
	json_object_set_new(object, "digests",
		json_pack("{s:s, s:s, s:s}", "plan", digest, "layout", plan->layout_digest, "live",
			plan->live_digest));
	json_object_set_new(object, "summary", summary_json(plan));
	json_object_set_new(object, "resource_changes", changes);
	if (drift != NULL)
		json_object_set(object, "resource_drift", drift);
	else
		json_object_set_new(object, "resource_drift", json_array());
	json_object_set_new(object, "domains", domains_json(plan));
	json_object_set_new(object, "impact", whole_impact(plan, impact_limit));
	json_object_set_new(object, "refusals", refusals_json(plan));
	json_object_set_new(object, "diagnostics", diagnostic_list_json(diagnostics));
	diagnostic_list_free(diagnostics);
	return object;
}
