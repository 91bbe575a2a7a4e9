// The key `retention` of a server's configuration.
#pragma once

#include "repo-layout/key_table.h"
#include "store/retention.h"

enum {
	RETENTION_NEWEST_MOST = 1000000,
};

extern const KeyTable keys_retention;

// What the checked object (NULL: the defaults) says. False with an error when a value is out of its range.
bool retention_config_read(const json_t *object, StoreRetentionPolicy *ret_policy,
	int64_t *ret_interval, GError **error);
