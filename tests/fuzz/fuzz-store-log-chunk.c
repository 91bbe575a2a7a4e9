// Stored bytes of a log chunk, which may be damaged: the first byte is the codec, then comes what is stored.
#include "store/log_chunk.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check_line(const StoreLogLine *line, void *data)
{
	size_t *total = data;

	*total += line->length;
	if (line->text[line->length] != '\0' || strlen(line->task_run_id) > 26)
		g_error("a line is not ended");
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t sizes[] = {0, 100, 65536};
	size_t total = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GBytes) bytes =
			log_chunk_unpack(data[0] & 1, data + 1, size - 1, sizes[i]);
		bool stopped;

		if (bytes != NULL)
			log_chunk_visit(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
				check_line, &total, &stopped);
	}
	return 0;
}
