// A flow as the runner has it: the parsed definition of one revision with its compiled expressions, shared by all runs
// and threads. Reference-counted; thread-safe.
#pragma once

#include "expr/template.h"
#include "repo-layout/flow.h"

typedef struct FlowModel FlowModel;

// Takes the flow over.
FlowModel *flow_model_new(Flow *flow, int64_t revision, const char *scripts_tree);
FlowModel *flow_model_ref(FlowModel *model);
void flow_model_unref(FlowModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowModel, flow_model_unref)

const Flow *flow_model_flow(const FlowModel *model);
int64_t flow_model_revision(const FlowModel *model);
const char *flow_model_scripts_tree(const FlowModel *model); // NULL: none

// What the expressions of a task ask of the run as a whole, as far as its text tells.
enum {
	FLOW_LOOKS_AT_TASKS = 1, // tasks, tasksWithState()
	FLOW_LOOKS_AT_ERRORS = 2, // errorLogs()
};
unsigned flow_model_looks(const FlowModel *model, const Task *task);

// The compiled form of a text that belongs to the flow (the address is the key: the text must live as long as the flow).
// Borrowed. NULL with an EXPR_ERROR_SYNTAX that tells the first fault.
const ExprTemplate *flow_model_template(FlowModel *model, const char *text, GError **error);

// Something that is worked out of one task's definition alone, kept as long as the flow and shared by all threads: made by
// make(data) when it is first asked for. Borrowed. A task has one such thing.
const void *flow_model_keep(FlowModel *model, const Task *task, void *(*make)(void *data),
	void *data, GDestroyNotify free_kept);

// Parses any text; the first fault as an error. Free with expr_template_free().
ExprTemplate *expression_parse(const char *text, bool bare, GError **error);
