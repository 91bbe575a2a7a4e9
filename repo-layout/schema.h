// Declared schemas: `bq show --format=prettyjson` of a table, its bare array of fields, or the short YAML form.
#pragma once

#include "repo-layout/key_table.h"

extern const KeyTable keys_schema; // the object form
extern const KeyTable keys_schema_field; // one field

// The short form, for people who write schemas by hand:
//
//   description: one row per order
//   primary_key: [order_id]
//   fields:
//     order_id: INT64 required
//     tags: STRING repeated
//     total: {type: "NUMERIC(12,2)", description: with tax, previous_name: amount}
//     customer:
//       fields: {name: STRING, city: STRING}
//
// A list of fields is as in bq.

// Converts any of the forms to the canonical one: {"fields": [{"name", "type", "mode", "default", "description", "previous_name",
// "fields"}], "description", "labels", "primary_key", "partition": {"field", "type", "expiration_ms", "require_filter", "range"},
// "cluster", "expires", "allow_breaking", "view", …}. type is in the spelling INT64, NUMERIC(12,2), STRING(20), RECORD; mode is left out when NULLABLE;
// keys that only a server gives (etag, numRows, …) are left out. NULL when there is nothing usable.
json_t *schema_convert(const YamlNode *node, KeyContext *context);
