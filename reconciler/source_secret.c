#include "reconciler/source_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	SECRET_BYTES = 64 * 1024,
};

SecretPlace secret_place_password(const SourceAccess *access)
{
	if (access->password_file != NULL)
		return (SecretPlace){"password_file", access->password_file, false};
	if (access->password_env != NULL)
		return (SecretPlace){"password_env", access->password_env, true};
	if (access->token_file != NULL)
		return (SecretPlace){"token_file", access->token_file, false};
	if (access->token_env != NULL)
		return (SecretPlace){"token_env", access->token_env, true};
	return (SecretPlace){0};
}

SecretPlace secret_place_passphrase(const SourceAccess *access)
{
	if (access->ssh_key_passphrase_file != NULL)
		return (SecretPlace){
			"ssh_key_passphrase_file", access->ssh_key_passphrase_file, false};
	if (access->ssh_key_passphrase_env != NULL)
		return (SecretPlace){
			"ssh_key_passphrase_env", access->ssh_key_passphrase_env, true};
	return (SecretPlace){0};
}

// Up to SECRET_BYTES of the file, and one more when there is more. Negative, with errno, when it cannot be read.
static ssize_t read_bytes(const char *path, char *buffer)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = 0, got = 1;

	if (fd < 0)
		return -1;
	while (length <= SECRET_BYTES && got > 0) {
		got = read(fd, buffer + length, (size_t)(SECRET_BYTES + 1 - length));
		if (got > 0)
			length += got;
	}
	int code = errno;
	close(fd);
	errno = code;
	return got < 0 ? -1 : length;
}

static char *read_file(const char *path, char **ret_reason)
{
	g_autofree char *buffer = g_malloc0(SECRET_BYTES + 2);
	ssize_t length = read_bytes(path, buffer);
	char *secret = NULL;

	if (length < 0) {
		*ret_reason = g_strdup_printf(
			"the file '%s' cannot be read: %s", path, g_strerror(errno));
		return NULL;
	}
	while (length > 0 && (buffer[length - 1] == '\n' || buffer[length - 1] == '\r'))
		buffer[--length] = '\0';
	if (length > 0 && length <= SECRET_BYTES && strlen(buffer) == (size_t)length)
		secret = g_strdup(buffer);
	else
		*ret_reason = g_strdup_printf("the file '%s' %s", path,
			length == 0 ? "is empty" : "does not hold one text of a reasonable length");
	explicit_bzero(buffer, SECRET_BYTES + 2);
	return secret;
}

static char *read_variable(const char *name, char **ret_reason)
{
	const char *value = g_getenv(name);

	if (value != NULL && *value != '\0')
		return g_strdup(value);
	*ret_reason = g_strdup_printf("the variable '%s' is %s in the environment", name,
		value == NULL ? "not" : "empty");
	return NULL;
}

char *secret_read(const SecretPlace *place, const char *url, GError **error)
{
	g_autofree char *reason = NULL;
	char *secret = place->environment ? read_variable(place->place, &reason)
					  : read_file(place->place, &reason);

	if (secret == NULL)
		g_set_error(error, FETCH_ERROR, FETCH_ERROR_REFUSED,
			"repository '%s' cannot be fetched: '%s' of the source cannot be read: %s; "
			"put "
			"the secret there, readable by the user that runs weir",
			url, place->key, reason);
	return secret;
}

void secret_free(char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}
