// Runs a fuzz target over every file of a corpus folder, so that the corpus is a test in every build.
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *path)
{
	g_autofree char *content = NULL;
	gsize length = 0;
	g_autoptr(GError) error = NULL;

	if (!g_file_get_contents(path, &content, &length, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return false;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)content, length);
	return true;
}

int main(int argc, char **argv)
{
	unsigned replayed = 0;

	for (int i = 1; i < argc; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GDir) folder = g_dir_open(argv[i], 0, &error);
		const char *name;

		if (folder == NULL) {
			fprintf(stderr, "%s\n", error->message);
			return 1;
		}
		while ((name = g_dir_read_name(folder)) != NULL) {
			g_autofree char *path = g_build_filename(argv[i], name, NULL);

			if (!replay_file(path))
				return 1;
			replayed++;
		}
	}
	if (replayed == 0) {
		fputs("no input was replayed\n", stderr);
		return 1;
	}
	printf("%u inputs replayed\n", replayed);
	return 0;
}
