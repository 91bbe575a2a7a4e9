// Layout patterns.
#include "repo-layout/walk_private.h"

bool walk_patterns(LayoutLoad *load, const SourceFolder *top, GError **error)
{
	(void)load;
	(void)top;
	(void)error;
	return true;
}
