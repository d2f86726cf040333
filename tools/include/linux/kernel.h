/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_KERNEL_H
#define _TOOLS_LINUX_KERNEL_H

#include <linux/array_size.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sprintf.h>
#include <linux/types.h>
#include_next <linux/kernel.h>

#endif /* _TOOLS_LINUX_KERNEL_H */
