#include "store/log_chunk.h"

#include <string.h>
#include <zlib.h>

enum {
	TASK_RUN_ID = 26,
	LEFT_OUT = 0x80,
	WORTH_PACKING = 512, // smaller chunks cost more to pack than they save
};

void log_chunk_init(LogChunk *chunk)
{
	*chunk = (LogChunk){
		.bytes = g_byte_array_new(),
		.task_runs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
}

void log_chunk_clear(LogChunk *chunk)
{
	g_clear_pointer(&chunk->bytes, g_byte_array_unref);
	g_clear_pointer(&chunk->task_runs, g_hash_table_destroy);
}

static void put_number(GByteArray *bytes, uint64_t number)
{
	guint8 buffer[10];
	unsigned length = 0;

	do {
		buffer[length] = (guint8)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
		length++;
		number >>= 7;
	} while (number > 0);
	g_byte_array_append(bytes, buffer, length);
}

static uint64_t zigzag(int64_t number)
{
	return ((uint64_t)number << 1) ^ (uint64_t)(number < 0 ? -1 : 0);
}

static int64_t unzigzag(uint64_t number)
{
	return (int64_t)((number >> 1) ^ (~(number & 1) + 1));
}

static void put_task_run(LogChunk *chunk, const char *id)
{
	unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(chunk->task_runs, id));
	const guint8 padding[TASK_RUN_ID] = {0};
	const size_t length = MIN(strlen(id), TASK_RUN_ID);

	if (number != 0 && number == chunk->last) {
		put_number(chunk->bytes, 0);
		return;
	}
	chunk->last = number;
	if (number != 0) {
		put_number(chunk->bytes, number);
		return;
	}
	number = g_hash_table_size(chunk->task_runs) + 1;
	g_hash_table_insert(chunk->task_runs, g_strdup(id), GUINT_TO_POINTER(number));
	chunk->last = number;
	g_strlcpy(chunk->only, number == 1 ? id : "", sizeof(chunk->only));
	put_number(chunk->bytes, number);
	g_byte_array_append(chunk->bytes, (const guint8 *)id, (guint)length);
	g_byte_array_append(chunk->bytes, padding, (guint)(TASK_RUN_ID - length));
}

void log_chunk_add(LogChunk *chunk, const char *task_run_id, int64_t attempt, LogLevel level,
	int64_t at, const char *text, size_t length, int64_t left_out)
{
	const guint8 first = (guint8)((unsigned)level | (left_out > 0 ? LEFT_OUT : 0U));

	g_byte_array_append(chunk->bytes, &first, 1);
	put_number(chunk->bytes, (uint64_t)attempt);
	put_number(chunk->bytes, zigzag((int64_t)((uint64_t)at - (uint64_t)chunk->at)));
	put_task_run(chunk, task_run_id);
	put_number(chunk->bytes, left_out > 0 ? (uint64_t)left_out : length);
	if (left_out <= 0)
		g_byte_array_append(chunk->bytes, (const guint8 *)text, (guint)length);
	chunk->at = at;
	chunk->lines++;
	chunk->level = MAX(chunk->level, level);
}

