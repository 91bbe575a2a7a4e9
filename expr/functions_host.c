// Functions that only the caller can carry out: their names and parameters. See ExprScope.functions.
#include "expr/callee.h"

const ExprCallee functions_host[] = {
	{"secret", {"key", "namespace", "subkey"}, 1, 3, CALLEE_HOST, NULL},
	{"credential", {"key"}, 1, 1, CALLEE_HOST, NULL},
	{"kv", {"key", "namespace", "errorOnMissing"}, 1, 3, CALLEE_HOST, NULL},
	{"read", {"path", "namespace", "version"}, 1, 3, CALLEE_HOST, NULL},
	{"fileURI", {"path", "namespace", "version"}, 1, 3, CALLEE_HOST, NULL},
	{"fileSize", {"path", "namespace", "version"}, 1, 3, CALLEE_HOST, NULL},
	{"fileExists", {"path", "namespace", "version"}, 1, 3, CALLEE_HOST, NULL},
	{"isFileEmpty", {"path", "namespace", "version"}, 1, 3, CALLEE_HOST, NULL},
	{"env", {"name", "default"}, 1, 2, CALLEE_HOST, NULL},
	{"errorLogs", {NULL}, 0, 0, CALLEE_HOST, NULL},
	{"tasksWithState", {"state"}, 1, 1, CALLEE_HOST, NULL},
	{"printContext", {NULL}, 0, 0, CALLEE_HOST, NULL},
	{"fetchContext", {NULL}, 0, 0, CALLEE_HOST, NULL},
	{"yaml", {"yaml"}, 1, 1, CALLEE_HOST, NULL},
	{"randomPort", {NULL}, 0, 0, CALLEE_HOST, NULL},
	{"http", {"uri", "method", "headers", "body", "contentType", "accept"}, 1, 6, CALLEE_HOST,
		NULL},
	{"encrypt", {"key", "plaintext"}, 2, 2, CALLEE_HOST, NULL},
	{"decrypt", {"key", "encrypted"}, 2, 2, CALLEE_HOST, NULL},
	{"iterationOutput", {"taskId", "iteration"}, 0, 2, CALLEE_HOST, NULL},
	{"parentOutput", {"index"}, 0, 1, CALLEE_HOST, NULL},
	{"isPublicHoliday", {"date", "countryCode", "subDivision"}, 1, 3, CALLEE_HOST, NULL},
	{"appLink", {"appId", "baseUrl"}, 0, 2, CALLEE_HOST, NULL},
	{.name = NULL},
};
