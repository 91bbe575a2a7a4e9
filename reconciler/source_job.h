// What the process that fetches is told and what it answers: one JSON document each way, and lines about how it goes on.
#pragma once

#include "reconciler/source.h"

#include <jansson.h>

typedef struct {
	const char *url;
	const char *mirror; // path
	const char *ref; // what is followed, as in SourceTip; NULL: the branch that HEAD names
	const char *revision; // not NULL: fetch whatever this names instead
	SourceKnown known;
	bool look; // through the mirror first: nobody has since the asking process began
	int64_t parent; // process id
	SourceAccess access; // complete
} FetchJob;

typedef struct {
	char *ref; // what was fetched; NULL for a revision
	bool empty; // the remote has no branch at all
	bool sound; // the mirror was made by this fetch or looked through: what it lacks the remote lacks
	bool renewed; // another mirror stands in its place now
	bool tidied; // its packs were put together: it has to be opened anew before the next fetch
	char *notice; // what went well in the end but is worth telling; NULL
} FetchAnswer;

// Where a fetch stands.
typedef enum {
	FETCH_LOCK, // waits for another process that fetches into the same mirror
	FETCH_LOOK, // at the mirror
	FETCH_CONNECT, // until the server answers
	FETCH_TRANSFER,
	FETCH_CHECK, // what came, and the mirror
	FETCH_PHASES,
} FetchPhase;

json_t *fetch_job_json(const FetchJob *job);
// The texts belong to document. False: it is not a job.
bool fetch_job_read(const json_t *document, FetchJob *ret_job);

// failure: why it did not go well; NULL: it did.
json_t *fetch_answer_json(const FetchAnswer *answer, const GError *failure);
// False with the error when the fetch failed, or document is not an answer.
bool fetch_answer_read(const json_t *document, FetchAnswer *ret_answer, GError **error);
void fetch_answer_clear(FetchAnswer *answer);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FetchAnswer, fetch_answer_clear)
