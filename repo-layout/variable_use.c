#include "repo-layout/variable_use.h"

#include "repo-layout/json_text.h"

#include <string.h>

enum {
	// Bytes of the values in one definition: with more, ten thousand flows that say "{{ vars }}" would be ten thousand copies
	// of everything. Such a flow sees the values that are live when it runs.
	VALUES_KEPT = 64 * 1024,
	VARIABLES_KEPT = VALUES_KEPT / 8, // no more of them can be within that
};

// Values whose own texts are still to be looked at: a chain of variables must not cost stack.
typedef struct {
	const DomainConfig *config;
	VariableUse *used;
	GPtrArray *waiting; // const json_t *
} Use;

static const json_t *member(const json_t *object, const char *key)
{
	return key == NULL ? NULL : json_object_get(object, key);
}

// What stands where variables are given, the first one counting most.
static void find_levels(const DomainConfig *config, const json_t *levels[3])
{
	const json_t *project = config->project->settings;
	const json_t *environment =
		member(member(project, "environments"), config->project->environment);

	levels[0] = member(config->settings, "variables");
	levels[1] = member(environment, "variables");
	levels[2] = member(project, "variables");
}

// Most projects have none.
static bool has_any(const DomainConfig *config)
{
	const json_t *levels[3];

	find_levels(config, levels);
	return json_object_size(levels[0]) + json_object_size(levels[1]) +
		       json_object_size(levels[2]) >
	       0;
}

static void use_name(Use *use, const char *name)
{
	const json_t *levels[3];
	json_t *value = NULL;

	if (json_object_size(use->used->values) > VARIABLES_KEPT)
		return; // too many: it is as good as any number
	if (json_object_get(use->used->values, name) != NULL)
		return;
	find_levels(use->config, levels);
	for (unsigned i = 0; i < G_N_ELEMENTS(levels) && value == NULL; i++)
		value = json_object_get(levels[i], name);
	if (value == NULL)
		return;
	if (use->used->values == NULL)
		use->used->values = json_object();
	json_object_set(use->used->values, name, value);
	g_ptr_array_add(use->waiting, value);
}

static void use_all(Use *use)
{
	const json_t *levels[3];
	const char *name;
	json_t *value;

	if (use->used->all)
		return;
	use->used->all = true;
	find_levels(use->config, levels);
	for (unsigned i = 0; i < G_N_ELEMENTS(levels); i++)
		json_object_foreach((json_t *)(uintptr_t)levels[i], name, value)
			use_name(use, name);
}

static void use_path(const ExprPath *path, void *data)
{
	if (g_strcmp0(path->names[0], "vars") != 0)
		return;
	if (path->count > 1 && path->names[1] != NULL)
		use_name(data, path->names[1]);
	else
		use_all(data);
}

static void use_text(Use *use, const char *text, size_t length)
{
	g_autoptr(GPtrArray) faults = NULL;
	g_autoptr(ExprTemplate) template_ = NULL;

	if (strstr(text, "vars") == NULL || strchr(text, '{') == NULL)
		return;
	faults = expr_fault_list_new();
	template_ = expr_template_parse(text, length, faults);
	if (template_ != NULL)
		expr_template_paths(template_, use_path, use);
}

// No deeper than the YAML that it was.
static void use_value(Use *use, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t index;

	if (json_is_string(value))
		use_text(use, json_string_value(value), json_string_length(value));
	json_array_foreach((json_t *)(uintptr_t)value, index, item) use_value(use, item);
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		use_text(use, key, strlen(key));
		use_value(use, item);
	}
}

static void use_waiting(Use *use)
{
	for (guint i = 0; i < use->waiting->len; i++)
		use_value(use, use->waiting->pdata[i]);
	g_ptr_array_unref(use->waiting);
}

void variable_use_path(const DomainConfig *config, const ExprPath *path, VariableUse *used)
{
	Use use = {config, used, NULL};

	if (!has_any(config))
		return;
	use.waiting = g_ptr_array_new();
	use_path(path, &use);
	use_waiting(&use);
}

void variable_use_value(const DomainConfig *config, const json_t *value, VariableUse *used)
{
	Use use = {config, used, NULL};

	if (!has_any(config))
		return;
	use.waiting = g_ptr_array_new();
	use_value(&use, value);
	use_waiting(&use);
}

bool variable_use_fits(const VariableUse *used)
{
	g_autoptr(GString) text = NULL;
	size_t count = json_object_size(used->values);

	if (count == 0 || count > VARIABLES_KEPT)
		return false;
	text = g_string_new(NULL);
	json_text_append(text, used->values);
	return text->len <= VALUES_KEPT;
}

void variable_use_clear(VariableUse *used)
{
	g_clear_pointer(&used->values, json_decref);
}
