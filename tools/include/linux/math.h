/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_MATH_H
#define _TOOLS_LINUX_MATH_H

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

/* @step is a power of two. */
#define round_up(x, step)	((((x) - 1) | ((__typeof__(x))(step) - 1)) + 1)

#endif /* _TOOLS_LINUX_MATH_H */