GBytes *log_chunk_pack(const LogChunk *chunk, int *ret_codec)
{
	const size_t length = chunk->bytes->len;
	z_stream stream = {0};
	g_autofree guint8 *packed = NULL;

	*ret_codec = LOG_CODEC_PLAIN;
	if (length < WORTH_PACKING || deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS,
					      MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return g_bytes_new(chunk->bytes->data, length);
	packed = g_malloc(length);
	stream.next_in = chunk->bytes->data;
	stream.avail_in = (uInt)length;
	stream.next_out = packed;
	stream.avail_out = (uInt)length;
	if (deflate(&stream, Z_FINISH) == Z_STREAM_END)
		*ret_codec = LOG_CODEC_DEFLATE;
	deflateEnd(&stream);
	if (*ret_codec == LOG_CODEC_PLAIN)
		return g_bytes_new(chunk->bytes->data, length);
	return g_bytes_new_take(g_steal_pointer(&packed), stream.total_out);
}

GBytes *log_chunk_unpack(int codec, const void *data, size_t length, int64_t size)
{
	z_stream stream = {0};
	g_autofree guint8 *bytes = NULL;
	int code;

	if (codec == LOG_CODEC_PLAIN)
		return g_bytes_new(data, length);
	if (codec != LOG_CODEC_DEFLATE || size < 0 || size > LOG_CHUNK_MAX ||
		length > LOG_CHUNK_MAX || inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return NULL;
	bytes = g_malloc((size_t)size + 1);
	stream.next_in = (z_const Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)length;
	stream.next_out = bytes;
	stream.avail_out = (uInt)size + 1;
	code = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if (code != Z_STREAM_END || stream.total_out != (uLong)size)
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&bytes), (size_t)size);
}

typedef struct {
	const guint8 *at;
	const guint8 *end;
	GPtrArray *task_runs; // char[27]
	unsigned last;
} Reader;

static bool get_number(Reader *reader, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		guint8 byte;

		if (reader->at == reader->end)
			return false;
		byte = *reader->at++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

static bool get_task_run(Reader *reader, const char **ret_id)
{
	uint64_t number;

	if (!get_number(reader, &number))
		return false;
	if (number == 0)
		number = reader->last;
	if (number == 0 || number > reader->task_runs->len + 1)
		return false;
	if (number == reader->task_runs->len + 1) {
		if (reader->end - reader->at < TASK_RUN_ID)
			return false;
		g_ptr_array_add(
			reader->task_runs, g_strndup((const char *)reader->at, TASK_RUN_ID));
		reader->at += TASK_RUN_ID;
	}
	reader->last = (unsigned)number;
	*ret_id = reader->task_runs->pdata[number - 1];
	return true;
}

// Reads one record; its text is copied to text, which gets a NUL.
static bool get_record(Reader *reader, StoreLogLine *line, GString *text)
{
	uint64_t attempt;
	uint64_t elapsed;
	uint64_t length;
	guint8 first;

	if (reader->at == reader->end)
		return false;
	first = *reader->at++;
	line->level = (LogLevel)(first & 0x7f);
	if (line->level >= LOG_LEVELS || !get_number(reader, &attempt) ||
		!get_number(reader, &elapsed) || !get_task_run(reader, &line->task_run_id) ||
		!get_number(reader, &length))
		return false;
	line->attempt = (int64_t)attempt;
	line->at = (int64_t)((uint64_t)line->at + (uint64_t)unzigzag(elapsed));
	line->left_out = 0;
	if ((first & LEFT_OUT) != 0) {
		line->left_out = (int64_t)(length & INT64_MAX);
		g_string_printf(text, "%" G_GINT64_FORMAT " bytes left out", line->left_out);
	} else {
		if (length > (uint64_t)(reader->end - reader->at))
			return false;
		g_string_truncate(text, 0);
		g_string_append_len(text, (const char *)reader->at, (gssize)length);
		reader->at += length;
	}
	line->text = text->str;
	line->length = text->len;
	return true;
}

bool log_chunk_visit(const void *data, size_t length,
	bool (*visit)(const StoreLogLine *line, void *data), void *user_data, bool *ret_stopped)
{
	g_autoptr(GPtrArray) task_runs = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) text = g_string_new(NULL);
	// An empty chunk may have no bytes at all to point at.
	Reader reader = {data, length == 0 ? data : (const guint8 *)data + length, task_runs, 0};
	StoreLogLine line = {0};

	*ret_stopped = false;
	while (reader.at < reader.end) {
		if (!get_record(&reader, &line, text))
			return false;
		if (!visit(&line, user_data)) {
			*ret_stopped = true;
			return true;
		}
	}
	return true;
}
