// What the cache keeps, so that after a restart nothing unchanged is walked or parsed again: each domain as a whole, and files that
// changed since then by themselves. An entry is a checked run of bytes; one that is cut short, altered, or of another
// version is as good as none.
#include "repo-layout/json_text.h"
#include "repo-layout/layout_private.h"
#include "repo-layout/reading_digest.inc"

#include <string.h>

// What an entry says depends on the code that read the files, all of it, on the limits that they were held against, and on the
// environment that they were read for.
static const char *entry_version(LayoutLoad *load)
{
	g_autofree char *limits = NULL;
	g_autofree char *text = NULL;

	if (*load->version != '\0')
		return load->version;
	limits = layout_limits_text(&load->limits);
	text = g_strconcat("weir layout " WEIR_READING_DIGEST " ", limits, "\n",
		load->environment != NULL ? load->environment : "", NULL);
	sha256_text(text, strlen(text), load->version);
	return load->version;
}

enum {
	VERSION_SIZE = SHA256_TEXT_SIZE,
};

const char *layout_reading_digest(void)
{
	return WEIR_READING_DIGEST;
}

// ---- Writing

static void put_number(GString *out, uint64_t number)
{
	uint8_t bytes[10];
	guint length = 0;

	do {
		bytes[length++] = (uint8_t)((number & 127) | (number > 127 ? 128 : 0));
		number >>= 7;
	} while (number > 0);
	json_text_put(out, (const char *)bytes, length);
}

static void put_bytes(GString *out, const void *bytes, size_t length)
{
	json_text_put(out, bytes, length);
}

// NULL and texts: 0 for NULL, else the length and one, and the text with its NUL.
static void put_text(GString *out, const char *text)
{
	size_t length = text == NULL ? 0 : strlen(text) + 1;

	put_number(out, length);
	if (length > 0)
		put_bytes(out, text, length);
}

static void put_json(GString *out, const json_t *value)
{
	g_autoptr(GString) text = g_string_new(NULL);

	json_text_append(text, value);
	put_text(out, text->str);
}

static void put_diagnostics(GString *out, const DiagnosticList *list)
{
	size_t length = diagnostic_list_length(list);

	put_number(out, length);
	for (size_t i = 0; i < length; i++) {
		const Diagnostic *diagnostic = diagnostic_list_at(list, i);

		put_text(out, diagnostic->file);
		put_number(out, diagnostic->line);
		put_number(out, diagnostic->column);
		put_number(out, diagnostic->severity);
		put_text(out, diagnostic->code);
		put_text(out, diagnostic->hint);
		put_text(out, diagnostic->message);
	}
}

// 64 hexadecimal digits or none, as 32 bytes or none.
static void put_digest(GString *out, const char *digest)
{
	uint8_t bytes[DIGEST_BYTES];

	put_number(out, *digest != '\0');
	if (*digest == '\0')
		return;
	digest_bytes(digest, bytes);
	put_bytes(out, bytes, sizeof(bytes));
}

// Most units are of one file: the ids of the others are zero.
static void put_ids(GString *out, const SourceId ids[3])
{
	static const SourceId nothing;
	unsigned present = 0;

	for (unsigned i = 0; i < 3; i++)
		present |= (unsigned)!source_id_equal(&ids[i], &nothing) << i;
	put_number(out, present);
	for (unsigned i = 0; i < 3; i++) {
		if ((present & 1u << i) != 0)
			put_bytes(out, &ids[i], sizeof(ids[i]));
	}
}

