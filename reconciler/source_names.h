// The names of branches and tags, and what is said when one is not there.
#pragma once

#include "reconciler/source.h"

#define REFS_HEADS "refs/heads/"
#define REFS_TAGS  "refs/tags/"

// "branch", "tag" or "commit": what a ref as in SourceTip is.
const char *ref_kind(const char *ref);
// "main" of "refs/heads/main"; a commit's id as it is. Points into ref.
const char *ref_short(const char *ref);

// Which branch to take when HEAD names one that does not exist: "main" or "master" when it is the
// only one; else NULL. branches are short names.
const char *only_branch(const GPtrArray *branches);

// A ref that is not there, and what may explain it.
typedef struct {
	const char *url;
	const char *ref;
	const char *const
		*names; // the short names of those of its kind that there are, ended by NULL
	const char *renamed; // one of them that is where it was last; NULL: none
	bool was_there; // it has been followed before
	bool from_head; // it was not named by the options, but by the repository's HEAD
} MissingRef;

void fetch_error_missing(GError **error, const MissingRef *missing);
