// Reading a mail from the properties of its task, and its header.
#include "runner/tasks/mail.h"

#include "runner/tasks/notice.h"
#include "store/timestamp.h"

#include <string.h>
#include <time.h>

static bool refuse(GError **error, const char *key, const char *why)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "property '%s' %s", key, why);
	return false;
}

static void free_address(gpointer data)
{
	mail_address_free(data);
}

// A list of texts, or one text that may hold several addresses.
static bool read_addresses(TaskContext *context, const char *key, GPtrArray **ret, GError **error)
{
	json_t *value = NULL;
	const json_t *item;
	size_t i;
	bool ok = task_context_json(context, key, &value, error);

	*ret = g_ptr_array_new_with_free_func(free_address);
	if (ok && json_is_string(value)) {
		json_t *parsed = json_loads(json_string_value(value), 0, NULL);

		ok = json_is_array(parsed) ||
		     mail_addresses_parse(key, json_string_value(value), *ret, error);
		json_decref(value);
		value = parsed;
	}
	json_array_foreach(value, i, item)
	{
		ok = ok &&
		     (json_is_string(item) || refuse(error, key, "must be a list of texts")) &&
		     mail_addresses_parse(key, json_string_value(item), *ret, error);
	}
	json_decref(value);
	return ok;
}

// ---- Files

static bool has_line_break(const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

static bool check_file(const json_t *item, const char *key, GError **error)
{
	const char *name = json_string_value(json_object_get(item, "name"));
	const char *uri = json_string_value(json_object_get(item, "uri"));
	const char *type = json_string_value(json_object_get(item, "contentType"));

	if (name == NULL || *name == '\0' || uri == NULL || *uri == '\0')
		return refuse(error, key, "must be a list of {name, uri, contentType}");
	if (has_line_break(name) || has_line_break(type))
		return refuse(error, key,
			"has a line break or another control character in 'name' or 'contentType'");
	return type == NULL || strchr(type, '/') != NULL ||
	       refuse(error, key, "has a 'contentType' that is none like text/csv");
}

// A list, or a text that is one in JSON (which Kestra's flows write twice over).
static bool read_files(TaskContext *context, const char *key, json_t **ret, GError **error)
{
	json_t *value = NULL;
	const json_t *item;
	size_t i;

	if (!task_context_json(context, key, &value, error))
		return false;
	for (unsigned turn = 0; turn < 2 && json_is_string(value); turn++) {
		json_t *parsed =
			*json_string_value(value) == '\0'
				? json_array()
				: json_loads(json_string_value(value), JSON_DECODE_ANY, NULL);

		json_decref(value);
		value = parsed;
		if (value == NULL)
			return refuse(error, key, "is no JSON");
	}
	*ret = value;
	if (value != NULL && !json_is_null(value) && !json_is_array(value))
		return refuse(error, key, "must be a list of {name, uri, contentType}");
	json_array_foreach(value, i, item)
	{
		if (!check_file(item, key, error))
			return false;
	}
	return true;
}

// ---- The whole

static bool read_texts(TaskContext *context, Mail *mail, GError **error)
{
	g_auto(Notice) notice = {0};

	if (!task_context_text(context, "subject", &mail->subject, error) ||
		!task_context_text(context, "plainTextContent", &mail->plain, error) ||
		!task_context_text(context, "htmlTextContent", &mail->html, error) ||
		!notice_read(context, &notice, error))
		return false;
	if (!notice.there)
		return true;
	if (mail->subject == NULL)
		mail->subject = g_strdup(notice.title);
	if (mail->plain == NULL && mail->html == NULL) {
		mail->plain = notice_text(&notice);
		mail->html = notice_html(&notice);
	}
	return true;
}

guint mail_recipient_count(const Mail *mail)
{
	return mail->to->len + mail->cc->len + mail->bcc->len;
}

bool mail_read(TaskContext *context, Mail *ret, GError **error)
{
	ret->context = context;
	if (!read_addresses(context, "from", &ret->from, error) ||
		!read_addresses(context, "to", &ret->to, error) ||
		!read_addresses(context, "cc", &ret->cc, error) ||
		!read_addresses(context, "bcc", &ret->bcc, error) ||
		!read_addresses(context, "replyTo", &ret->reply_to, error) ||
		!read_texts(context, ret, error) ||
		!read_files(context, "attachments", &ret->attachments, error) ||
		!read_files(context, "embeddedImages", &ret->images, error))
		return false;
	if (ret->from->len != 1)
		return refuse(error, "from", "must be one address");
	if (mail_recipient_count(ret) == 0)
		return refuse(error, "to", "holds no address");
	const MailAddress *from = ret->from->pdata[0];
	ret->id = g_strdup_printf(
		"<%s%s>", task_context_task_run_id(context), strrchr(from->address, '@'));
	return true;
}

void mail_clear(Mail *mail)
{
	GPtrArray *lists[] = {mail->from, mail->to, mail->cc, mail->bcc, mail->reply_to};

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (lists[i] != NULL)
			g_ptr_array_unref(lists[i]);
	}
	g_free(mail->subject);
	g_free(mail->plain);
	g_free(mail->html);
	g_free(mail->id);
	json_decref(mail->attachments);
	json_decref(mail->images);
}

// ---- The header

static void append(struct curl_slist **lines, const NetCurl *curl, char *line)
{
	*lines = curl->slist_append(*lines, line);
	g_free(line);
}

static void append_addresses(
	struct curl_slist **lines, const NetCurl *curl, const char *name, const GPtrArray *list)
{
	if (list->len > 0)
		append(lines, curl, mail_addresses_header(name, list));
}

// The names of days and months are those of RFC 5322, whatever the locale.
static char *date_header(void)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)(timestamp_now() / G_USEC_PER_SEC);
	struct tm at;

	gmtime_r(&now, &at);
	return g_strdup_printf("Date: %s, %02d %s %04d %02d:%02d:%02d +0000", days[at.tm_wday],
		at.tm_mday, months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

struct curl_slist *mail_headers(const Mail *mail, const NetCurl *curl)
{
	struct curl_slist *lines = NULL;

	append(&lines, curl, date_header());
	append_addresses(&lines, curl, "From", mail->from);
	append_addresses(&lines, curl, "To", mail->to);
	append_addresses(&lines, curl, "Cc", mail->cc);
	append_addresses(&lines, curl, "Reply-To", mail->reply_to);
	append(&lines, curl, g_strdup_printf("Message-ID: %s", mail->id));
	if (mail->subject != NULL)
		append(&lines, curl, mail_text_header("Subject", mail->subject));
	// So that no absent person's machine answers (RFC 3834).
	append(&lines, curl, g_strdup("Auto-Submitted: auto-generated"));
	return lines;
}

struct curl_slist *mail_recipients(const Mail *mail, const NetCurl *curl)
{
	const GPtrArray *lists[] = {mail->to, mail->cc, mail->bcc};
	struct curl_slist *recipients = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		for (guint j = 0; j < lists[i]->len; j++) {
			const MailAddress *one = lists[i]->pdata[j];

			recipients = curl->slist_append(recipients, one->address);
		}
	}
	return recipients;
}
