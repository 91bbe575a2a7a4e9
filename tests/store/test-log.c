// Logs: lines in, lines out, whatever is in them; limits said honestly; damaged chunks refused.
#include "store/id.h"
#include "store/log_chunk.h"
#include "store/node.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <sqlite3.h>
#include <string.h>

static const char task_a[] = "01JD0000000000000000000000";
static const char task_b[] = "01JD0000000000000000000001";

typedef struct {
	Store *store;
	StoreLease lease;
	StoreLog *log;
} Scene;

static void scene_open(Scene *scene, Store *store, int64_t limit)
{
	GError *error = NULL;
	size_t count = 0;

	scene->store = store;
	temporary_node_put(store, "n");
	store_run_create(store, &(StoreRunNew){.namespace = "a", .flow = "b", .revision = 1}, NULL,
		NULL, &error);
	store_run_claim(store, "n", 1, &scene->lease, &count, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(count, ==, 1);
	scene->log = store_log_open(store, scene->lease.run_id, limit, &error);
	g_assert_no_error(error);
}

static void scene_close(Scene *scene)
{
	store_log_close(scene->log);
	store_close(scene->store);
}

static void flush(Scene *scene)
{
	GError *error = NULL;

	store_log_flush(scene->log, &scene->lease, &error);
	g_assert_no_error(error);
	store_log_flushed(scene->log);
}

static void append(Scene *scene, StoreLogTask *task, LogLevel level, int64_t at, const char *text)
{
	store_log_append(scene->log, task, level, at, text, strlen(text));
}

static bool collect(const StoreLogLine *line, void *data)
{
	g_string_append_printf(data, "%s %s/%d @%d %.40s%s\n", log_level_name(line->level),
		line->task_run_id[0] != '\0' ? line->task_run_id + 24 : "run", (int)line->attempt,
		(int)line->at, line->text, line->left_out > 0 ? " (!)" : "");
	return true;
}

static void assert_lines(Store *store, const StoreLogFilter *filter, const char *expected)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	GError *error = NULL;

	g_assert_true(store_log_read(store, filter, collect, lines, NULL, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(lines->str, ==, expected);
}

static void test_lines_come_back(void)
{
	Scene scene;
	StoreLogTask first;
	StoreLogTask second;
	StoreLogTask run;
	StoreLogFilter filter = {0};
	int64_t bytes = 0;
	int64_t lines = 0;

	scene_open(&scene, ephemeral_store_open(), 0);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&first, task_a, 1);
	store_log_task_init(&second, task_b, 2);
	store_log_task_init(&run, NULL, 0);
	append(&scene, &first, LOG_LEVEL_INFO, 1000, "begin");
	append(&scene, &second, LOG_LEVEL_ERROR, 900, "clock went back");
	append(&scene, &first, LOG_LEVEL_DEBUG, 1100, "");
	append(&scene, &run, LOG_LEVEL_WARN, 1200, "of the run");
	assert_lines(scene.store, &filter, "");
	flush(&scene);
	assert_lines(scene.store, &filter,
		"INFO 00/1 @1000 begin\nERROR 01/2 @900 clock went back\nDEBUG 00/1 @1100 \n"
		"WARN run/0 @1200 of the run\n");
	filter.task_run_id = task_a;
	assert_lines(scene.store, &filter, "INFO 00/1 @1000 begin\nDEBUG 00/1 @1100 \n");
	filter.level = LOG_LEVEL_INFO;
	assert_lines(scene.store, &filter, "INFO 00/1 @1000 begin\n");
	g_assert_true(store_log_size(scene.store, scene.lease.run_id, &bytes, &lines, NULL));
	g_assert_cmpint(lines, ==, 4);
	g_assert_cmpint(bytes, >, 0);
	scene_close(&scene);
}

static bool stop_at_once(const StoreLogLine *line, void *data)
{
	(void)line;
	(*(unsigned *)data)++;
	return false;
}

static void test_following_goes_on_where_it_was(void)
{
	Scene scene;
	StoreLogTask task;
	StoreLogFilter filter = {0};
	unsigned seen = 0;
	int64_t after = 0;

	scene_open(&scene, ephemeral_store_open(), 0);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&task, task_a, 1);
	append(&scene, &task, LOG_LEVEL_INFO, 1, "one");
	flush(&scene);
	g_assert_true(store_log_read(scene.store, &filter, stop_at_once, &seen, &after, NULL));
	g_assert_cmpint(after, ==, 0);
	g_assert_cmpuint(seen, ==, 1);
	{
		g_autoptr(GString) lines = g_string_new(NULL);

		g_assert_true(store_log_read(scene.store, &filter, collect, lines, &after, NULL));
		g_assert_cmpint(after, ==, 1);
	}
	filter.after = after;
	assert_lines(scene.store, &filter, "");
	append(&scene, &task, LOG_LEVEL_INFO, 2, "two");
	flush(&scene);
	assert_lines(scene.store, &filter, "INFO 00/1 @2 two\n");
	scene_close(&scene);
}

