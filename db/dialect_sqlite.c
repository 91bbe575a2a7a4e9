// The embedded SQLite. A type's name there is a label with an affinity: the ones below keep what was declared readable
// in the schema, and give text to text, numbers to numbers (a name with TEXT in it has text affinity).
#include <string.h>

#include "db/dialects.h"

static const DbTypeAlias ALIASES[] = {
	{"INTEGER", DB_FIELD_INT64},
	{"INT", DB_FIELD_INT64},
	{"BIGINT", DB_FIELD_INT64},
	{"REAL", DB_FIELD_FLOAT64},
	{"DOUBLE", DB_FIELD_FLOAT64},
	{"DOUBLE PRECISION", DB_FIELD_FLOAT64},
	{"TEXT", DB_FIELD_STRING},
	{"VARCHAR", DB_FIELD_STRING},
	{"CHAR", DB_FIELD_STRING},
	{"NVARCHAR", DB_FIELD_STRING},
	{"CLOB", DB_FIELD_STRING},
	{"BLOB", DB_FIELD_BYTES},
	{"NUM", DB_FIELD_NUMERIC},
	{"JSON TEXT", DB_FIELD_JSON},
	{"GEOGRAPHY TEXT", DB_FIELD_GEOGRAPHY},
	{NULL, DB_FIELD_UNKNOWN},
};

// Views are listed without columns: asking for the columns of one view that is broken would fail the whole query.
static void introspection(
	const DbDialect *dialect, const char *dataset, const char *table, GString *sql)
{
	g_string_append(sql,
		"SELECT m.name, m.type, m.sql, p.name, p.type, p.\"notnull\" OR p.pk > 0, "
		"p.dflt_value FROM ");
	db_quote_table(dialect, dataset, "sqlite_schema", sql);
	g_string_append(sql, " AS m LEFT JOIN pragma_table_xinfo(CASE m.type WHEN 'table' THEN "
			     "m.name END, $1) AS p"
			     " ON p.hidden <> 1 WHERE ");
	// There is no index over the names: of all rows but one, the name is all that is looked at.
	if (table != NULL)
		g_string_append(sql, "m.name = $2 COLLATE NOCASE AND +m.type IN ('table', 'view') "
				     "ORDER BY p.cid");
	else
		g_string_append(sql, "m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' "
				     "ESCAPE '\\' AND m.name NOT LIKE '\\_weir\\_%'"
				     " ESCAPE '\\' ORDER BY m.name, p.cid");
}

// Skips one token (a quoted name or text, a comment, a word, a single character).
static const char *token_skip(const char *p)
{
	static const char OPENING[] = "\"'`[";
	static const char CLOSING[] = "\"'`]";
	const char *quote = strchr(OPENING, *p);
	const char *end;

	if (quote != NULL) {
		end = strchr(p + 1, CLOSING[quote - OPENING]);
		return end == NULL ? p + strlen(p) : end + 1;
	}
	if (g_str_has_prefix(p, "--"))
		return p + strcspn(p, "\n");
	if (g_str_has_prefix(p, "/*")) {
		end = strstr(p + 2, "*/");
		return end == NULL ? p + strlen(p) : end + 2;
	}
	if (g_ascii_isalnum(*p) || *p == '_' || (*p & 0x80) != 0) {
		while (g_ascii_isalnum(*p) || *p == '_' || (*p & 0x80) != 0)
			p++;
		return p;
	}
	return p + 1;
}

// What follows the AS of CREATE VIEW name (columns) AS.
static char *view_select(const char *definition)
{
	const char *p = definition;
	int depth = 0;

	while (*p != '\0') {
		const char *next = token_skip(p);

		if (next - p == 2 && depth == 0 && g_ascii_strncasecmp(p, "as", 2) == 0)
			return g_strstrip(g_strdup(next));
		depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
		p = next;
	}
	return g_strdup(definition);
}

const DbDialect DB_DIALECT_SQLITE = {
	.name = "sqlite",
	.quote = '"',
	.types =
		{
			[DB_FIELD_UNKNOWN] = {"", NULL, false},
			[DB_FIELD_INT64] = {"INTEGER", NULL, false},
			[DB_FIELD_FLOAT64] = {"REAL", NULL, false},
			// 15 digits are exact
			[DB_FIELD_NUMERIC] = {"NUMERIC", "NUMERIC(%P,%S)", true},
			[DB_FIELD_BIGNUMERIC] = {"BIGNUMERIC", "BIGNUMERIC(%P,%S)", true},
			[DB_FIELD_BOOL] = {"BOOLEAN", NULL, false},
			[DB_FIELD_STRING] = {"TEXT", "TEXT(%L)", false},
			[DB_FIELD_BYTES] = {"BLOB", "BLOB(%L)", false},
			[DB_FIELD_DATE] = {"DATE", NULL, false},
			[DB_FIELD_DATETIME] = {"DATETIME", NULL, false},
			[DB_FIELD_TIME] = {"TIME", NULL, false},
			[DB_FIELD_TIMESTAMP] = {"TIMESTAMP", NULL, false},
			[DB_FIELD_JSON] = {"JSON TEXT", NULL, false},
			[DB_FIELD_GEOGRAPHY] = {"GEOGRAPHY TEXT", NULL, false},
			[DB_FIELD_RECORD] = {"JSON TEXT", NULL, false},
		},
	.aliases = ALIASES,
	.ddl_in_transaction = true,
	.stage_dataset = "temp",
	.schema_version = "PRAGMA %s.schema_version",
	.introspection = introspection,
	.view_select = view_select,
};
