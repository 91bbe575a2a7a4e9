// Keys of the tasks on files, object stores and formats.
#include "repo-layout/keys_task.h"

// clang-format off
static const KeyRow concat_rows[] = {
	K("files", KEY_ANY, KEY_REQUIRED, "list of files"),
	K("separator", KEY_TEXT, 0, "put between them"),
	K("extension", KEY_TEXT, 0, "ending of the new file's name"),
	K_END,
};
const KeyTable keys_file_concat = {"file.concat task", "Joins files", concat_rows, &keys_task_common};

static const KeyRow split_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file"),
	K("rows", KEY_INTEGER, KEY_EXPRESSION, "rows a part"),
	K("bytes", KEY_TEXT, 0, "size of a part: 10MB"),
	K("partitions", KEY_INTEGER, KEY_EXPRESSION, "number of parts"),
	K("separator", KEY_TEXT, 0, "between rows"),
	K("regexPattern", KEY_TEXT, 0, "rows are grouped by what its group matches"),
	K_END,
};
const KeyTable keys_file_split = {"file.split task", "Cuts a file into parts", split_rows, &keys_task_common};

static const KeyRow delete_rows[] = {
	K("uri", KEY_TEXT, KEY_REQUIRED, "the file"),
	K_ALIAS("from", KEY_TEXT, "uri"),
	K("errorOnMissing", KEY_BOOLEAN, KEY_EXPRESSION, "a missing file is a failure"),
	K("recursive", KEY_BOOLEAN, KEY_EXPRESSION, "a folder with all that is in it"),
	K_END,
};
const KeyTable keys_file_delete = {"file.delete task", "Deletes a file", delete_rows, &keys_task_common};

static const KeyRow size_rows[] = {
	K("uri", KEY_TEXT, KEY_REQUIRED, "the file"),
	K_END,
};
const KeyTable keys_file_size = {"file.size task", "Gives the size of a file", size_rows, &keys_task_common};

static const KeyRow write_rows[] = {
	K("content", KEY_ANY, KEY_REQUIRED, "the text"),
	K("extension", KEY_TEXT, 0, "ending of the file's name"),
	K_END,
};
const KeyTable keys_file_write = {"file.write task", "Writes a text to a file", write_rows, &keys_task_common};

static const KeyRow reverse_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file"),
	K("separator", KEY_TEXT, 0, "between rows"),
	K("charset", KEY_TEXT, 0, "of the file"),
	K_END,
};
const KeyTable keys_file_reverse = {"file.reverse task", "Turns the rows of a file round", reverse_rows, &keys_task_common};

static const KeyRow remote_rows[] = {
	K("host", KEY_TEXT, 0, "the server"),
	K("port", KEY_TEXT, 0, "its port"),
	K("username", KEY_TEXT, 0, "user there"),
	K("password", KEY_TEXT, 0, "password there"),
	K("keyfile", KEY_TEXT, 0, "private key"),
	K("passphrase", KEY_TEXT, 0, "of the key"),
	K("rootDir", KEY_BOOLEAN, KEY_EXPRESSION, "paths start at the user's folder"),
	K("proxyHost", KEY_TEXT, 0, "the proxy"),
	K("proxyPort", KEY_TEXT, 0, "the proxy"),
	K("proxyType", KEY_TEXT, 0, "the proxy"),
	K_END,
};
static const KeyTable keys_remote = {"file task", "", remote_rows, &keys_task_common};

static const KeyRow list_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the folder"),
	K("regExp", KEY_TEXT, 0, "paths that match"),
	K("recursive", KEY_BOOLEAN, KEY_EXPRESSION, "folders below it too"),
	K("maxFiles", KEY_INTEGER, KEY_EXPRESSION, "most files"),
	K_END,
};
const KeyTable keys_file_list = {"file.list task", "Lists a folder", list_rows, &keys_remote};

static const KeyRow copy_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file"),
	K("to", KEY_TEXT, KEY_REQUIRED, "where to"),
	K("overwrite", KEY_BOOLEAN, KEY_EXPRESSION, "replace what is there"),
	K_END,
};
const KeyTable keys_file_copy = {"file.copy task", "Copies or moves a file", copy_rows, &keys_remote};
const KeyTable keys_file_upload = {"file.upload task", "Sends a file to a server", copy_rows, &keys_remote};

static const KeyRow fetch_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file"),
	K_END,
};
const KeyTable keys_file_download = {"file.download task", "Gets a file from a server", fetch_rows, &keys_remote};

static const KeyRow s3_rows[] = {
	K("bucket", KEY_TEXT, 0, "the bucket"),
	K("region", KEY_TEXT, 0, "the region"),
	K("accessKeyId", KEY_TEXT, 0, "access key"),
	K("secretKeyId", KEY_TEXT, 0, "its secret"),
	K("sessionToken", KEY_TEXT, 0, "of temporary access"),
	K("endpointOverride", KEY_TEXT, 0, "another server than Amazon's"),
	K("forcePathStyle", KEY_BOOLEAN, KEY_EXPRESSION, "the bucket is part of the path"),
	K("compatibilityMode", KEY_BOOLEAN, KEY_EXPRESSION, "for servers that know less"),
	K("stsRoleArn", KEY_TEXT, 0, "role to take"),
	K("stsRoleExternalId", KEY_TEXT, 0, "of the role"),
	K("stsRoleSessionName", KEY_TEXT, 0, "of the role"),
	K("stsRoleSessionDuration", KEY_TEXT, 0, "of the role"),
	K("stsEndpointOverride", KEY_TEXT, 0, "of the role"),
	K_END,
};
static const KeyTable keys_s3 = {"s3 task", "", s3_rows, &keys_task_common};

