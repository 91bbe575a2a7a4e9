#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/build/stage.h"
#include "runner/load/load_private.h"

enum {
	RAW_KEPT = 4096,
	ROWS_BETWEEN_LOOKS = 4096, // for a cancel
};

static void reject_free(void *data)
{
	LoadReject *reject = data;

	g_free(reject->column);
	g_free(reject->reason);
	g_free(reject->text);
	g_free(reject);
}

LoadSource *load_source_new(const LoadOptions *options)
{
	LoadSource *load = g_new0(LoadSource, 1);

	load->options = options;
	load->fd = -1;
	load->rejects = g_ptr_array_new_with_free_func(reject_free);
	return load;
}

void load_source_free(LoadSource *load)
{
	if (load == NULL)
		return;
	if (load->fd >= 0)
		close(load->fd);
	csv_reader_free(load->csv);
	line_reader_free(load->lines);
	json_line_clear(&load->json);
	for (unsigned i = 0; i < load->column_count; i++)
		convert_scratch_clear(&load->scratch[i]);
	g_free(load->columns);
	g_free(load->scratch);
	g_free(load->values);
	g_free(load->given);
	g_clear_pointer(&load->places, g_hash_table_unref);
	g_ptr_array_unref(load->rejects);
	g_free(load);
}

int64_t load_source_rejected(const LoadSource *load)
{
	return load->rejected;
}

const GPtrArray *load_source_rejects(const LoadSource *load)
{
	return load->rejects;
}

ssize_t load_read(void *data, char *buffer, size_t size, GError **error)
{
	LoadSource *load = data;
	ssize_t count;

	do
		count = read(load->fd, buffer, size);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot read '%s': %s",
			load->options->path, g_strerror(errno));
	return count;
}

static char *fault_place(const LoadFault *fault)
{
	if (fault->column == 0)
		return g_strdup_printf("line %" G_GUINT64_FORMAT, fault->line);
	if (fault->name == NULL)
		return g_strdup_printf(
			"line %" G_GUINT64_FORMAT ", column %u", fault->line, fault->column);
	return g_strdup_printf("line %" G_GUINT64_FORMAT ", column %u '%s'", fault->line,
		fault->column, fault->name);
}

static void keep_reject(LoadSource *load, const LoadFault *fault)
{
	LoadReject *reject;
	size_t length = MIN(fault->raw_length, RAW_KEPT);

	if (load->rejects->len >= LOAD_REJECTS_KEPT)
		return;
	reject = g_new0(LoadReject, 1);
	reject->line = fault->line;
	reject->column = g_strdup(fault->name);
	reject->reason = g_strdup(fault->reason);
	reject->text = g_utf8_make_valid(fault->raw, (gssize)length);
	g_ptr_array_add(load->rejects, reject);
}

bool load_refuse(LoadSource *load, const LoadFault *fault, GError **error)
{
	g_autofree char *place = fault_place(fault);

	load->rejected++;
	keep_reject(load, fault);
	if (!load->options->reject) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "%s: %s", place, fault->reason);
		return false;
	}
	if (load->options->max_bad_rows >= 0 && load->rejected > load->options->max_bad_rows) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"%" G_GINT64_FORMAT
			" rows are bad, more than max_bad_rows allows; the last one: %s: %s",
			load->rejected, place, fault->reason);
		return false;
	}
	return true;
}

static bool open_file(LoadSource *load, GError **error)
{
	struct stat status;

	load->fd = open(load->options->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (load->fd < 0 || fstat(load->fd, &status) < 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot open '%s': %s",
			load->options->path, g_strerror(errno));
		return false;
	}
	if (S_ISDIR(status.st_mode)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"cannot load '%s': it is a folder", load->options->path);
		return false;
	}
	posix_fadvise(load->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return true;
}

// Without a declared schema the table that is there says what the columns are.
static bool adopt_live(Build *build, GError **error)
{
	return build->declared || build_look(build, error);
}

static bool describe(Build *build, void *data, GError **error)
{
	LoadSource *load = data;

	if (!open_file(load, error) || !adopt_live(build, error))
		return false;
	return load->options->format == LOAD_CSV ? load_csv_describe(load, build, error)
						 : load_json_describe(load, build, error);
}

// Names of columns compare without regard to letter case, as in SQL.
static guint name_hash(gconstpointer name)
{
	guint hash = 5381;

	for (const char *p = name; *p != '\0'; p++)
		hash = hash * 33 + (guchar)g_ascii_tolower(*p);
	return hash;
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
	return g_ascii_strcasecmp(a, b) == 0;
}

static void prepare_columns(LoadSource *load, const Build *build)
{
	load->column_count = build->incoming->columns->len;
	load->columns = g_new0(const DbColumn *, load->column_count);
	load->scratch = g_new0(ConvertScratch, load->column_count);
	load->values = g_new0(DbValue, load->column_count);
	load->given = g_new0(bool, load->column_count);
	load->places = g_hash_table_new(name_hash, name_equal);
	for (unsigned i = 0; i < load->column_count; i++) {
		const DbColumn *column = build->incoming->columns->pdata[i];

		load->columns[i] = db_table_find(build->wanted, column->name);
		g_hash_table_insert(load->places, column->name, GUINT_TO_POINTER(i + 1));
	}
}

static DbStatement *prepare_insert(const Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	stage_append_insert(build, builder);
	sql_builder_append(builder, "VALUES (");
	for (unsigned i = 0; i < build->incoming->columns->len; i++)
		sql_builder_printf(builder, "%s$%u", i > 0 ? ", " : "", i + 1);
	sql_builder_append(builder, ")");
	return db_prepare(build->connection, builder->sql->str, error);
}

static bool is_cancelled(const Build *build, GError **error)
{
	const BuildRequest *request = build->request;

	if (request->cancelled == NULL || !request->cancelled(request->data))
		return false;
	g_set_error_literal(error, TASK_ERROR, TASK_ERROR_CANCELLED, "cancelled");
	return true;
}

static bool insert_rows(LoadSource *load, Build *build, DbStatement *insert, GError **error)
{
	bool (*next)(LoadSource *, bool *, GError **) =
		load->options->format == LOAD_CSV ? load_csv_next : load_json_next;
	bool row = true;

	for (;;) {
		if (!next(load, &row, error))
			return false;
		if (!row)
			return true;
		if (!db_bind_all(insert, load->values, load->column_count, error) ||
			db_step(insert, error) != DB_STEP_DONE)
			return false;
		db_reset(insert);
		if (++load->loaded % ROWS_BETWEEN_LOOKS == 0 && is_cancelled(build, error))
			return false;
	}
}

static bool fill(Build *build, void *data, GError **error)
{
	LoadSource *load = data;
	g_autoptr(DbStatement) insert = NULL;

	prepare_columns(load, build);
	insert = prepare_insert(build, error);
	if (insert == NULL || !insert_rows(load, build, insert, error))
		return false;
	build->staged = load->loaded;
	build->rejected = load->rejected;
	return true;
}

BuildSource load_source_rows(LoadSource *load)
{
	return (BuildSource){.describe = describe, .fill = fill, .typed = true, .data = load};
}
