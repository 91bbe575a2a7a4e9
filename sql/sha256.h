// SHA-256 (FIPS 180-4). Digests are on the path of every script of a repository, and GLib's takes ten times as long as
// processors with instructions for it need.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	SHA256_TEXT_SIZE = 65, // 64 hexadecimal digits in lower case and a NUL
};

typedef struct Sha256 {
	uint32_t state[8];
	uint64_t length; // bytes added so far
	uint8_t block[64];
} Sha256;

// Begins, adds bytes as often as wanted, ends. One object is for one thread at a time.
void sha256_begin(Sha256 *sha);
void sha256_add(Sha256 *sha, const void *bytes, size_t length);
void sha256_end(Sha256 *sha, char text[SHA256_TEXT_SIZE]);
// The same without writing it out.
void sha256_end_bytes(Sha256 *sha, uint8_t bytes[SHA256_TEXT_SIZE / 2]);

// All at once.
void sha256_text(const void *bytes, size_t length, char text[SHA256_TEXT_SIZE]);

// Does without the processor's instructions from now on, so that a test can look at both ways. Not thread-safe.
void sha256_use_plain(void);
