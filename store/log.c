// Collecting the lines of a run, and writing them as chunks.
#include "store/log.h"

#include "store/internal.h"
#include "store/log_chunk.h"

#include <string.h>

// A chunk that is closed, packed by the thread that filled it.
typedef struct {
	int64_t number; // 0 until it is written
	char task_run_id[27]; // "": several
	bool single;
	int64_t lines;
	int64_t bytes;
	LogLevel level;
	int codec;
	GBytes *data;
} Packed;

struct StoreLog {
	Store *store;
	char run_id[27];
	int64_t limit;
	pthread_mutex_t mutex; // of the below
	LogChunk open;
	GPtrArray *closed; // Packed, to be written
	GPtrArray *written; // Packed, in a transaction that is not committed yet
	size_t pending;
	int64_t next; // number of the next chunk
};

static void packed_free(gpointer data)
{
	Packed *packed = data;

	g_bytes_unref(packed->data);
	g_free(packed);
}

StoreLog *store_log_open(Store *store, const char *run_id, int64_t limit, GError **error)
{
	int64_t last = 0;
	StoreLog *log;

	if (!statement_int64(
		    store, STATEMENT_LOG_LAST, DB_VALUES(DB_TEXT(run_id)), 0, &last, error))
		return NULL;
	log = g_new0(StoreLog, 1);
	log->store = store;
	log->limit = limit > 0 ? limit : STORE_LOG_LIMIT;
	log->next = last + 1;
	log->closed = g_ptr_array_new_with_free_func(packed_free);
	log->written = g_ptr_array_new_with_free_func(packed_free);
	g_strlcpy(log->run_id, run_id, sizeof(log->run_id));
	pthread_mutex_init(&log->mutex, NULL);
	return log;
}

void store_log_close(StoreLog *log)
{
	if (log == NULL)
		return;
	log_chunk_clear(&log->open);
	g_ptr_array_unref(log->closed);
	g_ptr_array_unref(log->written);
	pthread_mutex_destroy(&log->mutex);
	g_free(log);
}

void store_log_task_init(StoreLogTask *task, const char *task_run_id, int64_t attempt)
{
	*task = (StoreLogTask){.attempt = attempt};
	g_strlcpy(task->task_run_id, task_run_id != NULL ? task_run_id : "",
		sizeof(task->task_run_id));
}

// With the mutex held.
static void close_chunk(StoreLog *log)
{
	Packed *packed;

	if (log->open.bytes == NULL)
		return;
	packed = g_new0(Packed, 1);
	packed->lines = log->open.lines;
	packed->bytes = log->open.bytes->len;
	packed->level = log->open.level;
	packed->single = log->open.only[0] != '\0';
	g_strlcpy(packed->task_run_id, log->open.only, sizeof(packed->task_run_id));
	packed->data = log_chunk_pack(&log->open, &packed->codec);
	g_ptr_array_add(log->closed, packed);
	log_chunk_clear(&log->open);
}

static void add_record(StoreLog *log, const StoreLogTask *task, LogLevel level, int64_t at,
	const char *text, size_t length, int64_t left_out)
{
	if (log->open.bytes == NULL)
		log_chunk_init(&log->open);
	log_chunk_add(
		&log->open, task->task_run_id, task->attempt, level, at, text, length, left_out);
	log->pending += length + 32;
	if (log->open.bytes->len >= LOG_CHUNK_BYTES)
		close_chunk(log);
}

// Cut at a whole character; what is cut counts as left out.
static size_t cut_line(StoreLogTask *task, const char *text, size_t length)
{
	size_t cut = STORE_LOG_LINE;

	if (length <= STORE_LOG_LINE)
		return length;
	while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	task->left_out += (int64_t)(length - cut);
	return cut;
}

size_t store_log_append(StoreLog *log, StoreLogTask *task, LogLevel level, int64_t at,
	const char *text, size_t length)
{
	g_autofree char *valid = NULL;
	size_t pending;

	if (task->bytes >= log->limit) {
		task->left_out += (int64_t)length;
		return store_log_pending(log);
	}
	if (!g_utf8_validate_len(text, length, NULL)) {
		text = valid = g_utf8_make_valid(text, (gssize)length);
		length = strlen(valid);
	}
	length = cut_line(task, text, length);
	task->bytes += (int64_t)length;
	pthread_mutex_lock(&log->mutex);
	add_record(log, task, level, at, text, length, 0);
	pending = log->pending;
	pthread_mutex_unlock(&log->mutex);
	return pending;
}

