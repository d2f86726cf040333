/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that a seed repeats, for each thread its own.
 */
#ifndef _UNIT_RANDOM_H
#define _UNIT_RANDOM_H

#include <linux/types.h>

void random_seed(u64 seed);
u64 random_u64(void);

/* A number below @limit, which is not 0. */
u32 random_below(u32 limit);

/* True once in @chances times. */
static inline bool random_one_in(u32 chances)
{
	return !random_below(chances);
}

/* Any value, but all zeroes and all ones often. */
u64 random_value(void);

#endif /* _UNIT_RANDOM_H */
