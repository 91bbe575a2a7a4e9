// The tables of keys, and short forms for writing their rows.
#pragma once

#include "repo-layout/key_table.h"

#define K(name, kind, flags, summary)                                                              \
	{                                                                                          \
		name, kind, flags, NULL, NULL, NULL, summary                                       \
	}
#define K_CHOICE(name, flags, values, summary)                                                     \
	{                                                                                          \
		name, KEY_CHOICE, flags, NULL, values, NULL, summary                               \
	}
#define K_TABLE(name, kind, flags, table, summary)                                                 \
	{                                                                                          \
		name, kind, flags, NULL, NULL, table, summary                                      \
	}
#define K_ALIAS(name, kind, of)                                                                    \
	{                                                                                          \
		name, kind, 0, of, NULL, NULL, "another name of " of                               \
	}
#define K_OLD(name, kind, of)                                                                      \
	{                                                                                          \
		name, kind, KEY_DEPRECATED, of, NULL, NULL, "the old name of " of                  \
	}
#define K_UNUSED(name)                                                                             \
	{                                                                                          \
		name, KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "accepted, has no effect"          \
	}
#define K_OLD_UNUSED(name)                                                                         \
	{                                                                                          \
		name, KEY_PLAIN, KEY_IGNORED | KEY_DEPRECATED, NULL, NULL, NULL,                   \
			"old, has no effect"                                                       \
	}
#define K_END                                                                                      \
	{                                                                                          \
		.name = NULL                                                                       \
	}

extern const KeyTable keys_flow;
extern const KeyTable keys_input;
extern const KeyTable keys_output;
extern const KeyTable keys_retry;
extern const KeyTable keys_sla;
extern const KeyTable keys_concurrency;
extern const KeyTable keys_plugin_default;
extern const KeyTable keys_task_common;
extern const KeyTable keys_trigger_common;
extern const KeyTable keys_project; // weir.yaml
extern const KeyTable keys_domain; // domain.yaml
extern const KeyTable keys_script_header; // the header of a script, and its sidecar
extern const KeyTable keys_flow_set;
extern const KeyTable keys_feed;
extern const KeyTable keys_environment;
extern const KeyTable keys_connection;
extern const KeyTable keys_check_common;
extern const KeyTable keys_unknown_task; // of a task whose type is not known: anything goes

extern const char *const input_types[];
extern const char *const run_states[];
extern const char *const feed_names[];

// Reports the keys that a retry of its type needs and does not have.
void retry_check(const YamlNode *node, KeyContext *context, const json_t *retry);
