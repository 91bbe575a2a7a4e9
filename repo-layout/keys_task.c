// Keys of the tasks that steer: containers, loops, branches, sub-flows, and the small ones.
#include "repo-layout/keys_task.h"

static const char *const log_levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", NULL};
static const char *const child_failures[] = {"CONTINUE", NULL};
static const char *const restart_behaviors[] = {"RETRY_FAILED", "NEW_EXECUTION", NULL};
static const char *const pause_behaviors[] = {"RESUME", "WARN", "FAIL", "CANCEL", NULL};

// clang-format off
static const KeyRow common_rows[] = {
	K("id", KEY_STRING, KEY_REQUIRED, "its name, unique in the flow"),
	K("type", KEY_STRING, KEY_REQUIRED, "what it does"),
	K("description", KEY_STRING, 0, "for people"),
	K("disabled", KEY_BOOLEAN, 0, "as if it were not there"),
	K("runIf", KEY_TEXT, 0, "an expression: the task is SKIPPED when it does not hold"),
	K_TABLE("retry", KEY_OBJECT, 0, &keys_retry, "when it is tried again"),
	K("timeout", KEY_DURATION, KEY_EXPRESSION, "how long an attempt may take"),
	K("allowFailure", KEY_BOOLEAN, 0, "a failure is WARNING and the run goes on"),
	K("allowWarning", KEY_BOOLEAN, 0, "a warning is SUCCESS"),
	K_CHOICE("logLevel", 0, log_levels, "the least level of log lines that are kept"),
	K("pool", KEY_STRING, 0, "the pool of slots that it takes one of"),
	K("priority", KEY_INTEGER, 0, "which ready task is first: higher ones"),
	K_OLD_UNUSED("logToFile"),
	K_UNUSED("workerGroup"),
	K_UNUSED("taskCache"),
	K_UNUSED("version"),
	K_UNUSED("assets"),
	K_END,
};
const KeyTable keys_task_common = {"task", "Keys that every task has", common_rows, NULL};

static const KeyRow branch_rows[] = {
	K("errors", KEY_TASKS, 0, "what is done after a failure inside, instead of the flow's own errors"),
	K("finally", KEY_TASKS, 0, "what is done at its end in any case"),
	K_END,
};
static const KeyTable keys_branches = {"container", "Keys that every container has", branch_rows, &keys_task_common};

static const KeyRow log_rows[] = {
	K("message", KEY_ANY, KEY_REQUIRED, "text, or a list of texts"),
	K_ALIAS("format", KEY_ANY, "message"),
	{"level", KEY_CHOICE, KEY_EXPRESSION, NULL, log_levels, NULL, "INFO is the default"},
	K_END,
};
const KeyTable keys_log = {"log task", "Writes a line to the log", log_rows, &keys_task_common};

static const KeyRow return_rows[] = {
	K("format", KEY_ANY, 0, "the text that becomes the output 'value'"),
	K_END,
};
const KeyTable keys_return = {"return task", "Gives a text as output", return_rows, &keys_task_common};

static const KeyRow fail_rows[] = {
	K("condition", KEY_TEXT, 0, "an expression: it fails only when it holds"),
	K("errorMessage", KEY_TEXT, 0, "what the log says"),
	K_END,
};
const KeyTable keys_fail = {"fail task", "Fails", fail_rows, &keys_task_common};

static const KeyRow sleep_rows[] = {
	K("duration", KEY_DURATION, KEY_REQUIRED | KEY_EXPRESSION, "how long"),
	K_END,
};
const KeyTable keys_sleep = {"sleep task", "Waits", sleep_rows, &keys_task_common};

static const KeyRow labels_rows[] = {
	K("labels", KEY_ANY, KEY_REQUIRED, "labels to add to the run: a mapping, a list of {key, value}, or a JSON expression; values become text"),
	K_END,
};
const KeyTable keys_labels = {"labels task", "Adds labels to the run", labels_rows, &keys_task_common};

static const KeyRow outputs_rows[] = {
	K("values", KEY_MAP, KEY_REQUIRED, "the outputs"),
	K_END,
};
const KeyTable keys_outputs = {"outputs task", "Gives outputs", outputs_rows, &keys_task_common};

static const KeyRow sequential_rows[] = {
	K("tasks", KEY_TASKS, KEY_REQUIRED, "the tasks"),
	K_END,
};
const KeyTable keys_sequential = {"sequential task", "Runs tasks one after the other", sequential_rows, &keys_branches};
const KeyTable keys_allow_failure = {"allow-failure task", "Runs tasks; a failure inside is a WARNING", sequential_rows, &keys_branches};