void store_log_task_end(StoreLog *log, StoreLogTask *task, int64_t at)
{
	if (task->left_out == 0)
		return;
	pthread_mutex_lock(&log->mutex);
	add_record(log, task, LOG_LEVEL_WARN, at, "", 0, task->left_out);
	pthread_mutex_unlock(&log->mutex);
	task->left_out = 0;
}

size_t store_log_pending(StoreLog *log)
{
	size_t pending;

	pthread_mutex_lock(&log->mutex);
	pending = log->pending;
	pthread_mutex_unlock(&log->mutex);
	return pending;
}

static bool write_packed(StoreLog *log, const Packed *packed, GError **error)
{
	size_t length = 0;
	const void *data = g_bytes_get_data(packed->data, &length);

	return statement_run(log->store, STATEMENT_LOG_ADD,
		DB_VALUES(DB_TEXT(log->run_id), DB_INTEGER(packed->number),
			DB_TEXT(packed->single ? packed->task_run_id : NULL),
			DB_INTEGER(packed->lines), DB_INTEGER(packed->bytes),
			DB_INTEGER((int)packed->level), DB_INTEGER(packed->codec),
			DB_BLOB(data, length)),
		NULL, error);
}

// Moves what is pending to written, numbered.
static void take_pending(StoreLog *log)
{
	pthread_mutex_lock(&log->mutex);
	close_chunk(log);
	for (unsigned i = 0; i < log->closed->len; i++) {
		Packed *packed = log->closed->pdata[i];

		packed->number = log->next++;
		g_ptr_array_add(log->written, packed);
	}
	g_ptr_array_set_free_func(log->closed, NULL);
	g_ptr_array_set_size(log->closed, 0);
	g_ptr_array_set_free_func(log->closed, packed_free);
	log->pending = 0;
	pthread_mutex_unlock(&log->mutex);
}

bool store_log_flush(StoreLog *log, const StoreLease *lease, GError **error)
{
	g_autoptr(StoreTransaction) transaction = NULL;
	unsigned first = log->written->len;

	if (store_log_pending(log) == 0)
		return true;
	transaction = store_transaction_begin(log->store, error);
	if (transaction == NULL || !store_lease_check(log->store, lease, error))
		return false;
	take_pending(log);
	for (; first < log->written->len; first++) {
		if (!write_packed(log, log->written->pdata[first], error))
			return false;
	}
	log->store->topics |= STORE_TOPIC_LOG;
	return store_transaction_commit(transaction, error);
}

void store_log_flushed(StoreLog *log)
{
	g_ptr_array_set_size(log->written, 0);
}

void store_log_unflush(StoreLog *log)
{
	pthread_mutex_lock(&log->mutex);
	// Before what came in the meantime, with their numbers taken back.
	close_chunk(log);
	log->next -= log->written->len;
	for (unsigned i = 0; i < log->written->len; i++) {
		Packed *packed = log->written->pdata[i];

		log->pending += (size_t)packed->bytes;
		g_ptr_array_insert(log->closed, (int)i, packed);
	}
	g_ptr_array_set_free_func(log->written, NULL);
	g_ptr_array_set_size(log->written, 0);
	g_ptr_array_set_free_func(log->written, packed_free);
	pthread_mutex_unlock(&log->mutex);
}

// ---- Reading what is pending

typedef struct {
	LogLevel level;
	bool (*visit)(const StoreLogLine *line, void *data);
	void *data;
} PendingVisit;

static bool pending_visit(const StoreLogLine *line, void *data)
{
	const PendingVisit *visit = data;

	return line->level < visit->level || visit->visit(line, visit->data);
}

void store_log_read_pending(StoreLog *log, LogLevel level,
	bool (*visit)(const StoreLogLine *line, void *data), void *data)
{
	PendingVisit pending = {level, visit, data};
	bool stopped = false;

	pthread_mutex_lock(&log->mutex);
	for (unsigned i = 0; i < log->closed->len && !stopped; i++) {
		const Packed *packed = log->closed->pdata[i];
		size_t length = 0;
		const void *bytes = g_bytes_get_data(packed->data, &length);
		g_autoptr(GBytes) plain =
			log_chunk_unpack(packed->codec, bytes, length, packed->bytes);

		if (plain != NULL)
			log_chunk_visit(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain),
				pending_visit, &pending, &stopped);
	}
	if (!stopped && log->open.bytes != NULL)
		log_chunk_visit(log->open.bytes->data, log->open.bytes->len, pending_visit,
			&pending, &stopped);
	pthread_mutex_unlock(&log->mutex);
}
