#include "reconciler/trigger.h"

bool trigger_decide_tables(
	const TriggerInput *inputs, size_t count, bool any, int64_t consumed, int64_t *ret_consumed)
{
	size_t managed = 0, fresh = 0;

	*ret_consumed = consumed;
	for (size_t i = 0; i < count; i++) {
		managed += inputs[i].managed;
		fresh += inputs[i].managed && inputs[i].published > consumed;
		if (inputs[i].managed)
			*ret_consumed = MAX(*ret_consumed, inputs[i].published);
	}
	return any ? fresh > 0 : managed > 0 && fresh == managed;
}

bool trigger_decide_build(const TriggerInput *inputs, size_t count, int64_t *ret_consumed)
{
	*ret_consumed = 0;
	for (size_t i = 0; i < count; i++) {
		if (inputs[i].managed && inputs[i].published == 0)
			return false;
		*ret_consumed = MAX(*ret_consumed, inputs[i].published);
	}
	return true;
}
