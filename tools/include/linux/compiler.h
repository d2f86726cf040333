/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Attributes and hints, named as the kernel names them.
 */
#ifndef _TOOLS_LINUX_COMPILER_H
#define _TOOLS_LINUX_COMPILER_H

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

/* Read or written whole, whoever else does so at once. */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)

#define __aligned(x)		__attribute__((__aligned__(x)))
#define __maybe_unused		__attribute__((__unused__))
#define __must_check		__attribute__((__warn_unused_result__))
#define __noreturn		__attribute__((__noreturn__))
#define __printf(a, b)		__attribute__((__format__(__printf__, a, b)))
#define noinline		__attribute__((__noinline__))
#define __weak			__attribute__((__weak__))

#endif /* _TOOLS_LINUX_COMPILER_H */
