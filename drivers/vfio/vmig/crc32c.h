/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * CRC32C as the stream has it: complemented before and after, so that "123456789"
 * comes to 0xe3069283.
 */
#ifndef _VMIG_CRC32C_H
#define _VMIG_CRC32C_H

#include <linux/crc32.h>
#include <linux/types.h>

/* @crc is that of what comes before @data, 0 of nothing. */
static inline u32 vmig_crc32c(u32 crc, const void *data, size_t len)
{
#ifdef HAVE_CRC32C_LE
	return ~__crc32c_le(~crc, data, len);
#else
	return ~crc32c(~crc, data, len);
#endif
}

#endif /* _VMIG_CRC32C_H */
