/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_CONTAINER_OF_H
#define _TOOLS_LINUX_CONTAINER_OF_H

#include <linux/types.h>

/* A pointer of another type than @member's does not compile. */
#define container_of(ptr, type, member) ({				\
	__typeof__(((type *)NULL)->member) *__member = (ptr);		\
	(type *)((char *)__member - offsetof(type, member)); })

#endif /* _TOOLS_LINUX_CONTAINER_OF_H */
