/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A pointer or a negative errno in one value: no object lives in the last page
 * of the address space.
 */
#ifndef _TOOLS_LINUX_ERR_H
#define _TOOLS_LINUX_ERR_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

#define MAX_ERRNO		4095

#define IS_ERR_VALUE(x)		\
	unlikely((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)

static inline void * __must_check ERR_PTR(long error)
{
	return (void *)error;
}

static inline long __must_check PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool __must_check IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE(ptr);
}

static inline void * __must_check ERR_CAST(const void *ptr)
{
	return (void *)ptr;
}

#endif /* _TOOLS_LINUX_ERR_H */
