/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * CRC32C (Castagnoli), a byte at a time.
 */
#ifndef _TOOLS_LINUX_CRC32_H
#define _TOOLS_LINUX_CRC32_H

#include <linux/types.h>

/* What eight shifts of the low byte come to: the polynomial, bits reversed. */
static inline u32 __crc32c_byte(u32 crc)
{
	int i;

	for (i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	return crc;
}

/* Without the complements before and after, which are the caller's. */
static inline u32 crc32c(u32 crc, const void *data, size_t len)
{
	static u32 table[256];
	const u8 *byte = data;
	u32 i;

	/* whoever comes first fills it in; two at a time write the same */
	if (!__atomic_load_n(&table[255], __ATOMIC_ACQUIRE))
		for (i = 0; i < 256; i++)
			__atomic_store_n(&table[i], __crc32c_byte(i),
					 __ATOMIC_RELEASE);
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *byte++) & 0xff];
	return crc;
}

#endif /* _TOOLS_LINUX_CRC32_H */
