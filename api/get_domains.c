#include "api/handlers.h"
#include "api/lists.h"
#include "api/troubles.h"
#include "api/values.h"
#include "store/domain.h"
#include "store/trouble.h"

static json_t *domain_document(const void *row)
{
	const StoreDomain *domain = row;
	json_t *document = json_object();

	json_object_set_new(document, "name", value_text(domain->name));
	json_object_set_new(document, "source", value_text(domain->source));
	json_object_set_new(document, "path", value_text(domain->path));
	json_object_set_new(document, "owner", value_text(domain->owner));
	json_object_set_new(document, "contact", value_text(domain->contact));
	json_object_set_new(document, "description", value_text(domain->description));
	json_object_set_new(document, "connection", value_text(domain->connection));
	json_object_set_new(document, "dataset", value_text(domain->dataset));
	json_object_set_new(document, "sync", json_string(sync_status_name(domain->sync)));
	json_object_set_new(document, "health", json_string(health_name(domain->health)));
	json_object_set_new(document, "message", value_text(domain->message));
	json_object_set_new(document, "suspended", json_boolean(domain->suspended));
	json_object_set_new(document, "commit", value_text(domain->commit_live));
	json_object_set_new(document, "target_commit", value_text(domain->commit_wanted));
	json_object_set_new(document, "diagnostics", value_json_list(domain->diagnostics));
	json_object_set_new(document, "synced", value_time(domain->synced_at));
	json_object_set_new(document, "deleted", value_time(domain->deleted_at));
	return document;
}

json_t *get_domains(const ApiRequest *request, GError **error)
{
	const StoreDomainFilter filter = {
		.source = request_text(request, "source"),
		.deleted = request_number(request, "deleted") == 1,
	};
	g_autoptr(GPtrArray) domains = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error))
		return NULL;
	if (!store_domains_list(request->store, &filter, &page, &domains, &next, error))
		return list_failed(request, error);
	return list_page(request, domains, domain_document, next);
}

json_t *get_domain(const ApiRequest *request, GError **error)
{
	const char *name = request_text(request, "domain");
	g_autoptr(StoreDomain) domain = NULL;
	g_autoptr(GPtrArray) troubles = NULL;
	json_t *document;

	if (!store_domain_get(request->store, name, &domain, error))
		return NULL;
	if (domain == NULL) {
		api_error_set(
			error, API_NOT_FOUND, "unknown-domain", "there is no domain '%s'", name);
		return NULL;
	}
	if (!store_troubles_list(request->store, &troubles, error))
		return NULL;
	document = domain_document(domain);
	troubles_add(document, troubles, domain);
	return document;
}
