#include "api/dashboard.h"

#include <glib.h>
#include <string.h>

// Written by the build from api/dashboard/status.html, ended by a NUL byte.
extern const unsigned char dashboard_html[];

const char *dashboard_page(void)
{
	return (const char *)dashboard_html;
}

// 'sha256-…' of what stands between the first opening tag and its closing one.
static char *element_hash(const char *open, const char *close)
{
	const char *from = strstr(dashboard_page(), open);
	const char *to = from != NULL ? strstr(from, close) : NULL;
	guint8 digest[32];
	gsize length = sizeof digest;

	g_return_val_if_fail(to != NULL, g_strdup("'none'"));
	from += strlen(open);
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(checksum, (const guchar *)from, to - from);
	g_checksum_get_digest(checksum, digest, &length);
	g_autofree char *text = g_base64_encode(digest, length);
	return g_strdup_printf("'sha256-%s'", text);
}

const char *dashboard_security_policy(void)
{
	static char *policy;

	if (g_once_init_enter(&policy)) {
		g_autofree char *style = element_hash("<style>", "</style>");
		g_autofree char *script = element_hash("<script>", "</script>");
		char *made = g_strdup_printf(
			"default-src 'none'; style-src %s; script-src %s; connect-src 'self'; "
			"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors "
			"'none'",
			style, script);

		g_once_init_leave(&policy, made);
	}
	return policy;
}
