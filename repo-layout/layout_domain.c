// A domain put together out of its units.
#include "repo-layout/layout_private.h"

#include <stdlib.h>
#include <string.h>

static void clear_place(void *place)
{
	g_free(((Place *)place)->name);
}

DomainData *domain_data_new(ProjectConfig *project, const char *name, const char *path)
{
	DomainData *data = g_new0(DomainData, 1);

	data->references = 1;
	data->project = project_config_ref(project);
	data->config.project = data->project;
	data->config.name = g_ref_string_new(name);
	data->config.path = g_strdup(path);
	data->units = g_ptr_array_new_with_free_func((GDestroyNotify)unit_unref);
	data->local = diagnostic_list_new();
	data->places = g_array_new(FALSE, FALSE, sizeof(Place));
	g_array_set_clear_func(data->places, clear_place);
	return data;
}

DomainData *domain_data_ref(DomainData *data)
{
	g_atomic_int_inc(&data->references);
	return data;
}

void domain_data_unref(DomainData *data)
{
	if (data == NULL || !g_atomic_int_dec_and_test(&data->references))
		return;
	if (data->base != NULL) {
		diagnostic_list_free(data->all);
		domain_data_unref(data->base);
		g_free(data);
		return;
	}
	g_ptr_array_unref(data->units);
	g_clear_pointer(&data->flows, g_ptr_array_unref);
	g_clear_pointer(&data->tables, g_ptr_array_unref);
	g_clear_pointer(&data->made_tables, g_ptr_array_unref);
	diagnostic_list_free(data->local);
	diagnostic_list_free(data->below);
	g_strfreev(data->consumers);
	g_array_unref(data->places);
	domain_config_clear(&data->config);
	project_config_unref(data->project);
	g_free(data);
}

const LayoutDomain *layout_domain_ref(const LayoutDomain *domain)
{
	return &domain_data_ref((DomainData *)(uintptr_t)domain)->open;
}

void layout_domain_unref(const LayoutDomain *domain)
{
	domain_data_unref((DomainData *)(uintptr_t)domain);
}

DomainData *domain_data_with(DomainData *data, const DiagnosticList *faults)
{
	DomainData *base = data->base != NULL ? data->base : data;
	DomainData *copy = g_memdup2(base, sizeof(*base));

	copy->references = 1;
	copy->base = domain_data_ref(base);
	copy->all = diagnostic_list_new();
	diagnostic_list_append(copy->all, data->base != NULL ? data->all : base->local);
	diagnostic_list_append(copy->all, faults);
	diagnostic_list_sort(copy->all);
	copy->open.diagnostics = copy->all;
	copy->open.broken = diagnostic_list_errors(copy->all) > 0;
	return copy;
}

static int compare_flows(const void *left, const void *right)
{
	const LayoutFlow *a = *(const LayoutFlow *const *)left;
	const LayoutFlow *b = *(const LayoutFlow *const *)right;
	int order = strcmp(a->id, b->id);

	return order != 0 ? order : strcmp(a->namespace, b->namespace);
}

static int compare_tables(const void *left, const void *right)
{
	const LayoutTable *a = *(const LayoutTable *const *)left;
	const LayoutTable *b = *(const LayoutTable *const *)right;
	int order = name_order(a->dataset, b->dataset);

	return order != 0 ? order : name_order(a->name, b->name);
}

static int compare_units(const void *left, const void *right)
{
	const Unit *a = *(const Unit *const *)left;
	const Unit *b = *(const Unit *const *)right;

	return strcmp(a->path, b->path);
}

// Most lists are in order already.
static void sort_if_needed(GPtrArray *list, int (*compare)(const void *, const void *))
{
	for (guint i = 1; i < list->len; i++) {
		if (compare(&list->pdata[i - 1], &list->pdata[i]) > 0) {
			g_ptr_array_sort(list, compare);
			return;
		}
	}
}

static void twice(DomainData *data, const char *path, unsigned line, const char *what,
	const char *name, const char *other)
{
	diagnostic_add(data->local, path, line, 1, DIAGNOSTIC_ERROR, "duplicate-id",
		"remove or rename one of the two", "the %s '%s' is also in '%s'", what, name,
		other);
}

static void find_double_flows(DomainData *data)
{
	for (guint i = 1; i < data->flows->len; i++) {
		const LayoutFlow *a = data->flows->pdata[i - 1];
		const LayoutFlow *b = data->flows->pdata[i];

		if (compare_flows(&data->flows->pdata[i - 1], &data->flows->pdata[i]) != 0)
			continue;
		twice(data, a->path, a->line, "flow", a->id, b->path);
		twice(data, b->path, b->line, "flow", b->id, a->path);
	}
}

// Two units may speak of one table: a written flow that fills it and the schema that declares it. One entry says both.
static void merge_tables(DomainData *data)
{
	guint kept = 0;

	for (guint i = 0; i < data->tables->len; i++) {
		const LayoutTable *table = data->tables->pdata[i];
		const LayoutTable *last = kept == 0 ? NULL : data->tables->pdata[kept - 1];
		LayoutTable *merged;

		if (last == NULL || compare_tables(&data->tables->pdata[kept - 1],
					    &data->tables->pdata[i]) != 0) {
			data->tables->pdata[kept++] = (void *)(uintptr_t)table;
			continue;
		}
		merged = g_memdup2(last->schema != NULL ? last : table, sizeof(*merged));
		if (merged->flow == NULL)
			merged->flow = last->flow != NULL ? last->flow : table->flow;
		g_ptr_array_add(data->made_tables, merged);
		data->tables->pdata[kept - 1] = merged;
	}
	g_ptr_array_set_size(data->tables, (gint)kept);
}