static const KeyRow s3_upload_rows[] = {
	K("from", KEY_ANY, KEY_REQUIRED, "the file or files"),
	K("key", KEY_TEXT, KEY_REQUIRED, "where to"),
	K("metadata", KEY_ANY, 0, "kept with it"),
	K("contentType", KEY_TEXT, 0, "of the object"),
	K("contentEncoding", KEY_TEXT, 0, "of the object"),
	K("contentDisposition", KEY_TEXT, 0, "of the object"),
	K("cacheControl", KEY_TEXT, 0, "of the object"),
	K("storageClass", KEY_TEXT, 0, "of the object"),
	K("serverSideEncryption", KEY_TEXT, 0, "of the object"),
	K("acl", KEY_TEXT, 0, "of the object"),
	K("tagging", KEY_ANY, 0, "of the object"),
	K_END,
};
const KeyTable keys_s3_upload = {"s3.upload task", "Puts a file into a bucket", s3_upload_rows, &keys_s3};

static const KeyRow s3_key_rows[] = {
	K("key", KEY_TEXT, KEY_REQUIRED, "which object"),
	K("versionId", KEY_TEXT, 0, "which version"),
	K_END,
};
const KeyTable keys_s3_download = {"s3.download task", "Gets a file from a bucket", s3_key_rows, &keys_s3};
const KeyTable keys_s3_delete = {"s3.delete task", "Deletes from a bucket", s3_key_rows, &keys_s3};

static const KeyRow s3_list_rows[] = {
	K("prefix", KEY_TEXT, 0, "keys that begin with this"),
	K("delimiter", KEY_TEXT, 0, "groups keys"),
	K("marker", KEY_TEXT, 0, "where to begin"),
	K("maxKeys", KEY_INTEGER, KEY_EXPRESSION, "most keys"),
	K("regexp", KEY_TEXT, 0, "keys that match"),
	K("filter", KEY_TEXT, 0, "FILES, DIRECTORY or BOTH"),
	K("encodingType", KEY_TEXT, 0, "of the answer"),
	K("expectedBucketOwner", KEY_TEXT, 0, "who must own the bucket"),
	K_END,
};
const KeyTable keys_s3_list = {"s3.list task", "Lists a bucket", s3_list_rows, &keys_s3};

static const KeyRow s3_copy_rows[] = {
	K("from", KEY_ANY, KEY_REQUIRED, "{bucket, key}"),
	K("to", KEY_ANY, 0, "{bucket, key}"),
	K("delete", KEY_BOOLEAN, KEY_EXPRESSION, "move instead of copy"),
	K_END,
};
const KeyTable keys_s3_copy = {"s3.copy task", "Copies between buckets", s3_copy_rows, &keys_s3};

static const KeyRow archive_rows[] = {
	K("from", KEY_ANY, KEY_REQUIRED, "the file, or names to files"),
	K("algorithm", KEY_TEXT, 0, "ZIP, TAR, …"),
	K("compression", KEY_TEXT, 0, "GZIP, BZIP2, XZ, ZSTD, …"),
	K_END,
};
const KeyTable keys_archive_compress = {"archive.compress task", "Packs files", archive_rows, &keys_task_common};
const KeyTable keys_archive_decompress = {"archive.decompress task", "Unpacks an archive", archive_rows, &keys_task_common};

static const KeyRow transform_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file or value"),
	K("expression", KEY_TEXT, KEY_REQUIRED, "what to make of it"),
	K("explodeArray", KEY_BOOLEAN, KEY_EXPRESSION, "a list becomes rows"),
	K("maxDepth", KEY_INTEGER, KEY_EXPRESSION, "of the expression"),
	K_END,
};
const KeyTable keys_transform = {"transform task", "Rewrites rows or a value", transform_rows, &keys_task_common};

static const KeyRow avro_rows[] = {
	K("from", KEY_TEXT, KEY_REQUIRED, "the file"),
	K("schema", KEY_ANY, 0, "the Avro schema"),
	K("onBadLines", KEY_TEXT, 0, "ERROR, WARN or SKIP"),
	K("charset", KEY_TEXT, 0, "of the file"),
	K("timeZoneId", KEY_TEXT, 0, "of times without one"),
	K("dateFormat", KEY_TEXT, 0, "how dates are written"),
	K("datetimeFormat", KEY_TEXT, 0, "how times are written"),
	K("timeFormat", KEY_TEXT, 0, "how times of day are written"),
	K("trueValues", KEY_ANY, 0, "what stands for true"),
	K("falseValues", KEY_ANY, 0, "what stands for false"),
	K("nullValues", KEY_ANY, 0, "what stands for nothing"),
	K("numberOfRowsToScan", KEY_INTEGER, KEY_EXPRESSION, "for guessing the schema"),
	K("strictSchema", KEY_BOOLEAN, KEY_EXPRESSION, "more fields than the schema has are a failure"),
	K("inferAllFields", KEY_BOOLEAN, KEY_EXPRESSION, "guess the schema"),
	K("decimalSeparator", KEY_TEXT, 0, "in numbers"),
	K("onBadFormat", KEY_TEXT, 0, "what a bad value does"),
	K_END,
};
const KeyTable keys_avro_read = {"avro.read task", "Turns Avro into rows", avro_rows, &keys_task_common};
const KeyTable keys_avro_write = {"avro.write task", "Turns rows into Avro", avro_rows, &keys_task_common};
// clang-format on
