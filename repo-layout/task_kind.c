#include "repo-layout/task_kind.h"

#include "repo-layout/keys_task.h"

#include <stdint.h>
#include <string.h>

// clang-format off
const TaskKind task_kinds[] = {
	{"log", "Writes a line to the log", &keys_log, 0},
	{"return", "Gives a text as output", &keys_return, 0},
	{"fail", "Fails, always or when a condition holds", &keys_fail, 0},
	{"sleep", "Waits for a time", &keys_sleep, 0},
	{"labels", "Adds labels to the run", &keys_labels, 0},
	{"outputs", "Gives outputs", &keys_outputs, 0},
	{"sequential", "Runs tasks one after the other", &keys_sequential, TASK_CONTAINER},
	{"parallel", "Runs tasks at the same time", &keys_parallel, TASK_CONTAINER},
	{"foreach", "Runs tasks once for each value", &keys_foreach, TASK_CONTAINER | TASK_ITERATES},
	{"if", "Runs tasks when a condition holds", &keys_if, TASK_CONTAINER},
	{"switch", "Runs the tasks of one value", &keys_switch, TASK_CONTAINER},
	{"dag", "Runs tasks in the order that they depend on each other", &keys_dag, TASK_CONTAINER},
	{"subflow", "Runs another flow", &keys_subflow, 0},
	{"foreach-item", "Runs another flow for each batch of rows of a file", &keys_foreach_item, 0},
	{"pause", "Waits for someone, or for a time", &keys_pause, TASK_CONTAINER},
	{"loop-until", "Runs tasks until a condition holds", &keys_loop_until, TASK_CONTAINER | TASK_ITERATES},
	{"allow-failure", "Runs tasks; a failure inside is a warning", &keys_allow_failure, TASK_CONTAINER},
	{"working-directory", "Runs tasks in one folder", &keys_working_directory, TASK_CONTAINER | TASK_FILES},
	{"shell", "Runs commands of a shell", &keys_shell, TASK_FILES},
	{"python", "Runs Python", &keys_python, TASK_FILES},
	{"node", "Runs JavaScript", &keys_node, TASK_FILES},
	{"sql.query", "Runs one statement and fetches its rows", &keys_sql_query, TASK_SQL},
	{"sql.queries", "Runs several statements", &keys_sql_queries, TASK_SQL},
	{"sql.load", "Loads a file into a table", &keys_sql_load, TASK_SQL},
	{"sql.build", "Builds a table from a query: stage, check, publish", &keys_sql_build, TASK_SQL},
	{"http.request", "Makes an HTTP request", &keys_http_request, TASK_FILES},
	{"http.download", "Downloads a file", &keys_http_download, TASK_FILES},
	{"mail.send", "Sends a mail", &keys_mail_send, TASK_FILES},
	{"notify.slack", "Posts to a Slack webhook", &keys_notify_slack, 0},
	{"notify.webhook", "Posts to a webhook", &keys_notify_webhook, 0},
	{"file.concat", "Joins files", &keys_file_concat, 0},
	{"file.split", "Cuts a file into parts", &keys_file_split, 0},
	{"file.delete", "Deletes a file", &keys_file_delete, 0},
	{"file.size", "Gives the size of a file", &keys_file_size, 0},
	{"file.write", "Writes a text to a file", &keys_file_write, 0},
	{"file.reverse", "Turns the rows of a file round", &keys_file_reverse, 0},
	{"file.list", "Lists a folder", &keys_file_list, 0},
	{"file.copy", "Copies a file", &keys_file_copy, 0},
	{"file.move", "Moves a file", &keys_file_copy, 0},
	{"file.upload", "Sends a file to a server", &keys_file_upload, 0},
	{"file.download", "Gets a file from a server", &keys_file_download, 0},
	{"s3.upload", "Puts a file into a bucket", &keys_s3_upload, 0},
	{"s3.download", "Gets a file from a bucket", &keys_s3_download, 0},
	{"s3.list", "Lists a bucket", &keys_s3_list, 0},
	{"s3.delete", "Deletes from a bucket", &keys_s3_delete, 0},
	{"s3.copy", "Copies between buckets", &keys_s3_copy, 0},
	{"archive.compress", "Packs files", &keys_archive_compress, 0},
	{"archive.decompress", "Unpacks an archive", &keys_archive_decompress, 0},
	{"transform", "Rewrites rows or a value", &keys_transform, 0},
	{"avro.read", "Turns Avro into rows", &keys_avro_read, 0},
	{"avro.write", "Turns rows into Avro", &keys_avro_write, 0},
	{.name = NULL},
};

