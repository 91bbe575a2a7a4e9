// Databases that cannot be used at the moment, as the answers show them.
#pragma once

#include <glib.h>
#include <jansson.h>

#include "store/domain.h"

// Adds those of the list (StoreTrouble *) to a document as "troubles"; domain NULL: all, otherwise those that it suffers from.
void troubles_add(json_t *document, const GPtrArray *troubles, const StoreDomain *domain);
