// A mail as a task describes it, and its parts for libcurl.
#pragma once

#include "runner/net/mail_text.h"
#include "runner/net/net_transfer.h"

typedef struct {
	TaskContext *context;
	GPtrArray *from, *to, *cc, *bcc, *reply_to; // MailAddress *
	char *subject, *plain, *html; // each may be NULL; not both of the last
	json_t *attachments, *images; // lists of {name, uri, contentType}; NULL: none
	char *id; // "<…@…>": the same for each attempt, so that a mail sent twice is known as one
} Mail;

// Reads it from the task's properties. The caller clears it in any case.
bool mail_read(TaskContext *context, Mail *ret, GError **error);
void mail_clear(Mail *mail);
guint mail_recipient_count(const Mail *mail);

// The header, and the addresses for the server (those of bcc are only there). The caller frees them.
struct curl_slist *mail_headers(const Mail *mail, const NetCurl *curl);
struct curl_slist *mail_recipients(const Mail *mail, const NetCurl *curl);
// Fills mime with text, images and attachments.
bool mail_parts(const Mail *mail, NetTransfer *transfer, curl_mime *mime, GError **error);
