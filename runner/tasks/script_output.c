#include "runner/tasks/script_output.h"

#include "store/log.h"
#include "store/state.h"

#include <string.h>

enum {
	LINE_LIMIT = STORE_LOG_LINE + TASK_LOG_SPARE, // longer lines are cut
	MARK_LIMIT = 1024 * 1024, // longest ::{…}:: line
	OUTPUTS_LIMIT = 8192 * 1024, // of all ::{…}:: lines together
};

static bool is_mark(const GString *line)
{
	return line->len > 5 && strncmp(line->str, "::{", 3) == 0 &&
	       strcmp(line->str + line->len - 3, "}::") == 0;
}

static void logs_take(ScriptOutput *output, const json_t *logs)
{
	for (size_t i = 0; i < json_array_size(logs); i++) {
		const json_t *entry = json_array_get(logs, i);
		const char *message = json_string_value(json_object_get(entry, "message"));
		const char *name = json_string_value(json_object_get(entry, "level"));
		LogLevel level = LOG_LEVEL_INFO;

		if (name != NULL)
			log_level_parse(name, &level);
		if (message != NULL)
			task_context_log_text(
				output->context, (TaskLogLevel)level, message, strlen(message));
	}
}

static bool mark_take(ScriptOutput *output, const GString *line)
{
	json_t *mark = json_loadb(line->str + 2, line->len - 4, 0, NULL);

	if (!json_is_object(mark)) {
		json_decref(mark);
		return false;
	}
	output->vars_bytes += line->len;
	if (output->vars_bytes <= OUTPUTS_LIMIT)
		json_object_update(output->vars, json_object_get(mark, "outputs"));
	else
		task_context_log(output->context, TASK_LOG_WARN,
			"outputs past %d bytes are left out", OUTPUTS_LIMIT);
	logs_take(output, json_object_get(mark, "logs"));
	json_decref(mark);
	return true;
}

static void line_end(ScriptOutput *output, int stream)
{
	ScriptStream *in = &output->streams[stream - 1];
	GString *line = in->line;
	TaskLogLevel level = stream == 1 ? TASK_LOG_INFO : TASK_LOG_ERROR;

	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	in->lines++;
	if (in->dropped > 0)
		task_context_log_cut(output->context, level, line->str, line->len, in->dropped);
	else if (!is_mark(line) || !mark_take(output, line))
		task_context_log_text(output->context, level, line->str, line->len);
	g_string_truncate(line, 0);
	in->dropped = 0;
}

void script_output_take(int stream, const char *bytes, size_t length, void *data)
{
	ScriptOutput *output = data;
	ScriptStream *in = &output->streams[stream - 1];

	while (length > 0) {
		const char *end = memchr(bytes, '\n', length);
		size_t part = end == NULL ? length : (size_t)(end - bytes);
		size_t limit = in->line->len >= 3 && strncmp(in->line->str, "::{", 3) == 0
				       ? MARK_LIMIT
				       : LINE_LIMIT;
		size_t room = in->line->len < limit ? limit - in->line->len : 0;

		g_string_append_len(in->line, bytes, (gssize)MIN(part, room));
		in->dropped += part - MIN(part, room);
		if (end == NULL)
			return;
		line_end(output, stream);
		bytes = end + 1;
		length -= part + 1;
	}
}

void script_output_init(ScriptOutput *output, TaskContext *context)
{
	*output = (ScriptOutput){.context = context, .vars = json_object()};
	output->streams[0].line = g_string_new(NULL);
	output->streams[1].line = g_string_new(NULL);
}

void script_output_clear(ScriptOutput *output)
{
	g_string_free(output->streams[0].line, TRUE);
	g_string_free(output->streams[1].line, TRUE);
	json_decref(output->vars);
}

void script_output_end(ScriptOutput *output)
{
	for (int stream = 1; stream <= 2; stream++) {
		if (output->streams[stream - 1].line->len > 0 ||
			output->streams[stream - 1].dropped > 0)
			line_end(output, stream);
	}
}
