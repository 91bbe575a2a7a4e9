// The content of a mail: mixed of a text and attachments; the text related with its images; plain and HTML as alternatives.
#include "runner/tasks/mail.h"

#include <string.h>

static void set_text(const NetCurl *curl, curl_mimepart *part, const char *text, const char *type)
{
	g_autofree char *lines = mail_lines(text);

	curl->mime_data(part, lines, CURL_ZERO_TERMINATED);
	curl->mime_type(part, type);
	curl->mime_encoder(part, "quoted-printable");
}

static void set_texts(const Mail *mail, const NetCurl *curl, CURL *easy, curl_mimepart *part)
{
	static const char plain[] = "text/plain; charset=UTF-8";
	static const char html[] = "text/html; charset=UTF-8";
	curl_mime *both;

	if (mail->html == NULL) {
		set_text(curl, part, mail->plain != NULL ? mail->plain : "", plain);
		return;
	}
	both = curl->mime_init(easy);
	// The last one is the best, for those who can show it.
	set_text(curl, curl->mime_addpart(both),
		mail->plain != NULL ? mail->plain : "This mail is to be read as HTML.", plain);
	set_text(curl, curl->mime_addpart(both), mail->html, html);
	curl->mime_subparts(part, both);
	curl->mime_type(part, "multipart/alternative");
}

static bool add_file(const Mail *mail, const NetCurl *curl, curl_mime *mime, const json_t *file,
	bool image, GError **error)
{
	const char *name = json_string_value(json_object_get(file, "name"));
	const char *uri = json_string_value(json_object_get(file, "uri"));
	const char *type = json_string_value(json_object_get(file, "contentType"));
	g_autofree char *path = task_context_open_path(mail->context, uri, error);
	curl_mimepart *part = curl->mime_addpart(mime);
	struct curl_slist *lines = NULL;

	if (path == NULL)
		return false;
	if (curl->mime_filedata(part, path) != CURLE_OK) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"property '%s': cannot read the "
			"file '%s'",
			image ? "embeddedImages" : "attachments", uri);
		return false;
	}
	// The header says the name; libcurl knows no other than ASCII.
	curl->mime_filename(part, NULL);
	curl->mime_type(part, type != NULL ? type : "application/octet-stream");
	curl->mime_encoder(part, "base64");
	g_autofree char *disposition =
		mail_disposition_header(image ? "inline" : "attachment", name);
	lines = curl->slist_append(lines, disposition);
	if (image) {
		g_autofree char *escaped = g_uri_escape_string(name, "@", FALSE);
		g_autofree char *id = g_strdup_printf("Content-ID: <%s>", escaped);

		lines = curl->slist_append(lines, id);
	}
	curl->mime_headers(part, lines, 1);
	return true;
}

static bool add_files(const Mail *mail, const NetCurl *curl, curl_mime *mime, const json_t *files,
	bool images, GError **error)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		if (!add_file(mail, curl, mime, file, images, error))
			return false;
	}
	return true;
}

bool mail_parts(const Mail *mail, NetTransfer *transfer, curl_mime *mime, GError **error)
{
	const NetCurl *curl = transfer->curl;
	curl_mimepart *body = curl->mime_addpart(mime);
	curl_mime *related;
	bool ok;

	if (json_array_size(mail->images) == 0) {
		set_texts(mail, curl, transfer->easy, body);
	} else {
		related = curl->mime_init(transfer->easy);
		set_texts(mail, curl, transfer->easy, curl->mime_addpart(related));
		ok = add_files(mail, curl, related, mail->images, true, error);
		curl->mime_subparts(body, related);
		curl->mime_type(body, "multipart/related");
		if (!ok)
			return false;
	}
	return add_files(mail, curl, mime, mail->attachments, false, error);
}