static const KeyRow parallel_rows[] = {
	K("tasks", KEY_TASKS, KEY_REQUIRED, "the tasks"),
	K("concurrent", KEY_INTEGER, KEY_EXPRESSION, "how many at once; 0, the default: all"),
	K_ALIAS("concurrencyLimit", KEY_INTEGER, "concurrent"),
	K_CHOICE("onChildFailure", 0, child_failures, "what a failure does to tasks beside it: they go on"),
	K_END,
};
const KeyTable keys_parallel = {"parallel task", "Runs tasks at the same time", parallel_rows, &keys_branches};

static const KeyRow foreach_rows[] = {
	K("values", KEY_ANY, KEY_REQUIRED, "a list, or an expression that gives one"),
	K_OLD("value", KEY_ANY, "values"),
	K("concurrencyLimit", KEY_INTEGER, KEY_EXPRESSION, "how many values at once; 1 is the default, 0: no limit"),
	K_ALIAS("concurrent", KEY_INTEGER, "concurrencyLimit"),
	K("batch", KEY_INTEGER, KEY_EXPRESSION, "how many values are handed to one round, as a list"),
	K("flat", KEY_BOOLEAN, 0, "the tasks of one value run at the same time too, and the limit counts tasks"),
	K("tasks", KEY_TASKS, KEY_REQUIRED, "what is done with each value"),
	K_END,
};
const KeyTable keys_foreach = {"foreach task", "Runs tasks once for each value", foreach_rows, &keys_branches};

static const KeyRow if_rows[] = {
	K("condition", KEY_TEXT, KEY_REQUIRED, "an expression"),
	K("then", KEY_TASKS, KEY_REQUIRED, "what is done when it holds"),
	K("else", KEY_TASKS, 0, "what is done when it does not"),
	K_END,
};
const KeyTable keys_if = {"if task", "Runs tasks when a condition holds", if_rows, &keys_branches};

static const KeyRow switch_rows[] = {
	K("value", KEY_TEXT, KEY_REQUIRED, "an expression"),
	K("cases", KEY_CASES, 0, "tasks by value"),
	K("defaults", KEY_TASKS, 0, "what is done for any other value; without it, that is a failure"),
	K_END,
};
const KeyTable keys_switch = {"switch task", "Runs the tasks of one value", switch_rows, &keys_branches};

static const KeyRow dag_rows[] = {
	K("tasks", KEY_TASKS, KEY_REQUIRED, "items of {task, dependsOn}, or tasks with dependsOn"),
	K("concurrent", KEY_INTEGER, KEY_EXPRESSION, "how many at once; 0, the default: all that can"),
	K_CHOICE("onChildFailure", 0, child_failures, "what a failure does to tasks beside it: they go on"),
	K_END,
};
const KeyTable keys_dag = {"dag task", "Runs tasks in the order that they depend on each other", dag_rows, &keys_branches};

static const KeyRow dag_item_rows[] = {
	K("task", KEY_TASK, KEY_REQUIRED, "the task"),
	K("dependsOn", KEY_STRINGS, 0, "ids of tasks that come first"),
	K_END,
};
const KeyTable keys_dag_item = {"dag item", "A task and what it depends on", dag_item_rows, NULL};

static const KeyRow subflow_rows[] = {
	K("namespace", KEY_TEXT, 0, "of the other flow; this flow's own when left out"),
	K("flowId", KEY_TEXT, KEY_REQUIRED, "the other flow"),
	K("revision", KEY_INTEGER, KEY_EXPRESSION, "of the other flow; the live one when left out"),
	K("inputs", KEY_ANY, 0, "its inputs"),
	K("labels", KEY_LABELS, 0, "labels for its run"),
	K("inheritLabels", KEY_BOOLEAN, KEY_EXPRESSION, "it gets this run's labels too"),
	K("wait", KEY_BOOLEAN, KEY_EXPRESSION, "wait for its end (default true)"),
	K("transmitFailed", KEY_BOOLEAN, KEY_EXPRESSION, "its failure is this task's failure (default true)"),
	K("scheduleDate", KEY_TEXT, 0, "when it starts"),
	K_CHOICE("restartBehavior", 0, restart_behaviors, "what a restart of this run does with it"),
	K("outputs", KEY_PLAIN, KEY_DEPRECATED, "old: values taken out of its run when it declares none; declare outputs in the other flow"),
	K_UNUSED("flowListeners"),
	K_END,
};
const KeyTable keys_subflow = {"subflow task", "Runs another flow", subflow_rows, &keys_task_common};