// A * stands for one part of the name.
const TaskAlias task_aliases[] = {
	{"io.kestra.plugin.core.log.Log", "log", false, NULL},
	{"io.kestra.core.tasks.log.Log", "log", true, NULL},
	{"io.kestra.plugin.core.debug.Echo", "log", true, NULL},
	{"io.kestra.core.tasks.debugs.Echo", "log", true, NULL},
	{"io.kestra.plugin.core.debug.Return", "return", false, NULL},
	{"io.kestra.core.tasks.debugs.Return", "return", true, NULL},
	{"io.kestra.plugin.core.execution.Fail", "fail", false, NULL},
	{"io.kestra.core.tasks.executions.Fail", "fail", true, NULL},
	{"io.kestra.plugin.core.flow.Sleep", "sleep", false, NULL},
	{"io.kestra.core.tasks.flows.Sleep", "sleep", true, NULL},
	{"io.kestra.plugin.core.execution.Labels", "labels", false, NULL},
	{"io.kestra.core.tasks.executions.Labels", "labels", true, NULL},
	{"io.kestra.plugin.core.output.OutputValues", "outputs", false, NULL},
	{"io.kestra.core.tasks.outputs.OutputValues", "outputs", true, NULL},
	{"io.kestra.plugin.core.flow.Sequential", "sequential", false, NULL},
	{"io.kestra.core.tasks.flows.Sequential", "sequential", true, NULL},
	{"io.kestra.plugin.core.flow.Parallel", "parallel", false, NULL},
	{"io.kestra.core.tasks.flows.Parallel", "parallel", true, NULL},
	{"io.kestra.plugin.core.flow.ForEach", "foreach", false, NULL},
	{"io.kestra.core.tasks.flows.ForEach", "foreach", true, NULL},
	{"io.kestra.plugin.core.flow.EachSequential", "foreach", true, NULL},
	{"io.kestra.core.tasks.flows.EachSequential", "foreach", true, NULL},
	{"io.kestra.plugin.core.flow.EachParallel", "foreach", true, "{\"concurrencyLimit\": 0, \"flat\": true}"},
	{"io.kestra.core.tasks.flows.EachParallel", "foreach", true, "{\"concurrencyLimit\": 0, \"flat\": true}"},
	{"io.kestra.plugin.core.flow.If", "if", false, NULL},
	{"io.kestra.core.tasks.flows.If", "if", true, NULL},
	{"io.kestra.plugin.core.flow.Switch", "switch", false, NULL},
	{"io.kestra.core.tasks.flows.Switch", "switch", true, NULL},
	{"io.kestra.plugin.core.flow.Dag", "dag", false, NULL},
	{"io.kestra.core.tasks.flows.Dag", "dag", true, NULL},
	{"io.kestra.plugin.core.flow.Subflow", "subflow", false, NULL},
	{"io.kestra.core.tasks.flows.Subflow", "subflow", true, NULL},
	{"io.kestra.core.tasks.flows.Flow", "subflow", true, "{\"wait\": false, \"transmitFailed\": false}"},
	{"io.kestra.plugin.core.flow.ForEachItem", "foreach-item", false, NULL},
	{"io.kestra.core.tasks.flows.ForEachItem", "foreach-item", true, NULL},
	{"io.kestra.plugin.core.flow.Pause", "pause", false, NULL},
	{"io.kestra.core.tasks.flows.Pause", "pause", true, NULL},
	{"io.kestra.plugin.core.flow.LoopUntil", "loop-until", false, NULL},
	{"io.kestra.plugin.core.flow.WaitFor", "loop-until", true, NULL},
	{"io.kestra.core.tasks.flows.WaitFor", "loop-until", true, NULL},
	{"io.kestra.plugin.core.flow.AllowFailure", "allow-failure", false, NULL},
	{"io.kestra.core.tasks.flows.AllowFailure", "allow-failure", true, NULL},
	{"io.kestra.plugin.core.flow.WorkingDirectory", "working-directory", false, NULL},
	{"io.kestra.core.tasks.flows.WorkingDirectory", "working-directory", true, NULL},
	{"io.kestra.core.tasks.flows.Worker", "working-directory", true, NULL},
	{"io.kestra.plugin.scripts.shell.Commands", "shell", false, NULL},
	{"io.kestra.plugin.scripts.shell.Script", "shell", false, NULL},
	{"io.kestra.core.tasks.scripts.Bash", "shell", true, NULL},
	{"io.kestra.plugin.scripts.python.Commands", "python", false, NULL},
	{"io.kestra.plugin.scripts.python.Script", "python", false, NULL},
	{"io.kestra.core.tasks.scripts.Python", "python", true, "{\"virtualEnv\": true, \"commands\": [\"./bin/python main.py\"]}"},
	{"io.kestra.plugin.scripts.node.Commands", "node", false, NULL},
	{"io.kestra.plugin.scripts.node.Script", "node", false, NULL},
	{"io.kestra.core.tasks.scripts.Node", "node", true, "{\"commands\": [\"node main.js\"]}"},
	{"io.kestra.plugin.jdbc.*.Query", "sql.query", false, "{\"driver\": \"*\"}"},
	{"io.kestra.plugin.jdbc.*.Queries", "sql.queries", false, "{\"driver\": \"*\"}"},
	{"io.kestra.plugin.jdbc.*.Batch", "sql.load", false, "{\"driver\": \"*\"}"},
	{"io.kestra.plugin.core.http.Request", "http.request", false, NULL},
	{"io.kestra.plugin.fs.http.Request", "http.request", true, NULL},
	{"io.kestra.plugin.core.http.Download", "http.download", false, NULL},
	{"io.kestra.plugin.fs.http.Download", "http.download", true, NULL},
	{"io.kestra.plugin.notifications.mail.MailSend", "mail.send", false, NULL},
	{"io.kestra.plugin.notifications.mail.MailExecution", "mail.send", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.email.MailSend", "mail.send", false, NULL},
	{"io.kestra.plugin.email.MailExecution", "mail.send", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.notifications.slack.SlackIncomingWebhook", "notify.slack", false, NULL},
	{"io.kestra.plugin.notifications.slack.SlackExecution", "notify.slack", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.slack.SlackIncomingWebhook", "notify.slack", false, NULL},
	{"io.kestra.plugin.slack.SlackExecution", "notify.slack", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.slack.notifications.SlackIncomingWebhook", "notify.slack", false, NULL},
	{"io.kestra.plugin.slack.notifications.SlackExecution", "notify.slack", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.notifications.discord.DiscordIncomingWebhook", "notify.webhook", false, "{\"messageKey\": \"content\"}"},
	{"io.kestra.plugin.notifications.discord.DiscordExecution", "notify.webhook", false, "{\"messageKey\": \"content\", \"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.notifications.google.GoogleChatIncomingWebhook", "notify.webhook", false, NULL},
	{"io.kestra.plugin.notifications.google.GoogleChatExecution", "notify.webhook", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.notifications.teams.TeamsIncomingWebhook", "notify.webhook", false, NULL},
	{"io.kestra.plugin.notifications.teams.TeamsExecution", "notify.webhook", false, "{\"executionId\": \"{{ execution.id }}\"}"},
	{"io.kestra.plugin.notifications.zulip.ZulipIncomingWebhook", "notify.webhook", false, NULL},
	{"io.kestra.plugin.notifications.squadcast.SquadcastIncomingWebhook", "notify.webhook", false, NULL},
	{"io.kestra.plugin.notifications.whatsapp.WhatsAppIncomingWebhook", "notify.webhook", false, NULL},
	{"io.kestra.plugin.core.storage.Concat", "file.concat", false, NULL},
	{"io.kestra.core.tasks.storages.Concat", "file.concat", true, NULL},
	{"io.kestra.plugin.core.storage.Split", "file.split", false, NULL},
	{"io.kestra.core.tasks.storages.Split", "file.split", true, NULL},
	{"io.kestra.plugin.core.storage.Delete", "file.delete", false, NULL},
	{"io.kestra.core.tasks.storages.Delete", "file.delete", true, NULL},
	{"io.kestra.plugin.core.storage.Size", "file.size", false, NULL},
	{"io.kestra.core.tasks.storages.Size", "file.size", true, NULL},
	{"io.kestra.plugin.core.storage.Write", "file.write", false, NULL},
	{"io.kestra.plugin.core.storage.Reverse", "file.reverse", false, NULL},
	{"io.kestra.core.tasks.storages.Reverse", "file.reverse", true, NULL},
	{"io.kestra.plugin.fs.*.List", "file.list", false, NULL},
	{"io.kestra.plugin.fs.*.Copy", "file.copy", false, NULL},
	{"io.kestra.plugin.fs.*.Move", "file.move", false, NULL},
	{"io.kestra.plugin.fs.*.Delete", "file.delete", false, NULL},
	{"io.kestra.plugin.fs.*.Upload", "file.upload", false, NULL},
	{"io.kestra.plugin.fs.*.Download", "file.download", false, NULL},
	{"io.kestra.plugin.aws.s3.Upload", "s3.upload", false, NULL},
	{"io.kestra.plugin.aws.s3.Download", "s3.download", false, NULL},
	{"io.kestra.plugin.aws.s3.List", "s3.list", false, NULL},
	{"io.kestra.plugin.aws.s3.Delete", "s3.delete", false, NULL},
	{"io.kestra.plugin.aws.s3.Copy", "s3.copy", false, NULL},
	{"io.kestra.plugin.compress.ArchiveCompress", "archive.compress", false, NULL},
	{"io.kestra.plugin.compress.ArchiveDecompress", "archive.decompress", false, NULL},
	{"io.kestra.plugin.compress.FileCompress", "archive.compress", false, NULL},
	{"io.kestra.plugin.compress.FileDecompress", "archive.decompress", false, NULL},
	{"io.kestra.plugin.transform.jsonata.TransformItems", "transform", false, NULL},
	{"io.kestra.plugin.transform.jsonata.TransformValue", "transform", false, NULL},
	{"io.kestra.plugin.serdes.avro.AvroToIon", "avro.read", false, NULL},
	{"io.kestra.plugin.serdes.avro.IonToAvro", "avro.write", false, NULL},
	{"io.kestra.plugin.serdes.avro.AvroReader", "avro.read", true, NULL},
	{"io.kestra.plugin.serdes.avro.AvroWriter", "avro.write", true, NULL},
	{.name = NULL},
};

const TaskKind trigger_kinds[] = {
	{"schedule", "Starts runs by the clock", &keys_trigger_schedule, 0},
	{"flow", "Starts runs when other flows have ended", &keys_trigger_flow, 0},
	{"tables", "Starts runs when tables were published", &keys_trigger_tables, 0},
	{"webhook", "Starts runs by an HTTP call", &keys_trigger_webhook, 0},
	{"sql", "Starts runs when a query gives rows", &keys_trigger_sql, TASK_SQL},
	{"http", "Starts runs by what an address answers", &keys_trigger_http, 0},
	{"feed", "Starts runs when a feed delivered", &keys_trigger_feed, 0},
	{.name = NULL},
};

const TaskAlias trigger_aliases[] = {
	{"io.kestra.plugin.core.trigger.Schedule", "schedule", false, NULL},
	{"io.kestra.core.models.triggers.types.Schedule", "schedule", true, NULL},
	{"io.kestra.plugin.core.trigger.Flow", "flow", false, NULL},
	{"io.kestra.core.models.triggers.types.Flow", "flow", true, NULL},
	{"io.kestra.plugin.core.trigger.Webhook", "webhook", false, NULL},
	{"io.kestra.core.models.triggers.types.Webhook", "webhook", true, NULL},
	{"io.kestra.plugin.core.http.Trigger", "http", false, NULL},
	{"io.kestra.plugin.fs.http.Trigger", "http", true, NULL},
	{"io.kestra.plugin.jdbc.*.Trigger", "sql", false, "{\"driver\": \"*\"}"},
	{.name = NULL},
};
// clang-format on

// Compares a name with an alias in which * stands for one part without dots.
static bool alias_matches(const char *alias, const char *name)
{
	const char *star = strchr(alias, '*');
	size_t before;
	const char *after;

	if (star == NULL)
		return strcmp(alias, name) == 0;
	before = (size_t)(star - alias);
	if (strncmp(alias, name, before) != 0)
		return false;
	after = name + before + strcspn(name + before, ".");
	return after > name + before && strcmp(star + 1, after) == 0;
}

static const TaskAlias *find_alias(const TaskAlias *aliases, const char *name)
{
	for (; aliases->name != NULL; aliases++) {
		if (alias_matches(aliases->name, name))
			return aliases;
	}
	return NULL;
}

static const TaskKind *find_kind(const TaskKind *kinds, const char *name)
{
	for (; kinds->name != NULL; kinds++) {
		if (strcmp(kinds->name, name) == 0)
			return kinds;
	}
	return NULL;
}

static const TaskKind *find(const TaskKind *kinds, const TaskAlias *aliases, const char *name,
	const TaskAlias **ret_alias)
{
	const TaskKind *kind = find_kind(kinds, name);
	const TaskAlias *alias = NULL;

	if (kind == NULL && strchr(name, '.') != NULL) {
		alias = find_alias(aliases, name);
		kind = alias == NULL ? NULL : find_kind(kinds, alias->kind);
	}
	if (ret_alias != NULL)
		*ret_alias = alias;
	return kind;
}

const TaskKind *task_kind_find(const char *name, const TaskAlias **ret_alias)
{
	return find(task_kinds, task_aliases, name, ret_alias);
}

const TaskKind *trigger_kind_find(const char *name, const TaskAlias **ret_alias)
{
	return find(trigger_kinds, trigger_aliases, name, ret_alias);
}

static char *hint_for(const TaskKind *kinds, const TaskAlias *aliases, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const TaskKind *kind = kinds; kind->name != NULL; kind++)
		g_ptr_array_add(names, (char *)(uintptr_t)kind->name);
	for (const TaskAlias *alias = aliases; alias->name != NULL; alias++) {
		if (!alias->deprecated && strchr(alias->name, '*') == NULL)
			g_ptr_array_add(names, (char *)(uintptr_t)alias->name);
	}
	g_ptr_array_add(names, NULL);
	return nearest_word_hint(name, (const char *const *)names->pdata);
}

char *task_kind_hint(const char *name)
{
	return hint_for(task_kinds, task_aliases, name);
}

char *trigger_kind_hint(const char *name)
{
	return hint_for(trigger_kinds, trigger_aliases, name);
}
