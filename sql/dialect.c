#include "sql/dialect.h"

#include "sql/rules.h"

#include <glib.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const SqlDialect dialects[] = {
	{
		.name = "sqlite",
		.aliases = NAMES("sqlite3"),
		.name_quote = '"',
		.backticks = true,
		.brackets = true,
		.doubled_quotes = true,
		.text_as_table = true,
		.dollar_words = true,
		.question = true,
		.question_digits = true,
		.colon_names = true,
		.dollar_names = true,
		.at_names = true,
		.dot_lines = true,
		.in_tables = true,
		.any_order = true,
		.unique_columns = true,
		.open_comments = true,
		.question_binds = true,
		.names_bind = true,
		.temporary_schemas = NAMES("temp"),
	},
	{
		.name = "postgres",
		.aliases = NAMES("postgresql", "pg", "cockroachdb", "timescaledb"),
		.name_quote = '"',
		.doubled_quotes = true,
		.escape_prefix = true,
		.dollar_quotes = true,
		.nested_comments = true,
		.dollar_words = true,
		.colon_names = true,
		.dollar_digits = true,
		.copy_data = true,
		.backslash_lines = true,
		.select_into = true,
		.unique_columns = true,
		.dollar_binds = true,
		.temporary_schemas = NAMES("pg_temp"),
		.opaque_functions = NAMES("dblink", "query_to_xml", "cursor_to_xml", "crosstab"),
	},
	{
		.name = "mysql",
		.aliases = NAMES("mariadb", "tidb", "starrocks", "doris"),
		.name_quote = '`',
		.double_quoted_text = true,
		.backticks = true,
		.backslash_text = true,
		.doubled_quotes = true,
		.text_as_table = true,
		.dash_needs_blank = true,
		.version_comments = true,
		.hash = SQL_HASH_COMMENT,
		.dollar_words = true,
		.digit_words = true,
		.question = true,
		.delimiter_lines = true,
		.multi_delete = true,
		.dual = true,
		.unique_columns = true,
		.question_binds = true,
	},
	{
		.name = "clickhouse",
		.aliases = NAMES("ch"),
		.name_quote = '`',
		.backticks = true,
		.backslash_text = true,
		.backslash_names = true,
		.doubled_quotes = true,
		.dollar_quotes = true,
		.nested_comments = true,
		.wide_blanks = true,
		.hash = SQL_HASH_COMMENT,
		.dollar_words = true,
		.brace_types = true,
		.format_data = true,
		.in_tables = true,
		.array_join = true,
		.from_first = true,
		.expression_with = true,
		.as_table = true,
		.view_targets = true,
		.qualified_columns = true,
		.column_functions = NAMES("columns", "untuple", "apply"),
		.opaque_functions = NAMES("remote", "remoteSecure", "cluster", "clusterAllReplicas",
			"merge", "mysql", "postgresql", "sqlite", "odbc", "jdbc", "mongodb",
			"executable"),
	},
	{
		.name = "bigquery",
		.aliases = NAMES("bq", "googlesql"),
		.name_quote = '`',
		.double_quoted_text = true,
		.backticks = true,
		.backtick_paths = true,
		.backslash_text = true,
		.backslash_names = true,
		.triple_quotes = true,
		.wide_blanks = true,
		.hash = SQL_HASH_COMMENT,
		.hyphen_paths = true,
		.question = true,
		.at_names = true,
		.correlated = true,
		.correlated_paths = true,
		.from_first = true,
		.wildcard_names = true,
		.unique_columns = true,
		.question_binds = true,
		.names_bind = true,
		.temporary_schemas = NAMES("_SESSION"),
		.opaque_functions = NAMES("EXTERNAL_QUERY"),
	},
	{
		.name = "redshift",
		.name_quote = '"',
		.backslash_text = true,
		.doubled_quotes = true,
		.escape_prefix = true,
		.dollar_quotes = true,
		.nested_comments = true,
		.hash = SQL_HASH_NAME,
		.dollar_words = true,
		.question = true,
		.colon_names = true,
		.dollar_digits = true,
		.backslash_lines = true,
		.select_into = true,
		.correlated = true,
		.unique_columns = true,
		.question_binds = true,
		.dollar_binds = true,
		.temporary_schemas = NAMES("pg_temp"),
	},
	{
		.name = "ansi",
		.aliases = NAMES("sql", "generic"),
		.name_quote = '"',
		.backticks = true,
		.backtick_paths = true,
		.doubled_quotes = true,
		.dollar_quotes = true,
		.nested_comments = true,
		.hash = SQL_HASH_EITHER,
		.dollar_words = true,
		.question = true,
		.colon_names = true,
		.dollar_digits = true,
		.select_into = true,
		.correlated = true,
		.from_first = true,
		.any_engine = true,
		.opaque_functions = NAMES("IDENTIFIER"),
	},
};

static const char *const dialect_names[] = {
	"sqlite", "postgres", "mysql", "clickhouse", "bigquery", "redshift", "ansi", NULL};

const SqlDialect *sql_dialect_find(const char *name)
{
	if (name == NULL)
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(dialects); i++) {
		if (g_ascii_strcasecmp(dialects[i].name, name) == 0)
			return &dialects[i];
		for (const char *const *alias = dialects[i].aliases;
			alias != NULL && *alias != NULL; alias++) {
			if (g_ascii_strcasecmp(*alias, name) == 0)
				return &dialects[i];
		}
	}
	return NULL;
}

const char *sql_dialect_name(const SqlDialect *dialect)
{
	return dialect->name;
}

const char *const *sql_dialect_names(void)
{
	return dialect_names;
}

char *sql_dialect_quote_name(const SqlDialect *dialect, const char *part)
{
	GString *quoted = g_string_new(NULL);
	char quote = dialect->name_quote;

	g_string_append_c(quoted, quote);
	for (; *part != '\0'; part++) {
		if (dialect->backslash_names && (*part == quote || *part == '\\'))
			g_string_append_c(quoted, '\\');
		else if (*part == quote)
			g_string_append_c(quoted, quote);
		g_string_append_c(quoted, *part);
	}
	g_string_append_c(quoted, quote);
	return g_string_free(quoted, FALSE);
}
