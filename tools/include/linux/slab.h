/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Kernel memory is the C library's.
 */
#ifndef _TOOLS_LINUX_SLAB_H
#define _TOOLS_LINUX_SLAB_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <stdlib.h>

#define GFP_KERNEL		0U
#define GFP_KERNEL_ACCOUNT	0U

/*
 * Asked before each allocation: shall this one fail? A program that wants some
 * to has a function of its own in place of this one.
 */
bool __weak should_failslab(void)
{
	return false;
}

static inline void *kcalloc(size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	/* checked here: a sanitizer's calloc() ends the program instead */
	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	if (should_failslab())
		return NULL;
	return calloc(1, bytes);
}

static inline void *kzalloc(size_t size, gfp_t flags)
{
	return kcalloc(1, size, flags);
}

static inline void kfree(const void *memory)
{
	free((void *)memory);
}

/* Large or small, it is all the same here. */
static inline void *kvcalloc(size_t n, size_t size, gfp_t flags)
{
	return kcalloc(n, size, flags);
}

/* What is in it is anything, as a sanitizer knows. */
static inline void *kvmalloc(size_t size, gfp_t flags)
{
	return should_failslab() ? NULL : malloc(size);
}

static inline void kvfree(const void *memory)
{
	kfree(memory);
}

#endif /* _TOOLS_LINUX_SLAB_H */
