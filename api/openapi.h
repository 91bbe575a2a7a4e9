// The document that describes the API to programs, written from the route table.
#pragma once

#include <jansson.h>

// The OpenAPI 3.1 document. A new reference.
json_t *openapi_document(void);
