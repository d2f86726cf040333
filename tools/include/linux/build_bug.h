/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_BUILD_BUG_H
#define _TOOLS_LINUX_BUILD_BUG_H

/* The message can be left away. */
#undef static_assert
#define static_assert(condition, ...)					\
	__static_assert(condition, ##__VA_ARGS__, #condition)
#define __static_assert(condition, message, ...)			\
	_Static_assert(condition, message)

/* 0, where an expression is wanted; does not compile if @condition holds. */
#define BUILD_BUG_ON_ZERO(condition)					\
	((int)sizeof(struct { int:(-!!(condition)); }))

#endif /* _TOOLS_LINUX_BUILD_BUG_H */
