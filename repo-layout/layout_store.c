// What the cache keeps of a domain, so that after a restart nothing unchanged is walked or parsed again.
#include "repo-layout/layout_private.h"

DomainData *domain_restore(LayoutLoad *load, const char *path, const SourceId *tree)
{
	(void)load;
	(void)path;
	(void)tree;
	return NULL;
}

void domain_store(LayoutLoad *load, DomainData *data)
{
	(void)load;
	(void)data;
}
