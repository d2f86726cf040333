/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_SPRINTF_H
#define _TOOLS_LINUX_SPRINTF_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdio.h>

/* As snprintf(), but tells how many characters are there. */
static inline int __printf(3, 4) scnprintf(char *to, size_t size,
					   const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(to, size, fmt, args);
	va_end(args);
	if ((size_t)length < size)
		return length;
	return size ? size - 1 : 0;
}

#endif /* _TOOLS_LINUX_SPRINTF_H */