static const KeyRow batch_rows[] = {
	K("rows", KEY_INTEGER, KEY_EXPRESSION, "rows a batch"),
	K("bytes", KEY_STRING, 0, "size of a batch: 10MB"),
	K("partitions", KEY_INTEGER, KEY_EXPRESSION, "number of batches"),
	K("separator", KEY_STRING, 0, "between rows (default: a line feed)"),
	K("regexPattern", KEY_STRING, 0, "rows are grouped by what its group matches"),
	K_END,
};
static const KeyTable keys_batch = {"batch", "How rows are grouped", batch_rows, NULL};

static const KeyRow foreach_item_rows[] = {
	K("items", KEY_TEXT, KEY_REQUIRED, "the file"),
	K_TABLE("batch", KEY_OBJECT, 0, &keys_batch, "how its rows are grouped"),
	K("errors", KEY_TASKS, 0, "what is done after a failure"),
	K_END,
};
static const KeyTable keys_subflow_like = {"foreach-item task", "", subflow_rows, &keys_task_common};
const KeyTable keys_foreach_item = {"foreach-item task", "Runs another flow for each batch of rows of a file", foreach_item_rows, &keys_subflow_like};

static const KeyRow pause_rows[] = {
	K("delay", KEY_DURATION, KEY_EXPRESSION, "goes on by itself after this"),
	K_ALIAS("pauseDuration", KEY_DURATION, "delay"),
	K_TABLE("onResume", KEY_INPUTS, 0, &keys_input, "values asked for when someone resumes"),
	K("onPause", KEY_TASK, 0, "a task run when the pause begins, beside it"),
	K_CHOICE("behavior", KEY_EXPRESSION, pause_behaviors, "what the end of its delay does: RESUME (the default), WARN, FAIL or CANCEL; its timeout always fails it"),
	K("tasks", KEY_TASKS, KEY_DEPRECATED, "old: what is done once it goes on; put it behind the pause"),
	K_END,
};
const KeyTable keys_pause = {"pause task", "Waits for someone, or for a time", pause_rows, &keys_branches};

static const KeyRow frequency_rows[] = {
	K("interval", KEY_DURATION, KEY_EXPRESSION, "pause between rounds (default PT1S)"),
	K("maxIterations", KEY_INTEGER, KEY_EXPRESSION, "most rounds"),
	K("maxDuration", KEY_DURATION, KEY_EXPRESSION, "longest time in all"),
	K_END,
};
static const KeyTable keys_frequency = {"checkFrequency", "How often a loop goes round", frequency_rows, NULL};

static const KeyRow loop_rows[] = {
	K("condition", KEY_TEXT, KEY_REQUIRED, "an expression: the loop ends when it holds"),
	K("tasks", KEY_TASKS, KEY_REQUIRED, "what is done each round"),
	K_TABLE("checkFrequency", KEY_OBJECT, 0, &keys_frequency, "how often"),
	K("failOnMaxReached", KEY_BOOLEAN, KEY_EXPRESSION, "reaching a maximum is a failure"),
	K_END,
};
const KeyTable keys_loop_until = {"loop-until task", "Runs tasks until a condition holds", loop_rows, &keys_branches};

static const KeyRow cache_rows[] = {
	K("patterns", KEY_STRINGS, KEY_REQUIRED, "files to keep between runs"),
	K("ttl", KEY_DURATION, KEY_EXPRESSION, "how long"),
	K_END,
};
static const KeyTable keys_cache = {"cache", "Files kept between runs", cache_rows, NULL};

static const KeyRow working_rows[] = {
	K("tasks", KEY_TASKS, KEY_REQUIRED, "tasks that share one folder"),
	K("inputFiles", KEY_ANY, 0, "files to put there: name to text or file"),
	K("outputFiles", KEY_STRINGS, KEY_EXPRESSION, "names to keep as outputs"),
	K("namespaceFiles", KEY_ANY, 0, "which of the domain's scripts/ are there"),
	K_TABLE("cache", KEY_OBJECT, 0, &keys_cache, "files kept between runs"),
	K_END,
};
const KeyTable keys_working_directory = {"working-directory task", "Runs tasks in one folder", working_rows, &keys_branches};
// clang-format on
