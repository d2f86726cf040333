/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_DEVICE_DRIVER_H
#define _TOOLS_LINUX_DEVICE_DRIVER_H

#include <linux/printk.h>
#include <stdlib.h>

/*
 * What loading and unloading a module does in the kernel, the start and the
 * end of the program do here. A program cannot go on without a part of it.
 */
#define module_driver(__driver, __register, __unregister)		\
static void __attribute__((__constructor__)) __driver##_init(void)	\
{									\
	if (__register(&(__driver))) {					\
		pr_err("%s: not registered\n", #__driver);		\
		abort();						\
	}								\
}									\
									\
static void __attribute__((__destructor__)) __driver##_exit(void)	\
{									\
	__unregister(&(__driver));					\
}

#endif /* _TOOLS_LINUX_DEVICE_DRIVER_H */
