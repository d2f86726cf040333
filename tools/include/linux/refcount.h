/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Counts of users. What the kernel warns of ends the program here: a user of
 * what is gone already, and one user less than none.
 */
#ifndef _TOOLS_LINUX_REFCOUNT_H
#define _TOOLS_LINUX_REFCOUNT_H

#include <linux/compiler.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
	int refs;
} refcount_t;

static inline void __refcount_assert(bool good, const char *fault)
{
	if (likely(good))
		return;
	fprintf(stderr, "refcount: %s\n", fault);
	abort();
}

static inline void refcount_set(refcount_t *r, int n)
{
	__atomic_store_n(&r->refs, n, __ATOMIC_RELAXED);
}

static inline void refcount_inc(refcount_t *r)
{
	__refcount_assert(__atomic_fetch_add(&r->refs, 1, __ATOMIC_RELAXED) > 0,
			  "used when there was no user left");
}

static inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	int left = __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL);

	__refcount_assert(left >= 0, "one user too few");
	return !left;
}

#endif /* _TOOLS_LINUX_REFCOUNT_H */
