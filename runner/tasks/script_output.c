#include "runner/tasks/script_output.h"

#include "store/log.h"
#include "store/state.h"

#include <string.h>

enum {
	LINE_LIMIT = STORE_LOG_LINE + TASK_LOG_SPARE, // longer lines are cut
	MARK_LIMIT = 1024 * 1024, // longest ::{…}:: line
	OUTPUTS_LIMIT = 8192 * 1024, // of all ::{…}:: lines together
	DEPTH_LIMIT = 200, // what is nested more deeply cannot be counted on to be read everywhere
};

static bool begins_mark(const GString *line)
{
	return line->len >= 3 && memcmp(line->str, "::{", 3) == 0;
}

static bool is_mark(const GString *line)
{
	return line->len > 5 && begins_mark(line) &&
	       memcmp(line->str + line->len - 3, "}::", 3) == 0;
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

static bool is_deeper(json_t *value, int limit)
{
	const char *name;
	json_t *child;
	size_t i;

	if (limit == 0)
		return true;
	json_object_foreach(value, name, child)
	{
		if (is_deeper(child, limit - 1))
			return true;
	}
	json_array_foreach(value, i, child)
	{
		if (is_deeper(child, limit - 1))
			return true;
	}
	return false;
}

// Why what stands between the colons is not taken; NULL: it is. Not in the words of the parser, which may hold part of a secret.
static char *mark_fault(const ScriptOutput *output, json_t *mark, const json_error_t *parsed)
{
	const json_t *outputs = json_object_get(mark, "outputs");

	if (mark == NULL)
		return g_strdup_printf("it is no JSON near column %d", parsed->position + 2);
	if (outputs != NULL && !json_is_object(outputs))
		return g_strdup("'outputs' is no object");
	if (is_deeper(mark, DEPTH_LIMIT))
		return g_strdup_printf("it is nested more than %d deep", DEPTH_LIMIT);
	if (output->vars_bytes > OUTPUTS_LIMIT)
		return g_strdup_printf("the task has given %d bytes of them", OUTPUTS_LIMIT);
	return NULL;
}

static void no_mark_warn(const ScriptOutput *output, const char *fault)
{
	task_context_log(output->context, TASK_LOG_WARN,
		"the next line begins with '::{' but gives no outputs: %s", fault);
}

// A line ::{…}:: gives outputs and logs. False: it is a line like others, and a warning says why.
static bool mark_take(ScriptOutput *output, const GString *line)
{
	json_error_t parsed = {0};
	json_t *mark = json_loadb(line->str + 2, line->len - 4, 0, &parsed);
	g_autofree char *fault = NULL;

	output->vars_bytes += line->len;
	fault = mark_fault(output, mark, &parsed);
	if (fault != NULL) {
		no_mark_warn(output, fault);
	} else {
		json_object_update(output->vars, json_object_get(mark, "outputs"));
		logs_take(output, json_object_get(mark, "logs"));
	}
	json_decref(mark);
	return fault == NULL;
}

static void line_end(ScriptOutput *output, int stream)
{
	ScriptStream *in = &output->streams[stream - 1];
	GString *line = in->line;
	TaskLogLevel level = stream == 1 ? TASK_LOG_INFO : TASK_LOG_ERROR;

	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	in->lines++;
	if (in->dropped > 0 && begins_mark(line))
		no_mark_warn(output, "it is longer than 1 MiB");
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
		size_t limit = begins_mark(in->line) ? MARK_LIMIT : LINE_LIMIT;
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
