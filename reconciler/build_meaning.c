#include "reconciler/build_meaning.h"

#include "reconciler/json_slice.h"
#include "repo-layout/flow.h"

#include <string.h>

// Keys of a task that say how it runs, and leave what it makes as it is.
static const char *const HOW[] = {
	"allow_breaking", "allow_raw", "description", "pool", "priority", "retry", "timeout"};

static json_t *meaning_of(const json_t *tasks)
{
	json_t *meaning = flow_meaning(tasks);
	json_t *task;
	size_t index;

	json_array_foreach(meaning, index, task)
	{
		for (size_t i = 0; i < G_N_ELEMENTS(HOW); i++)
			json_object_del(task, HOW[i]);
	}
	return meaning;
}

static bool same_tasks(const json_t *before, const json_t *after)
{
	json_auto_t *old = NULL;
	json_auto_t *new = NULL;

	if (before == NULL || after == NULL)
		return before == after;
	if (json_equal(before, after))
		return true;
	old = meaning_of(before);
	new = meaning_of(after);
	return json_equal(old, new);
}

bool build_is_same(const json_t *before, const json_t *after)
{
	return same_tasks(json_object_get(before, "tasks"), json_object_get(after, "tasks"));
}

bool build_is_same_text(const char *before, const char *after)
{
	g_autofree char *old = json_slice_dup(before, "tasks");
	g_autofree char *new = json_slice_dup(after, "tasks");
	json_auto_t *was = NULL;
	json_auto_t *is = NULL;

	// Nearly always the texts are equal already.
	if (old == NULL || new == NULL || strcmp(old, new) == 0)
		return g_strcmp0(old, new) == 0;
	was = json_loads(old, 0, NULL);
	is = json_loads(new, 0, NULL);
	return same_tasks(was, is);
}
