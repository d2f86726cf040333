// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams by hand. See forge.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/crc32c.h"
#include "forge.h"
#include "unit.h"

void forge_free(struct forge *forge)
{
	free(forge->data);
	memset(forge, 0, sizeof(*forge));
}

void forge_bytes(struct forge *forge, const void *bytes, size_t len)
{
	if (forge->size - forge->len < len) {
		forge->size = 2 * forge->size + len;
		forge->data = realloc(forge->data, forge->size);
		EXPECT(forge->data);
	}
	if (len)
		memcpy(forge->data + forge->len, bytes, len);
	forge->len += len;
}

static void little_endian(u8 *to, unsigned int width, u64 value)
{
	unsigned int i;

	for (i = 0; i < width; i++)
		to[i] = value >> (8 * i);
}

void forge_number(struct forge *forge, unsigned int width, u64 value)
{
	u8 bytes[8];

	little_endian(bytes, width, value);
	forge_bytes(forge, bytes, width);
}

static void forge_crc(struct forge *forge, size_t from)
{
	forge_number(forge, 4, vmig_crc32c(0, forge->data + from,
					   forge->len - from));
	forge->crc = vmig_crc32c(forge->crc, forge->data + forge->len - 4, 4);
}

void forge_header(struct forge *forge, u16 major, u16 minor)
{
	static const u8 magic[8] = { 0x89, 'V', 'F', 'M', 13, 10, 26, 10 };

	forge_bytes(forge, magic, sizeof(magic));
	forge_number(forge, 2, major);
	forge_number(forge, 2, minor);
	forge_crc(forge, 0);
	forge->start = forge->len;
}

void forge_head(struct forge *forge, u16 type, u16 flags, u32 length)
{
	forge->start = forge->len;
	forge_number(forge, 2, type);
	forge_number(forge, 2, flags);
	forge_number(forge, 4, length);
}

void forge_record(struct forge *forge, u16 type, u16 flags)
{
	forge_head(forge, type, flags, 0);
}

void forge_record_end(struct forge *forge)
{
	little_endian(forge->data + forge->start + 4, 4,
		      forge->len - forge->start - 8);
	forge_crc(forge, forge->start);
	forge->records++;
}

void forge_empty(struct forge *forge, u16 type, u16 flags)
{
	forge_record(forge, type, flags);
	forge_record_end(forge);
}

void forge_field_head(struct forge *forge, u16 id, u8 type, u8 flags,
		      u32 length)
{
	forge->field = forge->len;
	forge_number(forge, 2, id);
	forge_number(forge, 1, type);
	forge_number(forge, 1, flags);
	forge_number(forge, 4, length);
}

void forge_field(struct forge *forge, u16 id, u8 type, u8 flags)
{
	forge_field_head(forge, id, type, flags, 0);
}

void forge_field_end(struct forge *forge)
{
	little_endian(forge->data + forge->field + 4, 4,
		      forge->len - forge->field - 8);
}

void forge_value(struct forge *forge, u16 id, u8 type, u64 value)
{
	static const u8 widths[] = { 0, 1, 2, 4, 8, 1, 1 };

	forge_field_head(forge, id, type, 0, widths[type]);
	forge_number(forge, widths[type], value);
}

void forge_text(struct forge *forge, u16 id, const char *text)
{
	forge_field_head(forge, id, 7, 0, strlen(text));
	forge_bytes(forge, text, strlen(text));
}

void forge_wrong_end(struct forge *forge, u64 records, u64 bytes, u32 crc)
{
	forge_record(forge, 0xffff, 0);
	forge_number(forge, 8, records);
	forge_number(forge, 8, bytes);
	forge_number(forge, 4, crc);
	forge_record_end(forge);
}

void forge_end(struct forge *forge)
{
	forge_wrong_end(forge, forge->records, forge->len, forge->crc);
}
