#include "api/ingress_rate.h"

#include <glib.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

enum {
	BURST_SECONDS = 2,
	MOST_BUCKETS = 4096,
};

// In millionths of a request.
typedef struct {
	int64_t level;
	int64_t at;
} Bucket;

struct IngressRate {
	pthread_mutex_t mutex;
	GHashTable *buckets; // address as text -> Bucket *
	int64_t rate;
};

IngressRate *ingress_rate_new(unsigned rate)
{
	IngressRate *self = g_new0(IngressRate, 1);

	pthread_mutex_init(&self->mutex, NULL);
	self->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->rate = rate;
	return self;
}

void ingress_rate_free(IngressRate *rate)
{
	if (rate == NULL)
		return;
	g_hash_table_unref(rate->buckets);
	pthread_mutex_destroy(&rate->mutex);
	g_free(rate);
}

// One bucket an IPv4 address, one a /64 of IPv6: who has one address of it has them all.
static char *name_of(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;
	const unsigned char *bytes = v6->sin6_addr.s6_addr;

	if (address->sa_family == AF_INET)
		return g_strdup_printf("%x", v4->sin_addr.s_addr);
	if (address->sa_family != AF_INET6)
		return g_strdup("");
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		uint32_t mapped;

		memcpy(&mapped, bytes + 12, sizeof mapped);
		return g_strdup_printf("%x", mapped);
	}
	return g_strdup_printf("%02x%02x:%02x%02x:%02x%02x:%02x%02x", bytes[0], bytes[1], bytes[2],
		bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

static void fill(const IngressRate *rate, Bucket *bucket, int64_t now)
{
	const int64_t most = rate->rate * BURST_SECONDS * G_USEC_PER_SEC;
	const int64_t passed = CLAMP(now - bucket->at, 0, BURST_SECONDS * (int64_t)G_USEC_PER_SEC);

	bucket->level = MIN(bucket->level + passed * rate->rate, most);
	bucket->at = MAX(bucket->at, now);
}

static gboolean is_full(void *key, void *value, void *data)
{
	const IngressRate *rate = ((void **)data)[0];
	Bucket *bucket = value;

	(void)key;
	fill(rate, bucket, *(const int64_t *)((void **)data)[1]);
	return bucket->level >= rate->rate * BURST_SECONDS * G_USEC_PER_SEC;
}

// A full bucket is as good as none. When no address has been quiet, all begin anew: memory is bounded whatever comes.
static void make_room(IngressRate *rate, int64_t now)
{
	void *data[] = {rate, &now};

	if (g_hash_table_size(rate->buckets) < MOST_BUCKETS)
		return;
	g_hash_table_foreach_remove(rate->buckets, is_full, data);
	if (g_hash_table_size(rate->buckets) >= MOST_BUCKETS)
		g_hash_table_remove_all(rate->buckets);
}

bool ingress_rate_take(
	IngressRate *rate, const struct sockaddr *address, unsigned cost, int64_t now)
{
	g_autofree char *name = name_of(address);
	const int64_t wanted = (int64_t)cost * G_USEC_PER_SEC;

	pthread_mutex_lock(&rate->mutex);
	Bucket *bucket = g_hash_table_lookup(rate->buckets, name);
	if (bucket == NULL) {
		make_room(rate, now);
		bucket = g_new0(Bucket, 1);
		bucket->level = rate->rate * BURST_SECONDS * G_USEC_PER_SEC;
		bucket->at = now;
		g_hash_table_insert(rate->buckets, g_steal_pointer(&name), bucket);
	}
	fill(rate, bucket, now);
	bool enough = bucket->level >= wanted;
	// One more request than there is room for costs nothing; a wrong key costs what is left.
	if (enough || cost > 1)
		bucket->level = MAX(bucket->level - wanted, 0);
	pthread_mutex_unlock(&rate->mutex);
	return enough;
}
