// SPDX-License-Identifier: GPL-2.0-only
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static __u64 state;

void random_seed(void)
{
	const char *wish = getenv("VFIO_TEST_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	state = wish ? strtoull(wish, NULL, 0) :
		(__u32)(now.tv_nsec ^ now.tv_sec << 10 ^ getpid());
	fprintf(stderr, "# VFIO_TEST_SEED=%llu\n", state);
}

/* splitmix64; atomic because some tests draw from several threads */
__u32 random_u32(void)
{
	__u64 z = __atomic_add_fetch(&state, 0x9e3779b97f4a7c15ULL,
				     __ATOMIC_RELAXED);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 16;
}

__u32 random_below(__u32 end)
{
	return random_u32() % end;
}

__u32 random_register_value(void)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return ~0U;
	case 2:
		return 1U << random_below(32);
	case 3:
		return ~(1U << random_below(32));
	default:
		return random_u32();
	}
}
