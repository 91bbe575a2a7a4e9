#include "db/ddl.h"

#include <string.h>

#include "db/db.h"
#include "db/dialects.h"

static const DbDialect *const DIALECTS[] = {
	&DB_DIALECT_SQLITE,
};

const DbDialect *db_dialect_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(DIALECTS); i++)
		if (strcmp(DIALECTS[i]->name, name) == 0)
			return DIALECTS[i];
	return NULL;
}

const DbDialect *db_connection_dialect(const DbConnection *connection)
{
	const DbDialect *dialect = db_dialect_find(db_driver_name(connection));

	g_assert(dialect != NULL); // every driver has its row
	return dialect;
}

static void append_quoted(GString *sql, const char *text, size_t length, char quote)
{
	g_string_append_c(sql, quote);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == quote)
			g_string_append_c(sql, quote);
		g_string_append_c(sql, text[i]);
	}
	g_string_append_c(sql, quote);
}

void db_quote_name(const DbDialect *dialect, const char *name, GString *sql)
{
	append_quoted(sql, name, strlen(name), dialect->quote);
}

void db_quote_table(const DbDialect *dialect, const char *dataset, const char *name, GString *sql)
{
	if (dataset != NULL) {
		db_quote_name(dialect, dataset, sql);
		g_string_append_c(sql, '.');
	}
	db_quote_name(dialect, name, sql);
}

void db_quote_text(const DbDialect *dialect, const char *text, size_t length, GString *sql)
{
	(void)dialect; // every engine so far doubles the quote of a standard literal
	append_quoted(sql, text, length, '\'');
}

bool db_name_check(const char *name, GError **error)
{
	size_t length = strlen(name);

	if (length == 0 || length > 255) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"a name of a table or column must have 1 to 255 bytes, not %zu", length);
		return false;
	}
	if (!g_utf8_validate(name, (gssize)length, NULL)) {
		g_set_error_literal(error, DB_ERROR, DB_ERROR_MISUSE,
			"a name of a table or column must be UTF-8");
		return false;
	}
	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			g_set_error_literal(error, DB_ERROR, DB_ERROR_MISUSE,
				"a name of a table or column must not contain control characters");
			return false;
		}
	}
	return true;
}

// Replaces %L, %P, %S in a mapping's format.
static char *format_sizes(const char *format, const DbFieldType *type)
{
	GString *text = g_string_new(NULL);

	for (const char *p = format; *p != '\0'; p++) {
		if (*p != '%') {
			g_string_append_c(text, *p);
			continue;
		}
		p++;
		g_string_append_printf(text, "%u",
			*p == 'L'   ? type->length
			: *p == 'P' ? type->precision
				    : type->scale);
	}
	return g_string_free(text, FALSE);
}

char *db_field_engine_type(const DbDialect *dialect, const DbFieldType *type, DbMode mode)
{
	const DbTypeMapping *mapping =
		&dialect->types[mode == DB_MODE_REPEATED ? DB_FIELD_JSON : type->kind];
	bool sized = mode != DB_MODE_REPEATED && (type->length > 0 || type->precision > 0);

	if (!sized || mapping->sized == NULL)
		return g_strdup(mapping->plain);
	return format_sizes(mapping->sized, type);
}

static const DbTypeAlias *alias_find(const DbDialect *dialect, const char *name, size_t length)
{
	for (const DbTypeAlias *alias = dialect->aliases; alias->engine != NULL; alias++)
		if (g_ascii_toupper(*name) == *alias->engine &&
			g_ascii_strncasecmp(alias->engine, name, length) == 0 &&
			alias->engine[length] == '\0')
			return alias;
	return NULL;
}

bool db_field_from_engine(const DbDialect *dialect, const char *engine_type, DbFieldType *ret_type)
{
	const char *name = engine_type + strspn(engine_type, " ");
	size_t length = strcspn(name, "(");
	const char *sizes = name[length] == '(' ? name + length : NULL;
	const DbTypeAlias *alias;
	g_autofree char *declared = NULL;

	while (length > 0 && name[length - 1] == ' ')
		length--;
	alias = length == 0 ? NULL : alias_find(dialect, name, length);
	if (alias == NULL)
		return db_field_type_parse(engine_type, ret_type);
	if (sizes != NULL) {
		declared = g_strconcat(db_field_kind_name(alias->kind), sizes, NULL);
		if (db_field_type_parse(declared, ret_type))
			return true;
	}
	*ret_type = (DbFieldType){.kind = alias->kind};
	return true;
}

static void append_column(const DbDialect *dialect, const DbColumn *column, GString *sql)
{
	g_autofree char *type = column->engine_type != NULL ? g_strdup(column->engine_type)
							    : db_field_engine_type(dialect,
								      &column->type, column->mode);

	db_quote_name(dialect, column->name, sql);
	if (*type != '\0')
		g_string_append_printf(sql, " %s", type);
	if (column->mode == DB_MODE_REQUIRED)
		g_string_append(sql, " NOT NULL");
	if (column->default_value != NULL)
		g_string_append_printf(sql, " DEFAULT (%s)", column->default_value);
}

char *db_ddl_create_table(const DbDialect *dialect, const DbTable *table)
{
	GString *sql = g_string_new("CREATE TABLE ");

	db_quote_table(dialect, table->dataset, table->name, sql);
	g_string_append(sql, " (");
	for (unsigned i = 0; i < table->columns->len; i++) {
		if (i > 0)
			g_string_append(sql, ", ");
		append_column(dialect, table->columns->pdata[i], sql);
	}
	g_string_append_c(sql, ')');
	return g_string_free(sql, FALSE);
}

char *db_ddl_add_column(const DbDialect *dialect, const DbTable *table, const DbColumn *column)
{
	GString *sql = g_string_new("ALTER TABLE ");

	db_quote_table(dialect, table->dataset, table->name, sql);
	g_string_append(sql, " ADD COLUMN ");
	append_column(dialect, column, sql);
	return g_string_free(sql, FALSE);
}

char *db_ddl_drop(const DbDialect *dialect, DbTableKind kind, const char *dataset, const char *name)
{
	GString *sql = g_string_new(kind == DB_VIEW ? "DROP VIEW " : "DROP TABLE ");

	db_quote_table(dialect, dataset, name, sql);
	return g_string_free(sql, FALSE);
}

char *db_ddl_rename(const DbDialect *dialect, const char *dataset, const char *from, const char *to)
{
	GString *sql = g_string_new("ALTER TABLE ");

	db_quote_table(dialect, dataset, from, sql);
	g_string_append(sql, " RENAME TO ");
	db_quote_name(dialect, to, sql);
	return g_string_free(sql, FALSE);
}

char *db_ddl_create_view(
	const DbDialect *dialect, const char *dataset, const char *name, const char *select)
{
	GString *sql = g_string_new("CREATE VIEW ");

	db_quote_table(dialect, dataset, name, sql);
	g_string_append_printf(sql, " AS %s", select);
	return g_string_free(sql, FALSE);
}
