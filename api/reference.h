// The page about the API for people.
#pragma once

// docs/reference/api.md, written from the route table. Free with g_free().
char *api_reference(void);
