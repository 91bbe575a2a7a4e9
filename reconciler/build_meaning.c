#include "reconciler/build_meaning.h"

#include "reconciler/json_slice.h"
#include "repo-layout/flow.h"

#include <glib.h>
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
	const json_t *old = json_object_get(before, "variables");
	const json_t *new = json_object_get(after, "variables");

	return json_object_size(old) == json_object_size(new) &&
	       (json_object_size(old) == 0 || json_equal(old, new)) &&
	       same_tasks(json_object_get(before, "tasks"), json_object_get(after, "tasks"));
}

// Nearly always the texts are equal already.
static bool same_slices(const JsonSlice *before, const JsonSlice *after)
{
	return before->length == after->length &&
	       (before->length == 0 || memcmp(before->text, after->text, before->length) == 0);
}

bool build_is_same_text(const char *before, const char *after)
{
	static const char *const names[] = {"tasks", "variables"};
	JsonSlice old[G_N_ELEMENTS(names)], new[G_N_ELEMENTS(names)];
	json_auto_t *was = NULL;
	json_auto_t *is = NULL;

	json_slice_members(before, names, G_N_ELEMENTS(names), old);
	json_slice_members(after, names, G_N_ELEMENTS(names), new);
	if (old[0].text == NULL || new[0].text == NULL)
		return old[0].text == new[0].text;
	if (same_slices(&old[0], &new[0]) && same_slices(&old[1], &new[1]))
		return true;
	was = json_loads(before, 0, NULL);
	is = json_loads(after, 0, NULL);
	return build_is_same(was, is);
}

// Running a changed script again leaves what its new text says, or adds to what the old one left.
static const bool REBUILT[] = {
	[FEED_NONE] = false,
	[FEED_WRITE_TRUNCATE] = true,
	[FEED_WRITE_APPEND] = false,
	[FEED_WRITE_EMPTY] = false,
	[FEED_MODE_DELTA] = true,
	[FEED_WRITE_PARTITION] = true,
	[FEED_SNAPSHOT] = true,
	[FEED_VIEW] = true,
	[FEED_SCRIPT] = false,
};

bool feed_is_rebuilt(LayoutFeed feed)
{
	return REBUILT[feed];
}
