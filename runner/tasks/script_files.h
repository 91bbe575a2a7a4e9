// The files that a task is given and those it hands on: inputFiles, outputFiles, outputDirs, outputDirectory.
#pragma once

#include "runner/task_type.h"

// Whether a relative path stays below the folder that it is relative to.
bool script_path_is_inside(const char *path);
// Puts a text into folder under a relative path, making the folders that it needs.
bool script_file_write(const char *folder, const char *name, const char *text, gsize length,
	bool executable, GError **error);
// Copies a file that the run keeps into folder under a relative path.
bool script_file_copy(TaskContext *context, const char *folder, const char *name, const char *uri,
	GError **error);
// Puts copies of the kept files that a text names by their URIs below folder, and their paths into the text (*text is
// replaced). False with error when one of them cannot be read.
bool script_uris_resolve(TaskContext *context, const char *folder, char **text, GError **error);
// Puts the property inputFiles into folder: name → text, the URI of a file (copied), any other value as JSON, nothing as an
// empty file. The whole property may be a text that holds such an object.
bool script_files_put(TaskContext *context, const char *folder, GError **error);
// Makes the folders of outputDirs and, when outputDirectory says so, that of {{ outputDir }}.
bool script_files_prepare(TaskContext *context, const char *folder, GError **error);
// Keeps what outputFiles, outputDirs and outputDirectory name: adds name → URI to kept. Once the task may run again in the same
// folder, or others use it (shared), files are copied rather than moved.
bool script_files_keep(
	TaskContext *context, const char *folder, bool shared, json_t *kept, GError **error);
// The folder that {{ outputDir }} is, relative to the task's: "" unless outputDirectory is asked for. To be freed.
char *script_output_folder(const TaskContext *context);
