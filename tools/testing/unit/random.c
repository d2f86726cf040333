// SPDX-License-Identifier: GPL-2.0-only
/*
 * SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014.
 */
#include "random.h"

static __thread u64 state;

void random_seed(u64 seed)
{
	state = seed;
}

u64 random_u64(void)
{
	u64 z = (state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

u32 random_below(u32 limit)
{
	return (random_u64() >> 32) % limit;
}

u64 random_value(void)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return 1ULL << random_below(64);
	case 3:
		return ~(1ULL << random_below(64));
	default:
		return random_u64();
	}
}
