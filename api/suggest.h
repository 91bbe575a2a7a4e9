// "Did you mean …?": the closest of some names. Pure.
#pragma once

// The name of the list (ended by NULL) that is closest to word, if it is close enough to be a slip
// of the finger; else NULL. The result belongs to the list.
const char *suggest_name(const char *word, const char *const *names);
