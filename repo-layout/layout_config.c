// weir.yaml and domain.yaml: what the files of a domain see of their surroundings.
#include "repo-layout/json_text.h"
#include "repo-layout/walk_private.h"
#include "sql/sha256.h"

#include <string.h>

static void free_project(ProjectConfig *project)
{
	json_decref(project->settings);
	if (project->layout_places != NULL)
		g_hash_table_unref(project->layout_places);
	g_free(project->name);
	diagnostic_list_free(project->diagnostics);
	g_free(project);
}

ProjectConfig *project_config_ref(ProjectConfig *project)
{
	g_atomic_int_inc(&project->references);
	return project;
}

void project_config_unref(ProjectConfig *project)
{
	if (project != NULL && g_atomic_int_dec_and_test(&project->references))
		free_project(project);
}

static const json_t *at(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

const SqlDialect *connection_dialect(const json_t *connection)
{
	const char *name = json_string_value(at(connection, "dialect"));
	const char *url = json_string_value(at(connection, "url"));
	const SqlDialect *dialect;
	g_autofree char *scheme = NULL;

	if (name == NULL)
		name = json_string_value(at(connection, "driver"));
	if (name == NULL && url != NULL) {
		scheme = g_strndup(url, strcspn(url, ":-+"));
		name = scheme;
	}
	dialect = name == NULL ? sql_dialect_find("sqlite") : sql_dialect_find(name);
	return dialect != NULL ? dialect : sql_dialect_find("ansi");
}

const json_t *project_connection(const ProjectConfig *project, const char *name)
{
	const json_t *found = at(at(project->settings, "connections"), name);
	const char *environment;
	json_t *value;

	json_object_foreach(
		(json_t *)(uintptr_t)at(project->settings, "environments"), environment, value)
	{
		if (found == NULL)
			found = at(at(value, "connections"), name);
	}
	return found;
}

static void add_names(GPtrArray *names, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		g_ptr_array_add(names, (char *)(uintptr_t)key);
}

char *project_connection_hint(const ProjectConfig *project, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *environment;
	json_t *value;
	char *hint;

	add_names(names, at(project->settings, "connections"));
	json_object_foreach((json_t *)(uintptr_t)at(project->settings, "environments"), environment,
		value) add_names(names, at(value, "connections"));
	g_ptr_array_add(names, (char *)(uintptr_t) "default");
	g_ptr_array_add(names, NULL);
	hint = nearest_word_hint(name, (const char *const *)names->pdata);
	return hint != NULL ? hint : g_strdup_printf("declare it under 'connections' in weir.yaml");
}

// Connections and variables are looked up in all environments: an error in one of them must not wait for it.
static void make_digest(ProjectConfig *project)
{
	static const char *const inherited[] = {
		"connections", "environments", "defaults", "policies", "variables", "layout", NULL};
	g_autoptr(GString) text = g_string_new("weir project 1\n");

	for (const char *const *key = inherited; *key != NULL; key++) {
		const json_t *value = at(project->settings, *key);

		g_string_append(text, *key);
		if (value != NULL)
			json_text_append(text, value);
	}
	sha256_text(text->str, text->len, project->digest);
}

static ProjectConfig *project_new(void)
{
	ProjectConfig *project = g_new0(ProjectConfig, 1);

	project->references = 1;
	project->diagnostics = diagnostic_list_new();
	return project;
}

// Where the patterns stand: what is wrong with one is found when the tree is walked.
static void note_places(ProjectConfig *project, const YamlNode *layout)
{
	if (layout == NULL || layout->kind != YAML_MAPPING)
		return;
	project->layout_places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (unsigned i = 0; i < layout->length; i++) {
		const YamlNode *value = layout->pairs[i].value;
		const ProjectPlace place = {value->line, value->column};

		g_hash_table_insert(project->layout_places, g_strdup(layout->pairs[i].key->text),
			g_memdup2(&place, sizeof(place)));
	}
}

static void check_name(ProjectConfig *project, const YamlNode *name)
{
	if (name != NULL && name->kind == YAML_STRING &&
		name->text[strspn(name->text, " \t\n")] == '\0')
		diagnostic_add(project->diagnostics, "weir.yaml", name->line, name->column,
			DIAGNOSTIC_ERROR, "bad-value", "the least is 'name: x'",
			"'name' cannot be empty");
}

static void read_project(ProjectConfig *project, GBytes *bytes, const LayoutLimits *limits)
{
	static const char file[] = "weir.yaml";
	size_t length;
	const char *text = g_bytes_get_data(bytes, &length);
	g_autoptr(YamlDocument) document =
		yaml_document_parse(file, text, length, 1, 1, &limits->yaml, project->diagnostics);
	KeyContext context = {.file = file, .diagnostics = project->diagnostics};

	if (document == NULL)
		return;
	if (yaml_document_root(document)->kind == YAML_NULL) {
		diagnostic_add(project->diagnostics, file, 1, 1, DIAGNOSTIC_ERROR, "empty-file",
			"the least is 'name: x'", "weir.yaml is empty");
		return;
	}
	project->settings =
		key_table_convert(&keys_project, yaml_document_root(document), &context);
	check_name(project, yaml_get(yaml_document_root(document), "name"));
	note_places(project, yaml_get(yaml_document_root(document), "layout"));
}

// A name that differs from another's in letter case only is no fault of the one that is spelt right.
static bool is_usable(const SourceEntry *entry)
{
	return entry->kind == SOURCE_FILE &&
	       (entry->fault == ENTRY_GOOD || entry->fault == ENTRY_CASE);
}

static void report_missing(ProjectConfig *project, const SourceFolder *top)
{
	static const char hint[] = "the least is 'name: x'; 'weir init' writes one";
	const SourceEntry *entry = walk_entry(top, "weir.yaml");

	project->missing = true;
	if (entry == NULL && walk_entry(top, "weir.yml") != NULL)
		diagnostic_add(project->diagnostics, "weir.yml", 0, 0, DIAGNOSTIC_ERROR,
			"missing-file", "rename it to 'weir.yaml'",
			"the repository has no weir.yaml, but a weir.yml");
	else if (entry == NULL)
		diagnostic_add(project->diagnostics, "weir.yaml", 0, 0, DIAGNOSTIC_ERROR,
			"missing-file", hint, "the repository has no weir.yaml");
	else if (entry->fault == ENTRY_GOOD || entry->fault == ENTRY_CASE)
		diagnostic_add(project->diagnostics, "weir.yaml", 0, 0, DIAGNOSTIC_ERROR,
			"bad-entry", "put the file itself here", "weir.yaml is %s",
			walk_oddity(entry));
	else
		diagnostic_add(project->diagnostics, "weir.yaml", 0, 0, DIAGNOSTIC_ERROR,
			"bad-entry", hint, "weir.yaml cannot be used: %s",
			entry_fault_text(entry->fault));
}

ProjectConfig *project_config_load(LayoutLoad *load, const SourceFolder *top, GError **error)
{
	const SourceEntry *entry = walk_entry(top, "weir.yaml");
	bool usable = entry != NULL && is_usable(entry);
	Layout *previous = load->previous;
	ProjectConfig *project;

	if (usable && previous != NULL && !source_id_is_zero(&entry->id) &&
		source_id_equal(&entry->id, &previous->project->id))
		return project_config_ref(previous->project);
	project = project_new();
	project->environment = load->environment;
	if (usable) {
		g_autoptr(GBytes) bytes = NULL;

		project->id = entry->id;
		bytes = source_tree_blob(
			load->tree, "weir.yaml", &entry->id, load->limits.file_bytes, error);
		if (bytes == NULL) {
			project_config_unref(project);
			return NULL;
		}
		read_project(project, bytes, &load->limits);
	} else {
		report_missing(project, top);
	}
	if (project->settings == NULL)
		project->settings = json_object();
	project->name = g_strdup(json_string_value(at(project->settings, "name")));
	make_digest(project);
	return project;
}

// own over base, key by key.
static json_t *over(const json_t *own, const json_t *base)
{
	json_t *merged = own == NULL ? json_object() : json_copy((json_t *)(uintptr_t)own);

	if (base != NULL)
		json_object_update_missing(merged, (json_t *)(uintptr_t)base);
	return merged;
}

static json_t *all_variables(const ProjectConfig *project, const json_t *domain)
{
	json_t *variables = over(at(domain, "variables"), at(project->settings, "variables"));
	const char *environment;
	json_t *value;

	json_object_foreach(
		(json_t *)(uintptr_t)at(project->settings, "environments"), environment, value)
	{
		json_t *more = json_object_get(value, "variables");

		if (more != NULL)
			json_object_update_missing(variables, more);
	}
	return variables;
}

static LayoutFeed feed_of(const char *name)
{
	for (LayoutFeed feed = FEED_WRITE_TRUNCATE; name != NULL && feed <= FEED_SCRIPT; feed++) {
		if (strcmp(layout_feed_name(feed), name) == 0)
			return feed;
	}
	return FEED_WRITE_TRUNCATE;
}

// "sales.eu" -> "sales_eu": a dataset's name has no dots.
static GRefString *dataset_of(const char *domain, const json_t *settings)
{
	const char *given = json_string_value(at(settings, "dataset"));
	g_autofree char *name = g_strdup(given != NULL ? given : domain);

	if (given == NULL)
		g_strdelimit(name, ".", '_');
	return g_ref_string_new(name);
}

static void check_connection(DomainData *data, ProjectPlace place)
{
	const DomainConfig *config = &data->config;
	g_autofree char *file = NULL;
	g_autofree char *hint = NULL;

	if (strcmp(config->connection, "default") == 0 ||
		project_connection(config->project, config->connection) != NULL)
		return;
	file = g_strconcat(config->path, "/domain.yaml", NULL);
	hint = project_connection_hint(config->project, config->connection);
	diagnostic_add(data->local, file, place.line, place.column, DIAGNOSTIC_ERROR,
		"unknown-connection", hint, "unknown connection '%s'", config->connection);
}

// ret_connection receives where its connection is named, when it is.
static json_t *convert_domain(DomainData *data, const char *text, size_t length,
	const LayoutLimits *limits, ProjectPlace *ret_connection)
{
	g_autofree char *file = g_strconcat(data->config.path, "/domain.yaml", NULL);
	g_autoptr(YamlDocument) document =
		yaml_document_parse(file, text, length, 1, 1, &limits->yaml, data->local);
	KeyContext context = {.file = file, .diagnostics = data->local};
	const YamlNode *connection;

	if (document == NULL)
		return json_object();
	if (yaml_document_root(document)->kind == YAML_NULL) {
		diagnostic_add(data->local, file, 1, 1, DIAGNOSTIC_ERROR, "empty-file",
			"the least is 'owner: x'", "domain.yaml is empty");
		return json_object();
	}
	connection = yaml_get(yaml_document_root(document), "connection");
	if (connection != NULL)
		*ret_connection = (ProjectPlace){connection->line, connection->column};
	return key_table_convert(&keys_domain, yaml_document_root(document), &context);
}

static void make_context(DomainConfig *config)
{
	g_autoptr(GString) text = g_string_new("weir domain 1\n");

	g_string_append(text, config->project->digest);
	g_string_append_printf(text, "\n%s\n%s\n", config->name, config->path);
	json_text_append(text, config->settings);
	sha256_text(text->str, text->len, config->context);
}

static GStrv consumers_of(const json_t *settings)
{
	const json_t *list = at(settings, "consumers");
	GPtrArray *names;
	size_t index;
	json_t *name;

	if (list == NULL)
		return NULL;
	names = g_ptr_array_new();
	json_array_foreach((json_t *)(uintptr_t)list, index, name)
		g_ptr_array_add(names, g_strdup(json_string_value(name)));
	g_ptr_array_add(names, NULL);
	return (GStrv)g_ptr_array_free(names, FALSE);
}

void domain_config_read(
	DomainData *data, const char *text, size_t length, const LayoutLimits *limits)
{
	DomainConfig *config = &data->config;
	const json_t *project = config->project->settings;
	ProjectPlace connection_at = {1, 1};
	json_auto_t *own = text == NULL
				   ? json_object()
				   : convert_domain(data, text, length, limits, &connection_at);
	const char *connection = json_string_value(at(own, "connection"));
	const json_t *defaults, *policies;

	config->settings = json_deep_copy(own);
	json_object_set_new(
		config->settings, "defaults", over(at(own, "defaults"), at(project, "defaults")));
	json_object_set_new(
		config->settings, "policies", over(at(own, "policies"), at(project, "policies")));
	defaults = at(config->settings, "defaults");
	policies = at(config->settings, "policies");
	config->variables = all_variables(config->project, own);
	if (connection == NULL)
		connection = json_string_value(at(defaults, "connection"));
	config->connection = g_ref_string_new(connection != NULL ? connection : "default");
	config->dataset = dataset_of(config->name, own);
	config->feed = feed_of(json_string_value(at(defaults, "feed")));
	config->allow_raw = json_is_true(at(policies, "allow_raw"));
	config->allow_breaking = json_is_true(at(policies, "allow_breaking"));
	config->drift = g_strcmp0(json_string_value(at(policies, "drift")), "heal") == 0 ? "heal"
											 : "report";
	data->consumers = consumers_of(own);
	check_connection(data, connection_at);
	make_context(config);
}

void domain_config_clear(DomainConfig *config)
{
	g_clear_pointer(&config->name, g_ref_string_release);
	g_clear_pointer(&config->connection, g_ref_string_release);
	g_clear_pointer(&config->dataset, g_ref_string_release);
	g_free(config->path);
	json_decref(config->settings);
	json_decref(config->variables);
}
