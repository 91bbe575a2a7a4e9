#include "api/flow_name.h"

#include "store/flow.h"
#include <string.h>

void flow_name_clear(FlowName *name)
{
	g_clear_pointer(&name->namespace, g_free);
	g_clear_pointer(&name->id, g_free);
}

static void split_at(const char *text, const char *dot, FlowName *ret_name)
{
	flow_name_clear(ret_name);
	ret_name->namespace = g_strndup(text, (size_t)(dot - text));
	ret_name->id = g_strdup(dot + 1);
}

bool flow_name_split(Store *store, const char *text, FlowName *ret_name, GError **error)
{
	const char *last = strrchr(text, '.');

	if (last == NULL || last == text || last[1] == '\0') {
		api_error_set(error, API_BAD_REQUEST, "bad-flow-name",
			"the flow '%s' is not named like 'namespace.id'", text);
		return false;
	}
	for (const char *dot = last; dot != NULL; dot = memrchr(text, '.', (size_t)(dot - text))) {
		g_autoptr(StoreFlow) flow = NULL;

		split_at(text, dot, ret_name);
		if (!store_flow_get(store, ret_name->namespace, ret_name->id, &flow, error))
			return false;
		if (flow != NULL)
			return true;
	}
	split_at(text, last, ret_name);
	return true;
}

bool flow_name_read(const ApiRequest *request, FlowName *ret_name, GError **error)
{
	const char *namespace = request_text(request, "namespace");
	const char *flow = request_text(request, "flow");

	if (namespace == NULL && flow != NULL)
		return flow_name_split(request->store, flow, ret_name, error);
	ret_name->namespace = g_strdup(namespace);
	ret_name->id = g_strdup(flow);
	return true;
}
