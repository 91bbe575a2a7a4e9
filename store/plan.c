#include "store/plan.h"

#include "store/internal.h"

static const Field plan_fields[] = {
	TEXT_FIELD(StorePlan, digest),
	TEXT_FIELD(StorePlan, commit),
	TEXT_FIELD(StorePlan, json),
	TEXT_FIELD(StorePlan, result),
	TEXT_FIELD(StorePlan, message),
	INT64_FIELD(StorePlan, created_at),
	INT64_FIELD(StorePlan, ended_at),
};
static const RowType plan_row = ROW_TYPE(StorePlan, plan_fields);

void store_plan_free(StorePlan *plan)
{
	row_free(&plan_row, plan);
}

bool store_plan_put(Store *store, const StorePlan *plan, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&plan_row, plan, values);
	return statement_write(store, STATEMENT_PLAN_PUT, STORE_TOPIC_LIVE, values,
		G_N_ELEMENTS(plan_fields), NULL, error);
}

bool store_plan_get(Store *store, const char *digest, StorePlan **ret_plan, GError **error)
{
	return row_get(store, STATEMENT_PLAN_GET, DB_VALUES(DB_TEXT(digest)), &plan_row,
		(void **)ret_plan, error);
}

static void plan_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	const StorePlan *plan = row;

	g_snprintf(number, 32, "%" G_GINT64_FORMAT, plan->created_at);
	parts[0] = number;
	parts[1] = plan->digest;
}

bool store_plans_list(
	Store *store, const StorePage *page, GPtrArray **ret_plans, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 2, &start, error) &&
	       page_list(store, STATEMENT_PLANS_LIST, &start,
		       DB_VALUES(DB_INTEGER(start.first ? INT64_MAX : start.number),
			       DB_TEXT(start.after[1]), page_limit(&start)),
		       &plan_row, (GDestroyNotify)store_plan_free, plan_key, ret_plans, ret_next,
		       error);
}
