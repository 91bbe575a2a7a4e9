// The keys of each type of task and trigger.
#pragma once

#include "repo-layout/keys.h"

extern const KeyTable keys_log, keys_return, keys_fail, keys_sleep, keys_labels, keys_outputs;
extern const KeyTable keys_sequential, keys_parallel, keys_foreach, keys_if, keys_switch, keys_dag;
extern const KeyTable keys_dag_item; // {task, dependsOn}: an item of a dag
extern const KeyTable keys_subflow, keys_foreach_item, keys_pause, keys_loop_until;
extern const KeyTable keys_allow_failure, keys_working_directory;
extern const KeyTable keys_shell, keys_python, keys_node;
extern const KeyTable keys_sql_query, keys_sql_queries, keys_sql_load, keys_sql_build;
extern const KeyTable keys_http_request, keys_http_download;
extern const KeyTable keys_mail_send, keys_notify_slack, keys_notify_webhook;
extern const KeyTable keys_file_concat, keys_file_split, keys_file_delete, keys_file_size;
extern const KeyTable keys_file_write, keys_file_reverse, keys_file_list, keys_file_copy;
extern const KeyTable keys_file_upload, keys_file_download;
extern const KeyTable keys_s3_upload, keys_s3_download, keys_s3_list, keys_s3_delete, keys_s3_copy;
extern const KeyTable keys_archive_compress, keys_archive_decompress, keys_transform;
extern const KeyTable keys_avro_read, keys_avro_write;

extern const KeyTable keys_trigger_schedule, keys_trigger_flow, keys_trigger_tables;
extern const KeyTable keys_trigger_webhook, keys_trigger_sql, keys_trigger_http, keys_trigger_feed;
