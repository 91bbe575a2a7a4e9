// SHA-256 against GLib's, in both ways of reckoning it, over all lengths around the blocks and any cut into pieces.
#include "sql/sha256.h"

#include <glib.h>
#include <string.h>

static void check(GRand *random)
{
	guchar bytes[700];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (guchar)g_rand_int(random);
	for (size_t length = 0; length < sizeof(bytes); length++) {
		g_autofree char *wanted =
			g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, length);
		char found[SHA256_TEXT_SIZE];
		size_t cut = length == 0 ? 0 : g_rand_int(random) % length;
		Sha256 sha;

		sha256_text(bytes, length, found);
		g_assert_cmpstr(found, ==, wanted);
		sha256_begin(&sha);
		sha256_add(&sha, bytes, cut);
		sha256_add(&sha, bytes + cut, length - cut);
		sha256_end(&sha, found);
		g_assert_cmpstr(found, ==, wanted);
	}
}

static void test_both(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	check(random);
	sha256_use_plain();
	check(random);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sha256/both", test_both);
	return g_test_run();
}
