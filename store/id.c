#include "store/id.h"

#include "store/timestamp.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum {
	TIME_DIGITS = 10,
	RANDOM_DIGITS = 16,
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t last_time; // milliseconds
static uint64_t last_random[2]; // 40 bits each, high half first

static uint64_t random_bits(void)
{
	uint64_t bits;

	// Without entropy (very early at boot) ids are still distinct within the process, by the clock and the count.
	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		bits = ((uint64_t)g_random_int() << 32) | g_random_int();
	return bits & ((UINT64_C(1) << 40) - 1);
}

static void next_value(int64_t now, int64_t *ret_time, uint64_t ret_random[2])
{
	pthread_mutex_lock(&mutex);
	if (now > last_time) {
		last_time = now;
		last_random[0] = random_bits();
		last_random[1] = random_bits();
	} else if (++last_random[1] >> 40 != 0) {
		last_random[1] = 0;
		if (++last_random[0] >> 40 != 0) {
			last_random[0] = 0;
			last_time++;
		}
	}
	*ret_time = last_time;
	memcpy(ret_random, last_random, sizeof(last_random));
	pthread_mutex_unlock(&mutex);
}

static void write_digits(char *text, int digits, uint64_t value)
{
	for (int i = digits - 1; i >= 0; i--) {
		text[i] = alphabet[value & 31];
		value >>= 5;
	}
}

char *id_make(char id[ID_SIZE])
{
	int64_t time;
	uint64_t random[2];

	next_value(timestamp_now() / 1000, &time, random);
	write_digits(id, TIME_DIGITS, (uint64_t)time);
	write_digits(id + TIME_DIGITS, RANDOM_DIGITS / 2, random[0]);
	write_digits(id + TIME_DIGITS + RANDOM_DIGITS / 2, RANDOM_DIGITS / 2, random[1]);
	id[ID_SIZE - 1] = '\0';
	return id;
}

char *id_new(void)
{
	return id_make(g_malloc(ID_SIZE));
}

bool id_check(const char *text)
{
	return strlen(text) == ID_SIZE - 1 && strspn(text, alphabet) == ID_SIZE - 1 &&
	       text[0] <= '7';
}

int64_t id_time(const char *id)
{
	int64_t time = 0;

	if (!id_check(id))
		return 0;
	for (int i = 0; i < TIME_DIGITS; i++)
		time = time * 32 + (strchr(alphabet, id[i]) - alphabet);
	return time * 1000;
}

char *id_least(int64_t at, char id[ID_SIZE])
{
	write_digits(id, TIME_DIGITS, at > 0 ? (uint64_t)(at / 1000) : 0);
	write_digits(id + TIME_DIGITS, RANDOM_DIGITS, 0);
	id[ID_SIZE - 1] = '\0';
	return id;
}