static void put_flow(GString *out, const Unit *unit)
{
	const LayoutFlow *flow = &unit->flow;

	put_text(out, flow->namespace == flow->domain ? NULL : flow->namespace);
	put_text(out, flow->target);
	put_text(out, flow->connection == unit->names[1] ? NULL : flow->connection);
	put_number(out, flow->line);
	put_number(out, flow->kind);
	put_number(out, flow->feed);
	put_number(out, (unsigned)flow->opaque | (unsigned)flow->disabled << 1 |
				(unsigned)flow->manual << 2);
	put_digest(out, flow->digest);
	put_number(out, flow->reads_length);
	for (unsigned i = 0; i < flow->reads_length; i++) {
		put_text(out, flow->reads[i]);
		put_number(out, flow->lines[i]);
		put_number(out, flow->starts[i]);
	}
	put_number(out, flow->writes_length);
	for (unsigned i = 0; i < flow->writes_length; i++)
		put_text(out, flow->writes[i]);
	put_number(out, flow->references_length);
	for (unsigned i = 0; i < flow->references_length; i++) {
		put_text(out, flow->references[i].table);
		put_text(out, flow->references[i].connection);
		put_number(out, flow->references[i].line);
		put_number(out, flow->references[i].column);
	}
	if (flow->references_length > 0)
		put_text(out, flow->references_path == unit->path ? NULL : flow->references_path);
}

static void put_table(GString *out, const Unit *unit)
{
	const LayoutTable *table = &unit->table;

	put_text(out, table->dataset);
	put_text(out, table->path == unit->path ? NULL : table->path);
	put_text(out, table->schema);
	put_digest(out, table->schema_digest);
	put_number(out, table->kind);
	put_number(out, (unsigned)table->allow_breaking |
				(unsigned)(strcmp(table->drift_policy, "heal") == 0) << 1);
}

static void put_unit(GString *out, const Unit *unit)
{
	put_number(out, unit->kind);
	put_ids(out, unit->ids);
	put_text(out, unit->path);
	put_text(out, unit->flow.id);
	if (unit->flow.id != NULL)
		put_flow(out, unit);
	put_text(out, unit->table.name);
	if (unit->table.name != NULL)
		put_table(out, unit);
	put_diagnostics(out, unit->diagnostics);
}

// ---- Reading: every step looks where the end is, and after a fault gives nothing more.

typedef struct Reader {
	const uint8_t *at, *end;
	bool bad;
} Reader;

static uint64_t get_number(Reader *in)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (in->at == in->end)
			break;
		byte = *in->at++;
		number |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return number;
	}
	in->bad = true;
	return 0;
}

static void get_bytes(Reader *in, void *bytes, size_t length)
{
	if ((size_t)(in->end - in->at) < length) {
		in->bad = true;
		memset(bytes, 0, length);
		return;
	}
	memcpy(bytes, in->at, length);
	in->at += length;
}

// Points into the entry.
static const char *get_text(Reader *in)
{
	uint64_t length = get_number(in);
	const char *text = (const char *)in->at;

	if (length == 0 || in->bad)
		return NULL;
	if ((uint64_t)(in->end - in->at) < length || in->at[length - 1] != '\0') {
		in->bad = true;
		return NULL;
	}
	in->at += length;
	return text;
}

static json_t *get_json(Reader *in)
{
	const char *text = get_text(in);
	json_t *value = text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);

	if (value == NULL) {
		in->bad = true;
		return json_object();
	}
	return value;
}

static DiagnosticList *get_diagnostics(Reader *in)
{
	uint64_t length = get_number(in);
	DiagnosticList *list = length == 0 ? NULL : diagnostic_list_new();

	for (uint64_t i = 0; i < length && !in->bad; i++) {
		const char *file = get_text(in);
		unsigned line = (unsigned)get_number(in);
		unsigned column = (unsigned)get_number(in);
		DiagnosticSeverity severity =
			get_number(in) == DIAGNOSTIC_ERROR ? DIAGNOSTIC_ERROR : DIAGNOSTIC_WARNING;
		const char *code = get_text(in);
		const char *hint = get_text(in);
		const char *message = get_text(in);

		if (file != NULL && code != NULL && message != NULL)
			diagnostic_add(list, file, line, column, severity, g_intern_string(code),
				hint, "%s", message);
	}
	return list;
}