static bool is_target(const Unit *unit, const char *name)
{
	return g_strcmp0(unit->flow.target, name) == 0;
}

// Tables that a written flow fills, or a script of feed SCRIPT beside its own: what is declared of that one is not said of them.
static void make_tables(DomainData *data, const Unit *unit)
{
	for (unsigned i = 0; i < unit->flow.writes_length; i++) {
		const char *name = unit->flow.writes[i];
		const char *dot = strrchr(name, '.');
		g_autofree char *dataset = NULL;
		LayoutTable *table;

		if (dot == NULL || is_target(unit, name))
			continue;
		dataset = g_strndup(name, (gsize)(dot - name));
		table = g_memdup2(&unit->table, sizeof(*table));
		table->kind = LAYOUT_TABLE;
		table->schema = NULL;
		table->schema_digest[0] = '\0';
		table->dataset = g_intern_string(dataset);
		table->name = dot + 1;
		table->flow = unit->flow.id;
		g_ptr_array_add(data->made_tables, table);
		g_ptr_array_add(data->tables, table);
	}
}

static void sort_out(DomainData *data)
{
	for (guint i = 0; i < data->units->len; i++) {
		Unit *unit = data->units->pdata[i];

		if (unit->flow.id != NULL) {
			g_ptr_array_add(data->flows, &unit->flow);
			data->open.foreign =
				data->open.foreign || unit->flow.namespace != unit->flow.domain;
		}
		if (unit->table.name != NULL)
			g_ptr_array_add(data->tables, &unit->table);
		make_tables(data, unit);
		if (unit->diagnostics != NULL)
			diagnostic_list_append(data->local, unit->diagnostics);
	}
	sort_if_needed(data->flows, compare_flows);
	sort_if_needed(data->tables, compare_tables);
	find_double_flows(data);
	merge_tables(data);
}

static void update_text(Sha256 *sha, const char *text)
{
	sha256_add(sha, text == NULL ? "" : text, text == NULL ? 1 : strlen(text) + 1);
}

void digest_bytes(const char *digits, uint8_t bytes[DIGEST_BYTES])
{
	// Of a letter the low bits are one less than its value above nine.
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		unsigned high = (unsigned char)digits[2 * i];
		unsigned low = (unsigned char)digits[2 * i + 1];

		bytes[i] = (uint8_t)(((high & 15) + (high >> 6) * 9) << 4 |
				     ((low & 15) + (low >> 6) * 9));
	}
}

static void update_digest(Sha256 *sha, const char *digits)
{
	uint8_t bytes[DIGEST_BYTES];

	digest_bytes(digits, bytes);
	sha256_add(sha, bytes, sizeof(bytes));
}

static void make_digest(DomainData *data)
{
	Sha256 sha;

	sha256_begin(&sha);
	sha256_add(&sha, data->config.context, strlen(data->config.context));
	update_text(&sha, data->config.scripts_tree);
	for (guint i = 0; i < data->flows->len; i++)
		update_digest(&sha, ((const LayoutFlow *)data->flows->pdata[i])->digest);
	for (guint i = 0; i < data->tables->len; i++) {
		const LayoutTable *table = data->tables->pdata[i];

		// What a script declares is in its flow's digest.
		if (*table->schema_digest == '\0')
			continue;
		update_text(&sha, table->dataset);
		update_text(&sha, table->name);
		update_digest(&sha, table->schema_digest);
	}
	sha256_end(&sha, data->open.digest);
}

static void open_domain(DomainData *data)
{
	LayoutDomain *open = &data->open;
	const json_t *settings = data->config.settings;

	open->name = data->config.name;
	open->path = data->config.path;
	open->owner = json_string_value(json_object_get(settings, "owner"));
	if (open->owner == NULL)
		open->owner = "";
	open->contact = json_string_value(json_object_get(settings, "contact"));
	open->description = json_string_value(json_object_get(settings, "description"));
	open->connection = data->config.connection;
	open->dataset = data->config.dataset;
	open->consumers = (const char *const *)data->consumers;
	open->scripts_tree = *data->config.scripts_tree != '\0' ? data->config.scripts_tree : NULL;
	open->settings = settings;
	open->flows = (const LayoutFlow *const *)data->flows->pdata;
	open->flows_length = data->flows->len;
	open->tables = (const LayoutTable *const *)data->tables->pdata;
	open->tables_length = data->tables->len;
	open->diagnostics = data->local;
	open->broken = diagnostic_list_errors(data->local) > 0;
}

void domain_data_sort(DomainData *data)
{
	sort_if_needed(data->units, compare_units);
}

void domain_data_finish(DomainData *data)
{
	data->flows = g_ptr_array_sized_new(data->units->len + 1);
	data->tables = g_ptr_array_sized_new(data->units->len + 1);
	data->made_tables = g_ptr_array_new_with_free_func(g_free);
	domain_data_sort(data);
	sort_out(data);
	diagnostic_list_sort(data->local);
	make_digest(data);
	open_domain(data);
}
