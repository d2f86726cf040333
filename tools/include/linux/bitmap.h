/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_BITMAP_H
#define _TOOLS_LINUX_BITMAP_H

#include <linux/math.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <string.h>

#define BITS_PER_LONG		(8 * sizeof(long))
#define BITS_TO_LONGS(nr)	DIV_ROUND_UP(nr, BITS_PER_LONG)

static inline unsigned long *bitmap_zalloc(unsigned int nr, gfp_t flags)
{
	return kcalloc(BITS_TO_LONGS(nr), sizeof(long), flags);
}

static inline void bitmap_free(const unsigned long *bitmap)
{
	kfree(bitmap);
}

static inline void bitmap_zero(unsigned long *bitmap, unsigned int nr)
{
	memset(bitmap, 0, BITS_TO_LONGS(nr) * sizeof(long));
}

static inline bool test_bit(unsigned int nr, const unsigned long *bitmap)
{
	return bitmap[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned int nr, unsigned long *bitmap)
{
	bitmap[nr / BITS_PER_LONG] |= 1UL << (nr % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned int nr, unsigned long *bitmap)
{
	bitmap[nr / BITS_PER_LONG] &= ~(1UL << (nr % BITS_PER_LONG));
}

/* The first set bit from @nr on, or @size. */
static inline unsigned int find_next_bit(const unsigned long *bitmap,
					 unsigned int size, unsigned int nr)
{
	while (nr < size && !test_bit(nr, bitmap))
		nr++;
	return nr;
}

#define for_each_set_bit(bit, bitmap, size)				\
	for ((bit) = find_next_bit((bitmap), (size), 0); (bit) < (size); \
	     (bit) = find_next_bit((bitmap), (size), (bit) + 1))

#endif /* _TOOLS_LINUX_BITMAP_H */
