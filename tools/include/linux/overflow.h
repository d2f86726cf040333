/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_OVERFLOW_H
#define _TOOLS_LINUX_OVERFLOW_H

#include <linux/compiler.h>
#include <linux/types.h>

static inline bool __must_check __must_check_overflow(bool overflow)
{
	return unlikely(overflow);
}

/* *@sum is @a + @b, wrapped around if that is more than it can hold. */
#define check_add_overflow(a, b, sum)					\
	__must_check_overflow(__builtin_add_overflow(a, b, sum))

#endif /* _TOOLS_LINUX_OVERFLOW_H */
