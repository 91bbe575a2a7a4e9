#include "api/troubles.h"

#include "api/values.h"
#include "store/trouble.h"

static json_t *trouble_document(const StoreTrouble *trouble)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "connection",
		value_text(trouble->connection), "dataset",
		value_text(*trouble->dataset == '\0' ? NULL : trouble->dataset), "kind",
		value_text(trouble->kind), "message", value_text(trouble->message), "hint",
		value_text(trouble->hint), "since", value_time(trouble->since));
}

void troubles_add(json_t *document, const GPtrArray *troubles, const StoreDomain *domain)
{
	json_t *list = json_array();

	for (guint i = 0; i < troubles->len; i++) {
		const StoreTrouble *trouble = troubles->pdata[i];

		if (domain == NULL || store_trouble_meets(trouble, domain->name, domain->connection,
					      domain->dataset))
			json_array_append_new(list, trouble_document(trouble));
	}
	json_object_set_new(document, "troubles", list);
}