static void get_digest(Reader *in, char digest[SHA256_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[SHA256_TEXT_SIZE / 2];

	*digest = '\0';
	if (get_number(in) == 0)
		return;
	get_bytes(in, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		digest[2 * i] = digits[bytes[i] >> 4];
		digest[2 * i + 1] = digits[bytes[i] & 15];
	}
	digest[SHA256_TEXT_SIZE - 1] = '\0';
}

static void get_ids(Reader *in, SourceId ids[3])
{
	uint64_t present = get_number(in);

	memset(ids, 0, 3 * sizeof(SourceId));
	for (unsigned i = 0; i < 3; i++) {
		if ((present & 1u << i) != 0)
			get_bytes(in, &ids[i], sizeof(ids[i]));
	}
}

// What is put on a unit after it is made.
typedef struct Late {
	unsigned line, kind, feed, flags;
	char digest[65];
	char schema_digest[65];
	unsigned table_flags;
	LayoutTableKind table_kind;
} Late;

static void get_references(Reader *in, UnitParts *parts)
{
	uint64_t count = get_number(in);

	for (uint64_t i = 0; i < count && !in->bad; i++) {
		LayoutReference reference = {.table = get_text(in), .connection = get_text(in)};

		reference.line = (unsigned)get_number(in);
		reference.column = (unsigned)get_number(in);
		if (reference.table == NULL || reference.connection == NULL)
			in->bad = true;
		g_array_append_val(parts->references, reference);
	}
	if (count > 0)
		parts->references_path = get_text(in);
}

static void get_flow(Reader *in, UnitParts *parts, Late *late)
{
	uint64_t count;

	parts->namespace = get_text(in);
	parts->target = get_text(in);
	parts->connection = get_text(in);
	late->line = (unsigned)get_number(in);
	late->kind = (unsigned)get_number(in);
	late->feed = (unsigned)get_number(in);
	late->flags = (unsigned)get_number(in);
	get_digest(in, late->digest);
	count = get_number(in);
	for (uint64_t i = 0; i < count && !in->bad; i++) {
		const char *name = get_text(in);
		unsigned line = (unsigned)get_number(in);
		bool starts = get_number(in) != 0;

		if (name == NULL)
			in->bad = true;
		g_ptr_array_add(parts->reads, (char *)(uintptr_t)name);
		g_array_append_val(parts->read_lines, line);
		g_array_append_val(parts->read_starts, starts);
	}
	count = get_number(in);
	for (uint64_t i = 0; i < count && !in->bad; i++) {
		const char *name = get_text(in);

		if (name == NULL)
			in->bad = true;
		g_ptr_array_add(parts->writes, (char *)(uintptr_t)name);
	}
	get_references(in, parts);
}

static void get_table(Reader *in, UnitParts *parts, Late *late)
{
	parts->dataset = get_text(in);
	parts->schema_path = get_text(in);
	parts->schema = get_text(in);
	get_digest(in, late->schema_digest);
	late->table_kind = get_number(in) == LAYOUT_VIEW ? LAYOUT_VIEW : LAYOUT_TABLE;
	late->table_flags = (unsigned)get_number(in);
	if (parts->dataset == NULL)
		in->bad = true;
}

static void apply_late(Unit *unit, const Late *late)
{
	unit->flow.line = late->line;
	unit->flow.kind = late->kind;
	unit->flow.feed = late->feed;
	unit->flow.opaque = (late->flags & 1) != 0;
	unit->flow.disabled = (late->flags & 2) != 0;
	unit->flow.manual = (late->flags & 4) != 0;
	unit->flow.blob = unit->ids[0];
	memcpy(unit->flow.digest, late->digest, sizeof(late->digest));
	unit->flow.digest[64] = '\0';
	unit->table.kind = late->table_kind;
	unit->table.allow_breaking = (late->table_flags & 1) != 0;
	unit->table.drift_policy = (late->table_flags & 2) != 0 ? "heal" : "report";
	memcpy(unit->table.schema_digest, late->schema_digest, sizeof(late->schema_digest));
	unit->table.schema_digest[64] = '\0';
}

// Lists that are used for one unit after the other.
typedef struct Scratch {
	GPtrArray *reads, *writes;
	GArray *lines, *starts, *references;
} Scratch;

static void scratch_begin(Scratch *scratch)
{
	scratch->reads = g_ptr_array_new();
	scratch->writes = g_ptr_array_new();
	scratch->lines = g_array_new(FALSE, FALSE, sizeof(unsigned));
	scratch->starts = g_array_new(FALSE, FALSE, sizeof(bool));
	scratch->references = g_array_new(FALSE, FALSE, sizeof(LayoutReference));
}

static void scratch_end(Scratch *scratch)
{
	g_ptr_array_unref(scratch->reads);
	g_ptr_array_unref(scratch->writes);
	g_array_unref(scratch->lines);
	g_array_unref(scratch->starts);
	g_array_unref(scratch->references);
}

static Unit *get_unit(Reader *in, const DomainConfig *config, Scratch *scratch)
{
	UnitParts parts = {.kind = (UnitKind)get_number(in),
		.reads = scratch->reads,
		.writes = scratch->writes,
		.read_lines = scratch->lines,
		.read_starts = scratch->starts,
		.references = scratch->references};
	Late late = {.line = 1};
	SourceId ids[3];
	DiagnosticList *diagnostics;
	Unit *unit;

	g_ptr_array_set_size(scratch->reads, 0);
	g_ptr_array_set_size(scratch->writes, 0);
	g_array_set_size(scratch->lines, 0);
	g_array_set_size(scratch->starts, 0);
	g_array_set_size(scratch->references, 0);
	get_ids(in, ids);
	parts.path = get_text(in);
	parts.id = get_text(in);
	if (parts.id != NULL)
		get_flow(in, &parts, &late);
	parts.table = get_text(in);
	if (parts.table != NULL)
		get_table(in, &parts, &late);
	diagnostics = get_diagnostics(in);
	if (in->bad || parts.path == NULL || parts.kind > UNIT_SET || late.feed > FEED_SCRIPT ||
		late.kind > LAYOUT_FLOW_SET) {
		in->bad = true;
		diagnostic_list_free(diagnostics);
		return NULL;
	}
	unit = unit_new(config, &parts);
	memcpy(unit->ids, ids, sizeof(ids));
	unit->kept = true;
	unit->diagnostics = diagnostics;
	apply_late(unit, &late);
	return unit;
}

// ---- Entries: the version, the digest of what follows, and that.

static void put_entry(LayoutLoad *load, const char *kind, const char *key, const GString *body)
{
	g_autoptr(GString) entry = g_string_sized_new(body->len + 128);
	char digest[SHA256_TEXT_SIZE];

	sha256_text(body->str, body->len, digest);
	put_bytes(entry, entry_version(load), VERSION_SIZE);
	put_bytes(entry, digest, sizeof(digest));
	put_bytes(entry, body->str, body->len);
	load->cache->put(load->cache->data, kind, key, entry->str, entry->len);
}

static GBytes *get_entry(LayoutLoad *load, const char *kind, const char *key, Reader *in)
{
	GBytes *entry = load->cache->get(load->cache->data, kind, key);
	char digest[SHA256_TEXT_SIZE];
	size_t length;
	const uint8_t *bytes;

	if (entry == NULL)
		return NULL;
	bytes = g_bytes_get_data(entry, &length);
	if (length >= VERSION_SIZE + sizeof(digest) &&
		memcmp(bytes, entry_version(load), VERSION_SIZE) == 0) {
		in->at = bytes + VERSION_SIZE + sizeof(digest);
		in->end = bytes + length;
		sha256_text(in->at, (size_t)(in->end - in->at), digest);
		if (memcmp(digest, bytes + VERSION_SIZE, sizeof(digest)) == 0)
			return entry;
	}
	g_bytes_unref(entry);
	return NULL;
}

static void put_config(GString *out, const DomainData *data)
{
	const DomainConfig *config = &data->config;

	put_text(out, data->project->digest);
	put_text(out, config->context);
	put_bytes(out, &data->open.tree, sizeof(SourceId));
	put_bytes(out, &data->yaml_id, sizeof(SourceId));
	put_bytes(out, &config->scripts_id, sizeof(SourceId));
	put_text(out, config->name);
	put_text(out, config->scripts_tree);
	put_text(out, config->connection);
	put_text(out, config->dataset);
	put_json(out, config->settings);
	put_json(out, config->variables);
	put_number(out, config->feed);
	put_number(out, (unsigned)config->allow_raw | (unsigned)config->allow_breaking << 1 |
				(unsigned)(strcmp(config->drift, "heal") == 0) << 2);
	put_number(out, data->entries);
	put_number(out, data->scripts_entries);
	put_number(out, data->consumers == NULL ? 0 : g_strv_length(data->consumers) + 1);
	for (char **name = data->consumers; name != NULL && *name != NULL; name++)
		put_text(out, *name);
	put_number(out, data->places->len);
	for (guint i = 0; i < data->places->len; i++) {
		const Place *place = &g_array_index(data->places, Place, i);

		put_text(out, place->name);
		put_bytes(out, &place->id, sizeof(SourceId));
		put_number(out, place->twin);
	}
}

static GRefString *get_shared(Reader *in)
{
	const char *text = get_text(in);

	if (text == NULL)
		in->bad = true;
	return g_ref_string_new(text == NULL ? "" : text);
}

static void get_consumers(Reader *in, DomainData *data)
{
	uint64_t count = get_number(in);
	GPtrArray *names;

	if (count == 0 || in->bad)
		return;
	names = g_ptr_array_new();
	for (uint64_t i = 1; i < count && !in->bad; i++) {
		const char *name = get_text(in);

		g_ptr_array_add(names, g_strdup(name == NULL ? "" : name));
	}
	g_ptr_array_add(names, NULL);
	data->consumers = (GStrv)g_ptr_array_free(names, FALSE);
}

static void get_places(Reader *in, DomainData *data)
{
	uint64_t count = get_number(in);

	for (uint64_t i = 0; i < count && !in->bad; i++) {
		Place place = {.name = g_strdup(get_text(in))};

		get_bytes(in, &place.id, sizeof(place.id));
		place.twin = get_number(in) != 0;
		in->bad = in->bad || place.name == NULL;
		g_array_append_val(data->places, place);
	}
}

static void get_config(Reader *in, DomainData *data)
{
	DomainConfig *config = &data->config;
	const char *tree;
	uint64_t feed;
	unsigned flags;

	tree = get_text(in);
	g_strlcpy(config->scripts_tree, tree == NULL ? "" : tree, sizeof(config->scripts_tree));
	config->connection = get_shared(in);
	config->dataset = get_shared(in);
	config->settings = get_json(in);
	config->variables = get_json(in);
	feed = get_number(in);
	config->feed = feed > FEED_SCRIPT ? FEED_SCRIPT : (LayoutFeed)feed;
	flags = (unsigned)get_number(in);
	config->allow_raw = (flags & 1) != 0;
	config->allow_breaking = (flags & 2) != 0;
	config->drift = (flags & 4) != 0 ? "heal" : "report";
	data->entries = (unsigned)get_number(in);
	data->scripts_entries = (unsigned)get_number(in);
	get_consumers(in, data);
	get_places(in, data);
}

static void get_units(Reader *in, DomainData *data)
{
	uint64_t count = get_number(in);
	Scratch scratch;

	scratch_begin(&scratch);
	for (uint64_t i = 0; i < count && !in->bad; i++) {
		Unit *unit = get_unit(in, &data->config, &scratch);

		if (unit != NULL)
			g_ptr_array_add(data->units, unit);
	}
	scratch_end(&scratch);
}

static DomainData *get_domain(Reader *in, LayoutLoad *load, const char *path, const SourceId *tree)
{
	ProjectConfig *project = load->layout->project;
	const char *digest = get_text(in);
	const char *context = get_text(in);
	SourceId ids[3];
	const char *name;
	g_autoptr(DomainData) data = NULL;
	g_autoptr(DiagnosticList) own = NULL;

	get_bytes(in, ids, sizeof(ids));
	name = get_text(in);
	if (in->bad || name == NULL || context == NULL || g_strcmp0(digest, project->digest) != 0 ||
		(tree != NULL && !source_id_equal(&ids[0], tree)))
		return NULL;
	data = domain_data_new(project, name, path);
	data->open.tree = ids[0];
	data->yaml_id = ids[1];
	data->config.scripts_id = ids[2];
	g_strlcpy(data->config.context, context, sizeof(data->config.context));
	get_config(in, data);
	own = get_diagnostics(in);
	diagnostic_list_append(data->local, own);
	get_units(in, data);
	domain_data_sort(data);
	data->stored = true;
	return in->bad ? NULL : g_steal_pointer(&data);
}

DomainData *domain_restore(LayoutLoad *load, const char *path, const SourceId *tree)
{
	Reader in = {0};
	g_autoptr(GBytes) entry = NULL;

	if (load->cache == NULL || load->previous != NULL)
		return NULL;
	entry = get_entry(load, "domain", path, &in);
	return entry == NULL ? NULL : get_domain(&in, load, path, tree);
}

static void store_whole(LayoutLoad *load, DomainData *data)
{
	g_autoptr(GString) body = g_string_sized_new(1024 + data->units->len * 448);

	put_config(body, data);
	put_diagnostics(body, data->local);
	put_number(body, data->units->len);
	for (guint i = 0; i < data->units->len; i++) {
		Unit *unit = data->units->pdata[i];

		put_unit(body, unit);
		unit->kept = true;
	}
	put_entry(load, "domain", data->config.path, body);
	data->unstored = 0;
}

void domain_store(LayoutLoad *load, DomainData *data, const DomainData *previous)
{
	unsigned parsed = data->unstored;

	if (load->cache == NULL || data->spoilt || data->cut || source_id_is_zero(&data->open.tree))
		return;
	data->unstored += previous == NULL ? 0 : previous->unstored;
	if (previous == NULL || data->unstored > 16 + data->units->len / 16 ||
		strcmp(previous->config.context, data->config.context) != 0) {
		store_whole(load, data);
		return;
	}
	for (guint i = 0; parsed > 0 && i < data->units->len; i++) {
		Unit *unit = data->units->pdata[i];

		if (!unit->kept)
			unit_store(load, &data->config, unit);
		unit->kept = true;
	}
}

// A written flow's second id is looked at after reading: it counts only when the flow sees files.
static char *unit_key(
	const DomainConfig *config, const char *path, UnitKind kind, const SourceId ids[3])
{
	char texts[3][41];

	if (kind == UNIT_FLOW) {
		source_id_text(&ids[0], texts[0]);
		return g_strdup_printf("%s:%.16s:%s", texts[0], config->context, path);
	}
	for (unsigned i = 0; i < 3; i++)
		source_id_text(&ids[i], texts[i]);
	return g_strdup_printf(
		"%s:%s:%s:%.16s:%s", texts[0], texts[1], texts[2], config->context, path);
}

void unit_store(LayoutLoad *load, const DomainConfig *config, const Unit *unit)
{
	g_autoptr(GString) body = g_string_new(NULL);
	g_autofree char *key = unit_key(config, unit->path, unit->kind, unit->ids);

	put_unit(body, unit);
	put_entry(load, "file", key, body);
}

Unit *unit_restore(LayoutLoad *load, const DomainConfig *config, const char *path, UnitKind kind,
	const SourceId ids[3])
{
	g_autofree char *key = unit_key(config, path, kind, ids);
	Reader in = {0};
	g_autoptr(GBytes) entry = get_entry(load, "file", key, &in);
	Scratch scratch;
	Unit *unit;

	if (entry == NULL)
		return NULL;
	scratch_begin(&scratch);
	unit = get_unit(&in, config, &scratch);
	scratch_end(&scratch);
	return unit;
}