static void test_limit_is_honest(void)
{
	Scene scene;
	StoreLogTask task;
	StoreLogFilter filter = {0};

	scene_open(&scene, ephemeral_store_open(), 10);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&task, task_a, 1);
	append(&scene, &task, LOG_LEVEL_INFO, 1, "12345");
	append(&scene, &task, LOG_LEVEL_INFO, 1, "67890");
	append(&scene, &task, LOG_LEVEL_INFO, 1, "abc");
	append(&scene, &task, LOG_LEVEL_INFO, 1, "defg");
	store_log_task_end(scene.log, &task, 2);
	store_log_task_end(scene.log, &task, 3);
	flush(&scene);
	assert_lines(scene.store, &filter,
		"INFO 00/1 @1 12345\nINFO 00/1 @1 67890\nWARN 00/1 @2 7 bytes left out (!)\n");
	scene_close(&scene);
}

static bool check_long_line(const StoreLogLine *line, void *data)
{
	*(size_t *)data += line->left_out > 0 ? (size_t)line->left_out : line->length;
	g_assert_true(g_utf8_validate_len(line->text, line->length, NULL));
	return true;
}

static void test_long_and_broken_lines(void)
{
	Scene scene;
	StoreLogTask task;
	StoreLogFilter filter = {0};
	g_autoptr(GString) text = g_string_new("x");
	size_t total = 0;

	scene_open(&scene, ephemeral_store_open(), 0);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&task, task_a, 1);
	while (text->len < (size_t)2 * STORE_LOG_LINE)
		g_string_append(text, "é");
	store_log_append(scene.log, &task, LOG_LEVEL_INFO, 1, text->str, text->len);
	store_log_task_end(scene.log, &task, 2);
	flush(&scene);
	g_assert_true(
		store_log_read(scene.store, &filter, check_long_line, &total, &filter.after, NULL));
	g_assert_cmpuint(total, ==, text->len);
	append(&scene, &task, LOG_LEVEL_INFO, 3, "bad \xff\xfe byte");
	flush(&scene);
	assert_lines(scene.store, &filter, "INFO 00/1 @3 bad \xef\xbf\xbd\xef\xbf\xbd byte\n");
	scene_close(&scene);
}

static bool count_line(const StoreLogLine *line, void *data)
{
	unsigned *count = data;
	g_autofree char *expected = g_strdup_printf("line %u of very many", *count);

	g_assert_cmpstr(line->text, ==, expected);
	(*count)++;
	return true;
}

static void test_many_lines_are_packed(void)
{
	Scene scene;
	StoreLogTask task;
	StoreLogFilter filter = {0};
	unsigned count = 0;
	int64_t bytes = 0;
	int64_t lines = 0;

	scene_open(&scene, ephemeral_store_open(), 0);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&task, task_a, 1);
	for (unsigned i = 0; i < 20000; i++) {
		g_autofree char *text = g_strdup_printf("line %u of very many", i);

		append(&scene, &task, LOG_LEVEL_INFO, i, text);
	}
	g_assert_cmpuint(store_log_pending(scene.log), >, STORE_LOG_PENDING / 2);
	flush(&scene);
	g_assert_cmpuint(store_log_pending(scene.log), ==, 0);
	g_assert_true(store_log_read(scene.store, &filter, count_line, &count, NULL, NULL));
	g_assert_cmpuint(count, ==, 20000);
	g_assert_true(store_log_size(scene.store, scene.lease.run_id, &bytes, &lines, NULL));
	g_assert_cmpint(lines, ==, 20000);
	scene_close(&scene);
}

static void test_rolled_back_lines_are_pending_again(void)
{
	Scene scene;
	StoreLogTask task;
	StoreLogFilter filter = {0};

	scene_open(&scene, ephemeral_store_open(), 0);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&task, task_a, 1);
	append(&scene, &task, LOG_LEVEL_INFO, 1, "one");
	{
		g_autoptr(StoreTransaction) transaction =
			store_transaction_begin(scene.store, NULL);

		g_assert_nonnull(transaction);
		g_assert_true(store_log_flush(scene.log, &scene.lease, NULL));
	}
	append(&scene, &task, LOG_LEVEL_INFO, 2, "two");
	store_log_unflush(scene.log);
	flush(&scene);
	assert_lines(scene.store, &filter, "INFO 00/1 @1 one\nINFO 00/1 @2 two\n");
	scene_close(&scene);
}

