#include "tests/db/contract.h"

#include <glib/gstdio.h>

static char *folder;

static DbConnection *open_memory(void)
{
	GError *error = NULL;
	DbConnection *connection = db_open("sqlite::memory:", NULL, &error);

	g_assert_no_error(error);
	return connection;
}

static DbConnection *open_file(void)
{
	g_autofree char *url = g_strdup_printf("sqlite:%s/contract.db", folder);
	const DbOptions options = {.create = true, .background_checkpoint = true};
	GError *error = NULL;
	DbConnection *connection = db_open(url, &options, &error);

	g_assert_no_error(error);
	return connection;
}

static void clean_file(void)
{
	g_autofree char *path = g_build_filename(folder, "contract.db", NULL);

	g_assert_cmpint(g_remove(path), ==, 0);
}

static const ContractTarget targets[] = {
	{.name = "sqlite-memory",
		.open = open_memory,
		.missing_table_error = "no such table: nowhere",
		.syntax_error = "near \"SELEC\": syntax error",
		.unique_error = "UNIQUE constraint failed: item.id"},
	{.name = "sqlite-file",
		.open = open_file,
		.open_other = open_file,
		.clean = clean_file,
		.missing_table_error = "no such table: nowhere",
		.syntax_error = "near \"SELEC\": syntax error",
		.unique_error = "UNIQUE constraint failed: item.id"},
};

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("weir-db-XXXXXX", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
		contract_add_tests(&targets[i]);
	status = g_test_run();
	g_rmdir(folder);
	g_free(folder);
	return status;
}
