#include "sql/sha256.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t constants[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void schedule(const uint8_t *block, uint32_t words[64])
{
	for (unsigned i = 0; i < 16; i++)
		words[i] = big_endian(block + (size_t)4 * i);
	for (unsigned i = 16; i < 64; i++) {
		uint32_t a = words[i - 15];
		uint32_t b = words[i - 2];

		words[i] = words[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + words[i - 7] +
			   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

static void plain_blocks(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	for (; count > 0; count--, blocks += 64) {
		uint32_t words[64];
		uint32_t s[8];

		schedule(blocks, words);
		memcpy(s, state, sizeof(s));
		for (unsigned i = 0; i < 64; i++) {
			uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
			uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
			uint32_t first = s[7] +
					 (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
					 choice + constants[i] + words[i];
			uint32_t second =
				(rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;

			memmove(s + 1, s, 7 * sizeof(*s));
			s[4] += first;
			s[0] = first + second;
		}
		for (unsigned i = 0; i < 8; i++)
			state[i] += s[i];
	}
}

#if defined(__x86_64__)
static bool has_instructions(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSE4_1) == 0 || (c & bit_SSSE3) == 0)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;
}

__attribute__((target("sha,sse4.1,ssse3"))) static void fast_blocks(
	uint32_t state[8], const uint8_t *blocks, size_t count)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i low =
		_mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
	__m128i high = _mm_shuffle_epi32(
		_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1b);
	// The instructions want the eight words as a, b, e, f and c, d, g, h.
	__m128i abef = _mm_alignr_epi8(low, high, 8);
	__m128i cdgh = _mm_blend_epi16(high, low, 0xf0);

	for (; count > 0; count--, blocks += 64) {
		__m128i before_abef = abef;
		__m128i before_cdgh = cdgh;
		__m128i words[4];

		for (unsigned i = 0; i < 16; i++) {
			__m128i sum;

			if (i < 4) {
				words[i] = _mm_shuffle_epi8(
					_mm_loadu_si128(
						(const __m128i *)(const void *)(blocks +
										(size_t)16 * i)),
					swap);
			} else {
				__m128i next =
					_mm_sha256msg1_epu32(words[i & 3], words[(i + 1) & 3]);

				next = _mm_add_epi32(next,
					_mm_alignr_epi8(words[(i + 3) & 3], words[(i + 2) & 3], 4));
				words[i & 3] = _mm_sha256msg2_epu32(next, words[(i + 3) & 3]);
			}
			sum = _mm_add_epi32(words[i & 3],
				_mm_loadu_si128((
					const __m128i *)(const void *)(constants + (size_t)4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
		}
		abef = _mm_add_epi32(abef, before_abef);
		cdgh = _mm_add_epi32(cdgh, before_cdgh);
	}
	low = _mm_shuffle_epi32(abef, 0x1b);
	high = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(low, high, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}
#endif

typedef void (*Blocks)(uint32_t state[8], const uint8_t *blocks, size_t count);

static Blocks chosen = plain_blocks;

// Before main(), so that threads find it settled.
__attribute__((constructor)) static void choose(void)
{
#if defined(__x86_64__)
	if (has_instructions())
		chosen = fast_blocks;
#endif
}

void sha256_use_plain(void)
{
	chosen = plain_blocks;
}

void sha256_begin(Sha256 *sha)
{
	static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(sha->state, start, sizeof(start));
	sha->length = 0;
}

void sha256_add(Sha256 *sha, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	size_t filled = sha->length % 64;

	if (length == 0)
		return;
	sha->length += length;
	if (filled > 0) {
		size_t taken = 64 - filled < length ? 64 - filled : length;

		memcpy(sha->block + filled, at, taken);
		at += taken;
		length -= taken;
		if (filled + taken < 64)
			return;
		chosen(sha->state, sha->block, 1);
	}
	if (length >= 64)
		chosen(sha->state, at, length / 64);
	memcpy(sha->block, at + length / 64 * 64, length % 64);
}

static void finish(Sha256 *sha)
{
	static const uint8_t padding[64] = {0x80};
	uint64_t bits = sha->length * 8;
	size_t filled = sha->length % 64;
	uint8_t tail[8];

	for (unsigned i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(sha, padding, filled < 56 ? 56 - filled : 120 - filled);
	sha256_add(sha, tail, sizeof(tail));
}

void sha256_end_bytes(Sha256 *sha, uint8_t bytes[SHA256_TEXT_SIZE / 2])
{
	finish(sha);
	for (unsigned i = 0; i < SHA256_TEXT_SIZE / 2; i++)
		bytes[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_end(Sha256 *sha, char text[SHA256_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	finish(sha);
	for (unsigned i = 0; i < 64; i++)
		text[i] = digits[sha->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
	text[64] = '\0';
}

void sha256_text(const void *bytes, size_t length, char text[SHA256_TEXT_SIZE])
{
	Sha256 sha;

	sha256_begin(&sha);
	sha256_add(&sha, bytes, length);
	sha256_end(&sha, text);
}
