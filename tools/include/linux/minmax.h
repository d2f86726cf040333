/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_MINMAX_H
#define _TOOLS_LINUX_MINMAX_H

/*
 * Operands of different types do not compile: comparing the addresses of the
 * copies makes the compiler look. Adding 0 is for the copies not to be const.
 */
#define __compared(x, op, y) ({						\
	__typeof__((x) + 0) __x = (x);					\
	__typeof__((y) + 0) __y = (y);					\
	(void)(&__x == &__y);						\
	__x op __y ? __x : __y; })

#define min(x, y)		__compared(x, <, y)
#define max(x, y)		__compared(x, >, y)

#define min_t(type, x, y)	min((type)(x), (type)(y))
#define max_t(type, x, y)	max((type)(x), (type)(y))

#define clamp_t(type, x, low, high)					\
	min_t(type, max_t(type, x, low), high)

#endif /* _TOOLS_LINUX_MINMAX_H */
