// Trust: which commits may go live. A table of policies.
#pragma once

#include "reconciler/source.h"

typedef struct {
	const char *name; // "none"
	const char *summary;
	// Whether tip may go live after known (the last trusted commit; NULL: none yet).
	bool (*verify)(
		const Source *source, const SourceTip *tip, const char *known, GError **error);
} SourcePolicy;

extern const SourcePolicy
	source_policies[]; // ended by a row whose name is NULL; the first is the default

// NULL when there is none of that name.
const SourcePolicy *source_policy_find(const char *name);
