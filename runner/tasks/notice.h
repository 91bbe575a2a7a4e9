// What a notification about a run says: the same of a mail as of a message in a chat.
#pragma once

#include "runner/task_type.h"

typedef struct {
	bool there; // the task names a run
	bool failed;
	char *title; // "sales.load_day FAILED"
	json_t *fields; // name -> text, in order: of the run, then `customFields`
	char *message; // `customMessage`; NULL
} Notice;

// Reads `executionId`, `customMessage` and `customFields`, and the run from the store.
bool notice_read(TaskContext *context, Notice *ret, GError **error);
// All of it as lines of text. The caller frees it.
char *notice_text(const Notice *notice);
// As a table of HTML. The caller frees it.
char *notice_html(const Notice *notice);
void notice_clear(Notice *notice);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Notice, notice_clear)
