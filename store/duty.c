#include "store/duty.h"

#include "store/internal.h"

bool store_duty_take(Store *store, const char *name, const char *holder, int64_t expires_at,
	bool *ret_taken, GError **error)
{
	int64_t changes = 0;

	if (!statement_write(store, STATEMENT_DUTY_TAKE, 0,
		    DB_VALUES(DB_TEXT(name), DB_TEXT(holder), DB_INTEGER(expires_at),
			    DB_INTEGER(timestamp_now())),
		    &changes, error))
		return false;
	*ret_taken = changes > 0;
	return true;
}

bool store_duty_give(Store *store, const char *name, const char *holder, GError **error)
{
	return statement_write(store, STATEMENT_DUTY_GIVE, 0,
		DB_VALUES(DB_TEXT(name), DB_TEXT(holder)), NULL, error);
}
