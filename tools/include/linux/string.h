/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_STRING_H
#define _TOOLS_LINUX_STRING_H

#include <linux/errno.h>
#include <linux/types.h>
#include <string.h>

/* Equal but for one newline at the end, as a shell's echo leaves it. */
static inline bool sysfs_streq(const char *a, const char *b)
{
	size_t la = strlen(a);
	size_t lb = strlen(b);

	if (la && a[la - 1] == '\n')
		la--;
	if (lb && b[lb - 1] == '\n')
		lb--;
	return la == lb && !memcmp(a, b, la);
}

/* The array ends after @n strings or, if that comes first, with a NULL. */
static inline int __sysfs_match_string(const char * const *array, size_t n,
				       const char *s)
{
	size_t i;

	for (i = 0; i < n && array[i]; i++)
		if (sysfs_streq(array[i], s))
			return i;
	return -EINVAL;
}

/* The first of @n bytes that is not @c, or NULL. */
static inline void *memchr_inv(const void *memory, int c, size_t n)
{
	const u8 *byte = memory;

	/* where each byte is as the one after it, all are as the first */
	if (!n || (*byte == (u8)c && !memcmp(byte, byte + 1, n - 1)))
		return NULL;
	while (*byte == (u8)c)
		byte++;
	return (void *)byte;
}

/* Always terminated. The length of what was copied, or -E2BIG if it was cut. */
static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);

	if (!size)
		return -E2BIG;
	if (length < size) {
		memcpy(to, from, length + 1);
		return length;
	}
	memcpy(to, from, size - 1);
	to[size - 1] = '\0';
	return -E2BIG;
}

#endif /* _TOOLS_LINUX_STRING_H */
