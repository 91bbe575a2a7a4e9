#include "runner/secret.h"

#include "runner/task_type.h"

static char *from_environment(const char *name)
{
	g_autofree char *plain = g_strdup_printf("WEIR_SECRET_%s", name);
	g_autofree char *coded = g_strdup_printf("SECRET_%s", name);
	const char *value = g_getenv(plain);
	gsize length = 0;

	if (value != NULL)
		return g_strdup(value);
	value = g_getenv(coded);
	if (value == NULL)
		return NULL;
	g_autofree guchar *bytes = g_base64_decode(value, &length);
	return g_strndup((const char *)bytes, length);
}

char *secret_find(const RunnerOptions *options, const char *name, GError **error)
{
	g_autoptr(GError) why = NULL;
	char *value = options->secret != NULL ? options->secret(name, options->data, &why)
					      : from_environment(name);

	if (value != NULL)
		return value;
	if (why != NULL)
		g_propagate_error(error, g_steal_pointer(&why));
	else
		g_set_error(
			error, TASK_ERROR, TASK_ERROR_PROPERTY, "there is no secret '%s'", name);
	return NULL;
}
