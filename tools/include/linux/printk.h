/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_PRINTK_H
#define _TOOLS_LINUX_PRINTK_H

#include <linux/compiler.h>
#include <stdarg.h>
#include <stdio.h>

#ifndef pr_fmt
#define pr_fmt(fmt)		fmt
#endif

/*
 * Where messages go. A program that wants them elsewhere has a function of its
 * own in place of this one.
 */
void __weak printk_emit(const char *message)
{
	fputs(message, stderr);
}

static inline void __printf(1, 2) _printk(const char *fmt, ...)
{
	char message[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	printk_emit(message);
}

#define pr_err(fmt, ...)	_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	_printk(pr_fmt(fmt), ##__VA_ARGS__)

#endif /* _TOOLS_LINUX_PRINTK_H */
