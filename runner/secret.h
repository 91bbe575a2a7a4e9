// What secret(name) of expressions gives. Thread-safe.
#pragma once

#include "runner/runner.h"

// From where the options say (RunnerOptions.secret), else from the environment: WEIR_SECRET_NAME as it is, SECRET_NAME in base64.
// Text to g_free(); NULL with an error that names the secret.
char *secret_find(const RunnerOptions *options, const char *name, GError **error);
