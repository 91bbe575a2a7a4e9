#include "reconciler/plan.h"

#include <string.h>

// Another revision of the repository as the live side of a plan.
typedef struct {
	PlanLive live;
	Layout *layout; // NULL: nothing is live
	GArray *domains; // PlanLiveDomain
	GByteArray *marks;
} LiveLayout;

static const GArray *live_domains(PlanLive *live, GError **error)
{
	(void)error;
	return ((LiveLayout *)live)->domains;
}

static const GByteArray *live_marks(PlanLive *live)
{
	return ((LiveLayout *)live)->marks;
}

static void list_domains(LiveLayout *self)
{
	size_t length = self->layout == NULL ? 0 : layout_domains_length(self->layout);

	for (size_t i = 0; i < length; i++) {
		const LayoutDomain *domain = layout_domain_at(self->layout, i);

		// Of several of one name the first counts.
		if (i > 0 && strcmp(layout_domain_at(self->layout, i - 1)->name, domain->name) == 0)
			continue;
		uint8_t mark[PLAN_MARK_SIZE];
		const PlanLiveDomain value = {
			.name = domain->name,
			.digest = domain->digest,
			.path = domain->path,
			.consumers = domain->consumers,
			.tree = domain->tree,
			.tree_known = true,
		};

		plan_live_mark(&value, mark);
		g_array_append_val(self->domains, value);
		g_byte_array_append(self->marks, mark, sizeof(mark));
	}
}

void plan_live_add_flows(const LayoutDomain *domain, GArray *flows)
{
	for (size_t i = 0; i < domain->flows_length; i++) {
		const LayoutFlow *flow = domain->flows[i];
		const PlanLiveFlow value = {
			.namespace = flow->namespace,
			.id = flow->id,
			.digest = flow->digest,
			.blob = flow->blob,
			.blob_known = true,
			.path = flow->path,
			.generated = flow->kind == LAYOUT_FLOW_GENERATED,
			.flow = flow,
		};

		g_array_append_val(flows, value);
	}
}

void plan_live_add_tables(const LayoutDomain *domain, GArray *tables)
{
	for (size_t i = 0; i < domain->tables_length; i++) {
		const LayoutTable *table = domain->tables[i];
		const PlanLiveTable value = {table->dataset, table->name, table->schema,
			table->path, table->kind == LAYOUT_VIEW};

		g_array_append_val(tables, value);
	}
}

static bool live_flows(PlanLive *live, const char *name, GArray *flows, GError **error)
{
	LiveLayout *self = (LiveLayout *)live;
	const LayoutDomain *domain =
		self->layout == NULL ? NULL : layout_domain_find(self->layout, name);

	(void)error;
	if (domain != NULL)
		plan_live_add_flows(domain, flows);
	return true;
}

static bool live_tables(PlanLive *live, const char *name, GArray *tables, GError **error)
{
	LiveLayout *self = (LiveLayout *)live;
	const LayoutDomain *domain =
		self->layout == NULL ? NULL : layout_domain_find(self->layout, name);

	(void)error;
	if (domain != NULL)
		plan_live_add_tables(domain, tables);
	return true;
}

static char *live_definition(PlanLive *live, const char *namespace, const char *id, GError **error)
{
	LiveLayout *self = (LiveLayout *)live;

	return layout_flow_definition(
		self->layout, layout_flow_find(self->layout, namespace, id), error);
}

static bool live_build_due(
	PlanLive *live, const char *namespace, const char *id, bool *ret_due, GError **error)
{
	(void)live;
	(void)namespace;
	(void)id;
	(void)error;
	*ret_due = true;
	return true;
}

char *plan_settings_text(const LayoutDomain *domain)
{
	return domain->settings == NULL
		       ? NULL
		       : json_dumps(domain->settings, JSON_COMPACT | JSON_SORT_KEYS);
}

static char *live_settings(PlanLive *live, const char *name, GError **error)
{
	LiveLayout *self = (LiveLayout *)live;
	const LayoutDomain *domain =
		self->layout == NULL ? NULL : layout_domain_find(self->layout, name);

	(void)error;
	return domain == NULL ? NULL : plan_settings_text(domain);
}

// Of a revision that would never have become live nothing is known.
static char *live_project(PlanLive *live, GError **error)
{
	const LiveLayout *self = (LiveLayout *)live;

	(void)error;
	if (self->layout == NULL || layout_broken(self->layout))
		return NULL;
	return json_dumps(layout_settings(self->layout), JSON_COMPACT | JSON_SORT_KEYS);
}

static void live_free(PlanLive *live)
{
	LiveLayout *self = (LiveLayout *)live;

	layout_unref(self->layout);
	g_array_unref(self->domains);
	g_byte_array_unref(self->marks);
	g_free(self);
}

PlanLive *plan_live_layout_new(Layout *layout)
{
	LiveLayout *self = g_new0(LiveLayout, 1);

	self->live = (PlanLive){live_domains, live_marks, live_flows, live_tables, live_definition,
		live_build_due, live_settings, live_project, live_free};
	self->layout = layout == NULL ? NULL : layout_ref(layout);
	self->domains = g_array_new(FALSE, FALSE, sizeof(PlanLiveDomain));
	self->marks = g_byte_array_new();
	list_domains(self);
	return &self->live;
}
