#include "reconciler/source_job.h"

json_t *fetch_job_json(const FetchJob *job)
{
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:b, s:I, s:o}", "url", job->url,
		"mirror", job->mirror, "ref", job->ref, "revision", job->revision, "known",
		job->known.commit, "known_ref", job->known.ref, "look", job->look, "parent",
		(json_int_t)job->parent, "access", source_access_json(&job->access));
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool fetch_job_read(const json_t *document, FetchJob *ret_job)
{
	*ret_job = (FetchJob){
		.url = text_at(document, "url"),
		.mirror = text_at(document, "mirror"),
		.ref = text_at(document, "ref"),
		.revision = text_at(document, "revision"),
		.known = {text_at(document, "known"), text_at(document, "known_ref")},
		.look = json_is_true(json_object_get(document, "look")),
		.parent = json_integer_value(json_object_get(document, "parent")),
	};
	source_access_read(&ret_job->access, json_object_get(document, "access"));
	return ret_job->url != NULL && ret_job->mirror != NULL;
}

json_t *fetch_answer_json(const FetchAnswer *answer, const GError *failure)
{
	json_t *document = json_pack("{s:s?, s:b, s:b, s:b, s:b, s:s?}", "ref", answer->ref,
		"empty", answer->empty, "sound", answer->sound, "renewed", answer->renewed,
		"tidied", answer->tidied, "notice", answer->notice);

	if (failure != NULL) {
		g_autofree char *message = g_utf8_make_valid(failure->message, -1);

		json_object_set_new(document, "code", json_integer(failure->code));
		json_object_set_new(document, "message", json_string(message));
	}
	return document;
}

bool fetch_answer_read(const json_t *document, FetchAnswer *ret_answer, GError **error)
{
	const char *message = text_at(document, "message");

	*ret_answer = (FetchAnswer){
		.ref = g_strdup(text_at(document, "ref")),
		.empty = json_is_true(json_object_get(document, "empty")),
		.sound = json_is_true(json_object_get(document, "sound")),
		.renewed = json_is_true(json_object_get(document, "renewed")),
		.tidied = json_is_true(json_object_get(document, "tidied")),
		.notice = g_strdup(text_at(document, "notice")),
	};
	if (message == NULL)
		return true;
	g_set_error_literal(error, FETCH_ERROR,
		(int)json_integer_value(json_object_get(document, "code")), message);
	return false;
}

void fetch_answer_clear(FetchAnswer *answer)
{
	g_clear_pointer(&answer->ref, g_free);
	g_clear_pointer(&answer->notice, g_free);
}
