// Locks on files, which the kernel gives back when their holder dies. Between threads as well as processes.
#pragma once

// Makes the file when it is not there and locks it: operation is LOCK_SH or LOCK_EX. Does not wait: -1 with errno EWOULDBLOCK
// when another holds it, or with another errno. A file that its holder has removed meanwhile is made anew. close() ends it.
int file_lock_try(const char *path, int operation);