static void test_old_lease_writes_no_lines(void)
{
	Scene scene;
	StoreLogTask task;
	StoreLease old;
	g_autofree char *text = NULL;
	GError *error = NULL;

	scene_open(&scene, ephemeral_store_open(), 0);
	old = scene.lease;
	old.token--;
	text = g_strdup_printf("run '%s' is no longer driven under lease %" G_GINT64_FORMAT,
		old.run_id, old.token);
	store_log_task_init(&task, task_a, 1);
	append(&scene, &task, LOG_LEVEL_INFO, 1, "late");
	g_assert_false(store_log_flush(scene.log, &old, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_FENCED, text);
	scene_close(&scene);
}

static void test_damaged_chunk_is_said(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	Scene scene;
	StoreLogTask task;
	StoreLogFilter filter = {0};
	sqlite3 *handle = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GString) lines = g_string_new(NULL);
	GError *error = NULL;

	scene_open(&scene, temporary_store_open(&place, STORE_READ_WRITE), 0);
	filter.run_id = scene.lease.run_id;
	store_log_task_init(&task, task_a, 1);
	append(&scene, &task, LOG_LEVEL_INFO, 1, "one");
	flush(&scene);
	g_assert_cmpint(sqlite3_open(place.path, &handle), ==, SQLITE_OK);
	g_assert_cmpint(
		sqlite3_exec(handle, "UPDATE log_chunk SET data = x'02ff'", NULL, NULL, NULL), ==,
		SQLITE_OK);
	sqlite3_close(handle);
	text = g_strdup_printf("log chunk 1 of run '%s' is damaged", scene.lease.run_id);
	g_assert_false(store_log_read(scene.store, &filter, collect, lines, NULL, &error));
	assert_error_text(error, DB_ERROR, DB_ERROR_CORRUPT, text);
	scene_close(&scene);
}

static bool ignore_line(const StoreLogLine *line, void *data)
{
	(void)line;
	(void)data;
	return true;
}

// Every prefix and every single changed byte of a chunk is read or refused, never worse.
static void test_every_damage_is_survived(void)
{
	LogChunk chunk;
	int codec = -1;
	g_autoptr(GBytes) packed = NULL;
	size_t length;
	const guint8 *bytes;

	log_chunk_init(&chunk);
	for (int i = 0; i < 40; i++)
		log_chunk_add(&chunk, i % 3 == 0 ? task_a : task_b, i, LOG_LEVEL_INFO,
			INT64_C(1732180000000000) + i, "a line of the log", 17, i % 7 == 0 ? 5 : 0);
	packed = log_chunk_pack(&chunk, &codec);
	g_assert_cmpint(codec, ==, LOG_CODEC_DEFLATE);
	bytes = g_bytes_get_data(packed, &length);
	for (size_t i = 0; i < length; i++) {
		g_autofree guint8 *damaged = g_memdup2(bytes, length);
		g_autoptr(GBytes) whole = NULL;
		g_autoptr(GBytes) prefix = NULL;
		bool stopped;

		damaged[i] ^= 0x5a;
		whole = log_chunk_unpack(codec, damaged, length, chunk.bytes->len);
		if (whole != NULL)
			log_chunk_visit(g_bytes_get_data(whole, NULL), g_bytes_get_size(whole),
				ignore_line, NULL, &stopped);
		prefix = log_chunk_unpack(codec, bytes, i, chunk.bytes->len);
		g_assert_null(prefix);
	}
	for (size_t i = 0; i < chunk.bytes->len; i++) {
		bool stopped;

		chunk.bytes->data[i] ^= 0x81;
		log_chunk_visit(chunk.bytes->data, chunk.bytes->len, ignore_line, NULL, &stopped);
		chunk.bytes->data[i] ^= 0x81;
		log_chunk_visit(chunk.bytes->data, i, ignore_line, NULL, &stopped);
	}
	log_chunk_clear(&chunk);
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/log/lines-come-back", test_lines_come_back},
	{"/store/log/following-goes-on-where-it-was", test_following_goes_on_where_it_was},
	{"/store/log/limit-is-honest", test_limit_is_honest},
	{"/store/log/long-and-broken-lines", test_long_and_broken_lines},
	{"/store/log/many-lines-are-packed", test_many_lines_are_packed},
	{"/store/log/rolled-back-lines-are-pending-again",
		test_rolled_back_lines_are_pending_again},
	{"/store/log/old-lease-writes-no-lines", test_old_lease_writes_no_lines},
	{"/store/log/damaged-chunk-is-said", test_damaged_chunk_is_said},
	{"/store/log/every-damage-is-survived", test_every_damage_is_survived},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
